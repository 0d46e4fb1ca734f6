//! `/conversations`: the list, one conversation beside it, and what staff do there.
//!
//! Every address is a whole page; the same cards come alone as fragments, which the page fetches when a live event says
//! that something changed. Forms answer with a fragment to such a page and lead back to the whole one without scripts.

mod about;
mod composer;
mod list;
pub(crate) mod marks;
mod panel;
mod thread;

pub(super) use list::needs_help;
pub(super) use thread::formatted;

use axum::{
    Form,
    extract::{Path, Query},
    response::Response,
};
use maud::{Markup, html};
use serde::Deserialize;

use super::{PageError, Visit};
use crate::{
    chat::{ListQuery, MessageText, SignAs},
    domain::{ConversationId, LabelId, MessageId},
    store::conversations::{Filter, PageKey},
    web::layout::{self, Html, Page, Section},
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
    filter: Filter,
    #[serde(default)]
    search: String,
    label: Option<LabelId>,
    #[serde(default)]
    after: String,
}

impl Narrowing {
    fn query(&self) -> ListQuery {
        let search: String = self.search.chars().take(MAX_SEARCH_CHARS).collect();
        ListQuery {
            search: Some(search).filter(|search| !search.trim().is_empty()),
            filter: self.filter,
            label: self.label,
            after: PageKey::parse(&self.after),
        }
    }

    fn with_filter(&self, filter: Filter) -> Self {
        Self { filter, after: String::new(), ..self.clone() }
    }

    fn with_label(&self, label: Option<LabelId>) -> Self {
        Self { label, after: String::new(), ..self.clone() }
    }

    fn behind(&self, after: PageKey) -> Self {
        Self { after: after.to_string(), ..self.clone() }
    }

    /// An address with this narrowing.
    fn address(&self, path: &str) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        if self.filter != Filter::All {
            query.append_pair("filter", self.filter.as_str());
        }
        if let Some(label) = self.label {
            query.append_pair("label", &label.to_string());
        }
        if !self.search.is_empty() {
            query.append_pair("search", &self.search);
        }
        if !self.after.is_empty() {
            query.append_pair("after", &self.after);
        }
        let query = query.finish();
        if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
    }
}

/// `GET /conversations`.
pub(crate) async fn index(visit: Visit, Query(narrowing): Query<Narrowing>) -> Result<Html, PageError> {
    let list = list(&visit, &narrowing, None).await?;
    Ok(whole(&visit, &list, &panel::nothing_open(&visit.reader)))
}

/// `GET /conversations/rows`: the list's rows alone.
pub(crate) async fn rows(visit: Visit, Query(narrowing): Query<Narrowing>) -> Result<Html, PageError> {
    let page = visit.state.chat.desk(visit.account.id, narrowing.query(), ROWS).await?;
    Ok(Html(list::rows(&visit.reader, &narrowing, &page, None)))
}

/// `GET /conversations/list`: the list with its filters, alone.
pub(crate) async fn list_alone(visit: Visit, Query(narrowing): Query<Narrowing>) -> Result<Html, PageError> {
    Ok(Html(list(&visit, &narrowing, None).await?))
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
    visit: Visit,
    Path(id): Path<ConversationId>,
    Query(narrowing): Query<Narrowing>,
    Query(window): Query<Window>,
) -> Result<Html, PageError> {
    let panel = panel(&visit, id, window).await?;
    let list = list(&visit, &narrowing, Some(id)).await?;
    Ok(whole(&visit, &list, &panel))
}

/// `GET /conversations/{id}/panel`: the conversation alone.
pub(crate) async fn panel_alone(
    visit: Visit,
    Path(id): Path<ConversationId>,
    Query(window): Query<Window>,
) -> Result<Html, PageError> {
    Ok(Html(panel(&visit, id, window).await?))
}

/// `GET /conversations/{id}/older?before=…`: a page of older messages alone.
pub(crate) async fn older(
    visit: Visit,
    Path(id): Path<ConversationId>,
    Query(window): Query<Window>,
) -> Result<Html, PageError> {
    let opened = visit.state.chat.open(visit.actor(), id, window.before.map(MessageId), MESSAGES).await?;
    Ok(Html(thread::older(&visit.reader, &opened)))
}

/// What a message's form sends.
#[derive(Deserialize)]
pub(crate) struct Writing {
    text: String,
    #[serde(rename = "as")]
    sign_as: SignAs,
}

/// `POST /conversations/{id}/send`.
pub(crate) async fn send(
    visit: Visit,
    Path(id): Path<ConversationId>,
    Form(Writing { text, sign_as }): Form<Writing>,
) -> Result<Response, PageError> {
    let text = MessageText::parse(&text).map_err(|_| PageError::Invalid)?;
    visit.state.chat.send_message(id, text, Some(sign_as), visit.name()).await?;
    visit.state.chat.keep_draft(visit.account.id, id, String::new()).await?;
    done(&visit, id).await
}

/// What the bot's switch sends.
#[derive(Deserialize)]
pub(crate) struct Switching {
    enabled: bool,
}

/// `POST /conversations/{id}/bot`.
pub(crate) async fn switch_bot(
    visit: Visit,
    Path(id): Path<ConversationId>,
    Form(Switching { enabled }): Form<Switching>,
) -> Result<Response, PageError> {
    visit.state.chat.set_handling(id, enabled, visit.name()).await?;
    done(&visit, id).await
}

/// `POST /conversations/{id}/resolve`.
pub(crate) async fn resolve(visit: Visit, Path(id): Path<ConversationId>) -> Result<Response, PageError> {
    visit.state.chat.resolve(id, visit.name()).await?;
    done(&visit, id).await
}

/// What a note's form sends.
#[derive(Deserialize)]
pub(crate) struct Noting {
    text: String,
}

/// `POST /conversations/{id}/notes`.
pub(crate) async fn add_note(
    visit: Visit,
    Path(id): Path<ConversationId>,
    Form(Noting { text }): Form<Noting>,
) -> Result<Response, PageError> {
    let text = MessageText::parse(&text).map_err(|_| PageError::Invalid)?;
    visit.state.chat.add_note(id, text, visit.name()).await?;
    done(&visit, id).await
}

/// After a form: the conversation as it is now.
async fn done(visit: &Visit, id: ConversationId) -> Result<Response, PageError> {
    let part = async { Ok(Html(panel(visit, id, Window::default()).await?)) };
    visit.done(&format!("/conversations/{id}"), part).await
}

async fn list(
    visit: &Visit,
    narrowing: &Narrowing,
    open: Option<ConversationId>,
) -> Result<Markup, PageError> {
    let page = visit.state.chat.desk(visit.account.id, narrowing.query(), ROWS).await?;
    Ok(list::list(&visit.reader, narrowing, &page, open))
}

async fn panel(visit: &Visit, id: ConversationId, window: Window) -> Result<Markup, PageError> {
    let chat = &visit.state.chat;
    let limit = match window.from {
        Some(from) => chat.count_from(id, MessageId(from), MOST_MESSAGES).await?.max(MESSAGES),
        None => MESSAGES,
    };
    let opened = chat.open(visit.actor(), id, window.before.map(MessageId), limit).await?;
    let lookers = marks::look(visit, id);
    Ok(panel::panel(&visit.reader, &opened, &lookers))
}

/// Two panes, three on a wide screen; on a phone the list, or the conversation that is open.
fn whole(visit: &Visit, list: &Markup, panel: &Markup) -> Html {
    let title = visit.reader.t("nav-conversations");
    let body = html! {
        h1 class="sr-only" { (title) }
        div #desk class="group/desk relative flex min-h-0 grow" {
            section #list-pane aria-label=(visit.reader.t("list-label"))
                class="flex min-h-0 w-full shrink-0 flex-col border-r border-line bg-surface md:w-80 lg:w-96 \
                    max-md:group-has-[[data-conversation]]/desk:hidden" {
                (list)
            }
            div #panel class="flex min-h-0 min-w-0 grow flex-col max-md:not-has-[[data-conversation]]:hidden" { (panel) }
            (layout::skeleton("panel-skeleton", "absolute inset-y-0 right-0 left-0 z-20 md:left-80 lg:left-96"))
        }
    };
    layout::page(&visit.state, &visit.reader, &Page::of(Section::Conversations, &title).filled(), &body)
}
