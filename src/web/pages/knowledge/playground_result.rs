//! What the assistant made of a question, step by step.

use maud::{Markup, html};

use super::address_of;
use crate::{
    domain::{Outcome, Thresholds, Timings, Trial, TriedPassage},
    store::staff::Role,
    web::{
        layout::{BUTTON_QUIET, CARD, Icon, Tone, badge, card_heading, icon},
        pages::{Reader, conversations::formatted},
    },
};

/// All cards of a result.
pub(super) fn result(reader: &Reader, question: &str, trial: &Trial) -> Markup {
    html! {
        (answer(reader, question, trial))
        (steps(reader, trial))
        (passages(reader, trial))
        (timings(reader, &trial.answer.timings))
    }
}

fn answer(reader: &Reader, question: &str, trial: &Trial) -> Markup {
    let answer = &trial.answer;
    let tone = match answer.outcome {
        Outcome::Answered | Outcome::Approved | Outcome::Quoted | Outcome::SmallTalk => Tone::Good,
        Outcome::Emergency | Outcome::Fallback => Tone::Alarm,
        _ => Tone::Wait,
    };
    let mut query = form_urlencoded::Serializer::new(String::new());
    let make = format!("/knowledge/approved/new?{}", query.append_pair("question", question).finish());
    html! {
        section #answer class=(CARD) data-outcome=(answer.outcome.as_str()) {
            div class="flex flex-wrap items-start gap-3" {
                div class="min-w-0 grow" { (card_heading(&reader.t("playground-answer"), None)) }
                (badge(tone, None, &reader.t(&format!("trial-{}", answer.outcome.as_str().replace('_', "-")))))
            }
            p class="mt-3 max-w-prose rounded-2xl rounded-bl-sm bg-accent-soft px-4 py-3 break-words whitespace-pre-wrap" { (formatted(&answer.text)) }
            @if let Some(rejected) = &answer.rejected {
                details class="mt-3" {
                    summary class="cursor-pointer font-medium" { (reader.t("playground-rejected")) }
                    p class="mt-2 max-w-prose rounded-lg bg-raised px-4 py-3 break-words whitespace-pre-wrap" { (rejected.text) }
                    ul lang="en" class="mt-2 list-disc pl-6 text-sm text-ink-soft" { @for reason in &rejected.reasons { li { (reason) } } }
                }
            }
            @if reader.may(Role::Agent) && question.len() < 500 && answer.outcome != Outcome::Approved {
                a href=(make) class={ (BUTTON_QUIET) " mt-4" } { (icon(Icon::Check)) (reader.t("gaps-make")) }
            }
        }
    }
}

/// What each step found, in the order in which they were taken.
fn steps(reader: &Reader, trial: &Trial) -> Markup {
    let Trial { red_flag, approved, answerability, thresholds, .. } = trial;
    let step = |key: &str, tone: Tone, words: &str, detail: Markup| {
        html! {
            li class="flex flex-wrap items-start gap-x-4 gap-y-1 py-3" {
                span class="w-48 shrink-0 font-medium" { (reader.t(key)) }
                div class="min-w-0 grow basis-60" { (badge(tone, None, words)) (detail) }
            }
        }
    };
    let aside = |text: String| html! { p class="mt-1 text-sm break-words text-ink-soft" { (text) } };
    html! {
        section #steps class=(CARD) {
            (card_heading(&reader.t("playground-steps"), None))
            ol class="mt-2 divide-y divide-line" {
                @match red_flag {
                    Some(flag) => (step("step-triage", Tone::Alarm, &flag.name, aside(reader.t(
                        if flag.by_meaning { "step-triage-meaning" } else { "step-triage-words" },
                    )))),
                    None => (step("step-triage", Tone::Plain, &reader.t("step-triage-none"), html! {})),
                }
                @if trial.answer.outcome == Outcome::SmallTalk {
                    (step("step-intent", Tone::Info, &reader.t("step-small-talk"), html! {}))
                }
                @if let Some(near) = approved {
                    @let words = reader.t(if near.is_given { "step-approved-given" } else { "step-approved-not-given" });
                    @let detail = format!("{} ({:.2}; {:.2})", near.question, near.cosine, thresholds.approved);
                    (step("step-approved", if near.is_given { Tone::Good } else { Tone::Plain }, &words, aside(detail)))
                }
                @if trial.is_own_case { (step("step-intent", Tone::Wait, &reader.t("step-own-case"), html! {})) }
                @if trial.is_medical { (step("step-intent", Tone::Wait, &reader.t("step-medical"), html! {})) }
                @if trial.names_unknown_doctor { (step("step-intent", Tone::Wait, &reader.t("step-unknown-doctor"), html! {})) }
                @if let Some(sure) = answerability {
                    (step("step-answerable", sure_tone(*sure, thresholds), &reader.t(sure_words(*sure, thresholds)), aside(
                        reader.tw("step-answerable-detail", [
                            ("sure", percent(*sure).into()), ("answerable", percent(thresholds.answerable).into()),
                            ("related", percent(thresholds.related).into()),
                        ]),
                    )))
                }
            }
        }
    }
}

fn sure_tone(sure: f32, thresholds: &Thresholds) -> Tone {
    if sure >= thresholds.answerable { Tone::Good } else { Tone::Wait }
}

fn sure_words(sure: f32, thresholds: &Thresholds) -> &'static str {
    if sure >= thresholds.answerable {
        "step-answerable-yes"
    } else if sure >= thresholds.related {
        "step-answerable-related"
    } else {
        "step-answerable-no"
    }
}

fn percent(share: f32) -> String {
    format!("{:.0}", share * 100.0)
}

fn passages(reader: &Reader, trial: &Trial) -> Markup {
    html! {
        section #passages class=(CARD) {
            @let detail = reader.t(if trial.passages_count { "playground-passages-detail" } else { "playground-passages-unused" });
            (card_heading(&reader.t("playground-passages"), Some(&detail)))
            ol class="mt-3 space-y-3" {
                @for (at, passage) in trial.passages.iter().enumerate() { (row(reader, passage, at < 3)) }
            }
            @if trial.passages.is_empty() { p class="mt-3 text-ink-soft" { (reader.t("playground-no-passages")) } }
        }
    }
}

fn row(reader: &Reader, tried: &TriedPassage, is_open: bool) -> Markup {
    let found = &tried.found;
    let passage = &found.passage;
    let scores = [
        ("score-rank", format!("{:.1}", tried.rank)),
        ("score-reader", format!("{:.1}", tried.answers)),
        ("score-fused", format!("{:.3}", found.fused)),
        ("score-dense", format!("{:.3}", found.dense)),
        ("score-lexical", format!("{:.1}", found.lexical)),
    ];
    html! {
        li class="rounded-lg border border-line p-3" {
            details open[is_open] {
                summary class="cursor-pointer" {
                    span class="font-medium break-words" { (passage.title) }
                    @if !passage.headings.is_empty() { span class="text-ink-soft" { " › " (passage.headings.join(" › ")) } }
                }
                p class="mt-2 max-w-prose break-words whitespace-pre-wrap" { (passage.text) }
                p class="mt-2 text-sm" {
                    a href=(address_of("/knowledge/documents/view", &passage.path)) class="break-words underline underline-offset-4" { (passage.path) }
                }
            }
            dl class="mt-2 flex flex-wrap gap-x-5 gap-y-1 text-sm" {
                @for (key, score) in &scores {
                    div class="flex gap-1" {
                        dt class="text-ink-soft" { (reader.t(key)) }
                        dd class="font-medium tabular-nums" { (score) }
                    }
                }
            }
        }
    }
}

fn timings(reader: &Reader, timings: &Timings) -> Markup {
    let Timings { triage, approved, embed, search, read, compose, ground, total } = *timings;
    let steps = [
        ("time-triage", triage),
        ("time-approved", approved),
        ("time-embed", embed),
        ("time-search", search),
        ("time-read", read),
        ("time-compose", compose),
        ("time-ground", ground),
        ("time-total", total),
    ];
    html! {
        section #timings class=(CARD) {
            (card_heading(&reader.t("playground-timings"), None))
            dl class="mt-3 grid grid-cols-2 gap-x-6 gap-y-2 sm:grid-cols-4" {
                @for (key, millis) in steps.into_iter().filter(|(_, millis)| *millis > 0.0) {
                    div {
                        dt class="text-sm text-ink-soft" { (reader.t(key)) }
                        dd class="font-medium tabular-nums" { (format!("{millis:.1} ms")) }
                    }
                }
            }
        }
    }
}
