//! What a page says when it can't be shown.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use maud::html;

use super::Reader;
use crate::{
    chat::ChatError,
    store::StoreError,
    web::{WebState, layout, session::SessionError},
    whatsapp::WhatsappError,
};

/// Why a page can't be shown, or what it sent not be done. The door turns it into a page in the reader's language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PageError {
    /// There is no such thing.
    NotFound,
    /// The account may not.
    Forbidden,
    /// Another site's page may have sent it.
    Foreign,
    /// What was sent can't be read.
    Invalid,
    /// It can't be done as things stand.
    Conflict,
    /// Too much at once.
    Busy,
    /// Something failed inside; it is in the log.
    Internal,
}

impl PageError {
    fn status(self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Forbidden | Self::Foreign => StatusCode::FORBIDDEN,
            Self::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Conflict => StatusCode::CONFLICT,
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The keys of its heading and of what to do.
    fn keys(self) -> (&'static str, &'static str) {
        match self {
            Self::NotFound => ("error-not-found", "error-not-found-detail"),
            Self::Forbidden => ("error-forbidden", "error-forbidden-detail"),
            Self::Foreign => ("error-foreign", "error-foreign-detail"),
            Self::Invalid => ("error-invalid", "error-invalid-detail"),
            Self::Conflict => ("error-conflict", "error-conflict-detail"),
            Self::Busy => ("error-busy", "error-busy-detail"),
            Self::Internal => ("error-internal", "error-internal-detail"),
        }
    }

    /// The response as the reader sees it: an error that a handler left in it becomes a page.
    pub(crate) fn shown(mut response: Response, state: &WebState, reader: &Reader) -> Response {
        let Some(error) = response.extensions_mut().remove::<Self>() else { return response };
        let (heading, detail) = error.keys();
        let body = html! {
            div class="mx-auto max-w-xl px-4 py-16 text-center" {
                h1 class="text-2xl font-semibold" { (reader.t(heading)) }
                p class="mt-3 text-ink-soft" { (reader.t(detail)) }
                p class="mt-8" { a href="/" class=(layout::BUTTON) { (reader.t("error-home")) } }
            }
        };
        let page = layout::page(state, reader, &layout::Page::plain(&reader.t(heading)), &body);
        (error.status(), page).into_response()
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<StoreError> for PageError {
    fn from(error: StoreError) -> Self {
        // Logged here, where it stops being an error and becomes a page.
        tracing::error!(%error, "the database failed a page");
        Self::Internal
    }
}

impl From<SessionError> for PageError {
    fn from(error: SessionError) -> Self {
        tracing::error!(%error, "a session failed a page");
        Self::Internal
    }
}

impl From<ChatError> for PageError {
    fn from(error: ChatError) -> Self {
        match error {
            ChatError::NotFound => Self::NotFound,
            ChatError::Invalid(_) => Self::Invalid,
            ChatError::StoppedByPatient => Self::Conflict,
            ChatError::Store(error) => error.into(),
            _ => Self::Busy,
        }
    }
}

impl From<WhatsappError> for PageError {
    fn from(error: WhatsappError) -> Self {
        match error {
            WhatsappError::Chat(error) => error.into(),
            WhatsappError::Off | WhatsappError::AlreadyPaired | WhatsappError::NotPaired => Self::Conflict,
            WhatsappError::Stopping | WhatsappError::NoCode | WhatsappError::CodeRefused(_) => Self::Busy,
            error => {
                tracing::error!(%error, "the connection failed a page");
                Self::Internal
            }
        }
    }
}
