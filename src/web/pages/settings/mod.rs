//! `/settings`: one's own account and device; for administrators how the bot behaves, accounts, programs, what was done.

pub(crate) mod account;
pub(crate) mod accounts;
pub(crate) mod audit;
pub(crate) mod bot;
pub(crate) mod canned;
pub(crate) mod models;
pub(crate) mod second_factor;
pub(crate) mod tokens;

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use maud::{Markup, html};

use super::{PageError, Reader, Visit};
use crate::{
    store::{
        sessions::{self, SessionHash},
        staff::Role,
    },
    web::{
        layout::{self, Page, Section, Tone, note, tabs},
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

/// The pages of this section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tab {
    Own,
    Canned,
    Bot,
    Models,
    Accounts,
    Tokens,
    Audit,
}

impl Tab {
    const ALL: [Self; 7] =
        [Self::Own, Self::Canned, Self::Bot, Self::Models, Self::Accounts, Self::Tokens, Self::Audit];

    /// Its address, the key of its name, and whom it is for.
    fn shown(self) -> (&'static str, &'static str, Role) {
        match self {
            Self::Own => ("/settings", "settings-own", Role::Viewer),
            Self::Canned => ("/settings/canned-replies", "canned-heading", Role::Agent),
            Self::Bot => ("/settings/bot", "bot-heading", Role::Administrator),
            Self::Models => ("/settings/models", "models-heading", Role::Administrator),
            Self::Accounts => ("/settings/accounts", "accounts-heading", Role::Administrator),
            Self::Tokens => ("/settings/tokens", "tokens-heading", Role::Administrator),
            Self::Audit => ("/settings/audit", "audit-heading", Role::Administrator),
        }
    }
}

/// `GET /settings`.
pub(crate) async fn index(visit: Visit, auth: AuthSession) -> Result<Response, PageError> {
    own(&visit, hash_of(&auth), None).await
}

/// One's own account, with what came of a form.
async fn own(visit: &Visit, session: Option<SessionHash>, news: Option<News>) -> Result<Response, PageError> {
    let Visit { state, reader, account, .. } = visit;
    let (id, now) = (account.id, reader.now);
    let open = state.store.read(move |tx| sessions::list(tx, id, now)).await?;
    let cards = html! {
        (account::alerts_card(reader))
        (account::password_card(reader))
        (second_factor::card(reader, account))
        (account::sessions_card(reader, &open, session))
        div class="space-y-2 md:hidden" {
            (layout::language_switch(reader))
            (account::sign_out(reader))
        }
    };
    Ok(framed(visit, Tab::Own, news, &cards))
}

/// A page of this section around its cards; bad news have the status of what can't be done so.
fn framed(Visit { state, reader, .. }: &Visit, here: Tab, news: Option<News>, cards: &Markup) -> Response {
    let title = reader.t("nav-settings");
    let pages = Tab::ALL.into_iter().filter(|tab| reader.may(tab.shown().2)).map(|tab| {
        let (address, key, _) = tab.shown();
        (address, reader.t(key), tab == here)
    });
    let body = html! {
        div class="mx-auto w-full max-w-5xl px-4 py-6 md:px-8" {
            h1 class="text-2xl font-semibold" { (title) }
            (tabs(&title, pages))
            @if let Some(News { tone, words }) = &news { div class="mt-4" { (note(*tone, words)) } }
            div class="mt-6 space-y-4" { (cards) }
        }
    };
    let is_bad = news.is_some_and(|news| news.tone == Tone::Alarm);
    let status = if is_bad { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    (status, layout::page(state, reader, &Page::of(Section::Settings, &title), &body)).into_response()
}
