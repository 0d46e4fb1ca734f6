//! The conversation: lines become messages, and what comes back becomes lines.

use std::{pin::Pin, time::Duration};

use anyhow::Result;
use tokio::time::Instant;
use whatsapp_loopback::{ChatState, Patient, PatientEvent, Tick};

use crate::{child::Child, terminal::Terminal, words::Words};

/// An answer is over when nothing more has come for so long.
const PAUSE: Duration = Duration::from_secs(3);
/// How long a script waits for an answer.
const PATIENCE: Duration = Duration::from_secs(180);

/// Runs until the input ends and its last question is answered, or until the demo is told to end.
pub async fn run(
    patient: &Patient,
    words: &Words,
    terminal: &Terminal,
    child: &mut Child,
    mut told: Pin<&mut impl Future<Output = Result<()>>>,
) -> Result<()> {
    let mut lines = terminal.lines();
    let mut shown = 0;
    // Until when a script waits before it asks on. Somebody who types asks when they like.
    let mut waits: Option<Wait> = None;
    terminal.prompt(words.you);
    loop {
        let listens = terminal.is_typed() || waits.is_none();
        let until = waits.as_ref().map_or_else(Instant::now, |wait| wait.until);
        tokio::select! {
            () = patient.events().grown(shown) => {
                for event in patient.events().since(shown) {
                    shown += 1;
                    show(&event, words, terminal);
                    if let Some(wait) = &mut waits {
                        wait.heard(&event);
                    }
                }
            }
            line = lines.recv(), if listens => {
                let Some(line) = line else { break };
                let question = line.trim();
                if question.is_empty() {
                    continue;
                }
                if !terminal.is_typed() {
                    terminal.says(words.you, question);
                    waits = Some(Wait::begin());
                }
                patient.send_text(question).await?;
            }
            () = tokio::time::sleep_until(until), if waits.is_some() => {
                if waits.take().is_some_and(|wait| !wait.answered) {
                    terminal.line(words.no_answer);
                }
            }
            ended = child.ended() => return ended,
            told = told.as_mut() => return told,
        }
    }
    Ok(())
}

/// A script's waiting for an answer.
struct Wait {
    until: Instant,
    answered: bool,
}

impl Wait {
    fn begin() -> Self {
        Self { until: Instant::now() + PATIENCE, answered: false }
    }

    fn heard(&mut self, event: &PatientEvent) {
        match event {
            PatientEvent::Message(_) => {
                self.answered = true;
                self.until = Instant::now() + PAUSE;
            }
            PatientEvent::ChatState(ChatState::Composing) => self.until = Instant::now() + PATIENCE,
            PatientEvent::ChatState(_) if self.answered => self.until = Instant::now() + PAUSE,
            _ => {}
        }
    }
}

fn show(event: &PatientEvent, words: &Words, terminal: &Terminal) {
    match event {
        PatientEvent::Tick { tick: Tick::Sent, .. } => terminal.line(&format!("  ✓  {}", words.sent)),
        PatientEvent::Tick { tick: Tick::Delivered, .. } => {
            terminal.line(&format!("  ✓✓ {}", words.delivered))
        }
        PatientEvent::Tick { .. } => terminal.blue(&format!("  ✓✓ {}", words.read)),
        PatientEvent::ChatState(ChatState::Composing) => {
            terminal.line(&format!("  {} {}", words.hospital, words.typing));
        }
        PatientEvent::ChatState(ChatState::Recording) => {
            terminal.line(&format!("  {} {}", words.hospital, words.recording));
        }
        PatientEvent::Message(received) => {
            terminal.says(words.hospital, received.text().unwrap_or(words.no_text));
            terminal.prompt(words.you);
        }
        _ => {}
    }
}
