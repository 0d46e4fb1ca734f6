//! `GET /admin/chats` and `GET /admin/chats/{chat_id}`: conversations, listed and opened.

use axum::{Extension, Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::shapes::{ChatShape, MessageShape, TokenErrors, words};
use crate::{
    chat::Looked,
    domain::{Flag, MessageId},
    store::conversations::PageKey,
    web::{
        WebState,
        access::Caller,
        error::{ApiError, ErrorBody},
        extract::{ChatPath, QueryParams, page_length},
    },
};

/// Characters that a search may have.
const MAX_SEARCH_CHARS: usize = 200;

/// Which page of which conversations.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListParams {
    /// Part of a name or a number, or words of a message (each matches the words that start so).
    #[param(max_length = 200)]
    search: Option<String>,
    /// The `next` of the page before.
    after: Option<String>,
    /// Conversations on the page; 50 if not given.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

/// A page of conversations, the newest message first.
#[derive(Serialize, ToSchema)]
pub(crate) struct ChatPage {
    chats: Vec<ChatShape>,
    /// Give it as `after` for the next page; null on the last.
    next: Option<String>,
}

/// Lists conversations.
#[utoipa::path(
    get, path = "/admin/chats", tag = "staff", security(("token" = ["admin"]), ("session" = [])), params(ListParams),
    responses(
        (status = 200, description = "A page of conversations", body = ChatPage),
        (status = 400, description = "The query string is not valid", body = ErrorBody),
        (status = 422, description = "A value is not valid", body = ErrorBody),
        TokenErrors
    )
)]
pub(crate) async fn list(
    State(state): State<WebState>,
    QueryParams(params): QueryParams<ListParams>,
) -> Result<Json<ChatPage>, ApiError> {
    let limit = page_length(params.limit, 50, 100)?;
    if params.search.as_ref().is_some_and(|search| search.chars().count() > MAX_SEARCH_CHARS) {
        return Err(ApiError::Invalid(format!("`search` must have at most {MAX_SEARCH_CHARS} characters")));
    }
    let after = match params.after {
        None => None,
        Some(text) => Some(
            PageKey::parse(&text)
                .ok_or_else(|| ApiError::Invalid("`after` must be the `next` of another page".to_owned()))?,
        ),
    };
    let (chats, next) = state.chat.conversations(params.search, after, limit).await?;
    Ok(Json(ChatPage {
        chats: chats.into_iter().map(Into::into).collect(),
        next: next.map(|key| key.to_string()),
    }))
}

/// Which page of a conversation's messages.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DetailParams {
    /// The `next` of the page before: messages older than this one.
    before: Option<i64>,
    /// Messages on the page; 50 if not given.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// A conversation with a page of its messages.
#[derive(Serialize, ToSchema)]
pub(crate) struct ChatDetail {
    chat: ChatShape,
    /// Why staff should look, oldest first; a staff message resolves them.
    flags: Vec<FlagShape>,
    /// Oldest first.
    messages: Vec<MessageShape>,
    /// Give it as `before` for the page of older messages; null when there are none.
    next: Option<i64>,
}

/// Why staff should look.
#[derive(Serialize, ToSchema)]
pub(crate) struct FlagShape {
    #[schema(schema_with = flag_schema)]
    reason: Flag,
    /// The row of the message that raised it.
    message: i64,
    #[schema(value_type = String, format = DateTime)]
    at: jiff::Timestamp,
}

/// Opens a conversation.
#[utoipa::path(
    get, path = "/admin/chats/{chat_id}", tag = "staff", security(("token" = ["admin"]), ("session" = [])),
    params(("chat_id" = String, Path, description = "The conversation's number or the patient's phone number"), DetailParams),
    responses(
        (status = 200, description = "The conversation with its newest messages", body = ChatDetail),
        (status = 400, description = "The query string is not valid", body = ErrorBody),
        (status = 404, description = "There is no such conversation", body = ErrorBody),
        (status = 422, description = "A value is not valid", body = ErrorBody),
        TokenErrors
    )
)]
pub(crate) async fn detail(
    State(state): State<WebState>,
    Extension(caller): Extension<Caller>,
    ChatPath(chat): ChatPath,
    QueryParams(params): QueryParams<DetailParams>,
) -> Result<Json<ChatDetail>, ApiError> {
    let limit = page_length(params.limit, 50, 200)?;
    let detail = state.chat.detail(chat, params.before.map(MessageId), limit).await?;
    state.chat.note_look(caller.name, Looked::Conversation(detail.conversation.id)).await?;
    Ok(Json(ChatDetail {
        chat: detail.conversation.into(),
        flags: detail
            .flags
            .into_iter()
            .map(|flag| FlagShape { reason: flag.reason, message: flag.message.0, at: flag.at })
            .collect(),
        messages: detail.messages.into_iter().map(Into::into).collect(),
        next: detail.before.map(|id| id.0),
    }))
}

fn flag_schema() -> utoipa::openapi::schema::Schema {
    words(Flag::ALL.map(Flag::as_str))
}
