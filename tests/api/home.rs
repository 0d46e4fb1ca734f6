//! The home page: figures of a period, for everybody who is signed in.

use axum::http::StatusCode;
use satubumi::store::staff::Role;
use serde_json::{Value, json};

use crate::{
    chat_support::usual,
    support::{
        Api,
        browser::{Browser, add_account},
    },
};

/// What a tile says.
fn tile<'a>(page: &'a str, key: &str) -> &'a str {
    let rest = page.split(&format!("id=\"figure-{key}\"")).nth(1).unwrap_or_default();
    let value = rest.split("<dd").nth(1).unwrap_or_default();
    value.split('>').nth(1).and_then(|value| value.split('<').next()).unwrap_or_default()
}

/// What a chart is told.
fn chart(page: &str, name: &str) -> anyhow::Result<Value> {
    let rest = page.split(&format!("id=\"chart-{name}\"")).nth(1).unwrap_or_default();
    let told = rest.split("data-chart=\"").nth(1).and_then(|told| told.split('"').next()).unwrap_or_default();
    Ok(serde_json::from_str(&told.replace("&quot;", "\"").replace("&amp;", "&"))?)
}

#[tokio::test]
async fn everybody_who_is_signed_in_sees_the_same_figures() -> anyhow::Result<()> {
    let api = Api::open(usual)?;
    for (name, role) in [("ayu", Role::Administrator), ("sari", Role::Agent), ("tono", Role::Viewer)] {
        add_account(&api, name, role)?;
    }
    let mut browser = Browser::signed_in(&api, "sari").await?;
    let fresh = browser.open("/").await?.text;
    assert_eq!((tile(&fresh, "conversations"), tile(&fresh, "success")), ("0", "–"));
    assert!(fresh.contains("Belum ada pesan") && !fresh.contains("data-chart"), "a fresh hospital");

    for (sender, message) in [
        ("6281200000001", "jam besuk"),
        ("6281200000001", "jam besuk anak"),
        ("6281200000001", "tanya dokter"),
        ("6281200000002", "dada sesak"),
    ] {
        api.post("/ask", &json!({"sender": sender, "message": message})).await?;
    }
    for name in ["ayu", "sari", "tono"] {
        let mut browser = Browser::signed_in(&api, name).await?;
        for (address, steps) in
            [("/", 24), ("/figures", 24), ("/figures?days=7", 7), ("/?days=30", 30), ("/?days=neun", 24)]
        {
            let page = browser.open(address).await?;
            assert_eq!(page.status, StatusCode::OK, "{address}");
            let tiles = ["conversations", "bot", "approved", "handed-over", "emergency", "success"]
                .map(|key| tile(&page.text, key));
            assert_eq!(tiles, ["2", "2", "0", "1", "1", "67%"], "{name}: {address}");
            let messages = chart(&page.text, "messages")?;
            let bot = messages["series"][0]["data"].as_array().map_or(&[][..], Vec::as_slice);
            assert_eq!(
                (bot.len(), bot.iter().filter_map(Value::as_u64).sum::<u64>()),
                (steps, 2),
                "{address}"
            );
            assert_eq!(messages["xAxis"]["data"].as_array().map(Vec::len), Some(steps), "{address}");
            assert_eq!(chart(&page.text, "times")?["series"].as_array().map(Vec::len), Some(2));
            assert!(!page.text.contains("style="), "the policy forbids it");
        }
    }
    Ok(())
}
