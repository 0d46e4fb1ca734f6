//! The real router on a real database, called in the process.

#[path = "browser.rs"]
pub mod browser;

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Method, Request, StatusCode, header},
};
use jiff::Timestamp;
use metrics_exporter_prometheus::PrometheusHandle;
use satubumi::{
    assistant::Question,
    chat::ChatOptions,
    domain::Answer,
    knowledge::extract::Extractor,
    library::Library,
    realtime::Realtime,
    store::{
        StoreError,
        tokens::{self, Scope, Secret, TokenHash},
    },
    web::{Readiness, WebState, install_metrics, router},
    whatsapp::{Gateway, Options, Pace},
};
use serde_json::Value;
use tower::ServiceExt;

use crate::chat_support::Ward;

/// A gateway that is switched off.
fn off(ward: &Ward) -> anyhow::Result<Gateway> {
    let options = Options {
        enabled: false,
        session: "/nonexistent/whatsapp.db".into(),
        server_url: None,
        version: None,
        version_cache: "/nonexistent/version.json".into(),
        pace: Pace::default(),
        least_free_bytes: 0,
        most_media_bytes: 1 << 20,
    };
    Ok(Gateway::start(options, ward.chat.clone(), ward.store.clone(), &ward.tasks)?)
}

/// A server without a socket.
pub struct Api {
    pub ward: Ward,
    pub readiness: Arc<Readiness>,
    /// The key of the page that makes the first administrator.
    pub setup: String,
    router: Router,
    all_scopes: String,
}

/// A response, read.
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Reply {
    /// The body as JSON.
    pub fn json(&self) -> anyhow::Result<Value> {
        Ok(serde_json::from_str(&self.text)?)
    }

    /// The error's code, empty where there is none.
    pub fn code(&self) -> String {
        let body: Value = serde_json::from_str(&self.text).unwrap_or_default();
        body["error"]["code"].as_str().unwrap_or_default().to_owned()
    }
}

impl Api {
    pub fn open(script: impl Fn(&Question) -> Answer + Send + Sync + 'static) -> anyhow::Result<Self> {
        Self::on(Ward::open(script)?, Duration::from_secs(60))
    }

    pub fn with_options(
        options: ChatOptions,
        script: impl Fn(&Question) -> Answer + Send + Sync + 'static,
    ) -> anyhow::Result<Self> {
        Self::on(Ward::with_options(options, script)?, Duration::from_secs(60))
    }

    /// Another door to the same service, which waits no longer than this for an answer.
    pub fn hurried(&self, request_timeout: Duration) -> anyhow::Result<Self> {
        Self::on(self.ward.clone(), request_timeout)
    }

    fn on(ward: Ward, request_timeout: Duration) -> anyhow::Result<Self> {
        let readiness = Arc::new(Readiness::new());
        let whatsapp = off(&ward)?;
        let setup = Secret::generate()?;
        let router = router(WebState {
            hospital: "RSH Satu Bumi".into(),
            time_zone: jiff::tz::TimeZone::get("Asia/Jakarta")?,
            public_url: None,
            setup: Some(TokenHash::of(setup.reveal())),
            chat: ward.chat.clone(),
            library: Library::new(
                ward.store.clone(),
                ward.knowledge_folder(),
                Extractor::of_this_binary()?,
                ward.tasks.clone(),
            ),
            lookers: Arc::default(),
            realtime: Realtime::new(&whatsapp),
            whatsapp,
            store: ward.store.clone(),
            readiness: Arc::clone(&readiness),
            metrics: recorder()?,
            request_timeout,
        });
        let all_scopes = add_token(&ward, &format!("all-{}", request_timeout.as_secs()), &Scope::ALL)?;
        Ok(Self { ward, readiness, router, all_scopes, setup: setup.reveal().to_owned() })
    }

    /// A new token.
    pub fn token(&self, name: &str, scopes: &[Scope]) -> anyhow::Result<String> {
        add_token(&self.ward, name, scopes)
    }

    /// Sends a request as it is.
    pub async fn send(&self, request: Request<Body>) -> anyhow::Result<Reply> {
        let response = self.router.clone().oneshot(request).await?;
        let (parts, body) = response.into_parts();
        let text = String::from_utf8(to_bytes(body, usize::MAX).await?.to_vec())?;
        Ok(Reply { status: parts.status, headers: parts.headers, text })
    }

    /// `GET` with a token of every scope.
    pub async fn get(&self, path: &str) -> anyhow::Result<Reply> {
        self.send(authorized(Method::GET, path, &self.all_scopes).body(Body::empty())?).await
    }

    /// `POST` of JSON with a token of every scope.
    pub async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Reply> {
        self.post_raw(path, Some("application/json"), body.to_string()).await
    }

    /// `POST` of anything with a token of every scope.
    pub async fn post_raw(
        &self,
        path: &str,
        kind: Option<&str>,
        body: impl Into<Body>,
    ) -> anyhow::Result<Reply> {
        let mut request = authorized(Method::POST, path, &self.all_scopes);
        if let Some(kind) = kind {
            request = request.header(header::CONTENT_TYPE, kind);
        }
        self.send(request.body(body.into())?).await
    }
}

/// A request that shows a token.
pub fn authorized(method: Method, path: &str, token: &str) -> axum::http::request::Builder {
    Request::builder().method(method).uri(path).header(header::AUTHORIZATION, format!("Bearer {token}"))
}

fn add_token(ward: &Ward, name: &str, scopes: &[Scope]) -> anyhow::Result<String> {
    let secret = Secret::generate()?;
    let hash = TokenHash::of(secret.reveal());
    ward.store.write_blocking(|tx| tokens::add(tx, name, hash, scopes, Timestamp::now()))?;
    Ok(secret.reveal().to_owned())
}

/// A process has one recorder; the tests of this file share it.
fn recorder() -> anyhow::Result<PrometheusHandle> {
    static RECORDER: OnceLock<Option<PrometheusHandle>> = OnceLock::new();
    let handle = RECORDER.get_or_init(|| install_metrics().ok()).clone();
    handle.ok_or_else(|| anyhow::anyhow!("another recorder is installed"))
}

/// Revokes a token.
pub fn revoke(ward: &Ward, name: &str) -> Result<bool, StoreError> {
    ward.store.write_blocking(|tx| tokens::revoke(tx, name, Timestamp::now()))
}
