//! `GET /openapi.json`: the API described for programs, made from the handlers themselves.

use axum::Json;
use utoipa::{
    Modify, OpenApi,
    openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
};

use super::{
    api::{ask, bot_status, chats, files, health, live, send_message, whatsapp},
    error::ErrorBody,
    session::COOKIE,
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Satu Bumi",
        description = "Answers patients of RSH Satu Bumi from the hospital's documents, and lets staff follow and take over."
    ),
    paths(
        health::healthz,
        health::readyz,
        health::metrics,
        openapi_json,
        ask::ask,
        chats::list,
        chats::detail,
        files::file,
        send_message::send_message,
        bot_status::bot_status,
        bot_status::toggle_bot_status,
        whatsapp::status,
        whatsapp::qr,
        whatsapp::refresh_qr,
        whatsapp::pair_code,
        whatsapp::logout,
        whatsapp::send,
        live::socket_io,
    ),
    components(schemas(ErrorBody)),
    modifiers(&Keys),
    tags(
        (name = "patients", description = "Patients' questions"),
        (name = "staff", description = "Conversations, read and written by staff"),
        (name = "whatsapp", description = "The hospital's number"),
        (name = "operations", description = "For the machines that watch this one")
    )
)]
struct Description;

/// The two ways to show who calls: a program's token, a browser's session.
struct Keys;

impl Modify for Keys {
    fn modify(&self, description: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("A token from `satubumi token add NAME --scope ask|admin|metrics|whatsapp`"))
            .build();
        let session = ApiKey::Cookie(ApiKeyValue::with_description(
            COOKIE,
            "Whoever is signed in on the pages; what changes something must come from one of them",
        ));
        let components = description.components.get_or_insert_default();
        components.add_security_scheme("token", SecurityScheme::Http(scheme));
        components.add_security_scheme("session", SecurityScheme::ApiKey(session));
    }
}

/// This description.
#[utoipa::path(
    get, path = "/openapi.json", tag = "operations", security(()),
    responses((status = 200, description = "This description", body = Object))
)]
pub(crate) async fn openapi_json() -> Json<utoipa::openapi::OpenApi> {
    Json(Description::openapi())
}
