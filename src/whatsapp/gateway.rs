//! The hospital's number: what others may ask of it.

use std::{path::PathBuf, sync::Arc, time::Duration};

use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot, watch};

use super::{
    Connection, Options, WhatsappError,
    media::Media,
    outbox::Outbox,
    supervisor::{Command, Supervisor},
};
use crate::{
    chat::{ChatService, PhoneNumber},
    store::Store,
    tasks::Tasks,
};

/// How long somebody who asks for a code waits for it.
const CODE_PATIENCE: Duration = Duration::from_secs(20);

/// A QR code for the phone to scan. Whoever sees it can take the hospital's account over.
#[derive(Clone, PartialEq, Eq)]
pub struct QrCode {
    /// What the code says.
    pub code: String,
    /// Until when it is good.
    pub valid_until: Timestamp,
}

/// A pair code to type on the phone. Whoever sees it can take the hospital's account over.
#[derive(Clone, PartialEq, Eq)]
pub struct PairCode {
    /// Eight characters.
    pub code: String,
    /// Until when it is good.
    pub valid_until: Timestamp,
}

/// The hospital's number. Cheap to clone.
#[derive(Clone)]
pub struct Gateway {
    inner: Arc<Inner>,
}

struct Inner {
    session: PathBuf,
    connection: watch::Receiver<Connection>,
    qr: watch::Receiver<Option<QrCode>>,
    commands: mpsc::Sender<Command>,
}

impl Gateway {
    /// Starts the gateway: with a session it connects, without one it waits for somebody to pair.
    ///
    /// # Errors
    /// [`WhatsappError::NotLoopback`] and [`WhatsappError::Unverified`] when the options and the build don't go together.
    pub fn start(
        options: Options,
        chat: ChatService,
        store: Store,
        tasks: &Tasks,
    ) -> Result<Self, WhatsappError> {
        options.check()?;
        let (connection, seen) =
            watch::channel(if options.enabled { Connection::Unpaired } else { Connection::Off });
        let (qr, shown) = watch::channel(None);
        let (commands, asked) = mpsc::channel(8);
        let (link, linked) = watch::channel(None);
        let session = options.session.clone();
        if options.enabled {
            let outbox = Outbox::new(chat.clone(), tasks.clone(), options.pace);
            tasks.spawn(outbox.run(linked.clone(), tasks.stopping()));
            let media = Media {
                chat: chat.clone(),
                most_bytes: options.most_media_bytes,
                least_free_bytes: options.least_free_bytes,
            };
            tasks.spawn(media.run(linked, tasks.stopping()));
            let supervisor = Supervisor { options, chat, store, connection, qr, link };
            tasks.spawn(supervisor.run(asked, tasks.stopping()));
        }
        Ok(Self { inner: Arc::new(Inner { session, connection: seen, qr: shown, commands }) })
    }

    /// How the number is connected.
    pub fn connection(&self) -> Connection {
        self.inner.connection.borrow().clone()
    }

    /// Every change of it from now on.
    pub fn changes(&self) -> watch::Receiver<Connection> {
        self.inner.connection.clone()
    }

    /// The QR code that is good now; pairing starts if it has not.
    ///
    /// # Errors
    /// [`WhatsappError::AlreadyPaired`], [`WhatsappError::NoCode`], [`WhatsappError::Off`].
    pub async fn qr(&self) -> Result<QrCode, WhatsappError> {
        self.may_pair()?;
        if self.inner.qr.borrow().is_none() {
            self.command(|done| Command::Pair { done }).await?;
        }
        let mut shown = self.inner.qr.clone();
        let waited = tokio::time::timeout(CODE_PATIENCE, shown.wait_for(Option::is_some)).await;
        match waited {
            Ok(Ok(code)) => code.clone().ok_or(WhatsappError::NoCode),
            Ok(Err(_)) => Err(WhatsappError::Stopping),
            Err(_) => Err(WhatsappError::NoCode),
        }
    }

    /// Asks for a new set of QR codes, or tries a lost or replaced connection at once.
    ///
    /// # Errors
    /// [`WhatsappError::Off`], [`WhatsappError::Stopping`].
    pub async fn refresh(&self) -> Result<(), WhatsappError> {
        self.is_on()?;
        self.command(|done| Command::Refresh { done }).await
    }

    /// A code to type on the phone with this number.
    ///
    /// # Errors
    /// [`WhatsappError::AlreadyPaired`], [`WhatsappError::CodeRefused`], [`WhatsappError::NoCode`],
    /// [`WhatsappError::Off`].
    pub async fn pair_code(&self, number: &PhoneNumber) -> Result<PairCode, WhatsappError> {
        self.qr().await?;
        let number = number.as_str().to_owned();
        let asked = self.ask(|done| Command::PairCode { number, done });
        tokio::time::timeout(CODE_PATIENCE, asked).await.map_err(|_| WhatsappError::NoCode)??
    }

    /// Ends the pairing and forgets the session.
    ///
    /// # Errors
    /// [`WhatsappError::NotPaired`], [`WhatsappError::Off`], [`WhatsappError::Stopping`].
    pub async fn logout(&self) -> Result<(), WhatsappError> {
        self.is_on()?;
        if !self.inner.session.exists() {
            return Err(WhatsappError::NotPaired);
        }
        self.command(|done| Command::Logout { done }).await
    }

    fn is_on(&self) -> Result<(), WhatsappError> {
        if *self.inner.connection.borrow() == Connection::Off { Err(WhatsappError::Off) } else { Ok(()) }
    }

    fn may_pair(&self) -> Result<(), WhatsappError> {
        self.is_on()?;
        match *self.inner.connection.borrow() {
            Connection::Unpaired
            | Connection::WaitingForScan
            | Connection::Connecting
            | Connection::LoggedOut { .. } => Ok(()),
            _ => Err(WhatsappError::AlreadyPaired),
        }
    }

    async fn command(
        &self,
        command: impl FnOnce(oneshot::Sender<()>) -> Command,
    ) -> Result<(), WhatsappError> {
        self.ask(command).await
    }

    async fn ask<T>(&self, command: impl FnOnce(oneshot::Sender<T>) -> Command) -> Result<T, WhatsappError> {
        let (done, told) = oneshot::channel();
        self.inner.commands.send(command(done)).await.map_err(|_| WhatsappError::Stopping)?;
        told.await.map_err(|_| WhatsappError::Stopping)
    }
}
