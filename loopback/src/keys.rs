//! A device's public keys: what it registers with, uploads, and hands to those who want to write to it.

use std::collections::VecDeque;

use whatsapp_rust::{
    NodeBuilder,
    wacore::libsignal::protocol::{IdentityKey, PreKeyBundle, PublicKey},
    wacore_binary::Node,
    waproto::whatsapp::client_payload::DevicePairingRegistrationData,
};

use crate::{
    error::Result,
    stanza::{child_bytes, children, from_bytes, holding, three_bytes},
};

/// The type that the Signal protocol's keys have on the wire.
const SIGNAL: u8 = 5;

/// A one-time key.
#[derive(Clone, Debug)]
pub(crate) struct OneTimeKey {
    pub(crate) id: u32,
    pub(crate) public: [u8; 32],
}

/// A signed prekey.
#[derive(Clone, Debug)]
pub(crate) struct SignedKey {
    pub(crate) id: u32,
    pub(crate) public: [u8; 32],
    pub(crate) signature: Vec<u8>,
}

/// The keys of a device.
#[derive(Clone, Debug)]
pub(crate) struct DeviceKeys {
    pub(crate) registration_id: u32,
    pub(crate) identity: [u8; 32],
    pub(crate) signed: SignedKey,
    pub(crate) one_time: VecDeque<OneTimeKey>,
}

impl DeviceKeys {
    /// The keys that a client registers with; it has uploaded no one-time keys yet.
    pub(crate) fn registered(data: &DevicePairingRegistrationData) -> Option<Self> {
        Some(Self {
            registration_id: from_bytes(data.e_regid.as_deref()?),
            identity: data.e_ident.as_deref()?.try_into().ok()?,
            signed: SignedKey {
                id: from_bytes(data.e_skey_id.as_deref()?),
                public: data.e_skey_val.as_deref()?.try_into().ok()?,
                signature: data.e_skey_sig.clone()?,
            },
            one_time: VecDeque::new(),
        })
    }

    /// Takes an upload in: `<registration/>`, `<identity/>`, `<list/>` and `<skey/>`.
    pub(crate) fn upload(&mut self, iq: &Node) {
        if let Some(id) = child_bytes(iq, "registration") {
            self.registration_id = from_bytes(id);
        }
        if let Some(signed) = iq.get_optional_child("skey").and_then(signed_key) {
            self.signed = signed;
        }
        let keys = iq.get_optional_child("list").map(children).unwrap_or_default();
        for key in keys.iter().filter_map(one_time_key) {
            if self.one_time.iter().all(|known| known.id != key.id) {
                self.one_time.push_back(key);
            }
        }
    }

    /// What one needs to write to the device. A one-time key, if any is left, is given away with it.
    pub(crate) fn take_bundle(&mut self) -> Bundle {
        Bundle {
            registration_id: self.registration_id,
            identity: self.identity,
            signed: self.signed.clone(),
            one_time: self.one_time.pop_front(),
        }
    }
}

/// What one needs to open a Signal session with a device.
#[derive(Clone, Debug)]
pub(crate) struct Bundle {
    pub(crate) registration_id: u32,
    pub(crate) identity: [u8; 32],
    pub(crate) signed: SignedKey,
    pub(crate) one_time: Option<OneTimeKey>,
}

impl Bundle {
    /// The bundle that a retry receipt carries, if it does.
    pub(crate) fn from_retry(receipt: &Node) -> Option<Self> {
        let keys = receipt.get_optional_child("keys")?;
        Some(Self {
            registration_id: from_bytes(child_bytes(receipt, "registration")?),
            identity: child_bytes(keys, "identity")?.try_into().ok()?,
            signed: keys.get_optional_child("skey").and_then(signed_key)?,
            one_time: keys.get_optional_child("key").and_then(one_time_key),
        })
    }

    /// The bundle as the answer to a key request carries it.
    pub(crate) fn to_nodes(&self) -> Vec<Node> {
        let mut nodes = vec![
            holding("registration", self.registration_id.to_be_bytes()),
            holding("type", [SIGNAL]),
            holding("identity", self.identity),
            signed_key_node(&self.signed),
        ];
        nodes.extend(self.one_time.as_ref().map(|key| {
            let id = holding("id", three_bytes(key.id));
            NodeBuilder::new("key").children([id, holding("value", key.public)]).build()
        }));
        nodes
    }

    /// The bundle as the Signal library takes it.
    pub(crate) fn to_signal(&self, device: u16) -> Result<PreKeyBundle> {
        let one_time = match &self.one_time {
            Some(key) => Some((key.id.into(), PublicKey::from_djb_public_key_bytes(&key.public)?)),
            None => None,
        };
        Ok(PreKeyBundle::new(
            self.registration_id,
            u32::from(device).into(),
            one_time,
            self.signed.id.into(),
            PublicKey::from_djb_public_key_bytes(&self.signed.public)?,
            self.signed.signature.clone(),
            IdentityKey::new(PublicKey::from_djb_public_key_bytes(&self.identity)?),
        )?)
    }
}

/// `<skey/>`.
pub(crate) fn signed_key_node(key: &SignedKey) -> Node {
    NodeBuilder::new("skey")
        .children([
            holding("id", three_bytes(key.id)),
            holding("value", key.public),
            holding("signature", key.signature.clone()),
        ])
        .build()
}

fn signed_key(node: &Node) -> Option<SignedKey> {
    Some(SignedKey {
        id: from_bytes(child_bytes(node, "id")?),
        public: child_bytes(node, "value")?.try_into().ok()?,
        signature: child_bytes(node, "signature")?.to_vec(),
    })
}

fn one_time_key(node: &Node) -> Option<OneTimeKey> {
    Some(OneTimeKey {
        id: from_bytes(child_bytes(node, "id")?),
        public: child_bytes(node, "value")?.try_into().ok()?,
    })
}
