//! The frames inside the WebSocket: a header once, then three bytes of length and a payload, over and over.

use std::io;

use tokio::net::TcpStream;
use tokio_websockets::{Message, ServerBuilder, WebSocketStream};
use whatsapp_rust::{
    bytes::{Bytes, BytesMut},
    futures::{
        SinkExt as _, StreamExt as _,
        stream::{SplitSink, SplitStream},
    },
    wacore::framing::{FrameDecoder, encode_frame},
    wacore_binary::consts::WA_CONN_HEADER,
};

use crate::prompt::Prompt;

/// What comes before the header when the client was told an edge route once: `ED`, a version, three bytes of length.
const EDGE_ROUTING: usize = 7;

/// One client's connection, before it is split into its directions.
pub(crate) struct Frames {
    incoming: Incoming,
    outgoing: Outgoing,
}

/// The frames that the client sends.
pub(crate) struct Incoming {
    socket: SplitStream<WebSocketStream<Prompt>>,
    decoder: FrameDecoder,
    /// What has come of the header, until it is complete.
    header: Option<Vec<u8>>,
}

/// The way to the client.
pub(crate) struct Outgoing {
    socket: SplitSink<WebSocketStream<Prompt>, Message>,
}

impl Frames {
    /// Takes a connection through the WebSocket upgrade.
    pub(crate) async fn accept(connection: TcpStream) -> io::Result<Self> {
        let (_, socket) = ServerBuilder::new().accept(Prompt(connection)).await.map_err(io::Error::other)?;
        let (sink, stream) = socket.split();
        Ok(Self {
            incoming: Incoming { socket: stream, decoder: FrameDecoder::new(), header: Some(Vec::new()) },
            outgoing: Outgoing { socket: sink },
        })
    }

    pub(crate) async fn next(&mut self) -> io::Result<Option<BytesMut>> {
        self.incoming.next().await
    }

    pub(crate) async fn send(&mut self, payload: &[u8]) -> io::Result<()> {
        self.outgoing.send(payload).await
    }

    pub(crate) fn split(self) -> (Incoming, Outgoing) {
        (self.incoming, self.outgoing)
    }
}

impl Incoming {
    /// The next frame, or `None` when the client has closed.
    pub(crate) async fn next(&mut self) -> io::Result<Option<BytesMut>> {
        loop {
            if let Some(frame) = self.decoder.decode_frame() {
                return Ok(Some(frame));
            }
            match self.socket.next().await {
                None => return Ok(None),
                Some(Err(error)) => return Err(io::Error::other(error)),
                Some(Ok(message)) if message.is_close() => return Ok(None),
                Some(Ok(message)) if message.is_binary() => self.feed(message.as_payload())?,
                Some(Ok(_)) => {}
            }
        }
    }

    fn feed(&mut self, bytes: &[u8]) -> io::Result<()> {
        let Some(mut begun) = self.header.take() else {
            self.decoder.feed(bytes);
            return Ok(());
        };
        begun.extend_from_slice(bytes);
        match header_length(&begun) {
            Some(length) if begun.len() >= length => {
                if begun[length - WA_CONN_HEADER.len()..length] != WA_CONN_HEADER {
                    return Err(io::Error::new(io::ErrorKind::InvalidData, "not the client's header"));
                }
                self.decoder.feed(&begun[length..]);
            }
            _ => self.header = Some(begun),
        }
        Ok(())
    }
}

impl Outgoing {
    pub(crate) async fn send(&mut self, payload: &[u8]) -> io::Result<()> {
        let frame = encode_frame(payload, None).map_err(io::Error::other)?;
        self.socket.send(Message::binary(Bytes::from(frame))).await.map_err(io::Error::other)
    }
}

/// How long the header is, edge routing included, as far as `begun` tells.
fn header_length(begun: &[u8]) -> Option<usize> {
    if !begun.starts_with(b"E") {
        return Some(WA_CONN_HEADER.len());
    }
    let length = begun.get(4..EDGE_ROUTING)?;
    let route = usize::from(length[0]) << 16 | usize::from(length[1]) << 8 | usize::from(length[2]);
    Some(EDGE_ROUTING + route + WA_CONN_HEADER.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_is_found_behind_edge_routing() {
        assert_eq!(header_length(b"WA"), Some(4));
        assert_eq!(header_length(b"ED\x00\x01\x00"), None);
        assert_eq!(header_length(b"ED\x00\x01\x00\x00\x05"), Some(16));
    }
}
