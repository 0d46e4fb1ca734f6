//! The counters and histograms that `/metrics` shows, described once. Labels are routes, statuses, outcomes and steps:
//! never anything that a patient sent.

use metrics::{describe_counter, describe_gauge, describe_histogram};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

/// Upper bounds, seconds: from an approved answer (milliseconds) to a model on a busy machine (a minute).
const SECONDS: [f64; 14] = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];

/// Installs the process's recorder. Call [`PrometheusHandle::run_upkeep`] every few seconds, or histograms that nobody
/// scrapes grow.
///
/// # Errors
/// When the process has a recorder already.
pub fn install_metrics() -> Result<PrometheusHandle, BuildError> {
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)?
        .install_recorder()?;
    describe_counter!("satubumi_http_requests_total", "Requests, by method, route and status");
    describe_histogram!("satubumi_http_request_seconds", "Time to a response, by route");
    describe_counter!("satubumi_answers_total", "Patients' messages that ended, by outcome");
    describe_histogram!("satubumi_step_seconds", "Time in each step of an answer");
    describe_gauge!("satubumi_questions_waiting", "Questions that wait or are being answered now");
    describe_gauge!("satubumi_messages_pending", "Stored messages without an outcome");
    describe_gauge!("satubumi_conversations_waiting", "Conversations that wait for staff");
    Ok(handle)
}
