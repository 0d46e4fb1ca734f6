//! What staff saw and changed, for administrators.

use axum::extract::{Query, State};
use maud::{Markup, html};
use serde::Deserialize;

use super::framed;
use crate::{
    store::audit::{self, Entry},
    web::{
        WebState,
        layout::{BUTTON_QUIET, CARD, Html, Icon, Tone, card_heading, clock, day, icon, note},
        pages::{PageError, Reader},
    },
};

/// Rows on a page.
const ROWS: u32 = 100;

/// Which page of the log.
#[derive(Deserialize)]
pub(crate) struct Before {
    before: Option<i64>,
}

/// `GET /settings/audit`.
pub(crate) async fn index(
    State(state): State<WebState>,
    reader: Reader,
    Query(Before { before }): Query<Before>,
) -> Result<Html, PageError> {
    let (entries, broken) =
        state.store.read(move |tx| Ok((audit::page(tx, before, ROWS)?, audit::verify(tx)?))).await?;
    let next = entries.last().map(|entry| entry.id).filter(|&id| id > 1);
    let cards = html! {
        section class=(CARD) {
            (card_heading(&reader.t("audit-heading"), Some(&reader.t("audit-detail"))))
            div class="mt-3" {
                @match broken {
                    None => (note(Tone::Good, &reader.t("audit-whole"))),
                    Some(row) => (note(Tone::Alarm, &reader.tw("audit-broken", [("row", row.into())]))),
                }
            }
            div class="mt-4 overflow-x-auto" tabindex="0" role="region" aria-label=(reader.t("audit-heading")) {
                table class="w-full text-left" {
                    thead { tr class="border-b border-line text-sm text-ink-soft" {
                        @for key in ["audit-when", "audit-who", "audit-what", "audit-to"] {
                            th scope="col" class="py-2 pr-4 font-medium" { (reader.t(key)) }
                        }
                    } }
                    tbody { @for entry in &entries { (row(&state, &reader, entry)) } }
                }
            }
            @if let Some(next) = next {
                a href={ "/settings/audit?before=" (next) } class={ (BUTTON_QUIET) " mt-4" } { (reader.t("audit-older")) }
            }
        }
    };
    Ok(framed(&state, &reader, None, &cards))
}

fn row(state: &WebState, reader: &Reader, entry: &Entry) -> Markup {
    let local = entry.at.to_zoned(state.time_zone.clone());
    html! {
        tr class="border-b border-line align-top" {
            td class="py-2 pr-4 whitespace-nowrap" {
                (day(reader, local.date(), i16::MIN)) " " (clock(reader, &local))
            }
            td class="py-2 pr-4" { (entry.actor) }
            td class="py-2 pr-4" { (reader.t(&format!("audit-{}", entry.action.replace('_', "-")))) }
            td class="py-2 pr-4" { (entry.subject) @if !entry.detail.is_empty() { " · " (entry.detail) } }
        }
    }
}

/// The way there, from the settings.
pub(super) fn card(reader: &Reader) -> Markup {
    html! {
        section class=(CARD) {
            (card_heading(&reader.t("audit-heading"), Some(&reader.t("audit-detail"))))
            a href="/settings/audit" class={ (BUTTON_QUIET) " mt-4" } { (icon(Icon::File)) (reader.t("audit-open")) }
        }
    }
}
