//! Files that staff upload.

use jiff::Timestamp;
use unicode_normalization::UnicodeNormalization;

use super::{
    Library, LibraryError, Place,
    change::{Edit, Record},
    documents::place_of,
};
use crate::store::{
    audit::Action,
    file_versions::{self, Reason},
};

/// What became of an uploaded file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Uploaded {
    /// It is a document now.
    Saved(Place),
    /// There is a document with that name and content.
    Same(Place),
    /// There is another document of that name. What was sent is kept beside it, by this version's row, until somebody says
    /// that it may replace that one.
    Aside(Place, i64),
}

impl Library {
    /// Takes an uploaded file into a folder of the documents.
    ///
    /// # Errors
    /// The name may not be, or the document could not be used.
    pub async fn upload(
        &self,
        folder: &str,
        name: &str,
        bytes: Vec<u8>,
        by: &str,
    ) -> Result<Uploaded, LibraryError> {
        let place = place_of(folder, &cleaned(name))?;
        let _one_at_a_time = self.inner.changing.lock().await;
        let old = self.content(&place).await?;
        if old.as_ref() == Some(&bytes) {
            return Ok(Uploaded::Same(place));
        }
        self.check(&place, &bytes).await?;
        if old.is_some() {
            let (path, by) = (place.as_str().to_owned(), by.to_owned());
            let kept = self.inner.store.write(move |tx| {
                file_versions::forget_aside(tx, &path)?;
                file_versions::keep(tx, &path, Reason::Aside, Some(&by), Some(&bytes), Timestamp::now())
            });
            return Ok(Uploaded::Aside(place, kept.await?));
        }
        let record = Record::of(&place, by, Action::FileSaved, Reason::Uploaded);
        self.put(vec![Edit { place: place.clone(), content: Some(bytes) }], record).await?;
        Ok(Uploaded::Saved(place))
    }

    /// The place of a new document that is written in a page.
    ///
    /// # Errors
    /// [`LibraryError::Name`].
    pub fn new_document(folder: &str, name: &str) -> Result<Place, LibraryError> {
        let name = cleaned(name);
        let has_ending = ["md", "txt", "csv"].iter().any(|ending| name.ends_with(&format!(".{ending}")));
        place_of(folder, &if has_ending { name } else { format!("{name}.md") })
    }
}

/// A file's name as it may be here: what stands before it is left out, and letters that trip file systems become hyphens.
fn cleaned(name: &str) -> String {
    let name: String = name.rsplit(['/', '\\']).next().unwrap_or(name).nfc().collect();
    let mut kept = String::new();
    for c in name.trim().chars() {
        let c = if c.is_alphanumeric() || " -_.,()&+".contains(c) { c } else { '-' };
        if !(kept.ends_with(['-', '.', ' ']) && kept.ends_with(c)) {
            kept.push(c);
        }
    }
    kept.trim_start_matches(['.', ' ', '-']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uploaded_names_become_names_that_may_be() {
        for (sent, name) in [
            ("Tarif 2026.pdf", "Tarif 2026.pdf"),
            ("C:\\fakepath\\Tarif: [final]  2026.pdf", "Tarif- -final- 2026.pdf"),
            ("../../etc/passwd.md", "passwd.md"),
            ("...tersembunyi..md", "tersembunyi.md"),
            ("<img src=x onerror=alert(1)>.md", "img src-x onerror-alert(1)-.md"),
            ("Cafe\u{301}.md", "Café.md"),
        ] {
            assert_eq!(cleaned(sent), name);
            assert!(place_of("umum", &cleaned(sent)).is_ok(), "{name}");
        }
        assert!(place_of("../..", "a.md").is_err() && place_of("umum", &cleaned("")).is_err());
        let place = Library::new_document(" umum/ ", "jam besuk").map(|place| place.as_str().to_owned());
        assert_eq!(place.ok().as_deref(), Some("documents/umum/jam besuk.md"));
    }
}
