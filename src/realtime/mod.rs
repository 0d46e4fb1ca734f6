//! Live events over Socket.IO: whoever looks on learns of a change the moment it is committed.
//!
//! An event says what changed and where, never what was written: that is fetched by whoever may read it. Names are those of
//! the service that ours replaces.
//!
//! | event | payload | when |
//! | --- | --- | --- |
//! | `new_message` | `chat_id`, `message_id`, `author` (`patient`, or `hospital`: bot or staff) | a message is stored |
//! | `message_update` | `chat_id`, `message_id`, `delivery` (or null) | ticks moved; edited, taken back, its file has come |
//! | `bot_status_change` | `chat_id`, `enabled`, `handling` (`bot`, `staff`, `stopped`) | somebody else answers from now on |
//! | `chats_update` | `chat_ids`; null when any may have changed | a conversation's place in the list changed |
//! | `lookers_update` | `chat_id` | a member of staff has opened a conversation, or left it |
//! | `analytics_update` | `at` (RFC 3339, UTC) | figures may have changed; once a second at most |
//! | `knowledge_update` | `{}` | a text of the hospital, or how a document stands, may have changed |
//! | `whatsapp_status` | as `GET /whatsapp/status`, without `outbox` | the connection changed; once at the start |
//!
//! A client that can't keep up is disconnected rather than kept waiting: it connects anew and reads what is there. So is one
//! whose token was revoked.

mod payload;

use std::{collections::BTreeSet, convert::Infallible, sync::Arc, time::Duration};

use axum::{
    extract::Request,
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use rusqlite::Transaction;
use serde::Serialize;
use socketioxide::{SocketIo, extract::SocketRef};
use tokio::{
    sync::{Notify, watch},
    time::{Instant, MissedTickBehavior, sleep_until},
};
use tokio_util::sync::CancellationToken;
use tower::{ServiceExt, util::BoxCloneSyncService};

use crate::{
    chat::{ChatService, Happened},
    domain::{ConversationId, Event, MessageId},
    store::{
        Store, StoreError,
        sessions::{self, SessionHash},
        tokens,
    },
    whatsapp::Gateway,
};
use payload::{
    AnalyticsUpdate, Author, BotStatusChange, ChatsUpdate, KnowledgeUpdate, LookersUpdate, MessageUpdate,
    NewMessage, WhatsappStatus,
};

/// The sockets of a revoked token, or of a session that ended elsewhere, are closed within about this time.
const BETWEEN_LOOKS: Duration = Duration::from_secs(2);
/// From one telling that figures have changed to the next at least.
const BETWEEN_FIGURES: Duration = Duration::from_secs(1);
/// Bytes that a client may send at once; none has to send anything but signs of life.
const MOST_BYTES: usize = 4096;
/// Packets that may wait for a client: several looks at what happened.
const MOST_WAITING: usize = 256;

/// Who listens on a socket: whoever has checked the handshake puts it into the request's extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listener {
    /// A program, by its API token's row.
    Token(i64),
    /// A page of somebody who is signed in, by the session.
    Session(SessionHash),
}

impl Listener {
    fn is_live(self, tx: &Transaction<'_>) -> Result<bool, StoreError> {
        match self {
            Self::Token(token) => tokens::is_live(tx, token),
            Self::Session(hash) => sessions::is_live(tx, hash, Timestamp::now()),
        }
    }
}

/// The live events. Cheap to clone.
#[derive(Clone)]
pub struct Realtime {
    io: SocketIo,
    /// A session has ended.
    ended: Arc<Notify>,
    service: BoxCloneSyncService<Request, Response, Infallible>,
}

impl Realtime {
    /// With nobody connected. Whoever connects is told at once how the number is connected.
    pub fn new(whatsapp: &Gateway) -> Self {
        let (service, io) = SocketIo::builder()
            .max_payload(MOST_BYTES as u64)
            .ws_max_message_size(MOST_BYTES)
            .max_buffer_size(MOST_WAITING)
            .build_svc();
        let whatsapp = whatsapp.clone();
        io.ns("/", async move |socket: SocketRef| {
            tell(&socket, "whatsapp_status", &WhatsappStatus::of(&whatsapp.connection()));
        });
        let service = ServiceExt::<Request>::map_response(service, IntoResponse::into_response);
        Self { io, ended: Arc::default(), service: BoxCloneSyncService::new(service) }
    }

    /// Answers a request of the protocol, a WebSocket's upgrade among them. The request must carry a [`Listener`].
    pub async fn serve(&self, request: Request) -> Response {
        match self.service.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }

    /// Closes at once the sockets of sessions that have ended.
    pub fn sessions_ended(&self) {
        self.ended.notify_one();
    }

    /// Tells what happens, and closes the sockets of revoked tokens and ended sessions, until `stop`; then closes them all.
    pub async fn run(
        self,
        chat: ChatService,
        whatsapp: Gateway,
        mut knowledge: watch::Receiver<u64>,
        store: Store,
        stop: CancellationToken,
    ) {
        let (mut events, mut connection) = (chat.events(), whatsapp.changes());
        let mut looks = tokio::time::interval(BETWEEN_LOOKS);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // When figures that have changed are told next, and when that may be at the earliest.
        let (mut figures_due, mut figures_from) = (None, Instant::now());
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                happened = Happened::next(&mut events) => {
                    if happened.missed_some || happened.events.iter().any(changes_figures) {
                        figures_due.get_or_insert(figures_from);
                    }
                    self.tell_of(happened);
                }
                () = sleep_until(figures_due.unwrap_or(figures_from)), if figures_due.is_some() => {
                    self.tell_all("analytics_update", &AnalyticsUpdate { at: Timestamp::now() });
                    (figures_due, figures_from) = (None, Instant::now() + BETWEEN_FIGURES);
                }
                Ok(()) = connection.changed() => {
                    let now = connection.borrow_and_update().clone();
                    self.tell_all("whatsapp_status", &WhatsappStatus::of(&now));
                }
                Ok(()) = knowledge.changed() => {
                    knowledge.mark_unchanged();
                    self.tell_all("knowledge_update", &KnowledgeUpdate {});
                }
                _ = looks.tick() => self.close_ended(&store),
                () = self.ended.notified() => self.close_ended(&store),
            }
        }
        self.io.close().await;
    }

    fn tell_of(&self, Happened { events, missed_some }: Happened) {
        let mut moved = BTreeSet::new();
        for event in events {
            match event {
                Event::MessageReceived { conversation, message } => {
                    moved.insert(conversation);
                    self.tell_of_message(conversation, message, Author::Patient);
                }
                Event::MessageSent { conversation, message } => {
                    moved.insert(conversation);
                    self.tell_of_message(conversation, message, Author::Hospital);
                }
                Event::DeliveryChanged { conversation, message, delivery } => {
                    let update = MessageUpdate {
                        chat_id: conversation,
                        message_id: message,
                        delivery: Some(delivery),
                    };
                    self.tell_all("message_update", &update);
                }
                Event::MessageChanged { conversation, message } => {
                    moved.insert(conversation);
                    let update = MessageUpdate { chat_id: conversation, message_id: message, delivery: None };
                    self.tell_all("message_update", &update);
                }
                Event::HandlingChanged { conversation, handling } => {
                    moved.insert(conversation);
                    let change =
                        BotStatusChange { chat_id: conversation, enabled: handling.bot_is_on(), handling };
                    self.tell_all("bot_status_change", &change);
                }
                Event::Flagged { conversation, .. } | Event::DeskChanged { conversation } => {
                    moved.insert(conversation);
                }
            }
        }
        if missed_some {
            self.tell_all("chats_update", &ChatsUpdate { chat_ids: None });
        } else if !moved.is_empty() {
            self.tell_all("chats_update", &ChatsUpdate { chat_ids: Some(moved.into_iter().collect()) });
        }
    }

    /// Tells that somebody has come to conversations, or left them.
    pub fn lookers_changed(&self, conversations: &[ConversationId]) {
        for &chat_id in conversations {
            self.tell_all("lookers_update", &LookersUpdate { chat_id });
        }
    }

    fn tell_of_message(&self, chat_id: ConversationId, message_id: MessageId, author: Author) {
        self.tell_all("new_message", &NewMessage { chat_id, message_id, author });
    }

    fn tell_all(&self, event: &str, payload: &impl Serialize) {
        for socket in self.io.sockets() {
            tell(&socket, event, payload);
        }
    }

    fn close_ended(&self, store: &Store) {
        let ended = store.glance(|tx| {
            let mut ended = Vec::new();
            for socket in self.io.sockets() {
                let listener = socket.req_parts().extensions.get::<Listener>().copied();
                let is_live = listener.map_or(Ok(false), |listener| listener.is_live(tx))?;
                if !is_live {
                    ended.push(socket);
                }
            }
            Ok(ended)
        });
        match ended {
            Ok(ended) => ended.into_iter().for_each(close),
            Err(error) => tracing::warn!(%error, "whether a socket's listener still may is looked at again"),
        }
    }
}

/// Whether the figures of a period may be others now: a message came, or one that waited has ended.
fn changes_figures(event: &Event) -> bool {
    match event {
        Event::MessageReceived { .. }
        | Event::MessageSent { .. }
        | Event::MessageChanged { .. }
        | Event::DeskChanged { .. } => true,
        Event::DeliveryChanged { .. } | Event::HandlingChanged { .. } | Event::Flagged { .. } => false,
    }
}

/// Tells one socket, or closes it: what is missed once could be missed for ever.
fn tell(socket: &SocketRef, event: &str, payload: &impl Serialize) {
    if socket.emit(event, payload).is_err() {
        close(socket.clone());
    }
}

fn close(socket: SocketRef) {
    // It may be gone already.
    let _ = socket.disconnect();
}
