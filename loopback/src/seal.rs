//! `<enc>`: a message encrypted for one linked device, or for a group.

use whatsapp_rust::{
    NodeBuilder,
    prelude::wa,
    wacore::{
        messages::MessageUtils,
        send::{media_type_from_message, should_hide_decrypt_fail},
    },
    wacore_binary::Node,
};

use crate::{
    error::{Error, Result},
    keys::Bundle,
    prekeys,
    server::Hub,
    signal::Peer,
};

/// How a copy of a message for one device is made.
#[derive(Default)]
pub(crate) struct Copy<'a> {
    /// As which retry it is sent; 0 when it is none.
    pub(crate) retry: u8,
    /// The keys to open a new session with, in place of the one there is.
    pub(crate) keys: Option<&'a Bundle>,
}

/// Encrypts a message for a linked device of an account, opening a session if there is none.
pub(crate) async fn for_device(
    hub: &Hub,
    peer: &mut Peer,
    account: &str,
    device: u16,
    message: &wa::Message,
    copy: Copy<'_>,
) -> Result<Node> {
    if let Some(keys) = copy.keys {
        peer.open(account, device, keys).await?;
    } else if !peer.knows(account, device).await? {
        let bundle = prekeys::take_bundle(hub, account, device).ok_or(Error::NoCompanion)?;
        peer.open(account, device, &bundle).await?;
    }
    let (kind, bytes) = peer.encrypt(account, device, &MessageUtils::encode_and_pad(message)).await?;
    let mut enc = enc(kind, message).bytes(bytes);
    if copy.retry > 0 {
        enc = enc.attr("count", copy.retry);
    }
    Ok(enc.build())
}

/// Encrypts a message for a group's members, who know the sender key already.
pub(crate) async fn for_group(
    peer: &mut Peer,
    group: &str,
    sender: &str,
    message: &wa::Message,
) -> Result<Node> {
    let bytes = peer.encrypt_for_group(group, sender, &MessageUtils::encode_and_pad(message)).await?;
    Ok(enc("skmsg", message).bytes(bytes).build())
}

fn enc(kind: &'static str, message: &wa::Message) -> NodeBuilder {
    let mut enc = NodeBuilder::new("enc").attr("v", "2").attr("type", kind);
    if let Some(medium) = media_type_from_message(message) {
        enc = enc.attr("mediatype", medium);
    }
    if should_hide_decrypt_fail(message) {
        enc = enc.attr("decrypt-fail", "hide");
    }
    enc
}
