//! Receipts and acknowledgements from linked devices.

use std::sync::Arc;

use whatsapp_rust::{NodeBuilder, wacore_binary::Node};

use crate::{
    connection::Session,
    dispatch::{receipt_ack, see},
    keys::Bundle,
    patient::Retry,
    queue::Class,
    seen::Seen,
    server::{Hub, Party},
    stanza::{self, children},
    user::Addressing,
};

/// A linked device sends a receipt: what it confirms leaves the queue, and the sender of the messages gets it.
pub(crate) async fn from_device(hub: &Arc<Hub>, session: &Session, receipt: &Node) {
    let Some(to) = stanza::jid(receipt, "to") else { return };
    let kind = stanza::text(receipt, "type").unwrap_or("delivery".into()).into_owned();
    let ids = ids(receipt);
    session.link.send(receipt_ack(receipt));

    // A device that asks for a message again acknowledges it as well; one that has read it has confirmed it before.
    if matches!(kind.as_str(), "delivery" | "inactive" | "sender" | "peer_msg" | "hist_sync") {
        hub.with_account(&session.account, |account| {
            if let Some(device) = account.devices.get_mut(&session.device) {
                for id in &ids {
                    device.queue.settle(Class::Message, id, &to);
                }
            }
        });
    }

    see(hub, session, Seen::Receipt { ids: ids.clone(), kind: kind.clone(), to: to.clone() });
    let author = stanza::jid(receipt, "participant").unwrap_or_else(|| to.clone());
    match hub.party(&author) {
        Some(Party::Patient(patient)) if kind == "retry" => {
            let asked = receipt.get_optional_child("retry");
            let retry = Retry {
                account: &session.account,
                device: session.device,
                id: ids.first().map_or("", String::as_str),
                count: asked.and_then(|asked| stanza::number(asked, "count")).unwrap_or(1),
                keys: Bundle::from_retry(receipt),
            };
            patient.send_again(hub, retry).await;
        }
        Some(Party::Patient(patient)) => patient.receipt(&kind, &ids),
        Some(Party::Account(phone)) if author.device > 0 => {
            forward(hub, session, receipt, &phone, author.device, Addressing::of(&author));
        }
        _ => {}
    }
}

/// A linked device acknowledges what it was sent.
pub(crate) fn acknowledged(hub: &Hub, session: &Session, ack: &Node) {
    let id = stanza::text(ack, "id").unwrap_or_default();
    let class = stanza::text(ack, "class").unwrap_or_default();
    let seen = Seen::Ack {
        id: id.clone().into_owned(),
        class: class.clone().into_owned(),
        error: stanza::text(ack, "error").map(|error| error.into_owned()),
    };
    let class = match class.as_ref() {
        "message" => Class::Message,
        "receipt" => Class::Receipt,
        _ => Class::Notification,
    };
    if let Some(to) = stanza::jid(ack, "to") {
        hub.with_account(&session.account, |account| {
            if let Some(device) = account.devices.get_mut(&session.device) {
                device.queue.settle(class, &id, &to);
            }
        });
    }
    see(hub, session, seen);
}

/// The messages that a receipt is about.
fn ids(receipt: &Node) -> Vec<String> {
    let first = stanza::text(receipt, "id").map(|id| id.into_owned());
    let more = receipt.get_optional_child("list").map(children).unwrap_or_default();
    first
        .into_iter()
        .chain(more.iter().filter_map(|item| stanza::text(item, "id").map(|id| id.into_owned())))
        .collect()
}

/// Puts a linked device's receipt in the queue of another.
fn forward(
    hub: &Hub,
    session: &Session,
    receipt: &Node,
    receiver: &str,
    device: u16,
    addressing: Addressing,
) {
    let Some(sender) = hub.with_account(&session.account, |account| account.user.clone()) else { return };
    let mut stanza = NodeBuilder::new("receipt")
        .attr("from", sender.jid(addressing, session.device))
        .attr("t", stanza::now())
        .children(children(receipt).to_vec());
    for key in ["id", "type", "recipient", "category"] {
        if let Some(value) = stanza::text(receipt, key) {
            stanza = stanza.attr(key, value.as_ref());
        }
    }
    hub.with_account(receiver, |account| account.deliver(device, stanza.build()));
}
