//! Who a patient is on WhatsApp, and which conversation is theirs.
//!
//! WhatsApp names one account by a phone number, by a LID (an id that hides the number), or both, and the same message
//! can come under either. The LID is the account; the number may move to somebody else.

use jiff::Timestamp;
use rusqlite::{Transaction, params};

use super::{
    StoreError,
    rows::{millis, one},
};
use crate::domain::ConversationId;

/// What a WhatsApp address tells of a patient. At least one of number and LID is there.
#[derive(Clone, Copy, Debug)]
pub struct Contact<'a> {
    /// Digits of the phone number, international form without `+`.
    pub number: Option<&'a str>,
    /// Digits of the LID.
    pub lid: Option<&'a str>,
    /// The address that the message came from; replies go there.
    pub chat: &'a str,
}

struct Known {
    id: ConversationId,
    lid: Option<String>,
}

/// Finds the patient's conversation or opens it, and writes down what is new of their address; a name, when given,
/// replaces the one known before. Two conversations that turn out to be one patient's become one.
pub fn open(
    tx: &Transaction<'_>,
    contact: Contact<'_>,
    name: Option<&str>,
    at: Timestamp,
) -> Result<ConversationId, StoreError> {
    let by_lid = match contact.lid {
        Some(lid) => find(tx, "lid", lid)?,
        None => None,
    };
    let by_number = match contact.number {
        Some(number) => find(tx, "sender", number)?,
        None => None,
    };
    // The number belongs to another account now: what was said under it stays with the old one.
    let by_number = match (by_number, contact.lid) {
        (Some(Known { id, lid: Some(old), .. }), Some(new)) if old != new => {
            set(tx, id, "sender", &of_lid(&old))?;
            None
        }
        (found, _) => found,
    };
    let id = match (by_lid, by_number) {
        (Some(same), Some(number)) if same.id != number.id => {
            let (older, newer) =
                if same.id < number.id { (same.id, number.id) } else { (number.id, same.id) };
            merge(tx, newer, older)?;
            older
        }
        (Some(known), _) | (None, Some(known)) => known.id,
        (None, None) => insert(tx, contact, at)?,
    };
    if let Some(lid) = contact.lid {
        set(tx, id, "lid", lid)?;
    }
    if let Some(number) = contact.number {
        set(tx, id, "sender", number)?;
    }
    set(tx, id, "chat", contact.chat)?;
    if let Some(name) = name {
        set(tx, id, "name", name)?;
    }
    Ok(id)
}

/// The address that replies of a conversation go to: where the patient last wrote from, else their number's.
pub fn chat(tx: &Transaction<'_>, id: ConversationId) -> Result<Option<String>, StoreError> {
    let sql = "SELECT coalesce(chat, CASE WHEN sender LIKE '%@lid' THEN sender ELSE sender || '@s.whatsapp.net' END)
               FROM conversations WHERE id = ?1";
    one(tx, sql, [id.0], |row| Ok(row.get(0)?))
}

/// The conversation whose patient last wrote from this address.
pub fn at(tx: &Transaction<'_>, chat: &str) -> Result<Option<ConversationId>, StoreError> {
    let sql = "SELECT id FROM conversations WHERE chat = ?1 ORDER BY last_at DESC LIMIT 1";
    one(tx, sql, [chat], |row| Ok(ConversationId(row.get(0)?)))
}

fn find(tx: &Transaction<'_>, column: &'static str, value: &str) -> Result<Option<Known>, StoreError> {
    let sql = format!("SELECT id, lid FROM conversations WHERE {column} = ?1");
    one(tx, &sql, [value], |row| Ok(Known { id: ConversationId(row.get(0)?), lid: row.get(1)? }))
}

fn insert(tx: &Transaction<'_>, contact: Contact<'_>, at: Timestamp) -> Result<ConversationId, StoreError> {
    let sender = match (contact.number, contact.lid) {
        (Some(number), _) => number.to_owned(),
        (None, Some(lid)) => of_lid(lid),
        (None, None) => contact.chat.to_owned(),
    };
    // A conversation of this sender may be there without a LID, for example from `/ask`.
    let id = tx
        .prepare_cached(
            "INSERT INTO conversations (sender, handling, created_at, last_at)
             VALUES (?1, coalesce((SELECT iif(value ->> '$.bot_answers_new', 'bot', 'staff') FROM settings WHERE name = 'chat'), 'bot'), ?2, ?2)
             ON CONFLICT (sender) DO UPDATE SET sender = sender RETURNING id",
        )?
        .query_row(params![sender, millis(at)], |row| row.get(0))?;
    Ok(ConversationId(id))
}

fn set(
    tx: &Transaction<'_>,
    id: ConversationId,
    column: &'static str,
    value: &str,
) -> Result<(), StoreError> {
    let sql = format!("UPDATE conversations SET {column} = ?2 WHERE id = ?1 AND {column} IS NOT ?2");
    tx.prepare_cached(&sql)?.execute(params![id.0, value])?;
    Ok(())
}

/// Moves everything of one conversation into another and takes the empty one away. A message that both hold is kept
/// once. The stricter handling holds.
fn merge(tx: &Transaction<'_>, from: ConversationId, into: ConversationId) -> Result<(), StoreError> {
    let both = params![from.0, into.0];
    for sql in [
        "UPDATE OR IGNORE messages SET conversation_id = ?2 WHERE conversation_id = ?1",
        "UPDATE flags SET conversation_id = ?2 WHERE conversation_id = ?1
           AND message_id IN (SELECT id FROM messages WHERE conversation_id = ?2)",
        "UPDATE outbox SET conversation_id = ?2 WHERE conversation_id = ?1
           AND message_id IN (SELECT id FROM messages WHERE conversation_id = ?2)",
        "UPDATE conversations SET
            unanswered = unanswered + (SELECT unanswered FROM conversations WHERE id = ?1),
            waiting = max(waiting, (SELECT waiting FROM conversations WHERE id = ?1)),
            emergency = max(emergency, (SELECT emergency FROM conversations WHERE id = ?1)),
            last_at = max(last_at, (SELECT last_at FROM conversations WHERE id = ?1)),
            asked_at = max(asked_at, (SELECT asked_at FROM conversations WHERE id = ?1)),
            name = coalesce(name, (SELECT name FROM conversations WHERE id = ?1)),
            handling = CASE
                WHEN 'stopped' IN (handling, (SELECT handling FROM conversations WHERE id = ?1)) THEN 'stopped'
                WHEN 'staff' IN (handling, (SELECT handling FROM conversations WHERE id = ?1)) THEN 'staff'
                ELSE 'bot' END
         WHERE id = ?2",
    ] {
        tx.prepare_cached(sql)?.execute(both)?;
    }
    tx.prepare_cached("DELETE FROM conversations WHERE id = ?1")?.execute([from.0])?;
    Ok(())
}

fn of_lid(lid: &str) -> String {
    format!("{lid}@lid")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Store, conversations, messages};

    const NUMBER: &str = "6281200000001";
    const LID: &str = "100000000000001";

    fn contact<'a>(number: Option<&'a str>, lid: Option<&'a str>) -> Contact<'a> {
        Contact { number, lid, chat: "chat" }
    }

    /// What `work` gives in a new database.
    fn in_store<T>(work: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>) -> anyhow::Result<T> {
        let folder = tempfile::tempdir()?;
        Ok(Store::open(&folder.path().join("satubumi.db"))?.write_blocking(work)?)
    }

    fn sender(tx: &Transaction<'_>, id: ConversationId) -> Result<String, StoreError> {
        Ok(conversations::get(tx, id)?.map(|found| found.sender).unwrap_or_default())
    }

    #[test]
    fn number_and_lid_are_one_patient_whichever_comes_first() -> anyhow::Result<()> {
        let at = Timestamp::now();
        in_store(|tx| {
            let unknown = open(tx, contact(None, Some(LID)), None, at)?;
            assert_eq!(sender(tx, unknown)?, format!("{LID}@lid"));
            assert_eq!(open(tx, contact(Some(NUMBER), Some(LID)), Some("Ani"), at)?, unknown);
            assert_eq!(sender(tx, unknown)?, NUMBER);
            assert_eq!(open(tx, contact(Some(NUMBER), None), None, at)?, unknown);
            let other = open(tx, contact(Some("6281200000002"), None), None, at)?;
            assert_ne!(other, unknown);
            assert_eq!(open(tx, contact(Some("6281200000002"), Some("2")), None, at)?, other);
            assert_eq!(open(tx, contact(None, Some("2")), None, at)?, other);
            Ok(())
        })
    }

    #[test]
    fn two_conversations_of_one_patient_become_one_with_each_message_once() -> anyhow::Result<()> {
        let at = Timestamp::now();
        in_store(|tx| {
            let by_number = open(tx, contact(Some(NUMBER), None), None, at)?;
            let by_lid = open(tx, contact(None, Some(LID)), None, at)?;
            assert_ne!(by_number, by_lid);
            for (conversation, id) in [(by_number, "A"), (by_lid, "A"), (by_lid, "B")] {
                messages::receive(tx, conversation, &messages::NewMessage::asked(id, "halo"), at)?;
            }
            conversations::set_handling(tx, by_lid, crate::domain::Handling::Staff)?;
            let one = open(tx, contact(Some(NUMBER), Some(LID)), None, at)?;
            assert_eq!(one, by_number);
            assert!(conversations::get(tx, by_lid)?.is_none());
            let kept = messages::page(tx, one, None, 10)?;
            let ids: Vec<_> =
                kept.iter().filter_map(|logged| logged.message.external_id.as_deref()).collect();
            assert_eq!(ids, ["A", "B"]);
            let handling = conversations::get(tx, one)?.map(|found| found.handling);
            assert_eq!(handling, Some(crate::domain::Handling::Staff));
            Ok(())
        })
    }

    #[test]
    fn a_number_that_moved_to_somebody_else_opens_a_conversation_of_its_own() -> anyhow::Result<()> {
        let at = Timestamp::now();
        in_store(|tx| {
            let before = open(tx, contact(Some(NUMBER), Some(LID)), None, at)?;
            let after = open(tx, contact(Some(NUMBER), Some("2")), None, at)?;
            assert_ne!(before, after);
            assert_eq!(sender(tx, before)?, format!("{LID}@lid"));
            assert_eq!(sender(tx, after)?, NUMBER);
            Ok(())
        })
    }
}
