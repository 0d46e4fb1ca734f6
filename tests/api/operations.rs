//! Health, readiness, metrics, and the API's description.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use satubumi::web::{Access, endpoints};
use serde_json::{Value, json};

use crate::{
    chat_support::{ANI, usual},
    support::Api,
};

#[tokio::test]
async fn it_is_ready_when_every_part_is() -> anyhow::Result<()> {
    let api = Api::open(usual)?;
    assert_eq!(api.get("/healthz").await?.json()?["status"], "ok");
    let starting = api.get("/readyz").await?;
    assert_eq!(starting.status, StatusCode::SERVICE_UNAVAILABLE);
    let expected = json!({"status": "starting", "models": false, "index": false, "database": true});
    assert_eq!(starting.json()?, expected);
    api.readiness.set_models(true);
    assert_eq!(api.get("/readyz").await?.status, StatusCode::SERVICE_UNAVAILABLE);
    api.readiness.set_index(true);
    let ready = api.get("/readyz").await?;
    assert_eq!((ready.status, ready.json()?["status"].clone()), (StatusCode::OK, json!("ready")));
    api.readiness.set_index(false);
    assert_eq!(api.get("/readyz").await?.json()?["index"], false);
    Ok(())
}

#[tokio::test]
async fn metrics_count_requests_outcomes_steps_and_who_waits() -> anyhow::Result<()> {
    let api = Api::open(usual)?;
    api.post("/ask", &json!({"sender": ANI, "message": "mau tanya"})).await?;
    api.post("/ask", &json!({"sender": ANI, "message": ""})).await?;
    api.get("/admin/chats/1?limit=3").await?;
    api.get("/nothing/62812").await?;
    let text = api.get("/metrics").await?.text;
    for line in [
        r#"satubumi_answers_total{outcome="handed_over"}"#,
        r#"satubumi_step_seconds_bucket{step="search",le="0.002"}"#,
        r#"satubumi_step_seconds_count{step="total"}"#,
        r#"satubumi_http_requests_total{method="POST",route="/ask",status="200"}"#,
        r#"satubumi_http_requests_total{method="POST",route="/ask",status="422"}"#,
        r#"satubumi_http_requests_total{method="GET",route="/admin/chats/{chat_id}",status="200"}"#,
        r#"satubumi_http_requests_total{method="GET",route="none",status="404"}"#,
        r#"satubumi_http_request_seconds_count{route="/ask"}"#,
        "satubumi_conversations_waiting 1",
        "satubumi_messages_pending 0",
        "satubumi_questions_waiting 0",
    ] {
        assert!(text.contains(line), "{line} is missing in:\n{text}");
    }
    Ok(())
}

#[tokio::test]
async fn the_description_holds_every_route_with_its_lock_and_its_errors() -> anyhow::Result<()> {
    let api = Api::open(usual)?;
    let description = api.get("/openapi.json").await?.json()?;
    assert!(description["openapi"].as_str().is_some_and(|version| version.starts_with("3.")));
    let scheme = &description["components"]["securitySchemes"]["token"];
    assert_eq!((&scheme["type"], &scheme["scheme"]), (&json!("http"), &json!("bearer")));

    let mut described = BTreeSet::new();
    for (path, operations) in description["paths"].as_object().into_iter().flatten() {
        described.extend(
            operations.as_object().into_iter().flatten().map(|(method, _)| (method.clone(), path.clone())),
        );
    }
    let routed: BTreeSet<(String, String)> = endpoints()
        .into_iter()
        .filter(|endpoint| endpoint.is_api)
        .map(|endpoint| (endpoint.method.as_str().to_lowercase(), endpoint.path.to_owned()))
        .collect();
    assert_eq!(described, routed);

    for endpoint in endpoints().into_iter().filter(|endpoint| endpoint.is_api) {
        let operation = &description["paths"][endpoint.path][endpoint.method.as_str().to_lowercase()];
        let scopes = match endpoint.access {
            Access::Public => json!([{}]),
            Access::Scoped(scope) => json!([{"token": [scope.as_str()]}]),
            Access::Either(scope, _) => json!([{"token": [scope.as_str()]}, {"session": []}]),
            Access::Staff(_) => json!(null),
        };
        assert_eq!(operation["security"], scopes, "{}", endpoint.path);
        let refusals: &[&str] = match endpoint.access {
            Access::Public => &[],
            Access::Scoped(_) | Access::Either(..) | Access::Staff(_) => &["401", "403", "500", "503"],
        };
        for status in refusals {
            let schema = &operation["responses"][status]["content"]["application/json"]["schema"]["$ref"];
            assert_eq!(schema, "#/components/schemas/ErrorBody", "{} {status}", endpoint.path);
        }
    }
    assert_eq!(unresolved(&description, &description), BTreeSet::new());
    let outcomes = &description["components"]["schemas"]["AskReply"]["properties"]["outcome"]["enum"];
    assert_eq!(outcomes.as_array().map(Vec::len), Some(9));
    Ok(())
}

/// References that lead nowhere.
fn unresolved(node: &Value, whole: &Value) -> BTreeSet<String> {
    match node {
        Value::Object(fields) => {
            let own = fields.get("$ref").and_then(Value::as_str).filter(|target| {
                target.strip_prefix('#').is_none_or(|pointer| whole.pointer(pointer).is_none())
            });
            own.map(str::to_owned)
                .into_iter()
                .chain(fields.values().flat_map(|child| unresolved(child, whole)))
                .collect()
        }
        Value::Array(items) => items.iter().flat_map(|child| unresolved(child, whole)).collect(),
        _ => BTreeSet::new(),
    }
}
