//! The composition root: builds everything once, in order, and stops it in the reverse.
//!
//! This is the one place where the configuration chooses between backends. [`Brain`] is what answers questions
//! (database, models, documents, assistant); `satubumi ask`, `ingest` and `eval` need no more. [`serve`] puts the
//! conversations and HTTP around it: the port opens at once, so that `/healthz` and `/readyz` can tell, and questions
//! are taken as soon as the models are warm.

use std::{
    future::{Future, IntoFuture},
    net::SocketAddr,
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, Result};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;

use crate::{
    ai::{
        ComputeOptions, Embedder, Generator, GeneratorOptions, Reader, Reranker,
        models::{
            Compose as ProfileCompose, GeneratorUse, InstalledModel, InstalledProfile, Models, ModelsOptions,
        },
    },
    assistant::{Assistant, AssistantOptions, Compose},
    chat::{ChatOptions, ChatService, Limit, Quiet},
    config::{ComposeChoice, Config},
    knowledge::{self, KnowledgeBase, extract::Extractor},
    library::Library,
    realtime::Realtime,
    store::{
        Store, staff,
        tokens::{Secret, TokenHash},
    },
    tasks::Tasks,
    web::{self, LoadedModel, ModelProfile, Readiness, WebState},
    whatsapp::{self, Gateway, Pace},
};

/// How long open requests and tasks may take to end when the server stops.
const STOP_PATIENCE: Duration = Duration::from_secs(20);
/// A request may wait in a lane and then for the model, so this is more than the assistant's own patience.
const REQUEST_PATIENCE: Duration = Duration::from_secs(30);
/// The time within which replies to one patient are counted.
const LOOP_WINDOW: Duration = Duration::from_secs(600);
/// How often `/readyz` learns whether a model's thread is being restarted, and the metrics' histograms are drained.
const LOOK: Duration = Duration::from_secs(1);

/// What answers questions.
pub struct Brain {
    /// The database.
    pub store: Store,
    /// The documents.
    pub knowledge: Arc<KnowledgeBase>,
    /// The assistant over them.
    pub assistant: Arc<Assistant>,
    /// The profile that is loaded.
    pub profile: InstalledProfile,
}

/// The model files as the configuration places them.
///
/// # Errors
/// When the manifest does not parse.
pub fn models(config: &Config) -> Result<Models> {
    let mut options = ModelsOptions::new(&config.paths.models_dir);
    options.hub_token.clone_from(&config.hub_token);
    Models::open(options).context("the models' manifest")
}

/// Opens the database.
///
/// # Errors
/// When it is damaged, or its folder can't be made.
pub fn store(config: &Config) -> Result<Store> {
    Store::open(&config.database()).context("the database")
}

/// Opens the documents' index with the profile's embedder and reranker.
///
/// # Errors
/// When the profile is not installed or a model does not load.
pub async fn knowledge(config: &Config, store: Store) -> Result<(Arc<KnowledgeBase>, InstalledProfile)> {
    let profile = models(config)?.installed(&config.models.profile)?;
    let compute = ComputeOptions { device: config.models.device, threads: config.models.threads };
    let queue = config.models.queue;
    let embedder = Embedder::local(profile.embedder_options(compute.clone(), queue))
        .await
        .with_context(|| format!("the embedder {}", profile.embedder.name))?;
    let reranker = match profile.reranker_options(compute, queue) {
        Some(options) => Some(Arc::new(Reranker::local(options).await.context("the reranker")?)),
        None => None,
    };
    let options = knowledge::Options::new(&config.paths.knowledge_dir, config.index_cache());
    let knowledge = KnowledgeBase::open(store, Arc::new(embedder), reranker, options)?;
    Ok((Arc::new(knowledge), profile))
}

impl Brain {
    /// Builds everything that answering needs. With [`Compose::Quote`] no generator is loaded, since none is asked.
    ///
    /// # Errors
    /// When the database is damaged, the profile is not installed, a model does not load, or a file that the hospital
    /// edits does not fit; the message says which.
    pub async fn build(config: &Config, store: Store) -> Result<Self> {
        let (knowledge, profile) = knowledge(config, store.clone()).await?;
        let compute = ComputeOptions { device: config.models.device, threads: config.models.threads };
        let reader = Reader::local(profile.reader_options(compute, config.models.queue))
            .await
            .with_context(|| format!("the reader on {}", profile.reader.name))?;
        let compose = compose(config, &profile);
        let generator = match compose {
            Compose::Quote => None,
            Compose::Write => Some(generator(config, &profile).await?),
        };
        let options = AssistantOptions {
            knowledge_dir: config.paths.knowledge_dir.clone(),
            compose,
            passages: config.assistant.passages,
            patience: Duration::from_secs(config.assistant.patience_seconds),
        };
        let assistant = Assistant::local(options, Arc::clone(&knowledge), reader, generator).await?;
        Ok(Self { store, knowledge, assistant: Arc::new(assistant), profile })
    }
}

/// Loads the profile's generator.
///
/// # Errors
/// When its files are missing, damaged, or of an architecture we do not run.
pub async fn generator(config: &Config, profile: &InstalledProfile) -> Result<Generator> {
    let mut options = GeneratorOptions::new(weights(&profile.generator));
    options.queue = config.models.queue;
    options.engine.context = config.models.context_tokens.min(profile.generator.usage.context_tokens);
    options.compute = ComputeOptions { device: config.models.device, threads: config.models.threads };
    Generator::local(options).await.with_context(|| format!("the generator {}", profile.generator.name))
}

/// What the generator loads: the model's GGUF file where it has one, else its folder of safetensors.
fn weights(model: &InstalledModel<GeneratorUse>) -> PathBuf {
    let gguf = model.files.iter().find(|file| file.extension().is_some_and(|ending| ending == "gguf"));
    gguf.unwrap_or(&model.folder).clone()
}

/// What is known once the port is open.
pub struct Opened {
    /// Where it listens.
    pub address: SocketAddr,
    /// The key of the page that makes the first administrator, while there is none.
    pub setup: Option<Secret>,
}

/// Serves until `stop` resolves, then stops in order: no new requests, open ones answered, tasks ended. `opened` is
/// told the address, and how to make the first administrator, once the port is open.
///
/// # Errors
/// When the port can't be opened or something that answering needs can't be built.
pub async fn serve(
    config: &Config,
    stop: impl Future<Output = ()> + Send + 'static,
    opened: impl FnOnce(Opened),
    ready: impl FnOnce(&Brain) + Send,
) -> Result<()> {
    let listener = TcpListener::bind(config.server.listen)
        .await
        .with_context(|| format!("cannot listen on {}", config.server.listen))?;
    let metrics = web::install_metrics()?;
    let store = store(config)?;
    let tasks = Tasks::new();
    let chat = ChatService::new(
        store.clone(),
        tasks.clone(),
        ChatOptions {
            max_waiting: config.server.max_waiting,
            max_waiting_per_sender: config.server.max_waiting_per_sender,
            answers_at_once: config.models.queue.div_ceil(2),
            time_zone: config.hospital.zone()?,
            quiet: Quiet {
                after: Duration::from_secs(config.whatsapp.quiet_seconds),
                at_most: Duration::from_secs(config.whatsapp.quiet_at_most_seconds),
            },
            staff_hours: config.hospital.hours()?,
            most_replies: Limit { most: config.whatsapp.most_replies, within: LOOP_WINDOW },
            ..ChatOptions::default()
        },
    );
    chat.load_settings().await?;
    let readiness = Arc::new(Readiness::new());
    let whatsapp = Gateway::start(whatsapp_options(config)?, chat.clone(), store.clone(), &tasks)?;
    let realtime = Realtime::new(&whatsapp);
    let extractor = Extractor::of_this_binary().context("this binary")?;
    let library = Library::new(store.clone(), config.paths.knowledge_dir.clone(), extractor, tasks.clone());
    let told = realtime.clone();
    tasks.spawn(told.run(chat.clone(), whatsapp.clone(), library.changes(), store.clone(), tasks.stopping()));
    let setup = match store.read(staff::has_administrator).await? {
        true => None,
        false => Some(Secret::generate()?),
    };
    let state = WebState {
        hospital: config.hospital.name.as_str().into(),
        time_zone: config.hospital.zone()?,
        public_url: config.server.parsed_public_url()?.map(Into::into),
        setup: setup.as_ref().map(|key| TokenHash::of(key.reveal())),
        chat: chat.clone(),
        library: library.clone(),
        whatsapp,
        realtime,
        lookers: Arc::default(),
        store: store.clone(),
        readiness: Arc::clone(&readiness),
        metrics: metrics.clone(),
        request_timeout: Duration::from_secs(config.assistant.patience_seconds) + REQUEST_PATIENCE,
    };
    opened(Opened { address: listener.local_addr()?, setup });
    let stopping = tasks.stopping();
    let closing = stopping.clone();
    let server =
        axum::serve(listener, web::router(state).into_make_service_with_connect_info::<SocketAddr>())
            .with_graceful_shutdown(async move { closing.cancelled().await })
            .into_future();
    tokio::pin!(server);
    tokio::pin!(stop);

    // The port is open while the models load.
    let building = Brain::build(config, store);
    tokio::pin!(building);
    let brain = tokio::select! {
        built = &mut building => built?,
        served = &mut server => return served.context("the server stopped"),
        () = &mut stop => return Ok(()),
    };
    start(config, &brain, &chat, &library, &readiness, metrics.clone(), &tasks);
    ready(&brain);

    let served = tokio::select! {
        served = &mut server => served.context("the server stopped"),
        () = &mut stop => {
            tracing::info!("stopping");
            tasks.stopping().cancel();
            match tokio::time::timeout(STOP_PATIENCE, &mut server).await {
                Ok(served) => served.context("the server stopped"),
                Err(_) => {
                    tracing::warn!("some requests were still open");
                    Ok(())
                }
            }
        }
    };
    if !tasks.stop(STOP_PATIENCE).await {
        tracing::warn!("some tasks did not end in time; what they had stored is safe");
    }
    served
}

fn whatsapp_options(config: &Config) -> Result<whatsapp::Options> {
    let settings = &config.whatsapp;
    Ok(whatsapp::Options {
        enabled: settings.enabled,
        session: config.whatsapp_session(),
        server_url: Some(settings.server_url.clone()).filter(|url| !url.is_empty()),
        version: settings.parsed_version()?,
        version_cache: config.paths.data_dir.join("whatsapp-version.json"),
        pace: Pace {
            typing_chars_per_second: settings.typing_chars_per_second,
            most_per_minute: settings.most_per_minute,
            ..Pace::default()
        },
        least_free_bytes: settings.least_free_megabytes << 20,
        most_media_bytes: settings.media_megabytes << 20,
    })
}

/// The models that are loaded, as the pages tell them.
fn in_use(config: &Config, Brain { profile, .. }: &Brain) -> ModelProfile {
    let loaded = |task, name: &String, revision: &String| LoadedModel {
        task,
        name: name.clone(),
        revision: revision.clone(),
    };
    let (embedder, reader, generator) = (&profile.embedder, &profile.reader, &profile.generator);
    let mut models = vec![
        loaded("models-embedder", &embedder.name, &embedder.revision),
        loaded("models-reader", &reader.name, &reader.revision),
    ];
    if let Some(reranker) = &profile.reranker {
        models.push(loaded("models-reranker", &reranker.name, &reranker.revision));
    }
    if compose(config, profile) == Compose::Write {
        models.push(loaded("models-generator", &generator.name, &generator.revision));
    }
    let device = config.models.device.as_str().to_owned();
    ModelProfile { name: profile.name.clone(), device, models }
}

/// How answers are made: as the configuration says, else as the profile recommends.
fn compose(config: &Config, profile: &InstalledProfile) -> Compose {
    match (config.assistant.compose, profile.compose) {
        (ComposeChoice::Quote, _) | (ComposeChoice::Profile, ProfileCompose::Quote) => Compose::Quote,
        (ComposeChoice::Write, _) | (ComposeChoice::Profile, ProfileCompose::Write) => Compose::Write,
    }
}

/// Lets the assistant answer, starts what runs beside it, and takes up what an earlier process left.
fn start(
    config: &Config,
    brain: &Brain,
    chat: &ChatService,
    library: &Library,
    readiness: &Arc<Readiness>,
    metrics: PrometheusHandle,
    tasks: &Tasks,
) {
    chat.start(Arc::clone(&brain.assistant));
    readiness.set_profile(in_use(config, brain));
    library.start(Arc::clone(&brain.knowledge), Arc::clone(&brain.assistant));
    readiness.set_index(true);
    readiness.set_models(true);

    let (knowledge, stopping) = (Arc::clone(&brain.knowledge), tasks.stopping());
    tasks.spawn(async move {
        if let Err(error) = knowledge.watch(stopping).await {
            tracing::error!(%error, "changes of the knowledge folder count only after a restart");
        }
    });
    let (assistant, stopping) = (Arc::clone(&brain.assistant), tasks.stopping());
    tasks.spawn(async move {
        if let Assistant::Local(local) = assistant.as_ref() {
            local.follow_files(stopping).await;
        }
    });

    let (assistant, readiness, stopping) =
        (Arc::clone(&brain.assistant), Arc::clone(readiness), tasks.stopping());
    tasks.spawn(async move {
        while stopping.run_until_cancelled(tokio::time::sleep(LOOK)).await.is_some() {
            readiness.set_models(assistant.is_ready());
            metrics.run_upkeep();
        }
    });
    let chat = chat.clone();
    tasks.spawn(async move {
        match chat.resume().await {
            Ok(0) => {}
            Ok(resumed) => {
                tracing::info!(resumed, "questions that an earlier run had not answered are answered now")
            }
            Err(error) => tracing::error!(%error, "earlier questions could not be taken up"),
        }
    });
}
