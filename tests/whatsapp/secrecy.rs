//! S9 and S10 with the real binary at TRACE: whoever reads its logs, metrics and errors learns nothing of patients and can't
//! take the number over.

use anyhow::{Context, Result};

use crate::{
    connected::Connected,
    hospital::{NUMBER, PATIENCE, eventually},
    installed::Server,
};

const WORDS: &str = "kenanga-wangi-7731";
const NAME: &str = "Melati Canarywati";
const PHONE: &str = "6289876543210";

#[tokio::test(flavor = "multi_thread")]
async fn s09_s10_codes_are_one_roles_and_nothing_private_is_written_anywhere() -> Result<()> {
    let connected = Connected::unpaired().await?;
    let staff = connected.hospital.token_for("staf", &["ask", "admin", "metrics"])?;
    let it = connected.hospital.token_for("it", &["whatsapp"])?;
    let server = connected.serve(&[("SATUBUMI__LOG__LEVEL", "trace")]).await?;

    // S9: one role sees the codes, nobody keeps them.
    let mut told = String::new();
    for path in ["/whatsapp/qr", "/whatsapp/refresh-qr", "/whatsapp/pair-code", "/whatsapp/logout"] {
        let (status, _, body) = asked(&server, &staff, path)?;
        assert!(status == 403 || status == 405, "{path}: {status}");
        told.push_str(&body);
    }
    let (status, cached, _) = asked(&server, &it, "/whatsapp/qr")?;
    assert_eq!((status, cached.as_str()), (200, "no-store"));
    let qr = tokio::task::block_in_place(|| server.get(&it, "/whatsapp/qr"))?;
    let qr = qr["qr"].as_str().context("a code")?.to_owned();
    told.push_str(&asked(&server, &staff, "/whatsapp/status")?.2);
    let body = serde_json::json!({"number": NUMBER});
    let pair = tokio::task::block_in_place(|| server.post(&it, "/whatsapp/pair-code", &body))?;
    let pair_code = pair["pair_code"].as_str().context("a pair code")?.to_owned();
    connected.account.scan(&qr).await?;
    connected.account.wait_connected(PATIENCE).await?;

    // S10: everything that a patient can send, and what goes wrong with it.
    let melati = connected.whatsapp.patient(PHONE, NAME)?;
    let id = melati.send_text(WORDS).await?;
    melati.send_voice_note(WORDS.as_bytes(), 3).await?;
    melati.send_image(WORDS.as_bytes(), WORDS).await?;
    melati.send_document(WORDS.as_bytes(), WORDS, "application/pdf").await?;
    melati.send_contact(NAME, PHONE).await?;
    melati.edit(&id, &format!("{WORDS} {WORDS}")).await?;
    melati.react(&id, "🙏").await?;
    connected.account.corrupt_next(1);
    melati.send_text(&format!("rusak {WORDS}")).await?;
    connected.account.nack_next(1, 463);
    melati.send_text(&format!("dada saya sesak {WORDS}")).await?;
    connected.whatsapp.media().fail_next(2, 503);
    melati.send_document(WORDS.as_bytes(), WORDS, "application/pdf").await?;
    melati.delete(&id).await?;
    connected.account.drop_connections();
    connected.account.wait_connected(PATIENCE).await?;
    melati.send_text("terakhir").await?;
    let stored = "SELECT count(*) FROM messages WHERE text = 'terakhir' AND outcome IS NOT NULL";
    eventually(async || Ok(connected.count(stored, [])? == 1)).await.context("the last one is answered")?;
    told.push_str(&asked(&server, &it, &format!("/admin/chats/{PHONE}"))?.2);
    told.push_str(&asked(&server, &staff, &format!("/admin/chats/{PHONE}x"))?.2);
    told.push_str(&asked(&server, &staff, "/metrics")?.2);
    told.push_str(&server.stop_and_hear()?);

    assert!(told.contains("satubumi_whatsapp_received_total"), "the metrics are there");
    assert!(told.contains("TRACE") || told.contains("DEBUG"), "the log tells everything");
    let lid = melati.lid().user.to_string();
    let parts: Vec<&str> = qr.split(',').filter(|part| part.len() > 8).collect();
    let secrets = [WORDS, NAME, PHONE, NUMBER, lid.as_str(), pair_code.as_str(), qr.as_str()];
    for secret in secrets.into_iter().chain(parts) {
        let line = told.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret} is told");
    }
    Ok(())
}

/// Status, Cache-Control and body of a GET.
fn asked(server: &Server, token: &str, path: &str) -> Result<(u16, String, String)> {
    tokio::task::block_in_place(|| {
        let response = server.response(token, path)?;
        let cached = response.headers().get("cache-control").and_then(|value| value.to_str().ok());
        let cached = cached.unwrap_or_default().to_owned();
        Ok((response.status().as_u16(), cached, response.text()?))
    })
}
