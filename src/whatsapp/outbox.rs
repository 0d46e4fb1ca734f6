//! What goes out: the database is the queue, this only empties it.
//!
//! A part is written down as being sent before it is given to the socket, with the id that it keeps: after a crash, and
//! when no acknowledgement comes, the same message is sent again, and WhatsApp shows it once. Ahead of a reply go the blue
//! ticks and "typing…", for about as long as a person would type.

use std::{collections::HashSet, sync::Arc, time::Duration};

use jiff::Timestamp;
use parking_lot::Mutex;
use tokio::{
    sync::{Notify, watch},
    time::Instant,
};
use tokio_util::sync::CancellationToken;
use whatsapp_rust::{Jid, SendError, SendOptions, client::Client, waproto::whatsapp as wa};

use super::{
    pacing::{Pace, Throttle},
    wake::{Where, heard},
};
use crate::{
    chat::{ChatError, ChatService, Refused, Sendable},
    tasks::Tasks,
};

/// Parts on their way at once.
const AT_ONCE: u32 = 64;
/// Without an acknowledgement a part is sent again after this.
const ACK_PATIENCE: Duration = Duration::from_secs(30);
/// Where more wait than may be on their way at once, the database is not asked each time that one of those lands: such a
/// look goes over all that waits.
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
    flight: Arc<Mutex<Flight>>,
    /// There is room again, or something could not be sent.
    landed: Arc<Notify>,
}

/// What is on its way to the socket.
#[derive(Default)]
struct Flight {
    parts: HashSet<i64>,
    /// Whether something that was due found no place.
    is_full: bool,
}

impl Outbox {
    pub fn new(chat: ChatService, tasks: Tasks, pace: Pace) -> Self {
        let throttle = Throttle::new(pace);
        Self { chat, tasks, pace, throttle, flight: Arc::default(), landed: Arc::default() }
    }

    /// Sends what is due whenever the client is connected, until `stop`.
    pub async fn run(self, mut link: Link, stop: CancellationToken) {
        let mut events = self.chat.events();
        let (mut look, mut next) = (Where::Anywhere, Instant::now());
        let mut is_new = true;
        loop {
            let client = link.borrow_and_update().clone();
            if std::mem::take(&mut is_new)
                && client.is_some()
                && let Err(error) = self.chat.send_again().await
            {
                tracing::error!(%error, "what was sent last waits for its turn");
            }
            if look == Where::Anywhere {
                next = Instant::now() + LONGEST_SLEEP;
            }
            if let Some(client) = &client {
                match self.send_due(client, &look) {
                    Ok(again) => next = next.min(Instant::now() + again),
                    Err(error) => tracing::error!(%error, "the outbox could not be read"),
                }
            }
            look = tokio::select! {
                () = stop.cancelled() => return,
                place = heard(&mut events) => place,
                () = self.landed.notified() => {
                    // What has found no place finds several at the next look over all that waits.
                    tokio::time::sleep(BETWEEN_LOOKS).await;
                    Where::Anywhere
                }
                changed = link.changed() => match changed {
                    Ok(()) => {
                        is_new = true;
                        Where::Anywhere
                    }
                    Err(_) => return,
                },
                () = tokio::time::sleep_until(next) => Where::Anywhere,
            };
        }
    }

    /// Starts sending what is due. Gives when to look again.
    fn send_due(&self, client: &Arc<Client>, look: &Where) -> Result<Duration, ChatError> {
        let (due, next) = match look {
            // Those that are on their way stand before the others until they are written down.
            Where::Anywhere => self.chat.due(2 * AT_ONCE)?,
            Where::In(conversations) => self.chat.due_in(conversations)?,
        };
        for part in due {
            let id = part.due.id;
            {
                let mut flight = self.flight.lock();
                if flight.parts.len() >= AT_ONCE as usize && !part.due.emergency {
                    flight.is_full = true;
                    continue;
                }
                if !flight.parts.insert(id) {
                    continue;
                }
            }
            let (outbox, client) = (self.clone(), Arc::clone(client));
            self.tasks.spawn(async move {
                let whatsapp_id = part.due.whatsapp_id.clone();
                let sent = outbox.send(&client, part).await;
                if let Err(error) = &sent {
                    tracing::error!(%error, "a reply waits in the outbox");
                    // Not at once again: the database may be full.
                    let _ = outbox.chat.put_off(whatsapp_id, ACK_PATIENCE).await;
                }
                let mut flight = outbox.flight.lock();
                flight.parts.remove(&id);
                if std::mem::take(&mut flight.is_full) || sent.is_err() {
                    outbox.landed.notify_one();
                }
            });
        }
        let until_next = next.map_or(LONGEST_SLEEP, |next| {
            Duration::try_from(next.duration_since(Timestamp::now())).unwrap_or(Duration::ZERO)
        });
        // What is in flight stays due for the database until it is written down, which is told.
        let at_least =
            if self.flight.lock().parts.is_empty() { Duration::ZERO } else { Duration::from_secs(1) };
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
