//! Files that patients send: fetched one after the other, kept while there is room, never in the way of messages.

use std::{fs::File, time::Duration};

use jiff::Timestamp;

use super::{ChatError, ChatService};
use crate::{
    domain::{ConversationId, Event, Media, MessageId},
    store::{
        StoreError,
        media::{self, DueFile, MediaFolder},
        messages,
    },
};

/// Files of one patient that are kept within a day; no prescription has so many pages.
const MOST_A_DAY: u32 = 50;
/// How long to wait after each try; after the last it is given up. WhatsApp keeps files for some weeks.
const WAITS: [Duration; 4] = [
    Duration::from_secs(30),
    Duration::from_secs(600),
    Duration::from_secs(3600),
    Duration::from_secs(6 * 3600),
];

impl ChatService {
    /// The file to fetch now, and when the next one may be.
    ///
    /// # Errors
    /// [`ChatError::Store`].
    pub async fn due_file(&self) -> Result<(Option<DueFile>, Option<Timestamp>), ChatError> {
        let read = self.inner.store.read(|tx| Ok((media::due(tx, Timestamp::now())?, media::next_time(tx)?)));
        Ok(read.await?)
    }

    /// Waits until there is another file to fetch.
    pub async fn another_file(&self) {
        self.inner.files.notified().await;
    }

    /// Whether this patient has sent so many files today that no more are kept.
    ///
    /// # Errors
    /// [`ChatError::Store`].
    pub async fn has_too_many_files(&self, message: MessageId) -> Result<bool, ChatError> {
        let since = Timestamp::now() - Duration::from_secs(24 * 3600);
        let read = self.inner.store.read(move |tx| media::count_beside(tx, message, since));
        Ok(read.await? >= MOST_A_DAY)
    }

    /// Where files lie.
    pub fn media_folder(&self) -> MediaFolder {
        self.inner.store.media_folder()
    }

    /// A file was written to `draft` to its end: it is kept.
    ///
    /// # Errors
    /// [`ChatError::Store`].
    pub async fn keep_file(&self, due: DueFile, draft: File) -> Result<(), ChatError> {
        let folder = self.media_folder();
        let DueFile { message, mut media, .. } = due;
        let kept = self.inner.store.write(move |tx| {
            let (name, size) = folder.keep(message, &draft)?;
            media = Media { file: Some(name), size, ..media };
            media::settle(tx, message, &media)?;
            messages::conversation_of(tx, message)
        });
        self.tell_changed(message, kept.await?);
        Ok(())
    }

    /// A file could not be fetched: it is tried again, or given up after the last time.
    ///
    /// # Errors
    /// [`ChatError::Store`].
    pub async fn file_failed(&self, due: DueFile) -> Result<(), ChatError> {
        match WAITS.get(due.attempts as usize) {
            Some(wait) => {
                let until = Timestamp::now() + *wait;
                Ok(self.inner.store.write(move |tx| media::put_off(tx, due.message, until)).await?)
            }
            None => self.refuse_file(due, "it could not be fetched").await,
        }
    }

    /// A file is not kept, and why.
    ///
    /// # Errors
    /// [`ChatError::Store`].
    pub async fn refuse_file(&self, due: DueFile, why: &'static str) -> Result<(), ChatError> {
        let DueFile { message, mut media, .. } = due;
        media.refused = Some(why.to_owned());
        let refused = self.inner.store.write(move |tx| {
            media::settle(tx, message, &media)?;
            messages::conversation_of(tx, message)
        });
        self.tell_changed(message, refused.await?);
        Ok(())
    }

    /// Opens a message's file, with what is known of it.
    ///
    /// # Errors
    /// [`ChatError::NotFound`] when there is no such message or its file is not kept, [`ChatError::Store`].
    pub async fn open_file(&self, message: MessageId) -> Result<(Media, File), ChatError> {
        let folder = self.media_folder();
        let opened = self.inner.store.read(move |tx| {
            let Some(media) = messages::media(tx, message)? else { return Ok(None) };
            let Some(name) = media.file.as_deref() else { return Ok(None) };
            let file = folder.open(name)?;
            Ok::<_, StoreError>(Some((media, file)))
        });
        opened.await?.ok_or(ChatError::NotFound)
    }

    fn tell_changed(&self, message: MessageId, conversation: Option<ConversationId>) {
        self.tell(conversation.map(|conversation| Event::MessageChanged { conversation, message }));
    }
}
