//! What the service is made of, and its life: made, started with an assistant, resumed.

use std::{
    future::Future,
    sync::{Arc, OnceLock},
    time::Duration,
};

use arc_swap::ArcSwap;
use jiff::{Timestamp, tz::TimeZone};
use tokio::sync::{Notify, Semaphore, broadcast, oneshot};

use super::{
    ChatError,
    admission::Admission,
    bursts::{Bursts, Quiet},
    lanes::Lanes,
    settings::Settings,
};
use crate::{
    assistant::{Assistant, StaffHours},
    domain::Event,
    store::{Store, heartbeat},
    tasks::Tasks,
};

/// Events that a slow listener may lag behind before it loses some; listeners then read the tables again.
const EVENTS_KEPT: usize = 1024;

/// Questions that staff may try out at once: patients come first.
const MOST_TRIALS: usize = 4;

/// What can be set.
#[derive(Clone, Debug)]
pub struct ChatOptions {
    /// Questions that may wait or be answered at once; more are refused.
    pub max_waiting: usize,
    /// Questions of one sender that may wait; more are refused.
    pub max_waiting_per_sender: usize,
    /// Questions that the assistant works on at once. Below the models' queue, so that it never overflows.
    pub answers_at_once: usize,
    /// Turns of the conversation that the assistant is told.
    pub history_turns: u32,
    /// The hospital's time zone.
    pub time_zone: TimeZone,
    /// How long a patient on WhatsApp may go on typing.
    pub quiet: Quiet,
    /// When staff answer.
    pub staff_hours: StaffHours,
    /// Replies to one patient beyond which the other side is taken for a machine.
    pub most_replies: Limit,
}

/// So many within such a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// How many.
    pub most: u32,
    /// Within what time.
    pub within: Duration,
}

impl Default for ChatOptions {
    /// Western Indonesia has had no summer time since 1964, so its zone needs no time-zone database.
    fn default() -> Self {
        Self {
            max_waiting: 512,
            max_waiting_per_sender: 8,
            answers_at_once: 16,
            history_turns: 6,
            time_zone: TimeZone::fixed(jiff::tz::offset(7)),
            quiet: Quiet::default(),
            staff_hours: StaffHours::default(),
            most_replies: Limit { most: 20, within: Duration::from_secs(600) },
        }
    }
}

impl ChatOptions {
    /// What administrators may change, as the configuration says it.
    pub(super) fn settings(&self) -> Settings {
        Settings { bot_answers_new: true, quiet: self.quiet, staff_hours: self.staff_hours.clone() }
    }
}

/// The conversations. Cheap to clone.
#[derive(Clone)]
pub struct ChatService {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) store: Store,
    pub(super) options: ChatOptions,
    pub(super) settings: ArcSwap<Settings>,
    pub(super) lanes: Lanes,
    pub(super) bursts: Bursts,
    /// Told when a file is to be fetched.
    pub(super) files: Notify,
    pub(super) admission: Admission,
    pub(super) slots: Semaphore,
    /// Questions that staff try out at once, the waiting ones included.
    pub(super) trials: Semaphore,
    tasks: Tasks,
    assistant: OnceLock<Arc<Assistant>>,
    events: broadcast::Sender<Event>,
}

impl ChatService {
    /// A service without an assistant: staff can read and write, patients' questions are refused as "starting".
    pub fn new(store: Store, tasks: Tasks, options: ChatOptions) -> Self {
        Self {
            inner: Arc::new(Inner {
                lanes: Lanes::default(),
                bursts: Bursts::default(),
                files: Notify::new(),
                admission: Admission::new(options.max_waiting, options.max_waiting_per_sender),
                slots: Semaphore::new(options.answers_at_once),
                settings: ArcSwap::from_pointee(options.settings()),
                trials: Semaphore::new(MOST_TRIALS),
                events: broadcast::Sender::new(EVENTS_KEPT),
                assistant: OnceLock::new(),
                store,
                options,
                tasks,
            }),
        }
    }

    /// Gives the service its assistant; from now on questions are answered. A second assistant is ignored.
    pub fn start(&self, assistant: Arc<Assistant>) {
        let _ = self.inner.assistant.set(assistant);
    }

    /// Whether there is an assistant.
    pub fn is_started(&self) -> bool {
        self.inner.assistant.get().is_some()
    }

    /// Everything that happens from now on, told after its transaction is committed.
    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.inner.events.subscribe()
    }

    /// Writes to the database, to learn whether it takes writes.
    ///
    /// # Errors
    /// [`ChatError::Store`] when it does not.
    pub async fn check_storage(&self) -> Result<(), ChatError> {
        Ok(self.inner.store.write(|tx| heartbeat::beat(tx, Timestamp::now())).await?)
    }

    /// Bytes that may still be written to the database's disk.
    ///
    /// # Errors
    /// [`ChatError::Store`].
    pub fn free_space(&self) -> Result<u64, ChatError> {
        Ok(self.inner.store.free_space()?)
    }

    pub(super) fn assistant(&self) -> Result<Arc<Assistant>, ChatError> {
        self.inner.assistant.get().cloned().ok_or(ChatError::Starting)
    }

    pub(super) fn stopping(&self) -> bool {
        self.inner.tasks.stopping().is_cancelled()
    }

    /// Resolves when the process should stop.
    pub(super) async fn stops(&self) {
        self.inner.tasks.stopping().cancelled().await;
    }

    pub(super) fn tell(&self, events: impl IntoIterator<Item = Event>) {
        for event in events {
            // Nobody listening is no error.
            let _ = self.inner.events.send(event);
        }
    }

    /// Runs `work` as a task of the process and waits for it: it ends also when whoever waits here goes away.
    pub(super) async fn detached<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, ChatError>> + Send + 'static,
    ) -> Result<T, ChatError> {
        let (done, result) = oneshot::channel();
        self.inner.tasks.spawn(async move {
            // The one who asked may be gone.
            let _ = done.send(work.await);
        });
        result.await.unwrap_or(Err(ChatError::BrokenOff))
    }

    /// Runs `work` as a task of the process that nobody waits for.
    pub(super) fn in_background(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.inner.tasks.spawn(work);
    }
}
