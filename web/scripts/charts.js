// Draws what the server has put into `data-chart`: an option of ECharts with the names of our colours in it. A chart whose
// values change moves to the new ones; it follows its place's width and the reader's choice of light or dark.
import { BarChart, LineChart } from "echarts/charts";
import { GridComponent, TooltipComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";

use([BarChart, LineChart, GridComponent, TooltipComponent, SVGRenderer]);

const dark = matchMedia("(prefers-color-scheme: dark)");
const still = matchMedia("(prefers-reduced-motion: reduce)");
const numbers = new Intl.NumberFormat(document.documentElement.lang);
const charts = new Map();
const widths = new ResizeObserver((changes) => changes.forEach(({ target }) => charts.get(target)?.chart.resize()));

/** The same with each colour's name, such as "--ink", replaced by the colour that it stands for now. */
function coloured(value, style) {
  if (typeof value === "string") return value.startsWith("--") ? style.getPropertyValue(value).trim() : value;
  if (Array.isArray(value)) return value.map((one) => coloured(one, style));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, coloured(one, style)]));
}

function draw(place, isAnew) {
  const told = place.dataset.chart;
  const known = charts.get(place);
  if (known?.told === told && !isAnew) return;
  const chart = known?.chart ?? init(place, null, { renderer: "svg" });
  if (!known) widths.observe(place);
  charts.set(place, { chart, told });
  const option = coloured(JSON.parse(told), getComputedStyle(document.documentElement));
  const unit = place.dataset.unit ? ` ${place.dataset.unit}` : "";
  option.animation = !still.matches;
  option.tooltip.valueFormatter = (value) => (value == null ? "–" : numbers.format(value) + unit);
  option.yAxis.axisLabel.formatter = (value) => numbers.format(value) + unit;
  // With other colours it is drawn anew: what the mouse stands on would keep the old ones.
  chart.setOption(option, isAnew ? { notMerge: true } : { replaceMerge: ["series"] });
}

function drawAll(isAnew) {
  for (const [place, { chart }] of charts) {
    if (place.isConnected) continue;
    widths.unobserve(place);
    chart.dispose();
    charts.delete(place);
  }
  for (const place of document.querySelectorAll("[data-chart]")) draw(place, isAnew);
}

new MutationObserver((changes) => {
  // The charts' own lines change, too, and more often.
  const isOurs = ({ type, target, addedNodes, removedNodes }) =>
    type === "attributes" || (!target.closest("[data-chart]") && addedNodes.length + removedNodes.length > 0);
  if (changes.some(isOurs)) drawAll(false);
}).observe(document.body, { subtree: true, childList: true, attributes: true, attributeFilter: ["data-chart"] });
dark.addEventListener("change", () => drawAll(true));
drawAll(false);
