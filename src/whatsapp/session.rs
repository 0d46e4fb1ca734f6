//! The session's file, and the client that is built on it.

use std::{path::Path, sync::Arc, time::Duration};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use whatsapp_rust::{
    TokioRuntime,
    bot::Bot,
    client::Client,
    http::HttpClient,
    pair_code::PairCodeOptions,
    store::{SqliteStore, SqliteStoreConfig, Synchronous, persistence_manager::PersistenceManager},
    transport::TokioWebSocketTransportFactory,
    version::fetch_latest_app_version,
    wacore::store::DevicePropsOverride,
    waproto::whatsapp::device_props::PlatformType,
};

use super::{
    Options, PairCode, WhatsappError, events::Forward, http::Http, inbound::Inbound,
    session_store::SessionStore,
};
use crate::store::Store;

/// How long a pair code is good; the client says about as much.
const PAIR_CODE_LIFE: Duration = Duration::from_secs(160);
/// A version that was learnt so long ago is learnt anew.
const VERSION_LIFE: Duration = Duration::from_secs(24 * 60 * 60);

/// Opens the session's file; it is made if there is none.
async fn open(file: &Path) -> Result<SqliteStore, WhatsappError> {
    let path = file.to_str().ok_or_else(|| WhatsappError::Session("its path is not UTF-8".to_owned()))?;
    // A session that forgets what it has told WhatsApp can't decrypt any more: FULL, as our own database. Its reads need
    // not wait behind its commits.
    let config = SqliteStoreConfig {
        synchronous: Synchronous::Full,
        read_pool_size: 2,
        ..SqliteStoreConfig::default()
    };
    let store = SqliteStore::with_config(path, config).await;
    store.map_err(|error| WhatsappError::Session(error.to_string()))
}

/// Whether a phone is paired with the session.
pub(super) async fn is_paired(options: &Options) -> Result<bool, WhatsappError> {
    if !options.session.exists() {
        return Ok(false);
    }
    let manager = PersistenceManager::new(Arc::new(open(&options.session).await?)).await;
    let manager = manager.map_err(|error| WhatsappError::Session(error.to_string()))?;
    Ok(manager.get_device_snapshot().pn.is_some())
}

/// Forgets the session: a phone has to be paired anew.
pub(super) fn remove(options: &Options) {
    for ending in ["", "-wal", "-shm"] {
        let mut file = options.session.clone().into_os_string();
        file.push(ending);
        if let Err(error) = std::fs::remove_file(&file)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::error!(%error, "the ended WhatsApp session could not be removed");
        }
    }
}

/// Builds a client on the session.
pub(super) async fn bot(
    options: &Options,
    store: Store,
    inbound: Inbound,
    forward: Forward,
) -> Result<Bot, WhatsappError> {
    options.check_verification()?;
    let backend = SessionStore { file: open(&options.session).await?, store };
    let mut transport = TokioWebSocketTransportFactory::new();
    if let Some(url) = &options.server_url {
        transport = transport.with_url(url.clone());
    }
    let device = DevicePropsOverride::new().with_os("Satu Bumi").with_platform_type(PlatformType::DESKTOP);
    let builder = Bot::builder()
        .with_backend(backend)
        .with_transport_factory(transport)
        .with_http_client(Http::new(options.server_url.as_deref()))
        .with_runtime(TokioRuntime)
        .with_inbound_durability_hook(inbound)
        .with_event_handler(forward)
        .with_device_props(device)
        .with_version(version(options).await)
        .skip_history_sync();
    builder.build().await.map_err(|error| WhatsappError::Client(error.to_string()))
}

/// Asks for a code to type on the phone with this number.
pub(super) async fn pair_code(client: &Arc<Client>, number: String) -> Result<PairCode, WhatsappError> {
    let options = PairCodeOptions { phone_number: number, ..PairCodeOptions::default() };
    let code = client.pair_with_code(options).await;
    let code = code.map_err(|error| WhatsappError::CodeRefused(error.to_string()))?;
    let valid_until = Timestamp::now().checked_add(PAIR_CODE_LIFE).unwrap_or(Timestamp::MAX);
    Ok(PairCode { code, valid_until })
}

/// The web client's version that was learnt last.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct Learnt {
    version: (u32, u32, u32),
    at: Timestamp,
}

/// The version to tell WhatsApp: the configured one, a fresh one, the last that could be learnt, or the one that the
/// client was made with. Left to itself the client would not connect at all when it can't learn one.
async fn version(options: &Options) -> (u32, u32, u32) {
    if let Some(version) = options.version {
        return version;
    }
    let cached = std::fs::read(&options.version_cache).ok();
    let cached: Option<Learnt> = cached.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let now = Timestamp::now();
    let is_fresh = |learnt: &Learnt| {
        Duration::try_from(now.duration_since(learnt.at)).is_ok_and(|age| age < VERSION_LIFE)
    };
    if let Some(learnt) = cached.filter(is_fresh) {
        return learnt.version;
    }
    let http: Arc<dyn HttpClient> = Arc::new(Http::new(options.server_url.as_deref()));
    match fetch_latest_app_version(&http).await {
        Ok(version) => {
            let learnt = serde_json::to_vec(&Learnt { version, at: now }).unwrap_or_default();
            if let Err(error) = std::fs::write(&options.version_cache, learnt) {
                tracing::warn!(%error, "WhatsApp's version could not be kept");
            }
            version
        }
        Err(error) => {
            tracing::warn!(error = %error.root_cause(), "WhatsApp's version could not be learnt");
            cached.map_or(BUILT_WITH, |learnt| learnt.version)
        }
    }
}

/// The version that whatsapp-rust 0.7.0 was built with.
const BUILT_WITH: (u32, u32, u32) = (2, 3000, 1_042_742_319);

/// The version was refused: the next client learns a newer one.
pub(super) fn forget_version(options: &Options) {
    // There may be none.
    let _ = std::fs::remove_file(&options.version_cache);
}
