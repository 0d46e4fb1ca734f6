//! Every route on one screen: method, path, who may call it, who answers it.

use std::{any::Any, convert::Infallible};

use axum::{
    Router,
    extract::{Request, State},
    handler::Handler,
    http::{HeaderValue, Method, header},
    middleware::{Next, from_fn, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::{self, MethodRouter},
};
use tower::ServiceBuilder;
use tower_http::{catch_panic::CatchPanicLayer, set_header::SetResponseHeaderLayer};

use super::{
    Access::{self, Public, Scoped},
    WebState, access,
    api::{ask, bot_status, chats, files, health, live, send_message, whatsapp},
    error::ApiError,
    observe::observe,
    openapi,
};
use crate::store::tokens::Scope::{Admin, Ask, Metrics, Whatsapp};

fn routes() -> Vec<Route> {
    vec![
        get("/healthz", Public, health::healthz),
        get("/readyz", Public, health::readyz),
        get("/openapi.json", Public, openapi::openapi_json),
        get("/metrics", Scoped(Metrics), health::metrics),
        post("/ask", Scoped(Ask), ask::ask),
        get("/admin/chats", Scoped(Admin), chats::list),
        get("/admin/chats/{chat_id}", Scoped(Admin), chats::detail),
        get("/admin/files/{message}", Scoped(Admin), files::file),
        post("/admin/send-message", Scoped(Admin), send_message::send_message),
        get("/admin/bot-status/{chat_id}", Scoped(Admin), bot_status::bot_status),
        post("/admin/toggle-bot-status", Scoped(Admin), bot_status::toggle_bot_status),
        get("/whatsapp/status", Scoped(Admin), whatsapp::status),
        get("/whatsapp/qr", Scoped(Whatsapp), whatsapp::qr),
        post("/whatsapp/refresh-qr", Scoped(Whatsapp), whatsapp::refresh_qr),
        post("/whatsapp/pair-code", Scoped(Whatsapp), whatsapp::pair_code),
        post("/whatsapp/logout", Scoped(Whatsapp), whatsapp::logout),
        post("/whatsapp/send", Scoped(Admin), whatsapp::send),
        get("/socket.io/", Scoped(Admin), live::socket_io),
        post("/socket.io/", Scoped(Admin), live::socket_io),
    ]
}

/// The whole HTTP surface.
pub fn router(state: WebState) -> Router {
    let around = ServiceBuilder::new()
        .layer(from_fn(observe))
        .layer(if_absent(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(if_absent(header::CACHE_CONTROL, "no-store"))
        .layer(if_absent(header::REFERRER_POLICY, "no-referrer"))
        .layer(if_absent(header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"))
        .layer(CatchPanicLayer::custom(after_panic))
        .layer(from_fn_with_state(state.clone(), in_time));
    routes()
        .into_iter()
        .fold(Router::new(), |router, Route { endpoint, handler }| {
            let door = from_fn_with_state((state.clone(), endpoint.access), access::check);
            router.route(endpoint.path, handler.layer::<_, Infallible>(door))
        })
        .fallback(async || ApiError::NoSuchPath)
        .method_not_allowed_fallback(async || ApiError::MethodNotAllowed)
        .layer(around)
        .with_state(state)
}

/// A route as it can be called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Its method.
    pub method: Method,
    /// Its path, parameters in braces.
    pub path: &'static str,
    /// Who may call it.
    pub access: Access,
}

/// The router's own list, for tests and documents.
pub fn endpoints() -> Vec<Endpoint> {
    routes().into_iter().map(|route| route.endpoint).collect()
}

struct Route {
    endpoint: Endpoint,
    handler: MethodRouter<WebState>,
}

fn get<T: 'static>(path: &'static str, access: Access, handler: impl Handler<T, WebState>) -> Route {
    Route { endpoint: Endpoint { method: Method::GET, path, access }, handler: routing::get(handler) }
}

fn post<T: 'static>(path: &'static str, access: Access, handler: impl Handler<T, WebState>) -> Route {
    Route { endpoint: Endpoint { method: Method::POST, path, access }, handler: routing::post(handler) }
}

fn if_absent(name: header::HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
}

/// The payload may quote a patient, so it is not looked at.
fn after_panic(_payload: Box<dyn Any + Send>) -> Response {
    tracing::error!("a handler panicked");
    ApiError::Internal.into_response()
}

async fn in_time(State(state): State<WebState>, request: Request, next: Next) -> Response {
    match tokio::time::timeout(state.request_timeout, next.run(request)).await {
        Ok(response) => response,
        Err(_) => ApiError::Timeout.into_response(),
    }
}
