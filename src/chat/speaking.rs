//! Whether the assistant may speak, and the one transaction that says or keeps silent.

use jiff::Timestamp;
use rusqlite::Transaction;

use crate::{
    domain::{Answer, Conversation, ConversationId, Event, Flag, Handling, Intent, MessageId, Outcome},
    store::{StoreError, conversations, flags, messages},
};

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
    conversation: ConversationId,
    message: MessageId,
    verdict: Verdict,
    at: Timestamp,
) -> Result<Option<Concluded>, StoreError> {
    let Some(before) = conversations::get(tx, conversation)? else { return Ok(None) };
    let verdict = match verdict {
        Verdict::Say(answer) => {
            if may_say(before.handling, &answer, messages::staff_wrote_after(tx, conversation, message)?) {
                Verdict::Say(answer)
            } else {
                Verdict::KeepSilent { emergency: answer.outcome == Outcome::Emergency, intent: answer.intent }
            }
        }
        silent => silent,
    };
    let outcome = match &verdict {
        Verdict::Say(answer) => answer.outcome,
        Verdict::KeepSilent { .. } => Outcome::BotOff,
    };
    if !messages::settle(tx, message, outcome)? {
        return Ok(None);
    }
    let events = match verdict {
        Verdict::Say(answer) => say(tx, &before, message, &answer, at)?,
        Verdict::KeepSilent { emergency, intent } => {
            keep_silent(tx, &before, message, emergency, intent, at)?
        }
    };
    Ok(Some(Concluded { outcome, events }))
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
    events.extend(change_handling(tx, conversation, handling)?);
    Ok(events)
}

fn keep_silent(
    tx: &Transaction<'_>,
    before: &Conversation,
    message: MessageId,
    emergency: bool,
    intent: Option<Intent>,
    at: Timestamp,
) -> Result<Vec<Event>, StoreError> {
    let conversation = before.id;
    let mut events = Vec::new();
    conversations::count_unanswered(tx, conversation)?;
    if emergency {
        conversations::alert(tx, conversation, true, true)?;
        flags::raise(tx, conversation, message, Flag::Emergency, at)?;
        events.push(Event::Flagged { conversation, flag: Flag::Emergency });
    }
    // A STOP is heard even while staff hold the conversation; a MULAI does not take it from them.
    if intent == Some(Intent::Stop) {
        events.extend(change_handling(tx, conversation, Handling::Stopped)?);
    }
    Ok(events)
}

fn change_handling(
    tx: &Transaction<'_>,
    conversation: ConversationId,
    handling: Handling,
) -> Result<Option<Event>, StoreError> {
    let changed = conversations::set_handling(tx, conversation, handling)?;
    Ok(changed.then_some(Event::HandlingChanged { conversation, handling }))
}
