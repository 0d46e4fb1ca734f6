//! An account: its linked devices, and the handle by which tests play its phone and watch it.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use tokio::sync::watch;
use whatsapp_rust::{Jid, wacore_binary::Node};

use crate::{
    error::{Error, Result},
    faults::{Failure, Faults},
    identity::Primary,
    keys::DeviceKeys,
    link::Link,
    log::Log,
    queue::{Class, Queue},
    seen::Sighting,
    server::Server,
    signal::Peer,
    user::User,
};

/// A linked device.
pub(crate) struct Device {
    pub(crate) keys: DeviceKeys,
    /// The device's identity with both signatures, as others get it beside its keys.
    pub(crate) signed_identity: Vec<u8>,
    pub(crate) key_index: u32,
    pub(crate) queue: Queue,
    link: Option<Link>,
    /// Whether what waited has been sent, so that new stanzas go out at once.
    active: bool,
}

impl Device {
    pub(crate) fn new(keys: DeviceKeys, signed_identity: Vec<u8>, key_index: u32) -> Self {
        Self { keys, signed_identity, key_index, queue: Queue::default(), link: None, active: false }
    }

    /// Sends everything that was not sent yet, if the device is ready for it.
    pub(crate) fn flush(&mut self) {
        if let Some(link) = self.link.as_ref().filter(|_| self.active) {
            self.queue.take(usize::MAX).into_iter().for_each(|stanza| link.send(stanza));
        }
    }
}

/// An account as the server keeps it.
pub(crate) struct AccountState {
    pub(crate) user: User,
    pub(crate) primary: Primary,
    /// The phone's Signal end; the phone is device 0.
    pub(crate) phone: Arc<tokio::sync::Mutex<Peer>>,
    pub(crate) migrated: bool,
    pub(crate) devices: BTreeMap<u16, Device>,
    last_device: u16,
    pub(crate) faults: Faults,
    pub(crate) stalled_until: Option<tokio::time::Instant>,
    pub(crate) seen: Arc<Log<Sighting>>,
    /// How many linked devices are connected and have got what waited for them.
    connected: watch::Sender<usize>,
}

impl AccountState {
    pub(crate) fn new(user: User) -> Result<Self> {
        let primary = Primary::generate();
        let phone = Peer::new(primary.pair.clone())?;
        Ok(Self {
            user,
            primary,
            phone: Arc::new(tokio::sync::Mutex::new(phone)),
            migrated: false,
            devices: BTreeMap::new(),
            last_device: 0,
            faults: Faults::default(),
            stalled_until: None,
            seen: Arc::default(),
            connected: watch::Sender::new(0),
        })
    }

    /// The number of the next device to be linked, which is its key index too.
    pub(crate) fn next_device(&mut self) -> u16 {
        self.last_device += 1;
        self.last_device
    }

    pub(crate) fn links(&self) -> Vec<Link> {
        self.devices.values().filter_map(|device| device.link.clone()).collect()
    }

    /// A device has logged in on a new connection; a connection that it had before is taken over.
    pub(crate) fn attach(&mut self, device: u16, link: &Link) {
        let Some(device) = self.devices.get_mut(&device) else { return };
        device.active = false;
        device.queue.rewind();
        if let Some(before) = device.link.replace(link.clone()) {
            Failure::Replaced.strike(&before);
        }
        self.count_connected();
    }

    /// The device has unlinked itself.
    pub(crate) fn remove(&mut self, device: u16) {
        self.devices.remove(&device);
        self.count_connected();
    }

    /// A connection has ended.
    pub(crate) fn detach(&mut self, device: u16, link: &Link) {
        let Some(device) = self.devices.get_mut(&device) else { return };
        if device.link.as_ref().is_some_and(|its| its.is_same(link)) {
            device.link = None;
            device.active = false;
        }
        self.count_connected();
    }

    /// A device has got what waited for it.
    pub(crate) fn activate(&mut self, device: u16) {
        let holds = self.faults.holds_deliveries;
        let Some(device) = self.devices.get_mut(&device) else { return };
        device.active = true;
        if !holds {
            device.flush();
        }
        self.count_connected();
    }

    pub(crate) fn is_active(&self, device: u16) -> bool {
        self.devices.get(&device).is_some_and(|device| device.active)
    }

    /// Puts a stanza in a device's queue and sends it if the device is ready.
    pub(crate) fn deliver(&mut self, device: u16, stanza: Node) {
        let stanzas = if stanza.tag == "message" { self.faults.distort(stanza) } else { vec![stanza] };
        let holds = self.faults.holds_deliveries;
        let Some(device) = self.devices.get_mut(&device) else { return };
        stanzas.into_iter().for_each(|stanza| device.queue.push(stanza));
        if !holds {
            device.flush();
        }
    }

    /// Puts a stanza in the queues of all linked devices.
    pub(crate) fn deliver_to_all(&mut self, stanza: &Node) {
        let devices: Vec<u16> = self.devices.keys().copied().collect();
        devices.into_iter().for_each(|device| self.deliver(device, stanza.clone()));
    }

    fn count_connected(&self) {
        let connected = self.devices.values().filter(|device| device.active).count();
        self.connected.send_replace(connected);
    }
}

/// An account on the server: the hospital's. Cheap to clone, and keeps the server running.
#[derive(Clone)]
pub struct Account {
    pub(crate) server: Server,
    pub(crate) phone: Arc<str>,
    seen: Arc<Log<Sighting>>,
    connected: watch::Receiver<usize>,
}

impl Account {
    pub(crate) fn new(server: Server, state: &AccountState) -> Self {
        Self {
            server,
            phone: state.user.phone.as_str().into(),
            seen: Arc::clone(&state.seen),
            connected: state.connected.subscribe(),
        }
    }

    /// The account's number, digits only.
    pub fn phone(&self) -> &str {
        &self.phone
    }

    /// The account's address by number.
    pub fn pn(&self) -> Jid {
        Jid::pn(self.phone())
    }

    /// The account's address by LID.
    pub fn lid(&self) -> Jid {
        self.with(|account| account.user.lid(0))
    }

    /// Has the account migrated to LIDs: patients then write from LIDs, and clients are told so when they pair or are
    /// seeded. Call it before that.
    pub fn migrate_to_lid(&self) {
        self.with(|account| account.migrated = true);
    }

    /// Whether a linked device is connected and has got what waited for it.
    pub fn is_connected(&self) -> bool {
        *self.connected.borrow() > 0
    }

    /// Waits until a linked device is connected and has got what waited for it.
    ///
    /// # Errors
    /// [`Error::TimedOut`] when none is within `patience`.
    pub async fn wait_connected(&self, patience: Duration) -> Result<()> {
        self.wait_for_connections(|connected| connected > 0, patience).await
    }

    /// Waits until no linked device is connected.
    ///
    /// # Errors
    /// [`Error::TimedOut`] when one still is after `patience`.
    pub async fn wait_disconnected(&self, patience: Duration) -> Result<()> {
        self.wait_for_connections(|connected| connected == 0, patience).await
    }

    async fn wait_for_connections(&self, enough: impl Fn(usize) -> bool, patience: Duration) -> Result<()> {
        let mut connected = self.connected.clone();
        let waited = tokio::time::timeout(patience, connected.wait_for(|connected| enough(*connected))).await;
        match waited {
            Ok(_) => Ok(()),
            Err(_) => Err(Error::TimedOut(patience)),
        }
    }

    /// The numbers of the linked devices, oldest first.
    pub fn devices(&self) -> Vec<u16> {
        self.with(|account| account.devices.keys().copied().collect())
    }

    /// How many messages to linked devices those have not answered for yet.
    pub fn unsettled_messages(&self) -> usize {
        self.with(|account| {
            account.devices.values().map(|device| device.queue.unsettled(Class::Message)).sum()
        })
    }

    /// Waits until the linked devices have answered for every message to them.
    ///
    /// # Errors
    /// [`Error::TimedOut`] when they have not within `patience`.
    pub async fn wait_settled(&self, patience: Duration) -> Result<()> {
        let settle = async {
            loop {
                // What settles a message is seen after that.
                let seen = self.seen.len();
                if self.unsettled_messages() == 0 {
                    return;
                }
                self.seen.grown(seen).await;
            }
        };
        tokio::time::timeout(patience, settle).await.map_err(|_| Error::TimedOut(patience))
    }

    /// How many one-time keys of a linked device the server holds.
    pub fn one_time_keys(&self, device: u16) -> usize {
        self.with(|account| account.devices.get(&device).map_or(0, |device| device.keys.one_time.len()))
    }

    /// Removes all linked devices, as the phone can: their sessions end, and they can't log in any more.
    pub fn unpair(&self) {
        let links = self.with(|account| {
            let links = account.links();
            account.devices.clear();
            account.count_connected();
            links
        });
        links.iter().for_each(|link| Failure::DeviceRemoved.strike(link));
    }

    /// What the server received from the linked devices.
    pub fn seen(&self) -> &Log<Sighting> {
        &self.seen
    }

    /// Works on the account's state. Accounts are never removed.
    pub(crate) fn with<T>(&self, work: impl FnOnce(&mut AccountState) -> T) -> T {
        self.server.hub().with_account(&self.phone, work).expect("the server keeps its accounts")
    }
}
