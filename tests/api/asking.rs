//! `POST /ask`, as the issue's own command calls it and in every other way.

use std::time::Duration;

use axum::http::{StatusCode, header};
use satubumi::chat::ChatOptions;
use serde_json::{Value, json};

use crate::{
    chat_support::{ANI, BUDI, Gate, usual},
    support::Api,
};

#[tokio::test]
async fn a_question_gets_its_answer_with_what_it_rests_on() -> anyhow::Result<()> {
    let api = Api::open(usual)?;
    let body = json!({"sender": ANI, "message": "Sabtu buka?", "name": "Ani", "message_id": "m-1"});
    let reply = api.post("/ask", &body).await?;
    assert_eq!(reply.status, StatusCode::OK);
    let told = reply.json()?;
    assert_eq!(told["response"], "Jawaban untuk: Sabtu buka?");
    assert_eq!(told["outcome"], "answered");
    let source = json!({"document": "jadwal.md", "title": "Jadwal", "passage": "Poli buka Sabtu 08.00-13.00.", "score": 0.5});
    assert_eq!(told["sources"], json!([source]));
    assert_eq!((&told["conversation_id"], &told["message_id"]), (&json!(1), &json!("m-1")));
    assert_eq!(told["timings_ms"]["search"], 1.5);
    assert!(told["timings_ms"]["total"].as_f64().is_some_and(|total| total > 0.0));
    assert_eq!(api.post("/ask", &body).await?.json()?, told, "again, the same");
    Ok(())
}

#[tokio::test]
async fn json_is_read_whatever_curl_says_it_is() -> anyhow::Result<()> {
    let api = Api::open(usual)?;
    let body = json!({"sender": ANI, "message": "halo"}).to_string();
    for kind in [
        None,
        Some("application/x-www-form-urlencoded"),
        Some("application/json; charset=utf-8"),
        Some("Application/JSON"),
        Some("application/vnd.satubumi+json"),
    ] {
        let reply = api.post_raw("/ask", kind, body.clone()).await?;
        assert_eq!(reply.status, StatusCode::OK, "{kind:?}");
        assert!(reply.json()?["message_id"].as_str().is_some_and(|id| id.len() == 36));
    }
    for kind in ["text/plain", "multipart/form-data; boundary=x", "application/xml", "json"] {
        let reply = api.post_raw("/ask", Some(kind), body.clone()).await?;
        assert_eq!(reply.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{kind}");
    }
    Ok(())
}

#[tokio::test]
async fn with_the_bot_off_it_says_so() -> anyhow::Result<()> {
    let api = Api::open(usual)?;
    let id = api.post("/ask", &json!({"sender": ANI, "message": "halo"})).await?.json()?["conversation_id"]
        .clone();
    api.post("/admin/toggle-bot-status", &json!({"chat_id": id, "enabled": false})).await?;
    let told = api.post("/ask", &json!({"sender": ANI, "message": "halo?"})).await?.json()?;
    assert_eq!((&told["response"], &told["outcome"]), (&Value::Null, &json!("bot_off")));
    assert_eq!(told["sources"], json!([]));
    Ok(())
}

#[tokio::test]
async fn limits_and_time_outs_are_clear_and_lose_nothing() -> anyhow::Result<()> {
    let (mut gate, slow) = Gate::before(usual);
    let options = ChatOptions { max_waiting: 2, max_waiting_per_sender: 1, ..ChatOptions::default() };
    let api = Api::with_options(options, slow)?;
    let hurried = api.hurried(Duration::from_secs(2))?;
    let slow_question = json!({"sender": ANI, "message": "lama", "message_id": "m-1"});
    // The door answers at its time limit; the work goes on and keeps its place.
    let late = hurried.post("/ask", &slow_question).await?;
    assert_eq!((late.status, late.code().as_str()), (StatusCode::SERVICE_UNAVAILABLE, "timeout"));
    assert!(late.headers.get(header::RETRY_AFTER).is_some());
    assert_eq!(gate.asked().await, "lama");
    let refused = api.post("/ask", &json!({"sender": ANI, "message": "halo"})).await?;
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (StatusCode::TOO_MANY_REQUESTS, "too_many_of_one_sender")
    );
    assert!(refused.headers.get(header::RETRY_AFTER).is_some());
    let other = hurried.post("/ask", &json!({"sender": BUDI, "message": "lama"})).await?;
    assert_eq!(other.code(), "timeout");
    let full = api.post("/ask", &json!({"sender": "6281200000003", "message": "halo"})).await?;
    assert_eq!((full.status, full.code().as_str()), (StatusCode::SERVICE_UNAVAILABLE, "busy"));
    assert!(full.headers.get(header::RETRY_AFTER).is_some());
    gate.let_pass();
    gate.let_pass();
    assert!(api.ward.tasks.stop(Duration::from_secs(30)).await);
    let told = api.ward.again(usual)?.ask(ANI, "lama", Some("m-1")).await?;
    assert_eq!(told.answer.text, "Jawaban untuk: lama");
    assert_eq!(api.ward.count("SELECT count(*) FROM messages WHERE author = 'patient'").await?, 2);
    Ok(())
}
