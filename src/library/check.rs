//! Whether a text would load, asked of the parsers that load it, beside all the other files as they are now.

use std::{collections::BTreeSet, fs, io, path::PathBuf};

use super::{Kind, Library, LibraryError, Place, blocking};
use crate::{
    assistant::{ReplyTexts, approved::ApprovedAnswers, triage::Triage},
    knowledge::SourceFile,
};

impl Library {
    /// Reads content as it would be read in its place.
    ///
    /// # Errors
    /// Why it could not be used.
    pub async fn check(&self, place: &Place, content: &[u8]) -> Result<(), LibraryError> {
        match place.kind() {
            Kind::Document => {
                let side_car = self.content(&place.side_car()).await?;
                self.check_document(place, content.to_vec(), side_car).await
            }
            Kind::SideCar => {
                let document = Place::parse(place.as_str().trim_end_matches(crate::knowledge::SIDE_CAR))?;
                let bytes = self.content(&document).await?.ok_or(LibraryError::NotFound)?;
                self.check_document(&document, bytes, Some(content.to_vec())).await
            }
            Kind::Approved | Kind::Replies | Kind::RedFlags => {
                let text = String::from_utf8(content.to_vec())
                    .map_err(|_| LibraryError::Unfit("the file is not UTF-8 text".into()))?;
                self.check_text(place, text).await.map(|_| ())
            }
        }
    }

    /// Reads a document, and its side-car, to the end.
    pub(super) async fn check_document(
        &self,
        place: &Place,
        bytes: Vec<u8>,
        side_car: Option<Vec<u8>>,
    ) -> Result<(), LibraryError> {
        let limit = self.most_bytes();
        if bytes.len() as u64 > limit {
            return Err(LibraryError::TooLarge { limit });
        }
        let beside = place.side_car();
        let side_car = side_car.map(|bytes| (beside.name().to_owned(), bytes));
        let file = SourceFile { path: place.as_str().to_owned(), bytes, side_car };
        file.read(&self.inner.extractor).await?;
        Ok(())
    }

    /// Reads one of the assistant's files among the others of its folder. Gives what red flags' own examples complain of
    /// that they did not complain of before.
    pub(super) async fn check_text(&self, place: &Place, text: String) -> Result<Vec<String>, LibraryError> {
        let (root, place) = (self.inner.folder.clone(), place.clone());
        blocking(move || {
            let path = root.join(place.as_str());
            if place.kind() == Kind::Replies {
                ReplyTexts::parse(&path, &text)?;
                return Ok(Vec::new());
            }
            let folder = path.parent().map_or_else(|| root.clone(), PathBuf::from);
            let before = texts(&folder)?;
            let mut after: Vec<(PathBuf, String)> =
                before.iter().filter(|(of, _)| *of != path).cloned().collect();
            after.push((path, text));
            after.sort();
            if place.kind() == Kind::Approved {
                ApprovedAnswers::parse(&after)?;
                return Ok(Vec::new());
            }
            let complaints = |files: &[(PathBuf, String)]| {
                let named: Vec<(String, &str)> =
                    files.iter().map(|(path, text)| (name(path), text.as_str())).collect();
                let files: Vec<(&str, &str)> =
                    named.iter().map(|(name, text)| (name.as_str(), *text)).collect();
                Triage::parse(&files).map(|triage| triage.self_test())
            };
            let new = complaints(&after).map_err(|error| LibraryError::Unfit(error.to_string()))?;
            let old: BTreeSet<String> = complaints(&before).unwrap_or_default().into_iter().collect();
            Ok(new.into_iter().filter(|complaint| !old.contains(complaint)).collect())
        })
        .await?
    }
}

fn name(path: &std::path::Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The TOML files of a folder with their texts, by name; none when there is no folder.
pub(super) fn texts(folder: &std::path::Path) -> Result<Vec<(PathBuf, String)>, LibraryError> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "toml") {
            let text = fs::read_to_string(&path)?;
            found.push((path, text));
        }
    }
    found.sort();
    Ok(found)
}
