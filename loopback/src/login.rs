//! Logging in, and what waited for the device meanwhile.

use std::sync::Arc;

use whatsapp_rust::{
    NodeBuilder,
    wacore_binary::{Node, NodeContent},
};

use crate::{
    connection::Session,
    faults::Failure,
    link::Link,
    queue::Class,
    server::Hub,
    stanza::{self, empty},
};

/// A linked device logs in: it is told so, or why not. `None` when it may not come in; the link is to be closed then.
pub(crate) fn enter(hub: &Arc<Hub>, account: &str, device: u16, link: &Link) -> Option<Session> {
    let admitted = hub.with_account(account, |state| {
        if let Some(until) = state.stalled_until {
            link.stall(until.saturating_duration_since(tokio::time::Instant::now()));
        }
        if let Some(failure) = state.faults.refusal {
            return Err(failure);
        }
        if !state.devices.contains_key(&device) {
            return Err(Failure::LoggedOut);
        }
        link.send(success(state.user.lid(device)));
        state.attach(device, link);
        Ok(())
    });
    match admitted.unwrap_or(Err(Failure::LoggedOut)) {
        Ok(()) => Some(Session { link: link.clone(), account: account.to_owned(), device }),
        Err(failure) => {
            failure.strike(link);
            None
        }
    }
}

/// A connection has ended; whoever was logged in on it is gone.
pub(crate) fn leave(hub: &Hub, link: &Link) {
    hub.each_account(|state| {
        let devices: Vec<u16> = state.devices.keys().copied().collect();
        devices.into_iter().for_each(|device| state.detach(device, link));
    });
}

/// The device wants to be active: it is told how much waits, and fetches that, or is active at once.
pub(crate) fn activate(hub: &Hub, session: &Session) {
    hub.with_account(&session.account, |state| {
        let Some(device) = state.devices.get(&session.device) else { return };
        let held = state.faults.holds_deliveries;
        let count = if held { 0 } else { device.queue.unsent() };
        let messages = if held { 0 } else { device.queue.unsettled(Class::Message) };
        let receipts = if held { 0 } else { device.queue.unsettled(Class::Receipt) };
        session.link.send(ib(NodeBuilder::new("offline_preview")
            .attr("count", count)
            .attr("message", messages)
            .attr("receipt", receipts)
            .attr("notification", count - messages - receipts)
            .attr("appdata", 0)
            .attr("call", 0)
            .build()));
        if count == 0 {
            finish(&session.link, 0);
            state.activate(session.device);
        }
    });
}

/// `<ib>` from the device: it fetches the next part of what waits. Everything else in there is of no interest.
pub(crate) fn fetch(hub: &Hub, session: &Session, ib: &Node) {
    let Some(batch) = ib.get_optional_child("offline_batch") else { return };
    let most = stanza::number(batch, "count").unwrap_or(usize::MAX);
    hub.with_account(&session.account, |state| {
        // The client asks again shortly after a batch begins to arrive, also when that batch was all.
        if state.is_active(session.device) {
            return;
        }
        let Some(device) = state.devices.get_mut(&session.device) else { return };
        let stanzas = device.queue.take(most);
        let count = stanzas.len();
        for stanza in stanzas {
            session.link.send(offline(stanza));
        }
        if device.queue.unsent() == 0 {
            finish(&session.link, count);
            state.activate(session.device);
        }
    });
}

/// Marks a stanza as one that waited.
fn offline(mut stanza: Node) -> Node {
    stanza.attrs.insert("offline", "0");
    stanza
}

/// Says that everything that waited has been sent.
fn finish(link: &Link, count: usize) {
    link.send(ib(NodeBuilder::new("offline").attr("count", count).build()));
}

fn ib(child: Node) -> Node {
    let mut ib = empty("ib");
    ib.attrs.insert("from", "s.whatsapp.net");
    ib.content = Some(NodeContent::Nodes(vec![child]));
    ib
}

fn success(lid: whatsapp_rust::Jid) -> Node {
    NodeBuilder::new("success")
        .attr("t", stanza::now())
        .attr("creation", stanza::now())
        .attr("location", "lla")
        .attr("lid", lid)
        .build()
}
