//! A question that staff try out: answered as a patient's would be, and kept nowhere.

use std::panic::AssertUnwindSafe;

use futures::FutureExt;
use jiff::Timestamp;

use super::{ChatError, ChatService, MessageText};
use crate::{
    assistant::Question,
    domain::{Author, Trial, Turn},
};

impl ChatService {
    /// Tries a question out, after another one if there was one. It waits for the assistant as patients' questions do, a few
    /// at most, and touches no conversation and no counter.
    ///
    /// # Errors
    /// [`ChatError::Starting`], [`ChatError::TooMany`], and [`ChatError::BrokenOff`] when the assistant failed; it is in the
    /// log.
    pub async fn try_out(&self, text: MessageText, after: Option<MessageText>) -> Result<Trial, ChatError> {
        let assistant = self.assistant()?;
        let _place = self.inner.trials.try_acquire().map_err(|_| ChatError::TooMany)?;
        let _slot = self.inner.slots.acquire().await.map_err(|_| ChatError::Stopping)?;
        let said = |text: &MessageText| Turn { author: Author::Patient, text: text.as_str().to_owned() };
        let at = Timestamp::now().to_zoned(self.inner.options.time_zone.clone());
        let question = Question {
            text: text.as_str().to_owned(),
            history: after.as_ref().map(said).into_iter().collect(),
            first_contact: false,
            // Nothing stands around the text, whoever is there.
            staff_are_there: true,
            at,
        };
        match AssertUnwindSafe(assistant.try_out(&question)).catch_unwind().await {
            Ok(Ok(trial)) => Ok(trial),
            Ok(Err(error)) => {
                tracing::error!(%error, "a question could not be tried out");
                Err(ChatError::BrokenOff)
            }
            Err(_) => {
                tracing::error!("the assistant panicked at a question that was tried out");
                Err(ChatError::BrokenOff)
            }
        }
    }
}
