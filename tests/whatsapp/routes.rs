//! `/whatsapp/…` of the real binary, as IT and staff use it.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::{
    connected::Connected,
    hospital::{PATIENCE, eventually, gets},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_is_paired_staff_write_first_and_it_is_logged_out() -> Result<()> {
    let connected = Connected::unpaired().await?;
    let token = connected.hospital.token_for("it", &["ask", "admin", "whatsapp"])?;
    let server = connected.serve(&[]).await?;
    let get = |path: &str| tokio::task::block_in_place(|| server.get(&token, path));
    let post = |path: &str, body: Value| tokio::task::block_in_place(|| server.post(&token, path, &body));
    assert_eq!(get("/whatsapp/status")?["state"], "unpaired");
    assert!(post("/whatsapp/logout", json!({})).is_err(), "there is nothing to log out of");

    let drawn = tokio::task::block_in_place(|| server.response_as(&token, "/whatsapp/qr", "image/svg+xml"))?;
    assert_eq!(drawn.headers()["content-type"], "image/svg+xml");
    assert!(tokio::task::block_in_place(|| drawn.text())?.contains("<svg"));
    let code = get("/whatsapp/qr")?;
    connected.account.scan(code["qr"].as_str().context("a code")?).await?;
    eventually(async || Ok(get("/whatsapp/status")?["state"] == "connected")).await?;
    assert!(get("/whatsapp/qr").is_err(), "no code is given while a phone is paired");

    let ani = connected.patient(1)?;
    let written =
        post("/whatsapp/send", json!({"number": ani.phone(), "message": "Hasil lab Ibu sudah ada."}))?;
    gets(&ani, "Hasil lab Ibu sudah ada.").await?;
    let delivered = async || {
        let chat = get(&format!("/admin/chats/{}", written["chat_id"]))?;
        Ok(chat["messages"][0]["delivery"] == "delivered" && chat["messages"][0]["author"] == "staff")
    };
    eventually(delivered).await.with_context(|| format!("{:?}", get("/admin/chats/1")))?;

    ani.send_image(b"\xff\xd8\xff resep", "ini resep saya").await?;
    let photo = async || {
        let chat = get(&format!("/admin/chats/{}", written["chat_id"]))?;
        Ok(chat["messages"][1]["file"]["kept"] == true)
    };
    eventually(photo).await.with_context(|| format!("{:?}", get("/admin/chats/1")))?;
    let chat = get(&format!("/admin/chats/{}", written["chat_id"]))?;
    let path = format!("/admin/files/{}", chat["messages"][1]["id"]);
    let file = tokio::task::block_in_place(|| server.response(&token, &path))?;
    assert_eq!(file.headers()["content-type"], "image/jpeg");
    assert!(file.headers()["content-disposition"].to_str()?.starts_with("attachment"));
    assert_eq!(tokio::task::block_in_place(|| file.bytes())?.as_ref(), b"\xff\xd8\xff resep");

    post("/whatsapp/logout", json!({}))?;
    connected.account.wait_disconnected(PATIENCE).await?;
    assert!(!connected.hospital.folder().join("data/whatsapp.db").exists(), "the session is forgotten");
    server.stop()
}
