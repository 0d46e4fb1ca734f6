//! What becomes of a stanza that a client sent.

use std::{sync::Arc, time::Instant};

use whatsapp_rust::{
    NodeBuilder,
    wacore_binary::{Node, SERVER_JID},
};

use crate::{
    calls,
    connection::{Registration, Role, Session},
    login, pair_code, pairing, prekeys, receipts, relay,
    seen::{ChatState, Seen, Sighting},
    server::Hub,
    stanza::{self, children, empty, result, result_with},
    usync,
};

/// Handles a stanza.
pub(crate) async fn handle(hub: &Arc<Hub>, role: &Role, stanza: Node) {
    match role {
        Role::Registering(registration) => registering(hub, registration, &stanza),
        Role::Device(session) => linked(hub, session, stanza).await,
    }
}

fn registering(hub: &Arc<Hub>, registration: &Registration, stanza: &Node) {
    if stanza.tag != "iq" {
        return;
    }
    if is_answer(stanza) {
        pairing::answered(hub, stanza);
    } else if let Some(request) = stanza.get_optional_child("link_code_companion_reg") {
        pair_code::requested(hub, registration, stanza, request);
    } else {
        registration.link.send(result(stanza));
    }
}

async fn linked(hub: &Arc<Hub>, session: &Session, stanza: Node) {
    match stanza.tag.as_ref() {
        "iq" if is_answer(&stanza) => {}
        "iq" => request(hub, session, &stanza).await,
        "message" => relay::message(hub, session, &stanza).await,
        "receipt" => receipts::from_device(hub, session, &stanza).await,
        "ack" => receipts::acknowledged(hub, session, &stanza),
        "chatstate" => chat_state(hub, session, &stanza),
        "call" => calls::from_device(hub, session, &stanza),
        "presence" => presence(hub, session, &stanza),
        "ib" => login::fetch(hub, session, &stanza),
        tag => tracing::debug!(tag, "a stanza that this server ignores"),
    }
}

fn is_answer(iq: &Node) -> bool {
    stanza::text(iq, "type").is_some_and(|kind| kind == "result" || kind == "error")
}

/// Answers a request of a linked device.
async fn request(hub: &Arc<Hub>, session: &Session, iq: &Node) {
    let namespace = stanza::text(iq, "xmlns").unwrap_or_default();
    let gets = stanza::text(iq, "type").is_some_and(|kind| kind == "get");
    let answer = match namespace.as_ref() {
        "encrypt" => prekeys::answer(hub, session, iq).await,
        "usync" => usync::answer(hub, iq),
        "passive" => {
            session.link.send(result(iq));
            if iq.get_optional_child("active").is_some() {
                login::activate(hub, session);
            }
            return;
        }
        "abt" => {
            let props = NodeBuilder::new("props").attr("protocol", "1").attr("hash", "1");
            result_with(iq, [props.attr("refresh", 86_400).build()])
        }
        "blocklist" if gets => result_with(iq, [empty("list")]),
        "privacy" if gets => {
            let read = NodeBuilder::new("category").attr("name", "readreceipts").attr("value", "all").build();
            result_with(iq, [NodeBuilder::new("privacy").children([read]).build()])
        }
        "w:m" => result_with(iq, [media_connection(hub)]),
        "w:sync:app:state" => result_with(iq, [synced(iq)]),
        // There are no groups to know anything about.
        "w:g2" => stanza::refusal(iq, 404, "item-not-found"),
        "md" if iq.get_optional_child("remove-companion-device").is_some() => {
            session.link.send(result(iq));
            hub.with_account(&session.account, |account| account.remove(session.device));
            session.link.close();
            return;
        }
        _ => result(iq),
    };
    session.link.send(answer);
}

/// Where media go, and the key for it.
fn media_connection(hub: &Hub) -> Node {
    let host = NodeBuilder::new("host").attr("hostname", hub.address.to_string()).build();
    NodeBuilder::new("media_conn")
        .attr("auth", "loopback")
        .attr("ttl", 3600)
        .attr("auth_ttl", 3600)
        .attr("max_buckets", 12)
        .children([host])
        .build()
}

/// Every collection that was asked for, with nothing in it.
fn synced(iq: &Node) -> Node {
    let asked = iq.get_optional_child("sync").map(children).unwrap_or_default();
    let collections = asked.iter().filter_map(|collection| {
        let name = stanza::text(collection, "name")?;
        Some(NodeBuilder::new("collection").attr("name", name.as_ref()).attr("version", 1).build())
    });
    NodeBuilder::new("sync").children(collections).build()
}

fn presence(hub: &Hub, session: &Session, stanza: &Node) {
    // Asking for somebody's presence is a presence too, and nobody here shows theirs.
    let kind = stanza::text(stanza, "type").unwrap_or("available".into());
    if kind == "available" || kind == "unavailable" {
        see(hub, session, Seen::Presence { available: kind == "available" });
    }
}

fn chat_state(hub: &Hub, session: &Session, stanza: &Node) {
    let Some(to) = stanza::jid(stanza, "to") else { return };
    let composing = stanza.get_optional_child("composing");
    let state = match composing {
        Some(composing) if stanza::text(composing, "media").is_some() => ChatState::Recording,
        Some(_) => ChatState::Composing,
        None => ChatState::Paused,
    };
    see(hub, session, Seen::ChatState { to: to.clone(), state });
    relay::chat_state(hub, session, &to, state, stanza);
}

/// Notes what a linked device sent.
pub(crate) fn see(hub: &Hub, session: &Session, what: Seen) {
    let sighting = Sighting { at: Instant::now(), device: session.device, what };
    if let Some(seen) = hub.with_account(&session.account, |account| Arc::clone(&account.seen)) {
        seen.push(sighting);
    }
}

/// The acknowledgement of a receipt.
pub(crate) fn receipt_ack(receipt: &Node) -> Node {
    let to = stanza::text(receipt, "to").unwrap_or(SERVER_JID.into());
    let mut ack = NodeBuilder::new("ack")
        .attr("class", "receipt")
        .attr("id", stanza::text(receipt, "id").unwrap_or_default().as_ref())
        .attr("from", to.as_ref());
    for key in ["type", "participant"] {
        if let Some(value) = stanza::text(receipt, key) {
            ack = ack.attr(key, value.as_ref());
        }
    }
    ack.build()
}
