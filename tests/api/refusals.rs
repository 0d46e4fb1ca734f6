//! What is not valid gets a clear 4xx in one shape.

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use serde_json::{Value, json};

use crate::{
    chat_support::{ANI, usual},
    support::Api,
};

#[tokio::test]
async fn a_body_that_is_not_valid_is_refused_with_its_reason() -> anyhow::Result<()> {
    let api = Api::open(usual)?;
    let with = |field: &str, value: Value| {
        let mut body = json!({"sender": ANI, "message": "halo"});
        body[field] = value;
        body.to_string()
    };
    for (path, body, status, reason) in [
        ("/ask", String::new(), 400, "not JSON"),
        ("/ask", "sender=62812&message=halo".to_owned(), 400, "not JSON"),
        ("/ask", "{".to_owned(), 400, "not JSON"),
        ("/ask", "[]".to_owned(), 422, "expected"),
        ("/ask", "{}".to_owned(), 422, "missing field `sender`"),
        ("/ask", json!({"sender": ANI}).to_string(), 422, "missing field `message`"),
        ("/ask", with("extra", json!(1)), 422, "unknown field"),
        ("/ask", with("message", json!(1)), 422, "expected a string"),
        ("/ask", with("sender", json!(6_281_200_000_001_i64)), 422, "expected a string"),
        ("/ask", with("sender", json!("")), 422, "`sender`"),
        ("/ask", with("sender", json!("budi")), 422, "`sender`"),
        ("/ask", with("sender", json!("+62 812")), 422, "8 to 15 digits"),
        ("/ask", with("message", json!(" \n ")), 422, "`message` must not be empty"),
        ("/ask", with("message", json!("a".repeat(4001))), 422, "at most 4000"),
        ("/ask", with("message", json!("a\u{0}b")), 422, "NUL"),
        ("/ask", with("name", json!("a".repeat(101))), 422, "`name`"),
        ("/ask", with("message_id", json!("")), 422, "`message_id`"),
        ("/ask", with("message_id", json!("a".repeat(129))), 422, "`message_id`"),
        ("/ask", with("message", json!("a".repeat(70_000))), 413, "64 KiB"),
        ("/admin/send-message", json!({"chat_id": "x", "message": "a"}).to_string(), 422, "`chat_id`"),
        (
            "/admin/send-message",
            json!({"chat_id": 1.5, "message": "a"}).to_string(),
            422,
            "a string or a number",
        ),
        ("/admin/send-message", json!({"chat_id": 1, "message": " "}).to_string(), 422, "must not be empty"),
        (
            "/admin/send-message",
            json!({"chat_id": 1, "message": "a", "as": "x"}).to_string(),
            422,
            "`bot` or `staff`",
        ),
        (
            "/admin/send-message",
            json!({"chat_id": 1, "message": "a"}).to_string(),
            404,
            "no such conversation",
        ),
        ("/admin/toggle-bot-status", json!({"chat_id": 1, "enabled": "ya"}).to_string(), 422, "a boolean"),
        ("/admin/toggle-bot-status", json!({"chat_id": 1}).to_string(), 422, "missing field `enabled`"),
        ("/admin/toggle-bot-status", json!({"chat_id": ANI, "enabled": true}).to_string(), 404, "no such"),
    ] {
        let shown: String = body.chars().take(60).collect();
        let reply = api.post_raw(path, Some("application/json"), body).await?;
        assert_eq!(reply.status.as_u16(), status, "{path} {shown}: {}", reply.text);
        let message = reply.json()?["error"]["message"].as_str().unwrap_or_default().to_owned();
        assert!(message.contains(reason), "{path} {shown}: {message}");
    }
    assert_eq!(api.ward.count("SELECT count(*) FROM messages").await?, 0);
    Ok(())
}

#[tokio::test]
async fn a_body_without_an_end_is_cut_off_at_the_limit() -> anyhow::Result<()> {
    let api = Api::open(usual)?;
    let endless = futures::stream::repeat_with(|| Ok::<_, std::io::Error>(vec![b' '; 1024]));
    let reply = api.post_raw("/ask", Some("application/json"), Body::from_stream(endless)).await?;
    assert_eq!((reply.status, reply.code().as_str()), (StatusCode::PAYLOAD_TOO_LARGE, "too_large"));
    Ok(())
}

#[tokio::test]
async fn an_address_that_is_not_valid_is_refused_with_its_reason() -> anyhow::Result<()> {
    let api = Api::open(usual)?;
    for (path, status) in [
        ("/nothing-here", 404),
        ("/ask/", 404),
        ("/admin", 404),
        ("/admin/chats/99", 404),
        ("/admin/chats/6281999999999", 404),
        ("/admin/chats/%FF", 422),
        ("/admin/chats/budi", 422),
        ("/admin/bot-status/-1", 422),
        ("/admin/chats?limit=0", 422),
        ("/admin/chats?limit=101", 422),
        ("/admin/chats?limit=x", 400),
        ("/admin/chats?page=2", 400),
        ("/admin/chats?after=x", 422),
        ("/admin/chats/99?before=x", 400),
    ] {
        let reply = api.get(path).await?;
        assert_eq!(reply.status.as_u16(), status, "{path}: {}", reply.text);
        assert!(!reply.code().is_empty(), "{path}");
    }
    let long = format!("/admin/chats?search={}", "a".repeat(201));
    assert_eq!(api.get(&long).await?.status, StatusCode::UNPROCESSABLE_ENTITY);
    Ok(())
}

#[tokio::test]
async fn every_response_carries_its_id_and_the_headers_that_keep_it_safe() -> anyhow::Result<()> {
    let api = Api::open(usual)?;
    for path in ["/healthz", "/nothing-here", "/admin/chats", "/openapi.json"] {
        let request = Request::builder().uri(path).header("x-request-id", "62812 chosen outside");
        let reply = api.send(request.body(Body::empty())?).await?;
        let header = |name| reply.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(header("cache-control"), "no-store");
        assert_eq!(header("referrer-policy"), "no-referrer");
        assert_eq!(header("content-security-policy"), "default-src 'none'; frame-ancestors 'none'");
        assert_eq!(header("x-request-id").len(), 32, "{path}");
        assert!(reply.headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/json"));
    }
    Ok(())
}
