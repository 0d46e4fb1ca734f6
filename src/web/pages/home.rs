//! `/`: how things stand, and who needs help now.

use axum::{Extension, extract::State};
use jiff::Timestamp;
use maud::{Markup, html};

use super::{
    PageError, Reader,
    conversations::{By, needs_help},
    whatsapp::connection_card,
};
use crate::{
    chat::{DeskPage, ListQuery},
    store::conversations::Filter,
    web::{
        WebState,
        layout::{self, CARD, Html, Icon, Page, Section, card_heading, empty, icon},
    },
};

/// Conversations that are named on this page.
const NAMED: u32 = 10;

/// `GET /`.
pub(crate) async fn index(
    State(state): State<WebState>,
    reader: Reader,
    by: Extension<By>,
) -> Result<Html, PageError> {
    let cards = now(&state, &reader, &by).await?;
    let title = reader.t("nav-home");
    let body = html! {
        div class="mx-auto w-full max-w-6xl px-4 py-6 md:px-8" {
            h1 class="text-2xl font-semibold" { (title) }
            (cards)
        }
    };
    Ok(layout::page(&state, &reader, &Page::of(Section::Home, &title), &body))
}

/// `GET /now`: the cards alone.
pub(crate) async fn now_alone(
    State(state): State<WebState>,
    reader: Reader,
    by: Extension<By>,
) -> Result<Html, PageError> {
    Ok(Html(now(&state, &reader, &by).await?))
}

async fn now(state: &WebState, reader: &Reader, by: &By) -> Result<Markup, PageError> {
    let waiting = ListQuery { filter: Filter::Waiting, ..ListQuery::default() };
    let waiting = state.chat.desk(by.id, waiting, NAMED).await?;
    Ok(cards(state, reader, &waiting))
}

fn cards(state: &WebState, reader: &Reader, waiting: &DeskPage) -> Markup {
    let [waits, emergencies, bot_off] = waiting.counts;
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
                    (needs_help(state, reader, waiting, Timestamp::now()))
                }
            }
            (connection_card(reader, &state.whatsapp.connection()))
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
