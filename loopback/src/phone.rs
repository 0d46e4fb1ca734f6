//! The account's own phone: what staff write on it, and what it tells the linked devices.

use std::sync::Arc;

use whatsapp_rust::{
    NodeBuilder,
    buffa::MessageField,
    prelude::{MessageBuilderExt as _, wa},
    wacore::{messages::wrap_device_sent, send::stanza_type_from_message},
    wacore_binary::Node,
};

use crate::{
    account::Account,
    connection::Session,
    error::{Error, Result},
    patient::Patient,
    seal::{self, Copy},
    server::Hub,
    stanza,
    user::Addressing,
};

/// Staff answer on the phone.
impl Account {
    /// Writes to a patient on the account's phone. The linked devices get a copy. Gives the message's id.
    ///
    /// # Errors
    /// [`Error::Signal`].
    pub async fn companion_says(&self, patient: &Patient, text: &str) -> Result<String> {
        self.companion_sends(patient, wa::Message::text(text)).await
    }

    /// [`Account::companion_says`] for any message.
    ///
    /// # Errors
    /// [`Error::Signal`].
    pub async fn companion_sends(&self, patient: &Patient, message: wa::Message) -> Result<String> {
        let id = stanza::message_id();
        let (devices, user, migrated, phone) = self.with(|account| {
            let devices: Vec<u16> = account.devices.keys().copied().collect();
            (devices, account.user.clone(), account.migrated, Arc::clone(&account.phone))
        });
        let addressing = if migrated { Addressing::Lid } else { Addressing::Pn };
        let chat = patient.state.user.jid(addressing, 0);
        let envelope = || {
            let stanza = NodeBuilder::new("message")
                .attr("from", user.jid(addressing, 0))
                .attr("recipient", &chat)
                .attr("id", id.as_str())
                .attr("type", stanza_type_from_message(&message))
                .attr("t", stanza::now())
                .attr("notify", user.name.as_str());
            match addressing {
                Addressing::Pn => stanza.attr("sender_lid", user.lid(0)),
                Addressing::Lid => stanza
                    .attr("sender_pn", user.pn(0))
                    .attr("peer_recipient_pn", patient.pn())
                    .attr("addressing_mode", "lid"),
            }
        };
        let copy = wrap_device_sent(message.clone(), chat.to_string());
        let mut peer = phone.lock().await;
        for device in devices {
            let hub = self.server.hub();
            let enc = seal::for_device(hub, &mut peer, &self.phone, device, &copy, Copy::default()).await?;
            let stanza = envelope().children([enc]).build();
            hub.with_account(&self.phone, |account| account.deliver(device, stanza));
        }
        patient.state.receive_from_phone(&self.phone, addressing, &id, message);
        Ok(id)
    }
}

/// Gives a new device the key of the app state, as phones do at once. There is no app state to decrypt, but clients wait
/// for the key.
pub(crate) async fn share_app_state_key(hub: &Hub, account: &str, device: u16) -> Result<()> {
    use wa::message::{
        AppStateSyncKey, AppStateSyncKeyData, AppStateSyncKeyFingerprint, AppStateSyncKeyId,
        AppStateSyncKeyShare, ProtocolMessage, protocol_message::Type,
    };

    let key = AppStateSyncKey {
        key_id: MessageField::some(AppStateSyncKeyId { key_id: Some(rand::random::<[u8; 6]>().to_vec()) }),
        key_data: MessageField::some(AppStateSyncKeyData {
            key_data: Some(rand::random::<[u8; 32]>().to_vec()),
            fingerprint: MessageField::some(AppStateSyncKeyFingerprint {
                raw_id: Some(1),
                current_index: Some(0),
                device_indexes: vec![0],
            }),
            timestamp: Some(stanza::now().cast_signed()),
        }),
    };
    let message = wa::Message {
        protocol_message: MessageField::some(ProtocolMessage {
            r#type: Some(Type::APP_STATE_SYNC_KEY_SHARE),
            app_state_sync_key_share: MessageField::some(AppStateSyncKeyShare { keys: vec![key] }),
            ..Default::default()
        }),
        ..Default::default()
    };
    let found = hub.with_account(account, |account| (account.user.clone(), Arc::clone(&account.phone)));
    let (user, phone) = found.ok_or(Error::NoAccount)?;
    let mut peer = phone.lock().await;
    let enc = seal::for_device(hub, &mut peer, account, device, &message, Copy::default()).await?;
    let stanza = NodeBuilder::new("message")
        .attr("from", user.pn(0))
        .attr("id", stanza::message_id())
        .attr("type", "text")
        .attr("category", "peer")
        .attr("t", stanza::now())
        .children([enc])
        .build();
    hub.with_account(account, |account| account.deliver(device, stanza));
    Ok(())
}

/// The phone gets a copy of what a linked device sent. It only keeps its Signal session in step.
pub(crate) async fn receive(hub: &Hub, account: &str, session: &Session, enc: &Node) {
    let Some(phone) = hub.with_account(account, |account| Arc::clone(&account.phone)) else { return };
    let kind = stanza::text(enc, "type").unwrap_or_default();
    let bytes = stanza::bytes(enc).unwrap_or_default();
    let read = phone.lock().await.decrypt(&session.account, session.device, &kind, bytes).await;
    if let Err(error) = read {
        tracing::debug!(%error, "the phone can't read a copy");
    }
}
