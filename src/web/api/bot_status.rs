//! `GET /admin/bot-status/{chat_id}` and `POST /admin/toggle-bot-status`: whether the bot answers a conversation.

use axum::{Extension, Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::shapes::{BodyErrors, TokenErrors, handling_schema};
use crate::{
    domain::{ConversationId, Handling},
    web::{
        WebState,
        access::Caller,
        error::{ApiError, ErrorBody},
        extract::{ChatField, ChatPath, JsonBody},
    },
};

/// Whether the bot answers.
#[derive(Serialize, ToSchema)]
pub(crate) struct BotStatus {
    chat_id: i64,
    /// Whether the bot answers.
    enabled: bool,
    /// Who answers: the bot, staff, or nobody because the patient wrote STOP.
    #[schema(schema_with = handling_schema)]
    handling: Handling,
}

impl BotStatus {
    fn of(conversation: ConversationId, handling: Handling) -> Json<Self> {
        Json(Self { chat_id: conversation.0, enabled: handling.bot_is_on(), handling })
    }
}

/// Tells whether the bot answers a conversation.
#[utoipa::path(
    get, path = "/admin/bot-status/{chat_id}", tag = "staff", security(("token" = ["admin"]), ("session" = [])),
    params(("chat_id" = String, Path, description = "The conversation's number or the patient's phone number")),
    responses(
        (status = 200, description = "Who answers", body = BotStatus),
        (status = 404, description = "There is no such conversation", body = ErrorBody),
        (status = 422, description = "The chat_id is not valid", body = ErrorBody),
        TokenErrors
    )
)]
pub(crate) async fn bot_status(
    State(state): State<WebState>,
    ChatPath(chat): ChatPath,
) -> Result<Json<BotStatus>, ApiError> {
    let conversation = state.chat.conversation(chat).await?;
    Ok(BotStatus::of(conversation.id, conversation.handling))
}

/// Which conversation, and whether the bot shall answer it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ToggleBody {
    /// The conversation's number or the patient's phone number.
    #[schema(value_type = String, examples("42"))]
    chat_id: ChatField,
    /// Whether the bot shall answer.
    enabled: bool,
}

/// Switches the bot on or off for a conversation.
#[utoipa::path(
    post, path = "/admin/toggle-bot-status", tag = "staff", security(("token" = ["admin"]), ("session" = [])), request_body = ToggleBody,
    responses(
        (status = 200, description = "Who answers now", body = BotStatus),
        (status = 404, description = "There is no such conversation", body = ErrorBody),
        (status = 409, description = "The patient wrote STOP; only the patient can take that back", body = ErrorBody),
        BodyErrors, TokenErrors
    )
)]
pub(crate) async fn toggle_bot_status(
    State(state): State<WebState>,
    Extension(caller): Extension<Caller>,
    JsonBody(body): JsonBody<ToggleBody>,
) -> Result<Json<BotStatus>, ApiError> {
    let conversation = state.chat.conversation(body.chat_id.parse()?).await?.id;
    let handling = state.chat.set_handling(conversation, body.enabled, caller.name).await?;
    Ok(BotStatus::of(conversation, handling))
}
