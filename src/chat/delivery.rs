//! Replies on their way out by WhatsApp: what may be sent, how far it has come, when to give up.

use std::{collections::BTreeSet, time::Duration};

use jiff::Timestamp;
use rusqlite::Transaction;

use super::{ChatError, ChatService};
use crate::{
    domain::{ConversationId, Delivery, Event, Flag},
    store::{
        StoreError, contacts, conversations, flags, messages,
        outbox::{self, Due},
    },
};

/// How long to wait after each refusal; after the last it is given up.
const BACKOFF: [Duration; 5] = [
    Duration::from_secs(5),
    Duration::from_secs(15),
    Duration::from_secs(60),
    Duration::from_secs(300),
    Duration::from_secs(900),
];

/// A part that may be sent now, with what its sender needs to know.
#[derive(Clone, Debug)]
pub struct Sendable {
    /// The part.
    pub due: Due,
    /// The address that it goes to.
    pub chat: String,
    /// The ids of the patient's messages that it answers: they are marked as read first.
    pub answers: Vec<String>,
}

/// Why a part was not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The client could not send it.
    Unsent,
    /// WhatsApp answered with this code.
    Nack(String),
}

impl ChatService {
    /// What may be sent now, and when the next part may be.
    ///
    /// # Errors
    /// [`ChatError::Store`].
    pub fn due(&self, limit: u32) -> Result<(Vec<Sendable>, Option<Timestamp>), ChatError> {
        let read = self.inner.store.glance(|tx| {
            let due = outbox::due(tx, Timestamp::now(), limit)?;
            Ok((sendable(tx, due)?, outbox::next_time(tx)?))
        });
        Ok(read?)
    }

    /// [`ChatService::due`] of a few conversations alone.
    ///
    /// # Errors
    /// [`ChatError::Store`].
    pub fn due_in(
        &self,
        conversations: &BTreeSet<ConversationId>,
    ) -> Result<(Vec<Sendable>, Option<Timestamp>), ChatError> {
        let read = self.inner.store.glance(|tx| {
            let first = conversations.iter().map(|&of| outbox::first_open(tx, of));
            let first: Vec<Due> = first.filter_map(Result::transpose).collect::<Result<_, _>>()?;
            let next = first.iter().map(|due| due.not_before).min();
            let now = Timestamp::now();
            let due = first.into_iter().filter(|due| due.not_before <= now).collect();
            Ok((sendable(tx, due)?, next))
        });
        Ok(read?)
    }

    /// How many parts wait to be sent or for an acknowledgement.
    ///
    /// # Errors
    /// [`ChatError::Store`].
    pub async fn count_unsent(&self) -> Result<u32, ChatError> {
        Ok(self.inner.store.read(outbox::count_open).await?)
    }

    /// Writes down that a part is given to the socket now. Gives whether it may be: it may have been withdrawn. Without an
    /// acknowledgement it is due again after `patience`.
    ///
    /// # Errors
    /// [`ChatError::Store`].
    pub async fn claim(&self, id: i64, patience: Duration) -> Result<bool, ChatError> {
        let claimed = self.inner.store.write(move |tx| {
            let now = Timestamp::now();
            outbox::sending(tx, id, now + patience, now)
        });
        Ok(claimed.await?)
    }

    /// A new connection is there: what was given to the last one and not acknowledged is due again, with the same id.
    ///
    /// # Errors
    /// [`ChatError::Store`].
    pub async fn send_again(&self) -> Result<(), ChatError> {
        self.inner.store.write(|tx| outbox::due_again(tx, Timestamp::now())).await?;
        Ok(())
    }

    /// A part could not be sent for want of a connection: it is due again after `wait`.
    ///
    /// # Errors
    /// [`ChatError::Store`].
    pub async fn put_off(&self, whatsapp_id: String, wait: Duration) -> Result<(), ChatError> {
        let put_off = self.inner.store.write(move |tx| {
            let now = Timestamp::now();
            outbox::retry(tx, &whatsapp_id, now + wait, "not connected", now)
        });
        let moved = put_off.await?;
        self.tell(moved.map(changed));
        Ok(())
    }

    /// A part was not accepted: it is tried again after a while, and given up after the last time.
    ///
    /// # Errors
    /// [`ChatError::Store`].
    pub async fn refused(&self, whatsapp_id: String, why: Refused) -> Result<(), ChatError> {
        let reason = match why {
            Refused::Unsent => "the client could not send it".to_owned(),
            Refused::Nack(code) => format!("WhatsApp refused it with {code}"),
        };
        let events = self
            .inner
            .store
            .write(move |tx| {
                let now = Timestamp::now();
                let attempts = outbox::attempts(tx, &whatsapp_id)?.unwrap_or(0);
                match BACKOFF.get(attempts.saturating_sub(1) as usize) {
                    Some(wait) => {
                        let moved = outbox::retry(tx, &whatsapp_id, now + *wait, &reason, now)?;
                        Ok(moved.map(changed).into_iter().collect())
                    }
                    None => give_up(tx, &whatsapp_id, &reason, now),
                }
            })
            .await?;
        self.tell(events);
        Ok(())
    }

    /// Notes how far sent parts have come, each by its id, in the order in which it was told.
    ///
    /// # Errors
    /// [`ChatError::Store`].
    pub async fn reached(&self, ticks: Vec<(String, Delivery)>) -> Result<(), ChatError> {
        let moved = self.inner.store.write(move |tx| {
            fail::fail_point!("sent.before_commit", crate::tasks::die);
            let mut all = Vec::with_capacity(ticks.len());
            for (whatsapp_id, delivery) in &ticks {
                all.extend(outbox::reached(tx, whatsapp_id, *delivery, Timestamp::now())?);
            }
            Ok(all)
        });
        let moved = moved.await?;
        self.tell(moved.into_iter().map(changed));
        Ok(())
    }

    /// Gives up a part: staff learn that the patient did not get it.
    ///
    /// # Errors
    /// [`ChatError::Store`].
    pub async fn give_up(&self, whatsapp_id: String, error: String) -> Result<(), ChatError> {
        let events =
            self.inner.store.write(move |tx| give_up(tx, &whatsapp_id, &error, Timestamp::now())).await?;
        self.tell(events);
        Ok(())
    }
}

fn sendable(tx: &Transaction<'_>, due: Vec<Due>) -> Result<Vec<Sendable>, StoreError> {
    let mut all = Vec::with_capacity(due.len());
    for due in due {
        let Some(chat) = contacts::chat(tx, due.conversation)? else { continue };
        let answers = match due.answers {
            Some(message) => messages::external_ids_of_burst(tx, message)?,
            None => Vec::new(),
        };
        all.push(Sendable { due, chat, answers });
    }
    Ok(all)
}

/// What is told of it; the outbox looks again then.
fn changed(moved: outbox::Moved) -> Event {
    let outbox::Moved { conversation, message, delivery } = moved;
    Event::DeliveryChanged { conversation, message, delivery }
}

fn give_up(
    tx: &Transaction<'_>,
    whatsapp_id: &str,
    error: &str,
    at: Timestamp,
) -> Result<Vec<Event>, StoreError> {
    let Some(moved) = outbox::fail(tx, whatsapp_id, error, at)? else { return Ok(Vec::new()) };
    let outbox::Moved { conversation, message, .. } = moved;
    flags::raise(tx, conversation, message, Flag::NotDelivered, at)?;
    conversations::alert(tx, conversation, true, false)?;
    Ok(vec![changed(moved), Event::Flagged { conversation, flag: Flag::NotDelivered }])
}
