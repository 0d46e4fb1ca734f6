//! The pages in a real Chromium, against the real binary with the small models: each scenario is a script that drives the
//! browser as staff would, and fails where the page does not do what it should.

#[path = "../support/hospital.rs"]
#[expect(dead_code, reason = "shared with tests that use more of it")]
mod installed;

use std::{
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};
use installed::Hospital;

/// The password of every account here.
const PASSWORD: &str = "empat kuda biru berlari";

/// Runs a scenario: `tests/dashboard/NAME.mjs`, with a server, a token and three accounts.
fn plays(name: &str) -> Result<()> {
    let hospital = Hospital::open_warm()?;
    for (account, role) in [("ayu", "administrator"), ("sari", "agent"), ("tono", "viewer")] {
        hospital.run_with_input(&["user", "add", account, "--role", role, "--password-stdin"], PASSWORD)?;
    }
    let token = hospital.token("patients")?;
    // A scenario writes faster than a patient, and is no machine that the bot should fall silent for.
    let server = hospital.serve_with(&[("SATUBUMI__WHATSAPP__MOST_REPLIES", "1000")])?;
    let script =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dashboard").join(name).with_extension("mjs");
    let played = Command::new("node")
        .arg(script)
        .env("SATUBUMI_ADDRESS", server.address())
        .env("SATUBUMI_TOKEN", &token)
        .env("SATUBUMI_PASSWORD", PASSWORD)
        .stdin(Stdio::null())
        .status()
        .context("node")?;
    ensure!(played.success(), "{name}: see above");
    Ok(())
}

#[test]
fn staff_sign_in_and_out_and_nobody_else_gets_in() -> Result<()> {
    plays("signing_in")
}

#[test]
fn what_happens_shows_up_without_a_reload() -> Result<()> {
    plays("live")
}

#[test]
fn staff_take_over_answer_note_and_hand_back() -> Result<()> {
    plays("conversation")
}

#[test]
fn staff_keep_labels_drafts_and_canned_replies_and_see_each_other() -> Result<()> {
    plays("desk")
}

#[test]
fn administrators_set_the_bot_accounts_and_keys() -> Result<()> {
    plays("settings")
}

#[test]
fn every_page_is_usable_by_everybody() -> Result<()> {
    plays("accessible")
}

#[test]
fn what_the_hospital_has_written_is_changed_tried_out_and_put_back() -> Result<()> {
    plays("knowledge")
}

#[test]
fn s06_nothing_that_anybody_writes_runs_as_a_script() -> Result<()> {
    plays("no_scripts")
}

#[test]
fn figures_and_charts_move_as_messages_arrive() -> Result<()> {
    plays("figures")
}

/// The official Socket.IO client as an independent peer, with a session's cookie.
#[test]
fn a_session_hears_every_event_over_both_transports() -> Result<()> {
    plays("peer")
}
