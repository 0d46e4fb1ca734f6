//! R6: a full disk. Nothing is acknowledged that is not stored; WhatsApp keeps it until there is room, and no restart is
//! needed.

use std::{
    fs::{self, File},
    io::Write,
    path::Path,
};

use anyhow::{Context, Result};
use rustix::fs::statvfs;

use crate::{
    connected::Connected,
    hospital::{PATIENCE, eventually},
    installed::Server,
};

/// The disk, and what of it has to stay free for messages to be fetched.
const DISK_MEGABYTES: u32 = 128;
const LEAST_FREE: &str = "16";

#[tokio::test(flavor = "multi_thread")]
async fn r06_a_full_disk_acknowledges_nothing_and_goes_on_when_there_is_room() -> Result<()> {
    let connected = Connected::new().await?;
    let token = connected.hospital.token("latihan")?;
    let environment = connected.environment(&[("SATUBUMI__WHATSAPP__LEAST_FREE_MEGABYTES", LEAST_FREE)]);
    let server =
        tokio::task::block_in_place(|| connected.hospital.serve_on_own_disk(DISK_MEGABYTES, &environment))?;
    connected.account.wait_connected(PATIENCE).await?;
    let filler = server.own_disk(&connected.hospital).join("filler");
    let ani = connected.patient(1)?;
    ani.send_text("pertanyaan pertama").await?;
    ani.inbox().wait_for_nth(0, |_| true, PATIENCE).await?;

    // It fills up slowly: below what messages need, nothing is fetched any more.
    fill(&filler, 8 << 20)?;
    until_state(&server, &token, "storage_full").await?;
    ani.send_text("pertanyaan kedua").await?;
    ani.send_text("pertanyaan ketiga").await?;
    connected.account.wait_disconnected(PATIENCE).await?;
    assert_eq!((connected.account.unsettled_messages(), ani.inbox().len()), (2, 1));
    fs::remove_file(&filler)?;
    until_state(&server, &token, "connected").await?;
    ani.inbox().wait_for_nth(1, |_| true, PATIENCE).await?;

    // It is full from one moment to the next, while messages come in.
    fill(&filler, 0)?;
    let budi = connected.patient(2)?;
    for number in 0..5 {
        budi.send_text(&format!("pertanyaan nomor {number}")).await?;
    }
    until_state(&server, &token, "storage_full").await?;
    fs::remove_file(&filler)?;
    until_state(&server, &token, "connected").await?;
    for (phone, wanted) in [(ani.phone(), 3), (budi.phone(), 5)] {
        let path = format!("/admin/chats/{phone}?limit=200");
        let all_answered = async || {
            let chat = tokio::task::block_in_place(|| server.get(&token, &path))?;
            let messages = chat["messages"].as_array().context("messages")?;
            let patient: Vec<_> = messages.iter().filter(|message| message["author"] == "patient").collect();
            Ok(patient.len() == wanted && patient.iter().all(|message| !message["outcome"].is_null()))
        };
        eventually(all_answered).await.with_context(|| format!("{wanted} messages of one patient"))?;
    }
    assert_eq!(connected.account.unsettled_messages(), 0);
    server.stop()
}

/// Fills the disk up to so many free bytes.
fn fill(filler: &Path, free: u64) -> Result<()> {
    let mut file = File::create(filler)?;
    loop {
        let disk = statvfs(filler)?;
        let left = (disk.f_bavail * disk.f_frsize).saturating_sub(free);
        if left == 0 {
            return Ok(());
        }
        let step = vec![0; left.min(1 << 20) as usize];
        if file.write_all(&step).is_err() {
            // Somebody else took the last of it.
            return Ok(());
        }
    }
}

async fn until_state(server: &Server, token: &str, state: &str) -> Result<()> {
    let is_so = async || {
        let status = tokio::task::block_in_place(|| server.get(token, "/whatsapp/status"))?;
        Ok(status["state"] == state)
    };
    eventually(is_so).await.with_context(|| format!("the state {state}"))
}
