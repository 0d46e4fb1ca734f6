//! What waits in a WhatsApp conversation is answered once, when the patient has stopped typing: three short messages
//! are one question.
//!
//! A conversation that was woken has one task: it waits until the patient is quiet ([`Quiet`]), answers everything that
//! waits with one reply, looks again, and ends. What comes in while an answer is made starts it anew, until the patience
//! with that patient is spent. An emergency waits for nobody.

use std::{collections::HashMap, sync::Arc, time::Duration};

use jiff::Timestamp;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use tokio::{
    sync::Notify,
    time::{Instant, sleep_until},
};

use super::{
    ChatError, ChatService,
    answering::{Waiting, has_red_flag, is_emergency},
    incoming::MAX_TEXT_CHARS,
    speaking::{Asked, Verdict},
};
use crate::{
    assistant::Assistant,
    domain::{Author, ConversationId, Handling, MessageId, MessageKind, Turn},
    store::{
        contacts,
        messages::{self, PendingMessage},
    },
};

/// How often a patient who sends voice notes or pictures is asked to type.
const ASK_TO_TYPE_EVERY: Duration = Duration::from_secs(24 * 60 * 60);

/// The wait after what waits could not be answered because the database refused.
const AGAIN: Duration = Duration::from_secs(5);

/// How long a patient may go on typing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quiet {
    /// So long after the last message, or the last sign of typing, the patient has ended.
    pub after: Duration,
    /// So long after the first message an answer is made in any case.
    pub at_most: Duration,
}

impl Default for Quiet {
    fn default() -> Self {
        Self { after: Duration::from_secs(3), at_most: Duration::from_secs(15) }
    }
}

/// The conversations with a task of their own.
#[derive(Clone, Default)]
pub(super) struct Bursts {
    open: Arc<Mutex<HashMap<ConversationId, Arc<Burst>>>>,
}

/// One conversation's task, as others see it.
#[derive(Default)]
pub(super) struct Burst {
    /// Something came in.
    news: Notify,
    heard: Mutex<Heard>,
}

#[derive(Clone, Copy, Default)]
struct Heard {
    /// When the patient last wrote or typed.
    last: Option<Instant>,
    /// Whether something came in since the task last looked.
    fresh: bool,
}

impl Burst {
    fn hear(&self) {
        *self.heard.lock() = Heard { last: Some(Instant::now()), fresh: true };
        self.news.notify_one();
    }

    fn last(&self) -> Instant {
        self.heard.lock().last.unwrap_or_else(Instant::now)
    }
}

impl ChatService {
    /// Sees to it that what waits in a conversation is answered when the patient is quiet. Costs nothing to call again.
    pub fn wake(&self, conversation: ConversationId) {
        let mut open = self.inner.bursts.open.lock();
        if let Some(burst) = open.get(&conversation) {
            burst.hear();
            return;
        }
        let burst = Arc::new(Burst::default());
        burst.hear();
        open.insert(conversation, Arc::clone(&burst));
        drop(open);
        let service = self.clone();
        self.in_background(async move {
            while let Err(error) = service.answer_bursts(conversation, &burst).await {
                if matches!(error, ChatError::Starting) {
                    let mut open = service.inner.bursts.open.lock();
                    if service.is_started() {
                        continue;
                    }
                    // What waits is woken once there is an assistant.
                    open.remove(&conversation);
                    return;
                }
                if !matches!(error, ChatError::Stopping) {
                    tracing::error!(%conversation, %error, "messages wait for their answer and are tried again");
                }
                tokio::select! {
                    () = tokio::time::sleep(AGAIN) => {}
                    // Nobody else answers in it any more.
                    () = service.stops() => return,
                }
            }
        });
    }

    /// The patient at this WhatsApp address is typing: a burst that waits, waits on.
    ///
    /// # Errors
    /// [`ChatError::Store`].
    pub async fn patient_types_at(&self, chat: String) -> Result<(), ChatError> {
        if self.inner.bursts.open.lock().is_empty() {
            return Ok(());
        }
        let found = self.inner.store.glance(|tx| contacts::at(tx, &chat))?;
        let open = self.inner.bursts.open.lock();
        if let Some(burst) = found.and_then(|conversation| open.get(&conversation)) {
            burst.heard.lock().last = Some(Instant::now());
        }
        Ok(())
    }

    /// Answers burst after burst, until nothing waits.
    async fn answer_bursts(&self, conversation: ConversationId, burst: &Burst) -> Result<(), ChatError> {
        loop {
            burst.heard.lock().fresh = false;
            let pending = self.waiting_in(conversation)?;
            if !pending.is_empty() {
                let patience = Instant::now() + self.inner.settings.load().quiet.at_most;
                let pending = self.until_quiet(conversation, burst, pending, patience).await?;
                let _turn = self.inner.lanes.enter(conversation).await;
                self.answer_burst(conversation, burst, pending, patience).await?;
            }
            // Whoever wakes it from here on starts a new task.
            let mut open = self.inner.bursts.open.lock();
            if !burst.heard.lock().fresh {
                open.remove(&conversation);
                return Ok(());
            }
        }
    }

    /// Waits until the patient is quiet, and gives what waits then.
    async fn until_quiet(
        &self,
        conversation: ConversationId,
        burst: &Burst,
        mut pending: Vec<PendingMessage>,
        patience: Instant,
    ) -> Result<Vec<PendingMessage>, ChatError> {
        let (Quiet { after, .. }, assistant) = (self.inner.settings.load().quiet, self.assistant()?);
        let mut compared = 0;
        loop {
            // The rules need no model, so that no queue stands before an emergency that they see.
            if pending.iter().any(|message| has_red_flag(&assistant, &message.text)) {
                return Ok(pending);
            }
            let until = (burst.last() + after).min(patience);
            if until <= Instant::now() {
                return Ok(pending);
            }
            tokio::select! {
                urgent = is_any_emergency(&assistant, pending.get(compared..).unwrap_or_default()),
                    if compared < pending.len() =>
                {
                    if urgent {
                        return Ok(pending);
                    }
                    compared = pending.len();
                }
                // A sign of typing may have moved it by then.
                () = sleep_until(until) => {}
                () = burst.news.notified() => {
                    let now = self.waiting_in(conversation)?;
                    if !now.starts_with(&pending) {
                        // One was edited or taken back.
                        compared = 0;
                    }
                    pending = now;
                }
                () = self.stops() => return Err(ChatError::Stopping),
            }
        }
    }

    /// Answers what waits with one reply; anew when something comes in meanwhile. Only the thinking is broken off: what is
    /// being written down is written to its end.
    async fn answer_burst(
        &self,
        conversation: ConversationId,
        burst: &Burst,
        mut pending: Vec<PendingMessage>,
        patience: Instant,
    ) -> Result<(), ChatError> {
        let since = std::time::Instant::now();
        loop {
            if self.stopping() {
                return Err(ChatError::Stopping);
            }
            let Some(mut waiting) = self.waiting(asked(conversation, &pending), joined(&pending)).await?
            else {
                return Ok(());
            };
            waiting.question.history.extend(quoted(&pending));
            let thought = {
                let thinking = self.verdict_on(&pending, &waiting);
                tokio::pin!(thinking);
                loop {
                    tokio::select! {
                        biased;
                        verdict = &mut thinking => break Ok(verdict?),
                        () = burst.news.notified(), if Instant::now() < patience => {
                            let now = self.waiting_in(conversation)?;
                            if now != pending {
                                break Err(now);
                            }
                        }
                    }
                }
            };
            match thought {
                Ok(verdict) => return self.conclude(waiting.asked, verdict, since).await,
                Err(now) if now.is_empty() => return Ok(()),
                Err(now) => pending = self.until_quiet(conversation, burst, now, patience).await?,
            }
        }
    }

    async fn verdict_on(&self, pending: &[PendingMessage], waiting: &Waiting) -> Result<Verdict, ChatError> {
        let assistant = self.assistant()?;
        let events = self.events();
        if waiting.handling == Handling::Bot && !pending.iter().any(|message| message.has_words) {
            let conversation = waiting.asked.conversation;
            let since = Timestamp::now() - ASK_TO_TYPE_EVERY;
            let asked = self
                .inner
                .store
                .read(move |tx| messages::asked_to_type_since(tx, conversation, since))
                .await?;
            return Ok(if asked {
                Verdict::Note
            } else {
                Verdict::Say(assistant.please_type(&waiting.question))
            });
        }
        if waiting.handling == Handling::Bot && waiting.question.text.chars().count() > MAX_TEXT_CHARS {
            let emergency = is_emergency(&assistant, &waiting.question.text).await;
            if !emergency {
                return Ok(Verdict::Say(assistant.too_long(&waiting.question)));
            }
        }
        Ok(self.verdict(&assistant, waiting, events).await)
    }

    fn waiting_in(&self, conversation: ConversationId) -> Result<Vec<PendingMessage>, ChatError> {
        Ok(self.inner.store.glance(|tx| messages::pending_of(tx, conversation))?)
    }
}

/// Whether one of the messages may not wait.
async fn is_any_emergency(assistant: &Assistant, messages: &[PendingMessage]) -> bool {
    for message in messages {
        if is_emergency(assistant, &message.text).await {
            return true;
        }
    }
    false
}

/// What a burst's reply answers.
fn asked(conversation: ConversationId, pending: &[PendingMessage]) -> Asked {
    let mut earlier: Vec<MessageId> = pending.iter().map(|message| message.id).collect();
    let last = earlier.pop().unwrap_or(MessageId(0));
    let unread = pending.iter().find(|message| message.kind != MessageKind::Text).map(|message| message.id);
    Asked { conversation, earlier, last, unread }
}

/// What the burst's last quotation says, as if it had just been said: a question about it is one that goes on.
fn quoted(pending: &[PendingMessage]) -> Option<Turn> {
    let text = pending.iter().rev().find_map(|message| message.quoted.clone())?;
    Some(Turn { author: Author::Patient, text })
}

/// The words of a burst, a line a message.
fn joined(pending: &[PendingMessage]) -> String {
    let with_words = pending.iter().filter(|message| message.has_words);
    with_words.map(|message| message.text.as_str()).collect::<Vec<_>>().join("\n")
}
