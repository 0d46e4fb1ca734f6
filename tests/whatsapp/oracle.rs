//! What became of every question: asked of the database, and of the patients themselves.

use std::collections::{HashMap, HashSet};

use anyhow::Result;
use rusqlite::params;
use whatsapp_loopback::Patient;

use crate::connected::Connected;

/// What became of the questions.
#[derive(Debug, Default)]
pub struct Told {
    /// Questions that were asked.
    pub received: usize,
    /// Those with exactly one reply.
    pub answered: usize,
    /// Those that still wait.
    pub queued: usize,
    /// Those of which staff were told.
    pub flagged: usize,
    /// Those of which the database knows nothing.
    pub lost: usize,
    /// Questions with more than one reply, and replies that a patient got under two ids.
    pub doubled: usize,
    /// What a patient got and the database does not know.
    pub unknown: usize,
    /// What a patient got again under the same id, which WhatsApp shows once.
    pub repeated: usize,
}

impl Told {
    /// Asks database and patients. `asked` are the questions, each by its patient and id.
    pub fn of(connected: &Connected, patients: &[Patient], asked: &[(usize, String)]) -> Result<Self> {
        let database = connected.database()?;
        let mut told = Self { received: asked.len(), ..Self::default() };
        for (patient, id) in asked {
            let rows: Vec<(i64, Option<i64>, Option<String>)> = database
                .prepare_cached(
                    "SELECT m.id, m.answered_with, m.outcome FROM messages m
                 JOIN conversations c ON c.id = m.conversation_id
                 WHERE m.external_id = ?1 AND c.sender = ?2",
                )?
                .query_map(params![id, patients[*patient].phone()], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
                })?
                .collect::<rusqlite::Result<_>>()?;
            let [(message, answered_with, outcome)] = rows.as_slice() else {
                told.lost += usize::from(rows.is_empty());
                told.doubled += rows.len().saturating_sub(1);
                continue;
            };
            let replies: u32 = database.query_row(
                "SELECT count(*) FROM messages WHERE author = 'bot' AND reply_to = ?1",
                [answered_with.unwrap_or(*message)],
                |row| row.get(0),
            )?;
            told.queued += usize::from(outcome.is_none());
            told.answered += usize::from(replies == 1);
            told.doubled += replies.saturating_sub(1) as usize;
            let flags: u32 =
                database.query_row("SELECT count(*) FROM flags WHERE message_id = ?1", [message], |row| {
                    row.get(0)
                })?;
            told.flagged += usize::from(flags > 0);
        }
        let mut known: HashMap<String, (i64, i64)> = HashMap::new();
        let mut parts = database.prepare("SELECT whatsapp_id, message_id, part FROM outbox")?;
        let rows = parts.query_map([], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))))?;
        for row in rows {
            let (id, part) = row?;
            known.insert(id, part);
        }
        let got = got(patients);
        told.unknown = got.iter().filter(|id| !known.contains_key(*id)).count();
        let shown: HashSet<_> = got.iter().filter_map(|id| known.get(id)).collect();
        told.doubled += got.len() - told.unknown - shown.len();
        told.repeated = patients.iter().map(|patient| patient.inbox().len()).sum::<usize>() - got.len();
        Ok(told)
    }

    /// Prints it, as the promise asks.
    #[expect(clippy::disallowed_macros, reason = "the promise asks that the test tells its counts")]
    pub fn tell(&self, what: &str) {
        let Self { received, answered, queued, flagged, lost, doubled, repeated, .. } = self;
        println!(
            "{what}; received {received}, answered {answered}, queued {queued}, flagged {flagged}, lost {lost}, \
             doubled {doubled} (sent again under the same id: {repeated})"
        );
    }
}

/// The ids of what the patients got.
pub fn got(patients: &[Patient]) -> HashSet<String> {
    patients.iter().flat_map(|patient| patient.inbox().all()).map(|received| received.id).collect()
}
