//! What the charts draw: options of ECharts, in which a colour is named as in `web/styles/app.css`. `charts.js` puts in the
//! colours and how numbers are told; the rest is decided here.

use serde_json::{Value, json};

use super::figures::{step_name, usual_and_most};
use crate::{
    analytics::{Counts, Figures, Period, Step},
    web::pages::Reader,
};

/// How messages ended, and the colour of each.
type Part = (&'static str, &'static str, fn(&Counts) -> u32);

const PARTS: [Part; 5] = [
    ("ended-bot", "--chart-bot", |counts| counts.bot),
    ("ended-approved", "--chart-approved", |counts| counts.approved),
    ("ended-handed-over", "--chart-handed-over", |counts| counts.handed_over),
    ("ended-emergency", "--chart-emergency", |counts| counts.emergency),
    ("ended-not-by-bot", "--chart-not-by-bot", |counts| counts.not_by_bot),
];

/// Messages of each step, stacked by how they ended.
pub(super) fn messages(reader: &Reader, figures: &Figures) -> Value {
    let bars = PARTS.map(|(key, colour, count)| {
        let data: Vec<u32> = figures.steps.iter().map(|step| count(&step.counts)).collect();
        json!({
            "id": key, "name": reader.t(key), "type": "bar", "stack": "all", "data": data,
            "itemStyle": {"color": colour}, "barMaxWidth": 32,
        })
    });
    option(reader, figures, &json!(bars))
}

/// The usual and the longest response times of each step, in seconds; nothing where nothing was answered.
pub(super) fn times(reader: &Reader, figures: &Figures) -> Value {
    let lines = [("figure-median", "--chart-bot"), ("figure-p95", "--chart-handed-over")];
    let lines = [0, 1].map(|which| {
        let (key, colour) = lines[which];
        let seconds = |step: &Step| {
            usual_and_most(&step.times)[which].map(|time| (time.as_secs_f64() * 10.0).round() / 10.0)
        };
        let data: Vec<Option<f64>> = figures.steps.iter().map(seconds).collect();
        json!({
            "id": key, "name": reader.t(key), "type": "line", "data": data, "symbolSize": 7,
            "itemStyle": {"color": colour}, "lineStyle": {"color": colour, "width": 2},
        })
    });
    option(reader, figures, &json!(lines))
}

fn option(reader: &Reader, figures: &Figures, series: &Value) -> Value {
    let names: Vec<String> =
        figures.steps.iter().map(|step| short_name(reader, figures.period, step)).collect();
    json!({
        "animationDuration": 300,
        "animationDurationUpdate": 300,
        "textStyle": {"fontFamily": "system-ui, sans-serif"},
        "grid": {"left": 0, "right": 4, "top": 12, "bottom": 0, "outerBoundsMode": "same", "outerBoundsContain": "axisLabel"},
        "tooltip": {
            // Written as text: markup would bring styles along, which the policy forbids.
            "trigger": "axis", "renderMode": "richText", "confine": true,
            "axisPointer": {"lineStyle": {"color": "--ink-soft"}, "shadowStyle": {"color": "--raised", "opacity": 0.6},
                "type": if series[0]["type"] == "bar" { "shadow" } else { "line" }},
            "backgroundColor": "--surface", "borderColor": "--line", "textStyle": {"color": "--ink"},
        },
        "xAxis": {
            "type": "category", "data": names, "axisTick": {"show": false},
            "axisLine": {"lineStyle": {"color": "--line"}}, "axisLabel": {"color": "--ink-soft", "hideOverlap": true},
        },
        "yAxis": {
            "type": "value", "splitNumber": 4, "splitLine": {"lineStyle": {"color": "--line"}},
            "axisLabel": {"color": "--ink-soft"},
            "minInterval": if series[0]["type"] == "bar" { 1 } else { 0 },
        },
        "series": series,
    })
}

/// Short enough to stand below a bar.
fn short_name(reader: &Reader, period: Period, step: &Step) -> String {
    match period {
        Period::Today => step_name(reader, period, step),
        Period::Week | Period::Month => reader.local(step.from).strftime("%-d/%-m").to_string(),
    }
}
