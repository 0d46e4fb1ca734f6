//! HTTP: the JSON API for programs, and the pages for people.
//!
//! [`router`] is built from two lists of routes, and a route without an access rule can't be written down. Around every
//! route stand, from outside in: the request's id, span and count (`observe`), the security headers, the net that
//! turns a panic into a 500, compression, the time limit, the session, and the route's own door (`access`). Handlers of the
//! API read a checked request, call the [`ChatService`] and give JSON; handlers of pages give [Maud](maud) markup made by pure
//! functions, a whole page or the fragment that a live event asks for. Whatever goes wrong becomes one `ApiError` or one
//! `PageError`. No log line and no error repeats what a patient wrote or their number.

mod access;
mod api;
mod assets;
mod error;
mod extract;
mod layout;
mod lookers;
mod metrics;
mod observe;
mod openapi;
mod pages;
mod qr;
mod readiness;
mod router;
mod session;

pub use access::Access;
pub use lookers::Lookers;
pub use metrics::install_metrics;
pub use readiness::{LoadedModel, ModelProfile, Readiness};
pub use router::{Endpoint, endpoints, router};

use std::{sync::Arc, time::Duration};

use jiff::tz::TimeZone;
use metrics_exporter_prometheus::PrometheusHandle;

use crate::{
    chat::ChatService,
    library::Library,
    realtime::Realtime,
    store::{Store, tokens::TokenHash},
    whatsapp::Gateway,
};

/// What every handler may use. Cheap to clone.
#[derive(Clone)]
pub struct WebState {
    /// The conversations.
    pub chat: ChatService,
    /// The hospital's texts.
    pub library: Library,
    /// The hospital's number.
    pub whatsapp: Gateway,
    /// The live events.
    pub realtime: Realtime,
    /// The database, for tokens.
    pub store: Store,
    /// Who looks at which conversation.
    pub lookers: Arc<Lookers>,
    /// What is ready.
    pub readiness: Arc<Readiness>,
    /// What `/metrics` renders; from [`install_metrics`].
    pub metrics: PrometheusHandle,
    /// Its name, as pages say it.
    pub hospital: Arc<str>,
    /// The zone in which pages tell times.
    pub time_zone: TimeZone,
    /// The address that browsers reach the pages by, such as `https://satubumi.rs.example`, where a proxy stands before us.
    pub public_url: Option<Arc<str>>,
    /// The key of the link that makes the first administrator.
    pub setup: Option<TokenHash>,
    /// How long a request may take before it is answered with 503; its work goes on.
    pub request_timeout: Duration,
}

impl WebState {
    /// Whether browsers reach the pages by HTTPS.
    fn is_secure(&self) -> bool {
        self.public_url.as_deref().is_some_and(|url| url.starts_with("https://"))
    }
}
