//! What staff do beside a conversation: labels, who looks after it, who looks at it now, drafts, canned replies.

use axum::{
    Form,
    extract::Path,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use maud::{Markup, html};
use serde::Deserialize;

use super::{composer, done};
use crate::{
    chat::ShortName,
    domain::{ConversationId, LabelId, StaffId},
    web::{
        layout::{Html, Icon, icon},
        pages::{PageError, Reader, Visit},
    },
};

/// A label to put on.
#[derive(Deserialize)]
pub(crate) struct Labelling {
    name: String,
}

/// `POST /conversations/{id}/labels`.
pub(crate) async fn put_label(
    visit: Visit,
    Path(id): Path<ConversationId>,
    Form(Labelling { name }): Form<Labelling>,
) -> Result<Response, PageError> {
    visit.state.chat.put_label(id, ShortName::parse(&name)?, visit.name()).await?;
    done(&visit, id).await
}

/// `POST /conversations/{id}/labels/{label}/off`.
pub(crate) async fn take_label_off(
    visit: Visit,
    Path((id, label)): Path<(ConversationId, LabelId)>,
) -> Result<Response, PageError> {
    visit.state.chat.take_label_off(id, label, visit.name()).await?;
    done(&visit, id).await
}

/// Whom a conversation is given to; nobody when it is empty.
#[derive(Deserialize)]
pub(crate) struct Assigning {
    to: String,
}

/// `POST /conversations/{id}/assign`.
pub(crate) async fn assign(
    visit: Visit,
    Path(id): Path<ConversationId>,
    Form(Assigning { to }): Form<Assigning>,
) -> Result<Response, PageError> {
    let to = match to.as_str() {
        "" => None,
        number => Some(StaffId(number.parse().map_err(|_| PageError::Invalid)?)),
    };
    visit.state.chat.assign(id, to, visit.name()).await?;
    done(&visit, id).await
}

/// What is written so far.
#[derive(Deserialize)]
pub(crate) struct Drafting {
    text: String,
}

/// `POST /conversations/{id}/draft`.
pub(crate) async fn keep_draft(
    visit: Visit,
    Path(id): Path<ConversationId>,
    Form(Drafting { text }): Form<Drafting>,
) -> Result<Response, PageError> {
    visit.state.chat.keep_draft(visit.account.id, id, text).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `GET /canned-replies`: what the slash offers.
pub(crate) async fn canned_replies(visit: Visit) -> Result<Html, PageError> {
    let replies = visit.state.chat.canned_replies().await?;
    Ok(Html(composer::canned_list(&visit.reader, &replies)))
}

/// `GET /conversations/{id}/lookers`: who else looks at a conversation, alone.
pub(crate) async fn lookers_alone(visit: Visit, Path(id): Path<ConversationId>) -> Html {
    Html(lookers(&visit.reader, id, &look(&visit, id)))
}

/// Notes that whoever asks looks at a conversation, tells those who should know, and gives who else does.
pub(super) fn look(visit: &Visit, id: ConversationId) -> Vec<String> {
    let look = visit.state.lookers.look(&visit.actor(), id);
    visit.state.realtime.lookers_changed(&look.changed);
    look.others
}

/// Who else looks at a conversation. It asks again by itself, which also says that whoever reads is still here.
pub(super) fn lookers(reader: &Reader, id: ConversationId, others: &[String]) -> Markup {
    let shown = match others {
        [] => String::new(),
        [one] => reader.tw("lookers-one", [("name", one.as_str().into())]),
        [one, rest @ ..] => {
            reader.tw("lookers-many", [("name", one.as_str().into()), ("count", rest.len().into())])
        }
    };
    html! {
        p #lookers role="status" hx-get={ "/conversations/" (id) "/lookers" } hx-trigger="every 20s, lookers" hx-swap="morph"
            title=(others.join(", ")) class="flex items-center gap-1 text-sm text-info-ink empty:hidden" {
            @if !shown.is_empty() { (icon(Icon::Eye)) (shown) }
        }
    }
}
