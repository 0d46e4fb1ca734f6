//! Conversations: who answers them, what waits in them, and the list that staff page through and search.

use std::fmt;

use jiff::Timestamp;
use rusqlite::{Row, Transaction, params, params_from_iter, types::Value};
use serde::Deserialize;

use super::{
    StoreError,
    rows::{all, millis, one, time, word},
    search::Found,
};
use crate::domain::{Conversation, ConversationId, Handling, LabelId, StaffId};

/// The columns that [`conversation`] reads, in its order.
const COLUMNS: &str = "c.id, c.sender, c.name, c.handling, c.unanswered, c.waiting, c.emergency, \
     (SELECT name FROM staff WHERE id = c.assignee), (SELECT text FROM messages WHERE conversation_id = c.id ORDER BY id DESC LIMIT 1), c.last_at";

/// Where a page of the list ends; the next one starts behind it. Prints as `millis-id`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageKey {
    last_at: i64,
    id: i64,
}

impl PageKey {
    /// The key of a listed conversation.
    pub fn of(conversation: &Conversation) -> Self {
        Self { last_at: millis(conversation.last_at), id: conversation.id.0 }
    }

    /// Reads what [`PageKey`]'s `Display` wrote.
    pub fn parse(text: &str) -> Option<Self> {
        let (last_at, id) = text.split_once('-')?;
        Some(Self { last_at: last_at.parse().ok()?, id: id.parse().ok()? })
    }
}

impl fmt::Display for PageKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.last_at, self.id)
    }
}

/// Which conversations a list shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Filter {
    /// Every one.
    #[default]
    All,
    /// Those that wait for staff.
    Waiting,
    /// Those with an emergency that nobody has answered.
    Emergency,
    /// Those that the bot does not answer.
    BotOff,
    /// Those that whoever looks looks after.
    Mine,
}

impl Filter {
    /// Every one, in the order in which people choose among them.
    pub const ALL: [Self; 5] = [Self::All, Self::Waiting, Self::Emergency, Self::Mine, Self::BotOff];

    /// The word that an address uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Waiting => "waiting",
            Self::Emergency => "emergency",
            Self::BotOff => "bot_off",
            Self::Mine => "mine",
        }
    }

    /// Its condition; each but the first has an index of its own.
    fn condition(self) -> &'static str {
        match self {
            Self::All => "1",
            Self::Waiting => "c.waiting = 1",
            Self::Emergency => "c.emergency = 1",
            Self::BotOff => "c.handling <> 'bot'",
            Self::Mine => "c.assignee = ?",
        }
    }
}

/// What a list is narrowed to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Narrowed<'a> {
    /// Those that a search has found: by name, by number, by what was said.
    pub search: Option<&'a Found>,
    /// Which conversations.
    pub filter: Filter,
    /// Who looks, for [`Filter::Mine`].
    pub staff: Option<StaffId>,
    /// Those with this label.
    pub label: Option<LabelId>,
}

/// Finds the sender's conversation or opens it, as [`super::settings::CHAT`] says with or without the bot; a name, when given, replaces the one known before.
pub fn open(
    tx: &Transaction<'_>,
    sender: &str,
    name: Option<&str>,
    at: Timestamp,
) -> Result<ConversationId, StoreError> {
    let id = tx
        .prepare_cached(
            "INSERT INTO conversations (sender, name, handling, created_at, last_at)
             VALUES (?1, ?2, coalesce((SELECT iif(value ->> '$.bot_answers_new', 'bot', 'staff') FROM settings WHERE name = 'chat'), 'bot'), ?3, ?3)
             ON CONFLICT (sender) DO UPDATE SET name = coalesce(excluded.name, name)
             RETURNING id",
        )?
        .query_row(params![sender, name, millis(at)], |row| row.get(0))?;
    Ok(ConversationId(id))
}

/// One conversation.
pub fn get(tx: &Transaction<'_>, id: ConversationId) -> Result<Option<Conversation>, StoreError> {
    one(tx, &format!("SELECT {COLUMNS} FROM conversations c WHERE c.id = ?1"), [id.0], conversation)
}

/// The conversation of a sender.
pub fn of_sender(tx: &Transaction<'_>, sender: &str) -> Result<Option<Conversation>, StoreError> {
    one(tx, &format!("SELECT {COLUMNS} FROM conversations c WHERE c.sender = ?1"), [sender], conversation)
}

/// Conversations, the newest message first, `limit` of those behind `after`.
pub fn page(
    tx: &Transaction<'_>,
    narrowed: Narrowed<'_>,
    after: Option<PageKey>,
    limit: u32,
) -> Result<Vec<Conversation>, StoreError> {
    let after = after.unwrap_or(PageKey { last_at: i64::MAX, id: i64::MAX });
    // The few that a search lists are looked up and put in order; else the order's index is gone along.
    let last_at = if narrowed.search.is_some_and(Found::is_listed) { "+c.last_at" } else { "c.last_at" };
    let mut sql = format!("SELECT {COLUMNS} FROM conversations c WHERE ({last_at}, c.id) < (?, ?)");
    let mut values: Vec<Value> = vec![after.last_at.into(), after.id.into()];
    sql += " AND ";
    sql += narrowed.filter.condition();
    if narrowed.filter == Filter::Mine {
        values.push(narrowed.staff.map(|staff| staff.0).into());
    }
    if let Some(label) = narrowed.label {
        sql += " AND c.id IN (SELECT conversation_id FROM conversation_labels WHERE label_id = ?)";
        values.push(label.0.into());
    }
    if let Some(found) = narrowed.search {
        sql += " AND (c.id IN (SELECT value FROM json_each(?))";
        values.push(found.conversations().into());
        for (column, pattern) in [("c.name", &found.name), ("c.sender", &found.number)] {
            if let Some(pattern) = pattern {
                sql += &format!(" OR {column} LIKE ? ESCAPE '\\'");
                values.push(pattern.clone().into());
            }
        }
        sql += ")";
    }
    sql += &format!(" ORDER BY {last_at} DESC, c.id DESC LIMIT ?");
    values.push(limit.into());
    all(tx, &sql, params_from_iter(values), conversation)
}

/// How many conversations wait, are emergencies, are not answered by the bot, are looked after by `staff`; beyond `most`
/// nobody counts.
pub fn counts(tx: &Transaction<'_>, staff: StaffId, most: u32) -> Result<Counts, StoreError> {
    let count = |filter: Filter| {
        let condition = filter.condition().replace('?', "?2");
        let sql = format!("SELECT count(*) FROM (SELECT 1 FROM conversations c WHERE {condition} LIMIT ?1)");
        let mut statement = tx.prepare_cached(&sql)?;
        match filter {
            Filter::Mine => statement.query_row(params![most, staff.0], |row| row.get(0)),
            _ => statement.query_row([most], |row| row.get(0)),
        }
    };
    Ok(Counts {
        waiting: count(Filter::Waiting)?,
        emergency: count(Filter::Emergency)?,
        bot_off: count(Filter::BotOff)?,
        mine: count(Filter::Mine)?,
        unanswered: tx
            .prepare_cached(
                "SELECT coalesce(sum(unanswered), 0) FROM (SELECT unanswered FROM conversations WHERE unanswered > 0 LIMIT ?1)",
            )?
            .query_row([most], |row| row.get(0))?,
    })
}

/// How many conversations some filters show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// [`Filter::Waiting`].
    pub waiting: u32,
    /// [`Filter::Emergency`].
    pub emergency: u32,
    /// [`Filter::BotOff`].
    pub bot_off: u32,
    /// [`Filter::Mine`].
    pub mine: u32,
    /// Patients' messages that nobody has answered.
    pub unanswered: u32,
}

impl Counts {
    /// What a filter shows; every conversation is not counted.
    pub fn of(self, filter: Filter) -> Option<u32> {
        match filter {
            Filter::All => None,
            Filter::Waiting => Some(self.waiting),
            Filter::Emergency => Some(self.emergency),
            Filter::BotOff => Some(self.bot_off),
            Filter::Mine => Some(self.mine),
        }
    }
}

/// Notes that something was said: the conversation moves to the head of the list.
pub fn said_something(tx: &Transaction<'_>, id: ConversationId, at: Timestamp) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE conversations SET last_at = max(last_at, ?2) WHERE id = ?1")?
        .execute(params![id.0, millis(at)])?;
    Ok(())
}

/// Raises what staff must see: a wait, an emergency; never lowers them.
pub fn alert(
    tx: &Transaction<'_>,
    id: ConversationId,
    waiting: bool,
    emergency: bool,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE conversations SET waiting = max(waiting, ?2), emergency = max(emergency, ?3) WHERE id = ?1",
    )?
    .execute(params![id.0, waiting, emergency])?;
    Ok(())
}

/// Counts one more patient message that nobody has answered.
pub fn count_unanswered(tx: &Transaction<'_>, id: ConversationId) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE conversations SET unanswered = unanswered + 1 WHERE id = ?1")?
        .execute([id.0])?;
    Ok(())
}

/// Staff have answered: nothing waits any more.
pub fn attended(tx: &Transaction<'_>, id: ConversationId) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE conversations SET unanswered = 0, waiting = 0, emergency = 0 WHERE id = ?1")?
        .execute([id.0])?;
    Ok(())
}

/// Sets who answers. Gives whether that changed anything.
pub fn set_handling(
    tx: &Transaction<'_>,
    id: ConversationId,
    handling: Handling,
) -> Result<bool, StoreError> {
    let changed = tx
        .prepare_cached("UPDATE conversations SET handling = ?2 WHERE id = ?1 AND handling <> ?2")?
        .execute(params![id.0, handling.as_str()])?;
    Ok(changed > 0)
}

/// Gives a conversation to a member of staff, or to nobody. Gives whether that changed anything.
pub fn assign(
    tx: &Transaction<'_>,
    id: ConversationId,
    assignee: Option<StaffId>,
) -> Result<bool, StoreError> {
    let changed = tx
        .prepare_cached("UPDATE conversations SET assignee = ?2 WHERE id = ?1 AND assignee IS NOT ?2")?
        .execute(params![id.0, assignee.map(|staff| staff.0)])?;
    Ok(changed > 0)
}

/// How many conversations wait for staff.
pub fn count_waiting(tx: &Transaction<'_>) -> Result<u32, StoreError> {
    Ok(tx.query_row("SELECT count(*) FROM conversations WHERE waiting = 1", [], |row| row.get(0))?)
}

fn conversation(row: &Row<'_>) -> Result<Conversation, StoreError> {
    Ok(Conversation {
        id: ConversationId(row.get(0)?),
        sender: row.get(1)?,
        name: row.get(2)?,
        handling: word(&row.get::<_, String>(3)?)?,
        unanswered: row.get(4)?,
        waiting: row.get(5)?,
        emergency: row.get(6)?,
        assignee: row.get(7)?,
        last_text: row.get(8)?,
        last_at: time(row.get(9)?)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_key_survives_its_text_and_nothing_else_does() {
        let key = PageKey { last_at: 1_763_800_000_123, id: 42 };
        assert_eq!(PageKey::parse(&key.to_string()), Some(key));
        for text in ["", "-", "1", "1-", "a-b", "1-2-3"] {
            assert_eq!(PageKey::parse(text), None, "{text}");
        }
    }
}
