//! `POST /ask`: a patient's question, answered.

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::shapes::{BodyErrors, SourceShape, TimingsShape, TokenErrors, outcome_schema};
use crate::{
    chat::{ChatError, Incoming},
    domain::Outcome,
    web::{
        WebState,
        error::{ApiError, ErrorBody},
        extract::JsonBody,
    },
};

/// A patient's question.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AskBody {
    /// The patient's phone number: `6281234567890`, `+62 812-3456-7890` or `081234567890`.
    #[schema(examples("6281234567890"))]
    sender: String,
    /// What the patient wrote, 1 to 4000 characters.
    #[schema(min_length = 1, max_length = 4000, examples("Kak, hari Sabtu poli buka sampai jam berapa ya?"))]
    message: String,
    /// What the patient calls themselves.
    #[schema(max_length = 100)]
    name: Option<String>,
    /// The message's id. The same sender and id again get the same answer; without one each request is a message of
    /// its own.
    #[schema(min_length = 1, max_length = 128)]
    message_id: Option<String>,
}

/// The answer.
#[derive(Serialize, ToSchema)]
pub(crate) struct AskReply {
    /// What to send to the patient; null while the bot is off.
    response: Option<String>,
    /// How the answer came about.
    #[schema(schema_with = outcome_schema)]
    outcome: Outcome,
    /// What it rests on, best first.
    sources: Vec<SourceShape>,
    /// The conversation; `/admin/chats/{chat_id}` shows it.
    conversation_id: i64,
    /// The id that the message came with, or was given.
    message_id: String,
    timings_ms: TimingsShape,
}

/// Stores a patient's message and answers it.
///
/// While a question is being answered, the same one again waits for and gets the same answer. With the bot off the
/// message is stored and counted, and `response` is null.
#[utoipa::path(
    post, path = "/ask", tag = "patients", security(("token" = ["ask"])), request_body = AskBody,
    responses(
        (status = 200, description = "The answer, also when it is a hand-over or a fallback", body = AskReply),
        (status = 429, description = "This sender has too many questions waiting", body = ErrorBody),
        BodyErrors, TokenErrors
    )
)]
pub(crate) async fn ask(
    State(state): State<WebState>,
    JsonBody(body): JsonBody<AskBody>,
) -> Result<Json<AskReply>, ApiError> {
    let AskBody { sender, message, name, message_id } = body;
    let incoming = Incoming::parse(&sender, name.as_deref(), &message, message_id.as_deref())
        .map_err(ChatError::from)?;
    let reply = state.chat.ask(incoming).await?;
    let answer = reply.answer;
    Ok(Json(AskReply {
        response: (answer.outcome != Outcome::BotOff).then_some(answer.text),
        outcome: answer.outcome,
        sources: answer.sources.into_iter().map(Into::into).collect(),
        conversation_id: reply.conversation.0,
        message_id: reply.external_id,
        timings_ms: answer.timings.into(),
    }))
}
