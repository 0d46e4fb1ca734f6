//! An assistant that plays a script instead of thinking, for the tests of everything around it.

use std::sync::Arc;

use super::Question;
use crate::domain::{Answer, Intent};

/// What a scripted assistant says when its script breaks.
pub(super) const FALLBACK: &str =
    "Maaf, sedang ada gangguan. Pertanyaan Anda sudah saya teruskan kepada petugas.";

/// What it says to what it can't read.
pub(super) const PLEASE_TYPE: &str = "Maaf, saya hanya dapat membaca tulisan. Mohon ketik pertanyaan Anda.";

/// What it says to a message that is too long.
pub(super) const TOO_LONG: &str = "Pesan Anda panjang sekali. Mohon tuliskan pertanyaan utamanya.";

/// What a scripted assistant does.
pub struct Script {
    play: Arc<dyn Fn(&Question) -> Answer + Send + Sync>,
    may_block: bool,
}

impl Script {
    pub(super) fn new(play: impl Fn(&Question) -> Answer + Send + Sync + 'static, may_block: bool) -> Self {
        Self { play: Arc::new(play), may_block }
    }

    /// Plays the script, on a thread of its own if it may block: so a test can hold an answer back. Its panic goes on here.
    pub(super) async fn answer(&self, question: &Question) -> Answer {
        if !self.may_block {
            return (self.play)(question);
        }
        let (script, question) = (Arc::clone(&self.play), question.clone());
        match tokio::task::spawn_blocking(move || script(&question)).await {
            Ok(answer) => answer,
            Err(gone) => match gone.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => std::future::pending().await,
            },
        }
    }

    /// The script's one red flag is breathlessness.
    pub(super) fn is_emergency(text: &str) -> bool {
        text.to_lowercase().contains("sesak")
    }

    /// STOP, MULAI and START, alone in the message.
    pub(super) fn intent(text: &str) -> Option<Intent> {
        match text.trim().to_uppercase().as_str() {
            "STOP" => Some(Intent::Stop),
            "MULAI" | "START" => Some(Intent::Start),
            _ => None,
        }
    }
}
