//! The server: what it keeps, and the handle on it.

use std::{
    collections::HashMap,
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use parking_lot::Mutex;
use tokio::{net::TcpListener, sync::watch};
use tokio_util::sync::CancellationToken;
use whatsapp_rust::{Jid, wacore_binary::Server as Domain};

use crate::{
    account::{Account, AccountState},
    error::{Error, Result},
    listener,
    media::Media,
    noise::ServerKey,
    pairing::Pairings,
    patient::{Patient, PatientState},
    tasks::Tasks,
    user::User,
};

/// Everything that the connections and the handles share.
pub(crate) struct Hub {
    pub(crate) key: ServerKey,
    pub(crate) address: SocketAddr,
    pub(crate) media: Media,
    pub(crate) tasks: Tasks,
    users: Mutex<Users>,
    pub(crate) pairings: Mutex<Pairings>,
    online: Mutex<Online>,
    /// How many refs a client that pairs gets.
    pub(crate) pairing_refs: AtomicUsize,
    /// The web client's revision that `/sw.js` names.
    revision: watch::Sender<u32>,
}

#[derive(Default)]
struct Users {
    by_phone: HashMap<String, Entry>,
    phones: HashMap<String, String>,
    /// The account that patients write to unless they are told otherwise: the first one.
    first_account: Option<String>,
}

enum Entry {
    Account(Box<AccountState>),
    Patient(Arc<PatientState>),
}

/// Who is behind an address.
pub(crate) enum Party {
    /// An account, by its number.
    Account(String),
    Patient(Arc<PatientState>),
}

/// Connections live no longer than the token; it is cancelled when the server goes offline.
struct Online {
    token: CancellationToken,
    accepts: bool,
}

impl Hub {
    fn new(address: SocketAddr) -> Self {
        let tasks = Tasks::default();
        Self {
            key: ServerKey::generate(),
            address,
            media: Media::new(address),
            online: Mutex::new(Online { token: tasks.stopping().child_token(), accepts: true }),
            tasks,
            users: Mutex::default(),
            pairings: Mutex::default(),
            pairing_refs: AtomicUsize::new(6),
            revision: watch::Sender::new(1_030_000_000),
        }
    }

    /// The token that a new connection is to live under, if the server is online.
    pub(crate) fn admission(&self) -> Option<CancellationToken> {
        let online = self.online.lock();
        online.accepts.then(|| online.token.clone())
    }

    pub(crate) fn revision(&self) -> u32 {
        *self.revision.borrow()
    }

    /// Who is behind an address, by number or by LID.
    pub(crate) fn party(&self, jid: &Jid) -> Option<Party> {
        let users = self.users.lock();
        let phone = match jid.server {
            Domain::Pn => jid.user.as_str(),
            Domain::Lid => users.phones.get(jid.user.as_str())?,
            _ => return None,
        };
        Some(match users.by_phone.get(phone)? {
            Entry::Account(_) => Party::Account(phone.to_owned()),
            Entry::Patient(patient) => Party::Patient(Arc::clone(patient)),
        })
    }

    /// The user behind an address.
    pub(crate) fn user(&self, jid: &Jid) -> Option<User> {
        Some(match self.party(jid)? {
            Party::Account(phone) => self.with_account(&phone, |account| account.user.clone())?,
            Party::Patient(patient) => patient.user.clone(),
        })
    }

    /// Works on an account's state.
    pub(crate) fn with_account<T>(
        &self,
        phone: &str,
        work: impl FnOnce(&mut AccountState) -> T,
    ) -> Option<T> {
        match self.users.lock().by_phone.get_mut(phone)? {
            Entry::Account(account) => Some(work(account)),
            Entry::Patient(_) => None,
        }
    }

    /// Works on the state of every account.
    pub(crate) fn each_account(&self, mut work: impl FnMut(&mut AccountState)) {
        for entry in self.users.lock().by_phone.values_mut() {
            if let Entry::Account(account) = entry {
                work(account);
            }
        }
    }

    /// The number of the account that patients write to unless they are told otherwise.
    pub(crate) fn first_account(&self) -> Result<String> {
        self.users.lock().first_account.clone().ok_or(Error::NoAccount)
    }
}

/// A running server. Cheap to clone; when the last handle on it, on its accounts and on its patients has gone, it
/// stops.
#[derive(Clone)]
pub struct Server {
    running: Arc<Running>,
}

struct Running(Arc<Hub>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.tasks.stop();
    }
}

impl Server {
    /// Starts on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn start() -> io::Result<Self> {
        Self::start_on(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await
    }

    /// Starts on an address.
    ///
    /// # Errors
    /// When the address can't be had, or when it is not of this machine only: the server's key is signed by nobody.
    pub async fn start_on(address: SocketAddr) -> io::Result<Self> {
        if !address.ip().is_loopback() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a loopback address"));
        }
        let socket = TcpListener::bind(address).await?;
        let hub = Arc::new(Hub::new(socket.local_addr()?));
        listener::start(&hub, socket);
        Ok(Self { running: Arc::new(Running(hub)) })
    }

    /// Where clients connect to: `ws://127.0.0.1:PORT/ws/chat`.
    pub fn url(&self) -> String {
        format!("ws://{}/ws/chat", self.hub().address)
    }

    /// Where media and `/sw.js` are: `http://127.0.0.1:PORT`.
    ///
    /// Clients build `https://HOST/…` from the host that the server names, which is `127.0.0.1:PORT`; a client for
    /// this server sends such a request to `http://` of the same host, and `https://web.whatsapp.com/sw.js` to
    /// `/sw.js` here. Nothing else in the address changes.
    pub fn http_url(&self) -> String {
        format!("http://{}", self.hub().address)
    }

    /// The address that the server listens on.
    pub fn address(&self) -> SocketAddr {
        self.hub().address
    }

    /// Stops the server and closes all connections.
    pub async fn stop(&self) {
        self.hub().tasks.stop();
        self.hub().tasks.ended().await;
    }

    /// Goes offline or online. Offline, all connections are dropped and new ones are dropped at once, before the
    /// WebSocket's handshake. What the server knows stays.
    pub fn set_online(&self, online: bool) {
        let mut state = self.hub().online.lock();
        if state.accepts && !online {
            state.token.cancel();
            state.token = self.hub().tasks.stopping().child_token();
        }
        state.accepts = online;
    }

    /// The revision of the web client that `/sw.js` names, the last number of the version.
    pub fn set_web_revision(&self, revision: u32) {
        self.hub().revision.send_replace(revision);
    }

    /// How many refs a client that pairs gets; 6 if nobody says. The first shows for 60 seconds, each further one for 20.
    pub fn set_pairing_refs(&self, refs: usize) {
        self.hub().pairing_refs.store(refs, Ordering::Relaxed);
    }

    /// An account, made if there is none with this number. `phone` may hold more than digits.
    ///
    /// # Errors
    /// [`Error::NumberTaken`] when the number is a patient's.
    pub fn account(&self, phone: &str, name: &str) -> Result<Account> {
        let user = User::new(phone, name);
        let mut users = self.hub().users.lock();
        if !users.by_phone.contains_key(&user.phone) {
            let state = AccountState::new(user.clone())?;
            users.phones.insert(user.lid_user().to_owned(), user.phone.clone());
            users.by_phone.insert(user.phone.clone(), Entry::Account(Box::new(state)));
            users.first_account.get_or_insert_with(|| user.phone.clone());
        }
        match users.by_phone.get(&user.phone) {
            Some(Entry::Account(state)) => Ok(Account::new(self.clone(), state)),
            _ => Err(Error::NumberTaken),
        }
    }

    /// A patient, made if there is none with this number; writes to the server's first account. `phone` may hold more
    /// than digits.
    ///
    /// # Errors
    /// [`Error::NumberTaken`] when the number is an account's.
    pub fn patient(&self, phone: &str, name: &str) -> Result<Patient> {
        let user = User::new(phone, name);
        let mut users = self.hub().users.lock();
        if !users.by_phone.contains_key(&user.phone) {
            let state = Arc::new(PatientState::new(user.clone())?);
            users.phones.insert(user.lid_user().to_owned(), user.phone.clone());
            users.by_phone.insert(user.phone.clone(), Entry::Patient(state));
        }
        match users.by_phone.get(&user.phone) {
            Some(Entry::Patient(state)) => Ok(Patient::new(self.clone(), Arc::clone(state))),
            _ => Err(Error::NumberTaken),
        }
    }

    /// The media that clients and patients have uploaded.
    pub fn media(&self) -> &Media {
        &self.hub().media
    }

    pub(crate) fn hub(&self) -> &Arc<Hub> {
        &self.running.0
    }
}
