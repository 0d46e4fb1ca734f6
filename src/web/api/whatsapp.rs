//! `/whatsapp/…`: the hospital's number, its pairing, and writing to a patient first.

use axum::{
    Extension, Json,
    extract::State,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::shapes::{BodyErrors, MessageShape, TokenErrors};
use crate::{
    chat::{ChatError, MessageText, PhoneNumber},
    domain::Language,
    i18n,
    web::{
        WebState,
        access::Caller,
        error::{ApiError, ErrorBody},
        extract::JsonBody,
        qr,
    },
    whatsapp::Connection,
};

/// How the number is connected.
#[derive(Serialize, ToSchema)]
pub(crate) struct StatusReply {
    /// `state` and what belongs to it: `off`, `unpaired`, `waiting_for_scan`, `connecting`, `syncing`, `connected` (`since`),
    /// `reconnecting` (`since`), `logged_out` (`reason`), `banned_until` (`until`, `reason`), `replaced`,
    /// `storage_full` (`since`), `outdated` (`retry_at`).
    #[serde(flatten)]
    #[schema(value_type = Object)]
    connection: Connection,
    /// What to do, in Indonesian.
    advice: String,
    /// Parts of replies that wait to be sent or for WhatsApp's acknowledgement.
    outbox: u32,
}

/// Says how the number is connected, and what to do.
#[utoipa::path(
    get, path = "/whatsapp/status", tag = "whatsapp", security(("token" = ["admin"]), ("session" = [])),
    responses((status = 200, description = "The connection", body = StatusReply), TokenErrors)
)]
pub(crate) async fn status(State(state): State<WebState>) -> Result<Json<StatusReply>, ApiError> {
    let connection = state.whatsapp.connection();
    let advice = i18n::connection_advice(Language::Id, connection.word());
    Ok(Json(StatusReply { connection, advice, outbox: state.chat.count_unsent().await? }))
}

/// A QR code for the phone.
#[derive(Serialize, ToSchema)]
pub(crate) struct QrReply {
    /// What the code says.
    qr: String,
    /// Until when it is good; another one follows.
    #[schema(value_type = String, format = DateTime)]
    valid_until: jiff::Timestamp,
}

/// Gives the QR code that is good now; pairing starts if it has not. With `Accept: image/svg+xml` it is drawn.
#[utoipa::path(
    get, path = "/whatsapp/qr", tag = "whatsapp", security(("token" = ["whatsapp"])),
    responses(
        (status = 200, description = "The code", body = QrReply),
        (status = 409, description = "A phone is paired, or WhatsApp is switched off", body = ErrorBody),
        TokenErrors
    )
)]
pub(crate) async fn qr(State(state): State<WebState>, headers: HeaderMap) -> Result<Response, ApiError> {
    let code = state.whatsapp.qr().await?;
    let wants_svg = headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("image/svg+xml"));
    if !wants_svg {
        return Ok(Json(QrReply { qr: code.code, valid_until: code.valid_until }).into_response());
    }
    let drawn = qr::svg(&code.code).map_err(|_| ApiError::Internal)?;
    let svg = HeaderValue::from_static("image/svg+xml");
    Ok(([(header::CONTENT_TYPE, svg)], drawn).into_response())
}

/// Makes a new set of QR codes, or tries a lost or replaced connection at once.
#[utoipa::path(
    post, path = "/whatsapp/refresh-qr", tag = "whatsapp", security(("token" = ["whatsapp"])),
    responses(
        (status = 200, description = "It begins anew", body = StatusReply),
        (status = 409, description = "WhatsApp is switched off", body = ErrorBody),
        TokenErrors
    )
)]
pub(crate) async fn refresh_qr(State(state): State<WebState>) -> Result<Json<StatusReply>, ApiError> {
    state.whatsapp.refresh().await?;
    status(State(state)).await
}

/// The phone that is to be paired.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PairBody {
    /// The hospital's own number.
    #[schema(examples("6281234567890"))]
    number: String,
}

/// A code to type on the phone.
#[derive(Serialize, ToSchema)]
pub(crate) struct PairReply {
    /// Eight characters.
    pair_code: String,
    /// Until when it is good.
    #[schema(value_type = String, format = DateTime)]
    valid_until: jiff::Timestamp,
}

/// Gives a code to type on the phone, in place of scanning.
#[utoipa::path(
    post, path = "/whatsapp/pair-code", tag = "whatsapp", security(("token" = ["whatsapp"])), request_body = PairBody,
    responses(
        (status = 200, description = "The code", body = PairReply),
        (status = 409, description = "A phone is paired, or WhatsApp is switched off", body = ErrorBody),
        BodyErrors, TokenErrors
    )
)]
pub(crate) async fn pair_code(
    State(state): State<WebState>,
    JsonBody(body): JsonBody<PairBody>,
) -> Result<Json<PairReply>, ApiError> {
    let number = PhoneNumber::parse(&body.number).map_err(ChatError::from)?;
    let code = state.whatsapp.pair_code(&number).await?;
    Ok(Json(PairReply { pair_code: code.code, valid_until: code.valid_until }))
}

/// Ends the pairing. Messages that come meanwhile stay on the phone.
#[utoipa::path(
    post, path = "/whatsapp/logout", tag = "whatsapp", security(("token" = ["whatsapp"])),
    responses(
        (status = 200, description = "The session is forgotten", body = StatusReply),
        (status = 409, description = "No phone is paired, or WhatsApp is switched off", body = ErrorBody),
        TokenErrors
    )
)]
pub(crate) async fn logout(State(state): State<WebState>) -> Result<Json<StatusReply>, ApiError> {
    state.whatsapp.logout().await?;
    status(State(state)).await
}

/// What staff write to a number.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WriteBody {
    /// The patient's number.
    #[schema(examples("6281234567890"))]
    number: String,
    /// 1 to 4000 characters.
    #[schema(min_length = 1, max_length = 4000)]
    message: String,
}

/// The stored message; `/admin/chats/{chat_id}` shows how far it has come.
#[derive(Serialize, ToSchema)]
pub(crate) struct WrittenReply {
    chat_id: i64,
    message: MessageShape,
}

/// Writes to a patient by WhatsApp, also to one who never wrote.
#[utoipa::path(
    post, path = "/whatsapp/send", tag = "whatsapp", security(("token" = ["admin"]), ("session" = [])), request_body = WriteBody,
    responses((status = 200, description = "The message is in the outbox", body = WrittenReply), BodyErrors, TokenErrors)
)]
pub(crate) async fn send(
    State(state): State<WebState>,
    Extension(caller): Extension<Caller>,
    JsonBody(body): JsonBody<WriteBody>,
) -> Result<Json<WrittenReply>, ApiError> {
    let number = PhoneNumber::parse(&body.number).map_err(ChatError::from)?;
    let text = MessageText::parse(&body.message).map_err(ChatError::from)?;
    let sent = state.chat.write_by_whatsapp(number, text, caller.name).await?;
    Ok(Json(WrittenReply { chat_id: sent.message.conversation.0, message: sent.into() }))
}
