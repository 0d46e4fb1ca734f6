//! Requests about keys: uploading one's own, fetching others'.

use std::sync::Arc;

use whatsapp_rust::{
    Jid, NodeBuilder,
    wacore::prekeys::compute_key_bundle_digest,
    wacore_binary::{Node, SERVER_JID},
};

use crate::{
    account::Device,
    connection::Session,
    keys::{Bundle, signed_key_node},
    server::{Hub, Party},
    stanza::{self, children, holding, refusal, result, result_with, three_bytes},
};

/// Below how many one-time keys a device is asked for more.
const FEW: usize = 5;

/// Answers a request about keys.
pub(crate) async fn answer(hub: &Arc<Hub>, session: &Session, iq: &Node) -> Node {
    let gets = stanza::text(iq, "type").is_some_and(|kind| kind == "get");
    if !gets {
        own(hub, session, |device| match iq.get_optional_child("rotate") {
            Some(rotated) => device.keys.upload(rotated),
            None => device.keys.upload(iq),
        });
        return result(iq);
    }
    if let Some(asked) = iq.get_optional_child("key") {
        let mut users = Vec::new();
        for user in children(asked) {
            let Some(jid) = stanza::jid(user, "jid") else { continue };
            users.push(bundle(hub, &jid).await);
        }
        return result_with(iq, [NodeBuilder::new("list").children(users).build()]);
    }
    if iq.get_optional_child("digest").is_some() {
        return match own(hub, session, |device| digest(device)) {
            Some(digest) => result_with(iq, [digest]),
            None => refusal(iq, 404, "item-not-found"),
        };
    }
    if iq.get_optional_child("count").is_some() {
        let count = own(hub, session, |device| device.keys.one_time.len()).unwrap_or_default();
        return result_with(iq, [NodeBuilder::new("count").attr("value", count).build()]);
    }
    result(iq)
}

fn own<T>(hub: &Hub, session: &Session, work: impl FnOnce(&mut Device) -> T) -> Option<T> {
    hub.with_account(&session.account, |account| account.devices.get_mut(&session.device).map(work))?
}

/// What one needs to write to a device, or that there is no such device.
async fn bundle(hub: &Arc<Hub>, jid: &Jid) -> Node {
    let answer = NodeBuilder::new("user").attr("jid", jid).attr("t", stanza::now());
    let nodes = match hub.party(jid) {
        Some(Party::Patient(patient)) if jid.device == 0 => Some(patient.bundle().await.to_nodes()),
        Some(Party::Account(phone)) if jid.device == 0 => {
            match hub.with_account(&phone, |account| Arc::clone(&account.phone)) {
                Some(phone) => Some(phone.lock().await.bundle().to_nodes()),
                None => None,
            }
        }
        Some(Party::Account(phone)) => companion(hub, &phone, jid.device),
        _ => None,
    };
    match nodes {
        Some(nodes) => answer.children(nodes).build(),
        None => answer.children([NodeBuilder::new("error").attr("code", 406).build()]).build(),
    }
}

fn companion(hub: &Hub, phone: &str, device: u16) -> Option<Vec<Node>> {
    let identity = hub.with_account(phone, |account| {
        account.devices.get(&device).map(|device| device.signed_identity.clone())
    })??;
    let mut nodes = take_bundle(hub, phone, device)?.to_nodes();
    nodes.push(holding("device-identity", identity));
    Some(nodes)
}

/// What one needs to write to a linked device. When it has few one-time keys left, it is asked for more.
pub(crate) fn take_bundle(hub: &Hub, phone: &str, device: u16) -> Option<Bundle> {
    hub.with_account(phone, |account| {
        let keys = &mut account.devices.get_mut(&device)?.keys;
        let bundle = keys.take_bundle();
        let left = keys.one_time.len();
        if left + 1 == FEW && bundle.one_time.is_some() {
            account.deliver(device, few_left(left));
        }
        Some(bundle)
    })?
}

fn few_left(count: usize) -> Node {
    NodeBuilder::new("notification")
        .attr("from", SERVER_JID)
        .attr("type", "encrypt")
        .attr("id", stanza::message_id())
        .attr("t", stanza::now())
        .children([NodeBuilder::new("count").attr("value", count).build()])
        .build()
}

/// The keys that the server holds for a device, for the device to compare.
fn digest(device: &Device) -> Node {
    let keys = &device.keys;
    let publics: Vec<&[u8]> = keys.one_time.iter().map(|key| &key.public[..]).collect();
    let hash =
        compute_key_bundle_digest(&keys.identity, &keys.signed.public, &keys.signed.signature, &publics);
    let ids = keys.one_time.iter().map(|key| holding("id", three_bytes(key.id)));
    NodeBuilder::new("digest")
        .children([
            holding("registration", keys.registration_id.to_be_bytes()),
            holding("type", [5]),
            holding("identity", keys.identity),
            signed_key_node(&keys.signed),
            NodeBuilder::new("list").children(ids).build(),
            holding("hash", hash),
        ])
        .build()
}
