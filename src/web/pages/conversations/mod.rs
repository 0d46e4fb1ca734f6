//! `/conversations`: the list, one conversation beside it, and what staff do there.
//!
//! Every address is a whole page; the same cards come alone as fragments, which the page fetches when a live event says
//! that something changed. Forms answer with a fragment to such a page and lead back to the whole one without scripts.

mod list;
mod panel;
mod thread;

pub(super) use list::needs_help;

use std::sync::Arc;

use axum::{
    Extension, Form,
    extract::{Path, Query, State},
    http::HeaderMap,
    response::{IntoResponse, Redirect, Response},
};
use jiff::Timestamp;
use maud::{Markup, html};
use serde::Deserialize;

use super::{PageError, Reader};
use crate::{
    chat::{Actor, ListQuery, MAX_TEXT_CHARS, MessageText, SignAs},
    domain::{ConversationId, MessageId},
    store::{
        conversations::{Filter, PageKey},
        staff::StaffAccount,
    },
    web::{
        WebState,
        layout::{self, Html, Page, Section},
    },
};

/// Rows of the list at once.
const ROWS: u32 = 40;
/// Messages of a conversation at once.
const MESSAGES: u32 = 50;
/// Messages that a refreshed conversation has at most.
const MOST_MESSAGES: u32 = 500;
/// Characters that a search may have.
const MAX_SEARCH_CHARS: usize = 200;

/// What the list is narrowed to, as the address says it.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Narrowing {
    #[serde(default)]
    filter: FilterWord,
    #[serde(default)]
    search: String,
    #[serde(default)]
    after: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum FilterWord {
    #[default]
    All,
    Waiting,
    Emergency,
    BotOff,
}

impl FilterWord {
    const ALL: [Self; 4] = [Self::All, Self::Waiting, Self::Emergency, Self::BotOff];

    fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Waiting => "waiting",
            Self::Emergency => "emergency",
            Self::BotOff => "bot_off",
        }
    }

    fn filter(self) -> Filter {
        match self {
            Self::All => Filter::All,
            Self::Waiting => Filter::Waiting,
            Self::Emergency => Filter::Emergency,
            Self::BotOff => Filter::BotOff,
        }
    }
}

impl Narrowing {
    fn query(&self) -> ListQuery {
        let search: String = self.search.chars().take(MAX_SEARCH_CHARS).collect();
        ListQuery {
            search: Some(search).filter(|search| !search.trim().is_empty()),
            filter: self.filter.filter(),
            after: PageKey::parse(&self.after),
        }
    }

    /// An address with the same narrowing, or with another filter.
    fn address(&self, path: &str, filter: FilterWord, after: Option<PageKey>) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        if filter != FilterWord::All {
            query.append_pair("filter", filter.as_str());
        }
        if !self.search.is_empty() {
            query.append_pair("search", &self.search);
        }
        if let Some(after) = after {
            query.append_pair("after", &after.to_string());
        }
        let query = query.finish();
        if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
    }
}

/// Who asks.
pub(super) type By = Arc<StaffAccount>;

fn actor(account: &StaffAccount) -> Actor {
    Actor { id: account.id, name: account.name.clone() }
}

/// `GET /conversations`.
pub(crate) async fn index(
    State(state): State<WebState>,
    reader: Reader,
    Extension(account): Extension<By>,
    Query(narrowing): Query<Narrowing>,
) -> Result<Html, PageError> {
    let list = list(&state, &reader, &account, &narrowing, None).await?;
    Ok(whole(&state, &reader, &list, &panel::nothing_open(&reader)))
}

/// `GET /conversations/rows`: the list's rows alone.
pub(crate) async fn rows(
    State(state): State<WebState>,
    reader: Reader,
    Extension(account): Extension<By>,
    Query(narrowing): Query<Narrowing>,
) -> Result<Html, PageError> {
    let page = state.chat.desk(account.id, narrowing.query(), ROWS).await?;
    Ok(Html(list::rows(&state, &reader, &narrowing, &page, None)))
}

/// `GET /conversations/list`: the list with its filters, alone.
pub(crate) async fn list_alone(
    State(state): State<WebState>,
    reader: Reader,
    Extension(account): Extension<By>,
    Query(narrowing): Query<Narrowing>,
) -> Result<Html, PageError> {
    Ok(Html(list(&state, &reader, &account, &narrowing, None).await?))
}

/// Which messages of a conversation.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub(crate) struct Window {
    /// Those before this one.
    before: Option<i64>,
    /// Those from this one on.
    from: Option<i64>,
}

/// `GET /conversations/{id}`.
pub(crate) async fn detail(
    State(state): State<WebState>,
    reader: Reader,
    Extension(account): Extension<By>,
    Path(id): Path<i64>,
    Query(narrowing): Query<Narrowing>,
    Query(window): Query<Window>,
) -> Result<Html, PageError> {
    let panel = panel(&state, &reader, &account, ConversationId(id), window).await?;
    let list = list(&state, &reader, &account, &narrowing, Some(ConversationId(id))).await?;
    Ok(whole(&state, &reader, &list, &panel))
}

/// `GET /conversations/{id}/panel`: the conversation alone.
pub(crate) async fn panel_alone(
    State(state): State<WebState>,
    reader: Reader,
    Extension(account): Extension<By>,
    Path(id): Path<i64>,
    Query(window): Query<Window>,
) -> Result<Html, PageError> {
    Ok(Html(panel(&state, &reader, &account, ConversationId(id), window).await?))
}

/// `GET /conversations/{id}/older?before=…`: a page of older messages alone.
pub(crate) async fn older(
    State(state): State<WebState>,
    reader: Reader,
    Extension(account): Extension<By>,
    Path(id): Path<i64>,
    Query(window): Query<Window>,
) -> Result<Html, PageError> {
    let before = window.before.map(MessageId);
    let opened = state.chat.open(actor(&account), ConversationId(id), before, MESSAGES).await?;
    Ok(Html(thread::older(&state, &reader, &opened)))
}

/// What a message's form sends.
#[derive(Deserialize)]
pub(crate) struct Writing {
    text: String,
    #[serde(rename = "as")]
    sign_as: SignWord,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum SignWord {
    Bot,
    Staff,
}

/// `POST /conversations/{id}/send`.
pub(crate) async fn send(
    State(state): State<WebState>,
    reader: Reader,
    Extension(account): Extension<By>,
    Path(id): Path<i64>,
    headers: HeaderMap,
    Form(Writing { text, sign_as }): Form<Writing>,
) -> Result<Response, PageError> {
    let text = MessageText::parse(&text).map_err(|_| PageError::Invalid)?;
    let sign_as = match sign_as {
        SignWord::Bot => SignAs::Bot,
        SignWord::Staff => SignAs::Staff,
    };
    state.chat.send_message(ConversationId(id), text, Some(sign_as), account.name.clone()).await?;
    done(&state, &reader, &account, id, &headers).await
}

/// What the bot's switch sends.
#[derive(Deserialize)]
pub(crate) struct Switching {
    enabled: bool,
}

/// `POST /conversations/{id}/bot`.
pub(crate) async fn switch_bot(
    State(state): State<WebState>,
    reader: Reader,
    Extension(account): Extension<By>,
    Path(id): Path<i64>,
    headers: HeaderMap,
    Form(Switching { enabled }): Form<Switching>,
) -> Result<Response, PageError> {
    state.chat.set_handling(ConversationId(id), enabled, account.name.clone()).await?;
    done(&state, &reader, &account, id, &headers).await
}

/// `POST /conversations/{id}/resolve`.
pub(crate) async fn resolve(
    State(state): State<WebState>,
    reader: Reader,
    Extension(account): Extension<By>,
    Path(id): Path<i64>,
    headers: HeaderMap,
) -> Result<Response, PageError> {
    state.chat.resolve(ConversationId(id), account.name.clone()).await?;
    done(&state, &reader, &account, id, &headers).await
}

/// What a note's form sends.
#[derive(Deserialize)]
pub(crate) struct Noting {
    text: String,
}

/// `POST /conversations/{id}/notes`.
pub(crate) async fn add_note(
    State(state): State<WebState>,
    reader: Reader,
    Extension(account): Extension<By>,
    Path(id): Path<i64>,
    headers: HeaderMap,
    Form(Noting { text }): Form<Noting>,
) -> Result<Response, PageError> {
    let text = MessageText::parse(&text).map_err(|_| PageError::Invalid)?;
    state.chat.add_note(ConversationId(id), text, account.name.clone()).await?;
    done(&state, &reader, &account, id, &headers).await
}

/// After a form: the fragment for a page that asked for one, else back to the whole page.
async fn done(
    state: &WebState,
    reader: &Reader,
    account: &StaffAccount,
    id: i64,
    headers: &HeaderMap,
) -> Result<Response, PageError> {
    if !headers.contains_key("hx-request") {
        return Ok(Redirect::to(&format!("/conversations/{id}")).into_response());
    }
    let panel = panel(state, reader, account, ConversationId(id), Window::default()).await?;
    Ok(Html(panel).into_response())
}

async fn list(
    state: &WebState,
    reader: &Reader,
    account: &StaffAccount,
    narrowing: &Narrowing,
    open: Option<ConversationId>,
) -> Result<Markup, PageError> {
    let page = state.chat.desk(account.id, narrowing.query(), ROWS).await?;
    Ok(list::list(state, reader, narrowing, &page, open))
}

async fn panel(
    state: &WebState,
    reader: &Reader,
    account: &StaffAccount,
    id: ConversationId,
    window: Window,
) -> Result<Markup, PageError> {
    let limit = match window.from {
        Some(from) => state.chat.count_from(id, MessageId(from), MOST_MESSAGES).await?.max(MESSAGES),
        None => MESSAGES,
    };
    let opened = state.chat.open(actor(account), id, window.before.map(MessageId), limit).await?;
    Ok(panel::panel(state, reader, &opened, MAX_TEXT_CHARS, Timestamp::now()))
}

/// Two panes on a wide screen; on a phone the list, or the conversation that is open.
fn whole(state: &WebState, reader: &Reader, list: &Markup, panel: &Markup) -> Html {
    let title = reader.t("nav-conversations");
    let body = html! {
        h1 class="sr-only" { (title) }
        div #desk class="group/desk flex min-h-0 grow" {
            section #list-pane aria-label=(reader.t("list-label"))
                class="flex min-h-0 w-full shrink-0 flex-col border-r border-line bg-surface md:w-80 lg:w-96 \
                    max-md:group-has-[[data-conversation]]/desk:hidden" {
                (list)
            }
            div #panel class="flex min-h-0 min-w-0 grow flex-col max-md:not-has-[[data-conversation]]:hidden" { (panel) }
        }
    };
    layout::page(state, reader, &Page::of(Section::Conversations, &title).filled(), &body)
}
