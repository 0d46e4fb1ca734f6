//! What a WhatsApp message is: its kind, its words or a short label, the file that came with it, what it changes.

use whatsapp_rust::{
    buffa::Message,
    proto_helpers::MessageExt,
    waproto::whatsapp::{self as wa, message::protocol_message::Type},
};

use crate::{
    chat::Change,
    domain::{Media, MessageKind},
};

/// A message's content.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Content {
    /// What it is.
    pub kind: MessageKind,
    /// Its words or caption, or a short label.
    pub text: String,
    /// Whether `text` is the sender's own words.
    pub has_words: bool,
    /// The words of the message that it quotes.
    pub quoted: Option<String>,
    /// The file that came with it.
    pub media: Option<Media>,
    /// How WhatsApp names that file, in its own encoding, if it is to be fetched.
    pub reference: Option<Vec<u8>>,
    /// What it does to an earlier message.
    pub change: Option<Change>,
}

impl Content {
    /// Something without words of the sender's own.
    pub fn label(kind: MessageKind, label: impl Into<String>) -> Self {
        Self {
            kind,
            text: label.into(),
            has_words: false,
            quoted: None,
            media: None,
            reference: None,
            change: None,
        }
    }

    fn words(kind: MessageKind, words: Option<&str>, label: &str) -> Self {
        let words = words.map(str::trim).filter(|words| !words.is_empty());
        let text = words.unwrap_or(label).to_owned();
        Self { text, has_words: words.is_some(), ..Self::label(kind, "") }
    }

    fn quoting(mut self, context: Option<&wa::ContextInfo>) -> Self {
        let quoted = context.and_then(|context| context.quoted_message.as_option());
        self.quoted =
            quoted.and_then(|quoted| quoted.text_content().or(quoted.get_caption())).map(str::to_owned);
        self
    }

    fn with_file(mut self, file: Media) -> Self {
        self.media = Some(file);
        self
    }

    fn changing(mut self, change: Change) -> Self {
        self.change = Some(change);
        self
    }
}

/// Reads a decrypted message. Gives nothing for what only the client needs: keys, history, settings.
pub(super) fn content(message: &wa::Message) -> Option<Content> {
    let view_once = message.is_view_once();
    let base = message.get_base_message();
    if let Some(protocol) = base.protocol_message.as_option() {
        return changed(protocol);
    }
    let mut content = words(base).or_else(|| picture_or_sound(base)).or_else(|| place_or_person(base))?;
    if let Some(media) = &mut content.media {
        if view_once {
            // The sender wants it seen once, by people.
            media.refused = Some("view once".to_owned());
        } else {
            content.reference = Some(base.encode_to_vec());
        }
    }
    Some(content)
}

/// An edit, or a message taken back.
fn changed(protocol: &wa::message::ProtocolMessage) -> Option<Content> {
    let earlier = protocol.key.as_option()?.id.clone()?;
    if protocol.r#type == Some(Type::MESSAGE_EDIT) {
        let edited = protocol.edited_message.as_option()?;
        let words = edited.text_content().or(edited.get_caption());
        return Some(Content::words(MessageKind::Edit, words, "…").changing(Change::Edits(earlier)));
    }
    (protocol.r#type == Some(Type::REVOKE))
        .then(|| Content::label(MessageKind::Delete, "Pesan dihapus").changing(Change::TakesBack(earlier)))
}

fn words(base: &wa::Message) -> Option<Content> {
    if let Some(text) = &base.conversation
        && !text.is_empty()
    {
        return Some(Content::words(MessageKind::Text, Some(text), "…"));
    }
    if let Some(text) = base.extended_text_message.as_option() {
        let content = Content::words(MessageKind::Text, text.text.as_deref(), "…");
        return Some(content.quoting(text.context_info.as_option()));
    }
    if let Some(reply) = base.buttons_response_message.as_option() {
        let chosen = reply.selected_button_id.as_deref();
        return Some(Content::words(MessageKind::Text, chosen, "Pilihan tombol"));
    }
    if let Some(reply) = base.list_response_message.as_option() {
        return Some(Content::words(MessageKind::Text, reply.title.as_deref(), "Pilihan daftar"));
    }
    let reaction = base.reaction_message.as_option()?;
    let earlier = reaction.key.as_option().and_then(|key| key.id.clone()).unwrap_or_default();
    // An empty one takes the reaction back.
    let emoji = reaction.text.as_deref().filter(|emoji| !emoji.is_empty()).unwrap_or("Reaksi dihapus");
    Some(Content::label(MessageKind::Reaction, emoji).changing(Change::ReactsTo(earlier)))
}

fn picture_or_sound(base: &wa::Message) -> Option<Content> {
    if let Some(image) = base.image_message.as_option() {
        let file = file(image.mimetype.as_deref(), image.file_length, None, None);
        let content = Content::words(MessageKind::Image, image.caption.as_deref(), "Foto").with_file(file);
        return Some(content.quoting(image.context_info.as_option()));
    }
    if let Some(video) = base.video_message.as_option().or(base.ptv_message.as_option()) {
        let file = file(video.mimetype.as_deref(), video.file_length, None, video.seconds);
        let content = Content::words(MessageKind::Video, video.caption.as_deref(), "Video").with_file(file);
        return Some(content.quoting(video.context_info.as_option()));
    }
    if let Some(audio) = base.audio_message.as_option() {
        let (kind, label) = match audio.ptt {
            Some(true) => (MessageKind::Voice, "Pesan suara"),
            _ => (MessageKind::Audio, "Rekaman suara"),
        };
        let file = file(audio.mimetype.as_deref(), audio.file_length, None, audio.seconds);
        return Some(Content::label(kind, label).with_file(file).quoting(audio.context_info.as_option()));
    }
    if let Some(document) = base.document_message.as_option() {
        let name = document.file_name.clone().or_else(|| document.title.clone());
        let label = name.as_ref().map_or_else(|| "Berkas".to_owned(), |name| format!("Berkas: {name}"));
        let file = file(document.mimetype.as_deref(), document.file_length, name, None);
        let content = Content::words(MessageKind::Document, document.caption.as_deref(), &label);
        return Some(content.with_file(file).quoting(document.context_info.as_option()));
    }
    let sticker = base.sticker_message.as_option()?;
    let file = file(sticker.mimetype.as_deref(), sticker.file_length, None, None);
    Some(Content::label(MessageKind::Sticker, "Stiker").with_file(file))
}

fn place_or_person(base: &wa::Message) -> Option<Content> {
    if let Some(place) = base.location_message.as_option() {
        let named = [&place.name, &place.address].into_iter().flatten().map(String::as_str);
        let point = match (place.degrees_latitude, place.degrees_longitude) {
            (Some(latitude), Some(longitude)) => format!("{latitude:.5}, {longitude:.5}"),
            _ => String::new(),
        };
        let told: Vec<&str> = named.chain([point.as_str()]).filter(|told| !told.is_empty()).collect();
        return Some(Content::label(MessageKind::Location, format!("Lokasi: {}", told.join(", "))));
    }
    if base.live_location_message.is_set() {
        return Some(Content::label(MessageKind::Location, "Lokasi terkini"));
    }
    if let Some(card) = base.contact_message.as_option() {
        let name = card.display_name.as_deref().unwrap_or_default();
        return Some(Content::label(MessageKind::Contact, format!("Kontak: {name}")));
    }
    if base.contacts_array_message.is_set() {
        return Some(Content::label(MessageKind::Contact, "Beberapa kontak"));
    }
    let poll = base.poll_creation_message.is_set()
        || base.poll_creation_message_v2.is_set()
        || base.poll_creation_message_v3.is_set()
        || base.poll_update_message.is_set();
    if poll {
        return Some(Content::label(MessageKind::Poll, "Jajak pendapat"));
    }
    if base.call.is_set() || base.call_log_messsage.is_set() {
        return Some(Content::label(MessageKind::Call, "Panggilan"));
    }
    // Keys for groups come alone, and are for the client.
    let keys_only = base.sender_key_distribution_message.is_set()
        || base.fast_ratchet_key_sender_key_distribution_message.is_set()
        || base.message_history_bundle.is_set()
        || *base == wa::Message::default();
    (!keys_only).then(|| Content::label(MessageKind::Other, "Pesan jenis lain"))
}

fn file(mime: Option<&str>, size: Option<u64>, name: Option<String>, seconds: Option<u32>) -> Media {
    Media {
        mime: mime.unwrap_or("application/octet-stream").to_owned(),
        size: size.unwrap_or(0),
        name,
        seconds,
        file: None,
        refused: None,
    }
}

#[cfg(test)]
mod tests {
    use whatsapp_rust::{
        buffa::MessageField,
        waproto::whatsapp::message::{AudioMessage, DocumentMessage, FutureProofMessage, ImageMessage},
    };

    use super::*;

    fn image(caption: Option<&str>) -> wa::Message {
        let image = ImageMessage {
            caption: caption.map(str::to_owned),
            mimetype: Some("image/jpeg".into()),
            file_length: Some(1000),
            ..Default::default()
        };
        wa::Message { image_message: MessageField::some(image), ..Default::default() }
    }

    #[test]
    fn words_captions_and_labels_are_told_apart() {
        let text = wa::Message { conversation: Some("jam besuk?".into()), ..Default::default() };
        let read = content(&text).unwrap();
        assert_eq!((read.kind, read.text.as_str(), read.has_words), (MessageKind::Text, "jam besuk?", true));

        let read = content(&image(Some(" ini obat apa? "))).unwrap();
        assert_eq!(
            (read.kind, read.text.as_str(), read.has_words),
            (MessageKind::Image, "ini obat apa?", true)
        );
        assert_eq!(read.media.map(|media| (media.mime, media.size)), Some(("image/jpeg".into(), 1000)));
        assert!(!content(&image(None)).unwrap().has_words);

        let voice = AudioMessage { ptt: Some(true), seconds: Some(7), ..Default::default() };
        let voice = wa::Message { audio_message: MessageField::some(voice), ..Default::default() };
        assert_eq!(content(&voice).unwrap().kind, MessageKind::Voice);

        let document = DocumentMessage { file_name: Some("hasil.pdf".into()), ..Default::default() };
        let document = wa::Message { document_message: MessageField::some(document), ..Default::default() };
        assert_eq!(content(&document).unwrap().text, "Berkas: hasil.pdf");
    }

    #[test]
    fn what_is_wrapped_is_unwrapped_and_view_once_is_not_kept() {
        let once = FutureProofMessage { message: MessageField::some(image(None)) };
        let once = wa::Message { view_once_message_v2: MessageField::some(once), ..Default::default() };
        let read = content(&once).unwrap();
        assert_eq!(read.kind, MessageKind::Image);
        assert_eq!(read.media.and_then(|media| media.refused).as_deref(), Some("view once"));
    }

    #[test]
    fn what_only_the_client_needs_is_nothing() {
        assert_eq!(content(&wa::Message::default()), None);
        let setting = wa::message::ProtocolMessage::default();
        let setting = wa::Message { protocol_message: MessageField::some(setting), ..Default::default() };
        assert_eq!(content(&setting), None);
    }
}
