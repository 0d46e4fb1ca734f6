//! What the client tells beside messages: acknowledgements, ticks, typing, what could not be decrypted.

use std::sync::Arc;

use tokio::sync::mpsc::UnboundedSender;
use whatsapp_rust::{
    client::Client,
    wacore::types::{
        call::CallAction,
        events::{Event, EventHandler},
        presence::{ChatPresence, ReceiptType},
    },
};

use super::{
    address::{self, Origin},
    inbound::{Call, Inbound},
};
use crate::{
    chat::{ChatError, ChatService, Refused},
    domain::Delivery,
};

/// Hands the client's events on, in order; the client calls it on its own way and must not wait.
pub(super) struct Forward(pub UnboundedSender<Arc<Event>>);

impl EventHandler for Forward {
    fn handle_event(&self, event: Arc<Event>) {
        // Nobody listens any more once the client is being ended.
        let _ = self.0.send(event);
    }
}

/// How far messages of ours have come by an event: many of them are written down together.
pub(super) fn ticks(event: &Event) -> Vec<(String, Delivery)> {
    match event {
        Event::ServerAck(ack) if ack.class.as_deref() == Some("message") && ack.error.is_none() => {
            vec![(ack.id.clone(), Delivery::Sent)]
        }
        Event::Receipt(receipt) => {
            let delivery = match receipt.r#type {
                ReceiptType::Delivered | ReceiptType::Inactive => Delivery::Delivered,
                ReceiptType::Read | ReceiptType::Played => Delivery::Read,
                _ => return Vec::new(),
            };
            receipt.message_ids.iter().map(|id| (id.to_string(), delivery)).collect()
        }
        _ => Vec::new(),
    }
}

/// Takes one event into the database.
pub(super) async fn take(
    event: &Event,
    client: &Client,
    inbound: &Inbound,
    chat: &ChatService,
) -> Result<(), ChatError> {
    match event {
        // What the hook has seen is stored; the rest comes this way only.
        Event::Messages(batch) if !batch.hook_committed => inbound.take(client, &batch.messages).await,
        Event::UndecryptableMessage(unreadable) => inbound.take_unreadable(client, &unreadable.info).await,
        Event::IncomingCall(call) => match &call.action {
            CallAction::Offer { call_id, caller_pn, is_video, group_jid: None, .. } => {
                let (name, number) = (call.notify.as_deref(), caller_pn.as_ref());
                let call = Call { from: &call.from, number, name, id: call_id, is_video: *is_video };
                inbound.take_call(client, call).await
            }
            _ => Ok(()),
        },
        Event::MissedCall(call) => {
            let call =
                Call { from: &call.from, number: None, name: None, id: &call.call_id, is_video: false };
            inbound.take_call(client, call).await
        }
        Event::ServerAck(ack) if ack.class.as_deref() == Some("message") => match &ack.error {
            None => Ok(()),
            Some(code) => {
                metrics::counter!("satubumi_whatsapp_refused_total", "code" => code.clone()).increment(1);
                chat.refused(ack.id.clone(), Refused::Nack(code.clone())).await
            }
        },
        Event::ChatPresence(presence)
            if presence.state == ChatPresence::Composing
                && address::origin(&presence.source) == Origin::Patient =>
        {
            let chat_address = presence.source.chat.to_non_ad().to_string();
            chat.patient_types_at(chat_address).await
        }
        _ => Ok(()),
    }
}
