//! Plain HTTP: media up and down, and the page that names the web client's version.

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::{DefaultBodyLimit, Path, State},
    http::{StatusCode, Uri, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use whatsapp_rust::{bytes::Bytes, serde_json::json};

use crate::{media::Media, server::Hub};

/// The routes.
pub(crate) fn router(hub: &Arc<Hub>) -> Router {
    Router::new()
        .route("/mms/{kind}/{token}", post(upload))
        .route("/v/{*path}", get(download))
        .route("/sw.js", get(version))
        .layer(DefaultBodyLimit::disable())
        .with_state(Arc::clone(hub))
}

async fn upload(
    State(hub): State<Arc<Hub>>,
    Path((_kind, token)): Path<(String, String)>,
    uri: Uri,
    encrypted: Bytes,
) -> Response {
    if let Some(refusal) = refuse(&hub) {
        return refusal;
    }
    // Large media are asked for first: the server may have them from an upload that broke off.
    let asks = uri.query().is_some_and(|query| query.split('&').any(|part| part == "resume=1"));
    if asks && !hub.media.has(&token) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let direct_path = if asks { Media::path(&token) } else { hub.media.receive(&token, encrypted) };
    let mut answer = json!({ "url": hub.media.url(&direct_path), "direct_path": direct_path });
    if asks {
        answer["resume"] = "complete".into();
    }
    ([(header::CONTENT_TYPE, "application/json")], answer.to_string()).into_response()
}

async fn download(State(hub): State<Arc<Hub>>, uri: Uri) -> Response {
    if let Some(refusal) = refuse(&hub) {
        return refusal;
    }
    match hub.media.serve(uri.path()) {
        Some(encrypted) => Body::from(encrypted).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn version(State(hub): State<Arc<Hub>>) -> Response {
    if hub.admission().is_none() {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let page = format!("self.config = {};", json!({ "client_revision": hub.revision() }));
    ([(header::CONTENT_TYPE, "text/javascript")], page).into_response()
}

/// The refusal that is due, if any. A connection kept alive outlives the server's being online.
fn refuse(hub: &Hub) -> Option<Response> {
    if hub.admission().is_none() {
        return Some(StatusCode::SERVICE_UNAVAILABLE.into_response());
    }
    let status = StatusCode::from_u16(hub.media.next_failure()?).unwrap_or(StatusCode::BAD_GATEWAY);
    Some(status.into_response())
}
