//! Whether the assistant may speak, and the one transaction that says or keeps silent.

use jiff::Timestamp;
use rusqlite::Transaction;

use super::{Limit, outgoing};
use crate::{
    domain::{Answer, Conversation, ConversationId, Event, Flag, Handling, Intent, MessageId, Outcome},
    store::{StoreError, conversations, flags, messages, outbox},
};

/// What one reply answers: a message, and those of the same burst before it.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) conversation: ConversationId,
    /// Of the same burst, oldest first.
    pub(super) earlier: Vec<MessageId>,
    /// The one that the reply hangs on.
    pub(super) last: MessageId,
    /// One that came with a file: nobody has read that yet.
    pub(super) unread: Option<MessageId>,
}

impl Asked {
    /// One message.
    pub(super) fn alone(conversation: ConversationId, message: MessageId) -> Self {
        Self { conversation, earlier: Vec::new(), last: message, unread: None }
    }

    /// The oldest.
    pub(super) fn first(&self) -> MessageId {
        self.earlier.first().copied().unwrap_or(self.last)
    }
}

/// What came of a patient's message.
#[derive(Clone, Debug)]
pub(super) enum Verdict {
    /// The assistant has an answer.
    Say(Answer),
    /// The assistant may not speak; staff learn what they must.
    KeepSilent {
        /// Whether the message holds a red flag.
        emergency: bool,
        /// What it asks of the conversation.
        intent: Option<Intent>,
    },
    /// There is nothing to say to it; staff may look.
    Note,
}

/// Whether this answer may be said in a conversation that is handled so.
fn may_say(handling: Handling, answer: &Answer, staff_wrote_since: bool) -> bool {
    let emergency = answer.outcome == Outcome::Emergency;
    match handling {
        Handling::Bot => emergency || !staff_wrote_since,
        Handling::Stopped => emergency || answer.intent == Some(Intent::Start),
        Handling::Staff => false,
    }
}

/// How a message ended, and what to tell once that is committed.
pub(super) struct Concluded {
    pub(super) outcome: Outcome,
    pub(super) events: Vec<Event>,
}

/// Writes what came of a waiting message: outcome, answer, flag, counters, handling. Gives and writes nothing when the
/// message had ended before.
pub(super) fn conclude(
    tx: &Transaction<'_>,
    asked: &Asked,
    verdict: Verdict,
    limit: Limit,
    at: Timestamp,
) -> Result<Option<Concluded>, StoreError> {
    let (conversation, last) = (asked.conversation, asked.last);
    let Some(before) = conversations::get(tx, conversation)? else { return Ok(None) };
    let mut is_loop = false;
    let verdict = match verdict {
        Verdict::Say(answer) => {
            let emergency = answer.outcome == Outcome::Emergency;
            is_loop = !emergency
                && messages::replies_since(tx, conversation, at - limit.within, limit.most)? >= limit.most;
            let staff_wrote = messages::staff_wrote_after(tx, conversation, asked.first())?;
            if may_say(before.handling, &answer, staff_wrote) && !is_loop {
                Verdict::Say(answer)
            } else {
                Verdict::KeepSilent { emergency, intent: answer.intent }
            }
        }
        silent => silent,
    };
    let outcome = match &verdict {
        Verdict::Say(answer) => answer.outcome,
        Verdict::KeepSilent { .. } => Outcome::BotOff,
        Verdict::Note => Outcome::Noted,
    };
    if !messages::settle(tx, last, outcome)? {
        return Ok(None);
    }
    for &earlier in &asked.earlier {
        messages::settle_with(tx, earlier, last, outcome)?;
    }
    let mut events = match verdict {
        Verdict::Say(answer) => say(tx, &before, last, &answer, at)?,
        Verdict::KeepSilent { emergency, intent } => keep_silent(tx, &before, asked, emergency, intent, at)?,
        Verdict::Note => {
            conversations::count_unanswered(tx, conversation)?;
            vec![Event::DeskChanged { conversation }]
        }
    };
    if let Some(unread) = asked.unread {
        events.push(raise(tx, conversation, unread, Flag::NotText, at)?);
    }
    if is_loop && before.handling == Handling::Bot {
        events.push(raise(tx, conversation, last, Flag::Loop, at)?);
        events.extend(change_handling(tx, conversation, Handling::Staff, at)?);
    }
    Ok(Some(Concluded { outcome, events }))
}

/// Raises a flag, and lets the conversation wait for staff.
fn raise(
    tx: &Transaction<'_>,
    conversation: ConversationId,
    message: MessageId,
    flag: Flag,
    at: Timestamp,
) -> Result<Event, StoreError> {
    flags::raise(tx, conversation, message, flag, at)?;
    conversations::alert(tx, conversation, true, false)?;
    Ok(Event::Flagged { conversation, flag })
}

fn say(
    tx: &Transaction<'_>,
    before: &Conversation,
    message: MessageId,
    answer: &Answer,
    at: Timestamp,
) -> Result<Vec<Event>, StoreError> {
    let conversation = before.id;
    let reply = messages::reply(tx, conversation, message, answer, at)?;
    conversations::said_something(tx, conversation, at)?;
    let channel = messages::channel(tx, conversation)?.unwrap_or_default();
    outgoing::put(tx, conversation, reply, channel, &answer.text, at)?;
    let mut events = vec![Event::MessageSent { conversation, message: reply }];
    let emergency = answer.outcome == Outcome::Emergency;
    let needs_staff = emergency
        || answer.flag.is_some()
        || matches!(answer.outcome, Outcome::HandedOver | Outcome::Fallback);
    conversations::alert(tx, conversation, needs_staff, emergency)?;
    if needs_staff || before.waiting {
        conversations::count_unanswered(tx, conversation)?;
    }
    if let Some(flag) = answer.flag {
        flags::raise(tx, conversation, message, flag, at)?;
        events.push(Event::Flagged { conversation, flag });
    }
    let handling = match answer.intent {
        Some(Intent::Stop) => Handling::Stopped,
        Some(Intent::Start) => Handling::Bot,
        None => before.handling,
    };
    events.extend(change_handling(tx, conversation, handling, at)?);
    Ok(events)
}

fn keep_silent(
    tx: &Transaction<'_>,
    before: &Conversation,
    asked: &Asked,
    emergency: bool,
    intent: Option<Intent>,
    at: Timestamp,
) -> Result<Vec<Event>, StoreError> {
    let conversation = before.id;
    let mut events = vec![Event::DeskChanged { conversation }];
    for _ in 0..=asked.earlier.len() {
        conversations::count_unanswered(tx, conversation)?;
    }
    if emergency {
        conversations::alert(tx, conversation, true, true)?;
        flags::raise(tx, conversation, asked.last, Flag::Emergency, at)?;
        events.push(Event::Flagged { conversation, flag: Flag::Emergency });
    }
    // A STOP is heard even while staff hold the conversation; a MULAI does not take it from them.
    if intent == Some(Intent::Stop) {
        events.extend(change_handling(tx, conversation, Handling::Stopped, at)?);
    }
    Ok(events)
}

fn change_handling(
    tx: &Transaction<'_>,
    conversation: ConversationId,
    handling: Handling,
    at: Timestamp,
) -> Result<Option<Event>, StoreError> {
    let changed = conversations::set_handling(tx, conversation, handling)?;
    if changed && handling == Handling::Staff {
        outbox::withdraw(tx, conversation, at)?;
    }
    Ok(changed.then_some(Event::HandlingChanged { conversation, handling }))
}
