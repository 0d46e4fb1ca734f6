//! Who has an account, which devices, and which LID.

use whatsapp_rust::{Jid, NodeBuilder, wacore_binary::Node};

use crate::{
    error::Result,
    server::{Hub, Party},
    stanza::{self, children, empty, holding, refusal, result_with},
    user::User,
};

/// Answers a query about users.
pub(crate) fn answer(hub: &Hub, iq: &Node) -> Node {
    let Some(query) = iq.get_optional_child("usync") else { return refusal(iq, 400, "bad-request") };
    let wanted: Vec<&str> = query
        .get_optional_child("query")
        .map(children)
        .unwrap_or_default()
        .iter()
        .map(|protocol| protocol.tag.as_ref())
        .collect();
    let asked = query.get_optional_child("list").map(children).unwrap_or_default();
    let mut users = Vec::with_capacity(asked.len());
    for user in asked {
        match about(hub, user, &wanted) {
            Ok(Some(user)) => users.push(user),
            Ok(None) => {}
            Err(error) => {
                tracing::warn!(%error, "a user query can't be answered");
                return refusal(iq, 500, "internal-server-error");
            }
        }
    }
    let list = NodeBuilder::new("list").children(users).build();
    result_with(iq, [NodeBuilder::new("usync").children([empty("result"), list]).build()])
}

fn about(hub: &Hub, asked: &Node, wanted: &[&str]) -> Result<Option<Node>> {
    let Some(jid) = stanza::jid(asked, "jid").or_else(|| by_number(asked)) else { return Ok(None) };
    let user = hub.user(&jid);
    let mut answer = NodeBuilder::new("user").attr("jid", &jid);
    if let Some(user) = &user {
        answer = answer.attr("pn_jid", user.pn(0));
    }
    let mut parts = Vec::new();
    for protocol in wanted {
        match *protocol {
            "devices" => parts.push(devices(hub, &jid)?),
            "lid" => parts.extend(user.as_ref().map(lid)),
            "contact" => {
                let kind = if user.is_some() { "in" } else { "out" };
                parts.push(NodeBuilder::new("contact").attr("type", kind).build());
            }
            "status" => parts.push(empty("status")),
            _ => {}
        }
    }
    Ok(Some(answer.children(parts).build()))
}

/// A user asked for by what is in an address book.
fn by_number(asked: &Node) -> Option<Jid> {
    let number = asked.get_optional_child("contact")?.content_as_string()?;
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    Some(Jid::pn(digits))
}

fn lid(user: &User) -> Node {
    NodeBuilder::new("lid").attr("val", user.lid(0)).build()
}

/// A user's devices, the phone being number 0. Companions are vouched for by the key index list.
fn devices(hub: &Hub, jid: &Jid) -> Result<Node> {
    let device = |id: u16| NodeBuilder::new("device").attr("id", id);
    let listed = match hub.party(jid) {
        Some(Party::Account(phone)) => hub.with_account(&phone, |account| {
            let indexes: Vec<u32> = account.devices.values().map(|device| device.key_index).collect();
            let companions =
                account.devices.iter().map(|(id, its)| device(*id).attr("key-index", its.key_index));
            let list: Vec<Node> = [device(0)].into_iter().chain(companions).map(NodeBuilder::build).collect();
            let signed = account.primary.key_index_list(indexes)?;
            Ok::<_, crate::error::Error>((list, Some((signed, account.primary.since()))))
        }),
        Some(Party::Patient(_)) => Some(Ok((vec![device(0).build()], None))),
        None => Some(Ok((Vec::new(), None))),
    };
    let (list, vouched) = listed.unwrap_or(Ok((Vec::new(), None)))?;
    let mut parts = Vec::new();
    parts.extend(vouched.map(|(signed, since)| {
        let mut node = holding("key-index-list", signed);
        node.attrs.insert("ts", since);
        node
    }));
    parts.push(NodeBuilder::new("device-list").children(list).build());
    Ok(NodeBuilder::new("devices").children(parts).build())
}
