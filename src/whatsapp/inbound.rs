//! What comes in: committed first, acknowledged after. WhatsApp forgets a message only when our database has it.

use std::sync::Arc;

use tokio::sync::Notify;
use whatsapp_rust::{
    InboundDurabilityHook, Jid, anyhow, async_trait,
    client::Client,
    wacore::types::{events::InboundMessage, message::MessageInfo},
};

use super::{
    address::{self, Origin},
    kinds::{self, Content},
};
use crate::{
    chat::{ChatService, Inbox, WhatsappContact, WhatsappMessage},
    domain::MessageKind,
};

/// Takes the client's decrypted messages into the database.
#[derive(Clone)]
pub(super) struct Inbound {
    pub chat: ChatService,
    /// Told when something could not be stored.
    pub unstored: Arc<Notify>,
}

#[async_trait]
impl InboundDurabilityHook for Inbound {
    /// One transaction for the batch. Nothing is sent from here: the client holds the senders' locks.
    async fn on_messages(&self, client: Arc<Client>, batch: &[InboundMessage]) -> anyhow::Result<()> {
        self.take(&client, batch).await.map_err(anyhow::Error::from)
    }
}

impl Inbound {
    /// Stores what is a patient's or staff's, and wakes the conversations in which something waits.
    pub async fn take(
        &self,
        client: &Client,
        batch: &[InboundMessage],
    ) -> Result<(), crate::chat::ChatError> {
        let mut inbox = Vec::new();
        for InboundMessage { message, info, .. } in batch {
            let Some(content) = kinds::content(message) else { continue };
            inbox.extend(read(client, info, content).await);
        }
        self.store(inbox).await
    }

    /// Stores that something came which could not be decrypted. It may come again, and then takes this row's place.
    pub async fn take_unreadable(
        &self,
        client: &Client,
        info: &MessageInfo,
    ) -> Result<(), crate::chat::ChatError> {
        let content = Content::label(MessageKind::Unreadable, "Pesan tidak terbaca");
        let inbox = read(client, info, content).await.filter(|inbox| matches!(inbox, Inbox::Patient(_)));
        self.store(inbox.into_iter().collect()).await
    }

    /// Stores that somebody called: nobody picks up here, so they are asked to type, and staff see it.
    pub async fn take_call(&self, client: &Client, call: Call<'_>) -> Result<(), crate::chat::ChatError> {
        let label = if call.is_video { "Panggilan video" } else { "Panggilan suara" };
        let content = Content::label(MessageKind::Call, label);
        // Groups and channels have neither a number nor a LID.
        let contact = address::of(client, call.from, call.number.cloned()).await;
        let name = call.name.map(str::to_owned);
        let inbox =
            contact.map(|contact| Inbox::Patient(message(contact, name, call.id.to_owned(), content)));
        self.store(inbox.into_iter().collect()).await
    }

    async fn store(&self, inbox: Vec<Inbox>) -> Result<(), crate::chat::ChatError> {
        if inbox.is_empty() {
            return Ok(());
        }
        metrics::counter!("satubumi_whatsapp_received_total").increment(inbox.len() as u64);
        let received = self.chat.receive_whatsapp(inbox).await;
        if received.is_err() {
            self.unstored.notify_one();
        }
        let received = received?;
        fail::fail_point!("received.before_ack", crate::tasks::die);
        for stored in received {
            if stored.waits {
                self.chat.wake(stored.conversation);
            }
        }
        Ok(())
    }
}

async fn read(client: &Client, info: &MessageInfo, content: Content) -> Option<Inbox> {
    let origin = address::origin(&info.source);
    if origin == Origin::Nobody {
        metrics::counter!("satubumi_whatsapp_ignored_total").increment(1);
        return None;
    }
    let contact = address::contact(client, info).await?;
    let name = Some(info.push_name.clone());
    let message = message(contact, name, info.id.to_string(), content);
    Some(if origin == Origin::Patient { Inbox::Patient(message) } else { Inbox::OwnPhone(message) })
}

/// A call that rings, or rang while nobody was connected.
pub(super) struct Call<'a> {
    /// Who calls.
    pub from: &'a Jid,
    /// Their number, if `from` is a LID and it is told.
    pub number: Option<&'a Jid>,
    /// What they call themselves.
    pub name: Option<&'a str>,
    /// The call's id.
    pub id: &'a str,
    /// Whether they want to be seen.
    pub is_video: bool,
}

fn message(contact: WhatsappContact, name: Option<String>, id: String, content: Content) -> WhatsappMessage {
    let Content { kind, text, has_words, quoted, media, reference, change } = content;
    WhatsappMessage {
        contact,
        name: name.filter(|name| !name.is_empty()),
        id,
        kind,
        text,
        has_words,
        quoted,
        media,
        reference,
        change,
    }
}
