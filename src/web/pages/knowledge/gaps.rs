//! `/knowledge/gaps`: what patients asked and nothing answered, those of one meaning together.

use axum::{
    Form,
    response::{IntoResponse, Redirect, Response},
};
use jiff::civil::Date;
use maud::{Markup, html};
use serde::Deserialize;

use super::{Tab, approved::numbers, framed};
use crate::{
    library::{Gaps, Group},
    store::staff::Role,
    web::{
        layout::{BUTTON, BUTTON_QUIET, CARD, Html, Icon, Tone, badge, card_heading, day, empty, icon, when},
        pages::{PageError, Reader, Visit},
    },
};

/// Questions of a group that are shown at once.
const SHOWN: usize = 5;
/// Questions of a group that a button takes along.
const MOST_TAKEN: usize = 200;

/// `GET /knowledge/gaps`.
pub(crate) async fn index(visit: Visit) -> Result<Response, PageError> {
    let list = list(&visit).await?;
    let reader = &visit.reader;
    let cards = html! {
        section class=(CARD) { (card_heading(&reader.t("gaps-heading"), Some(&reader.t("gaps-detail")))) }
        (list)
    };
    Ok(framed(&visit, Tab::Gaps, None, &cards))
}

/// `GET /knowledge/gaps/list`: the groups alone.
pub(crate) async fn list_alone(visit: Visit) -> Result<Html, PageError> {
    Ok(Html(list(&visit).await?))
}

/// What putting aside sends.
#[derive(Deserialize)]
pub(crate) struct Ignoring {
    #[serde(default)]
    messages: String,
}

/// `POST /knowledge/gaps/ignore`.
pub(crate) async fn ignore(
    visit: Visit,
    Form(Ignoring { messages }): Form<Ignoring>,
) -> Result<Response, PageError> {
    visit.state.library.ignore_gaps(numbers(&messages), &visit.account.name).await?;
    match visit.is_fragment {
        true => Ok(Html(list(&visit).await?).into_response()),
        false => Ok(Redirect::to("/knowledge/gaps").into_response()),
    }
}

async fn list(visit: &Visit) -> Result<Markup, PageError> {
    let gaps = visit.state.library.gaps(visit.reader.zone.clone()).await?;
    Ok(groups(&visit.reader, &gaps))
}

fn groups(reader: &Reader, gaps: &Gaps) -> Markup {
    let mut last: Option<Date> = None;
    html! {
        div #gaps data-refresh-knowledge="/knowledge/gaps/list" class="space-y-4" {
            @if !gaps.by_meaning && gaps.questions > 0 {
                p role="status" class="rounded-lg bg-info-soft px-4 py-3 text-info-ink" { (reader.t("gaps-by-words")) }
            }
            @if gaps.groups.is_empty() {
                section class=(CARD) { (empty(Icon::Check, &reader.t("gaps-none"), &reader.t("gaps-none-detail"))) }
            }
            @for group in &gaps.groups {
                @if last.replace(group.week) != Some(group.week) {
                    h2 id={ "week-" (group.week) } class="pt-2 text-lg font-semibold" { (week(reader, group.week)) }
                }
                (card(reader, group))
            }
        }
    }
}

fn week(reader: &Reader, monday: Date) -> String {
    let today = reader.local(reader.now).date();
    match today.since(monday).map_or(i32::MAX, |span| span.get_days()) {
        0..7 => reader.t("gaps-this-week"),
        7..14 => reader.t("gaps-last-week"),
        _ => reader.tw("gaps-week", [("day", day(reader, monday).into())]),
    }
}

fn card(reader: &Reader, group: &Group) -> Markup {
    let Some(newest) = group.questions.first() else { return html! {} };
    let taken: Vec<String> =
        group.questions.iter().take(MOST_TAKEN).map(|gap| gap.message.to_string()).collect();
    let taken = taken.join(",");
    let make = format!("/knowledge/approved/new?from={}&gaps={}", newest.message, taken.replace(',', "%2C"));
    let count = group.questions.len();
    html! {
        section id={ "gap-" (newest.message) } data-gap=(newest.message) class=(CARD) {
            div class="flex flex-wrap items-start gap-3" {
                h3 class="min-w-0 grow basis-64 font-medium break-words whitespace-pre-wrap" { (newest.text) }
                @if count > 1 { (badge(Tone::Wait, None, &reader.tw("gaps-count", [("count", count.into())]))) }
            }
            ul class="mt-2 space-y-1 text-sm" {
                @for gap in group.questions.iter().take(SHOWN) {
                    li class="flex flex-wrap gap-x-3 text-ink-soft" {
                        @if count > 1 { span class="min-w-0 grow basis-60 break-words text-ink" { (gap.text) } }
                        span { (when(reader, gap.at)) }
                        a href={ "/conversations/" (gap.conversation) } class="underline underline-offset-4"
                            aria-label={ (reader.t("gaps-open")) ": " (gap.text.chars().take(60).collect::<String>()) } { (reader.t("gaps-open")) }
                    }
                }
                @if count > SHOWN { li class="text-ink-soft" { (reader.tw("gaps-more", [("count", (count - SHOWN).into())])) } }
            }
            @if reader.may(Role::Agent) {
                div class="mt-4 flex flex-wrap gap-3" {
                    a href=(make) class=(BUTTON) { (icon(Icon::Check)) (reader.t("gaps-make")) }
                    a href={ "/knowledge/playground?from=" (newest.message) } class=(BUTTON_QUIET) {
                        (icon(Icon::Search)) (reader.t("gaps-try"))
                    }
                    form method="post" action="/knowledge/gaps/ignore" hx-post="/knowledge/gaps/ignore" hx-target="#gaps" hx-swap="morph" {
                        input type="hidden" name="messages" value=(taken);
                        button class=(BUTTON_QUIET) { (icon(Icon::Cross)) (reader.t("gaps-ignore")) }
                    }
                }
            }
        }
    }
}
