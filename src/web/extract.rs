//! Reading requests: JSON bodies, query strings, a conversation's name in the path. What is wrong is said without
//! repeating what was sent.

use axum::{
    body::to_bytes,
    extract::{FromRequest, FromRequestParts, Path, Query, Request},
    http::{HeaderMap, header, request::Parts},
};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};

use super::error::ApiError;
use crate::{chat::ChatRef, domain::MessageId};

/// Bytes that a body may have: sixteen times the longest message in four-byte characters.
pub(super) const MAX_BODY_BYTES: usize = 64 * 1024;

/// A JSON body. `curl -d` without a header says "form"; what it sends is taken for JSON too.
pub(super) struct JsonBody<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _state: &S) -> Result<Self, ApiError> {
        if !may_be_json(request.headers()) {
            return Err(ApiError::UnsupportedMediaType);
        }
        let bytes = to_bytes(request.into_body(), MAX_BODY_BYTES).await.map_err(body_error)?;
        serde_json::from_slice(&bytes).map(Self).map_err(|error| json_error(&error))
    }
}

fn may_be_json(headers: &HeaderMap) -> bool {
    let Some(kind) = headers.get(header::CONTENT_TYPE) else { return true };
    let kind =
        kind.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json"
        || kind == "application/x-www-form-urlencoded"
        || (kind.starts_with("application/") && kind.ends_with("+json"))
}

fn body_error(error: axum::Error) -> ApiError {
    // Only the limit has no cause in the connection.
    if error.to_string().contains("length limit") {
        ApiError::TooLarge
    } else {
        ApiError::BadRequest("the body could not be read".to_owned())
    }
}

/// Syntax errors name a place only. Errors of meaning may quote the value ahead of ", expected", so what stands there
/// is left out.
fn json_error(error: &serde_json::Error) -> ApiError {
    let told = error.to_string();
    match error.classify() {
        serde_json::error::Category::Data => {
            let safe = if told.starts_with("missing field") || told.starts_with("duplicate field") {
                told
            } else if let Some((_, expected)) = told.rsplit_once(", expected ") {
                let what =
                    if told.starts_with("unknown field") { "an unknown field" } else { "a wrong type" };
                format!("{what}, expected {expected}")
            } else {
                "a field is not as it should be; see /openapi.json".to_owned()
            };
            ApiError::Invalid(safe)
        }
        _ => ApiError::BadRequest(format!("the body is not JSON: {told}")),
    }
}

/// A query string.
pub(super) struct QueryParams<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for QueryParams<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match Query::<T>::from_request_parts(parts, state).await {
            Ok(Query(params)) => Ok(Self(params)),
            Err(_) => Err(ApiError::BadRequest(
                "the query string has an unknown key or a value of the wrong kind; see /openapi.json"
                    .to_owned(),
            )),
        }
    }
}

/// A page's length: what was asked for, or the usual.
pub(super) fn page_length(limit: Option<u32>, usual: u32, most: u32) -> Result<u32, ApiError> {
    match limit {
        None => Ok(usual),
        Some(limit) if (1..=most).contains(&limit) => Ok(limit),
        Some(_) => Err(ApiError::Invalid(format!("`limit` must be 1 to {most}"))),
    }
}

/// A conversation named in the path: its number or the patient's phone number.
pub(super) struct ChatPath(pub(super) ChatRef);

impl<S: Send + Sync> FromRequestParts<S> for ChatPath {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Ok(Path(text)) = Path::<String>::from_request_parts(parts, state).await else {
            return Err(no_chat());
        };
        chat_ref(&text).map(Self)
    }
}

/// A message named in the path by its number.
pub(super) struct MessagePath(pub(super) MessageId);

impl<S: Send + Sync> FromRequestParts<S> for MessagePath {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match Path::<i64>::from_request_parts(parts, state).await {
            Ok(Path(number)) => Ok(Self(MessageId(number))),
            Err(_) => Err(ApiError::Invalid("a message is named by its number".to_owned())),
        }
    }
}

/// A conversation named in a body, as a string or a number.
#[derive(Deserialize)]
#[serde(transparent)]
pub(super) struct ChatField(#[serde(deserialize_with = "text_or_number")] String);

impl ChatField {
    pub(super) fn parse(&self) -> Result<ChatRef, ApiError> {
        chat_ref(&self.0)
    }
}

fn chat_ref(text: &str) -> Result<ChatRef, ApiError> {
    ChatRef::parse(text).map_err(|_| no_chat())
}

fn no_chat() -> ApiError {
    ApiError::Invalid("`chat_id` must be a conversation's number or a phone number".to_owned())
}

fn text_or_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    struct Visitor;
    impl serde::de::Visitor<'_> for Visitor {
        type Value = String;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a string or a number")
        }

        fn visit_u64<E>(self, number: u64) -> Result<String, E> {
            Ok(number.to_string())
        }

        fn visit_str<E>(self, text: &str) -> Result<String, E> {
            Ok(text.to_owned())
        }
    }
    deserializer.deserialize_any(Visitor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Body {
        #[expect(dead_code, reason = "only its reading is looked at")]
        message: String,
    }

    #[test]
    fn an_error_names_the_fault_and_never_the_value() {
        for (body, part) in [
            (r#"{"message": 628999000111}"#, "a wrong type, expected a string at line 1"),
            (r#"{"628999000111": 1}"#, "an unknown field, expected `message` at line 1"),
            (r#"{}"#, "missing field `message`"),
            (r#"{"message": "a", "message": "628999000111"}"#, "duplicate field `message`"),
            (r#""628999000111, expected 628999000111""#, "a wrong type, expected struct Body"),
            (r#"{"message": "628999000111""#, "the body is not JSON"),
            ("628999000111", "a wrong type"),
        ] {
            let told = serde_json::from_str::<Body>(body).map_err(|error| json_error(&error).to_string());
            let told = told.err().unwrap_or_default();
            assert!(told.contains(part), "{body}: {told}");
            assert!(!told.contains("628999000111"), "{body}: {told}");
        }
    }
}
