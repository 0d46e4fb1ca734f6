//! `/settings`: one's own account, and for administrators everybody's, and what was done.

pub(crate) mod account;
pub(crate) mod accounts;
pub(crate) mod audit;
pub(crate) mod second_factor;

use axum::{Extension, extract::State};
use jiff::Timestamp;
use maud::{Markup, html};

use super::{PageError, Reader, conversations::By};
use crate::{
    store::{
        sessions::{self, SessionHash},
        staff::{self, Role},
    },
    web::{
        WebState,
        layout::{self, Html, Page, Section, Tone, note},
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
pub(crate) async fn index(
    State(state): State<WebState>,
    reader: Reader,
    Extension(account): Extension<By>,
    auth: AuthSession,
) -> Result<Html, PageError> {
    page(&state, &reader, &account, hash_of(&auth), None).await
}

async fn page(
    state: &WebState,
    reader: &Reader,
    account: &By,
    own: Option<SessionHash>,
    news: Option<News>,
) -> Result<Html, PageError> {
    let (id, is_administrator) = (account.id, reader.may(Role::Administrator));
    let (open, everybody) = state
        .store
        .read(move |tx| {
            let open = sessions::list(tx, id, Timestamp::now())?;
            Ok((open, if is_administrator { staff::list(tx)? } else { Vec::new() }))
        })
        .await?;
    let body = html! {
        (account::password_card(reader))
        (second_factor::card(reader, account))
        (account::sessions_card(state, reader, &open, own))
        @if is_administrator {
            (accounts::card(reader, &everybody, account))
            (audit::card(reader))
        }
    };
    Ok(framed(state, reader, news, &body))
}

/// The page around the cards of this section.
fn framed(state: &WebState, reader: &Reader, news: Option<News>, cards: &Markup) -> Html {
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
    layout::page(state, reader, &Page::of(Section::Settings, &title), &body)
}
