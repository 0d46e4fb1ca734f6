//! What comes in by WhatsApp: stored at once, answered when the patient has stopped typing.

use jiff::Timestamp;

use super::{
    ChatError, ChatService, PhoneNumber,
    incoming::{MAX_NAME_CHARS, cleaned},
};
use crate::{
    domain::{Channel, ConversationId, Event, Flag, Handling, Media, MessageId, MessageKind, Outcome},
    store::{
        StoreError, changes,
        contacts::{self, Contact},
        conversations, flags, media,
        messages::{self, NewMessage},
        outbox,
    },
};

/// Whose name stands at what was written on the hospital's own phone.
pub const ON_PHONE: &str = "WhatsApp";

/// A patient's address at WhatsApp.
#[derive(Clone, PartialEq, Eq)]
pub struct WhatsappContact {
    /// The phone number, where it is known.
    pub number: Option<PhoneNumber>,
    /// The digits of the LID, where it is known.
    pub lid: Option<String>,
    /// The address that the message came from.
    pub chat: String,
}

/// What a message does to an earlier one, by its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Its words are these now.
    Edits(String),
    /// It is taken back.
    TakesBack(String),
    /// It is commented with an emoji.
    ReactsTo(String),
}

/// A message as WhatsApp brought it.
#[derive(Clone)]
pub struct WhatsappMessage {
    /// Who it is from; for what staff wrote on the phone: who it is for.
    pub contact: WhatsappContact,
    /// What the patient calls themselves.
    pub name: Option<String>,
    /// Its id.
    pub id: String,
    /// What it is.
    pub kind: MessageKind,
    /// Its words or caption, or a short label.
    pub text: String,
    /// Whether `text` is the patient's own words.
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

/// Who wrote a message that WhatsApp brought.
#[derive(Clone)]
pub enum Inbox {
    /// A patient.
    Patient(WhatsappMessage),
    /// Staff, on the hospital's own phone; its contact is the patient's.
    OwnPhone(WhatsappMessage),
}

/// What became of a message from WhatsApp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored {
    /// The thread.
    pub conversation: ConversationId,
    /// The row.
    pub message: MessageId,
    /// Whether it was not there before.
    pub is_new: bool,
    /// Whether something in the conversation may wait for an answer: [`ChatService::wake`] has to follow.
    pub waits: bool,
}

impl ChatService {
    /// Stores what came, all or nothing; once this returns, WhatsApp may forget it. The same id again changes nothing. What
    /// staff wrote on the hospital's own phone makes them hold the conversation. Gives what became of patients' messages,
    /// in their order.
    ///
    /// # Errors
    /// [`ChatError::Store`].
    pub async fn receive_whatsapp(&self, inbox: Vec<Inbox>) -> Result<Vec<Stored>, ChatError> {
        let brings_files = inbox
            .iter()
            .any(|arrived| matches!(arrived, Inbox::Patient(message) if message.reference.is_some()));
        let (stored, events) = self
            .inner
            .store
            .write(move |tx| {
                let (mut all, mut events) = (Vec::new(), Vec::new());
                for arrived in &inbox {
                    match arrived {
                        Inbox::Patient(message) => {
                            let (stored, told) = receive(tx, message)?;
                            all.push(stored);
                            events.extend(told);
                        }
                        Inbox::OwnPhone(message) => events.extend(written_on_phone(tx, message)?),
                    }
                }
                fail::fail_point!("received.before_commit", crate::tasks::die);
                Ok((all, events))
            })
            .await?;
        self.tell(events);
        if brings_files {
            self.inner.files.notify_one();
        }
        Ok(stored)
    }
}

fn receive(
    tx: &rusqlite::Transaction<'_>,
    message: &WhatsappMessage,
) -> Result<(Stored, Vec<Event>), StoreError> {
    let at = Timestamp::now();
    let conversation = open(tx, &message.contact, message.name.as_deref(), at)?;
    let text = words(&message.text);
    let new = new_message(message, &text);
    let (id, mut is_new) = messages::receive(tx, conversation, &new, at)?;
    if !is_new && message.kind != MessageKind::Unreadable && changes::decrypted(tx, id, &new)? {
        is_new = true;
    }
    let mut stored = Stored { conversation, message: id, is_new, waits: is_new };
    if !is_new {
        return Ok((stored, Vec::new()));
    }
    conversations::said_something(tx, conversation, at)?;
    if let Some(reference) = &message.reference {
        media::wish(tx, id, reference, at)?;
    }
    let mut events = vec![Event::MessageReceived { conversation, message: id }];
    let changed = match &message.change {
        Some(Change::Edits(earlier)) => changes::edit(tx, conversation, earlier, &text, at)?,
        Some(Change::TakesBack(earlier)) => changes::take_back(tx, conversation, earlier, at)?,
        Some(Change::ReactsTo(_)) | None => None,
    };
    events.extend(changed.map(|message| Event::MessageChanged { conversation, message }));
    let unreadable = message.kind == MessageKind::Unreadable;
    if message.change.is_some() || unreadable {
        messages::settle(tx, id, Outcome::Noted)?;
        // The changed one may be waiting: its answer must know.
        stored.waits = changed.is_some();
    }
    if unreadable {
        flags::raise(tx, conversation, id, Flag::NotText, at)?;
        conversations::alert(tx, conversation, true, false)?;
        events.push(Event::Flagged { conversation, flag: Flag::NotText });
    }
    Ok((stored, events))
}

fn written_on_phone(
    tx: &rusqlite::Transaction<'_>,
    message: &WhatsappMessage,
) -> Result<Vec<Event>, StoreError> {
    let at = Timestamp::now();
    let conversation = open(tx, &message.contact, None, at)?;
    let text = words(&message.text);
    let new = new_message(message, &text);
    let Some(id) = changes::written_on_phone(tx, conversation, ON_PHONE, &new, at)? else {
        return Ok(Vec::new());
    };
    conversations::said_something(tx, conversation, at)?;
    conversations::attended(tx, conversation)?;
    flags::resolve(tx, conversation, ON_PHONE, at)?;
    outbox::withdraw(tx, conversation, at)?;
    let mut events = vec![Event::MessageSent { conversation, message: id }];
    let stopped = conversations::get(tx, conversation)?
        .is_some_and(|conversation| conversation.handling == Handling::Stopped);
    if !stopped && conversations::set_handling(tx, conversation, Handling::Staff)? {
        events.push(Event::HandlingChanged { conversation, handling: Handling::Staff });
    }
    Ok(events)
}

fn open(
    tx: &rusqlite::Transaction<'_>,
    contact: &WhatsappContact,
    name: Option<&str>,
    at: Timestamp,
) -> Result<ConversationId, StoreError> {
    let contact = Contact {
        number: contact.number.as_ref().map(PhoneNumber::as_str),
        lid: contact.lid.as_deref(),
        chat: &contact.chat,
    };
    let name = name.map(|name| name.chars().filter(|sign| !sign.is_control()).take(MAX_NAME_CHARS).collect());
    let name: Option<String> = name.filter(|name: &String| !name.trim().is_empty());
    contacts::open(tx, contact, name.as_deref(), at)
}

fn new_message<'a>(message: &'a WhatsappMessage, text: &'a str) -> NewMessage<'a> {
    NewMessage {
        external_id: &message.id,
        channel: Channel::Whatsapp,
        kind: message.kind,
        text,
        has_words: message.has_words,
        quoted: message.quoted.as_deref(),
        media: message.media.as_ref(),
    }
}

/// The message's words as they are stored: never empty. WhatsApp takes longer texts than `/ask`, and nothing of one is
/// lost.
fn words(text: &str) -> String {
    let words = cleaned(text);
    if words.is_empty() { "…".to_owned() } else { words }
}
