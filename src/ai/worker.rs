//! One named thread owns one model; callers hand it jobs through a bounded queue and await the reply.
//!
//! ```text
//!  run(lane, job) ──► [ urgent     ] ──┐
//!       ▲             [ background ] ──┴─► thread "embedder": job(&mut model) ──► reply
//!       └────────────────────────────────────────────────────────────────────────┘
//! ```
//!
//! A full lane is [`AiError::Busy`] at once. A caller that stops waiting costs nothing: its job is skipped, or sees
//! [`Caller::is_gone`] and ends early. A panic costs its caller one [`AiError::ModelPanicked`], and the model, which
//! may be half-changed, is dropped and built anew while others wait in the queue.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use tokio::sync::oneshot;

use super::AiError;

/// Waits between tries to rebuild a model double from the first to the second of these.
const REBUILD_WAITS: (Duration, Duration) =
    (Duration::from_millis(if cfg!(test) { 5 } else { 1_000 }), Duration::from_secs(60));

/// Which queue a job waits in. All urgent jobs go ahead of all background jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// A patient is waiting.
    Urgent,
    /// Nobody is waiting: indexing.
    Background,
}

/// A model on its own thread.
///
/// Dropping it refuses what still waits, tells the running job that its [`Caller::is_gone`], and joins the thread.
pub struct Worker<M> {
    queue: Arc<Queue<M>>,
    thread: Option<JoinHandle<()>>,
}

impl<M: 'static> Worker<M> {
    /// Starts the thread `name` and waits until `build` has made the model there. `build` loads it and runs it once
    /// on a short input, so that the first patient does not pay for cold pages; it is called again after a panic.
    /// `capacity` bounds each lane.
    ///
    /// # Errors
    /// What `build` returned, or [`AiError::Load`] if it panicked or the thread could not be started.
    pub async fn start(
        name: &'static str,
        capacity: usize,
        build: impl Fn() -> Result<M, AiError> + Send + 'static,
    ) -> Result<Self, AiError> {
        let queue = Arc::new(Queue::new(capacity));
        let (ready, built) = oneshot::channel();
        let serving = Arc::clone(&queue);
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || serve(name, &serving, &build, ready))
            .map_err(|error| AiError::load(name, error))?;
        let worker = Self { queue, thread: Some(thread) };
        built.await.unwrap_or(Err(AiError::Stopped))?;
        Ok(worker)
    }

    /// Runs `job` on the model and returns what it returned. Dropping the future cancels the job.
    ///
    /// # Errors
    /// [`AiError::Busy`], [`AiError::ModelPanicked`], [`AiError::Restarting`], [`AiError::Stopped`], or the job's own.
    pub async fn run<T: Send + 'static>(
        &self,
        lane: Lane,
        job: impl FnOnce(&mut M, &Caller<'_>) -> Result<T, AiError> + Send + 'static,
    ) -> Result<T, AiError> {
        let (reply, answer) = oneshot::channel();
        self.queue.push(lane, Box::new(Pending { reply, job }))?;
        answer.await.unwrap_or(Err(AiError::Stopped))
    }

    /// Whether a model is loaded and takes jobs.
    pub fn is_ready(&self) -> bool {
        self.queue.state.lock().phase == Phase::Ready
    }
}

impl<M> Drop for Worker<M> {
    fn drop(&mut self) {
        self.queue.stop();
        if let Some(thread) = self.thread.take() {
            // Its panics are caught inside; there is nothing left to report here.
            let _ = thread.join();
        }
    }
}

/// The one who waits for a running job.
pub struct Caller<'a> {
    abandoned: &'a (dyn Fn() -> bool + Sync),
}

impl Caller<'_> {
    /// Whether nobody waits any more: the caller dropped its future, or the worker is stopping. Long jobs ask
    /// between steps (a generator: each token) and end with [`AiError::Cancelled`].
    pub fn is_gone(&self) -> bool {
        (self.abandoned)()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The model is being built; jobs wait.
    Building,
    Ready,
    /// The last rebuild failed; jobs are refused until one succeeds.
    Down,
    Stopped,
}

struct State<M> {
    phase: Phase,
    urgent: VecDeque<Box<dyn Task<M>>>,
    background: VecDeque<Box<dyn Task<M>>>,
}

struct Queue<M> {
    capacity: usize,
    state: Mutex<State<M>>,
    changed: Condvar,
}

impl<M> Queue<M> {
    fn new(capacity: usize) -> Self {
        let state = State { phase: Phase::Building, urgent: VecDeque::new(), background: VecDeque::new() };
        Self { capacity: capacity.max(1), state: Mutex::new(state), changed: Condvar::new() }
    }

    fn push(&self, lane: Lane, task: Box<dyn Task<M>>) -> Result<(), AiError> {
        let mut state = self.state.lock();
        match state.phase {
            Phase::Stopped => return Err(AiError::Stopped),
            Phase::Down => return Err(AiError::Restarting),
            Phase::Building | Phase::Ready => {}
        }
        let tasks = match lane {
            Lane::Urgent => &mut state.urgent,
            Lane::Background => &mut state.background,
        };
        if tasks.len() >= self.capacity {
            // Those who gave up while they waited must not keep others out.
            tasks.retain(|task| !task.is_abandoned());
        }
        if tasks.len() >= self.capacity {
            return Err(AiError::Busy);
        }
        tasks.push_back(task);
        self.changed.notify_one();
        Ok(())
    }

    /// The next job that somebody waits for; `None` when the worker stops.
    fn next(&self) -> Option<Box<dyn Task<M>>> {
        let mut state = self.state.lock();
        loop {
            if state.phase == Phase::Stopped {
                return None;
            }
            match state.urgent.pop_front().or_else(|| state.background.pop_front()) {
                Some(task) if task.is_abandoned() => {}
                Some(task) => return Some(task),
                None => self.changed.wait(&mut state),
            }
        }
    }

    fn enter(&self, phase: Phase) {
        let mut state = self.state.lock();
        if state.phase != Phase::Stopped {
            state.phase = phase;
        }
    }

    fn refuse_waiting(&self, error: &AiError) {
        let waiting: Vec<_> = {
            let mut guard = self.state.lock();
            let state = &mut *guard;
            state.urgent.drain(..).chain(state.background.drain(..)).collect()
        };
        for task in waiting {
            task.refuse(error.clone());
        }
    }

    fn stop(&self) {
        self.state.lock().phase = Phase::Stopped;
        self.changed.notify_all();
        self.refuse_waiting(&AiError::Stopped);
    }

    fn is_stopped(&self) -> bool {
        self.state.lock().phase == Phase::Stopped
    }

    /// Sleeps for `wait`; false when the worker stops meanwhile.
    fn pause(&self, wait: Duration) -> bool {
        let mut state = self.state.lock();
        let until = std::time::Instant::now() + wait;
        while state.phase != Phase::Stopped {
            if self.changed.wait_until(&mut state, until).timed_out() {
                return state.phase != Phase::Stopped;
            }
        }
        false
    }
}

/// A job in the queue, its types forgotten.
trait Task<M>: Send {
    fn is_abandoned(&self) -> bool;
    /// Runs and replies; false when the job panicked.
    fn run(self: Box<Self>, model: &mut M, queue: &Queue<M>) -> bool;
    fn refuse(self: Box<Self>, error: AiError);
}

struct Pending<T, J> {
    reply: oneshot::Sender<Result<T, AiError>>,
    job: J,
}

impl<M, T, J> Task<M> for Pending<T, J>
where
    T: Send,
    J: FnOnce(&mut M, &Caller<'_>) -> Result<T, AiError> + Send,
{
    fn is_abandoned(&self) -> bool {
        self.reply.is_closed()
    }

    fn run(self: Box<Self>, model: &mut M, queue: &Queue<M>) -> bool {
        let Self { reply, job } = *self;
        let abandoned = || reply.is_closed() || queue.is_stopped();
        // Unwind safety: after a panic the model is not used again.
        let result = catch_unwind(AssertUnwindSafe(|| job(model, &Caller { abandoned: &abandoned })));
        let survived = result.is_ok();
        // A caller that has gone does not want the reply.
        let _ = reply.send(result.unwrap_or(Err(AiError::ModelPanicked)));
        survived
    }

    fn refuse(self: Box<Self>, error: AiError) {
        let _ = self.reply.send(Err(error));
    }
}

type Build<M> = dyn Fn() -> Result<M, AiError>;

fn serve<M>(
    name: &'static str,
    queue: &Queue<M>,
    build: &Build<M>,
    ready: oneshot::Sender<Result<(), AiError>>,
) {
    let mut model = match guarded_build(name, build) {
        Ok(model) => model,
        Err(error) => {
            queue.stop();
            let _ = ready.send(Err(error));
            return;
        }
    };
    queue.enter(Phase::Ready);
    let _ = ready.send(Ok(()));
    while let Some(task) = queue.next() {
        if task.run(&mut model, queue) {
            continue;
        }
        tracing::error!(worker = name, "the model panicked and is being rebuilt");
        queue.enter(Phase::Building);
        drop(model);
        let Some(rebuilt) = rebuild(name, queue, build) else { return };
        model = rebuilt;
        queue.enter(Phase::Ready);
    }
}

fn guarded_build<M>(name: &str, build: &Build<M>) -> Result<M, AiError> {
    catch_unwind(AssertUnwindSafe(build)).unwrap_or_else(|_| Err(AiError::load(name, "loading it panicked")))
}

fn rebuild<M>(name: &str, queue: &Queue<M>, build: &Build<M>) -> Option<M> {
    let (mut wait, longest) = REBUILD_WAITS;
    loop {
        match guarded_build(name, build) {
            Ok(model) => return Some(model),
            Err(error) => tracing::error!(worker = name, %error, "the model could not be rebuilt"),
        }
        queue.enter(Phase::Down);
        queue.refuse_waiting(&AiError::Restarting);
        if !queue.pause(wait) {
            return None;
        }
        wait = (wait * 2).min(longest);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;

    use super::*;

    async fn counter(capacity: usize) -> Arc<Worker<u32>> {
        Arc::new(Worker::start("counter", capacity, || Ok(0)).await.unwrap())
    }

    /// Occupies the worker until the returned sender is used or dropped.
    async fn occupy(worker: &Arc<Worker<u32>>) -> (mpsc::Sender<()>, tokio::task::JoinHandle<()>) {
        let (release, released) = mpsc::channel::<()>();
        let (started, running) = oneshot::channel();
        let (held, runtime) = (Arc::clone(worker), tokio::runtime::Handle::current());
        let handle = tokio::task::spawn_blocking(move || {
            let job = held.run(Lane::Urgent, move |_, _| {
                let _ = started.send(());
                let _ = released.recv();
                Ok(())
            });
            runtime.block_on(job).unwrap();
        });
        running.await.unwrap();
        (release, handle)
    }

    #[tokio::test]
    async fn jobs_share_the_model_and_get_their_own_replies() {
        let worker = counter(4).await;
        let add = |n: u32| {
            worker.run(Lane::Urgent, move |total: &mut u32, _: &Caller<'_>| {
                *total += n;
                Ok(*total)
            })
        };
        assert_eq!(add(2).await, Ok(2));
        assert_eq!(add(5).await, Ok(7));
        assert!(worker.is_ready());
    }

    #[tokio::test]
    async fn a_full_queue_is_busy_and_urgent_jobs_go_first() {
        let worker = counter(2).await;
        let (release, occupied) = occupy(&worker).await;
        let order = |lane| {
            worker.run(lane, |total: &mut u32, _: &Caller<'_>| {
                *total += 1;
                Ok(*total)
            })
        };
        let mut waiting = Box::pin(futures::future::join_all([
            order(Lane::Background),
            order(Lane::Background),
            order(Lane::Background),
            order(Lane::Urgent),
        ]));
        assert!(futures::poll!(&mut waiting).is_pending());
        drop(release);
        occupied.await.unwrap();
        assert_eq!(waiting.await, [Ok(2), Ok(3), Err(AiError::Busy), Ok(1)]);
    }

    #[tokio::test]
    async fn a_caller_that_left_is_skipped_and_frees_its_place() {
        let worker = counter(1).await;
        let (release, occupied) = occupy(&worker).await;
        let increment = || {
            worker.run(Lane::Urgent, |total: &mut u32, _: &Caller<'_>| {
                *total += 1;
                Ok(*total)
            })
        };
        let mut left = Box::pin(increment());
        assert!(futures::poll!(&mut left).is_pending());
        drop(left);
        let mut stays = Box::pin(increment());
        assert!(futures::poll!(&mut stays).is_pending(), "the abandoned job gave up its place");
        drop(release);
        occupied.await.unwrap();
        assert_eq!(stays.await, Ok(1));
    }

    #[tokio::test]
    async fn a_running_job_learns_that_its_caller_left() {
        let worker = counter(1).await;
        let (report, reported) = oneshot::channel();
        let mut job = Box::pin(worker.run(Lane::Urgent, move |_, caller: &Caller<'_>| {
            while !caller.is_gone() {
                std::thread::yield_now();
            }
            let _ = report.send(());
            Err::<(), _>(AiError::Cancelled)
        }));
        assert!(futures::poll!(&mut job).is_pending());
        drop(job);
        // Either it was skipped in the queue (the sender is dropped) or it ended early; both let the next one in.
        let _ = reported.await;
        assert_eq!(worker.run(Lane::Urgent, |_, _| Ok(7)).await, Ok(7));
    }

    #[tokio::test]
    async fn a_panic_costs_one_reply_and_the_model_is_rebuilt() {
        let builds = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&builds);
        let worker =
            Worker::start("fragile", 4, move || Ok(counted.fetch_add(1, Ordering::SeqCst))).await.unwrap();
        let panicked =
            worker.run(Lane::Urgent, |_, _| -> Result<(), AiError> { panic!("as the test wants") });
        assert_eq!(panicked.await, Err(AiError::ModelPanicked));
        assert_eq!(worker.run(Lane::Urgent, |model, _| Ok(*model)).await, Ok(1), "a new model");
        assert_eq!(builds.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn a_model_that_cannot_be_rebuilt_is_refused_then_comes_back() {
        let builds = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&builds);
        let worker = Worker::start("flaky", 4, move || match counted.fetch_add(1, Ordering::SeqCst) {
            1 => Err(AiError::load("flaky", "disk gone")),
            build => Ok(build),
        });
        let worker = worker.await.unwrap();
        let panicked =
            worker.run(Lane::Urgent, |_, _| -> Result<(), AiError> { panic!("as the test wants") });
        assert_eq!(panicked.await, Err(AiError::ModelPanicked));
        let answer = loop {
            match worker.run(Lane::Urgent, |model, _| Ok(*model)).await {
                Err(AiError::Restarting) => tokio::task::yield_now().await,
                answer => break answer,
            }
        };
        assert_eq!(answer, Ok(2));
    }

    #[tokio::test]
    async fn a_model_that_cannot_be_built_or_panics_while_loading_is_a_load_error() {
        let failed = Worker::<u32>::start("broken", 1, || Err(AiError::load("broken", "no file"))).await;
        assert_eq!(failed.err(), Some(AiError::load("broken", "no file")));
        let panicked = Worker::<u32>::start("broken", 1, || panic!("as the test wants")).await;
        assert!(matches!(panicked.err(), Some(AiError::Load { .. })));
    }
}
