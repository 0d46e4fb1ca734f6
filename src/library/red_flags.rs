//! Red flags: the rules' files, shown rule by rule and edited whole.

use toml_edit::{DocumentMut, Item, Table};

use super::{
    Library, LibraryError, Place, Revision, blocking,
    change::{Edit, Record},
    check::texts,
};
use crate::store::{audit::Action, file_versions::Reason};

/// Examples that a summary shows.
const SHOWN: usize = 3;

/// A file of rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleFile {
    /// Its path within the knowledge folder.
    pub path: String,
    /// Its text.
    pub text: String,
    /// What its first comment says it is about.
    pub about: String,
    /// Its rules.
    pub rules: Vec<RuleSummary>,
    /// Example sentences beside its rules, of emergencies and of what is none.
    pub sentences: usize,
    /// Why it can't be read.
    pub problem: Option<String>,
}

impl RuleFile {
    /// Which content somebody has seen.
    pub fn revision(&self) -> Revision {
        Revision::of([Some(self.text.as_bytes())])
    }
}

/// A rule in a few words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleSummary {
    /// Its id.
    pub id: String,
    /// What staff read.
    pub name: String,
    /// Which fixed text is sent.
    pub kind: String,
    /// How many examples it has.
    pub examples: usize,
    /// The first of them.
    pub shown: Vec<String>,
}

impl Library {
    /// The rules' files, by name.
    ///
    /// # Errors
    /// When the folder can't be read.
    pub async fn rule_files(&self) -> Result<Vec<RuleFile>, LibraryError> {
        let folder = self.inner.folder.join("triage");
        let files = blocking(move || texts(&folder)).await??;
        let summary = files.into_iter().map(|(path, text)| {
            let path = format!("triage/{}", path.file_name().unwrap_or_default().to_string_lossy());
            summarised(path, text)
        });
        Ok(summary.collect())
    }

    /// One of them.
    ///
    /// # Errors
    /// [`LibraryError::NotFound`]; when the folder can't be read.
    pub async fn rule_file(&self, path: &str) -> Result<RuleFile, LibraryError> {
        self.rule_files().await?.into_iter().find(|file| file.path == path).ok_or(LibraryError::NotFound)
    }

    /// Writes a file of rules. Unless `anyway`, one whose examples fail where they did not fail before is refused.
    ///
    /// # Errors
    /// [`LibraryError::Unfit`] with the parser's words, [`LibraryError::SelfTest`], [`LibraryError::Stale`],
    /// [`LibraryError::NotFound`].
    pub async fn save_rule_file(
        &self,
        path: &str,
        text: &str,
        expected: Revision,
        anyway: bool,
        by: &str,
    ) -> Result<(), LibraryError> {
        let place = Place::parse(path)?;
        let _one_at_a_time = self.inner.changing.lock().await;
        Self::still(expected, self.rule_file(path).await?.revision())?;
        let text = text.replace("\r\n", "\n");
        let complaints = self.check_text(&place, text.clone()).await?;
        if !complaints.is_empty() && !anyway {
            return Err(LibraryError::SelfTest(complaints));
        }
        let record = Record::of(&place, by, Action::RedFlagsChanged, Reason::Saved);
        self.put(vec![Edit { place, content: Some(text.into_bytes()) }], record).await.map(|_| ())
    }
}

fn summarised(path: String, text: String) -> RuleFile {
    let comments = text.lines().take_while(|line| line.starts_with('#'));
    let about = comments.map(|line| line.trim_start_matches('#').trim()).collect::<Vec<_>>().join(" ");
    let mut file = RuleFile { path, about, rules: Vec::new(), sentences: 0, problem: None, text };
    match file.text.parse::<DocumentMut>() {
        Ok(parsed) => {
            let tables = |key: &str| parsed.get(key).and_then(Item::as_array_of_tables).into_iter().flatten();
            file.rules = tables("rule").map(rule).collect();
            let texts = |item: Option<&Item>| item.and_then(Item::as_array).map_or(0, |array| array.len());
            let harmless = parsed.get("harmless");
            let of_harmless = |key: &str| texts(harmless.and_then(|harmless| harmless.get(key)));
            file.sentences = tables("examples").map(|table| texts(table.get("texts"))).sum::<usize>()
                + of_harmless("complaints")
                + of_harmless("questions");
        }
        Err(error) => file.problem = Some(error.message().to_owned()),
    }
    file
}

fn rule(table: &Table) -> RuleSummary {
    let text = |key: &str| table.get(key).and_then(Item::as_str).unwrap_or_default().to_owned();
    let examples = table.get("examples").and_then(Item::as_array);
    let shown = examples.into_iter().flatten().filter_map(|value| value.as_str()).take(SHOWN);
    RuleSummary {
        id: text("id"),
        name: text("name"),
        kind: text("kind"),
        examples: examples.map_or(0, |examples| examples.len()),
        shown: shown.map(str::to_owned).collect(),
    }
}
