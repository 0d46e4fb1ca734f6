//! `/socket.io/`: the live events; [`crate::realtime`] says which there are.

use axum::{
    extract::{Request, State},
    response::Response,
};

use super::shapes::TokenErrors;
use crate::web::WebState;

/// Live events by Socket.IO 4, polling or WebSocket: `new_message`, `message_update`, `bot_status_change`, `chats_update`,
/// `lookers_update`, `knowledge_update`, `analytics_update`, `whatsapp_status`. They say what changed and where, never what was written. Every request shows its token.
#[utoipa::path(
    method(get, post), path = "/socket.io/", tag = "staff", security(("token" = ["admin"]), ("session" = [])),
    responses(
        (status = 101, description = "The WebSocket is open"),
        (status = 200, description = "Packets, as Engine.IO 4 writes them", body = String),
        (status = 400, description = "Not a request of the protocol"),
        TokenErrors,
    )
)]
pub(crate) async fn socket_io(State(state): State<WebState>, request: Request) -> Response {
    state.realtime.serve(request).await
}
