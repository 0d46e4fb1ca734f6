import { PHONE, ask, check, isLive, open, play, signIn } from "./browser.mjs";

const tile = (page, key) => page.textContent(`#figure-${key} dd`);
const becomes = (page, key, value) =>
  page.waitForFunction(([key, value]) => document.querySelector(`#figure-${key} dd`)?.textContent === value, [key, value]);
/** What a chart shows: the lines of its drawing. */
const drawing = (page, name) => page.$eval(`#chart-${name}`, (place) => [...place.querySelectorAll("svg path")].map((path) => path.getAttribute("d")).join());

await play(async () => {
  const page = await signIn(await open(), "tono", "/");
  await isLive(page);
  check((await tile(page, "conversations")) === "0", "a fresh hospital has no figures");
  check(await page.isVisible("#figures >> text=Belum ada pesan dalam rentang ini"), "and is told so");
  await page.evaluate(() => (window.isTheSamePage = true));

  await ask("628111000001", "Jam besuk ICU jam berapa?", "Ibu Kenanga");
  await becomes(page, "conversations", "1");
  await page.waitForSelector("#chart-messages svg path", { state: "attached" });
  check(true, "the first message brings figures and charts, without a reload");
  const before = await drawing(page, "messages");
  const svg = await page.$("#chart-messages svg");
  await ask("628111000002", "Apakah ada parkir helikopter di atap?");
  await ask("628111000003", "Dada saya nyeri sekali dan sesak");
  await becomes(page, "handed-over", "1");
  await becomes(page, "emergency", "1");
  await page.waitForFunction(
    ([before]) => [...document.querySelectorAll("#chart-messages svg path")].map((path) => path.getAttribute("d")).join() !== before,
    [before],
  );
  check(await svg.evaluate((node) => node.isConnected), "the chart moves, and is not drawn anew");
  check(await page.isVisible("#help-3"), "who needs help is named");
  check(await page.evaluate(() => document.querySelector("#now ol li").id === "help-3"), "the emergency first");

  await page.click("#figures summary");
  const sums = await page.locator("#figures tfoot td").allTextContents();
  check(sums.slice(0, 6).join() === "3,1,0,1,1,0" || sums.slice(0, 6).join() === "3,0,1,1,1,0", `the table says the same: ${sums}`);
  await ask("628111000004", "Jam besuk ICU jam berapa?");
  await becomes(page, "conversations", "4");
  check(await page.isVisible("#figures tfoot"), "an open table stays open");

  await page.click("#figures nav >> text=7 hari");
  await page.waitForURL(/days=7/);
  await page.waitForSelector("#figures nav a[aria-current] >> text=7 hari");
  check((await page.locator("#figures tbody tr").count()) === 7, "seven days");
  check(await page.evaluate(() => window.isTheSamePage), "without leaving the page");
  await ask("628111000005", "Jam besuk ICU jam berapa?");
  await becomes(page, "conversations", "5");
  check((await page.locator("#figures tbody tr").count()) === 7, "an update keeps the period");
  await page.goto("/?days=30");
  check((await page.locator("#figures tbody tr").count()) === 30, "thirty days, by its address");

  await page.hover("#chart-messages", { position: { x: 300, y: 100 } });
  await page.emulateMedia({ colorScheme: "dark" });
  await page.waitForFunction(() => {
    const fills = [...document.querySelectorAll("#chart-messages svg path")].map((path) => path.getAttribute("fill"));
    return fills.includes("#5fbf87") && !fills.includes("#2e8b57");
  });
  check(true, "charts follow light and dark");

  const phone = await signIn(await open({ viewport: PHONE }), "sari", "/");
  await phone.waitForSelector("#chart-times svg path", { state: "attached" });
  const chart = await phone.$eval("#chart-times svg", (svg) => svg.getBoundingClientRect().right);
  const wide = await phone.evaluate(() => Math.max(document.documentElement.scrollWidth, document.querySelector("main").scrollWidth));
  check(wide <= PHONE.width && chart <= PHONE.width, "all of it fits a phone");

  const plain = await signIn(await open({ javaScriptEnabled: false }), "sari", "/");
  check((await tile(plain, "conversations")) === "5", "without any script the figures are there");
  check(!(await plain.isVisible("#chart-messages")), "no empty frames of charts");
  await plain.click("#figures summary");
  check(await plain.isVisible("#figures tfoot"), "the table says what charts would");
  await plain.click("#figures nav >> text=30 hari");
  await plain.click("#figures summary");
  check((await plain.locator("#figures tbody tr").count()) === 30, "and the periods are links");
});
