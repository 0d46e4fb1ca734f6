//! Documents: how each stands, and changing one.

use std::collections::HashMap;

use jiff::{Timestamp, civil::Date};

use super::{
    Kind, Library, LibraryError, Looked, Particulars, Place, Revision, blocking,
    change::{Edit, Record},
};
use crate::{
    domain::{DocumentId, DocumentMeta},
    knowledge::{FoundFile, Listing, list_documents, meta, read_document},
    store::{
        audit::Action,
        documents::{DocumentRow, document_at, documents, passage_counts},
        file_versions::Reason,
        passages::{PassageRow, passages_of},
    },
};

/// So many days before its end a document is said to be expiring.
const SOON: i32 = 30;

/// How a document stands today.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DocumentState {
    /// It can't be used, and why, in this program's words.
    Failed(String),
    /// It held until this day.
    Expired(Date),
    /// It holds until this day, which is near.
    Expiring(Date),
    /// It holds from this day on.
    NotYet(Date),
    /// A newer document of the same title and department speaks in its place.
    Replaced,
    /// It is being read, or is about to be.
    Reading,
    /// Answers are given from it.
    Indexed,
}

impl DocumentState {
    /// Whether somebody should look.
    pub fn needs_care(&self) -> bool {
        matches!(self, Self::Failed(_) | Self::Expired(_) | Self::Expiring(_))
    }
}

/// A document in the list.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed {
    /// The path within the knowledge folder.
    pub path: String,
    /// Its place, if pages may change it: names made by hand may hold anything.
    pub place: Option<Place>,
    /// Title, department, validity, as far as it was read.
    pub meta: DocumentMeta,
    /// How it stands.
    pub state: DocumentState,
    /// Its passages.
    pub passages: u32,
    /// When the file was last written.
    pub modified: Option<Timestamp>,
}

/// A document as somebody opens it.
#[derive(Clone, Debug)]
pub struct OpenDocument {
    /// As the list shows it.
    pub listed: Listed,
    /// Its place.
    pub place: Place,
    /// Which content was seen.
    pub revision: Revision,
    /// What is known about it, for a form; `None` where its head can't be read and the whole text is edited.
    pub particulars: Option<Particulars>,
    /// Its text, without the particulars if those could be read; only of formats that are text.
    pub body: Option<String>,
    /// What the assistant reads of it.
    pub passages: Vec<PassageRow>,
}

impl Library {
    /// Every document, those that need somebody first, then by title.
    ///
    /// # Errors
    /// When the folder can't be listed, or the database refuses.
    pub async fn documents(&self, today: Date) -> Result<Vec<Listed>, LibraryError> {
        let root = self.inner.folder.clone();
        let library = self.clone();
        let (listing, hashes) = blocking(move || {
            let listing = listing_of(&root)?;
            let hashes: HashMap<String, Result<[u8; 32], String>> = listing
                .documents
                .iter()
                .map(|(path, found)| (path.clone(), library.hash(path, found)))
                .collect();
            Ok::<_, std::io::Error>((listing, hashes))
        })
        .await??;
        let (rows, counts) = self.inner.store.read(|tx| Ok((documents(tx)?, passage_counts(tx)?))).await?;
        let replaced = replaced(&rows, today);
        let mut by_path: HashMap<String, DocumentRow> =
            rows.into_iter().map(|row| (row.path.clone(), row)).collect();
        let mut found: Vec<Listed> = listing
            .documents
            .iter()
            .map(|(path, file)| {
                let row = by_path.remove(path);
                let state = self.state(path, &hashes[path], row.as_ref(), today, &replaced);
                let passages = row.as_ref().and_then(|row| counts.get(&row.id)).copied().unwrap_or(0);
                let modified = file.path.metadata().and_then(|found| found.modified()).ok();
                Listed {
                    place: Place::document(path).ok(),
                    meta: named(row.map(|row| row.meta), path),
                    modified: modified.and_then(|at| Timestamp::try_from(at).ok()),
                    path: path.clone(),
                    state,
                    passages,
                }
            })
            .collect();
        found.extend(listing.refused.into_iter().map(|(path, why)| Listed {
            place: None,
            meta: named(None, &path),
            state: DocumentState::Failed(why),
            passages: 0,
            modified: None,
            path,
        }));
        found.sort_by_cached_key(|listed| (!listed.state.needs_care(), listed.meta.title.to_lowercase()));
        Ok(found)
    }

    fn state(
        &self,
        path: &str,
        hash: &Result<[u8; 32], String>,
        row: Option<&DocumentRow>,
        today: Date,
        replaced: &[DocumentId],
    ) -> DocumentState {
        let hash = match hash {
            Ok(hash) => hash,
            Err(why) => return DocumentState::Failed(why.clone()),
        };
        let brain = self.inner.brain.get();
        let Some(row) = row.filter(|row| row.hash == hash) else {
            let failed = brain.and_then(|brain| brain.knowledge.passing_failure(path, hash));
            return failed.map_or(DocumentState::Reading, DocumentState::Failed);
        };
        if let Some(why) = &row.error {
            return DocumentState::Failed(why.clone());
        }
        if brain.is_some_and(|brain| brain.knowledge.identity() != row.embedder) {
            return DocumentState::Reading;
        }
        let validity = row.meta.validity;
        match (validity.from, validity.until) {
            (Some(from), _) if from > today => DocumentState::NotYet(from),
            (_, Some(until)) if until < today => DocumentState::Expired(until),
            _ if replaced.contains(&row.id) => DocumentState::Replaced,
            (_, Some(until)) if days_until(today, until) <= SOON => DocumentState::Expiring(until),
            _ => DocumentState::Indexed,
        }
    }

    /// A document's hash; read anew only when the file's length or time is another.
    fn hash(&self, path: &str, found: &FoundFile) -> Result<[u8; 32], String> {
        let of = |path: &std::path::Path| path.metadata().map(|found| (found.len(), found.modified().ok()));
        let looked = of(&found.path).map_err(|error| error.to_string())?;
        let beside = found.side_car.as_deref().map(of).transpose().map_err(|error| error.to_string())?;
        let key = (looked, beside);
        let known =
            self.inner.hashes.lock().get(&found.path).filter(|(of, _)| *of == key).map(|(_, hash)| *hash);
        if let Some(hash) = known {
            return Ok(hash);
        }
        let file = read_document(path, found, self.most_bytes()).map_err(|error| error.to_string())?;
        let looked: Looked = (key, file.hash());
        self.inner.hashes.lock().insert(found.path.clone(), looked);
        Ok(looked.1)
    }

    /// Opens a document.
    ///
    /// # Errors
    /// [`LibraryError::NotFound`], and why it can't be read.
    pub async fn open_document(&self, place: Place, today: Date) -> Result<OpenDocument, LibraryError> {
        let bytes = self.content(&place).await?.ok_or(LibraryError::NotFound)?;
        let side_car = self.content(&place.side_car()).await?;
        let revision = Revision::of([Some(bytes.as_slice()), side_car.as_deref()]);
        let listed = self.documents(today).await?.into_iter().find(|listed| listed.path == place.as_str());
        let listed = listed.ok_or(LibraryError::NotFound)?;
        let path = place.as_str().to_owned();
        let passages = self.inner.store.read(move |tx| match document_at(tx, &path)? {
            Some(row) => passages_of(tx, row.id),
            None => Ok(Vec::new()),
        });
        let passages = passages.await?;
        let text = String::from_utf8(bytes).ok().filter(|_| place.is_text());
        let (particulars, body) = opened(&place, text, side_car.as_deref());
        Ok(OpenDocument { listed, place, revision, particulars, body, passages })
    }

    /// A document's bytes, to be saved elsewhere.
    ///
    /// # Errors
    /// [`LibraryError::NotFound`], and why it can't be read.
    pub async fn document_bytes(&self, place: &Place) -> Result<Vec<u8>, LibraryError> {
        self.content(place).await?.ok_or(LibraryError::NotFound)
    }

    /// Writes a document: its particulars, and its text where `body` is given. Without particulars, `body` is the whole
    /// file. A new document expects no revision.
    ///
    /// # Errors
    /// [`LibraryError::Stale`], [`LibraryError::Exists`], and why the document could not be used.
    pub async fn save_document(
        &self,
        place: &Place,
        particulars: Option<&Particulars>,
        body: Option<&str>,
        expected: Option<Revision>,
        by: &str,
    ) -> Result<(), LibraryError> {
        let _one_at_a_time = self.inner.changing.lock().await;
        let (old, old_side_car) = (self.content(place).await?, self.content(&place.side_car()).await?);
        match expected {
            None if old.is_some() => return Err(LibraryError::Exists),
            None => {}
            Some(seen) => {
                let now = Revision::of([old.as_deref(), old_side_car.as_deref()]);
                Self::still(seen, now)?;
            }
        }
        let body =
            body.filter(|_| place.is_text()).map(|body| body.replace("\r\n", "\n").replace('\r', "\n"));
        let old_text = old.as_deref().and_then(|bytes| std::str::from_utf8(bytes).ok());
        let old_beside = old_side_car.as_deref().and_then(|bytes| std::str::from_utf8(bytes).ok());
        let (bytes, side_car) = match (particulars, body) {
            (None, body) => (body.map(String::into_bytes), old_side_car.clone()),
            (Some(particulars), Some(body)) if place.has_front_matter() && old_side_car.is_none() => {
                (Some(particulars.at_head(old_text, &body)?.into_bytes()), None)
            }
            (Some(particulars), body) => {
                let beside = particulars.beside(old_beside)?.map(String::into_bytes);
                (body.map(String::into_bytes), beside)
            }
        };
        let bytes = bytes.or(old).ok_or(LibraryError::NotFound)?;
        self.check_document(place, bytes.clone(), side_car.clone()).await?;
        let edits = vec![
            Edit { place: place.clone(), content: Some(bytes) },
            Edit { place: place.side_car(), content: side_car },
        ];
        self.put(edits, Record::of(place, by, Action::FileSaved, Reason::Saved)).await.map(|_| ())
    }

    /// Deletes a document with its side-car; both can be put back.
    ///
    /// # Errors
    /// [`LibraryError::NotFound`], [`LibraryError::Stale`].
    pub async fn delete_document(
        &self,
        place: &Place,
        expected: Revision,
        by: &str,
    ) -> Result<(), LibraryError> {
        let _one_at_a_time = self.inner.changing.lock().await;
        let old = self.content(place).await?.ok_or(LibraryError::NotFound)?;
        let side_car = self.content(&place.side_car()).await?;
        Self::still(expected, Revision::of([Some(old.as_slice()), side_car.as_deref()]))?;
        let edits = [place.clone(), place.side_car()].map(|place| Edit { place, content: None });
        self.put(edits.into(), Record::of(place, by, Action::FileDeleted, Reason::Deleted)).await.map(|_| ())
    }

    /// The folders that documents lie in, by name; the top one is empty.
    ///
    /// # Errors
    /// When the folder can't be listed.
    pub async fn folders(&self) -> Result<Vec<String>, LibraryError> {
        let root = self.inner.folder.clone();
        let listing = blocking(move || listing_of(&root)).await??;
        let mut folders: Vec<String> = listing
            .documents
            .keys()
            .filter_map(|path| Place::document(path).ok())
            .map(|place| place.folders().skip(1).collect::<Vec<_>>().join("/"))
            .collect();
        folders.sort();
        folders.dedup();
        Ok(folders)
    }
}

/// What lies in the folder; nothing where there is none yet.
fn listing_of(root: &std::path::Path) -> Result<Listing, std::io::Error> {
    match list_documents(root) {
        Err((_, error)) if error.kind() == std::io::ErrorKind::NotFound => Ok(Listing::default()),
        listing => listing.map_err(|(_, error)| error),
    }
}

/// What a form shows of a file: the particulars and the rest, or all of it where they can't be read.
fn opened(
    place: &Place,
    text: Option<String>,
    side_car: Option<&[u8]>,
) -> (Option<Particulars>, Option<String>) {
    let beside = match side_car.map(std::str::from_utf8) {
        Some(Ok(side_car)) => match meta::side_car(place.side_car().name(), side_car) {
            Ok(meta) => Some(Particulars::of(&meta)),
            Err(_) => return (None, text),
        },
        Some(Err(_)) => return (None, text),
        None => None,
    };
    let Some(text) = text else { return (Some(beside.unwrap_or_default()), None) };
    if !place.has_front_matter() {
        return (Some(beside.unwrap_or_default()), Some(text));
    }
    match (meta::front_matter(&text), beside) {
        (Ok(Some((meta, body))), None) => {
            (Some(Particulars::of(&meta)), Some(body.trim_start_matches('\n').to_owned()))
        }
        (Ok(None), beside) => (Some(beside.unwrap_or_default()), Some(text)),
        // Head and side-car at once, or a head that is wrong: the whole text is edited.
        _ => (None, Some(text)),
    }
}

/// Particulars that have a title in any case.
fn named(meta: Option<DocumentMeta>, path: &str) -> DocumentMeta {
    let mut meta = meta.unwrap_or_default();
    if meta.title.is_empty() {
        meta.title = path.rsplit('/').next().unwrap_or(path).to_owned();
    }
    meta
}

/// Documents in whose place a newer one speaks: as the search decides it.
fn replaced(rows: &[DocumentRow], today: Date) -> Vec<DocumentId> {
    let holds = |row: &&DocumentRow| row.error.is_none() && row.meta.validity.holds_on(today);
    let name = |row: &DocumentRow| (row.meta.title.to_lowercase(), row.meta.department.clone());
    let mut newest: HashMap<_, Option<Date>> = HashMap::new();
    for row in rows.iter().filter(holds) {
        let newest = newest.entry(name(row)).or_insert(row.meta.validity.from);
        *newest = (*newest).max(row.meta.validity.from);
    }
    let is_older =
        |row: &&DocumentRow| newest.get(&name(row)).is_some_and(|newest| *newest != row.meta.validity.from);
    rows.iter().filter(holds).filter(is_older).map(|row| row.id).collect()
}

fn days_until(today: Date, until: Date) -> i32 {
    until.since(today).map_or(i32::MAX, |span| span.get_days())
}

/// A place that a form names for a new document: folder and name, with the ending of Markdown where none is given.
///
/// # Errors
/// As [`Place::document`].
pub(super) fn place_of(folder: &str, name: &str) -> Result<Place, LibraryError> {
    let folder = folder.trim().trim_matches('/');
    let within =
        if folder.is_empty() { format!("documents/{name}") } else { format!("documents/{folder}/{name}") };
    let place = Place::document(&within)?;
    debug_assert!(place.kind() == Kind::Document);
    Ok(place)
}
