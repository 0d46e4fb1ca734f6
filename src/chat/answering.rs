//! A patient's message: stored, asked about, answered once.

use std::{
    panic::AssertUnwindSafe,
    sync::Arc,
    time::{Duration, Instant},
};

use futures::FutureExt;
use jiff::Timestamp;
use tokio::sync::broadcast::{self, error::RecvError};

use super::{
    ChatError, ChatService, Incoming,
    admission::Full,
    speaking::{Asked, Concluded, Verdict, conclude},
};
use crate::{
    assistant::{Assistant, Question},
    domain::{
        Answer, Channel, ConversationId, Event, Handling, Intent, Language, MessageId, Outcome, Timings,
    },
    store::{StoreError, conversations, messages},
};

/// How long a look ahead whether a message may not wait may take. The rules take less than a millisecond; what they do not
/// see waits for the embedder.
const TRIAGE_PATIENCE: Duration = Duration::from_secs(3);

/// A stored message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Received {
    /// The thread.
    pub conversation: ConversationId,
    /// The row.
    pub message: MessageId,
    /// Whether it was not there before.
    pub is_new: bool,
}

/// What came of a message.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// The thread.
    pub conversation: ConversationId,
    /// The patient's message.
    pub message: MessageId,
    /// The id that it came with, or was given.
    pub external_id: String,
    /// The answer; with [`Outcome::BotOff`] its text is empty.
    pub answer: Answer,
}

/// What waits, and what its answer depends on.
pub(super) struct Waiting {
    pub(super) asked: Asked,
    pub(super) handling: Handling,
    pub(super) question: Question,
}

impl ChatService {
    /// Stores and answers a message. The same sender and id again give the same answer, which is made once. The work
    /// goes on when the caller goes away.
    ///
    /// # Errors
    /// [`ChatError::TooManyOfOneSender`] and [`ChatError::TooMany`] (nothing is stored then; emergencies are always
    /// taken), [`ChatError::Starting`], [`ChatError::Stopping`], [`ChatError::Store`].
    pub async fn ask(&self, incoming: Incoming) -> Result<Reply, ChatError> {
        let assistant = self.assistant()?;
        let place = match self.inner.admission.enter(&incoming.sender) {
            Ok(place) => Some(place),
            // It needs no lane and no model, so it is gone from here in milliseconds.
            Err(_) if is_emergency(&assistant, incoming.text.as_str()).await => None,
            Err(Full::Sender) => return Err(ChatError::TooManyOfOneSender),
            Err(Full::Everyone) => return Err(ChatError::TooMany),
        };
        let service = self.clone();
        self.detached(async move {
            let _place = place;
            let received = service.receive(incoming).await?;
            service.settle(&assistant, received.message).await
        })
        .await
    }

    /// Stores a message; one that is known already is left as it is.
    ///
    /// # Errors
    /// [`ChatError::Store`].
    pub async fn receive(&self, incoming: Incoming) -> Result<Received, ChatError> {
        let received = self
            .inner
            .store
            .write(move |tx| {
                let at = Timestamp::now();
                let Incoming { sender, name, text, external_id } = incoming;
                let conversation = conversations::open(tx, sender.as_str(), name.as_deref(), at)?;
                let new = messages::NewMessage::asked(&external_id, text.as_str());
                let (message, is_new) = messages::receive(tx, conversation, &new, at)?;
                if is_new {
                    conversations::said_something(tx, conversation, at)?;
                }
                Ok(Received { conversation, message, is_new })
            })
            .await?;
        if received.is_new {
            let Received { conversation, message, .. } = received;
            self.tell([Event::MessageReceived { conversation, message }]);
        }
        Ok(received)
    }

    /// Answers a stored message, and before it those of its conversation that wait longer. One that has its answer
    /// keeps it.
    ///
    /// # Errors
    /// [`ChatError::NotFound`], [`ChatError::Starting`], [`ChatError::Stopping`], [`ChatError::Store`].
    pub async fn answer(&self, message: MessageId) -> Result<Reply, ChatError> {
        let (service, assistant) = (self.clone(), self.assistant()?);
        self.detached(async move { service.settle(&assistant, message).await }).await
    }

    /// Every message that waits for its answer, oldest first.
    ///
    /// # Errors
    /// [`ChatError::Store`].
    pub async fn pending(&self) -> Result<Vec<(ConversationId, MessageId, Channel)>, ChatError> {
        Ok(self.inner.store.read(messages::pending).await?)
    }

    /// Starts answering what waited when the process last ended. Gives how many messages those are.
    ///
    /// # Errors
    /// [`ChatError::Starting`], [`ChatError::Store`].
    pub async fn resume(&self) -> Result<usize, ChatError> {
        let assistant = self.assistant()?;
        let pending = self.pending().await?;
        for &(conversation, message, channel) in &pending {
            if channel == Channel::Whatsapp {
                self.wake(conversation);
                continue;
            }
            let (service, assistant) = (self.clone(), Arc::clone(&assistant));
            self.in_background(async move {
                if let Err(error) = service.settle(&assistant, message).await {
                    tracing::error!(%message, %error, "a message left from the last run still waits");
                }
            });
        }
        Ok(pending.len())
    }

    /// Sees to it that the message has ended, and gives what came of it.
    async fn settle(&self, assistant: &Assistant, message: MessageId) -> Result<Reply, ChatError> {
        let since = Instant::now();
        let found = self.inner.store.read(move |tx| messages::question(tx, message)).await?;
        let asked = found.ok_or(ChatError::NotFound)?;
        if asked.outcome.is_none() {
            match self.inner.lanes.try_enter(asked.conversation) {
                Some(_turn) => self.answer_up_to(assistant, asked.conversation, message, since).await?,
                None if is_emergency(assistant, &asked.text).await => {
                    self.answer_one(assistant, message, since).await?;
                }
                None => {
                    let _turn = self.inner.lanes.enter(asked.conversation).await;
                    self.answer_up_to(assistant, asked.conversation, message, since).await?;
                }
            }
        }
        self.inner.store.read(move |tx| outcome_of(tx, message)).await?.ok_or(ChatError::BrokenOff)
    }

    /// Answers what waits in a lane, oldest first, `message` last.
    async fn answer_up_to(
        &self,
        assistant: &Assistant,
        conversation: ConversationId,
        message: MessageId,
        since: Instant,
    ) -> Result<(), ChatError> {
        loop {
            let first = self.inner.store.read(move |tx| messages::first_pending(tx, conversation, message));
            let Some(first) = first.await? else { return Ok(()) };
            self.answer_one(assistant, first, since).await?;
        }
    }

    /// Answers one message, if it still waits.
    async fn answer_one(
        &self,
        assistant: &Assistant,
        message: MessageId,
        since: Instant,
    ) -> Result<(), ChatError> {
        if self.stopping() {
            return Err(ChatError::Stopping);
        }
        // From before the conversation is read, so that nothing is missed between.
        let events = self.events();
        let found = self.inner.store.read(move |tx| messages::question(tx, message)).await?;
        let Some(found) = found.filter(|found| found.outcome.is_none()) else { return Ok(()) };
        let asked = Asked::alone(found.conversation, message);
        let Some(waiting) = self.waiting(asked, found.text).await? else { return Ok(()) };
        let verdict = self.verdict(assistant, &waiting, events).await;
        self.conclude(waiting.asked, verdict, since).await
    }

    /// What to say to what waits, if anything.
    pub(super) async fn verdict(
        &self,
        assistant: &Assistant,
        Waiting { asked, handling, question }: &Waiting,
        events: broadcast::Receiver<Event>,
    ) -> Verdict {
        let answer = match handling {
            // What nobody will read is not worked out to its end.
            Handling::Bot => tokio::select! {
                answer = self.ask_assistant(assistant, question) => Some(answer),
                () = self.staff_step_in(events, asked) => None,
            },
            Handling::Staff | Handling::Stopped => None,
        };
        if let Some(answer) = answer {
            return Verdict::Say(answer);
        }
        let emergency = is_emergency(assistant, &question.text).await;
        let intent = assistant.intent(&question.text);
        if *handling != Handling::Staff && (emergency || intent == Some(Intent::Start)) {
            Verdict::Say(self.ask_assistant(assistant, question).await)
        } else {
            Verdict::KeepSilent { emergency, intent }
        }
    }

    /// Writes the verdict down, and tells of it.
    pub(super) async fn conclude(
        &self,
        asked: Asked,
        mut verdict: Verdict,
        since: Instant,
    ) -> Result<(), ChatError> {
        let mut timings = Timings::default();
        if let Verdict::Say(answer) = &mut verdict {
            answer.timings.total = since.elapsed().as_secs_f64() * 1000.0;
            timings = answer.timings;
        }
        let limit = self.inner.options.most_replies;
        let writing = self.inner.store.write(move |tx| {
            let concluded = conclude(tx, &asked, verdict, limit, Timestamp::now());
            fail::fail_point!("reply.before_commit", crate::tasks::die);
            concluded
        });
        let concluded = writing.await?;
        fail::fail_point!("reply.after_commit", crate::tasks::die);
        if let Some(Concluded { outcome, events }) = concluded {
            self.tell(events);
            count(outcome, &timings);
        }
        Ok(())
    }

    /// What waits, with its history; nothing when its conversation is gone.
    pub(super) async fn waiting(&self, asked: Asked, text: String) -> Result<Option<Waiting>, ChatError> {
        let turns = self.inner.options.history_turns;
        let at = Timestamp::now().to_zoned(self.inner.options.time_zone.clone());
        let staff_are_there = self.inner.settings.load().staff_hours.are_open(&at);
        let waiting = self.inner.store.glance(|tx| {
            let Some(conversation) = conversations::get(tx, asked.conversation)? else { return Ok(None) };
            Ok(Some(Waiting {
                handling: conversation.handling,
                question: Question {
                    history: messages::history(tx, conversation.id, asked.first(), turns)?,
                    first_contact: !messages::bot_has_answered(tx, conversation.id)?,
                    text,
                    staff_are_there,
                    at,
                },
                asked,
            }))
        })?;
        Ok(waiting)
    }

    /// Waits until staff take the conversation or write in it, so that the bot may not answer any more.
    async fn staff_step_in(&self, mut events: broadcast::Receiver<Event>, asked: &Asked) {
        let (conversation, first) = (asked.conversation, asked.first());
        loop {
            let concerned = match events.recv().await {
                Ok(
                    Event::HandlingChanged { conversation: of, .. }
                    | Event::MessageSent { conversation: of, .. },
                ) => of == conversation,
                Ok(_) => false,
                Err(RecvError::Lagged(_)) => true,
                // The service holds the sender: this does not end before it does.
                Err(RecvError::Closed) => return std::future::pending().await,
            };
            if !concerned {
                continue;
            }
            let stepped_in = self.inner.store.read(move |tx| {
                let handling = conversations::get(tx, conversation)?.map(|found| found.handling);
                Ok(handling != Some(Handling::Bot) || messages::staff_wrote_after(tx, conversation, first)?)
            });
            // A database that can't be read stops nobody here: the answer's own transaction looks again.
            if stepped_in.await.unwrap_or(false) {
                return;
            }
        }
    }

    /// Asks the assistant, when it has a hand free; an emergency does not wait for one. What breaks inside becomes the
    /// fallback.
    async fn ask_assistant(&self, assistant: &Assistant, question: &Question) -> Answer {
        let slots = &self.inner.slots;
        let _slot = match slots.try_acquire() {
            Ok(slot) => Some(slot),
            Err(_) if is_emergency(assistant, &question.text).await => None,
            Err(_) => slots.acquire().await.ok(),
        };
        fail::fail_point!("answer.thinking", crate::tasks::die);
        match AssertUnwindSafe(assistant.answer(question)).catch_unwind().await {
            Ok(answer) if !answer.text.trim().is_empty() => answer,
            Ok(_) => {
                tracing::error!("the assistant gave an empty answer");
                assistant.fallback(question)
            }
            Err(_) => {
                tracing::error!("the assistant panicked");
                assistant.fallback(question)
            }
        }
    }
}

/// Whether the rules, which ask no model, see an emergency. A panic in them is no reason not to answer.
pub(super) fn has_red_flag(assistant: &Assistant, text: &str) -> bool {
    std::panic::catch_unwind(AssertUnwindSafe(|| assistant.has_red_flag(text))).unwrap_or_else(|_| {
        tracing::error!("the red flags' rules panicked");
        false
    })
}

/// Triage that can't take the message down with it: if it panics or a model hangs, the message goes the usual way, on
/// which it is looked at again.
pub(super) async fn is_emergency(assistant: &Assistant, text: &str) -> bool {
    let triage = AssertUnwindSafe(assistant.is_emergency(text)).catch_unwind();
    match tokio::time::timeout(TRIAGE_PATIENCE, triage).await {
        Ok(Ok(is_emergency)) => is_emergency,
        Ok(Err(_)) => {
            tracing::error!("triage panicked");
            false
        }
        Err(_) => {
            tracing::warn!("triage ahead of the others took too long");
            false
        }
    }
}

/// What came of a message that has ended.
fn outcome_of(tx: &rusqlite::Transaction<'_>, message: MessageId) -> Result<Option<Reply>, StoreError> {
    let Some(asked) = messages::question(tx, message)? else { return Ok(None) };
    let answer = match asked.outcome {
        None => return Ok(None),
        Some(silent @ (Outcome::BotOff | Outcome::Noted)) => silence(silent),
        Some(_) => match messages::reply_to(tx, asked.answered_with.unwrap_or(message))? {
            Some((_, answer)) => answer,
            None => return Ok(None),
        },
    };
    Ok(Some(Reply {
        conversation: asked.conversation,
        message,
        external_id: asked.external_id.unwrap_or_default(),
        answer,
    }))
}

/// What is said where nothing is said.
fn silence(outcome: Outcome) -> Answer {
    Answer {
        text: String::new(),
        outcome,
        language: Language::default(),
        sources: Vec::new(),
        flag: None,
        intent: None,
        timings: Timings::default(),
        rejected: None,
    }
}

/// Counts an outcome and where its time went; a step that was not reached is not counted.
fn count(outcome: Outcome, timings: &Timings) {
    metrics::counter!("satubumi_answers_total", "outcome" => outcome.as_str()).increment(1);
    let Timings { triage, approved, embed, search, read, compose, ground, total } = *timings;
    let steps = [
        ("triage", triage),
        ("approved", approved),
        ("embed", embed),
        ("search", search),
        ("read", read),
        ("compose", compose),
        ("ground", ground),
        ("total", total),
    ];
    for (step, millis) in steps.into_iter().filter(|(_, millis)| *millis > 0.0) {
        metrics::histogram!("satubumi_step_seconds", "step" => step).record(millis / 1000.0);
    }
}
