//! Fetches the files that came with messages. The database says which; a file that is too long, or for which there is no
//! room, is not kept, and staff see why.

use std::{
    fs::File,
    io::{self, Seek, SeekFrom, Write},
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;
use whatsapp_rust::{
    buffa::Message,
    client::Client,
    download::{DownloadWriter, Downloadable},
    proto_helpers::MessageExt,
    waproto::whatsapp as wa,
};

use super::outbox::Link;
use crate::{
    chat::{ChatError, ChatService},
    store::media::DueFile,
};

/// A file that takes longer is tried again.
const PATIENCE: Duration = Duration::from_secs(120);
/// Nothing is due for longer than this without being looked at.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);
/// Files stop so far above the room that messages need: they never take the last of it.
const ROOM_FOR_MESSAGES: u64 = 2;

/// Fetches files.
pub(super) struct Media {
    pub chat: ChatService,
    /// Bytes that a file may have.
    pub most_bytes: u64,
    /// Free bytes that messages need.
    pub least_free_bytes: u64,
}

impl Media {
    /// Fetches what is due whenever the client is connected, until `stop`.
    pub async fn run(self, mut link: Link, stop: CancellationToken) {
        loop {
            let client = link.borrow_and_update().clone();
            let wait = match &client {
                Some(client) => self.fetch_due(client).await.unwrap_or_else(|error| {
                    tracing::error!(%error, "a patient's file waits to be fetched");
                    LONGEST_SLEEP
                }),
                None => LONGEST_SLEEP,
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.chat.another_file() => {}
                changed = link.changed() => if changed.is_err() { return },
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// Fetches the oldest file that is due. Gives when to look again.
    async fn fetch_due(&self, client: &Arc<Client>) -> Result<Duration, ChatError> {
        let (due, next) = self.chat.due_file().await?;
        let Some(due) = due else {
            let until = next.map(|next| Duration::try_from(next.duration_since(Timestamp::now())));
            return Ok(until.map_or(LONGEST_SLEEP, Result::unwrap_or_default).min(LONGEST_SLEEP));
        };
        let has_room = self.chat.free_space()? >= self.least_free_bytes.saturating_mul(ROOM_FOR_MESSAGES);
        if due.media.size > self.most_bytes {
            self.chat.refuse_file(due, "it is too large").await?;
        } else if !has_room {
            self.chat.refuse_file(due, "the disk is nearly full").await?;
        } else if self.chat.has_too_many_files(due.message).await? {
            self.chat.refuse_file(due, "this patient has sent too many files today").await?;
        } else {
            self.fetch(client, due).await?;
        }
        Ok(Duration::ZERO)
    }

    async fn fetch(&self, client: &Arc<Client>, due: DueFile) -> Result<(), ChatError> {
        let Ok(message) = wa::Message::decode_from_slice(&due.reference) else {
            return self.chat.refuse_file(due, "its reference can't be read").await;
        };
        let Some(file) = downloadable(&message) else {
            return self.chat.refuse_file(due, "its reference names no file").await;
        };
        let folder = self.chat.media_folder();
        let draft = Bounded { file: folder.draft(due.message)?, most: self.most_bytes };
        let fetched = tokio::time::timeout(PATIENCE, client.download_to_writer(file, draft)).await;
        match fetched {
            Ok(Ok(written)) => self.chat.keep_file(due, written.file).await,
            failed => {
                folder.discard(due.message);
                let too_large = matches!(&failed, Ok(Err(error)) if is_too_large(error));
                if too_large {
                    return self.chat.refuse_file(due, "it is too large").await;
                }
                metrics::counter!("satubumi_whatsapp_files_failed_total").increment(1);
                self.chat.file_failed(due).await
            }
        }
    }
}

/// What of a message can be fetched.
fn downloadable(message: &wa::Message) -> Option<&dyn Downloadable> {
    let base = message.get_base_message();
    if let Some(image) = base.image_message.as_option() {
        return Some(image);
    }
    if let Some(video) = base.video_message.as_option().or(base.ptv_message.as_option()) {
        return Some(video);
    }
    if let Some(audio) = base.audio_message.as_option() {
        return Some(audio);
    }
    if let Some(document) = base.document_message.as_option() {
        return Some(document);
    }
    base.sticker_message.as_option().map(|sticker| sticker as &dyn Downloadable)
}

/// A file that takes so many bytes and no more, whatever the sender said of its length.
struct Bounded {
    file: File,
    most: u64,
}

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.file.stream_position()? + bytes.len() as u64 > self.most {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Seek for Bounded {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

impl DownloadWriter for Bounded {
    fn truncate(&mut self, length: u64) -> io::Result<()> {
        self.file.set_len(length)
    }
}

fn is_too_large(error: &whatsapp_rust::anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::FileTooLarge)
    })
}
