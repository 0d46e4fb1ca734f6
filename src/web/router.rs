//! Every route on one screen: method, path, who may call it, who answers it.

use std::{any::Any, convert::Infallible, time::Duration};

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    handler::Handler,
    http::{HeaderMap, HeaderValue, Method, header},
    middleware::{Next, from_fn, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::{self, MethodRouter},
};
use tower::ServiceBuilder;
use tower_http::{
    catch_panic::CatchPanicLayer, compression::CompressionLayer, set_header::SetResponseHeaderLayer,
};

use super::{
    Access::{self, Either, Public, Scoped, Staff},
    WebState, access,
    api::{ask, bot_status, chats, files, health, live, send_message, whatsapp},
    assets,
    error::ApiError,
    observe::observe,
    openapi,
    pages::{
        self, PageError, Reader, conversations as talks, home, knowledge, language, settings, setup, sign_in,
    },
    session::{self, AuthSession},
};
use crate::store::{
    staff::Role::{Administrator, Agent, Viewer},
    tokens::Scope::{Admin, Ask, Metrics, Whatsapp},
};

/// Where files are uploaded.
const UPLOAD: &str = "/knowledge/documents/upload";
/// How long an upload may take.
const UPLOAD_PATIENCE: Duration = Duration::from_secs(600);

/// The API, for programs; staff's pages may use what staff may do.
fn api() -> Vec<Route> {
    vec![
        get("/healthz", Public, health::healthz),
        get("/readyz", Public, health::readyz),
        get("/openapi.json", Public, openapi::openapi_json),
        get("/metrics", Scoped(Metrics), health::metrics),
        post("/ask", Scoped(Ask), ask::ask),
        get("/admin/chats", Either(Admin, Viewer), chats::list),
        get("/admin/chats/{chat_id}", Either(Admin, Viewer), chats::detail),
        get("/admin/files/{message}", Either(Admin, Viewer), files::file),
        post("/admin/send-message", Either(Admin, Agent), send_message::send_message),
        get("/admin/bot-status/{chat_id}", Either(Admin, Viewer), bot_status::bot_status),
        post("/admin/toggle-bot-status", Either(Admin, Agent), bot_status::toggle_bot_status),
        get("/whatsapp/status", Either(Admin, Viewer), whatsapp::status),
        get("/whatsapp/qr", Scoped(Whatsapp), whatsapp::qr),
        post("/whatsapp/refresh-qr", Scoped(Whatsapp), whatsapp::refresh_qr),
        post("/whatsapp/pair-code", Scoped(Whatsapp), whatsapp::pair_code),
        post("/whatsapp/logout", Scoped(Whatsapp), whatsapp::logout),
        post("/whatsapp/send", Either(Admin, Agent), whatsapp::send),
        get("/socket.io/", Either(Admin, Viewer), live::socket_io),
        post("/socket.io/", Either(Admin, Viewer), live::socket_io),
    ]
}

/// The pages, for people, with the fragments and forms of each.
fn pages() -> Vec<Route> {
    let mut pages = vec![
        get("/assets/{name}", Public, assets::asset),
        get("/sign-in", Public, sign_in::show),
        post("/sign-in", Public, sign_in::check),
        get("/sign-in/code", Public, sign_in::show_code),
        post("/sign-in/code", Public, sign_in::check_code),
        post("/sign-out", Staff(Viewer), sign_in::out),
        get("/setup", Public, setup::show),
        post("/setup", Public, setup::make),
        post("/language", Public, language::change),
        get("/", Staff(Viewer), home::index),
        get("/now", Staff(Viewer), home::now_alone),
        get("/alerts", Staff(Viewer), pages::alerts::alone),
        get("/figures", Staff(Viewer), home::figures_alone),
        get("/conversations", Staff(Viewer), talks::index),
        get("/conversations/list", Staff(Viewer), talks::list_alone),
        get("/conversations/rows", Staff(Viewer), talks::rows),
        get("/conversations/{id}", Staff(Viewer), talks::detail),
        get("/conversations/{id}/panel", Staff(Viewer), talks::panel_alone),
        get("/conversations/{id}/older", Staff(Viewer), talks::older),
        post("/conversations/{id}/send", Staff(Agent), talks::send),
        post("/conversations/{id}/bot", Staff(Agent), talks::switch_bot),
        post("/conversations/{id}/resolve", Staff(Agent), talks::resolve),
        post("/conversations/{id}/notes", Staff(Agent), talks::add_note),
        post("/conversations/{id}/labels", Staff(Agent), talks::marks::put_label),
        post("/conversations/{id}/labels/{label}/off", Staff(Agent), talks::marks::take_label_off),
        post("/conversations/{id}/assign", Staff(Agent), talks::marks::assign),
        post("/conversations/{id}/draft", Staff(Agent), talks::marks::keep_draft),
        get("/conversations/{id}/lookers", Staff(Viewer), talks::marks::lookers_alone),
        get("/canned-replies", Staff(Agent), talks::marks::canned_replies),
        get("/whatsapp", Staff(Viewer), pages::whatsapp::index),
        get("/whatsapp/connection", Staff(Viewer), pages::whatsapp::connection_alone),
        post("/whatsapp/confirm", Staff(Administrator), pages::whatsapp::confirm_password),
        post("/whatsapp/code", Staff(Administrator), pages::whatsapp::code),
        post("/whatsapp/again", Staff(Administrator), pages::whatsapp::again),
        post("/whatsapp/number", Staff(Administrator), pages::whatsapp::by_number),
        post("/whatsapp/leave", Staff(Administrator), pages::whatsapp::leave),
        get("/settings", Staff(Viewer), settings::index),
        post("/settings/password", Staff(Viewer), settings::account::change_password),
        post("/settings/sessions/{id}/end", Staff(Viewer), settings::account::end_session),
        post("/settings/second-factor/begin", Staff(Viewer), settings::second_factor::begin),
        post("/settings/second-factor", Staff(Viewer), settings::second_factor::set_up),
        post("/settings/second-factor/off", Staff(Viewer), settings::second_factor::take_off),
        get("/settings/canned-replies", Staff(Agent), settings::canned::index),
        post("/settings/canned-replies", Staff(Agent), settings::canned::save),
        post("/settings/canned-replies/{id}/forget", Staff(Agent), settings::canned::forget),
        get("/settings/bot", Staff(Administrator), settings::bot::index),
        post("/settings/bot", Staff(Administrator), settings::bot::change),
        post("/settings/bot/reset", Staff(Administrator), settings::bot::reset),
        get("/settings/models", Staff(Administrator), settings::models::index),
        get("/settings/tokens", Staff(Administrator), settings::tokens::index),
        post("/settings/tokens", Staff(Administrator), settings::tokens::make),
        post("/settings/tokens/{id}/revoke", Staff(Administrator), settings::tokens::revoke),
        get("/settings/accounts", Staff(Administrator), settings::accounts::index),
        post("/settings/accounts", Staff(Administrator), settings::accounts::make),
        post("/settings/accounts/{id}", Staff(Administrator), settings::accounts::change),
        post("/settings/accounts/{id}/enable", Staff(Administrator), settings::accounts::enable),
        post("/settings/accounts/{id}/disable", Staff(Administrator), settings::accounts::disable),
        get("/settings/audit", Staff(Administrator), settings::audit::index),
        post("/settings/audit/verify", Staff(Administrator), settings::audit::verify),
    ];
    pages.extend(knowledge_pages());
    if cfg!(debug_assertions) {
        pages.push(get("/styleguide", Public, pages::styleguide::show));
    }
    pages
}

/// What the hospital has written. Answers are everybody's work; files are changed by administrators.
fn knowledge_pages() -> Vec<Route> {
    use knowledge::{approved, document, documents, gaps, playground, red_flags, replies, upload, versions};
    vec![
        get("/knowledge", Staff(Viewer), documents::index),
        get("/knowledge/documents/list", Staff(Viewer), documents::list_alone),
        get("/knowledge/documents/view", Staff(Viewer), document::view),
        get("/knowledge/documents/head", Staff(Viewer), document::head_alone),
        get("/knowledge/documents/file", Staff(Viewer), document::file),
        get("/knowledge/documents/new", Staff(Administrator), document::new),
        get("/knowledge/documents/edit", Staff(Administrator), document::edit),
        post("/knowledge/documents/preview", Staff(Administrator), document::preview),
        post("/knowledge/documents/save", Staff(Administrator), document::save),
        post("/knowledge/documents/delete", Staff(Administrator), document::delete),
        post(UPLOAD, Staff(Administrator), upload::upload).with_body(upload::MOST_BYTES),
        get("/knowledge/history", Staff(Viewer), versions::index),
        get("/knowledge/versions/{id}", Staff(Viewer), versions::view),
        get("/knowledge/versions/{id}/file", Staff(Viewer), versions::file),
        post("/knowledge/versions/{id}/restore", Staff(Administrator), versions::restore),
        get("/knowledge/approved", Staff(Viewer), approved::index),
        get("/knowledge/approved/list", Staff(Viewer), approved::list_alone),
        get("/knowledge/approved/new", Staff(Agent), approved::new),
        get("/knowledge/approved/edit", Staff(Agent), approved::edit),
        post("/knowledge/approved/save", Staff(Agent), approved::save),
        post("/knowledge/approved/delete", Staff(Agent), approved::delete),
        get("/knowledge/replies", Staff(Viewer), replies::index),
        post("/knowledge/replies", Staff(Administrator), replies::save),
        get("/knowledge/red-flags", Staff(Viewer), red_flags::index),
        get("/knowledge/red-flags/edit", Staff(Administrator), red_flags::edit),
        post("/knowledge/red-flags/save", Staff(Administrator), red_flags::save),
        get("/knowledge/playground", Staff(Agent), playground::index),
        post("/knowledge/playground", Staff(Agent), playground::ask),
        get("/knowledge/gaps", Staff(Viewer), gaps::index),
        get("/knowledge/gaps/list", Staff(Viewer), gaps::list_alone),
        post("/knowledge/gaps/ignore", Staff(Agent), gaps::ignore),
    ]
}

fn routes() -> impl Iterator<Item = Route> {
    api().into_iter().chain(pages())
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
        .layer(CompressionLayer::new())
        .layer(from_fn_with_state(state.clone(), in_time))
        .layer(session::layer(state.store.clone(), state.is_secure()));
    routes()
        .fold(Router::new(), |router, Route { endpoint, handler }| {
            let door = from_fn_with_state((state.clone(), endpoint.access), access::check);
            router.route(endpoint.path, handler.layer::<_, Infallible>(door))
        })
        .fallback(nothing_here)
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
    /// Whether it is the API's, which `/openapi.json` describes, and no page's.
    pub is_api: bool,
}

/// The router's own list, for tests and documents.
pub fn endpoints() -> Vec<Endpoint> {
    let api = api().into_iter().map(|route| Endpoint { is_api: true, ..route.endpoint });
    api.chain(pages().into_iter().map(|route| route.endpoint)).collect()
}

struct Route {
    endpoint: Endpoint,
    handler: MethodRouter<WebState>,
}

impl Route {
    /// Takes a body of so many bytes, where forms have two megabytes.
    fn with_body(self, most: usize) -> Self {
        Self { handler: self.handler.layer::<_, Infallible>(DefaultBodyLimit::max(most)), ..self }
    }
}

fn get<T: 'static>(path: &'static str, access: Access, handler: impl Handler<T, WebState>) -> Route {
    Route {
        endpoint: Endpoint { method: Method::GET, path, access, is_api: false },
        handler: routing::get(handler),
    }
}

fn post<T: 'static>(path: &'static str, access: Access, handler: impl Handler<T, WebState>) -> Route {
    Route {
        endpoint: Endpoint { method: Method::POST, path, access, is_api: false },
        handler: routing::post(handler),
    }
}

fn if_absent(name: header::HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
}

/// Programs are told in JSON, people on a page.
async fn nothing_here(State(state): State<WebState>, auth: AuthSession, headers: HeaderMap) -> Response {
    let wanted = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    if !wanted.contains("text/html") {
        return ApiError::NoSuchPath.into_response();
    }
    PageError::shown(PageError::NotFound.into_response(), &state, &Reader::of(&state, &auth, &headers))
}

/// The payload may quote a patient, so it is not looked at.
fn after_panic(_payload: Box<dyn Any + Send>) -> Response {
    tracing::error!("a handler panicked");
    ApiError::Internal.into_response()
}

async fn in_time(State(state): State<WebState>, request: Request, next: Next) -> Response {
    // Large files come as slowly as the network lets them.
    let patience = if request.uri().path() == UPLOAD { UPLOAD_PATIENCE } else { state.request_timeout };
    match tokio::time::timeout(patience, next.run(request)).await {
        Ok(response) => response,
        Err(_) => ApiError::Timeout.into_response(),
    }
}
