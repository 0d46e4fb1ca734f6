//! What patients send.

use std::{sync::Arc, time::SystemTime};

use whatsapp_rust::{
    Jid, NodeBuilder,
    buffa::MessageField,
    prelude::wa,
    wacore::{send::stanza_type_from_message, types::message::EditAttribute},
    wacore_binary::Node,
};

use crate::{
    error::{Error, Result},
    faults::garble,
    patient::{Patient, PatientEvent, PatientState, Retry, Tick},
    seal::{self, Copy},
    server::Hub,
    stanza,
    user::Addressing,
};

/// How a message is sent. The default is how a phone sends it.
#[derive(Clone, Debug, Default)]
pub struct Outgoing {
    /// The message's id; a new one if there is none.
    pub id: Option<String>,
    /// From the number or from the LID; as the account has migrated if there is none.
    pub addressing: Option<Addressing>,
    /// When it claims to have been sent; now if there is none.
    pub at: Option<SystemTime>,
    /// The name that goes with it; the patient's if there is none.
    pub notify: Option<String>,
    /// How many more times it is delivered, with the same id and each time encrypted anew.
    pub again: usize,
    /// Whether it is spoilt on the way, so that it can't be decrypted. What is sent again after that is not.
    pub garbled: bool,
    /// Where it is sent.
    pub place: Place,
}

/// Where a message is sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Place {
    /// To the account.
    #[default]
    Chat,
    /// To a group with this id that the account is in.
    Group(String),
    /// To everybody, as a status.
    Status,
}

impl Place {
    fn jid(&self) -> Option<Jid> {
        match self {
            Self::Chat => None,
            Self::Group(id) => Some(Jid::group(id.as_str())),
            Self::Status => Some(Jid::status_broadcast()),
        }
    }
}

/// A message that was sent, as it is needed to send it again.
#[derive(Clone)]
pub(crate) struct Sent {
    pub(crate) message: Arc<wa::Message>,
    addressing: Addressing,
    at: SystemTime,
    notify: String,
    place: Place,
}

impl Patient {
    /// Sends a message. Gives its id.
    ///
    /// # Errors
    /// [`Error::NoAccount`], [`Error::NoCompanion`], [`Error::Signal`].
    pub async fn send(&self, message: wa::Message) -> Result<String> {
        self.send_with(Outgoing::default(), message).await
    }

    /// Sends a message in a certain way. Gives its id.
    ///
    /// # Errors
    /// [`Error::NoAccount`], [`Error::NoCompanion`], [`Error::Signal`].
    pub async fn send_with(&self, outgoing: Outgoing, message: wa::Message) -> Result<String> {
        let hub = self.server.hub();
        let account = self.account()?;
        let devices = self.companions(&account)?;
        let id = outgoing.id.unwrap_or_else(stanza::message_id);
        let sent = Sent {
            message: Arc::new(message),
            addressing: outgoing.addressing.unwrap_or(self.usual_addressing()?),
            at: outgoing.at.unwrap_or_else(SystemTime::now),
            notify: outgoing.notify.unwrap_or_else(|| self.state.user.name.clone()),
            place: outgoing.place,
        };
        self.state.sent.lock().insert(id.clone(), sent.clone());
        for _ in 0..=outgoing.again {
            for device in &devices {
                let mut stanza = self.state.first_copy(hub, &account, *device, &id, &sent).await?;
                if outgoing.garbled {
                    garble(&mut stanza);
                }
                hub.with_account(&account, |account| account.deliver(*device, stanza));
            }
        }
        self.state.ticked(&id, Tick::Sent);
        Ok(id)
    }

    /// Sends a photo that may be looked at once. Linked devices get no such photo, only word that there is one.
    ///
    /// # Errors
    /// [`Error::NoAccount`], [`Error::NoCompanion`].
    pub async fn send_view_once(&self) -> Result<String> {
        self.send_unavailable(Some("view_once")).await
    }

    /// Sends a message that linked devices don't get, only word that there is one.
    ///
    /// # Errors
    /// [`Error::NoAccount`], [`Error::NoCompanion`].
    pub async fn send_unavailable(&self, kind: Option<&'static str>) -> Result<String> {
        let account = self.account()?;
        let devices = self.companions(&account)?;
        let id = stanza::message_id();
        let sent = Sent {
            message: Arc::default(),
            addressing: self.usual_addressing()?,
            at: SystemTime::now(),
            notify: self.state.user.name.clone(),
            place: Place::Chat,
        };
        let mut unavailable = NodeBuilder::new("unavailable");
        if let Some(kind) = kind {
            unavailable = unavailable.attr("type", kind);
        }
        let stanza = self.state.envelope(&id, &sent).children([unavailable.build()]).build();
        for device in devices {
            self.server.hub().with_account(&account, |account| account.deliver(device, stanza.clone()));
        }
        self.state.ticked(&id, Tick::Sent);
        Ok(id)
    }

    fn companions(&self, account: &str) -> Result<Vec<u16>> {
        let devices: Option<Vec<u16>> =
            self.server.hub().with_account(account, |account| account.devices.keys().copied().collect());
        devices.filter(|devices| !devices.is_empty()).ok_or(Error::NoCompanion)
    }
}

impl PatientState {
    /// The stanza that carries a message to a linked device for the first time.
    async fn first_copy(&self, hub: &Hub, account: &str, device: u16, id: &str, sent: &Sent) -> Result<Node> {
        let mut peer = self.peer.lock().await;
        let Some(place) = sent.place.jid() else {
            let enc =
                seal::for_device(hub, &mut peer, account, device, &sent.message, Copy::default()).await?;
            return Ok(self.envelope(id, sent).children([enc]).build());
        };
        // The members of a group are told the sender key once, each by itself.
        let place = place.to_string();
        let mut encs = Vec::new();
        if self.told.lock().insert((place.clone(), account.to_owned(), device)) {
            let key = self.key_for(&mut peer, &place, wa::Message::default()).await?;
            encs.push(seal::for_device(hub, &mut peer, account, device, &key, Copy::default()).await?);
        }
        encs.push(seal::for_group(&mut peer, &place, &self.user.phone, &sent.message).await?);
        Ok(self.envelope(id, sent).children(encs).build())
    }

    /// Sends a message again to a linked device that could not read it.
    pub(crate) async fn send_again(&self, hub: &Hub, retry: Retry<'_>) {
        let Some(sent) = self.sent.lock().get(retry.id).cloned() else { return };
        let mut peer = self.peer.lock().await;
        let copied = async {
            let message = match sent.place.jid() {
                // Sent to one device, with the sender key that it seems to lack.
                Some(place) => {
                    let whole = sent.message.as_ref().clone();
                    Arc::new(self.key_for(&mut peer, &place.to_string(), whole).await?)
                }
                None => Arc::clone(&sent.message),
            };
            let copy = Copy { retry: retry.count, keys: retry.keys.as_ref() };
            seal::for_device(hub, &mut peer, retry.account, retry.device, &message, copy).await
        };
        match copied.await {
            Ok(enc) => {
                let stanza = self.envelope(retry.id, &sent).children([enc]).build();
                hub.with_account(retry.account, |account| account.deliver(retry.device, stanza));
                self.shows(PatientEvent::SentAgain { id: retry.id.to_owned() });
            }
            Err(error) => tracing::warn!(%error, "a message can't be sent again"),
        }
    }

    /// Adds the sender key of a group to a message.
    async fn key_for(
        &self,
        peer: &mut crate::signal::Peer,
        group: &str,
        mut message: wa::Message,
    ) -> Result<wa::Message> {
        let key = peer.distribute(group, &self.user.phone).await?;
        message.sender_key_distribution_message =
            MessageField::some(wa::message::SenderKeyDistributionMessage {
                group_id: Some(group.to_owned()),
                axolotl_sender_key_distribution_message: Some(key),
            });
        Ok(message)
    }

    /// A message's stanza, without what is encrypted.
    fn envelope(&self, id: &str, sent: &Sent) -> NodeBuilder {
        let user = &self.user;
        let sender = user.jid(sent.addressing, 0);
        let other = match sent.addressing {
            Addressing::Pn => user.lid(0),
            Addressing::Lid => user.pn(0),
        };
        let mut stanza = NodeBuilder::new("message")
            .attr("id", id)
            .attr("type", stanza_type_from_message(&sent.message))
            .attr("t", stanza::unix(sent.at))
            .attr("notify", sent.notify.as_str());
        stanza = match (sent.place.jid(), sent.addressing) {
            (None, Addressing::Pn) => stanza.attr("from", sender).attr("sender_lid", other),
            (None, Addressing::Lid) => {
                stanza.attr("from", sender).attr("sender_pn", other).attr("addressing_mode", "lid")
            }
            (Some(place), Addressing::Pn) => stanza
                .attr("from", place)
                .attr("participant", sender)
                .attr("participant_lid", other)
                .attr("addressing_mode", "pn"),
            (Some(place), Addressing::Lid) => stanza
                .attr("from", place)
                .attr("participant", sender)
                .attr("participant_pn", other)
                .attr("addressing_mode", "lid"),
        };
        match edit_of(&sent.message) {
            Some(edit) => stanza.attr("edit", edit.to_string_val()),
            None => stanza,
        }
    }
}

/// What a message does to another one.
fn edit_of(message: &wa::Message) -> Option<EditAttribute> {
    use wa::message::protocol_message::Type;

    if let Some(reaction) = message.reaction_message.as_option() {
        return reaction.text.as_deref().is_some_and(str::is_empty).then_some(EditAttribute::SenderRevoke);
    }
    match message.protocol_message.as_option()?.r#type? {
        Type::MESSAGE_EDIT => Some(EditAttribute::MessageEdit),
        Type::REVOKE => Some(EditAttribute::SenderRevoke),
        _ => None,
    }
}
