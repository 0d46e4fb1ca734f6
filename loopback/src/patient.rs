//! A patient, played by the server: one phone that writes, reads, and shows what it sees.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use whatsapp_rust::{
    Jid, NodeBuilder,
    prelude::{MessageExt as _, wa},
    wacore::{crypto::generate_curve_key_pair, messages::decode_plaintext},
    wacore_binary::Node,
};

use crate::{
    account::Account,
    error::{Error, Result},
    keys::Bundle,
    log::Log,
    outgoing::Sent,
    seen::ChatState,
    server::{Hub, Server},
    signal::Peer,
    stanza,
    user::{Addressing, User},
};

/// A message that a patient got and could read.
#[derive(Clone, Debug)]
pub struct Received {
    /// The message's id.
    pub id: String,
    /// What it says.
    pub message: Arc<wa::Message>,
    /// When it was read.
    pub at: Instant,
    /// The account's device that sent it; 0 is the phone.
    pub device: u16,
    /// How the patient was addressed.
    pub addressing: Addressing,
    /// The stanza's edit attribute: `1` for an edit, `7` for a deletion.
    pub edit: Option<String>,
    account: String,
}

impl Received {
    /// The message's text, if it is one.
    pub fn text(&self) -> Option<&str> {
        self.message.text_content()
    }
}

/// How far a patient's message has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tick {
    /// The server has it: one tick.
    Sent,
    /// A device has it: two ticks.
    Delivered,
    /// It was read: blue ticks.
    Read,
    /// It was played.
    Played,
}

/// What a patient sees.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum PatientEvent {
    /// A message of the patient's has come further.
    Tick {
        /// The message's id.
        id: String,
        /// How far.
        tick: Tick,
    },
    /// The hospital is doing something in the chat.
    ChatState(ChatState),
    /// A message came.
    Message(Received),
    /// The hospital could not read a message of the patient's; it was sent again.
    SentAgain {
        /// The message's id.
        id: String,
    },
    /// The hospital rejected a call of the patient's.
    CallRejected {
        /// The call's id.
        id: String,
    },
    /// A message came that could not be read; the patient's phone asked for it again.
    Unreadable {
        /// The message's id.
        id: String,
    },
}

/// A patient as the server keeps it.
pub(crate) struct PatientState {
    pub(crate) user: User,
    pub(crate) peer: tokio::sync::Mutex<Peer>,
    inbox: Log<Received>,
    events: Log<PatientEvent>,
    settings: Mutex<Settings>,
    pub(crate) sent: Mutex<HashMap<String, Sent>>,
    /// The groups whose sender key a device was told, as (group, account, device).
    pub(crate) told: Mutex<HashSet<(String, String, u16)>>,
}

struct Settings {
    confirms: bool,
    /// How many of the next messages can't be read.
    unreadable: usize,
}

/// A message as it comes from a linked device.
pub(crate) struct Arrival<'a> {
    pub(crate) account: &'a str,
    pub(crate) device: u16,
    pub(crate) id: String,
    pub(crate) addressing: Addressing,
    pub(crate) edit: Option<String>,
}

/// A linked device asks for a message again.
pub(crate) struct Retry<'a> {
    pub(crate) account: &'a str,
    pub(crate) device: u16,
    pub(crate) id: &'a str,
    pub(crate) count: u8,
    pub(crate) keys: Option<Bundle>,
}

impl PatientState {
    pub(crate) fn new(user: User) -> Result<Self> {
        Ok(Self {
            user,
            peer: tokio::sync::Mutex::new(Peer::new(generate_curve_key_pair())?),
            inbox: Log::default(),
            events: Log::default(),
            settings: Mutex::new(Settings { confirms: true, unreadable: 0 }),
            sent: Mutex::default(),
            told: Mutex::default(),
        })
    }

    pub(crate) async fn bundle(&self) -> Bundle {
        self.peer.lock().await.bundle()
    }

    /// Takes a message from a linked device in: reads it, and confirms it or asks for it again.
    pub(crate) async fn receive(&self, hub: &Hub, arrival: Arrival<'_>, enc: &Node) {
        let receipt = self.receipt_stanza(&arrival.id, arrival.addressing);
        let message = if self.is_made_unreadable() {
            None
        } else {
            let kind = stanza::text(enc, "type").unwrap_or_default();
            let mut peer = self.peer.lock().await;
            let bytes = stanza::bytes(enc).unwrap_or_default();
            let read = peer.decrypt(arrival.account, arrival.device, &kind, bytes).await;
            read.inspect_err(|error| tracing::debug!(%error, "a patient can't read a message")).ok()
        };
        let message = message.and_then(|plain| decode_plaintext(&plain, 2).ok());
        let Some(message) = message else {
            let again = receipt.attr("type", "retry").children(self.retry(&arrival.id).await).build();
            self.events.push(PatientEvent::Unreadable { id: arrival.id });
            hub.with_account(arrival.account, |account| account.deliver(arrival.device, again));
            return;
        };
        let confirms = self.settings.lock().confirms;
        if confirms {
            let receipt = receipt.build();
            hub.with_account(arrival.account, |account| account.deliver_to_all(&receipt));
        }
        self.take_in(Received {
            id: arrival.id,
            message: Arc::new(message),
            at: Instant::now(),
            device: arrival.device,
            addressing: arrival.addressing,
            edit: arrival.edit,
            account: arrival.account.to_owned(),
        });
    }

    /// Shows a message that the account's phone sent.
    pub(crate) fn receive_from_phone(
        &self,
        account: &str,
        addressing: Addressing,
        id: &str,
        message: wa::Message,
    ) {
        self.take_in(Received {
            id: id.to_owned(),
            message: Arc::new(message),
            at: Instant::now(),
            device: 0,
            addressing,
            edit: None,
            account: account.to_owned(),
        });
    }

    fn take_in(&self, received: Received) {
        self.inbox.push(received.clone());
        self.events.push(PatientEvent::Message(received));
    }

    /// Takes a receipt in.
    pub(crate) fn receipt(&self, kind: &str, ids: &[String]) {
        let tick = match kind {
            "delivery" | "inactive" => Tick::Delivered,
            "read" => Tick::Read,
            "played" => Tick::Played,
            _ => return,
        };
        ids.iter().for_each(|id| self.ticked(id, tick));
    }

    pub(crate) fn ticked(&self, id: &str, tick: Tick) {
        self.events.push(PatientEvent::Tick { id: id.to_owned(), tick });
    }

    pub(crate) fn shows(&self, event: PatientEvent) {
        self.events.push(event);
    }

    fn is_made_unreadable(&self) -> bool {
        let mut settings = self.settings.lock();
        let Some(left) = settings.unreadable.checked_sub(1) else { return false };
        settings.unreadable = left;
        true
    }

    fn receipt_stanza(&self, id: &str, addressing: Addressing) -> NodeBuilder {
        NodeBuilder::new("receipt")
            .attr("from", self.user.jid(addressing, 0))
            .attr("id", id)
            .attr("t", stanza::now())
    }

    async fn retry(&self, id: &str) -> [Node; 2] {
        let registration_id = self.bundle().await.registration_id;
        let retry = NodeBuilder::new("retry")
            .attr("v", "1")
            .attr("count", 1)
            .attr("id", id)
            .attr("t", stanza::now())
            .build();
        [retry, stanza::holding("registration", registration_id.to_be_bytes())]
    }
}

/// A patient. Cheap to clone, and keeps the server running.
#[derive(Clone)]
pub struct Patient {
    pub(crate) server: Server,
    pub(crate) state: Arc<PatientState>,
    /// The account that the patient writes to, unless it is the server's first.
    account: Option<Arc<str>>,
}

impl Patient {
    pub(crate) fn new(server: Server, state: Arc<PatientState>) -> Self {
        Self { server, state, account: None }
    }

    /// The same patient, writing to another account than the server's first.
    #[must_use]
    pub fn writing_to(&self, account: &Account) -> Self {
        Self { account: Some(Arc::clone(&account.phone)), ..self.clone() }
    }

    /// The patient's number, digits only.
    pub fn phone(&self) -> &str {
        &self.state.user.phone
    }

    /// The patient's address by number.
    pub fn pn(&self) -> Jid {
        self.state.user.pn(0)
    }

    /// The patient's address by LID.
    pub fn lid(&self) -> Jid {
        self.state.user.lid(0)
    }

    /// The messages that came and could be read.
    pub fn inbox(&self) -> &Log<Received> {
        &self.state.inbox
    }

    /// What the patient sees, messages included.
    pub fn events(&self) -> &Log<PatientEvent> {
        &self.state.events
    }

    /// Waits until one of the patient's messages has come as far as `tick` or further.
    ///
    /// # Errors
    /// [`Error::TimedOut`] when it has not within `patience`.
    pub async fn wait_for_tick(&self, id: &str, tick: Tick, patience: Duration) -> Result<()> {
        let far_enough = |event: &PatientEvent| matches!(event, PatientEvent::Tick { id: its, tick: so_far } if its == id && *so_far >= tick);
        self.events().wait_for(far_enough, patience).await.map(drop)
    }

    /// Whether messages that come are confirmed at once. They are, unless this was called.
    pub fn confirm_deliveries(&self, confirm: bool) {
        self.state.settings.lock().confirms = confirm;
    }

    /// Can't read the next `count` messages, and asks for each again.
    pub fn fail_to_read(&self, count: usize) {
        self.state.settings.lock().unreadable = count;
    }

    /// Reads a message that came: its sender sees blue ticks.
    ///
    /// # Errors
    /// [`Error::UnknownMessage`] when no such message came.
    pub fn read(&self, id: &str) -> Result<()> {
        let all = self.inbox().all();
        let received =
            all.iter().find(|received| received.id == id).ok_or_else(|| Error::UnknownMessage(id.into()))?;
        let receipt = self.state.receipt_stanza(id, received.addressing).attr("type", "read").build();
        self.server.hub().with_account(&received.account, |account| account.deliver_to_all(&receipt));
        Ok(())
    }

    /// Types, records or stops. Who is not connected does not see it.
    ///
    /// # Errors
    /// [`Error::NoAccount`].
    pub fn show(&self, chat_state: ChatState) -> Result<()> {
        let account = self.account()?;
        let child = match chat_state {
            ChatState::Composing => stanza::empty("composing"),
            ChatState::Recording => NodeBuilder::new("composing").attr("media", "audio").build(),
            ChatState::Paused => stanza::empty("paused"),
        };
        let from = self.state.user.jid(self.usual_addressing()?, 0);
        let stanza = NodeBuilder::new("chatstate").attr("from", from).children([child]).build();
        self.server.hub().with_account(&account, |account| {
            account.links().iter().for_each(|link| link.send(stanza.clone()));
        });
        Ok(())
    }

    /// The number of the account that the patient writes to.
    pub(crate) fn account(&self) -> Result<String> {
        match &self.account {
            Some(account) => Ok(account.to_string()),
            None => self.server.hub().first_account(),
        }
    }

    /// How patients address the account, and the account them.
    pub(crate) fn usual_addressing(&self) -> Result<Addressing> {
        let migrated = self.server.hub().with_account(&self.account()?, |account| account.migrated);
        Ok(if migrated.unwrap_or_default() { Addressing::Lid } else { Addressing::Pn })
    }
}
