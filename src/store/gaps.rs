//! Gaps: what patients asked and the hospital's texts do not answer.

use jiff::Timestamp;
use rusqlite::{Transaction, params};

use super::{
    StoreError,
    rows::{all, millis, one, time},
};
use crate::domain::{ConversationId, MessageId};

/// A question that found nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The patient's message; the last one of a burst.
    pub message: MessageId,
    /// The thread.
    pub conversation: ConversationId,
    /// What was asked, the whole burst.
    pub text: String,
    /// When.
    pub at: Timestamp,
}

/// What staff did about a gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closing {
    /// There is an approved answer now.
    Answered,
    /// No answer is wanted.
    Ignored,
}

impl Closing {
    fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Ignored => "ignored",
        }
    }
}

/// The newest `limit` gaps that nobody has closed, newest first.
pub fn open(tx: &Transaction<'_>, limit: u32) -> Result<Vec<Gap>, StoreError> {
    let sql = "SELECT m.id, m.conversation_id, m.at, m.text,
                      (SELECT group_concat(text, char(10)) FROM
                           (SELECT text FROM messages WHERE conversation_id = m.conversation_id
                                AND answered_with = m.id AND deleted_at IS NULL ORDER BY id))
               FROM flags f INDEXED BY flags_not_found JOIN messages m ON m.id = f.message_id
               WHERE f.reason = 'not_found' AND m.author = 'patient' AND m.has_words = 1 AND m.deleted_at IS NULL
                 AND NOT EXISTS (SELECT 1 FROM closed_gaps WHERE message_id = m.id)
               ORDER BY f.id DESC LIMIT ?1";
    all(tx, sql, [limit], |row| {
        let (last, before): (String, Option<String>) = (row.get(3)?, row.get(4)?);
        Ok(Gap {
            message: MessageId(row.get(0)?),
            conversation: ConversationId(row.get(1)?),
            at: time(row.get(2)?)?,
            text: before.map_or_else(|| last.clone(), |before| format!("{before}\n{last}")),
        })
    })
}

/// Closes gaps; messages that are none are passed over. Gives how many there were.
pub fn close(
    tx: &Transaction<'_>,
    messages: &[MessageId],
    how: Closing,
    staff_name: &str,
    at: Timestamp,
) -> Result<usize, StoreError> {
    let mut closing = tx.prepare_cached(
        "INSERT INTO closed_gaps (message_id, how, staff_name, at)
         SELECT message_id, ?2, ?3, ?4 FROM flags WHERE message_id = ?1 AND reason = 'not_found' LIMIT 1
         ON CONFLICT DO NOTHING",
    )?;
    let mut closed = 0;
    for message in messages {
        closed += closing.execute(params![message.0, how.as_str(), staff_name, millis(at)])?;
    }
    Ok(closed)
}

/// A patient's question and what was said to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// The thread.
    pub conversation: ConversationId,
    /// The patient's message.
    pub question: String,
    /// What staff wrote next, else what the bot answered from the hospital's texts; empty where neither did.
    pub answer: String,
}

/// The exchange that a message belongs to: a patient's question, or an answer of the bot's or of staff's.
pub fn exchange(tx: &Transaction<'_>, message: MessageId) -> Result<Option<Exchange>, StoreError> {
    let sql =
        "SELECT conversation_id, author, text, reply_to FROM messages WHERE id = ?1 AND deleted_at IS NULL";
    let found = one(tx, sql, [message.0], |row| {
        Ok((
            row.get::<_, i64>(0)?,
            row.get::<_, String>(1)?,
            row.get::<_, String>(2)?,
            row.get::<_, Option<i64>>(3)?,
        ))
    })?;
    let Some((conversation, author, text, reply_to)) = found else { return Ok(None) };
    let text_of =
        |sql: &str, of: i64| one(tx, sql, params![conversation, of], |row| Ok(row.get::<_, String>(0)?));
    let (question, answer) = if author == "patient" {
        // Up to the patient's next message, so that an answer to something else is not taken.
        let staff =
            "SELECT text FROM messages WHERE conversation_id = ?1 AND id > ?2 AND staff_name IS NOT NULL
                         AND deleted_at IS NULL ORDER BY id LIMIT 1";
        let bot = "SELECT text FROM messages WHERE conversation_id = ?1 AND reply_to = ?2
                       AND outcome IN ('answered', 'approved', 'quoted')";
        let answer = match text_of(staff, message.0)? {
            Some(written) => Some(written),
            None => text_of(bot, message.0)?,
        };
        (text, answer.unwrap_or_default())
    } else {
        let asked = match reply_to {
            Some(asked) => {
                text_of("SELECT text FROM messages WHERE conversation_id = ?1 AND id = ?2", asked)?
            }
            None => text_of(
                "SELECT text FROM messages WHERE conversation_id = ?1 AND id < ?2 AND author = 'patient'
                     AND has_words = 1 AND deleted_at IS NULL ORDER BY id DESC LIMIT 1",
                message.0,
            )?,
        };
        (asked.unwrap_or_default(), text)
    };
    Ok(Some(Exchange { conversation: ConversationId(conversation), question, answer }))
}
