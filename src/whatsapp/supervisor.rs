//! Keeps one client alive on the session: builds it, listens to its events, and decides what follows its end. The client
//! tries a lost connection again by itself; what WhatsApp decided (a logout, a ban, another session) is never stormed.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;
use whatsapp_rust::{bot::BotHandle, client::Client, wacore::types::events::Event};

use super::{
    Connection, Options, PairCode, QrCode, WhatsappError,
    events::{self, Forward},
    inbound::Inbound,
    session,
};
use crate::{chat::ChatService, domain::Delivery, store::Store};

/// The first wait after WhatsApp refused the version, doubled each time up to the last.
const OUTDATED_WAIT: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(3600));
/// The wait after a client that could not be made or ended unexpectedly.
const CRASH_WAIT: Duration = Duration::from_secs(10);
/// Events that are taken at once.
const MOST_NEWS: usize = 256;
/// How often the connection is looked at, since failed attempts tell nobody.
const LOOK: Duration = Duration::from_secs(15);
/// How often the disk is looked at.
const LOOK_AT_DISK: Duration = Duration::from_secs(2);
/// How long a client may take to end in order.
const SHUTDOWN_PATIENCE: Duration = Duration::from_secs(10);

/// What others ask of it.
pub(super) enum Command {
    /// Connect without a session, so that a code comes.
    Pair { done: oneshot::Sender<()> },
    /// Begin anew at once.
    Refresh { done: oneshot::Sender<()> },
    /// Ask for a code to type on the phone with this number.
    PairCode { number: String, done: oneshot::Sender<Result<PairCode, WhatsappError>> },
    /// End the pairing.
    Logout { done: oneshot::Sender<()> },
}

/// How a client ended.
#[derive(Debug)]
enum End {
    /// The process stops.
    Stopping,
    /// Somebody asked to begin anew.
    Again,
    /// Nobody scanned, or the pairing is over: somebody has to ask.
    Idle,
    /// WhatsApp lets it in again at this time.
    NotBefore(Timestamp),
    /// WhatsApp refuses the version.
    Outdated,
    /// The disk takes no writes, or soon takes none.
    NoRoom,
    /// It ended without a reason.
    Crashed,
}

pub(super) struct Supervisor {
    pub options: Options,
    pub chat: ChatService,
    /// For the client's own buffers.
    pub store: Store,
    pub connection: watch::Sender<Connection>,
    pub qr: watch::Sender<Option<QrCode>>,
    pub link: watch::Sender<Option<Arc<Client>>>,
}

impl Supervisor {
    pub async fn run(self, mut commands: mpsc::Receiver<Command>, stop: CancellationToken) {
        let mut connect = session::is_paired(&self.options).await.unwrap_or_else(|error| {
            tracing::error!(%error, "WhatsApp");
            false
        });
        let mut outdated = OUTDATED_WAIT.0;
        loop {
            if !connect {
                tokio::select! {
                    () = stop.cancelled() => return,
                    command = commands.recv() => {
                        let Some(command) = command else { return };
                        connect = self.wants_client(command);
                        continue;
                    }
                }
            }
            let end =
                if self.has_room().await { self.live(&mut commands, &stop).await } else { Ok(End::NoRoom) };
            let end = match end {
                Ok(end) => end,
                Err(error) => {
                    tracing::error!(%error, "WhatsApp");
                    if matches!(error, WhatsappError::Unverified) { End::Idle } else { End::Crashed }
                }
            };
            self.link.send_replace(None);
            self.qr.send_replace(None);
            let wait = match end {
                End::Stopping => return,
                End::Again => Duration::ZERO,
                End::Idle => {
                    connect = false;
                    continue;
                }
                End::NotBefore(until) => {
                    Duration::try_from(until.duration_since(Timestamp::now())).unwrap_or_default()
                }
                End::Outdated => {
                    session::forget_version(&self.options);
                    let wait = outdated;
                    outdated = (outdated * 2).min(OUTDATED_WAIT.1);
                    let retry_at = Timestamp::now().checked_add(wait).unwrap_or(Timestamp::MAX);
                    self.connection.send_replace(Connection::Outdated { retry_at });
                    wait
                }
                End::NoRoom => {
                    self.no_room();
                    LOOK_AT_DISK
                }
                End::Crashed => CRASH_WAIT,
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(wait) => connect = true,
                command = commands.recv() => match command {
                    Some(command) => connect = self.wants_client(command),
                    None => return,
                }
            }
        }
    }

    /// Answers a command while no client lives. Gives whether it wants one.
    fn wants_client(&self, command: Command) -> bool {
        // Whoever asked may be gone.
        match command {
            Command::Pair { done } | Command::Refresh { done } => {
                let _ = done.send(());
                true
            }
            Command::PairCode { done, .. } => {
                let _ = done.send(Err(WhatsappError::NoCode));
                true
            }
            Command::Logout { done } => {
                session::remove(&self.options);
                self.connection.send_replace(Connection::Unpaired);
                let _ = done.send(());
                false
            }
        }
    }

    /// One client, from its making to its end.
    async fn live(
        &self,
        commands: &mut mpsc::Receiver<Command>,
        stop: &CancellationToken,
    ) -> Result<End, WhatsappError> {
        self.connection.send_replace(Connection::Connecting);
        let (forward, mut events) = mpsc::unbounded_channel();
        let unstored = Arc::new(Notify::new());
        let inbound = Inbound { chat: self.chat.clone(), unstored: Arc::clone(&unstored) };
        let bot = session::bot(&self.options, self.store.clone(), inbound.clone(), Forward(forward)).await?;
        let mut handle = bot.spawn();
        let client = handle.client();
        let mut news = Vec::new();
        let mut watchdog = Watchdog::default();
        let mut looks = tokio::time::interval(LOOK);
        let mut looks_at_disk = tokio::time::interval(LOOK_AT_DISK);
        let end = loop {
            tokio::select! {
                () = stop.cancelled() => break End::Stopping,
                () = &mut handle => break self.after_end(),
                heard = events.recv_many(&mut news, MOST_NEWS) => match heard {
                    0 => break self.after_end(),
                    _ => self.hear_all(std::mem::take(&mut news), &client, &inbound).await,
                },
                command = commands.recv() => match command {
                    Some(command) => if let Some(end) = self.obey(command, &client).await { break end },
                    None => break End::Stopping,
                },
                _ = looks.tick() => watchdog.look(&client, &self.connection).await,
                _ = looks_at_disk.tick() => if !self.has_free_space() { break End::NoRoom },
                () = unstored.notified() => {
                    // What it has decrypted and could not store, it would take for a duplicate when it comes again, and
                    // confirm it: it must forget, so it may not write down how far it is.
                    self.no_room();
                    self.link.send_replace(None);
                    handle.abort();
                    return Ok(End::NoRoom);
                }
            }
        };
        // What it said before it ended counts.
        while let Ok(event) = events.try_recv() {
            news.push(event);
        }
        self.hear_all(news, &client, &inbound).await;
        let end = if matches!(end, End::Crashed | End::Idle) { self.after_end() } else { end };
        self.link.send_replace(None);
        shut_down(handle).await;
        if matches!(*self.connection.borrow(), Connection::LoggedOut { .. }) {
            session::remove(&self.options);
        }
        Ok(end)
    }

    fn no_room(&self) {
        if !matches!(*self.connection.borrow(), Connection::StorageFull { .. }) {
            tracing::error!(
                "the disk is full or takes no writes: messages are left with WhatsApp until it does"
            );
            self.connection.send_replace(Connection::StorageFull { since: Timestamp::now() });
        }
    }

    fn has_free_space(&self) -> bool {
        let free = self.chat.free_space();
        free.is_ok_and(|free| free >= self.options.least_free_bytes)
    }

    /// Whether messages can be stored. When they can again, what could not be answered meanwhile is taken up.
    async fn has_room(&self) -> bool {
        let has_room = self.has_free_space() && self.chat.check_storage().await.is_ok();
        let had_none = matches!(*self.connection.borrow(), Connection::StorageFull { .. });
        if has_room && had_none && self.chat.is_started() {
            tracing::info!("the disk takes writes again");
            if let Err(error) = self.chat.resume().await {
                tracing::error!(%error, "what waited could not be taken up");
            }
        }
        has_room
    }

    /// Takes events in their order; neighbouring ticks are written down together.
    async fn hear_all(&self, news: Vec<Arc<Event>>, client: &Arc<Client>, inbound: &Inbound) {
        let mut ticks = Vec::new();
        for event in news {
            let of_this = events::ticks(&event);
            if of_this.is_empty() {
                self.tick(std::mem::take(&mut ticks)).await;
                self.hear(&event, client, inbound).await;
            } else {
                ticks.extend(of_this);
            }
        }
        self.tick(ticks).await;
    }

    async fn tick(&self, ticks: Vec<(String, Delivery)>) {
        if !ticks.is_empty()
            && let Err(error) = self.chat.reached(ticks).await
        {
            tracing::error!(%error, "how far messages have come could not be stored");
        }
    }

    async fn hear(&self, event: &Arc<Event>, client: &Arc<Client>, inbound: &Inbound) {
        let next = Connection::after(event, Timestamp::now());
        // What WhatsApp decided is not blurred by the disconnection that follows it.
        let decided = self.connection.borrow().is_decided();
        let lost = matches!(next, Some(Connection::Reconnecting { .. }));
        if let Some(connection) = next.filter(|_| !(decided && lost)) {
            self.link.send_replace(connection.is_connected().then(|| Arc::clone(client)));
            if connection.needs_staff() {
                tracing::error!(state = ?connection, "WhatsApp needs somebody");
            }
            self.connection.send_replace(connection);
        }
        if matches!(**event, Event::ClientOutdated(_)) {
            let retry_at = Timestamp::now();
            self.connection.send_replace(Connection::Outdated { retry_at });
        }
        match &**event {
            Event::PairingQrCode(qr) => {
                let valid_until = Timestamp::now().checked_add(qr.timeout).unwrap_or(Timestamp::MAX);
                self.qr.send_replace(Some(QrCode { code: qr.code.clone(), valid_until }));
            }
            Event::PairSuccess(_) | Event::PairingQrCodesExhausted(_) => {
                self.qr.send_replace(None);
            }
            _ => {}
        }
        if let Err(error) = events::take(event, client, inbound, &self.chat).await {
            tracing::error!(%error, "something that WhatsApp told could not be stored");
        }
    }

    /// Gives the end, if the command ends the client.
    async fn obey(&self, command: Command, client: &Arc<Client>) -> Option<End> {
        match command {
            Command::Pair { done } => {
                let _ = done.send(());
                // This client is at its end already: the wish is the next one's.
                self.connection.borrow().is_decided().then_some(End::Again)
            }
            Command::Refresh { done } => {
                self.qr.send_replace(None);
                let _ = done.send(());
                Some(End::Again)
            }
            Command::PairCode { number, done } => {
                let _ = done.send(session::pair_code(client, number).await);
                None
            }
            Command::Logout { done } => {
                client.logout().await;
                self.connection.send_replace(Connection::LoggedOut { reason: "asked for here".to_owned() });
                let _ = done.send(());
                Some(End::Idle)
            }
        }
    }

    /// What the state that the client left behind means.
    fn after_end(&self) -> End {
        match &*self.connection.borrow() {
            Connection::LoggedOut { .. } | Connection::Replaced | Connection::Unpaired | Connection::Off => {
                End::Idle
            }
            Connection::BannedUntil { until, .. } => End::NotBefore(*until),
            Connection::Outdated { .. } => End::Outdated,
            _ => End::Crashed,
        }
    }
}

async fn shut_down(handle: BotHandle) {
    if tokio::time::timeout(SHUTDOWN_PATIENCE, handle.shutdown()).await.is_err() {
        tracing::warn!("the WhatsApp client did not end in time");
    }
}

/// Notices what no event tells: a client that says it is connected while its socket is gone, and the other way round.
#[derive(Default)]
struct Watchdog {
    deaf: u32,
}

impl Watchdog {
    /// Looks of which the first may be chance.
    const PATIENCE: u32 = 2;

    async fn look(&mut self, client: &Arc<Client>, connection: &watch::Sender<Connection>) {
        let says_connected = connection.borrow().is_connected();
        let is_connected = client.is_connected() && client.is_logged_in();
        self.deaf = if says_connected && !is_connected { self.deaf + 1 } else { 0 };
        if self.deaf >= Self::PATIENCE {
            tracing::error!("WhatsApp was connected and deaf; connecting anew");
            connection.send_replace(Connection::Reconnecting { since: Timestamp::now() });
            self.deaf = 0;
            client.reconnect_immediately().await;
        }
    }
}
