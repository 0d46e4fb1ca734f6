//! S10: no patient's words, number or name and no key in logs at any level, in errors, in metrics.

use std::{io, sync::Arc};

use axum::{body::Body, http::Request};
use parking_lot::Mutex;
use satubumi::store::tokens::Scope;
use serde_json::json;
use tracing_subscriber::fmt::MakeWriter;

use crate::{
    chat_support::usual,
    support::{Api, authorized},
};

const NUMBER: &str = "6289876543210";
const CANARY: &str = "kenanga-wangi-7731";

/// Keeps what is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn s10_what_patients_send_shows_up_in_no_log_no_error_and_no_metric() -> anyhow::Result<()> {
    let log = Log::default();
    let all = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(log.clone())
        .finish();
    // Global, because the database works on other threads.
    tracing::subscriber::set_global_default(all)?;
    let usual_hook = std::panic::take_hook();
    satubumi::tasks::hide_panic_messages();
    let api = Api::open(|question| {
        assert!(!question.text.contains("rusak"), "it broke at {}", question.text);
        usual(question)
    })?;
    let token = api.token("canary", &Scope::ALL)?;
    let mut refusals = String::new();
    for body in [
        json!({"sender": NUMBER, "name": CANARY, "message": CANARY, "message_id": CANARY}),
        json!({"sender": NUMBER, "message": format!("rusak {CANARY}")}),
        json!({"sender": NUMBER, "message": format!("sesak {CANARY}")}),
    ] {
        assert_eq!(api.post("/ask", &body).await?.status.as_u16(), 200);
    }
    // Back again, so that what fails in other tests is said.
    std::panic::set_hook(usual_hook);
    api.post("/admin/send-message", &json!({"chat_id": NUMBER, "message": CANARY})).await?;
    for body in [
        format!("{{\"sender\": \"{NUMBER}\", \"message\": {CANARY}}}"),
        json!({"sender": NUMBER, "message": CANARY, CANARY: 1}).to_string(),
        json!({"sender": CANARY, "message": CANARY}).to_string(),
        json!({"sender": NUMBER, "message": [CANARY]}).to_string(),
        json!({"sender": NUMBER, "message": CANARY, "message_id": format!("{CANARY}\n")}).to_string(),
        json!({"sender": NUMBER, "message": CANARY, "message_id": format!("{CANARY}{}", "a".repeat(200))})
            .to_string(),
        json!(format!("{NUMBER} {CANARY}")).to_string(),
    ] {
        let reply = api.post_raw("/ask", None, body).await?;
        if reply.status.is_client_error() {
            refusals.push_str(&reply.text);
        }
    }
    for path in [
        format!("/admin/chats?search={CANARY}&{NUMBER}=1"),
        format!("/admin/chats?after={CANARY}"),
        format!("/admin/chats/{CANARY}"),
        format!("/admin/chats/6281{}", &NUMBER[4..]),
        format!("/{CANARY}/{NUMBER}"),
    ] {
        let reply = api.get(&path).await?;
        assert!(reply.status.is_client_error(), "{path}");
        refusals.push_str(&reply.text);
    }
    let wrong = authorized(axum::http::Method::GET, "/admin/chats", &format!("{token}x"));
    refusals.push_str(&api.send(wrong.header("x-request-id", CANARY).body(Body::empty())?).await?.text);
    api.send(Request::builder().uri("/healthz").header("cookie", CANARY).body(Body::empty())?).await?;
    let metrics = api.get("/metrics").await?.text;
    let log = String::from_utf8(log.0.lock().clone())?;
    assert!(
        log.contains("the assistant panicked")
            && log.contains("a thread panicked")
            && log.contains("route=/ask"),
        "it logs what it should"
    );
    for (place, text) in [("the log", &log), ("an error", &refusals), ("the metrics", &metrics)] {
        for secret in [CANARY, NUMBER, &token, &token[4..]] {
            assert!(!text.contains(secret), "{secret} is in {place}");
        }
    }
    Ok(())
}
