//! Every way a request can fail, as one JSON shape: `{"error": {"code", "message"}}`.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    chat::ChatError,
    store::{StoreError, staff::Role, tokens::Scope},
    whatsapp::WhatsappError,
};

/// What a refused request gets.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct ErrorBody {
    error: ErrorDetail,
}

/// Why a request was refused.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct ErrorDetail {
    /// A word that programs can rely on.
    #[schema(examples("invalid"))]
    code: String,
    /// A sentence for people; never repeats what was sent.
    message: String,
}

/// Why a request was refused.
#[derive(Debug, thiserror::Error)]
pub(super) enum ApiError {
    #[error("{0}")]
    BadRequest(String),
    #[error(
        "this needs a token: send the header `Authorization: Bearer <token>` (make one with `satubumi token add`)"
    )]
    Unauthorized,
    #[error("this token lacks the scope `{}`", .0.as_str())]
    Forbidden(Scope),
    #[error("this account may not do that; it takes the role `{}`", .0.as_str())]
    RoleTooLow(Role),
    #[error("this request comes from another site's page")]
    Foreign,
    #[error("there is nothing at this address; /openapi.json lists what there is")]
    NoSuchPath,
    #[error("this address does not take this method; see the Allow header")]
    MethodNotAllowed,
    #[error("the body must be JSON (`Content-Type: application/json`)")]
    UnsupportedMediaType,
    #[error("the body is larger than {} KiB", super::extract::MAX_BODY_BYTES / 1024)]
    TooLarge,
    #[error("{0}")]
    Invalid(String),
    #[error(
        "this takes longer than the server waits; its work goes on: ask again with the same `message_id`"
    )]
    Timeout,
    #[error(
        "something went wrong inside; staff find the reason in the log under this response's x-request-id"
    )]
    Internal,
    #[error(transparent)]
    Chat(ChatError),
    #[error(transparent)]
    Whatsapp(WhatsappError),
}

impl From<ChatError> for ApiError {
    fn from(error: ChatError) -> Self {
        match error {
            ChatError::Invalid(invalid) => Self::Invalid(invalid.to_string()),
            ChatError::Store(error) => error.into(),
            other => Self::Chat(other),
        }
    }
}

impl From<WhatsappError> for ApiError {
    fn from(error: WhatsappError) -> Self {
        match error {
            WhatsappError::Chat(error) => error.into(),
            other => Self::Whatsapp(other),
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        // Logged here, where it stops being an error and becomes an answer.
        tracing::error!(%error, "the database failed a request");
        Self::Internal
    }
}

impl ApiError {
    /// Status, code, and after how many seconds to try again.
    fn parts(&self) -> (StatusCode, &'static str, Option<u32>) {
        match self {
            Self::BadRequest(_) => (StatusCode::BAD_REQUEST, "bad_request", None),
            Self::Unauthorized => (StatusCode::UNAUTHORIZED, "unauthorized", None),
            Self::Forbidden(_) => (StatusCode::FORBIDDEN, "forbidden", None),
            Self::RoleTooLow(_) | Self::Foreign => (StatusCode::FORBIDDEN, "forbidden", None),
            Self::NoSuchPath => (StatusCode::NOT_FOUND, "not_found", None),
            Self::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", None),
            Self::UnsupportedMediaType => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", None)
            }
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too_large", None),
            Self::Invalid(_) => (StatusCode::UNPROCESSABLE_ENTITY, "invalid", None),
            Self::Timeout => (StatusCode::SERVICE_UNAVAILABLE, "timeout", Some(5)),
            Self::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "internal", None),
            Self::Whatsapp(error) => match error {
                WhatsappError::Off => (StatusCode::CONFLICT, "whatsapp_off", None),
                WhatsappError::AlreadyPaired => (StatusCode::CONFLICT, "already_paired", None),
                WhatsappError::NotPaired => (StatusCode::CONFLICT, "not_paired", None),
                WhatsappError::Stopping => (StatusCode::SERVICE_UNAVAILABLE, "stopping", Some(30)),
                WhatsappError::NoCode | WhatsappError::CodeRefused(_) => {
                    (StatusCode::SERVICE_UNAVAILABLE, "no_code", Some(10))
                }
                _ => (StatusCode::INTERNAL_SERVER_ERROR, "internal", None),
            },
            Self::Chat(error) => match error {
                ChatError::NotFound => (StatusCode::NOT_FOUND, "not_found", None),
                ChatError::TooManyOfOneSender => {
                    (StatusCode::TOO_MANY_REQUESTS, "too_many_of_one_sender", Some(10))
                }
                ChatError::TooMany => (StatusCode::SERVICE_UNAVAILABLE, "busy", Some(10)),
                ChatError::Starting => (StatusCode::SERVICE_UNAVAILABLE, "starting", Some(5)),
                ChatError::Stopping => (StatusCode::SERVICE_UNAVAILABLE, "stopping", Some(30)),
                ChatError::BrokenOff => (StatusCode::SERVICE_UNAVAILABLE, "broken_off", Some(1)),
                ChatError::StoppedByPatient => (StatusCode::CONFLICT, "stopped_by_patient", None),
                ChatError::Invalid(_) => (StatusCode::UNPROCESSABLE_ENTITY, "invalid", None),
                ChatError::Store(_) => (StatusCode::INTERNAL_SERVER_ERROR, "internal", None),
            },
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (status, code, retry_after) = self.parts();
        let error = ErrorDetail { code: code.to_owned(), message: self.to_string() };
        let mut response = (status, Json(ErrorBody { error })).into_response();
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
