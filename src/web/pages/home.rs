//! `/`: how things stand, and who needs help now.

use maud::{Markup, html};

use super::{PageError, Visit, conversations::needs_help, whatsapp::connection_card};
use crate::{
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

/// `GET /`.
pub(crate) async fn index(visit: Visit) -> Result<Html, PageError> {
    let cards = now(&visit).await?;
    let title = visit.reader.t("nav-home");
    let body = html! {
        div class="mx-auto w-full max-w-6xl px-4 py-6 md:px-8" {
            h1 class="text-2xl font-semibold" { (title) }
            (cards)
        }
    };
    Ok(layout::page(&visit.state, &visit.reader, &Page::of(Section::Home, &title), &body))
}

/// `GET /now`: the cards alone.
pub(crate) async fn now_alone(visit: Visit) -> Result<Html, PageError> {
    Ok(Html(now(&visit).await?))
}

async fn now(visit: &Visit) -> Result<Markup, PageError> {
    let waiting = ListQuery { filter: Filter::Waiting, ..ListQuery::default() };
    let waiting = visit.state.chat.desk(visit.account.id, waiting, NAMED).await?;
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
