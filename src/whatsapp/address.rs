//! WhatsApp's addresses (JIDs) and whose they are.

use whatsapp_rust::{
    Jid,
    client::Client,
    wacore::types::message::{MessageInfo, MessageSource},
    wacore_binary::jid::JidExt,
};

use crate::chat::{PhoneNumber, WhatsappContact};

/// From whom a message is, as far as we care.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// A patient.
    Patient,
    /// Staff, on the hospital's own phone, to a patient.
    OwnPhone,
    /// A group, a status, a channel, a machine, our own account: never answered.
    Nobody,
}

/// Sorts a message by where it comes from.
pub(super) fn origin(source: &MessageSource) -> Origin {
    let chat = &source.chat;
    let is_person = (chat.is_pn() || chat.is_lid()) && !chat.is_bot() && !source.sender.is_bot();
    let crowd = source.is_group
        || chat.is_group()
        || chat.is_status_broadcast()
        || chat.is_newsletter()
        || chat.is_broadcast_list()
        || source.broadcast_list_owner.is_some();
    match (crowd || !is_person, source.is_from_me) {
        (true, _) => Origin::Nobody,
        (false, false) => Origin::Patient,
        (false, true) if source.is_self_fanout() => Origin::OwnPhone,
        (false, true) => Origin::Nobody,
    }
}

/// Whose conversation a message belongs to: the other side's LID and number, as far as they are known.
pub(super) async fn contact(client: &Client, info: &MessageInfo) -> Option<WhatsappContact> {
    let source = &info.source;
    let (chat, alternative) = if source.is_from_me {
        let alternative = source.recipient_alt.clone().or_else(|| info.peer_recipient_pn.clone());
        (source.recipient.as_ref().unwrap_or(&source.chat), alternative)
    } else {
        (&source.chat, source.sender_alt.clone())
    };
    of(client, chat, alternative).await
}

/// Whose conversation it is: the LID and number of somebody of whom one address is known, or both.
pub(super) async fn of(client: &Client, chat: &Jid, alternative: Option<Jid>) -> Option<WhatsappContact> {
    let chat = chat.to_non_ad();
    let mut known = [Some(chat.clone()), alternative.map(|jid| jid.to_non_ad())];
    if known[1].is_none() {
        // What the client learned before; without it the two names meet later.
        known[1] = match client.get_lid_pn_entry(&chat).await {
            Ok(Some(entry)) if chat.is_lid() => Some(Jid::pn(entry.phone_number.as_ref())),
            Ok(Some(entry)) => Some(Jid::lid(entry.lid.as_ref())),
            Ok(None) | Err(_) => None,
        };
    }
    let known = known.into_iter().flatten();
    let mut contact = WhatsappContact { number: None, lid: None, chat: chat.to_string() };
    for jid in known {
        if jid.is_lid() {
            contact.lid = Some(jid.user.to_string());
        } else if jid.is_pn() {
            contact.number = PhoneNumber::parse(&jid.user).ok();
        }
    }
    (contact.lid.is_some() || contact.number.is_some()).then_some(contact)
}
