//! `/`: how things stand, who needs help now, and the figures of a period.

mod charts;
mod figures;

use axum::extract::Query;
use maud::{Markup, html};
use serde::Deserialize;

use super::{PageError, Visit, conversations::needs_help, whatsapp::connection_card};
use crate::{
    analytics::{self, Period},
    chat::{DeskPage, ListQuery},
    store::conversations::{Counts, Filter},
    web::{
        layout::{self, CARD, Html, Icon, Page, Section, card_heading, empty, icon},
        pages::Reader,
    },
    whatsapp::Connection,
};

/// Conversations that are named on this page.
const NAMED: u32 = 10;

/// What the figures are told for, as the address says it; what it can't mean is today.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Choice {
    #[serde(default)]
    days: String,
}

impl Choice {
    fn period(&self) -> Period {
        self.days.parse().ok().and_then(Period::of_days).unwrap_or_default()
    }
}

/// `GET /`.
pub(crate) async fn index(visit: Visit, Query(choice): Query<Choice>) -> Result<Html, PageError> {
    let cards = now(&visit).await?;
    let figures = figures(&visit, choice.period()).await?;
    let title = visit.reader.t("nav-home");
    let body = html! {
        div class="mx-auto w-full max-w-6xl px-4 py-6 md:px-8" {
            h1 class="text-2xl font-semibold" { (title) }
            (cards)
            (figures)
        }
    };
    let page = Page::of(Section::Home, &title).with_script("charts.js");
    Ok(layout::page(&visit.state, &visit.reader, &page, &body))
}

/// `GET /now`: the cards alone.
pub(crate) async fn now_alone(visit: Visit) -> Result<Html, PageError> {
    Ok(Html(now(&visit).await?))
}

/// `GET /figures`: the figures alone.
pub(crate) async fn figures_alone(visit: Visit, Query(choice): Query<Choice>) -> Result<Html, PageError> {
    Ok(Html(figures(&visit, choice.period()).await?))
}

async fn figures(visit: &Visit, period: Period) -> Result<Markup, PageError> {
    let now = visit.reader.local(visit.reader.now);
    let read = visit.state.store.read(move |tx| analytics::figures(tx, period, &now));
    Ok(figures::figures(&visit.reader, &read.await?))
}

async fn now(visit: &Visit) -> Result<Markup, PageError> {
    let desk = async |filter| {
        let query = ListQuery { filter, ..ListQuery::default() };
        visit.state.chat.desk(visit.account.id, query, NAMED).await
    };
    // Emergencies first, however many others have written since.
    let mut waiting = desk(Filter::Emergency).await?;
    let others = desk(Filter::Waiting).await?.rows.into_iter();
    waiting.rows.extend(others.filter(|listed| !listed.conversation.emergency));
    waiting.rows.truncate(NAMED as usize);
    Ok(cards(&visit.reader, &waiting, &visit.state.whatsapp.connection()))
}

fn cards(reader: &Reader, waiting: &DeskPage, connection: &Connection) -> Markup {
    let Counts { waiting: waits, emergency: emergencies, bot_off, .. } = waiting.counts;
    html! {
        div #now data-refresh="/now" class="mt-6 grid gap-4 md:grid-cols-3" {
            (count(reader, "home-emergencies", emergencies, Icon::Alarm, "emergency", emergencies > 0))
            (count(reader, "home-waiting", waits, Icon::Clock, "waiting", false))
            (count(reader, "home-bot-off", bot_off, Icon::Person, "bot_off", false))
            section class={ (CARD) " md:col-span-2" } aria-labelledby="help" {
                div #help { (card_heading(&reader.t("home-help"), None)) }
                @if waiting.rows.is_empty() {
                    (empty(Icon::Check, &reader.t("home-nobody"), &reader.t("home-nobody-detail")))
                } @else {
                    (needs_help(reader, waiting))
                }
            }
            (connection_card(reader, connection))
        }
    }
}

fn count(reader: &Reader, key: &str, count: u32, shows: Icon, filter: &str, is_alarm: bool) -> Markup {
    let colours =
        if is_alarm { "border-alarm bg-alarm-soft text-alarm-ink" } else { "border-line bg-surface" };
    html! {
        a href={ "/conversations?filter=" (filter) }
            class={ "flex items-center gap-4 rounded-xl border p-5 shadow-card hover:brightness-95 " (colours) } {
            span class="text-3xl" { (icon(shows)) }
            span {
                span class="block text-3xl font-semibold tabular-nums" { (count) }
                span class="block" { (reader.t(key)) }
            }
        }
    }
}
