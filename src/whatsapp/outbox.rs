//! What goes out: the database is the queue, this only empties it.
//!
//! A part is written down as being sent before it is given to the socket, with the id that it keeps: after a crash, and
//! when no acknowledgement comes, the same message is sent again, and WhatsApp shows it once. Ahead of a reply go the blue
//! ticks and "typing…", for about as long as a person would type.

use std::{collections::HashSet, sync::Arc, time::Duration};

use jiff::Timestamp;
use parking_lot::Mutex;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;
use whatsapp_rust::{Jid, SendError, SendOptions, client::Client, waproto::whatsapp as wa};

use super::{
    pacing::{Pace, Throttle},
    wake::until,
};
use crate::{
    chat::{ChatError, ChatService, Refused, Sendable},
    domain::{Delivery, Event},
    tasks::Tasks,
};

/// Parts on their way at once.
const AT_ONCE: u32 = 64;
/// Without an acknowledgement a part is sent again after this.
const ACK_PATIENCE: Duration = Duration::from_secs(30);
/// While parts are on their way the database is not asked for more in between: each look goes over all that waits.
const BETWEEN_LOOKS: Duration = Duration::from_millis(8);
/// Nothing is due for longer than this without being looked at.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);

/// The client while it is connected.
pub(super) type Link = watch::Receiver<Option<Arc<Client>>>;

/// Empties the outbox.
#[derive(Clone)]
pub(super) struct Outbox {
    chat: ChatService,
    tasks: Tasks,
    pace: Pace,
    throttle: Throttle,
    in_flight: Arc<Mutex<HashSet<i64>>>,
    landed: Arc<Notify>,
}

impl Outbox {
    pub fn new(chat: ChatService, tasks: Tasks, pace: Pace) -> Self {
        let throttle = Throttle::new(pace);
        Self { chat, tasks, pace, throttle, in_flight: Arc::default(), landed: Arc::default() }
    }

    /// Sends what is due whenever the client is connected, until `stop`.
    pub async fn run(self, mut link: Link, stop: CancellationToken) {
        let mut events = self.chat.events();
        let mut is_new = true;
        loop {
            let client = link.borrow_and_update().clone();
            if std::mem::take(&mut is_new)
                && client.is_some()
                && let Err(error) = self.chat.send_again().await
            {
                tracing::error!(%error, "what was sent last waits for its turn");
            }
            let looked = tokio::time::Instant::now();
            let next = match &client {
                Some(client) => self.send_due(client).await.unwrap_or_else(|error| {
                    tracing::error!(%error, "the outbox could not be read");
                    LONGEST_SLEEP
                }),
                None => LONGEST_SLEEP,
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = until(&mut events, concerns) => {}
                () = self.landed.notified() => {}
                changed = link.changed() => match changed {
                    Ok(()) => is_new = true,
                    Err(_) => return,
                },
                () = tokio::time::sleep(next) => {}
            }
            if !self.in_flight.lock().is_empty() {
                tokio::time::sleep_until(looked + BETWEEN_LOOKS).await;
            }
        }
    }

    /// Starts sending what is due. Gives when to look again.
    async fn send_due(&self, client: &Arc<Client>) -> Result<Duration, ChatError> {
        let (due, next) = self.chat.due(AT_ONCE)?;
        for part in due {
            let id = part.due.id;
            let free = {
                let mut in_flight = self.in_flight.lock();
                (in_flight.len() < AT_ONCE as usize || part.due.emergency) && in_flight.insert(id)
            };
            if !free {
                continue;
            }
            let (outbox, client) = (self.clone(), Arc::clone(client));
            self.tasks.spawn(async move {
                let whatsapp_id = part.due.whatsapp_id.clone();
                if let Err(error) = outbox.send(&client, part).await {
                    tracing::error!(%error, "a reply waits in the outbox");
                    // Not at once again: the database may be full.
                    let _ = outbox.chat.put_off(whatsapp_id, ACK_PATIENCE).await;
                }
                outbox.in_flight.lock().remove(&id);
                outbox.landed.notify_one();
            });
        }
        let until_next = next.map_or(LONGEST_SLEEP, |next| {
            Duration::try_from(next.duration_since(Timestamp::now())).unwrap_or(Duration::ZERO)
        });
        // What is in flight stays due for the database until it is written down; `landed` tells of it.
        let at_least = if self.in_flight.lock().is_empty() { Duration::ZERO } else { Duration::from_secs(1) };
        Ok(until_next.clamp(at_least, LONGEST_SLEEP))
    }

    async fn send(&self, client: &Client, part: Sendable) -> Result<(), ChatError> {
        let Sendable { due, chat, answers } = part;
        let Ok(jid) = chat.parse::<Jid>() else {
            return self.chat.give_up(due.whatsapp_id, "no address of WhatsApp's".to_owned()).await;
        };
        if due.attempts == 0 && !due.emergency {
            self.like_a_person(client, &jid, &due.text, &answers).await;
        }
        // Staff may have taken it back meanwhile.
        if !self.chat.claim(due.id, ACK_PATIENCE).await? {
            return Ok(());
        }
        let message = wa::Message { conversation: Some(due.text), ..Default::default() };
        let options = SendOptions::default().with_message_id(&due.whatsapp_id);
        match client.send_message_with_options(jid, message, options).await {
            Ok(_) => {
                fail::fail_point!("sent.before_ack", crate::tasks::die);
                metrics::counter!("satubumi_whatsapp_sent_total").increment(1);
                Ok(())
            }
            Err(SendError::InvalidRequest(reason)) => self.chat.give_up(due.whatsapp_id, reason).await,
            Err(SendError::Client(_) | SendError::NotLoggedIn) => {
                self.chat.put_off(due.whatsapp_id, Duration::from_secs(2)).await
            }
            Err(_) => self.chat.refused(due.whatsapp_id, Refused::Unsent).await,
        }
    }

    /// Blue ticks, "typing…", a pause. Nothing of it is worth failing for.
    async fn like_a_person(&self, client: &Client, jid: &Jid, text: &str, answers: &[String]) {
        let wait = self.throttle.take();
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
        let ids: Vec<&str> = answers.iter().map(String::as_str).collect();
        if !ids.is_empty()
            && let Err(error) = client.mark_as_read(jid, None, &ids).await
        {
            tracing::debug!(error = %error.root_cause(), "messages could not be marked as read");
        }
        let typing = self.pace.typing(text);
        if !typing.is_zero() && client.chatstate().send_composing(jid).await.is_ok() {
            tokio::time::sleep(typing).await;
        }
    }
}

/// Whether something may be due by what happened: said, put back, or the part after one that has arrived.
fn concerns(event: &Event) -> bool {
    match event {
        Event::MessageSent { .. } => true,
        Event::DeliveryChanged { delivery, .. } => *delivery < Delivery::Delivered,
        _ => false,
    }
}
