//! Who answers the patients, each in a process of its own.

use std::{path::Path, sync::Arc, time::Duration};

use anyhow::Result;
use satubumi::{
    assistant::Assistant,
    chat::{ChatOptions, ChatService, Limit, Quiet},
    domain::{Answer, Language, Outcome, Timings},
    store::Store,
    tasks::Tasks,
    whatsapp::{Gateway, Options, Pace},
};
use tokio::io::AsyncReadExt;
use whatsapp_rust::{
    TokioRuntime,
    bot::Bot,
    http::UreqHttpClient,
    proto_helpers::MessageExt,
    store::{SqliteStore, SqliteStoreConfig, Synchronous},
    transport::TokioWebSocketTransportFactory,
    waproto::whatsapp as wa,
};

use crate::Contestant;

/// Any will do for the loopback server.
const VERSION: (u32, u32, u32) = (2, 3000, 1_042_742_319);

/// Answers until standard input ends.
pub async fn be(contestant: Contestant, url: &str, folder: &Path) -> Result<()> {
    match contestant {
        Contestant::Bare => bare(url, folder).await,
        Contestant::Whole => whole(url, folder).await,
    }
}

async fn bare(url: &str, folder: &Path) -> Result<()> {
    let session = folder.join("whatsapp.db");
    // As durable as ours: the session is the client's own, what we add to it is what is measured.
    let config = SqliteStoreConfig { synchronous: Synchronous::Full, ..SqliteStoreConfig::default() };
    let store = SqliteStore::with_config(&session.to_string_lossy(), config).await?;
    let bot = Bot::builder()
        .with_backend(store)
        .with_transport_factory(TokioWebSocketTransportFactory::new().with_url(url))
        .with_http_client(UreqHttpClient::new())
        .with_runtime(TokioRuntime)
        .with_version(VERSION)
        .skip_history_sync()
        .on_message(|context| async move {
            let text = context.message.text_content().map(str::to_owned);
            // A patient who gets nothing is seen by the measuring process.
            let _ = context.send_message(wa::Message { conversation: text, ..Default::default() }).await;
        })
        .build()
        .await?;
    let handle = bot.spawn();
    until_told().await?;
    handle.shutdown().await;
    Ok(())
}

async fn whole(url: &str, folder: &Path) -> Result<()> {
    let store = Store::open(&folder.join("satubumi.db"))?;
    let tasks = Tasks::new();
    let options = ChatOptions {
        quiet: Quiet { after: Duration::ZERO, at_most: Duration::from_secs(15) },
        most_replies: Limit { within: Duration::ZERO, ..ChatOptions::default().most_replies },
        ..ChatOptions::default()
    };
    let chat = ChatService::new(store.clone(), tasks.clone(), options);
    chat.start(Arc::new(Assistant::scripted_at_once(|question| echo(&question.text))));
    let options = Options {
        enabled: true,
        session: folder.join("whatsapp.db"),
        server_url: Some(url.to_owned()),
        version: Some(VERSION),
        version_cache: folder.join("version.json"),
        pace: Pace { typing_chars_per_second: 0, most_per_minute: 0, ..Pace::default() },
        least_free_bytes: 0,
        most_media_bytes: 0,
    };
    let _gateway = Gateway::start(options, chat, store, &tasks)?;
    until_told().await?;
    tasks.stop(Duration::from_secs(10)).await;
    Ok(())
}

fn echo(text: &str) -> Answer {
    Answer {
        text: text.to_owned(),
        outcome: Outcome::Answered,
        language: Language::Id,
        sources: Vec::new(),
        flag: None,
        intent: None,
        timings: Timings::default(),
        rejected: None,
    }
}

async fn until_told() -> Result<()> {
    tokio::io::stdin().read_to_end(&mut Vec::new()).await?;
    Ok(())
}
