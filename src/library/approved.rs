//! Approved answers: every entry of `approved/*.toml`, each changed by itself, everything around it left as it is.

use std::collections::HashSet;

use jiff::{Timestamp, civil::Date};
use toml_edit::{Array, ArrayOfTables, DocumentMut, Item, Table, Value};

use super::{
    Library, LibraryError, Place, Revision, blocking,
    change::{Edit, Record},
    check::texts,
};
use crate::{
    domain::{MessageId, NearApproved},
    store::{
        audit::Action,
        file_versions::Reason,
        gaps::{self, Closing},
    },
};

/// Where answers go that no file was chosen for.
const USUAL: &str = "approved/dari-dasbor.toml";
/// Questions that one answer may list.
const MOST_QUESTIONS: usize = 50;
/// Characters of a made id.
const ID_CHARS: usize = 40;

/// An approved answer as it stands in its file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApprovedEntry {
    /// The file that it stands in; empty for one that is not written yet.
    pub file: String,
    /// Its id, unique over all files.
    pub id: String,
    /// The questions it answers.
    pub questions: Vec<String>,
    /// The answer in Indonesian.
    pub answer: String,
    /// The answer in English; may be empty.
    pub answer_en: String,
    /// Who released it.
    pub reviewer: String,
    /// First day, as 2026-12-31; may be empty.
    pub valid_from: String,
    /// Last day; may be empty.
    pub valid_until: String,
    /// The document behind it; may be empty.
    pub source: String,
}

/// An approved answer as a form sends it: an entry whose file and id are empty is new.
pub type ApprovedDraft = ApprovedEntry;

/// What saving a draft made of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drafted {
    /// Its id.
    pub id: String,
}

/// An approved answer that means nearly the same.
pub type Near = NearApproved;

impl ApprovedEntry {
    /// Which content somebody has seen.
    pub fn revision(&self) -> Revision {
        let texts = [
            &self.answer,
            &self.answer_en,
            &self.reviewer,
            &self.valid_from,
            &self.valid_until,
            &self.source,
        ];
        let texts = texts.into_iter().chain(&self.questions);
        Revision::of(texts.map(|text| Some(text.as_bytes())))
    }

    /// Its last day, if it has one.
    pub fn until(&self) -> Option<Date> {
        self.valid_until.parse().ok()
    }

    /// Its first day, if it has one.
    pub fn from(&self) -> Option<Date> {
        self.valid_from.parse().ok()
    }

    fn of(file: &str, table: &Table) -> Self {
        let text = |key: &str| {
            let item = table.get(key);
            let text = item.and_then(Item::as_str).map(str::to_owned);
            text.or_else(|| item.and_then(Item::as_datetime).map(ToString::to_string)).unwrap_or_default()
        };
        let questions = table.get("questions").and_then(Item::as_array);
        Self {
            file: file.to_owned(),
            id: text("id"),
            questions: questions.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect(),
            answer: text("answer").trim().to_owned(),
            answer_en: text("answer_en").trim().to_owned(),
            reviewer: text("reviewer"),
            valid_from: text("valid_from"),
            valid_until: text("valid_until"),
            source: text("source"),
        }
    }

    /// The same with white space that nobody means taken away.
    fn trimmed(&self) -> Self {
        let line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let text = |text: &str| text.replace("\r\n", "\n").trim().to_owned();
        let mut seen = HashSet::new();
        let questions = self.questions.iter().map(|question| line(question));
        Self {
            file: self.file.clone(),
            id: self.id.clone(),
            questions: questions.filter(|one| !one.is_empty() && seen.insert(one.to_lowercase())).collect(),
            answer: text(&self.answer),
            answer_en: text(&self.answer_en),
            reviewer: line(&self.reviewer),
            valid_from: line(&self.valid_from),
            valid_until: line(&self.valid_until),
            source: line(&self.source),
        }
    }

    fn check(&self) -> Result<(), LibraryError> {
        let day = |key, text: &str| match text.parse::<Date>() {
            Ok(day) => Ok(Some(day)),
            Err(_) if text.is_empty() => Ok(None),
            Err(_) => Err(LibraryError::BadDay(key)),
        };
        if self.questions.is_empty() || self.questions.len() > MOST_QUESTIONS {
            return Err(LibraryError::Missing("questions"));
        }
        if self.answer.is_empty() {
            return Err(LibraryError::Missing("answer"));
        }
        if self.reviewer.is_empty() {
            return Err(LibraryError::Missing("reviewer"));
        }
        match (day("valid_from", &self.valid_from)?, day("valid_until", &self.valid_until)?) {
            (Some(from), Some(until)) if until < from => Err(LibraryError::BadDay("valid_until")),
            _ => Ok(()),
        }
    }

    /// Writes into a table what is another there.
    fn write(&self, table: &mut Table) {
        let old = Self::of("", table);
        if table.get("id").is_none() {
            table["id"] = toml_edit::value(&self.id);
        }
        if old.questions != self.questions {
            table["questions"] = Item::Value(Value::Array(one_a_line(&self.questions)));
        }
        let mut set = |key: &str, before: &str, now: &str, long: bool| {
            if now.is_empty() {
                table.remove(key);
            } else if before != now {
                table[key] = Item::Value(if long { text_value(now) } else { Value::from(now) });
            }
        };
        set("answer", &old.answer, &self.answer, true);
        set("answer_en", &old.answer_en, &self.answer_en, true);
        set("reviewer", &old.reviewer, &self.reviewer, false);
        set("valid_from", &old.valid_from, &self.valid_from, false);
        set("valid_until", &old.valid_until, &self.valid_until, false);
        set("source", &old.source, &self.source, false);
    }
}

impl Library {
    /// Every approved answer, in the order of the files; and the files that can't be read, with the parser's words.
    ///
    /// # Errors
    /// When the folder can't be read.
    pub async fn approved(&self) -> Result<(Vec<ApprovedEntry>, Vec<(String, String)>), LibraryError> {
        let folder = self.inner.folder.join("approved");
        let files = blocking(move || texts(&folder)).await??;
        let (mut entries, mut broken) = (Vec::new(), Vec::new());
        for (path, text) in files {
            let file = format!("approved/{}", path.file_name().unwrap_or_default().to_string_lossy());
            match text.parse::<DocumentMut>() {
                Ok(parsed) => {
                    let tables = parsed.get("answer").and_then(Item::as_array_of_tables);
                    entries.extend(tables.into_iter().flatten().map(|table| ApprovedEntry::of(&file, table)));
                }
                Err(error) => broken.push((file, error.message().to_owned())),
            }
        }
        Ok((entries, broken))
    }

    /// One approved answer.
    ///
    /// # Errors
    /// [`LibraryError::NotFound`]; when the folder can't be read.
    pub async fn approved_by_id(&self, id: &str) -> Result<ApprovedEntry, LibraryError> {
        let (entries, _) = self.approved().await?;
        entries.into_iter().find(|entry| entry.id == id).ok_or(LibraryError::NotFound)
    }

    /// Another approved answer whose question lies nearest to one of the draft's, by meaning; nothing before the models
    /// are loaded.
    pub async fn near_approved(&self, draft: &ApprovedDraft, today: Date) -> Option<Near> {
        let brain = self.inner.brain.get()?;
        let mut nearest: Option<Near> = None;
        for question in draft.trimmed().questions.iter().take(3) {
            match brain.assistant.near_approved(question, today).await {
                Ok(Some(near)) if near.id != draft.id => {
                    if nearest.as_ref().is_none_or(|known| known.cosine < near.cosine) {
                        nearest = Some(near);
                    }
                }
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(%error, "near approved answers are not looked for");
                    return None;
                }
            }
        }
        nearest
    }

    /// Writes an approved answer, a new one or, with the revision that was seen, a changed one. The gaps that it answers are
    /// closed. It is in force when this returns.
    ///
    /// # Errors
    /// [`LibraryError::Missing`], [`LibraryError::BadDay`], [`LibraryError::Stale`], [`LibraryError::NotFound`],
    /// [`LibraryError::Unfit`] when the file would not load.
    pub async fn save_approved(
        &self,
        draft: &ApprovedDraft,
        expected: Option<Revision>,
        answers: Vec<MessageId>,
        by: &str,
    ) -> Result<Drafted, LibraryError> {
        let mut draft = draft.trimmed();
        draft.check()?;
        let _one_at_a_time = self.inner.changing.lock().await;
        let (entries, _) = self.approved().await?;
        let is_new = expected.is_none();
        if let Some(seen) = expected {
            let now = entries.iter().find(|entry| entry.id == draft.id).ok_or(LibraryError::NotFound)?;
            Self::still(seen, now.revision())?;
            draft.file.clone_from(&now.file);
        } else {
            draft.id = free_id(&draft.questions[0], &entries);
            if draft.file.is_empty() {
                USUAL.clone_into(&mut draft.file);
            }
        }
        let place = Place::parse(&draft.file)?;
        let mut file = self.parsed(&place).await?;
        let tables = answers_of(&mut file)?;
        let at = tables.iter().position(|table| table.get("id").and_then(Item::as_str) == Some(&draft.id));
        match at.and_then(|at| tables.get_mut(at)) {
            Some(table) => draft.write(table),
            None => {
                let mut table = Table::new();
                draft.write(&mut table);
                table.decor_mut().set_prefix("\n");
                tables.push(table);
            }
        }
        let action = if is_new { Action::ApprovedMade } else { Action::ApprovedChanged };
        self.put_approved(&place, file, action, &draft.id, by).await?;
        if !answers.is_empty() {
            let by = by.to_owned();
            let closing = self
                .inner
                .store
                .write(move |tx| gaps::close(tx, &answers, Closing::Answered, &by, Timestamp::now()));
            closing.await?;
        }
        Ok(Drafted { id: draft.id })
    }

    /// Takes an approved answer out.
    ///
    /// # Errors
    /// [`LibraryError::NotFound`], [`LibraryError::Stale`].
    pub async fn delete_approved(&self, id: &str, expected: Revision, by: &str) -> Result<(), LibraryError> {
        let _one_at_a_time = self.inner.changing.lock().await;
        let entry = self.approved_by_id(id).await?;
        Self::still(expected, entry.revision())?;
        let place = Place::parse(&entry.file)?;
        let mut file = self.parsed(&place).await?;
        let tables = answers_of(&mut file)?;
        let at = tables.iter().position(|table| table.get("id").and_then(Item::as_str) == Some(id));
        let at = at.ok_or(LibraryError::NotFound)?;
        // What stands above the first answer is the file's own comment.
        let above = tables.get(at).and_then(|table| table.decor().prefix()).and_then(|raw| raw.as_str());
        let above = above.unwrap_or_default().to_owned();
        tables.remove(at);
        if at == 0 {
            match tables.get_mut(0) {
                Some(next) => next.decor_mut().set_prefix(above),
                None => file.set_trailing(above),
            }
        }
        if answers_of(&mut file)?.is_empty() {
            // The parser wants the key, also where nothing is under it.
            file["answer"] = toml_edit::value(Array::new());
        }
        self.put_approved(&place, file, Action::ApprovedDeleted, id, by).await
    }

    async fn put_approved(
        &self,
        place: &Place,
        file: DocumentMut,
        action: Action,
        id: &str,
        by: &str,
    ) -> Result<(), LibraryError> {
        let text = file.to_string();
        self.check_text(place, text.clone()).await?;
        let record = Record {
            by: by.to_owned(),
            action,
            subject: format!("approved answer {id}"),
            reason: Reason::Saved,
        };
        self.put(vec![Edit { place: place.clone(), content: Some(text.into_bytes()) }], record)
            .await
            .map(|_| ())
    }

    async fn parsed(&self, place: &Place) -> Result<DocumentMut, LibraryError> {
        let text = self.text(place).await?.unwrap_or_default();
        text.parse().map_err(|error: toml_edit::TomlError| LibraryError::Unfit(error.message().to_owned()))
    }
}

/// The file's entries, made where there are none.
fn answers_of(file: &mut DocumentMut) -> Result<&mut ArrayOfTables, LibraryError> {
    let is_empty = file.get("answer").is_none_or(|item| item.as_array().is_some_and(Array::is_empty));
    if is_empty {
        file["answer"] = Item::ArrayOfTables(ArrayOfTables::new());
    }
    let unfit = || LibraryError::Unfit("`answer` is not a list of [[answer]]".to_owned());
    file.get_mut("answer").and_then(Item::as_array_of_tables_mut).ok_or_else(unfit)
}

/// Texts one a line, as the hospital's files have them.
fn one_a_line(texts: &[String]) -> Array {
    let mut array = Array::new();
    for text in texts {
        let mut value = Value::from(text.as_str());
        value.decor_mut().set_prefix("\n  ");
        array.push_formatted(value);
    }
    array.set_trailing("\n");
    array.set_trailing_comma(true);
    array
}

/// A text between three quotes, beginning on its own line.
pub(super) fn text_value(text: &str) -> Value {
    let mut escaped = text.replace('\\', "\\\\").replace("\"\"\"", "\\\"\\\"\\\"");
    if escaped.ends_with('"') {
        escaped.pop();
        escaped.push_str("\\\"");
    }
    let long = format!("\"\"\"\n{escaped}\"\"\"");
    // Letters that TOML wants escaped come out of the plain form right.
    long.parse()
        .ok()
        .filter(|value: &Value| value.as_str() == Some(text))
        .unwrap_or_else(|| Value::from(text))
}

/// An id of a question's words that no entry has.
fn free_id(question: &str, entries: &[ApprovedEntry]) -> String {
    let mut id = String::new();
    for c in question.to_lowercase().chars() {
        if id.len() >= ID_CHARS {
            break;
        }
        if c.is_ascii_alphanumeric() {
            id.push(c);
        } else if !id.is_empty() && !id.ends_with('-') {
            id.push('-');
        }
    }
    let id = id.trim_end_matches('-');
    let id = if id.is_empty() { "jawaban" } else { id };
    let is_free = |id: &str| entries.iter().all(|entry| entry.id != id);
    let numbered = (2..).map(|number| format!("{id}-{number}"));
    std::iter::once(id.to_owned()).chain(numbered).find(|id| is_free(id)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_changed_and_all_around_it_stays() -> anyhow::Result<()> {
        let written = "# Umum\n\n[[answer]] # alamat\nid = \"alamat\"\nquestions = [\"Di mana?\"]\n# resmi\nanswer = \"\"\"\nJl. *Bumi* 1.\"\"\"\nreviewer = \"Ani\"\nvalid_from = 2026-01-01\n\n[[answer]]\nid = \"parkir\"\nquestions = [\"Parkir?\"]\nanswer = \"Ya.\"\nreviewer = \"Ani\"\n";
        let mut file: DocumentMut = written.parse()?;
        let tables = answers_of(&mut file)?;
        let table = tables.get_mut(0).ok_or_else(|| anyhow::anyhow!("one"))?;
        let mut entry = ApprovedEntry::of("approved/a.toml", table);
        assert_eq!((entry.answer.as_str(), entry.valid_from.as_str()), ("Jl. *Bumi* 1.", "2026-01-01"));
        entry.write(table);
        assert_eq!(file.to_string(), written, "nothing changed");
        entry.answer = "Kata \"\"\"tiga\"\"\" dan \\n garis\nbaris dua \"".to_owned();
        entry.questions.push("Alamatnya \"di mana\"?".to_owned());
        entry.write(answers_of(&mut file)?.get_mut(0).ok_or_else(|| anyhow::anyhow!("one"))?);
        let text = file.to_string();
        for kept in
            ["# Umum\n", "[[answer]] # alamat", "# resmi\n", "valid_from = 2026-01-01", "id = \"parkir\""]
        {
            assert!(text.contains(kept), "{kept}: {text}");
        }
        let again: DocumentMut = text.parse()?;
        let tables = again.get("answer").and_then(Item::as_array_of_tables);
        let read =
            tables.and_then(|tables| tables.get(0)).map(|table| ApprovedEntry::of("approved/a.toml", table));
        assert_eq!(read, Some(entry));
        Ok(())
    }

    #[test]
    fn ids_are_made_of_words_and_never_twice() {
        let entry = |id: &str| ApprovedEntry { id: id.into(), ..ApprovedEntry::default() };
        assert_eq!(free_id("Jam besuk ICU?", &[]), "jam-besuk-icu");
        assert_eq!(
            free_id("Jam besuk ICU?", &[entry("jam-besuk-icu"), entry("jam-besuk-icu-2")]),
            "jam-besuk-icu-3"
        );
        assert_eq!(free_id("???", &[]), "jawaban");
    }
}
