//! `GET /admin/files/{message}`: what came with a patient's message.

use axum::{
    Extension,
    body::Body,
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use tokio_util::io::ReaderStream;

use super::shapes::TokenErrors;
use crate::{
    chat::Looked,
    domain::MessageId,
    web::{
        WebState,
        access::Caller,
        error::{ApiError, ErrorBody},
        extract::MessagePath,
    },
};

/// Types that a browser may show as what the sender calls them; each is only data to it. Whatever else comes is bytes.
const HARMLESS: [&str; 8] = [
    "image/jpeg",
    "image/png",
    "image/webp",
    "audio/ogg",
    "audio/mpeg",
    "audio/mp4",
    "video/mp4",
    "application/pdf",
];

/// Gives the file that came with a message, to be saved and not shown in place.
#[utoipa::path(
    get, path = "/admin/files/{message}", tag = "staff", security(("token" = ["admin"]), ("session" = [])),
    params(("message" = i64, Path, description = "The message's number")),
    responses(
        (status = 200, description = "The file", body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 404, description = "There is no such message, or its file is not kept", body = ErrorBody),
        TokenErrors
    )
)]
pub(crate) async fn file(
    State(state): State<WebState>,
    Extension(caller): Extension<Caller>,
    MessagePath(message): MessagePath,
) -> Result<Response, ApiError> {
    let MessageId(number) = message;
    let (media, file) = state.chat.open_file(message).await?;
    state.chat.note_look(caller.name, Looked::File(message)).await?;
    let named = media.mime.split(';').next().unwrap_or_default().trim();
    let harmless = HARMLESS.into_iter().find(|harmless| *harmless == named);
    let ending = harmless.and_then(|kind| kind.split('/').nth(1)).unwrap_or("bin");
    let saved_as = format!("attachment; filename=\"{number}.{ending}\"");
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(harmless.unwrap_or("application/octet-stream"))),
        (header::CONTENT_LENGTH, HeaderValue::from(media.size)),
        (header::CONTENT_DISPOSITION, HeaderValue::from_str(&saved_as).map_err(|_| ApiError::Internal)?),
    ];
    let stream = ReaderStream::new(tokio::fs::File::from_std(file));
    Ok((headers, Body::from_stream(stream)).into_response())
}
