//! A real client in this process, and what it reports.

#![expect(dead_code, reason = "no test file uses all of it")]

use std::{sync::Arc, time::Duration};

use parking_lot::Mutex;
use tokio::sync::watch;
use whatsapp_loopback::{Account, Server};
use whatsapp_rust::{
    anyhow, async_trait,
    bot::{Bot, BotHandle, EventDelivery},
    prelude::{Client, Event, InboundMessage},
    store::traits::Backend,
    transport::TokioWebSocketTransportFactory,
    types::durability_hook::InboundDurabilityHook,
    wacore::store::InMemoryBackend,
};

/// How long anything may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Waits for what nothing reports.
pub async fn until(is: impl Fn() -> bool) {
    let waiting = async {
        while !is() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.expect("in vain");
}

/// A server, an account on it, and the store of a client that is linked to the account.
pub struct Scene {
    pub server: Server,
    pub hospital: Account,
    pub store: Arc<InMemoryBackend>,
}

impl Scene {
    pub async fn linked() -> Self {
        Self::with(|_| {}).await
    }

    pub async fn with(prepare: impl FnOnce(&Account)) -> Self {
        let scene = Self::unlinked().await;
        prepare(&scene.hospital);
        scene.hospital.seed(scene.store.clone()).await.expect("a store in memory can be seeded");
        scene
    }

    pub async fn unlinked() -> Self {
        let server = Server::start().await.expect("a port");
        let hospital = server.account("62315550100", "RSH Satu Bumi").expect("a free number");
        Self { server, hospital, store: Arc::new(InMemoryBackend::new()) }
    }

    /// Starts a client on the store.
    pub async fn start(&self) -> Running {
        Running::start(&self.server, self.store.clone(), None).await
    }

    /// Starts a client on the store and waits until it says that it is connected.
    pub async fn connect(&self) -> Running {
        let running = self.start().await;
        running.expect(|event| matches!(event, Event::Connected(_))).await;
        running
    }
}

/// A running client.
pub struct Running {
    pub client: Arc<Client>,
    pub events: Arc<Events>,
    handle: BotHandle,
}

impl Running {
    pub async fn start(
        server: &Server,
        store: Arc<dyn Backend>,
        hook: Option<Arc<dyn InboundDurabilityHook>>,
    ) -> Self {
        let events = Arc::new(Events::default());
        let heard = Arc::clone(&events);
        let mut builder = Bot::builder()
            .with_backend_arc(store)
            .with_transport_factory(TokioWebSocketTransportFactory::new().with_url(server.url()))
            .with_http_client(server.http_client())
            .with_version((2, 3000, 1_030_000_000))
            .with_wanted_pre_key_count(20)
            .with_event_delivery(EventDelivery::Ordered { capacity: 100_000 })
            .skip_history_sync()
            .on_event(move |event, _| {
                heard.push(event);
                std::future::ready(())
            });
        if let Some(hook) = hook {
            builder = builder.with_inbound_durability_hook(Hook(hook));
        }
        let handle = builder.build().await.expect("a bot").spawn();
        Self { client: handle.client(), events, handle }
    }

    /// The first event that matches, there already or yet to come.
    pub async fn expect(&self, matches: impl Fn(&Event) -> bool) -> Arc<Event> {
        self.events.wait_for(matches).await
    }

    /// The message with this text, there already or yet to come.
    pub async fn expect_text(&self, text: &str) -> InboundMessage {
        use whatsapp_rust::prelude::MessageExt as _;

        self.expect_message(|inbound| inbound.message.text_content() == Some(text)).await
    }

    /// The first message that matches, there already or yet to come.
    pub async fn expect_message(&self, matches: impl Fn(&InboundMessage) -> bool) -> InboundMessage {
        let event = self
            .expect(|event| matches!(event, Event::Messages(batch) if batch.messages.iter().any(&matches)))
            .await;
        match &*event {
            Event::Messages(batch) => {
                batch.messages.iter().find(|inbound| matches(inbound)).expect("it matched").clone()
            }
            _ => unreachable!("only messages match"),
        }
    }

    /// Waits until the client has ended by itself.
    pub async fn ended(self) -> Arc<Events> {
        tokio::time::timeout(PATIENCE, self.handle).await.expect("the client ends");
        self.events
    }

    pub async fn shutdown(self) {
        tokio::time::timeout(PATIENCE, self.handle.shutdown()).await.expect("the client stops");
    }

    /// Ends the client without letting it tidy up. Its socket lives on for a while.
    pub fn kill(self) {
        self.handle.abort();
    }
}

/// What a client reported.
#[derive(Default)]
pub struct Events {
    all: Mutex<Vec<Arc<Event>>>,
    count: watch::Sender<usize>,
}

impl Events {
    fn push(&self, event: Arc<Event>) {
        self.all.lock().push(event);
        self.count.send_modify(|count| *count += 1);
    }

    pub fn all(&self) -> Vec<Arc<Event>> {
        self.all.lock().clone()
    }

    pub fn count(&self, matches: impl Fn(&Event) -> bool) -> usize {
        self.all.lock().iter().filter(|event| matches(event)).count()
    }

    pub fn clear(&self) {
        self.all.lock().clear();
    }

    /// How many messages with this text were reported.
    pub fn texts(&self, text: &str) -> usize {
        use whatsapp_rust::prelude::MessageExt as _;

        self.all
            .lock()
            .iter()
            .map(|event| match &**event {
                Event::Messages(batch) => batch
                    .messages
                    .iter()
                    .filter(|inbound| inbound.message.text_content() == Some(text))
                    .count(),
                _ => 0,
            })
            .sum()
    }

    pub async fn wait_for(&self, matches: impl Fn(&Event) -> bool) -> Arc<Event> {
        let mut count = self.count.subscribe();
        let search = async {
            loop {
                count.mark_unchanged();
                if let Some(event) = self.all.lock().iter().find(|event| matches(event)) {
                    return Arc::clone(event);
                }
                count.changed().await.expect("the events outlive the search");
            }
        };
        match tokio::time::timeout(PATIENCE, search).await {
            Ok(event) => event,
            Err(_) => panic!("in vain; there were {:#?}", self.all.lock()),
        }
    }
}

struct Hook(Arc<dyn InboundDurabilityHook>);

#[async_trait]
impl InboundDurabilityHook for Hook {
    async fn on_messages(&self, client: Arc<Client>, batch: &[InboundMessage]) -> anyhow::Result<()> {
        self.0.on_messages(client, batch).await
    }
}
