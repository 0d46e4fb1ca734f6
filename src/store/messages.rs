//! The chat log. A patient's message without an outcome waits for its answer: the table is the queue.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, Transaction, params};

use super::{
    StoreError,
    rows::{all, millis, one, time, time_or_none, unknown, word},
};
use crate::domain::{
    Answer, Author, Channel, ConversationId, Delivery, Media, Message, MessageId, MessageKind, Outcome, Turn,
};

/// How many messages stand between a question and its answer at most, for one to be found in the other's history.
const LATEST_REPLY: u32 = 64;

/// A message with what only staff see.
#[derive(Clone, Debug, PartialEq)]
pub struct LoggedMessage {
    /// The message.
    pub message: Message,
    /// For a bot's answer: the patient's message it answers.
    pub reply_to: Option<MessageId>,
    /// Who of the staff wrote it, also when it was signed as the bot's.
    pub staff_name: Option<String>,
    /// For a bot's answer: sources, timings, and what the model wrote if that was rejected.
    pub answer: Option<Answer>,
}

/// A patient's message on its way to an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredQuestion {
    /// The thread.
    pub conversation: ConversationId,
    /// What the patient wrote.
    pub text: String,
    /// The id it came with.
    pub external_id: Option<String>,
    /// How it ended; `None` while it waits.
    pub outcome: Option<Outcome>,
    /// The later message of its burst whose reply answers it too.
    pub answered_with: Option<MessageId>,
}

/// What a patient sent, on its way into the log.
#[derive(Clone, Copy, Debug)]
pub struct NewMessage<'a> {
    /// The id that makes it this message and no other within the conversation.
    pub external_id: &'a str,
    /// The way it came.
    pub channel: Channel,
    /// What it is.
    pub kind: MessageKind,
    /// Its words, or a short label.
    pub text: &'a str,
    /// Whether `text` is the patient's own words.
    pub has_words: bool,
    /// The words of the message that it quotes.
    pub quoted: Option<&'a str>,
    /// The file that came with it.
    pub media: Option<&'a Media>,
}

impl<'a> NewMessage<'a> {
    /// Words from `/ask`.
    pub fn asked(external_id: &'a str, text: &'a str) -> Self {
        let (channel, kind) = (Channel::Api, MessageKind::Text);
        Self { external_id, channel, kind, text, has_words: true, quoted: None, media: None }
    }
}

/// A message that waits for its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingMessage {
    /// Its row.
    pub id: MessageId,
    /// The way it came.
    pub channel: Channel,
    /// What it is.
    pub kind: MessageKind,
    /// Its words, or a short label.
    pub text: String,
    /// Whether `text` is the patient's own words.
    pub has_words: bool,
    /// The words of the message that it quotes.
    pub quoted: Option<String>,
}

/// Stores a patient's message. A known `external_id` gives the row that is there; the flag says whether it is new.
pub fn receive(
    tx: &Transaction<'_>,
    conversation: ConversationId,
    new: &NewMessage<'_>,
    at: Timestamp,
) -> Result<(MessageId, bool), StoreError> {
    let media = new.media.map(serde_json::to_string).transpose().map_err(|_| unknown("a file's JSON"))?;
    let inserted = tx
        .prepare_cached(
            "INSERT INTO messages (conversation_id, author, channel, kind, text, has_words, quoted, media, external_id, at)
             VALUES (?1, 'patient', ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
             ON CONFLICT (conversation_id, external_id) WHERE external_id IS NOT NULL DO NOTHING
             RETURNING id",
        )?
        .query_row(
            params![
                conversation.0,
                new.channel.as_str(),
                new.kind.as_str(),
                new.text,
                new.has_words,
                new.quoted,
                media,
                new.external_id,
                millis(at)
            ],
            |row| row.get(0),
        )
        .optional()?;
    if let Some(id) = inserted {
        return Ok((MessageId(id), true));
    }
    let id = by_external_id(tx, conversation, new.external_id)?.ok_or_else(|| unknown("no such message"))?;
    Ok((id, false))
}

/// A message by the id that its channel gave it.
pub fn by_external_id(
    tx: &Transaction<'_>,
    conversation: ConversationId,
    external_id: &str,
) -> Result<Option<MessageId>, StoreError> {
    let sql = "SELECT id FROM messages WHERE conversation_id = ?1 AND external_id = ?2";
    one(tx, sql, params![conversation.0, external_id], |row| Ok(MessageId(row.get(0)?)))
}

/// A patient's message by its row.
pub fn question(tx: &Transaction<'_>, id: MessageId) -> Result<Option<StoredQuestion>, StoreError> {
    let sql = "SELECT conversation_id, text, external_id, outcome, answered_with FROM messages
               WHERE id = ?1 AND author = 'patient'";
    one(tx, sql, [id.0], |row| {
        Ok(StoredQuestion {
            conversation: ConversationId(row.get(0)?),
            text: row.get(1)?,
            external_id: row.get(2)?,
            outcome: outcome(row.get(3)?)?,
            answered_with: row.get::<_, Option<i64>>(4)?.map(MessageId),
        })
    })
}

/// Says how a waiting message ended. Gives `false`, and changes nothing, when it had ended before.
pub fn settle(tx: &Transaction<'_>, id: MessageId, outcome: Outcome) -> Result<bool, StoreError> {
    let changed = tx
        .prepare_cached(
            "UPDATE messages SET outcome = ?2 WHERE id = ?1 AND author = 'patient' AND outcome IS NULL",
        )?
        .execute(params![id.0, outcome.as_str()])?;
    Ok(changed > 0)
}

/// Says that the reply to `last` answers this message of the same burst too. Changes nothing when it had ended before.
pub fn settle_with(
    tx: &Transaction<'_>,
    id: MessageId,
    last: MessageId,
    outcome: Outcome,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE messages SET outcome = ?3, answered_with = ?2
         WHERE id = ?1 AND author = 'patient' AND outcome IS NULL",
    )?
    .execute(params![id.0, last.0, outcome.as_str()])?;
    Ok(())
}

/// Stores the bot's answer to a patient's message, whole.
pub fn reply(
    tx: &Transaction<'_>,
    conversation: ConversationId,
    question: MessageId,
    answer: &Answer,
    at: Timestamp,
) -> Result<MessageId, StoreError> {
    let whole = serde_json::to_string(answer).map_err(|_| unknown("an answer that is no JSON"))?;
    tx.prepare_cached(
        "INSERT INTO messages (conversation_id, author, channel, text, reply_to, outcome, answer, at)
         SELECT ?1, 'bot', channel, ?2, ?3, ?4, ?5, ?6 FROM messages WHERE id = ?3",
    )?
    .execute(params![
        conversation.0,
        answer.text,
        question.0,
        answer.outcome.as_str(),
        whole,
        millis(at)
    ])?;
    Ok(MessageId(tx.last_insert_rowid()))
}

/// The bot's answer to a patient's message.
pub fn reply_to(
    tx: &Transaction<'_>,
    question: MessageId,
) -> Result<Option<(MessageId, Answer)>, StoreError> {
    one(tx, "SELECT id, answer FROM messages WHERE reply_to = ?1", [question.0], |row| {
        let whole: String = row.get(1)?;
        Ok((MessageId(row.get(0)?), parse_answer(&whole)?))
    })
}

/// Stores what a member of staff sends, signed as their own or as the bot's.
pub fn send(
    tx: &Transaction<'_>,
    conversation: ConversationId,
    author: Author,
    staff_name: &str,
    channel: Channel,
    text: &str,
    at: Timestamp,
) -> Result<MessageId, StoreError> {
    tx.prepare_cached(
        "INSERT INTO messages (conversation_id, author, channel, text, staff_name, at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![
        conversation.0,
        author.as_str(),
        channel.as_str(),
        text,
        staff_name,
        millis(at)
    ])?;
    Ok(MessageId(tx.last_insert_rowid()))
}

/// The way the patient's newest message came: replies go back the same way.
pub fn channel(tx: &Transaction<'_>, conversation: ConversationId) -> Result<Option<Channel>, StoreError> {
    let sql = "SELECT channel FROM messages WHERE conversation_id = ?1 AND author = 'patient'
               ORDER BY id DESC LIMIT 1";
    one(tx, sql, [conversation.0], |row| word(&row.get::<_, String>(0)?))
}

/// The waiting messages of a conversation, oldest first.
pub fn pending_of(
    tx: &Transaction<'_>,
    conversation: ConversationId,
) -> Result<Vec<PendingMessage>, StoreError> {
    let sql = "SELECT id, channel, kind, text, has_words, quoted FROM messages
               WHERE conversation_id = ?1 AND author = 'patient' AND outcome IS NULL ORDER BY id";
    all(tx, sql, [conversation.0], |row| {
        Ok(PendingMessage {
            id: MessageId(row.get(0)?),
            channel: word(&row.get::<_, String>(1)?)?,
            kind: word(&row.get::<_, String>(2)?)?,
            text: row.get(3)?,
            has_words: row.get(4)?,
            quoted: row.get(5)?,
        })
    })
}

/// The ids at WhatsApp of a message and of those of its burst that the same reply answers.
pub fn external_ids_of_burst(tx: &Transaction<'_>, last: MessageId) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT external_id FROM messages
               WHERE (id = ?1 OR answered_with = ?1) AND channel = 'whatsapp' AND external_id IS NOT NULL ORDER BY id";
    all(tx, sql, [last.0], |row| Ok(row.get(0)?))
}

/// Whether the bot has asked for words, in place of a file, since this time.
pub fn asked_to_type_since(
    tx: &Transaction<'_>,
    conversation: ConversationId,
    since: Timestamp,
) -> Result<bool, StoreError> {
    Ok(tx
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM flags f JOIN messages r ON r.reply_to = f.message_id
                            WHERE f.conversation_id = ?1 AND f.reason = 'not_text' AND r.at >= ?2)",
        )?
        .query_row(params![conversation.0, millis(since)], |row| row.get(0))?)
}

/// How many of the last `limit` replies to a patient were written since this time.
pub fn replies_since(
    tx: &Transaction<'_>,
    conversation: ConversationId,
    since: Timestamp,
    limit: u32,
) -> Result<u32, StoreError> {
    Ok(tx
        .prepare_cached(
            "SELECT count(*) FROM (SELECT at FROM messages WHERE conversation_id = ?1 AND reply_to IS NOT NULL
                                   ORDER BY id DESC LIMIT ?3)
             WHERE at >= ?2",
        )?
        .query_row(params![conversation.0, millis(since), limit], |row| row.get(0))?)
}

/// The oldest waiting message of a conversation, `up_to` included.
pub fn first_pending(
    tx: &Transaction<'_>,
    conversation: ConversationId,
    up_to: MessageId,
) -> Result<Option<MessageId>, StoreError> {
    let sql = "SELECT id FROM messages
               WHERE conversation_id = ?1 AND id <= ?2 AND author = 'patient' AND outcome IS NULL
               ORDER BY id LIMIT 1";
    one(tx, sql, params![conversation.0, up_to.0], |row| Ok(MessageId(row.get(0)?)))
}

/// Every waiting message, oldest first.
pub fn pending(tx: &Transaction<'_>) -> Result<Vec<(ConversationId, MessageId, Channel)>, StoreError> {
    let sql = "SELECT conversation_id, id, channel FROM messages INDEXED BY messages_pending
               WHERE author = 'patient' AND outcome IS NULL ORDER BY id";
    all(tx, sql, [], |row| {
        Ok((ConversationId(row.get(0)?), MessageId(row.get(1)?), word(&row.get::<_, String>(2)?)?))
    })
}

/// How many messages wait.
pub fn count_pending(tx: &Transaction<'_>) -> Result<u32, StoreError> {
    let sql = "SELECT count(*) FROM messages INDEXED BY messages_pending
               WHERE author = 'patient' AND outcome IS NULL";
    Ok(tx.query_row(sql, [], |row| row.get(0))?)
}

/// What was said before `question`, oldest first, the last `limit` turns. An answer stands right behind its
/// question, whatever came in while it was made.
pub fn history(
    tx: &Transaction<'_>,
    conversation: ConversationId,
    question: MessageId,
    limit: u32,
) -> Result<Vec<Turn>, StoreError> {
    let sql = "SELECT author, text FROM
                   (SELECT id, author, text, reply_to FROM messages
                    WHERE conversation_id = ?1 AND (id < ?2 OR (author <> 'patient' AND coalesce(reply_to, 0) <> ?2))
                    ORDER BY id DESC LIMIT ?4)
               ORDER BY coalesce(reply_to, id) DESC, id DESC LIMIT ?3";
    // A reply stands at most so far below its question; the rest of a long conversation is not gone over.
    let looked_at = limit.saturating_add(LATEST_REPLY);
    let mut turns = all(tx, sql, params![conversation.0, question.0, limit, looked_at], |row| {
        Ok(Turn { author: word(&row.get::<_, String>(0)?)?, text: row.get(1)? })
    })?;
    turns.reverse();
    Ok(turns)
}

/// Whether the assistant itself has ever written here; what staff signed as the bot's does not count.
pub fn bot_has_answered(tx: &Transaction<'_>, conversation: ConversationId) -> Result<bool, StoreError> {
    Ok(tx
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM messages WHERE conversation_id = ?1 AND author = 'bot'
                                                     AND reply_to IS NOT NULL)",
        )?
        .query_row([conversation.0], |row| row.get(0))?)
}

/// Whether staff have written after a patient's message.
pub fn staff_wrote_after(
    tx: &Transaction<'_>,
    conversation: ConversationId,
    message: MessageId,
) -> Result<bool, StoreError> {
    Ok(tx
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM messages WHERE conversation_id = ?1 AND id > ?2
                                                     AND staff_name IS NOT NULL)",
        )?
        .query_row([conversation.0, message.0], |row| row.get(0))?)
}

/// The newest `limit` messages older than `before`, oldest of them first.
pub fn page(
    tx: &Transaction<'_>,
    conversation: ConversationId,
    before: Option<MessageId>,
    limit: u32,
) -> Result<Vec<LoggedMessage>, StoreError> {
    let before = before.map_or(i64::MAX, |id| id.0);
    let sql = "SELECT m.id, m.conversation_id, m.author, m.text, m.external_id, m.outcome, m.at, m.reply_to,
                      m.staff_name, m.answer, m.channel, m.kind, m.quoted, m.media, m.edited_at, m.deleted_at,
                      (SELECT group_concat(state) FROM outbox WHERE message_id = m.id)
               FROM messages m WHERE m.conversation_id = ?1 AND m.id < ?2 ORDER BY m.id DESC LIMIT ?3";
    let mut messages = all(tx, sql, params![conversation.0, before, limit], logged)?;
    messages.reverse();
    Ok(messages)
}

/// How many messages of a conversation there are from one on, `most` at most.
pub fn count_from(
    tx: &Transaction<'_>,
    conversation: ConversationId,
    from: MessageId,
    most: u32,
) -> Result<u32, StoreError> {
    let sql =
        "SELECT count(*) FROM (SELECT 1 FROM messages WHERE conversation_id = ?1 AND id >= ?2 LIMIT ?3)";
    Ok(tx.prepare_cached(sql)?.query_row(params![conversation.0, from.0, most], |row| row.get(0))?)
}

fn logged(row: &Row<'_>) -> Result<LoggedMessage, StoreError> {
    Ok(LoggedMessage {
        message: Message {
            id: MessageId(row.get(0)?),
            conversation: ConversationId(row.get(1)?),
            author: word(&row.get::<_, String>(2)?)?,
            text: row.get(3)?,
            external_id: row.get(4)?,
            outcome: outcome(row.get(5)?)?,
            at: time(row.get(6)?)?,
            channel: word(&row.get::<_, String>(10)?)?,
            kind: word(&row.get::<_, String>(11)?)?,
            quoted: row.get(12)?,
            media: row.get::<_, Option<String>>(13)?.as_deref().map(parse_media).transpose()?,
            edited_at: time_or_none(row.get(14)?)?,
            deleted_at: time_or_none(row.get(15)?)?,
            delivery: row.get::<_, Option<String>>(16)?.as_deref().map(least_far).transpose()?,
        },
        reply_to: row.get::<_, Option<i64>>(7)?.map(MessageId),
        staff_name: row.get(8)?,
        answer: row.get::<_, Option<String>>(9)?.as_deref().map(parse_answer).transpose()?,
    })
}

fn outcome(stored: Option<String>) -> Result<Option<Outcome>, StoreError> {
    stored.as_deref().map(word).transpose()
}

/// The parser's own words could quote the patient, so they are left out.
fn parse_answer(whole: &str) -> Result<Answer, StoreError> {
    serde_json::from_str(whole).map_err(|_| unknown("an answer's JSON"))
}

/// The conversation that a message stands in.
pub fn conversation_of(tx: &Transaction<'_>, id: MessageId) -> Result<Option<ConversationId>, StoreError> {
    one(tx, "SELECT conversation_id FROM messages WHERE id = ?1", [id.0], |row| {
        Ok(ConversationId(row.get(0)?))
    })
}

/// The file that came with a message.
pub fn media(tx: &Transaction<'_>, id: MessageId) -> Result<Option<Media>, StoreError> {
    let sql = "SELECT media FROM messages WHERE id = ?1 AND media IS NOT NULL";
    one(tx, sql, [id.0], |row| parse_media(&row.get::<_, String>(0)?))
}

fn parse_media(media: &str) -> Result<Media, StoreError> {
    serde_json::from_str(media).map_err(|_| unknown("a file's JSON"))
}

/// The state of the part that has come least far.
fn least_far(states: &str) -> Result<Delivery, StoreError> {
    let states: Vec<Delivery> = states.split(',').map(word).collect::<Result<_, _>>()?;
    states.into_iter().min().ok_or_else(|| unknown("an empty outbox"))
}
