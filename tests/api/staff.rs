//! `/admin/…`: what staff and the programs that act for them do.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::{
    chat_support::{ANI, BUDI, usual},
    support::Api,
};

#[tokio::test]
async fn conversations_are_listed_searched_and_paged() -> anyhow::Result<()> {
    let api = Api::open(usual)?;
    for n in 0..7 {
        let body =
            json!({"sender": format!("62812000010{n}"), "name": format!("Ibu {n}"), "message": "mau tanya"});
        api.post("/ask", &body).await?;
    }
    let (mut names, mut path) = (Vec::new(), "/admin/chats?limit=3".to_owned());
    loop {
        let page = api.get(&path).await?.json()?;
        names.extend(page["chats"].as_array().into_iter().flatten().map(|chat| chat["name"].clone()));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/admin/chats?limit=3&after={next}");
    }
    assert_eq!(names, (0..7).rev().map(|n| json!(format!("Ibu {n}"))).collect::<Vec<_>>());

    let found = api.get("/admin/chats?search=ibu%204").await?.json()?;
    assert_eq!(found["next"], Value::Null);
    let [chat] = found["chats"].as_array().map(Vec::as_slice).unwrap_or_default() else {
        anyhow::bail!("one holds it: {found}")
    };
    assert_eq!(chat["sender"], "628120000104");
    assert_eq!((&chat["handling"], &chat["enabled"]), (&json!("bot"), &json!(true)));
    assert_eq!(
        (&chat["unanswered"], &chat["waiting"], &chat["emergency"]),
        (&json!(1), &json!(true), &json!(false))
    );
    assert_eq!(chat["last_text"], "Diteruskan ke petugas.");
    assert!(chat["last_at"].as_str().is_some_and(|at| at.ends_with('Z')));
    Ok(())
}

#[tokio::test]
async fn a_conversation_is_opened_by_its_number_or_the_patients() -> anyhow::Result<()> {
    let api = Api::open(usual)?;
    api.post("/ask", &json!({"sender": ANI, "message": "halo", "message_id": "m-1"})).await?;
    api.post("/ask", &json!({"sender": ANI, "message": "mau tanya"})).await?;
    let by_row = api.get("/admin/chats/1").await?.json()?;
    for path in [
        format!("/admin/chats/{ANI}"),
        "/admin/chats/+62%20812-0000-0001".into(),
        "/admin/chats/081200000001".into(),
    ] {
        assert_eq!(api.get(&path).await?.json()?, by_row, "{path}");
    }
    let messages = by_row["messages"].as_array().cloned().unwrap_or_default();
    assert_eq!(messages.len(), 4);
    assert_eq!((&messages[0]["author"], &messages[0]["message_id"]), (&json!("patient"), &json!("m-1")));
    assert_eq!(messages[1]["reply_to"], messages[0]["id"]);
    assert_eq!(messages[1]["answer"]["sources"][0]["title"], "Jadwal");
    assert_eq!(by_row["flags"][0]["reason"], "not_found");
    assert_eq!(by_row["flags"][0]["message"], messages[2]["id"]);

    let newest = api.get("/admin/chats/1?limit=3").await?.json()?;
    let older = api.get(&format!("/admin/chats/1?limit=3&before={}", newest["next"])).await?.json()?;
    assert_eq!(older["messages"], json!([messages[0]]));
    assert_eq!(older["next"], Value::Null);
    Ok(())
}

#[tokio::test]
async fn staff_switch_the_bot_off_write_and_switch_it_on() -> anyhow::Result<()> {
    let api = Api::open(usual)?;
    api.post("/ask", &json!({"sender": ANI, "message": "halo"})).await?;
    let on = json!({"chat_id": 1, "enabled": true, "handling": "bot"});
    let off = json!({"chat_id": 1, "enabled": false, "handling": "staff"});
    let toggled = |chat: Value, enabled| {
        let body = json!({"chat_id": chat, "enabled": enabled});
        let api = &api;
        async move { api.post("/admin/toggle-bot-status", &body).await?.json() }
    };
    assert_eq!(api.get("/admin/bot-status/1").await?.json()?, on);
    assert_eq!(toggled(json!(ANI), false).await?, off);
    assert_eq!(api.get(&format!("/admin/bot-status/{ANI}")).await?.json()?, off);
    api.post("/ask", &json!({"sender": ANI, "message": "halo?"})).await?;
    assert_eq!(api.get("/admin/chats/1").await?.json()?["chat"]["unanswered"], 1);

    let unsigned =
        api.post("/admin/send-message", &json!({"chat_id": "1", "message": "Baik, Bu."})).await?.json()?;
    assert_eq!((&unsigned["chat_id"], &unsigned["message"]["author"]), (&json!(1), &json!("staff")));
    assert_eq!(unsigned["message"]["staff_name"], "all-60", "the token's name");
    let body = json!({"chat_id": ANI, "message": "Selesai.", "as": "bot"});
    assert_eq!(api.post("/admin/send-message", &body).await?.json()?["message"]["author"], "bot");
    assert_eq!(api.get("/admin/chats/1").await?.json()?["chat"]["unanswered"], 0);
    assert_eq!(toggled(json!("1"), true).await?, on);
    assert_eq!(toggled(json!(1), true).await?, on, "twice is once");
    Ok(())
}

#[tokio::test]
async fn a_conversation_that_the_patient_stopped_can_not_be_switched_on() -> anyhow::Result<()> {
    let api = Api::open(usual)?;
    api.post("/ask", &json!({"sender": BUDI, "message": "STOP"})).await?;
    let refused = api.post("/admin/toggle-bot-status", &json!({"chat_id": BUDI, "enabled": true})).await?;
    assert_eq!((refused.status, refused.code().as_str()), (StatusCode::CONFLICT, "stopped_by_patient"));
    assert_eq!(api.get(&format!("/admin/bot-status/{BUDI}")).await?.json()?["handling"], "stopped");
    Ok(())
}
