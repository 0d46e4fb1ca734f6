//! R9: a model that hangs, panics or runs out of memory costs one fallback and a flag, not the server.

use anyhow::Result;

use crate::{
    connected::Connected,
    hospital::{PATIENCE, gets},
};

// A message is embedded twice: to learn whether it may not wait, and for its answer. The second failure is the one that
// the patient notices.

/// From the fallback of the sample replies.
const FALLBACK: &str = "sedang ada gangguan";

#[tokio::test(flavor = "multi_thread")]
async fn r09_a_model_that_panics() -> Result<()> {
    one_fallback("2*panic", "60").await
}

#[tokio::test(flavor = "multi_thread")]
async fn r09_a_model_that_runs_out_of_memory() -> Result<()> {
    one_fallback("2*return", "60").await
}

#[tokio::test(flavor = "multi_thread")]
async fn r09_a_model_that_hangs() -> Result<()> {
    // Twelve seconds hung, of which a patient waits two.
    one_fallback("1*sleep(12000)", "2").await
}

async fn one_fallback(what: &str, patience: &str) -> Result<()> {
    let connected = Connected::new().await?;
    let fail_point = format!("embedder.embed={what}");
    let environment =
        [("FAILPOINTS", fail_point.as_str()), ("SATUBUMI__ASSISTANT__PATIENCE_SECONDS", patience)];
    let server = connected.serve_connected(&environment).await?;
    let (ani, budi, citra) = (connected.patient(1)?, connected.patient(2)?, connected.patient(3)?);
    ani.send_text("apakah ada dokter gigi anak yang praktik malam?").await?;
    gets(&ani, FALLBACK).await?;
    let failures = "SELECT count(*) FROM flags WHERE reason = 'failure'";
    assert_eq!(connected.count(failures, [])?, 1);

    // An emergency needs no model.
    budi.send_text("tolong bapak saya dadanya sakit bgt nembus ke lengan keringetan").await?;
    gets(&budi, "119").await?;

    // The model is back; until then others get a fallback too.
    let mut questions = 0;
    loop {
        questions += 1;
        citra.send_text(&format!("berapa biaya rontgen gigi ke-{questions}?")).await?;
        citra.inbox().wait_for_nth(questions - 1, |_| true, PATIENCE).await?;
        let failed = "SELECT count(*) FROM messages WHERE author = 'bot' AND outcome = 'fallback'
                      AND id = (SELECT max(id) FROM messages WHERE author = 'bot')";
        if connected.count(failed, [])? == 0 {
            break;
        }
        assert!(questions < 30, "the model does not come back");
    }
    server.stop()
}
