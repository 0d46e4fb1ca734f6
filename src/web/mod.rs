//! HTTP: the JSON API, its tokens, its errors, its description.
//!
//! [`router`] is built from one list of routes, and a route without an access rule can't be written down. Around every
//! route stand, from outside in: the request's id, span and count (`observe`), the security headers, the net that
//! turns a panic into a 500, and the time limit. Handlers read a checked request, call the
//! [`ChatService`] and give JSON; whatever goes wrong becomes one `ApiError`. No log line
//! and no error repeats what a patient wrote or their number.

mod access;
mod api;
mod error;
mod extract;
mod metrics;
mod observe;
mod openapi;
mod readiness;
mod router;

pub use access::Access;
pub use metrics::install_metrics;
pub use readiness::Readiness;
pub use router::{Endpoint, endpoints, router};

use std::{sync::Arc, time::Duration};

use metrics_exporter_prometheus::PrometheusHandle;

use crate::{chat::ChatService, realtime::Realtime, store::Store, whatsapp::Gateway};

/// What every handler may use. Cheap to clone.
#[derive(Clone)]
pub struct WebState {
    /// The conversations.
    pub chat: ChatService,
    /// The hospital's number.
    pub whatsapp: Gateway,
    /// The live events.
    pub realtime: Realtime,
    /// The database, for tokens.
    pub store: Store,
    /// What is ready.
    pub readiness: Arc<Readiness>,
    /// What `/metrics` renders; from [`install_metrics`].
    pub metrics: PrometheusHandle,
    /// How long a request may take before it is answered with 503; its work goes on.
    pub request_timeout: Duration,
}
