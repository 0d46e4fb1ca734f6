//! `POST /admin/send-message`: staff write to a patient.

use axum::{Extension, Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::shapes::{BodyErrors, MessageShape, TokenErrors};
use crate::{
    chat::{ChatError, MessageText, SignAs},
    web::{
        WebState,
        access::Caller,
        error::{ApiError, ErrorBody},
        extract::{ChatField, JsonBody},
    },
};

/// What staff write.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SendBody {
    /// The conversation's number or the patient's phone number.
    #[schema(value_type = String, examples("42"))]
    chat_id: ChatField,
    /// 1 to 4000 characters.
    #[schema(min_length = 1, max_length = 4000)]
    message: String,
    /// In whose name; if not given, in the name of whoever holds the conversation.
    #[serde(rename = "as")]
    sign_as: Option<Signature>,
}

/// In whose name staff write.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Signature {
    /// The bot's.
    Bot,
    /// Their own.
    Staff,
}

/// The stored message.
#[derive(Serialize, ToSchema)]
pub(crate) struct SentReply {
    chat_id: i64,
    message: MessageShape,
}

/// Sends a message to a patient.
///
/// Counter, wait, alarm and flags of the conversation are reset: staff have answered.
#[utoipa::path(
    post, path = "/admin/send-message", tag = "staff", security(("token" = ["admin"]), ("session" = [])), request_body = SendBody,
    responses(
        (status = 200, description = "The message is stored", body = SentReply),
        (status = 404, description = "There is no such conversation", body = ErrorBody),
        BodyErrors, TokenErrors
    )
)]
pub(crate) async fn send_message(
    State(state): State<WebState>,
    Extension(caller): Extension<Caller>,
    JsonBody(body): JsonBody<SendBody>,
) -> Result<Json<SentReply>, ApiError> {
    let chat = body.chat_id.parse()?;
    let text = MessageText::parse(&body.message).map_err(ChatError::from)?;
    let sign_as = body.sign_as.map(|signature| match signature {
        Signature::Bot => SignAs::Bot,
        Signature::Staff => SignAs::Staff,
    });
    let conversation = state.chat.conversation(chat).await?.id;
    let sent = state.chat.send_message(conversation, text, sign_as, caller.name).await?;
    Ok(Json(SentReply { chat_id: conversation.0, message: sent.into() }))
}
