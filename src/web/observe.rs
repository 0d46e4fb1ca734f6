//! Each request gets an id, a span, a line in the log and its place in the counters: method, route as it is written
//! in the router, status, time. Never its body, its query or the address it really asked for.

use std::time::Instant;

use axum::{
    extract::{MatchedPath, Request},
    http::{HeaderName, HeaderValue, Method},
    middleware::Next,
    response::Response,
};
use tracing::Instrument;

/// The header that carries a response's id.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Routes that machines ask every few seconds.
const QUIET: [&str; 4] = ["/healthz", "/readyz", "/metrics", "/socket.io/"];

/// Wraps every request. The id is ours: one sent along could hold anything.
pub(super) async fn observe(request: Request, next: Next) -> Response {
    let id = uuid::Uuid::now_v7().simple().to_string();
    let method = method_word(request.method());
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "none".to_owned(), |path| path.as_str().to_owned());
    let started = Instant::now();
    let span = tracing::info_span!("request", %id, method, %route);
    let mut response = next.run(request).instrument(span.clone()).await;
    let (status, took) = (response.status().as_u16(), started.elapsed());
    span.in_scope(|| {
        let millis = took.as_millis() as u64;
        if QUIET.contains(&route.as_str()) {
            tracing::debug!(status, millis, "answered");
        } else {
            tracing::info!(status, millis, "answered");
        }
    });
    metrics::histogram!("satubumi_http_request_seconds", "route" => route.clone()).record(took.as_secs_f64());
    metrics::counter!(
        "satubumi_http_requests_total", "method" => method, "route" => route, "status" => status.to_string()
    )
    .increment(1);
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

/// A method's word; an invented method must not become a label of its own.
fn method_word(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "OTHER",
    }
}
