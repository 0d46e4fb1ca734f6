//! One client's connection: handshake, who it is, then stanzas both ways until either side closes.

use std::sync::Arc;

use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;
use whatsapp_rust::wacore_binary::Node;

use crate::{
    dispatch,
    frames::{Frames, Incoming, Outgoing},
    keys::DeviceKeys,
    link::{Link, LinkEnd},
    login,
    noise::{self, Opener, Sealer},
    pairing,
    server::Hub,
    stanza,
};

/// Who is at the other end.
#[derive(Clone)]
pub(crate) enum Role {
    /// A client that wants to be linked.
    Registering(Registration),
    /// A linked device.
    Device(Session),
}

/// A client that wants to be linked, and the keys that it brings.
#[derive(Clone)]
pub(crate) struct Registration {
    pub(crate) link: Link,
    /// Its static Noise key.
    pub(crate) noise: [u8; 32],
    pub(crate) keys: DeviceKeys,
}

/// A linked device's connection.
#[derive(Clone)]
pub(crate) struct Session {
    pub(crate) link: Link,
    /// The account's number.
    pub(crate) account: String,
    pub(crate) device: u16,
}

/// Serves a connection until it ends.
pub(crate) async fn serve(hub: &Arc<Hub>, connection: TcpStream, admission: &CancellationToken) {
    let (link, end) = Link::new(admission);
    let cut = end.cut.clone();
    tokio::select! {
        ended = run(hub, connection, &link, end) => {
            if let Err(error) = ended {
                tracing::debug!(%error, "a connection ended");
            }
        }
        () = cut.cancelled() => {}
    }
    pairing::forget(hub, &link);
    login::leave(hub, &link);
}

async fn run(hub: &Arc<Hub>, connection: TcpStream, link: &Link, end: LinkEnd) -> anyhow::Result<()> {
    connection.set_nodelay(true)?;
    let mut frames = Frames::accept(connection).await?;
    let established = noise::respond(&mut frames, &hub.key).await?;
    let (incoming, outgoing) = frames.split();
    let mut writing = std::pin::pin!(write(outgoing, established.writer, end));

    let payload = &established.payload;
    let role = match payload.username {
        Some(username) => {
            let device = payload.device.unwrap_or_default();
            login::enter(hub, &username.to_string(), u16::try_from(device).unwrap_or_default(), link)
                .map(Role::Device)
        }
        None => payload
            .device_pairing_data
            .as_option()
            .and_then(DeviceKeys::registered)
            .map(|keys| Registration { link: link.clone(), noise: established.client, keys })
            .inspect(|registration| pairing::offer(hub, registration))
            .map(Role::Registering),
    };
    let Some(role) = role else {
        link.close();
        return writing.await;
    };
    tokio::select! {
        read = read(hub, incoming, established.reader, role) => read,
        written = writing.as_mut() => written,
    }
}

async fn read(hub: &Arc<Hub>, mut incoming: Incoming, mut opener: Opener, role: Role) -> anyhow::Result<()> {
    while let Some(mut frame) = incoming.next().await? {
        opener.open(&mut frame)?;
        let stanza: Node = stanza::decode(frame)?;
        tracing::trace!(tag = %stanza.tag, "received");
        dispatch::handle(hub, &role, stanza).await;
    }
    Ok(())
}

async fn write(mut outgoing: Outgoing, mut sealer: Sealer, mut end: LinkEnd) -> anyhow::Result<()> {
    while let Some(stanza) = end.next().await {
        tracing::trace!(tag = %stanza.tag, "sent");
        outgoing.send(&sealer.seal(&stanza::encode(&stanza)?)?).await?;
    }
    Ok(())
}
