//! What staff put beside a conversation: labels, who looks after it, a half-written message; and the texts that they send
//! again and again.

use jiff::Timestamp;

use super::{Actor, ChatError, ChatService, Invalid, MessageText, desk::Marked, staff::subject_of};
use crate::{
    domain::{ConversationId, LabelId, StaffId},
    store::{
        audit::{self, Action},
        canned_replies::{self, CannedReply},
        conversations, drafts, labels,
        staff::{self, Role},
    },
};

/// Characters that a label or a canned reply's name may have.
pub const MAX_SHORT_NAME_CHARS: usize = 40;

/// A label's or a canned reply's name: one line, without spaces around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShortName(String);

impl ShortName {
    /// Reads a name; runs of white space become one space, and a slash ahead of it is not part of it.
    ///
    /// # Errors
    /// [`ChatError::Invalid`] when nothing is left, or more than [`MAX_SHORT_NAME_CHARS`] characters.
    pub fn parse(text: &str) -> Result<Self, ChatError> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let name = words.join(" ").trim_start_matches('/').to_owned();
        match name.chars().count() {
            1..=MAX_SHORT_NAME_CHARS if !name.contains(char::is_control) => Ok(Self(name)),
            _ => Err(Invalid::ShortName.into()),
        }
    }
}

impl ChatService {
    /// Puts a label on a conversation.
    ///
    /// # Errors
    /// [`ChatError::NotFound`], [`ChatError::Store`].
    pub async fn put_label(
        &self,
        conversation: ConversationId,
        ShortName(name): ShortName,
        by: String,
    ) -> Result<(), ChatError> {
        let put = self.inner.store.write(move |tx| {
            if conversations::get(tx, conversation)?.is_none() {
                return Ok(Marked::Nowhere);
            }
            let changed = labels::put(tx, conversation, &name)?;
            if changed {
                // What a label says may be about the patient, and nothing is ever taken out of that log.
                audit::add(tx, &by, Action::Labelled, &subject_of(conversation), "+", Timestamp::now())?;
            }
            Ok(Marked::if_changed(changed))
        });
        self.desk_changed(conversation, put.await?)
    }

    /// Takes a label off a conversation; one that is not there is no error.
    ///
    /// # Errors
    /// [`ChatError::Store`].
    pub async fn take_label_off(
        &self,
        conversation: ConversationId,
        label: LabelId,
        by: String,
    ) -> Result<(), ChatError> {
        let taken = self.inner.store.write(move |tx| {
            let changed = labels::take_off(tx, conversation, label)?;
            if changed {
                audit::add(tx, &by, Action::Labelled, &subject_of(conversation), "-", Timestamp::now())?;
            }
            Ok(Marked::if_changed(changed))
        });
        self.desk_changed(conversation, taken.await?)
    }

    /// Gives a conversation to a member of staff who may answer it, or to nobody.
    ///
    /// # Errors
    /// [`ChatError::NotFound`] when there is no such conversation or no such account, [`ChatError::Store`].
    pub async fn assign(
        &self,
        conversation: ConversationId,
        assignee: Option<StaffId>,
        by: String,
    ) -> Result<(), ChatError> {
        let assigned = self.inner.store.write(move |tx| {
            let name = match assignee {
                None => String::new(),
                Some(id) => match staff::find_by_id(tx, id)? {
                    Some((account, _)) if account.role >= Role::Agent => account.name,
                    _ => return Ok(Marked::Nowhere),
                },
            };
            if conversations::get(tx, conversation)?.is_none() {
                return Ok(Marked::Nowhere);
            }
            let changed = conversations::assign(tx, conversation, assignee)?;
            if changed {
                audit::add(tx, &by, Action::Assigned, &subject_of(conversation), &name, Timestamp::now())?;
            }
            Ok(Marked::if_changed(changed))
        });
        self.desk_changed(conversation, assigned.await?)
    }

    /// Keeps what somebody has written so far; nobody else sees it. An empty text forgets it.
    ///
    /// # Errors
    /// [`ChatError::NotFound`], [`ChatError::Invalid`] when it is longer than a message may be, [`ChatError::Store`].
    pub async fn keep_draft(
        &self,
        by: StaffId,
        conversation: ConversationId,
        text: String,
    ) -> Result<(), ChatError> {
        match MessageText::parse(&text) {
            Ok(_) | Err(Invalid::EmptyText) => {}
            Err(invalid) => return Err(invalid.into()),
        }
        let kept = self.inner.store.write(move |tx| {
            let is_there = conversations::get(tx, conversation)?.is_some();
            if is_there {
                drafts::keep(tx, by, conversation, &text)?;
            }
            Ok(is_there)
        });
        if kept.await? { Ok(()) } else { Err(ChatError::NotFound) }
    }

    /// The texts that staff send again and again, by their names.
    ///
    /// # Errors
    /// [`ChatError::Store`].
    pub async fn canned_replies(&self) -> Result<Vec<CannedReply>, ChatError> {
        Ok(self.inner.store.read(canned_replies::list).await?)
    }

    /// Keeps a text under a name, in place of the one that was there.
    ///
    /// # Errors
    /// [`ChatError::Store`].
    pub async fn save_canned_reply(
        &self,
        ShortName(name): ShortName,
        text: MessageText,
        by: String,
    ) -> Result<(), ChatError> {
        let saved = self.inner.store.write(move |tx| {
            canned_replies::save(tx, &name, text.as_str())?;
            audit::add(tx, &by, Action::CannedReplyChanged, &format!("/{name}"), "", Timestamp::now())
        });
        Ok(saved.await?)
    }

    /// Forgets a text.
    ///
    /// # Errors
    /// [`ChatError::NotFound`], [`ChatError::Store`].
    pub async fn forget_canned_reply(&self, id: i64, by: Actor) -> Result<(), ChatError> {
        let forgotten = self.inner.store.write(move |tx| {
            let Some(name) = canned_replies::forget(tx, id)? else { return Ok(false) };
            let subject = format!("/{name}");
            audit::add(tx, &by.name, Action::CannedReplyChanged, &subject, "-", Timestamp::now())?;
            Ok(true)
        });
        if forgotten.await? { Ok(()) } else { Err(ChatError::NotFound) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_name_is_one_line_without_the_slash() {
        assert_eq!(ShortName::parse("  /jam   besuk ").unwrap(), ShortName("jam besuk".into()));
        for bad in ["", "  ", "/", &"x".repeat(MAX_SHORT_NAME_CHARS + 1)] {
            assert!(ShortName::parse(bad).is_err(), "{bad:?}");
        }
    }
}
