//! Reading and building stanzas.

use std::{
    borrow::Cow,
    time::{SystemTime, UNIX_EPOCH},
};

use rand::RngExt as _;
use whatsapp_rust::{
    Jid, NodeBuilder,
    bytes::BytesMut,
    wacore_binary::{
        Node, NodeContent, SERVER_JID,
        error::Result as CodecResult,
        marshal,
        node::{NodeValue, OwnedNodeRef},
        util,
    },
};

/// A stanza from the bytes of a decrypted frame.
pub(crate) fn decode(frame: BytesMut) -> CodecResult<Node> {
    Ok(OwnedNodeRef::new(util::unpack_bytes(frame)?)?.to_owned_node())
}

/// A stanza's bytes, to be encrypted.
pub(crate) fn encode(stanza: &Node) -> CodecResult<Vec<u8>> {
    marshal::marshal(stanza)
}

/// An attribute's text.
pub(crate) fn text<'a>(node: &'a Node, key: &str) -> Option<Cow<'a, str>> {
    node.attrs.get(key).map(NodeValue::as_str)
}

/// An attribute that names a user, a device or a group.
pub(crate) fn jid(node: &Node, key: &str) -> Option<Jid> {
    node.attrs.get(key).and_then(NodeValue::to_jid)
}

/// An attribute that is a number.
pub(crate) fn number<T: std::str::FromStr>(node: &Node, key: &str) -> Option<T> {
    text(node, key)?.parse().ok()
}

/// A stanza's bytes content.
pub(crate) fn bytes(node: &Node) -> Option<&[u8]> {
    match &node.content {
        Some(NodeContent::Bytes(bytes)) => Some(bytes),
        _ => None,
    }
}

/// The bytes in a child.
pub(crate) fn child_bytes<'a>(node: &'a Node, tag: &str) -> Option<&'a [u8]> {
    bytes(node.get_optional_child(tag)?)
}

/// The children, none if there are none.
pub(crate) fn children(node: &Node) -> &[Node] {
    node.children().unwrap_or_default()
}

/// A child that holds bytes.
pub(crate) fn holding(tag: &'static str, bytes: impl Into<Vec<u8>>) -> Node {
    NodeBuilder::new(tag).bytes(bytes).build()
}

/// An element with neither attributes nor content.
pub(crate) fn empty(tag: &'static str) -> Node {
    NodeBuilder::new(tag).build()
}

/// The answer to a request, without content.
pub(crate) fn result(request: &Node) -> Node {
    answer(request, "result").build()
}

/// The answer to a request.
pub(crate) fn result_with(request: &Node, content: impl IntoIterator<Item = Node>) -> Node {
    answer(request, "result").children(content).build()
}

/// The refusal of a request.
pub(crate) fn refusal(request: &Node, code: u16, text: &'static str) -> Node {
    let error = NodeBuilder::new("error").attr("code", code).attr("text", text).build();
    answer(request, "error").children([error]).build()
}

fn answer(request: &Node, kind: &'static str) -> NodeBuilder {
    NodeBuilder::new("iq")
        .attr("from", SERVER_JID)
        .attr("type", kind)
        .attr("id", text(request, "id").unwrap_or_default().as_ref())
}

/// A number as the wire carries the ids of keys: three bytes, the highest first.
pub(crate) fn three_bytes(number: u32) -> Vec<u8> {
    number.to_be_bytes()[1..].to_vec()
}

/// A number from up to four bytes, the highest first.
pub(crate) fn from_bytes(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |number, byte| number << 8 | u32::from(*byte))
}

/// Seconds since 1970.
pub(crate) fn unix(at: SystemTime) -> u64 {
    at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// Seconds since 1970, now.
pub(crate) fn now() -> u64 {
    unix(SystemTime::now())
}

/// A new message id, in the form that phones give theirs.
pub(crate) fn message_id() -> String {
    let random: [u8; 9] = rand::rng().random();
    let digits: String = random.iter().map(|byte| format!("{byte:02X}")).collect();
    format!("3EB0{digits}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_keys_take_three_bytes() {
        assert_eq!(three_bytes(0x01_02_03), [1, 2, 3]);
        assert_eq!(from_bytes(&three_bytes(812)), 812);
    }

    #[test]
    fn stanzas_survive_the_wire() {
        let stanza = NodeBuilder::new("message")
            .attr("from", Jid::lid_device("100200300", 3))
            .attr("id", "A1")
            .children([holding("enc", [1, 2, 3])])
            .build();
        let encoded = encode(&stanza).unwrap();
        let decoded = decode(BytesMut::from(&encoded[..])).unwrap();
        assert_eq!(jid(&decoded, "from"), Some(Jid::lid_device("100200300", 3)));
        assert_eq!(child_bytes(&decoded, "enc"), Some(&[1, 2, 3][..]));
    }
}
