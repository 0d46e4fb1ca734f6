//! The figures of a period: what each says beside it, two charts, and the same numbers as a table.

use std::time::Duration;

use maud::{Markup, html};

use super::charts;
use crate::{
    analytics::{Counts, Figures, Period, Step, Times},
    domain::Language,
    web::{
        layout::{CARD, Icon, clock, day, empty},
        pages::Reader,
    },
};

/// The share of replies that the slower of the two times is about.
const MOST: f64 = 0.95;

/// The median and the 95th percentile, if there were replies.
pub(super) fn usual_and_most(times: &Times) -> [Option<Duration>; 2] {
    [times.percentile(0.5), times.percentile(MOST)]
}

/// When a step began: an hour of today, else the day.
pub(super) fn step_name(reader: &Reader, period: Period, step: &Step) -> String {
    match period {
        Period::Today => clock(reader, step.from),
        Period::Week | Period::Month => day(reader, reader.local(step.from).date()),
    }
}

/// All of it.
pub(super) fn figures(reader: &Reader, figures: &Figures) -> Markup {
    html! {
        section #figures aria-labelledby="figures-heading" class="mt-8 scroll-mt-4"
            data-refresh={ "/figures?days=" (figures.period.days()) } {
            div class="flex flex-wrap items-center justify-between gap-3" {
                h2 #figures-heading class="text-lg font-semibold" { (reader.t("figures-heading")) }
                (periods(reader, figures.period))
            }
            (tiles(reader, figures))
            @if figures.counts.messages() == 0 {
                div class={ (CARD) " mt-4" } {
                    (empty(Icon::Conversations, &reader.t("figures-none"), &reader.t("figures-none-detail")))
                }
            } @else {
                div class="mt-4 grid gap-4 noscript:hidden lg:grid-cols-2" {
                    (chart(reader, "messages", &legend(reader), None, &charts::messages(reader, figures)))
                    (chart(reader, "times", &times_legend(reader), Some("seconds-unit"), &charts::times(reader, figures)))
                }
                (table(reader, figures))
            }
        }
    }
}

fn periods(reader: &Reader, chosen: Period) -> Markup {
    html! {
        nav aria-label=(reader.t("figures-period")) class="flex gap-1 rounded-lg bg-raised p-1" {
            @for period in Period::ALL {
                @let days = period.days();
                a href={ "/?days=" (days) "#figures" } hx-get={ "/figures?days=" (days) } hx-target="#figures"
                    hx-swap="morph" hx-push-url={ "/?days=" (days) }
                    aria-current=[(period == chosen).then_some("true")]
                    class={ "inline-flex min-h-10 items-center rounded-md px-3 whitespace-nowrap "
                        (if period == chosen { "bg-surface font-semibold text-accent-ink shadow-card" }
                         else { "text-ink hover:bg-surface" }) } {
                    (reader.t(match period {
                        Period::Today => "figures-today",
                        Period::Week => "figures-week",
                        Period::Month => "figures-month",
                    }))
                }
            }
        }
    }
}

fn tiles(reader: &Reader, Figures { counts, times, conversations, .. }: &Figures) -> Markup {
    let Counts { bot, approved, handed_over, emergency, .. } = *counts;
    let [usual, most] = usual_and_most(times);
    let spoken = |time: Option<Duration>| time.map_or_else(nothing, |time| duration(reader, time));
    let all = [
        ("conversations", number(reader, *conversations)),
        ("bot", number(reader, bot)),
        ("approved", number(reader, approved)),
        ("handed-over", number(reader, handed_over)),
        ("emergency", number(reader, emergency)),
        ("success", counts.success().map_or_else(nothing, percent)),
        ("median", spoken(usual)),
        ("p95", spoken(most)),
    ];
    html! {
        dl class="mt-4 grid grid-cols-2 gap-3 md:gap-4 lg:grid-cols-4" {
            @for (key, value) in all {
                div id={ "figure-" (key) } class="rounded-xl border border-line bg-surface p-4 shadow-card" {
                    dt class="font-medium" { (reader.t(&format!("figure-{key}"))) }
                    dd class="mt-1 text-2xl font-semibold tabular-nums" { (value) }
                    dd class="mt-1 text-sm text-ink-soft" { (reader.t(&format!("figure-{key}-hint"))) }
                }
            }
        }
    }
}

fn chart(
    reader: &Reader,
    name: &str,
    legend: &Markup,
    unit: Option<&str>,
    option: &serde_json::Value,
) -> Markup {
    let title = reader.t(&format!("chart-{name}"));
    html! {
        section class={ (CARD) " min-w-0" } aria-labelledby={ "chart-" (name) "-title" } {
            h3 id={ "chart-" (name) "-title" } class="font-semibold" { (title) }
            (legend)
            div id={ "chart-" (name) } role="img" class="mt-3 h-64"
                aria-label={ (title) ". " (reader.t("chart-see-table")) }
                data-unit=[unit.map(|unit| reader.t(unit))] data-chart=(option.to_string()) {}
        }
    }
}

fn legend(reader: &Reader) -> Markup {
    html! {
        ul class="mt-2 flex flex-wrap gap-x-4 gap-y-1 text-sm" {
            @for (key, ground) in [
                ("ended-bot", "bg-chart-bot"),
                ("ended-approved", "bg-chart-approved"),
                ("ended-handed-over", "bg-chart-handed-over"),
                ("ended-emergency", "bg-chart-emergency"),
                ("ended-not-by-bot", "bg-chart-not-by-bot"),
            ] { (key_of(reader, key, ground)) }
        }
    }
}

fn times_legend(reader: &Reader) -> Markup {
    html! {
        ul class="mt-2 flex flex-wrap gap-x-4 gap-y-1 text-sm" {
            (key_of(reader, "figure-median", "bg-chart-bot"))
            (key_of(reader, "figure-p95", "bg-chart-handed-over"))
        }
    }
}

fn key_of(reader: &Reader, key: &str, ground: &str) -> Markup {
    html! {
        li class="flex items-center gap-2" {
            span aria-hidden="true" class={ "size-3 rounded-sm " (ground) } {}
            (reader.t(key))
        }
    }
}

/// Every step up to now, for whoever reads numbers rather than charts.
fn table(reader: &Reader, figures: &Figures) -> Markup {
    let heads = [
        "figure-messages",
        "ended-bot",
        "ended-approved",
        "ended-handed-over",
        "ended-emergency",
        "ended-not-by-bot",
        "figure-median",
        "figure-p95",
    ];
    html! {
        details #figures-table class={ (CARD) " mt-4" } {
            summary class="-m-2 cursor-pointer rounded-lg p-2 font-semibold" { (reader.t("figures-table")) }
            div role="region" tabindex="0" aria-label=(reader.t("figures-table")) class="mt-3 overflow-x-auto" {
                table class="w-full text-right text-sm tabular-nums" {
                    thead {
                        tr class="border-b border-line align-bottom" {
                            th scope="col" class="p-2 text-left" {
                                (reader.t(if figures.period == Period::Today { "figures-hour" } else { "figures-day" }))
                            }
                            @for head in heads { th scope="col" class="p-2" { (reader.t(head)) } }
                        }
                    }
                    tbody {
                        @for step in figures.steps.iter().filter(|step| step.from <= reader.now) {
                            (table_row(reader, &step_name(reader, figures.period, step), &step.counts, &step.times))
                        }
                    }
                    tfoot class="font-semibold" {
                        (table_row(reader, &reader.t("figures-sum"), &figures.counts, &figures.times))
                    }
                }
            }
        }
    }
}

fn table_row(reader: &Reader, name: &str, counts: &Counts, times: &Times) -> Markup {
    let Counts { bot, approved, handed_over, emergency, not_by_bot } = *counts;
    html! {
        tr class="border-b border-line last:border-b-0" {
            th scope="row" class="p-2 text-left whitespace-nowrap" { (name) }
            @for count in [counts.messages(), bot, approved, handed_over, emergency, not_by_bot] {
                td class="p-2" { (number(reader, count)) }
            }
            @for time in usual_and_most(times) {
                td class="p-2 whitespace-nowrap" {
                    (time.map_or_else(nothing, |time| duration(reader, time)))
                }
            }
        }
    }
}

/// What stands where there is no number.
fn nothing() -> String {
    "–".to_owned()
}

fn percent(share: f64) -> String {
    // Nine hundred and ninety-nine of a thousand are not all.
    let rounded = (share * 100.0).round();
    let shown = if share < 1.0 { rounded.min(99.0) } else { rounded };
    format!("{shown:.0}%")
}

/// A number with its thousands set apart as the language does.
fn number(reader: &Reader, number: u32) -> String {
    let apart = if reader.language == Language::Id { '.' } else { ',' };
    let digits = number.to_string();
    let mut told = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            told.push(apart);
        }
        told.push(digit);
    }
    told
}

/// A time as people say it: tenths of a second, seconds, minutes, hours.
fn duration(reader: &Reader, time: Duration) -> String {
    let seconds = time.as_secs_f64();
    let say = |key: &str, count: String| reader.tw(key, [("count", count.into())]);
    if seconds < 9.95 {
        let tenths = format!("{seconds:.1}");
        let tenths = if reader.language == Language::Id { tenths.replace('.', ",") } else { tenths };
        return say("time-seconds", tenths);
    }
    match seconds.round() as u64 {
        seconds @ ..100 => say("time-seconds", seconds.to_string()),
        seconds @ ..6000 => say("time-minutes", ((seconds + 30) / 60).to_string()),
        seconds => say("time-hours", ((seconds + 1800) / 3600).to_string()),
    }
}
