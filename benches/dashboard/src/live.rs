//! Open pages learn of messages: Socket.IO connections by WebSocket, and patients who write through `/ask`.

use std::{
    collections::HashMap,
    fmt,
    path::Path,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, Result, bail};
use futures::{SinkExt, StreamExt};
use parking_lot::Mutex;
use satubumi::store::Store;
use serde_json::{Value, json};
use tokio::{task::JoinSet, time::Instant};
use tokio_tungstenite::{
    connect_async,
    tungstenite::{Message, client::IntoClientRequest},
};

use crate::{pages::percentile, server::Server};

/// How many who look, and how much is written.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// Connections.
    pub dashboards: usize,
    /// Messages a second.
    pub per_second: u32,
    /// For how long.
    pub seconds: u32,
    /// Whether each connection fetches fragments as a page does.
    pub fetching: bool,
}

impl fmt::Display for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { dashboards, per_second, seconds, fetching } = self;
        let how = if *fetching { ", which fetch what changed" } else { "" };
        write!(f, "{dashboards} dashboards{how}; {per_second} messages a second for {seconds} s")
    }
}

/// A message that a dashboard was told of: its row, and milliseconds since 1970.
type Told = (i64, u64);

/// What a listener is told, and how often each event came.
type Heard = (Vec<Told>, HashMap<String, usize>);

/// Lets patients write while dashboards listen, and prints how long each told message took.
#[expect(clippy::disallowed_macros, reason = "a benchmark prints what it measured")]
pub async fn measure(folder: &Path, load: Load) -> Result<()> {
    let server = Arc::new(Server::start(folder).await?);
    let before = server.memory()?;
    let heard = Arc::new(Mutex::new((Vec::<Told>::new(), HashMap::<String, usize>::new())));
    let mut listening = JoinSet::new();
    for _ in 0..load.dashboards {
        let socket = open(&server).await?;
        listening.spawn(listen(socket, Arc::clone(&server), Arc::clone(&heard), load.fetching));
    }
    let with_all = server.memory()?;
    // Whoever connects hears how the number is connected; that is not measured.
    tokio::time::sleep(Duration::from_millis(500)).await;
    heard.lock().1.clear();
    let (asked, most) = write(&server, load).await?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let after = server.memory()?;
    listening.abort_all();
    let (told, events) = std::mem::take(&mut *heard.lock());
    let stored = stored_at(folder)?;
    let mut times: Vec<Duration> = told
        .iter()
        .filter_map(|(id, at)| Some(Duration::from_millis(at.saturating_sub(*stored.get(id)?))))
        .collect();
    times.sort();
    println!("{load}");
    println!("  written: {asked} questions, the slowest answered in {} ms", most.as_millis());
    let expected = asked * 2 * load.dashboards;
    println!("  told: {} of {expected} new messages; all events: {events:?}", times.len());
    let millis = |share| percentile(&times, share).as_millis();
    println!(
        "  from being stored (before the commit) to being told: p50 {} ms, p95 {} ms, p99 {} ms, most {} ms",
        millis(0.5),
        millis(0.95),
        millis(0.99),
        millis(1.0)
    );
    println!(
        "  memory of the server: {} MiB, {} MiB with all connected, {} MiB at the end",
        before >> 20,
        with_all >> 20,
        after >> 20
    );
    if let Some(server) = Arc::into_inner(server) {
        server.stop().await?;
    }
    Ok(())
}

type Socket = tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>;

/// Connects as Engine.IO 4 and Socket.IO 5 say.
async fn open(server: &Server) -> Result<Socket> {
    let address = format!("{}/socket.io/?EIO=4&transport=websocket", server.address.replace("http", "ws"));
    let mut request = address.into_client_request()?;
    request.headers_mut().insert("cookie", server.cookie.parse()?);
    let (mut socket, _) = connect_async(request).await?;
    loop {
        let packet = socket.next().await.context("the socket closed")??.into_text()?;
        match packet.as_bytes() {
            [b'0', ..] => socket.send(Message::text("40")).await?,
            [b'2'] => socket.send(Message::text("3")).await?,
            [b'4', b'0', ..] => return Ok(socket),
            _ => bail!("an unexpected packet: {packet}"),
        }
    }
}

/// Keeps what is told until the server goes.
async fn listen(
    mut socket: Socket,
    server: Arc<Server>,
    heard: Arc<Mutex<Heard>>,
    is_fetching: bool,
) -> Result<()> {
    let client = reqwest::Client::new();
    let mut fetches = HashMap::<&str, Instant>::new();
    let mut fetching = JoinSet::new();
    while let Some(packet) = socket.next().await {
        let packet = packet?.into_text()?;
        if packet.as_str() == "2" {
            socket.send(Message::text("3")).await?;
            continue;
        }
        let Some(event) = packet.as_str().strip_prefix("42") else { continue };
        let at = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis() as u64;
        let event: Value = serde_json::from_str(event)?;
        let name = event[0].as_str().unwrap_or_default();
        {
            let mut heard = heard.lock();
            *heard.1.entry(name.to_owned()).or_default() += 1;
            if let Some(id) = event[1]["message_id"].as_i64().filter(|_| name == "new_message") {
                heard.0.push((id, at));
            }
        }
        let path = match name {
            "chats_update" => "/now",
            "analytics_update" => "/figures",
            _ => continue,
        };
        // A page rests between fetches of a part; two seconds are what it rests at most when the server is busy.
        let is_due = fetches.get(path).is_none_or(|last| last.elapsed() >= Duration::from_secs(2));
        if is_fetching && is_due {
            fetches.insert(path, Instant::now());
            let request = client.get(format!("{}{path}", server.address)).header("cookie", &server.cookie);
            fetching.spawn(async move {
                // What fails here is seen in what is told late.
                if let Ok(reply) = request.send().await {
                    let _ = reply.bytes().await;
                }
            });
        }
    }
    Ok(())
}

/// Patients write at a steady pace. Gives how many questions were answered, and how long the slowest took.
async fn write(server: &Server, load: Load) -> Result<(usize, Duration)> {
    let client = reqwest::Client::new();
    let (mut asking, since) = (JoinSet::new(), Instant::now());
    for number in 0..load.per_second * load.seconds {
        let at = Duration::from_secs_f64(f64::from(number) / f64::from(load.per_second));
        tokio::time::sleep_until(since + at).await;
        let sender = format!("62877{:07}", number % 500);
        let body = json!({"sender": sender, "message": format!("Jam besuk berapa? {number}")});
        let request = client.post(format!("{}/ask", server.address)).bearer_auth(&server.token).json(&body);
        asking.spawn(async move {
            let since = Instant::now();
            let reply = request.send().await?.error_for_status()?;
            reply.bytes().await?;
            anyhow::Ok(since.elapsed())
        });
    }
    let (mut asked, mut most) = (0, Duration::ZERO);
    while let Some(done) = asking.join_next().await {
        most = most.max(done??);
        asked += 1;
    }
    Ok((asked, most))
}

/// When each message was stored, by its row: in the transaction that was then committed.
fn stored_at(folder: &Path) -> Result<HashMap<i64, u64>> {
    let store = Store::open(&folder.join("satubumi.db"))?;
    let stored = store.read_blocking(|tx| {
        let mut statement = tx.prepare("SELECT id, at FROM messages ORDER BY id DESC LIMIT 200000")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.unsigned_abs())))?;
        Ok(rows.collect::<Result<_, _>>()?)
    });
    Ok(stored?)
}
