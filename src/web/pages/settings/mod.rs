//! `/settings`: one's own account, and for administrators everybody's, and what was done.

pub(crate) mod account;
pub(crate) mod accounts;
pub(crate) mod audit;
pub(crate) mod second_factor;

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use maud::{Markup, html};

use super::{PageError, Reader, Visit};
use crate::{
    store::{
        sessions::{self, SessionHash},
        staff::{self, Role},
    },
    web::{
        layout::{self, Page, Section, Tone, note},
        session::{AuthSession, hash_of},
    },
};

/// What is told above the cards after a form: good news or bad.
pub(crate) struct News {
    tone: Tone,
    words: String,
}

impl News {
    fn good(reader: &Reader, key: &str) -> Option<Self> {
        Some(Self { tone: Tone::Good, words: reader.t(key) })
    }

    fn bad(words: String) -> Option<Self> {
        Some(Self { tone: Tone::Alarm, words })
    }
}

/// `GET /settings`.
pub(crate) async fn index(visit: Visit, auth: AuthSession) -> Result<Response, PageError> {
    page(&visit, hash_of(&auth), None).await
}

/// The page, with what came of a form; bad news have the status of what can't be done so.
async fn page(visit: &Visit, own: Option<SessionHash>, news: Option<News>) -> Result<Response, PageError> {
    let Visit { state, reader, account, .. } = visit;
    let (id, now, is_administrator) = (account.id, reader.now, reader.may(Role::Administrator));
    let (open, everybody) = state
        .store
        .read(move |tx| {
            let open = sessions::list(tx, id, now)?;
            Ok((open, if is_administrator { staff::list(tx)? } else { Vec::new() }))
        })
        .await?;
    let body = html! {
        (account::password_card(reader))
        (second_factor::card(reader, account))
        (account::sessions_card(reader, &open, own))
        @if is_administrator {
            (accounts::card(reader, &everybody, account))
            (audit::card(reader))
        }
    };
    Ok(framed(visit, news, &body))
}

/// The page around the cards of this section.
fn framed(Visit { state, reader, .. }: &Visit, news: Option<News>, cards: &Markup) -> Response {
    let title = reader.t("nav-settings");
    let body = html! {
        div class="mx-auto w-full max-w-4xl px-4 py-6 md:px-8" {
            h1 class="text-2xl font-semibold" { (title) }
            @if let Some(News { tone, words }) = &news { div class="mt-4" { (note(*tone, words)) } }
            div class="mt-6 space-y-4" { (cards) }
            div class="mt-6 space-y-2 md:hidden" {
                (layout::language_switch(reader))
                (account::sign_out(reader))
            }
        }
    };
    let is_bad = news.is_some_and(|news| news.tone == Tone::Alarm);
    let status = if is_bad { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    (status, layout::page(state, reader, &Page::of(Section::Settings, &title), &body)).into_response()
}
