//! The kinds of messages that patients send.

use std::time::{SystemTime, UNIX_EPOCH};

use whatsapp_rust::{
    Jid,
    buffa::MessageField,
    prelude::{MessageBuilderExt as _, wa},
    proto_helpers::{build_quote_context, build_reaction_message},
    wacore::download::MediaType,
};

use crate::{
    error::{Error, Result},
    media::Upload,
    outgoing::{Outgoing, Place},
    patient::Patient,
};

/// Every kind of message. Each gives the message's id, and fails as [`Patient::send_with`] does.
impl Patient {
    /// Sends a text.
    ///
    /// # Errors
    /// As [`Patient::send_with`].
    pub async fn send_text(&self, text: &str) -> Result<String> {
        self.send(wa::Message::text(text)).await
    }

    /// Sends several texts, one right after the other, as people do.
    ///
    /// # Errors
    /// As [`Patient::send_with`].
    pub async fn burst(&self, texts: &[&str]) -> Result<Vec<String>> {
        let mut ids = Vec::with_capacity(texts.len());
        for text in texts {
            ids.push(self.send_text(text).await?);
        }
        Ok(ids)
    }

    /// Sends a text that is delivered `times` times, with one id and each time encrypted anew.
    ///
    /// # Errors
    /// As [`Patient::send_with`].
    pub async fn send_repeatedly(&self, text: &str, times: usize) -> Result<String> {
        let outgoing = Outgoing { again: times.saturating_sub(1), ..Outgoing::default() };
        self.send_with(outgoing, wa::Message::text(text)).await
    }

    /// Sends a text that is spoilt on the way. The hospital's device asks for it again and then gets it whole.
    ///
    /// # Errors
    /// As [`Patient::send_with`].
    pub async fn send_garbled(&self, text: &str) -> Result<String> {
        self.send_with(Outgoing { garbled: true, ..Outgoing::default() }, wa::Message::text(text)).await
    }

    /// Answers a message that came or that the patient sent, quoting it.
    ///
    /// # Errors
    /// [`Error::UnknownMessage`]; otherwise as [`Patient::send_with`].
    pub async fn reply(&self, quoted: &str, text: &str) -> Result<String> {
        let (author, message) = self.find(quoted)?;
        let context = build_quote_context(quoted, author.to_string(), &message);
        self.send(wa::Message::text_with_context(text, context)).await
    }

    /// Reacts to a message that came or that the patient sent. An empty `emoji` takes the reaction back.
    ///
    /// # Errors
    /// [`Error::UnknownMessage`]; otherwise as [`Patient::send_with`].
    pub async fn react(&self, id: &str, emoji: &str) -> Result<String> {
        self.find(id)?;
        let own = self.state.sent.lock().contains_key(id);
        self.send(build_reaction_message(self.key(id, own)?, emoji, millis())).await
    }

    /// Changes the text of a message that the patient sent.
    ///
    /// # Errors
    /// As [`Patient::send_with`].
    pub async fn edit(&self, id: &str, text: &str) -> Result<String> {
        let edit = wa::message::ProtocolMessage {
            key: MessageField::some(self.key(id, true)?),
            r#type: Some(wa::message::protocol_message::Type::MESSAGE_EDIT),
            edited_message: MessageField::some(wa::Message::text(text)),
            timestamp_ms: Some(millis()),
            ..Default::default()
        };
        self.send(wa::Message { protocol_message: MessageField::some(edit), ..Default::default() }).await
    }

    /// Deletes a message that the patient sent, for everyone.
    ///
    /// # Errors
    /// As [`Patient::send_with`].
    pub async fn delete(&self, id: &str) -> Result<String> {
        let deletion = wa::message::ProtocolMessage {
            key: MessageField::some(self.key(id, true)?),
            r#type: Some(wa::message::protocol_message::Type::REVOKE),
            ..Default::default()
        };
        self.send(wa::Message { protocol_message: MessageField::some(deletion), ..Default::default() }).await
    }

    /// Sends a voice note of so many seconds: Opus in Ogg, if it is to be played.
    ///
    /// # Errors
    /// [`Error::Media`]; otherwise as [`Patient::send_with`].
    pub async fn send_voice_note(&self, audio: &[u8], seconds: u32) -> Result<String> {
        let upload = self.upload(audio, MediaType::Audio)?;
        let note = wa::message::AudioMessage {
            url: Some(upload.url),
            mimetype: Some("audio/ogg; codecs=opus".into()),
            file_sha256: Some(upload.file_sha256),
            file_length: Some(upload.file_length),
            seconds: Some(seconds),
            ptt: Some(true),
            media_key: Some(upload.media_key),
            file_enc_sha256: Some(upload.file_enc_sha256),
            direct_path: Some(upload.direct_path),
            media_key_timestamp: Some(upload.media_key_timestamp),
            ..Default::default()
        };
        self.send(wa::Message { audio_message: MessageField::some(note), ..Default::default() }).await
    }

    /// Sends a photo, with a caption if it is not empty.
    ///
    /// # Errors
    /// [`Error::Media`]; otherwise as [`Patient::send_with`].
    pub async fn send_image(&self, image: &[u8], caption: &str) -> Result<String> {
        let upload = self.upload(image, MediaType::Image)?;
        let image = wa::message::ImageMessage {
            url: Some(upload.url),
            mimetype: Some("image/jpeg".into()),
            caption: (!caption.is_empty()).then(|| caption.to_owned()),
            file_sha256: Some(upload.file_sha256),
            file_length: Some(upload.file_length),
            media_key: Some(upload.media_key),
            file_enc_sha256: Some(upload.file_enc_sha256),
            direct_path: Some(upload.direct_path),
            media_key_timestamp: Some(upload.media_key_timestamp),
            ..Default::default()
        };
        self.send(wa::Message { image_message: MessageField::some(image), ..Default::default() }).await
    }

    /// Sends a file.
    ///
    /// # Errors
    /// [`Error::Media`]; otherwise as [`Patient::send_with`].
    pub async fn send_document(&self, file: &[u8], name: &str, mime_type: &str) -> Result<String> {
        let upload = self.upload(file, MediaType::Document)?;
        let document = wa::message::DocumentMessage {
            url: Some(upload.url),
            mimetype: Some(mime_type.to_owned()),
            title: Some(name.to_owned()),
            file_name: Some(name.to_owned()),
            file_sha256: Some(upload.file_sha256),
            file_length: Some(upload.file_length),
            media_key: Some(upload.media_key),
            file_enc_sha256: Some(upload.file_enc_sha256),
            direct_path: Some(upload.direct_path),
            media_key_timestamp: Some(upload.media_key_timestamp),
            ..Default::default()
        };
        self.send(wa::Message { document_message: MessageField::some(document), ..Default::default() }).await
    }

    /// Sends a sticker, a WebP image.
    ///
    /// # Errors
    /// [`Error::Media`]; otherwise as [`Patient::send_with`].
    pub async fn send_sticker(&self, webp: &[u8]) -> Result<String> {
        let upload = self.upload(webp, MediaType::Sticker)?;
        let sticker = wa::message::StickerMessage {
            url: Some(upload.url),
            mimetype: Some("image/webp".into()),
            file_sha256: Some(upload.file_sha256),
            file_length: Some(upload.file_length),
            media_key: Some(upload.media_key),
            file_enc_sha256: Some(upload.file_enc_sha256),
            direct_path: Some(upload.direct_path),
            media_key_timestamp: Some(upload.media_key_timestamp),
            ..Default::default()
        };
        self.send(wa::Message { sticker_message: MessageField::some(sticker), ..Default::default() }).await
    }

    /// Sends a place, in degrees.
    ///
    /// # Errors
    /// As [`Patient::send_with`].
    pub async fn send_location(&self, latitude: f64, longitude: f64, name: &str) -> Result<String> {
        let location = wa::message::LocationMessage {
            degrees_latitude: Some(latitude),
            degrees_longitude: Some(longitude),
            name: Some(name.to_owned()),
            ..Default::default()
        };
        self.send(wa::Message { location_message: MessageField::some(location), ..Default::default() }).await
    }

    /// Sends somebody's name and number.
    ///
    /// # Errors
    /// As [`Patient::send_with`].
    pub async fn send_contact(&self, name: &str, phone: &str) -> Result<String> {
        let contact = wa::message::ContactMessage {
            display_name: Some(name.to_owned()),
            vcard: Some(format!("BEGIN:VCARD\nVERSION:3.0\nFN:{name}\nTEL;waid={phone}:+{phone}\nEND:VCARD")),
            ..Default::default()
        };
        self.send(wa::Message { contact_message: MessageField::some(contact), ..Default::default() }).await
    }

    /// Sends a text to a group that the account is in; `group` is the id before `@g.us`.
    ///
    /// # Errors
    /// As [`Patient::send_with`].
    pub async fn send_to_group(&self, group: &str, text: &str) -> Result<String> {
        let outgoing = Outgoing { place: Place::Group(group.to_owned()), ..Outgoing::default() };
        self.send_with(outgoing, wa::Message::text(text)).await
    }

    /// Posts a status with a text.
    ///
    /// # Errors
    /// As [`Patient::send_with`].
    pub async fn post_status(&self, text: &str) -> Result<String> {
        self.send_with(Outgoing { place: Place::Status, ..Outgoing::default() }, wa::Message::text(text))
            .await
    }

    fn upload(&self, medium: &[u8], kind: MediaType) -> Result<Upload> {
        self.server.hub().media.upload(medium, kind)
    }

    /// A message that the patient sent or got, and whose it is.
    fn find(&self, id: &str) -> Result<(Jid, wa::Message)> {
        if let Some(sent) = self.state.sent.lock().get(id) {
            let author = self.state.user.jid(self.usual_addressing()?, 0);
            return Ok((author, sent.message.as_ref().clone()));
        }
        let received = self.inbox().all().into_iter().find(|received| received.id == id);
        let received = received.ok_or_else(|| Error::UnknownMessage(id.to_owned()))?;
        Ok((self.hospital()?, received.message.as_ref().clone()))
    }

    fn key(&self, id: &str, own: bool) -> Result<wa::MessageKey> {
        Ok(wa::MessageKey {
            remote_jid: Some(self.hospital()?.to_string()),
            from_me: Some(own),
            id: Some(id.to_owned()),
            ..Default::default()
        })
    }

    /// The account's address as the patient knows it.
    fn hospital(&self) -> Result<Jid> {
        let account = self.account()?;
        let addressing = self.usual_addressing()?;
        let user = self.server.hub().with_account(&account, |account| account.user.clone());
        Ok(user.ok_or(Error::NoAccount)?.jid(addressing, 0))
    }
}

fn millis() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
