//! Messages and chat states from linked devices to whom they are for.

use std::sync::Arc;

use whatsapp_rust::{
    Jid, NodeBuilder,
    wacore_binary::{Node, SERVER_JID},
};

use crate::{
    connection::Session,
    dispatch::see,
    patient::{Arrival, PatientEvent},
    phone,
    seen::{ChatState, Seen},
    server::{Hub, Party},
    stanza::{self, children},
    user::Addressing,
};

/// The error for a message to somebody who does not exist.
const UNKNOWN: u16 = 404;

/// A linked device sends a message: it is acknowledged, then given to every device that it is encrypted for.
pub(crate) async fn message(hub: &Arc<Hub>, session: &Session, message: &Node) {
    let Some(to) = stanza::jid(message, "to") else { return };
    let peer = stanza::text(message, "category").is_some_and(|category| category == "peer");
    let refused =
        hub.with_account(&session.account, |account| if peer { None } else { account.faults.next_nack() });
    let refused = refused.flatten().or_else(|| hub.party(&to).is_none().then_some(UNKNOWN));
    see(hub, session, sighting(message, to.clone(), refused));
    hub.with_account(&session.account, |account| {
        account.faults.acknowledge(&session.link, acknowledgement(message, refused));
    });
    if refused.is_some() {
        return;
    }
    // The acknowledgement goes out before the puppets decrypt.
    tokio::task::yield_now().await;
    for (target, enc) in copies(message, &to) {
        match hub.party(&target) {
            Some(Party::Patient(patient)) => {
                let arrival = Arrival {
                    account: &session.account,
                    device: session.device,
                    id: stanza::text(message, "id").unwrap_or_default().into_owned(),
                    addressing: Addressing::of(&target),
                    edit: stanza::text(message, "edit").map(|edit| edit.into_owned()),
                };
                patient.receive(hub, arrival, enc).await;
            }
            Some(Party::Account(phone)) if target.device == 0 => {
                phone::receive(hub, &phone, session, enc).await;
            }
            Some(Party::Account(phone)) => forward(hub, session, message, &to, &phone, &target, enc),
            None => {}
        }
    }
}

fn sighting(message: &Node, to: Jid, refused: Option<u16>) -> Seen {
    Seen::Message {
        id: stanza::text(message, "id").unwrap_or_default().into_owned(),
        to,
        kind: stanza::text(message, "type").unwrap_or_default().into_owned(),
        resent: message.get_optional_child("participants").is_none(),
        refused,
    }
}

/// The acknowledgement of a message, its refusal if there is an error.
fn acknowledgement(message: &Node, error: Option<u16>) -> Node {
    let from = stanza::text(message, "to").unwrap_or(SERVER_JID.into());
    let mut ack = NodeBuilder::new("ack")
        .attr("class", "message")
        .attr("id", stanza::text(message, "id").unwrap_or_default().as_ref())
        .attr("from", from.as_ref())
        .attr("t", stanza::now());
    if let Some(phash) = stanza::text(message, "phash") {
        ack = ack.attr("phash", phash.as_ref());
    }
    if let Some(error) = error {
        ack = ack.attr("error", error);
    }
    ack.build()
}

/// The devices that a message is encrypted for, and what is encrypted for them.
fn copies<'a>(message: &'a Node, to: &Jid) -> Vec<(Jid, &'a Node)> {
    match message.get_optional_child("participants") {
        Some(participants) => children(participants)
            .iter()
            .filter_map(|copy| Some((stanza::jid(copy, "jid")?, copy.get_optional_child("enc")?)))
            .collect(),
        None => message.get_optional_child("enc").map(|enc| (to.clone(), enc)).into_iter().collect(),
    }
}

/// Puts a linked device's message in the queue of another.
fn forward(hub: &Hub, session: &Session, message: &Node, to: &Jid, receiver: &str, target: &Jid, enc: &Node) {
    let Some(sender) = hub.with_account(&session.account, |account| account.user.clone()) else { return };
    let text = |key: &str| stanza::text(message, key).unwrap_or_default().into_owned();
    let addressing = Addressing::of(target);
    let mut stanza = NodeBuilder::new("message")
        .attr("from", sender.jid(addressing, session.device))
        .attr("id", text("id"))
        .attr("type", text("type"))
        .attr("t", stanza::now())
        .attr("notify", sender.name.as_str());
    stanza = match addressing {
        Addressing::Pn => stanza.attr("sender_lid", sender.lid(0)),
        Addressing::Lid => stanza.attr("sender_pn", sender.pn(0)).attr("addressing_mode", "lid"),
    };
    if let Some(edit) = stanza::text(message, "edit") {
        stanza = stanza.attr("edit", edit.as_ref());
    }
    if receiver == session.account {
        let recipient = stanza::jid(message, "recipient").unwrap_or_else(|| to.clone());
        stanza = stanza.attr("recipient", recipient.to_non_ad());
    }
    let kept = ["device-identity", "reporting"].into_iter().filter_map(|tag| message.get_optional_child(tag));
    let stanza = stanza.children(std::iter::once(enc).chain(kept).cloned()).build();
    hub.with_account(receiver, |account| account.deliver(target.device, stanza));
}

/// A linked device types in a chat.
pub(crate) fn chat_state(hub: &Hub, session: &Session, to: &Jid, state: ChatState, stanza: &Node) {
    match hub.party(to) {
        Some(Party::Patient(patient)) => patient.shows(PatientEvent::ChatState(state)),
        Some(Party::Account(phone)) => {
            let Some(sender) = hub.with_account(&session.account, |account| account.user.clone()) else {
                return;
            };
            let from = sender.jid(Addressing::of(to), session.device);
            let stanza =
                NodeBuilder::new("chatstate").attr("from", from).children(children(stanza).to_vec()).build();
            // Who is not there does not see it, and never will.
            hub.with_account(&phone, |account| {
                account.links().iter().for_each(|link| link.send(stanza.clone()));
            });
        }
        None => {}
    }
}
