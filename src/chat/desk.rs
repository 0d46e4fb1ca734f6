//! The staff's desk: the list with what is unread, one conversation with its notes, who looks at what.

use jiff::{SignedDuration, Timestamp};
use rusqlite::Transaction;

use super::{ChatError, ChatRef, ChatService, ConversationDetail, MessageText, staff::subject_of};
use crate::{
    domain::{Conversation, ConversationId, Event, LabelId, MessageId, StaffId},
    store::{
        StoreError,
        audit::{self, Action},
        conversations::{self, Counts, Filter, Narrowed, PageKey},
        drafts, flags,
        labels::{self, Label},
        messages,
        notes::{self, Note},
        search, seen,
        staff::{self, StaffAccount},
    },
};

/// Looking at a conversation again within this is written down once.
const SAME_LOOK: SignedDuration = SignedDuration::from_mins(10);
/// Notes that are shown.
const MOST_NOTES: u32 = 200;
/// Up to here conversations are counted.
const MOST_COUNTED: u32 = 1000;

/// Who of the staff does something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The account.
    pub id: StaffId,
    /// Its name, as it is written down.
    pub name: String,
}

/// What somebody looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Looked {
    /// A conversation.
    Conversation(ConversationId),
    /// The file of a message.
    File(MessageId),
}

/// What a list shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListQuery {
    /// Words, a name or a number to find.
    pub search: Option<String>,
    /// Which conversations.
    pub filter: Filter,
    /// Those with this label.
    pub label: Option<LabelId>,
    /// Where the page before ended.
    pub after: Option<PageKey>,
}

/// A conversation as somebody's list shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed {
    /// The conversation.
    pub conversation: Conversation,
    /// Patient's messages that whoever looks has not read, [`seen::MOST_UNREAD`] at most.
    pub unread: u32,
    /// What staff put on it.
    pub labels: Vec<Label>,
    /// In a search: words around what was found, in pieces; `true` for what matched.
    pub excerpt: Option<Vec<(String, bool)>>,
}

/// A page of somebody's list.
#[derive(Clone, Debug, PartialEq)]
pub struct DeskPage {
    /// The newest message first.
    pub rows: Vec<Listed>,
    /// Where the next page starts.
    pub next: Option<PageKey>,
    /// How many there are of some kinds; a thousand at most each.
    pub counts: Counts,
    /// Every label that there is.
    pub labels: Vec<Label>,
}

/// A conversation as somebody opens it.
#[derive(Clone, Debug, PartialEq)]
pub struct Opened {
    /// The conversation with a page of its messages.
    pub detail: ConversationDetail,
    /// What staff told each other about it, oldest first.
    pub notes: Vec<Note>,
    /// What staff put on it.
    pub labels: Vec<Label>,
    /// Every label that there is.
    pub all_labels: Vec<Label>,
    /// Those whom it can be given to.
    pub colleagues: Vec<StaffAccount>,
    /// What whoever opens it has written so far.
    pub draft: Option<String>,
}

impl ChatService {
    /// A page of somebody's list.
    ///
    /// # Errors
    /// [`ChatError::Store`].
    pub async fn desk(&self, staff: StaffId, query: ListQuery, limit: u32) -> Result<DeskPage, ChatError> {
        let page = self.inner.store.read(move |tx| {
            let search = query.search.as_deref().map(str::trim).filter(|search| !search.is_empty());
            let searched = search.map(|search| search::find(tx, search)).transpose()?;
            let search = searched.as_ref();
            let narrowed = Narrowed { search, filter: query.filter, staff: Some(staff), label: query.label };
            let mut found = conversations::page(tx, narrowed, query.after, limit + 1)?;
            let more = found.len() > limit as usize;
            found.truncate(limit as usize);
            let next = found.last().filter(|_| more).map(PageKey::of);
            let mut rows = Vec::with_capacity(found.len());
            for conversation in found {
                let excerpt = match search {
                    Some(search) => search.excerpt(tx, conversation.id)?,
                    None => None,
                };
                rows.push(Listed {
                    unread: seen::unread(tx, staff, conversation.id)?,
                    labels: labels::of(tx, conversation.id)?,
                    excerpt,
                    conversation,
                });
            }
            let counts = conversations::counts(tx, staff, MOST_COUNTED)?;
            Ok(DeskPage { rows, next, counts, labels: labels::list(tx)? })
        });
        Ok(page.await?)
    }

    /// How many conversations there are of some kinds; a thousand at most each.
    ///
    /// # Errors
    /// [`ChatError::Store`].
    pub async fn desk_counts(&self, staff: StaffId) -> Result<Counts, ChatError> {
        Ok(self.inner.store.read(move |tx| conversations::counts(tx, staff, MOST_COUNTED)).await?)
    }

    /// Opens a conversation: the newest `limit` messages older than `before`. That somebody looked is written down.
    ///
    /// # Errors
    /// [`ChatError::NotFound`], [`ChatError::Store`].
    pub async fn open(
        &self,
        by: Actor,
        conversation: ConversationId,
        before: Option<MessageId>,
        limit: u32,
    ) -> Result<Opened, ChatError> {
        let detail = self.detail(ChatRef::Id(conversation), before, limit).await?;
        let staff = by.id;
        let name = by.name.clone();
        let (opened, is_news) = self
            .inner
            .store
            .read(move |tx| {
                let (subject, since) = (subject_of(conversation), Timestamp::now() - SAME_LOOK);
                let is_noted = audit::did_since(tx, &name, Action::ConversationViewed, &subject, since)?;
                let unread = seen::unread(tx, staff, conversation)?;
                let opened = Opened {
                    notes: notes::list(tx, conversation, MOST_NOTES)?,
                    labels: labels::of(tx, conversation)?,
                    all_labels: labels::list(tx)?,
                    colleagues: staff::who_answer(tx)?,
                    draft: drafts::of(tx, staff, conversation)?,
                    detail,
                };
                Ok((opened, unread > 0 || !is_noted))
            })
            .await?;
        let messages = &opened.detail.messages;
        let newest = messages.last().filter(|_| before.is_none()).map(|logged| logged.message.id);
        // A page that is only refreshed writes nothing.
        if is_news {
            self.inner
                .store
                .write(move |tx| {
                    if let Some(newest) = newest {
                        seen::note(tx, by.id, conversation, newest)?;
                    }
                    let subject = subject_of(conversation);
                    note_look(tx, &by.name, Action::ConversationViewed, &subject, Timestamp::now())
                })
                .await?;
        }
        Ok(opened)
    }

    /// Writes down that somebody looked at what a patient wrote or sent, once in a while for the same.
    ///
    /// # Errors
    /// [`ChatError::Store`].
    pub async fn note_look(&self, by: String, at: Looked) -> Result<(), ChatError> {
        let (action, subject) = match at {
            Looked::Conversation(conversation) => (Action::ConversationViewed, subject_of(conversation)),
            Looked::File(message) => (Action::FileViewed, format!("message {message}")),
        };
        let noted = self.inner.store.write(move |tx| note_look(tx, &by, action, &subject, Timestamp::now()));
        Ok(noted.await?)
    }

    /// How many messages of a conversation there are from one on, `most` at most.
    ///
    /// # Errors
    /// [`ChatError::Store`].
    pub async fn count_from(
        &self,
        conversation: ConversationId,
        from: MessageId,
        most: u32,
    ) -> Result<u32, ChatError> {
        Ok(self.inner.store.read(move |tx| messages::count_from(tx, conversation, from, most)).await?)
    }

    /// Nothing waits in a conversation any more, without a word to the patient.
    ///
    /// # Errors
    /// [`ChatError::NotFound`], [`ChatError::Store`].
    pub async fn resolve(&self, conversation: ConversationId, by: String) -> Result<(), ChatError> {
        let resolved = self.inner.store.write(move |tx| {
            if conversations::get(tx, conversation)?.is_none() {
                return Ok(Marked::Nowhere);
            }
            let now = Timestamp::now();
            conversations::attended(tx, conversation)?;
            flags::resolve(tx, conversation, &by, now)?;
            audit::add(tx, &by, Action::Resolved, &subject_of(conversation), "", now)?;
            Ok(Marked::Anew)
        });
        self.desk_changed(conversation, resolved.await?)
    }

    /// Writes a note that only staff see.
    ///
    /// # Errors
    /// [`ChatError::NotFound`], [`ChatError::Store`].
    pub async fn add_note(
        &self,
        conversation: ConversationId,
        text: MessageText,
        by: String,
    ) -> Result<(), ChatError> {
        let added = self.inner.store.write(move |tx| {
            if conversations::get(tx, conversation)?.is_none() {
                return Ok(Marked::Nowhere);
            }
            let now = Timestamp::now();
            notes::add(tx, conversation, &by, text.as_str(), now)?;
            audit::add(tx, &by, Action::NoteWritten, &subject_of(conversation), "", now)?;
            Ok(Marked::Anew)
        });
        self.desk_changed(conversation, added.await?)
    }

    pub(super) fn desk_changed(&self, conversation: ConversationId, marked: Marked) -> Result<(), ChatError> {
        match marked {
            Marked::Nowhere => return Err(ChatError::NotFound),
            Marked::AsBefore => {}
            Marked::Anew => self.tell([Event::DeskChanged { conversation }]),
        }
        Ok(())
    }
}

/// What staff's mark on a conversation came to.
pub(super) enum Marked {
    /// There is no such conversation.
    Nowhere,
    /// It was there already.
    AsBefore,
    /// Others see it now.
    Anew,
}

impl Marked {
    /// [`Marked::Anew`], if anything is.
    pub(super) fn if_changed(changed: bool) -> Self {
        if changed { Self::Anew } else { Self::AsBefore }
    }
}

fn note_look(
    tx: &Transaction<'_>,
    by: &str,
    action: Action,
    subject: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    if audit::did_since(tx, by, action, subject, now - SAME_LOOK)? {
        return Ok(());
    }
    audit::add(tx, by, action, subject, "", now)
}
