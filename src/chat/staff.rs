//! What staff do in conversations: read, write, switch the bot on and off.

use jiff::Timestamp;
use rusqlite::Transaction;
use serde::Deserialize;

use super::{ChatError, ChatService, MessageText, PhoneNumber, outgoing};
use crate::{
    domain::{Author, Channel, Conversation, ConversationId, Event, Handling, MessageId},
    store::{
        StoreError,
        audit::{self, Action},
        conversations::{self, Narrowed, PageKey},
        flags::{self, OpenFlag},
        messages::{self, LoggedMessage},
        outbox, search, staff,
    },
};

/// Digits from which a number is a phone number and no row.
const SHORTEST_NUMBER: usize = 8;

/// How staff name a conversation: by its row or by the patient's number.
#[derive(Clone, PartialEq, Eq)]
pub enum ChatRef {
    /// The row.
    Id(ConversationId),
    /// The patient's number.
    Sender(PhoneNumber),
}

impl ChatRef {
    /// Up to seven digits are a row, anything else must be a phone number.
    ///
    /// # Errors
    /// [`ChatError::Invalid`] when it is neither.
    pub fn parse(text: &str) -> Result<Self, ChatError> {
        match text.parse::<i64>() {
            Ok(id) if id >= 0 && text.len() < SHORTEST_NUMBER => Ok(Self::Id(ConversationId(id))),
            _ => Ok(Self::Sender(PhoneNumber::parse(text)?)),
        }
    }
}

/// In whose name staff write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignAs {
    /// The patient sees an answer of the bot.
    Bot,
    /// The patient sees an answer of staff.
    Staff,
}

/// One conversation as staff open it.
#[derive(Clone, Debug, PartialEq)]
pub struct ConversationDetail {
    /// The conversation.
    pub conversation: Conversation,
    /// Why staff should look.
    pub flags: Vec<OpenFlag>,
    /// A page of its messages, oldest first.
    pub messages: Vec<LoggedMessage>,
    /// Where the page before this one ends, if there is one.
    pub before: Option<MessageId>,
}

impl ChatService {
    /// A page of conversations, the newest message first, and where the next page starts.
    ///
    /// # Errors
    /// [`ChatError::Store`].
    pub async fn conversations(
        &self,
        search: Option<String>,
        after: Option<PageKey>,
        limit: u32,
    ) -> Result<(Vec<Conversation>, Option<PageKey>), ChatError> {
        let search = search.filter(|search| !search.trim().is_empty());
        let mut page = self
            .inner
            .store
            .read(move |tx| {
                let found = search.as_deref().map(|words| search::find(tx, words.trim())).transpose()?;
                let narrowed = Narrowed { search: found.as_ref(), ..Narrowed::default() };
                conversations::page(tx, narrowed, after, limit + 1)
            })
            .await?;
        let more = page.len() > limit as usize;
        page.truncate(limit as usize);
        let next = page.last().filter(|_| more).map(PageKey::of);
        Ok((page, next))
    }

    /// The conversation that is meant.
    ///
    /// # Errors
    /// [`ChatError::NotFound`], [`ChatError::Store`].
    pub async fn conversation(&self, chat: ChatRef) -> Result<Conversation, ChatError> {
        let found = self.inner.store.read(move |tx| match chat {
            ChatRef::Id(id) => conversations::get(tx, id),
            ChatRef::Sender(sender) => conversations::of_sender(tx, sender.as_str()),
        });
        found.await?.ok_or(ChatError::NotFound)
    }

    /// The conversation that is meant, with its flags and the newest `limit` messages older than `before`.
    ///
    /// # Errors
    /// [`ChatError::NotFound`], [`ChatError::Store`].
    pub async fn detail(
        &self,
        chat: ChatRef,
        before: Option<MessageId>,
        limit: u32,
    ) -> Result<ConversationDetail, ChatError> {
        let found = self.inner.store.read(move |tx| {
            let conversation = match chat {
                ChatRef::Id(id) => conversations::get(tx, id)?,
                ChatRef::Sender(sender) => conversations::of_sender(tx, sender.as_str())?,
            };
            let Some(conversation) = conversation else { return Ok(None) };
            let mut page = messages::page(tx, conversation.id, before, limit + 1)?;
            let more = page.len() > limit as usize;
            if more {
                page.remove(0);
            }
            Ok(Some(ConversationDetail {
                flags: flags::open(tx, conversation.id)?,
                before: page.first().filter(|_| more).map(|logged| logged.message.id),
                messages: page,
                conversation,
            }))
        });
        found.await?.ok_or(ChatError::NotFound)
    }

    /// Stores what staff write to a patient. Nothing waits for staff after that: counter, wait, alarm and flags are
    /// reset. Unsigned, it is signed by whoever holds the conversation.
    ///
    /// # Errors
    /// [`ChatError::NotFound`], [`ChatError::Store`].
    pub async fn send_message(
        &self,
        conversation: ConversationId,
        text: MessageText,
        sign_as: Option<SignAs>,
        staff_name: String,
    ) -> Result<LoggedMessage, ChatError> {
        let sent = self.inner.store.write(move |tx| {
            let Some(before) = conversations::get(tx, conversation)? else { return Ok(None) };
            let author = match sign_as {
                Some(SignAs::Bot) => Author::Bot,
                Some(SignAs::Staff) => Author::Staff,
                None if before.handling.bot_is_on() => Author::Bot,
                None => Author::Staff,
            };
            let channel = messages::channel(tx, conversation)?.unwrap_or_default();
            write(tx, conversation, author, channel, &text, &staff_name, Timestamp::now())
        });
        let sent = sent.await?.ok_or(ChatError::NotFound)?;
        self.tell([Event::MessageSent { conversation, message: sent.message.id }]);
        Ok(sent)
    }

    /// Stores what staff write to a number by WhatsApp, also to one that never wrote.
    ///
    /// # Errors
    /// [`ChatError::Store`].
    pub async fn write_by_whatsapp(
        &self,
        number: PhoneNumber,
        text: MessageText,
        staff_name: String,
    ) -> Result<LoggedMessage, ChatError> {
        let sent = self.inner.store.write(move |tx| {
            let at = Timestamp::now();
            let conversation = conversations::open(tx, number.as_str(), None, at)?;
            write(tx, conversation, Author::Staff, Channel::Whatsapp, &text, &staff_name, at)
        });
        let sent = sent.await?.ok_or(ChatError::NotFound)?;
        self.tell([Event::MessageSent { conversation: sent.message.conversation, message: sent.message.id }]);
        Ok(sent)
    }

    /// Switches the bot on or off. Gives who answers now: a conversation that the patient stopped stays so when the bot
    /// is switched off. `by` names who does it.
    ///
    /// # Errors
    /// [`ChatError::NotFound`], [`ChatError::StoppedByPatient`] when it should go on but the patient wrote STOP,
    /// [`ChatError::Store`].
    pub async fn set_handling(
        &self,
        conversation: ConversationId,
        bot_on: bool,
        by: String,
    ) -> Result<Handling, ChatError> {
        let changed = self.inner.store.write(move |tx| {
            let Some(before) = conversations::get(tx, conversation)? else { return Ok(None) };
            let handling = match (before.handling, bot_on) {
                (Handling::Stopped, _) => Handling::Stopped,
                (_, true) => Handling::Bot,
                (_, false) => Handling::Staff,
            };
            if handling == Handling::Staff {
                outbox::withdraw(tx, conversation, Timestamp::now())?;
            }
            let changed = conversations::set_handling(tx, conversation, handling)?;
            if changed {
                let subject = subject_of(conversation);
                audit::add(tx, &by, Action::BotSwitched, &subject, handling.as_str(), Timestamp::now())?;
                // Whoever takes over looks after it, unless a colleague does; what the bot answers needs nobody.
                match (handling, before.assignee) {
                    (Handling::Staff, None) => {
                        let account = staff::find(tx, &by)?.map(|(account, _)| account.id);
                        conversations::assign(tx, conversation, account)?;
                    }
                    (Handling::Bot, Some(_)) => {
                        conversations::assign(tx, conversation, None)?;
                    }
                    _ => {}
                }
            }
            Ok(Some((handling, changed)))
        });
        let (handling, changed) = changed.await?.ok_or(ChatError::NotFound)?;
        if changed {
            self.tell([Event::HandlingChanged { conversation, handling }]);
        }
        if bot_on && handling == Handling::Stopped { Err(ChatError::StoppedByPatient) } else { Ok(handling) }
    }

    /// How many conversations wait for staff, and how many messages wait for the bot.
    ///
    /// # Errors
    /// [`ChatError::Store`].
    pub async fn waiting_counts(&self) -> Result<(u32, u32), ChatError> {
        let counts =
            self.inner.store.read(|tx| Ok((conversations::count_waiting(tx)?, messages::count_pending(tx)?)));
        Ok(counts.await?)
    }
}

/// Writes a message of staff's: what waited for them waits no more, and what the bot had not sent yet is withdrawn.
fn write(
    tx: &Transaction<'_>,
    conversation: ConversationId,
    author: Author,
    channel: Channel,
    text: &MessageText,
    staff_name: &str,
    at: Timestamp,
) -> Result<Option<LoggedMessage>, StoreError> {
    let id = messages::send(tx, conversation, author, staff_name, channel, text.as_str(), at)?;
    outbox::withdraw(tx, conversation, at)?;
    outgoing::put(tx, conversation, id, channel, text.as_str(), at)?;
    conversations::said_something(tx, conversation, at)?;
    conversations::attended(tx, conversation)?;
    flags::resolve(tx, conversation, staff_name, at)?;
    audit::add(tx, staff_name, Action::MessageSent, &subject_of(conversation), author.as_str(), at)?;
    let mut page = messages::page(tx, conversation, Some(MessageId(id.0 + 1)), 1)?;
    Ok(page.pop())
}

/// A conversation as the audit log names it.
pub(super) fn subject_of(conversation: ConversationId) -> String {
    format!("conversation {conversation}")
}
