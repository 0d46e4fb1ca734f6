//! What is on its way to patients by WhatsApp: one row a part of a message, in the order it was written.

use jiff::Timestamp;
use rusqlite::{Row, Transaction, params};

use super::{
    StoreError,
    rows::{all, millis, one, time, time_or_none, word},
};
use crate::domain::{ConversationId, Delivery, MessageId};

/// A part that may be sent now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// Its row.
    pub id: i64,
    /// The message that it is part of.
    pub message: MessageId,
    /// The thread.
    pub conversation: ConversationId,
    /// Which part, from 0.
    pub part: u32,
    /// Its words.
    pub text: String,
    /// The id that it has at WhatsApp.
    pub whatsapp_id: String,
    /// How often it was given to the socket.
    pub attempts: u32,
    /// The patient's message that it answers; `None` for what staff wrote.
    pub answers: Option<MessageId>,
    /// Whether it tells a patient what to do in an emergency.
    pub emergency: bool,
    /// It may be sent from then on.
    pub not_before: Timestamp,
}

/// How far a message has come, after one of its parts did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    /// The thread.
    pub conversation: ConversationId,
    /// The message.
    pub message: MessageId,
    /// The part that has come least far.
    pub delivery: Delivery,
}

/// Writes a message's parts, each with its id.
pub fn put(
    tx: &Transaction<'_>,
    conversation: ConversationId,
    message: MessageId,
    parts: impl IntoIterator<Item = (String, String)>,
    at: Timestamp,
) -> Result<(), StoreError> {
    let mut insert = tx.prepare_cached(
        "INSERT INTO outbox (message_id, conversation_id, part, text, whatsapp_id, not_before, changed_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)",
    )?;
    for (part, (text, whatsapp_id)) in parts.into_iter().enumerate() {
        insert.execute(params![message.0, conversation.0, part as i64, text, whatsapp_id, millis(at)])?;
    }
    Ok(())
}

const DUE_COLUMNS: &str =
    "o.id, o.message_id, o.conversation_id, o.part, o.text, o.whatsapp_id, o.attempts, m.reply_to,
                           m.outcome IS 'emergency', o.not_before";

/// What may be sent now: of each conversation the oldest open part, if its time has come. Emergencies first, then the
/// oldest.
pub fn due(tx: &Transaction<'_>, now: Timestamp, limit: u32) -> Result<Vec<Due>, StoreError> {
    let sql = format!(
        "SELECT {DUE_COLUMNS} FROM outbox o JOIN messages m ON m.id = o.message_id
               WHERE o.state IN ('queued', 'sending') AND o.not_before <= ?1
                 AND o.id = (SELECT min(id) FROM outbox e
                             WHERE e.conversation_id = o.conversation_id AND e.state IN ('queued', 'sending'))
               ORDER BY (m.outcome IS 'emergency') DESC, o.id LIMIT ?2"
    );
    all(tx, &sql, params![millis(now), limit], due_of_row)
}

/// A conversation's oldest open part, whether its time has come or not.
pub fn first_open(tx: &Transaction<'_>, conversation: ConversationId) -> Result<Option<Due>, StoreError> {
    let sql = format!(
        "SELECT {DUE_COLUMNS} FROM outbox o JOIN messages m ON m.id = o.message_id
               WHERE o.conversation_id = ?1 AND o.state IN ('queued', 'sending') ORDER BY o.id LIMIT 1"
    );
    one(tx, &sql, [conversation.0], due_of_row)
}

fn due_of_row(row: &Row<'_>) -> Result<Due, StoreError> {
    Ok(Due {
        id: row.get(0)?,
        message: MessageId(row.get(1)?),
        conversation: ConversationId(row.get(2)?),
        part: row.get(3)?,
        text: row.get(4)?,
        whatsapp_id: row.get(5)?,
        attempts: row.get(6)?,
        answers: row.get::<_, Option<i64>>(7)?.map(MessageId),
        emergency: row.get(8)?,
        not_before: time(row.get(9)?)?,
    })
}

/// When the next part may be sent; `None` when nothing is open.
pub fn next_time(tx: &Transaction<'_>) -> Result<Option<Timestamp>, StoreError> {
    let sql = "SELECT min(not_before) FROM outbox o
               WHERE state IN ('queued', 'sending')
                 AND id = (SELECT min(id) FROM outbox e
                           WHERE e.conversation_id = o.conversation_id AND e.state IN ('queued', 'sending'))";
    let next = one(tx, sql, [], |row| time_or_none(row.get(0)?))?;
    Ok(next.flatten())
}

/// How many parts are open.
pub fn count_open(tx: &Transaction<'_>) -> Result<u32, StoreError> {
    let sql = "SELECT count(*) FROM outbox WHERE state IN ('queued', 'sending')";
    Ok(tx.query_row(sql, [], |row| row.get(0))?)
}

/// Notes that a part is being given to the socket, if it is still open. Without an acknowledgement it is due again at
/// `again`.
pub fn sending(tx: &Transaction<'_>, id: i64, again: Timestamp, at: Timestamp) -> Result<bool, StoreError> {
    let changed = tx
        .prepare_cached(
            "UPDATE outbox SET state = 'sending', attempts = attempts + 1, not_before = ?2, changed_at = ?3
         WHERE id = ?1 AND state IN ('queued', 'sending')",
        )?
        .execute(params![id, millis(again), millis(at)])?;
    Ok(changed > 0)
}

/// What was given to a socket that is gone is due again at once: its acknowledgement can't come any more.
pub fn due_again(tx: &Transaction<'_>, at: Timestamp) -> Result<usize, StoreError> {
    Ok(tx
        .prepare_cached("UPDATE outbox SET not_before = ?1 WHERE state = 'sending' AND not_before > ?1")?
        .execute([millis(at)])?)
}

/// How often an open part was given to the socket.
pub fn attempts(tx: &Transaction<'_>, whatsapp_id: &str) -> Result<Option<u32>, StoreError> {
    one(tx, "SELECT attempts FROM outbox WHERE whatsapp_id = ?1", [whatsapp_id], |row| Ok(row.get(0)?))
}

/// Puts a part back: it is due again at `again`.
pub fn retry(
    tx: &Transaction<'_>,
    whatsapp_id: &str,
    again: Timestamp,
    error: &str,
    at: Timestamp,
) -> Result<Option<Moved>, StoreError> {
    let sql = "UPDATE outbox SET state = 'queued', not_before = ?2, error = ?3, changed_at = ?4
               WHERE whatsapp_id = ?1 AND state IN ('queued', 'sending') RETURNING conversation_id, message_id";
    moved(tx, sql, params![whatsapp_id, millis(again), error, millis(at)])
}

/// Gives up an open part.
pub fn fail(
    tx: &Transaction<'_>,
    whatsapp_id: &str,
    error: &str,
    at: Timestamp,
) -> Result<Option<Moved>, StoreError> {
    let sql = "UPDATE outbox SET state = 'failed', error = ?2, changed_at = ?3
               WHERE whatsapp_id = ?1 AND state IN ('queued', 'sending') RETURNING conversation_id, message_id";
    moved(tx, sql, params![whatsapp_id, error, millis(at)])
}

/// Moves a part forward; one that has come further, or was given up, stays.
pub fn reached(
    tx: &Transaction<'_>,
    whatsapp_id: &str,
    delivery: Delivery,
    at: Timestamp,
) -> Result<Option<Moved>, StoreError> {
    let before: &str = match delivery {
        Delivery::Sent => "'queued', 'sending'",
        Delivery::Delivered => "'queued', 'sending', 'sent'",
        Delivery::Read => "'queued', 'sending', 'sent', 'delivered'",
        Delivery::Failed | Delivery::Queued | Delivery::Sending => return Ok(None),
    };
    let sql = format!(
        "UPDATE outbox SET state = ?2, error = NULL, changed_at = ?3
         WHERE whatsapp_id = ?1 AND state IN ({before}) RETURNING conversation_id, message_id"
    );
    moved(tx, &sql, params![whatsapp_id, delivery.as_str(), millis(at)])
}

/// Gives up what the bot wrote and nobody has seen, since staff speak now. An emergency's text still goes out.
pub fn withdraw(
    tx: &Transaction<'_>,
    conversation: ConversationId,
    at: Timestamp,
) -> Result<usize, StoreError> {
    Ok(tx
        .prepare_cached(
            "UPDATE outbox SET state = 'failed', error = 'staff took over', changed_at = ?2
             WHERE conversation_id = ?1 AND state = 'queued' AND attempts = 0
               AND message_id IN (SELECT id FROM messages WHERE author = 'bot' AND staff_name IS NULL
                                    AND outcome IS NOT 'emergency')",
        )?
        .execute(params![conversation.0, millis(at)])?)
}

/// How far a message has come: its part that has come least far; `None` when none goes out by WhatsApp.
pub fn delivery(tx: &Transaction<'_>, message: MessageId) -> Result<Option<Delivery>, StoreError> {
    let states = all(tx, "SELECT state FROM outbox WHERE message_id = ?1", [message.0], |row| {
        word::<Delivery>(&row.get::<_, String>(0)?)
    })?;
    Ok(states.into_iter().min())
}

fn moved(
    tx: &Transaction<'_>,
    sql: &str,
    params: impl rusqlite::Params,
) -> Result<Option<Moved>, StoreError> {
    let found = one(tx, sql, params, |row| Ok((ConversationId(row.get(0)?), MessageId(row.get(1)?))))?;
    let Some((conversation, message)) = found else { return Ok(None) };
    let delivery = delivery(tx, message)?.unwrap_or(Delivery::Queued);
    Ok(Some(Moved { conversation, message, delivery }))
}
