//! What staff saw and changed, for administrators.

use axum::{extract::Query, response::Response};
use maud::{Markup, html};
use serde::Deserialize;

use super::{News, Tab, framed};
use crate::{
    store::audit::{self, Entry},
    web::{
        layout::{BUTTON_QUIET, CARD, Icon, card_heading, exactly, icon},
        pages::{PageError, Reader, Visit},
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
    visit: Visit,
    Query(Before { before }): Query<Before>,
) -> Result<Response, PageError> {
    shown(&visit, before, None).await
}

/// `POST /settings/audit/verify`: goes over the whole log, whether nobody has changed it.
pub(crate) async fn verify(visit: Visit) -> Result<Response, PageError> {
    let reader = &visit.reader;
    let news = match visit.state.store.read(audit::verify).await? {
        None => News::good(reader, "audit-whole"),
        Some(row) => News::bad(reader.tw("audit-broken", [("row", row.into())])),
    };
    shown(&visit, None, news).await
}

async fn shown(visit: &Visit, before: Option<i64>, news: Option<News>) -> Result<Response, PageError> {
    let reader = &visit.reader;
    let entries = visit.state.store.read(move |tx| audit::page(tx, before, ROWS)).await?;
    let next = entries.last().map(|entry| entry.id).filter(|&id| id > 1);
    let cards = html! {
        section class=(CARD) {
            (card_heading(&reader.t("audit-heading"), Some(&reader.t("audit-detail"))))
            form method="post" action="/settings/audit/verify" class="mt-4" {
                button class=(BUTTON_QUIET) { (icon(Icon::Check)) (reader.t("audit-verify")) }
            }
            ol class="mt-4 divide-y divide-line border-t border-line" { @for entry in &entries { (row(reader, entry)) } }
            @if let Some(next) = next {
                a href={ "/settings/audit?before=" (next) } class={ (BUTTON_QUIET) " mt-4" } { (reader.t("audit-older")) }
            }
        }
    };
    Ok(framed(visit, Tab::Audit, news, &cards))
}

fn row(reader: &Reader, entry: &Entry) -> Markup {
    html! {
        li class="flex flex-wrap gap-x-4 gap-y-0.5 py-2" {
            span class="w-52 shrink-0 whitespace-nowrap text-ink-soft tabular-nums" { (exactly(reader, entry.at)) }
            span class="w-32 shrink-0 truncate font-medium" title=(entry.actor) { (entry.actor) }
            span class="min-w-0 grow basis-60 break-words" {
                (reader.t(&format!("audit-{}", entry.action.replace('_', "-"))))
                @if !entry.subject.is_empty() || !entry.detail.is_empty() {
                    span class="text-ink-soft" {
                        ": " (entry.subject) @if !entry.subject.is_empty() && !entry.detail.is_empty() { " · " } (entry.detail)
                    }
                }
            }
        }
    }
}
