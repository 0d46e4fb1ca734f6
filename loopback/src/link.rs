//! The way to one connected client: what is put in here, the connection encrypts and sends in order.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{mpsc, watch},
    time::Instant,
};
use tokio_util::sync::CancellationToken;
use whatsapp_rust::wacore_binary::Node;

/// A handle on a connection. Cheap to clone; two handles are equal when they are of the same connection.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    out: mpsc::UnboundedSender<Node>,
    stalled: Arc<watch::Sender<Option<Instant>>>,
    /// Ends the connection at once.
    cut: CancellationToken,
    /// Ends the connection once everything put in so far has been sent.
    done: CancellationToken,
}

/// The connection's end of the link.
pub(crate) struct LinkEnd {
    out: mpsc::UnboundedReceiver<Node>,
    stalled: watch::Receiver<Option<Instant>>,
    pub(crate) cut: CancellationToken,
    done: CancellationToken,
}

impl Link {
    /// A link to a connection that ends with `parent` at the latest.
    pub(crate) fn new(parent: &CancellationToken) -> (Self, LinkEnd) {
        let (out, end) = mpsc::unbounded_channel();
        let (stalled, seen) = watch::channel(None);
        let cut = parent.child_token();
        let done = CancellationToken::new();
        let link = Self { out, stalled: Arc::new(stalled), cut: cut.clone(), done: done.clone() };
        (link, LinkEnd { out: end, stalled: seen, cut, done })
    }

    /// Sends a stanza. To one who has gone it is lost.
    pub(crate) fn send(&self, stanza: Node) {
        let _ = self.out.send(stanza);
    }

    /// Closes the connection after what was sent.
    pub(crate) fn close(&self) {
        self.done.cancel();
    }

    /// Drops the connection at once.
    pub(crate) fn cut(&self) {
        self.cut.cancel();
    }

    /// Sends nothing for a while; what is put in meanwhile goes out then.
    pub(crate) fn stall(&self, duration: Duration) {
        self.stalled.send_replace(Some(Instant::now() + duration));
    }

    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.stalled, &other.stalled)
    }
}

impl LinkEnd {
    /// The next stanza to send; `None` when the connection is to be closed.
    pub(crate) async fn next(&mut self) -> Option<Node> {
        loop {
            let until = *self.stalled.borrow_and_update();
            if let Some(until) = until.filter(|until| *until > Instant::now()) {
                tokio::select! {
                    () = tokio::time::sleep_until(until) => {}
                    _ = self.stalled.changed() => {}
                }
                continue;
            }
            tokio::select! {
                biased;
                // A stall goes before what was put in after it.
                changed = self.stalled.changed() => {
                    if changed.is_err() {
                        return self.out.recv().await;
                    }
                }
                stanza = self.out.recv() => return stanza,
                () = self.done.cancelled() => return None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use whatsapp_rust::futures::FutureExt as _;

    use super::*;
    use crate::stanza;

    #[tokio::test(start_paused = true)]
    async fn a_stalled_link_sends_late_and_a_closed_one_sends_first() {
        let (link, mut end) = Link::new(&CancellationToken::new());
        link.stall(Duration::from_secs(5));
        link.send(stanza::empty("ib"));
        link.close();
        assert!(end.next().now_or_never().is_none());
        let before = Instant::now();
        assert!(end.next().await.is_some());
        assert!(before.elapsed() >= Duration::from_secs(5));
        assert!(end.next().await.is_none());
    }
}
