//! Accepts connections: clients of the chat at `/ws`, everything else by plain HTTP on the same port.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::serve::Listener;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc,
};

use crate::{cdn, connection, server::Hub};

/// How a request for the chat begins.
const CHAT: &[u8] = b"GET /ws";
/// How long a connection may take to say what it wants.
const PATIENCE: Duration = Duration::from_secs(5);

/// Starts accepting, until the server stops.
pub(crate) fn start(hub: &Arc<Hub>, socket: TcpListener) {
    let (web, accepted) = mpsc::channel(16);
    let handed = Handed { accepted, address: hub.address };
    let stopping = hub.tasks.stopping();
    let router = cdn::router(hub);
    hub.tasks.spawn(async move {
        tokio::select! {
            served = async { axum::serve(handed, router).await } => {
                if let Err(error) = served {
                    tracing::warn!(%error, "the media server ended");
                }
            }
            () = stopping.cancelled() => {}
        }
    });

    let accepting = Arc::clone(hub);
    let stopping = hub.tasks.stopping();
    hub.tasks.spawn(async move {
        loop {
            let accepted = tokio::select! {
                accepted = socket.accept() => accepted,
                () = stopping.cancelled() => return,
            };
            match accepted {
                Ok((connection, _)) => sort(&accepting, connection, web.clone()),
                // Out of file descriptors, most likely: some may be free in a moment.
                Err(error) => {
                    tracing::warn!(%error, "a connection can't be accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
    });
}

/// Sends a connection where it belongs. Offline, it is dropped.
fn sort(hub: &Arc<Hub>, connection: TcpStream, web: mpsc::Sender<TcpStream>) {
    let Some(admission) = hub.admission() else { return };
    let hub = Arc::clone(hub);
    hub.tasks.clone().spawn(async move {
        let wants = tokio::time::timeout(PATIENCE, wants_chat(&connection));
        let wants = tokio::select! {
            wants = wants => wants,
            () = admission.cancelled() => return,
        };
        match wants {
            Ok(Some(true)) => connection::serve(&hub, connection, &admission).await,
            Ok(Some(false)) => {
                // The receiver ends with the server only.
                let _ = web.send(connection).await;
            }
            _ => {}
        }
    });
}

/// Whether the first bytes ask for the chat; `None` if none come.
async fn wants_chat(connection: &TcpStream) -> Option<bool> {
    let mut begun = [0; CHAT.len()];
    loop {
        let length = connection.peek(&mut begun).await.ok()?;
        if length == 0 {
            return None;
        }
        if length == CHAT.len() || !CHAT.starts_with(&begun[..length]) {
            return Some(begun == *CHAT);
        }
        // A part of the first line has come, and peeking again gives the same part until more comes.
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// The connections that are not for the chat.
struct Handed {
    accepted: mpsc::Receiver<TcpStream>,
    address: SocketAddr,
}

impl Listener for Handed {
    type Io = TcpStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.accepted.recv().await {
            Some(connection) => (connection, self.address),
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        Ok(self.address)
    }
}
