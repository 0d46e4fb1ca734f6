//! Live events of the real binary, heard by the official Socket.IO client for Node.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
};

use anyhow::{Context, Result};
use parking_lot::Mutex;
use serde_json::{Value, json};

use crate::{
    connected::Connected,
    hospital::{PATIENCE, eventually, gets},
    installed::Server,
};

/// A client, and what it has heard.
struct Client {
    child: Child,
    heard: Arc<Mutex<Vec<Value>>>,
}

impl Client {
    fn connect(server: &Server, transport: &str, token: Option<&str>) -> Result<Self> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/socket_io.mjs");
        let mut child = Command::new("node")
            .arg(script)
            .args([server.address(), transport])
            .args(token)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let lines = BufReader::new(child.stdout.take().context("standard output")?).lines();
        let heard: Arc<Mutex<Vec<Value>>> = Arc::default();
        let hearing = Arc::clone(&heard);
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                hearing.lock().extend(serde_json::from_str::<Value>(&line));
            }
        });
        Ok(Self { child, heard })
    }

    /// Waits for an event, and gives what it says.
    async fn hears(&self, event: &str, wanted: impl Fn(&Value) -> bool) -> Result<Value> {
        let found = || {
            let heard = self.heard.lock();
            heard.iter().find(|one| one["event"] == event && wanted(&one["payload"])).cloned()
        };
        let waited = eventually(async || Ok(found().is_some())).await;
        waited.with_context(|| format!("{event} of {:?}", self.heard.lock()))?;
        Ok(found().context("it was there")?["payload"].take())
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_change_is_told_live_to_whoever_may_hear_it() -> Result<()> {
    let connected = Connected::unpaired().await?;
    let hospital = &connected.hospital;
    let it = hospital.token_for("it", &["admin", "whatsapp"])?;
    let screen = hospital.token_for("screen", &["admin"])?;
    let asker = hospital.token_for("asker", &["ask"])?;
    let server = connected.serve(&[]).await?;

    let mut clients = Vec::new();
    for transport in ["polling", "websocket"] {
        for refused in [None, Some(asker.as_str()), Some("sb_invented")] {
            Client::connect(&server, transport, refused)?.hears("connect_error", |_| true).await?;
        }
        let client = Client::connect(&server, transport, Some(&screen))?;
        assert_eq!(client.hears("connect", |_| true).await?, transport);
        client.hears("whatsapp_status", |said| said["state"] == "unpaired").await?;
        clients.push(client);
    }

    let code = tokio::task::block_in_place(|| server.get(&it, "/whatsapp/qr"))?;
    connected.account.scan(code["qr"].as_str().context("a code")?).await?;
    connected.account.wait_connected(PATIENCE).await?;
    let ani = connected.patient(1)?;
    ani.send_text("jam besuk berapa?").await?;
    gets(&ani, "besuk").await?;
    for client in &clients {
        let status = client.hears("whatsapp_status", |said| said["state"] == "connected").await?;
        assert!(status["advice"].is_string());
        let asked = client.hears("new_message", |said| said["author"] == "patient").await?;
        let chat = asked["chat_id"].clone();
        let reply = client.hears("new_message", |said| said["author"] == "hospital").await?;
        assert!(reply["chat_id"] == chat && reply["message_id"] != asked["message_id"]);
        client.hears("chats_update", |said| said["chat_ids"] == json!([chat])).await?;
        let ticked =
            |said: &Value| said["delivery"] == "delivered" && said["message_id"] == reply["message_id"];
        client.hears("message_update", ticked).await?;
    }

    let off = json!({"chat_id": 1, "enabled": false});
    tokio::task::block_in_place(|| server.post(&it, "/admin/toggle-bot-status", &off))?;
    for client in &clients {
        let change = client.hears("bot_status_change", |_| true).await?;
        assert_eq!(change, json!({"chat_id": 1, "enabled": false, "handling": "staff"}));
        let all = format!("{:?}", client.heard.lock());
        assert!(!all.contains(ani.phone()) && !all.contains("besuk"), "{all}");
    }

    // S3: who may not listen any more is not listening any more.
    let other = Client::connect(&server, "websocket", Some(&it))?;
    other.hears("connect", |_| true).await?;
    hospital.revoke("screen")?;
    for client in &clients {
        client.hears("disconnect", |_| true).await?;
    }
    assert!(!other.heard.lock().iter().any(|one| one["event"] == "disconnect"));

    // An open socket does not hold the server back.
    tokio::task::block_in_place(|| server.stop())?;
    other.hears("disconnect", |_| true).await?;
    Ok(())
}
