//! S1: every route denies by default.

use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use satubumi::{
    store::tokens::Scope,
    web::{Access, endpoints},
};
use serde_json::json;

use crate::{
    chat_support::{ANI, usual},
    support::{Api, authorized, revoke},
};

#[tokio::test]
async fn s01_every_route_but_the_public_ones_needs_a_live_token_with_its_scope() -> anyhow::Result<()> {
    let api = Api::open(usual)?;
    let mut scoped = 0;
    for endpoint in endpoints() {
        let path = endpoint.path.replace("{chat_id}", "1").replace("{message}", "1");
        let (Access::Scoped(scope) | Access::Either(scope, _)) = endpoint.access else { continue };
        scoped += 1;
        let bare = || Request::builder().method(endpoint.method.clone()).uri(&path);
        let wrong_scopes: Vec<Scope> = Scope::ALL.into_iter().filter(|other| *other != scope).collect();
        let wrong = api.token(&format!("wrong-{scoped}"), &wrong_scopes)?;
        let right = api.token(&format!("right-{scoped}"), &[scope])?;
        let made_up = format!("sbm_{}", "A".repeat(43));
        for (request, expected) in [
            (bare(), StatusCode::UNAUTHORIZED),
            (bare().header(header::AUTHORIZATION, "Bearer"), StatusCode::UNAUTHORIZED),
            (bare().header(header::AUTHORIZATION, format!("Basic {right}")), StatusCode::UNAUTHORIZED),
            (bare().header(header::AUTHORIZATION, &right), StatusCode::UNAUTHORIZED),
            (authorized(endpoint.method.clone(), &path, ""), StatusCode::UNAUTHORIZED),
            (authorized(endpoint.method.clone(), &path, &made_up), StatusCode::UNAUTHORIZED),
            (authorized(endpoint.method.clone(), &path, &wrong), StatusCode::FORBIDDEN),
        ] {
            let reply = api.send(request.body(Body::empty())?).await?;
            assert_eq!(reply.status, expected, "{} {path}", endpoint.method);
            assert!(!reply.code().is_empty(), "{} {path}", endpoint.method);
            let challenge = reply.headers.get(header::WWW_AUTHENTICATE).is_some();
            assert_eq!(challenge, expected == StatusCode::UNAUTHORIZED);
        }
        let let_in = |token: &str| authorized(endpoint.method.clone(), &path, token).body(Body::empty());
        let reply = api.send(let_in(&right)?).await?;
        assert!(![StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN].contains(&reply.status), "{path}");
        revoke(&api.ward, &format!("right-{scoped}"))?;
        assert_eq!(api.send(let_in(&right)?).await?.status, StatusCode::UNAUTHORIZED, "revoked: {path}");
    }
    assert!(scoped >= 7);
    Ok(())
}

#[tokio::test]
async fn s01_what_is_public_is_this_and_tells_nothing_of_patients() -> anyhow::Result<()> {
    let api = Api::open(usual)?;
    api.post("/ask", &json!({"sender": ANI, "name": "Ibu Kenanga", "message": "halo melati"})).await?;
    let public: Vec<_> =
        endpoints().into_iter().filter(|endpoint| endpoint.access == Access::Public).collect();
    let paths: Vec<&str> = public.iter().map(|endpoint| endpoint.path).collect();
    let for_programs = ["/healthz", "/readyz", "/openapi.json"];
    let to_sign_in =
        ["/sign-in", "/sign-in", "/sign-in/code", "/sign-in/code", "/setup", "/setup", "/language"];
    let all = [&for_programs[..], &["/assets/{name}"], &to_sign_in[..], &["/styleguide"]].concat();
    assert_eq!(paths, all);
    for path in paths {
        let reply = api.send(Request::builder().uri(path).body(Body::empty())?).await?;
        assert!(reply.status != StatusCode::UNAUTHORIZED);
        assert!(!["Kenanga", "melati", ANI].iter().any(|secret| reply.text.contains(secret)), "{path}");
    }
    Ok(())
}

#[tokio::test]
async fn s05_no_get_changes_anything_and_no_other_method_gets_through() -> anyhow::Result<()> {
    let api = Api::open(usual)?;
    for endpoint in endpoints() {
        let path = endpoint.path.replace("{chat_id}", "1").replace("{message}", "1").replace("{id}", "1");
        let others = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS];
        let is_routed = |method: &Method| {
            endpoints().iter().any(|one| one.path == endpoint.path && one.method == *method)
        };
        for method in others.into_iter().filter(|method| !is_routed(method)) {
            let token = api.token(&format!("{method}-{path}"), &Scope::ALL)?;
            let reply = api.send(authorized(method.clone(), &path, &token).body(Body::empty())?).await?;
            assert_eq!(reply.status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
            assert_eq!(reply.code(), "method_not_allowed");
            assert!(reply.headers.get(header::ALLOW).is_some(), "{method} {path}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_tokens_use_is_noted_and_the_scheme_may_be_written_in_any_case() -> anyhow::Result<()> {
    let api = Api::open(usual)?;
    let token = api.token("noted", &[Scope::Admin])?;
    let used = "SELECT count(*) FROM api_tokens WHERE name = 'noted' AND last_used_at IS NOT NULL";
    assert_eq!(api.ward.count(used).await?, 0);
    let request =
        Request::builder().uri("/admin/chats").header(header::AUTHORIZATION, format!("bEaReR {token}"));
    assert_eq!(api.send(request.body(Body::empty())?).await?.status, StatusCode::OK);
    assert_eq!(api.ward.count(used).await?, 1);
    Ok(())
}
