//! The server that is measured, in a process of its own.

use std::{net::SocketAddr, path::Path, process::Stdio, sync::Arc, time::Duration};

use anyhow::{Context, Result};
use jiff::{Timestamp, tz::TimeZone};
use satubumi::{
    assistant::Assistant,
    chat::{ChatOptions, ChatService, Limit},
    domain::{Answer, Flag, Language, Outcome, Timings},
    knowledge::extract::Extractor,
    library::Library,
    realtime::Realtime,
    store::{
        Store,
        staff::{self, PasswordHash, Role},
        tokens::{self, Scope, Secret, TokenHash},
    },
    tasks::Tasks,
    web::{Readiness, WebState, install_metrics, router},
    whatsapp::{Gateway, Options, Pace},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader},
    process::{Child, Command},
};

/// Who looks at the pages.
const NAME: &str = "ukur";
const PASSWORD: &str = "empat kuda biru berlari";

/// A server, and who may use it.
pub struct Server {
    child: Child,
    /// Where it listens: `http://…`.
    pub address: String,
    /// What `/ask` wants to see.
    pub token: String,
    /// What pages want to see.
    pub cookie: String,
}

impl Server {
    /// Starts one on a folder's database, and signs in.
    pub async fn start(folder: &Path) -> Result<Self> {
        let secret = Secret::generate()?;
        {
            let store = Store::open(&folder.join("satubumi.db"))?;
            let (hash, token) = (PasswordHash::of(PASSWORD)?, TokenHash::of(secret.reveal()));
            store.write_blocking(|tx| {
                let now = Timestamp::now();
                staff::add(tx, NAME, Role::Agent, &hash, now)?;
                tokens::revoke(tx, NAME, now)?;
                tokens::add(tx, NAME, token, &[Scope::Ask, Scope::Admin], now)
            })?;
        }
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("be").arg(folder).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn()?;
        let said = child.stdout.take().context("standard output")?;
        let address = BufReader::new(said).lines().next_line().await?.context("the server ended")?;
        let form = format!("name={NAME}&password={}", PASSWORD.replace(' ', "+"));
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
        let reply = client
            .post(format!("{address}/sign-in"))
            .header("origin", &address)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form)
            .send()
            .await?;
        let set = reply.headers().get_all("set-cookie").iter().filter_map(|set| set.to_str().ok());
        let cookie = set.filter_map(|set| set.split(';').next()).find(|set| set.starts_with("satubumi="));
        let cookie = cookie.context("nobody could sign in")?.to_owned();
        Ok(Self { child, address, token: secret.reveal().to_owned(), cookie })
    }

    /// Resident bytes of its memory.
    pub fn memory(&self) -> Result<u64> {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", self.child.id().context("it runs")?))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("VmRSS")?;
        Ok(line.split_whitespace().next().context("a number")?.parse::<u64>()? << 10)
    }

    /// Tells it to stop, and waits.
    pub async fn stop(mut self) -> Result<()> {
        drop(self.child.stdin.take());
        self.child.wait().await?;
        Ok(())
    }
}

/// Serves until standard input ends; says first where.
#[expect(clippy::disallowed_macros, reason = "the measuring process reads the address")]
pub async fn be(folder: &Path) -> Result<()> {
    let store = Store::open(&folder.join("satubumi.db"))?;
    let tasks = Tasks::new();
    let options = ChatOptions {
        // Those who write here are machines.
        most_replies: Limit { within: Duration::ZERO, ..ChatOptions::default().most_replies },
        ..ChatOptions::default()
    };
    let chat = ChatService::new(store.clone(), tasks.clone(), options);
    chat.start(Arc::new(Assistant::scripted_at_once(|question| answer(&question.text))));
    let off = Options {
        enabled: false,
        session: folder.join("whatsapp.db"),
        server_url: None,
        version: None,
        version_cache: folder.join("version.json"),
        pace: Pace::default(),
        least_free_bytes: 0,
        most_media_bytes: 0,
    };
    let whatsapp = Gateway::start(off, chat.clone(), store.clone(), &tasks)?;
    let realtime = Realtime::new(&whatsapp);
    let library =
        Library::new(store.clone(), folder.join("knowledge"), Extractor::of_this_binary()?, tasks.clone());
    let told = realtime.clone();
    tasks.spawn(told.run(chat.clone(), whatsapp.clone(), library.changes(), store.clone(), tasks.stopping()));
    let router = router(WebState {
        hospital: "RSH Satu Bumi".into(),
        time_zone: TimeZone::get("Asia/Jakarta")?,
        public_url: None,
        setup: None,
        chat,
        library,
        realtime,
        lookers: Arc::default(),
        whatsapp,
        store,
        readiness: Arc::new(Readiness::new()),
        metrics: install_metrics()?,
        request_timeout: Duration::from_secs(60),
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}", listener.local_addr()?);
    tokio::select! {
        served = async { axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>()).await } => served?,
        told = async { tokio::io::stdin().read_to_end(&mut Vec::new()).await } => drop(told?),
    }
    tasks.stop(Duration::from_secs(5)).await;
    Ok(())
}

/// One in ten is handed over, as in a hospital.
fn answer(text: &str) -> Answer {
    let is_handed_over = text.ends_with('7');
    Answer {
        text: format!("Jawaban untuk: {text}"),
        outcome: if is_handed_over { Outcome::HandedOver } else { Outcome::Answered },
        language: Language::Id,
        sources: Vec::new(),
        flag: is_handed_over.then_some(Flag::NotFound),
        intent: None,
        timings: Timings::default(),
        rejected: None,
    }
}
