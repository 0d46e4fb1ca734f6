//! `GET /healthz`, `GET /readyz`, `GET /metrics`: for the machines that watch this one.

use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::shapes::TokenErrors;
use crate::web::{WebState, error::ApiError};

/// The process is up.
#[derive(Serialize, ToSchema)]
pub(crate) struct Health {
    /// Always "ok".
    status: &'static str,
    /// The version that runs.
    version: &'static str,
}

/// Tells that the process is up.
#[utoipa::path(
    get, path = "/healthz", tag = "operations", security(()),
    responses((status = 200, description = "The process is up", body = Health))
)]
pub(crate) async fn healthz() -> Json<Health> {
    Json(Health { status: "ok", version: env!("CARGO_PKG_VERSION") })
}

/// What is ready.
#[derive(Serialize, ToSchema)]
pub(crate) struct Ready {
    /// "ready" or "starting".
    status: &'static str,
    /// Whether the models are loaded.
    models: bool,
    /// Whether the hospital's documents can be searched.
    index: bool,
    /// Whether the database takes writes.
    database: bool,
}

/// Tells whether patients can be answered, and what is missing if not.
#[utoipa::path(
    get, path = "/readyz", tag = "operations", security(()),
    responses(
        (status = 200, description = "Everything is ready", body = Ready),
        (status = 503, description = "Something is not ready yet", body = Ready)
    )
)]
pub(crate) async fn readyz(State(state): State<WebState>) -> (StatusCode, Json<Ready>) {
    let models = state.readiness.models() && state.chat.is_started();
    let index = state.readiness.index();
    let database = state.readiness.database(&state.chat).await;
    let (code, status) = if models && index && database {
        (StatusCode::OK, "ready")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "starting")
    };
    (code, Json(Ready { status, models, index, database }))
}

/// Counters and histograms for Prometheus.
///
/// A token with the scope `metrics` is needed also on this machine: behind a reverse proxy every request comes from it.
#[utoipa::path(
    get, path = "/metrics", tag = "operations", security(("token" = ["metrics"])),
    responses(
        (status = 200, description = "Prometheus text format", body = String, content_type = "text/plain"),
        TokenErrors
    )
)]
pub(crate) async fn metrics(State(state): State<WebState>) -> Result<Response, ApiError> {
    let (conversations, messages) = state.chat.waiting_counts().await?;
    metrics::gauge!("satubumi_conversations_waiting").set(conversations);
    metrics::gauge!("satubumi_messages_pending").set(messages);
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, kind)], state.metrics.render()).into_response())
}
