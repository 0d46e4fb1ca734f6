//! Changing files: what they held is kept, who changed them is written down, and then they are renamed into place.

use jiff::Timestamp;

use super::{Kind, Library, LibraryError, Place, Revision, blocking, files};
use crate::store::{
    audit::{self, Action},
    file_versions::{self, FileVersion, Reason},
};

/// A file's new content; none deletes it.
pub(super) struct Edit {
    pub place: Place,
    pub content: Option<Vec<u8>>,
}

/// How a change is written down.
pub(super) struct Record {
    pub by: String,
    pub action: Action,
    pub subject: String,
    pub reason: Reason,
}

impl Record {
    /// Of a file.
    pub fn of(place: &Place, by: &str, action: Action, reason: Reason) -> Self {
        Self { by: by.to_owned(), action, subject: format!("file {}", place.as_str()), reason }
    }
}

impl Library {
    /// Puts files in place; whoever calls holds `changing` and has checked the content. A crash between the database and
    /// the rename leaves the old file, and the new content among its versions. Gives whether anything changed.
    pub(super) async fn put(&self, edits: Vec<Edit>, record: Record) -> Result<bool, LibraryError> {
        let (root, store, limit) =
            (self.inner.folder.clone(), self.inner.store.clone(), self.inner.extractor.limits.file_bytes);
        let kind = edits.first().map(|edit| edit.place.kind());
        let changed = blocking(move || {
            let (mut prepared, mut changes) = (Vec::new(), Vec::new());
            for Edit { place, content } in edits {
                let old = files::read(&root, &place, limit)?;
                if old != content {
                    prepared.push(files::prepare(&root, &place, content.as_deref())?);
                    changes.push((place, old, content));
                }
            }
            if changes.is_empty() {
                return Ok(false);
            }
            let now = Timestamp::now();
            store.write_blocking(|tx| {
                let Record { by, action, subject, reason } = &record;
                for (place, old, new) in &changes {
                    let path = place.as_str();
                    if old.is_some() && file_versions::last_written(tx, path)? != *old {
                        file_versions::keep(tx, path, Reason::Outside, None, old.as_deref(), now)?;
                    }
                    let reason = if new.is_some() { *reason } else { Reason::Deleted };
                    file_versions::keep(tx, path, reason, Some(by), new.as_deref(), now)?;
                    file_versions::forget_aside(tx, path)?;
                }
                audit::add(tx, by, *action, subject, "", now)
            })?;
            for one in prepared {
                one.put()?;
            }
            Ok::<_, LibraryError>(true)
        })
        .await??;
        if let Some(kind) = kind.filter(|_| changed) {
            self.follow(kind).await;
        }
        Ok(changed)
    }

    /// A file's content; `None` where there is none.
    pub(super) async fn content(&self, place: &Place) -> Result<Option<Vec<u8>>, LibraryError> {
        let (root, place, limit) =
            (self.inner.folder.clone(), place.clone(), self.inner.extractor.limits.file_bytes);
        blocking(move || files::read(&root, &place, limit)).await?
    }

    /// A text file's content.
    pub(super) async fn text(&self, place: &Place) -> Result<Option<String>, LibraryError> {
        let content = self.content(place).await?;
        content
            .map(|bytes| {
                String::from_utf8(bytes).map_err(|_| LibraryError::Unfit("the file is not UTF-8 text".into()))
            })
            .transpose()
    }

    /// The versions of a file that are kept, newest first; a document's with those of its side-car.
    ///
    /// # Errors
    /// [`LibraryError::Store`].
    pub async fn versions(&self, place: &Place) -> Result<Vec<FileVersion>, LibraryError> {
        let (own, side_car) = (place.as_str().to_owned(), place.side_car());
        let is_document = place.kind() == Kind::Document;
        let found = self.inner.store.read(move |tx| {
            let mut found = file_versions::list(tx, &own)?;
            if is_document {
                found.extend(file_versions::list(tx, side_car.as_str())?);
                found.sort_by_key(|version| std::cmp::Reverse(version.id));
            }
            Ok(found)
        });
        Ok(found.await?)
    }

    /// One version with its content.
    ///
    /// # Errors
    /// [`LibraryError::NotFound`], [`LibraryError::Store`].
    pub async fn version(&self, id: i64) -> Result<(FileVersion, Option<Vec<u8>>), LibraryError> {
        self.inner.store.read(move |tx| file_versions::get(tx, id)).await?.ok_or(LibraryError::NotFound)
    }

    /// Files that a page has deleted lately.
    ///
    /// # Errors
    /// [`LibraryError::Store`].
    pub async fn deleted(&self, most: u32) -> Result<Vec<FileVersion>, LibraryError> {
        Ok(self.inner.store.read(move |tx| file_versions::deleted(tx, most)).await?)
    }

    /// Puts a version back, also one of a deleted file, and what was uploaded aside. What the file holds now is kept, too.
    ///
    /// # Errors
    /// [`LibraryError::NotFound`]; as [`Library::check`] when it does not fit any more.
    pub async fn restore(&self, id: i64, by: &str) -> Result<Place, LibraryError> {
        let (version, content) = self.version(id).await?;
        let content = content.ok_or(LibraryError::NotFound)?;
        let place = Place::parse(&version.path)?;
        let _one_at_a_time = self.inner.changing.lock().await;
        self.check(&place, &content).await?;
        let (action, reason) = match version.reason {
            Reason::Aside => (Action::FileSaved, Reason::Uploaded),
            _ => (Action::FileRestored, Reason::Restored),
        };
        let record = Record::of(&place, by, action, reason);
        self.put(vec![Edit { place: place.clone(), content: Some(content) }], record).await?;
        Ok(place)
    }

    /// Refuses a change of what somebody else has changed since `expected` was seen.
    pub(super) fn still(expected: Revision, now: Revision) -> Result<(), LibraryError> {
        if expected == now { Ok(()) } else { Err(LibraryError::Stale) }
    }
}
