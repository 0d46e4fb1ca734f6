//! The rules' files: their format, their checks.
//!
//! ```toml
//! [groups]                       # names for lists of words, usable in every file as @name
//! nyeri = ["nyeri", "sakit", "perih"]
//!
//! [[rule]]
//! id = "nyeri-dada"              # appears in logs and in the staff's alarm
//! name = "Nyeri dada"            # what staff read
//! kind = "medical"               # which fixed text is sent: medical, pregnancy, poisoning, violence or mental
//! all = [                        # every list must match somewhere in the message, each by one of its patterns
//!     ["@nyeri dada"],
//!     ["keringat dingin", "menjalar", "sesak"],
//! ]
//! unless = ["sakit+hati"]        # if one of these matches, the rule is silent
//! always = false                 # true: alarms also where it is past, or only asked about (default false)
//! examples = ["dada saya sakit, keringat dingin"]   # must alarm; near ones are found by meaning
//! harmless = ["seminar nyeri dada"]                 # look-alikes that must not
//! ```
//!
//! One file also holds `[context]` (see [`Context`]) and may hold `[similarity]`. Any file may add `[[examples]]` of a
//! `rule` (`texts`), and `[harmless]` sentences that must not alarm (`complaints`, `questions`). Patterns:
//! [`super::pattern`].

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;

use super::pattern::{Groups, Pattern, Span, Words};
use super::reading::Reading;

/// Which fixed text an emergency gets. In the order in which they are sent when several rules alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Poisoning, overdose, venom.
    Poisoning,
    /// Pregnancy, birth, childbed.
    Pregnancy,
    /// Everything bodily else.
    Medical,
    /// Violence, sexual assault.
    Violence,
    /// Thoughts of suicide, self-harm.
    Mental,
}

impl Kind {
    /// The reply's key in `knowledge/replies/*.toml`.
    pub fn reply_key(self) -> &'static str {
        match self {
            Self::Poisoning => "emergency_poisoning",
            Self::Pregnancy => "emergency_pregnancy",
            Self::Medical => "emergency",
            Self::Violence => "emergency_violence",
            Self::Mental => "emergency_mental",
        }
    }
}

/// A rule that found a red flag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// The rule's id.
    pub rule: Arc<str>,
    /// What staff read.
    pub name: Arc<str>,
    /// Which text the patient gets.
    pub kind: Kind,
}

/// Why the rules can't be used.
#[derive(Debug, thiserror::Error)]
pub enum TriageError {
    /// The folder or a file can't be read.
    #[error("can't read {path}: {source}")]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file is no TOML, or has a key or a value that is not allowed.
    #[error("{file}: {reason}")]
    Format {
        /// Which file.
        file: String,
        /// Where and what, with what is allowed.
        reason: String,
    },
    /// A rule says something that can't be used.
    #[error("{file}: {place}: {reason}")]
    Rule {
        /// Which file.
        file: String,
        /// Which rule, group or list.
        place: String,
        /// What is wrong, and what is allowed.
        reason: String,
    },
    /// There are no rules at all, or not the one `[context]`.
    #[error("{0}")]
    Incomplete(String),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    groups: Groups,
    context: Option<Context>,
    similarity: Option<SimilarityOptions>,
    #[serde(default, rename = "rule")]
    rules: Vec<WrittenRule>,
    #[serde(default)]
    examples: Vec<MoreExamples>,
    #[serde(default)]
    harmless: Harmless,
}

/// How sentences are read around the rules' words; `[context]` of one file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Context {
    /// Words that deny what follows: tidak, bukan, tanpa …
    pub negators: Vec<String>,
    /// Words that a negation reaches over: `tidak ada rasa nyeri`.
    pub light: Vec<String>,
    /// Words that carry a negation on: `tidak nyeri atau sesak`.
    pub carriers: Vec<String>,
    /// Words that turn the next word into the name of a service or a topic: `obat kejang`, `seminar stroke`.
    pub heads: Vec<String>,
    /// Words before a head that undo this: `habis minum obat, sesak`.
    pub after: Vec<String>,
    /// Patterns of sentences about the past or about what might be; their red flags do not count …
    calm: Vec<String>,
    /// … unless one of these stands in the same sentence.
    urgent: Vec<String>,
}

/// How messages are compared with the examples by meaning; `[similarity]` of one file. See [`super::similar`].
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct SimilarityOptions {
    /// Least reading that alarms; emergencies are fitted to 1, harmless sentences to 0.
    pub threshold: f32,
    /// How far readings of the examples themselves may stray from that, so that one odd example does not decide.
    pub ridge: f32,
}

impl Default for SimilarityOptions {
    fn default() -> Self {
        Self { threshold: 0.45, ridge: 2e-5 }
    }
}

/// More examples for a rule; `[[examples]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct MoreExamples {
    rule: String,
    texts: Vec<String>,
}

/// Sentences that must not alarm; `[harmless]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Harmless {
    complaints: Vec<String>,
    questions: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenRule {
    id: String,
    name: String,
    kind: Kind,
    all: Vec<Vec<String>>,
    #[serde(default)]
    unless: Vec<String>,
    #[serde(default)]
    always: bool,
    #[serde(default)]
    examples: Vec<String>,
    #[serde(default)]
    harmless: Vec<String>,
}

/// One red flag.
#[derive(Debug)]
pub(super) struct Rule {
    pub alarm: Alarm,
    pub examples: Vec<String>,
    pub harmless: Vec<String>,
    all: Vec<Vec<Pattern>>,
    unless: Vec<Pattern>,
    always: bool,
}

/// All files together.
#[derive(Debug)]
pub(super) struct Rules {
    pub rules: Vec<Rule>,
    pub words: Words,
    pub context: Context,
    pub similarity: SimilarityOptions,
    /// Ordinary complaints that must not alarm.
    pub complaints: Vec<String>,
    /// Questions about the hospital that must not alarm.
    pub questions: Vec<String>,
    calm: Vec<Pattern>,
    urgent: Vec<Pattern>,
}

impl Rule {
    /// Whether the message holds this red flag, here and now.
    pub fn alarms(&self, reading: &Reading) -> bool {
        self.matches(reading, &|pattern, spans| !self.is_silenced(reading, pattern, spans))
            && !self
                .unless
                .iter()
                .any(|pattern| pattern.found(reading, &|spans| !is_denied(reading, pattern, spans)))
    }

    /// Whether the message names this red flag and does not have it: denied, past, a topic, a look-alike.
    pub fn is_excused(&self, reading: &Reading) -> bool {
        self.matches(reading, &|_, _| true) && !self.alarms(reading)
    }

    fn matches(&self, reading: &Reading, accept: &dyn Fn(&Pattern, &[Span]) -> bool) -> bool {
        self.all
            .iter()
            .all(|part| part.iter().any(|pattern| pattern.found(reading, &|spans| accept(pattern, spans))))
    }

    fn is_silenced(&self, reading: &Reading, pattern: &Pattern, spans: &[Span]) -> bool {
        let elsewhere = !self.always
            && spans
                .iter()
                .any(|&(start, _)| reading.is_headed(start) || reading.is_calm(reading.sentence(start)));
        elsewhere || is_denied(reading, pattern, spans)
    }
}

/// Whether a negation reaches one of the words found; a pattern that names a negation means just that.
fn is_denied(reading: &Reading, pattern: &Pattern, spans: &[Span]) -> bool {
    !pattern.names_negation
        && spans.iter().flat_map(|&(start, end)| start..end).any(|at| reading.is_negated(at))
}

impl Rules {
    pub fn load(folder: &Path) -> Result<Self, TriageError> {
        let read = |path: &Path, source| TriageError::Read { path: path.to_owned(), source };
        let entries = std::fs::read_dir(folder).map_err(|e| read(folder, e))?;
        let mut paths = Vec::new();
        for entry in entries {
            let path = entry.map_err(|e| read(folder, e))?.path();
            if path.extension().is_some_and(|e| e == "toml") {
                paths.push(path);
            }
        }
        paths.sort();
        let mut files = Vec::with_capacity(paths.len());
        for path in &paths {
            let text = std::fs::read_to_string(path).map_err(|e| read(path, e))?;
            files.push((path.display().to_string(), text));
        }
        let files: Vec<_> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        Self::parse(&files)
    }

    pub fn parse(files: &[(&str, &str)]) -> Result<Self, TriageError> {
        let mut parsed = Vec::with_capacity(files.len());
        for &(name, text) in files {
            let file: File = toml::from_str(text).map_err(|e| TriageError::Format {
                file: name.to_owned(),
                reason: e.to_string().trim_end().to_owned(),
            })?;
            parsed.push((name, file));
        }
        let mut groups = Groups::new();
        let mut context = None;
        let mut similarity = None;
        for (name, file) in &mut parsed {
            for (group, members) in std::mem::take(&mut file.groups) {
                if groups.insert(group.clone(), members).is_some() {
                    return Err(problem(
                        name,
                        &format!("group \"{group}\""),
                        "it is defined twice; group names are shared by all files",
                    ));
                }
            }
            if file.context.is_some() && context.is_some() {
                return Err(problem(
                    name,
                    "[context]",
                    "another file has one already; there must be exactly one",
                ));
            }
            context = context.or(file.context.take().map(|c| (*name, c)));
            similarity = similarity.or(file.similarity);
        }
        let (context_file, context) = context.ok_or_else(|| {
            TriageError::Incomplete("no triage file has the [context] section; one must".to_owned())
        })?;
        let mut compiler = Compiler { groups, words: Words::default() };
        for list in [&context.negators, &context.light, &context.carriers, &context.heads, &context.after] {
            compiler.words.add(list);
        }
        let calm =
            compiler.patterns(&context.calm, &[]).map_err(|r| problem(context_file, "context.calm", &r))?;
        let urgent = compiler
            .patterns(&context.urgent, &[])
            .map_err(|r| problem(context_file, "context.urgent", &r))?;
        let mut rules: Vec<Rule> = Vec::new();
        let (mut complaints, mut questions, mut more) = (Vec::new(), Vec::new(), Vec::new());
        for (name, file) in parsed {
            complaints.extend(file.harmless.complaints);
            questions.extend(file.harmless.questions);
            more.extend(file.examples.into_iter().map(|examples| (name, examples)));
            for written in file.rules {
                let place = format!("rule \"{}\"", written.id);
                if rules.iter().any(|r| *r.alarm.rule == *written.id) {
                    return Err(problem(name, &place, "another rule has this id; ids must differ"));
                }
                rules.push(compiler.rule(written, &context.negators).map_err(|r| problem(name, &place, &r))?);
            }
        }
        if rules.is_empty() {
            return Err(TriageError::Incomplete(
                "the triage files hold no [[rule]]; without one no emergency is found".to_owned(),
            ));
        }
        for (name, examples) in more {
            let rule = rules.iter_mut().find(|r| *r.alarm.rule == *examples.rule).ok_or_else(|| {
                problem(name, &format!("[[examples]] of \"{}\"", examples.rule), "no [[rule]] has this id")
            })?;
            rule.examples.extend(examples.texts);
        }
        let similarity = similarity.unwrap_or_default();
        Ok(Self { rules, words: compiler.words, context, similarity, complaints, questions, calm, urgent })
    }

    /// Marks the sentences whose red flags do not count.
    pub fn mark_calm(&self, reading: &mut Reading) {
        let sentences = |patterns: &[Pattern]| {
            let marked = std::cell::RefCell::new(Vec::new());
            for pattern in patterns {
                // Every occurrence: none is accepted, so that the search goes on.
                pattern.found(reading, &|spans| {
                    marked.borrow_mut().push(reading.sentence(spans[0].0));
                    false
                });
            }
            marked.into_inner()
        };
        let urgent = sentences(&self.urgent);
        let calm: Vec<usize> = sentences(&self.calm).into_iter().filter(|s| !urgent.contains(s)).collect();
        reading.set_calm(calm);
    }
}

fn problem(file: &str, place: &str, reason: &str) -> TriageError {
    TriageError::Rule { file: file.to_owned(), place: place.to_owned(), reason: reason.to_owned() }
}

/// Turns what is written into what is looked for.
struct Compiler {
    groups: Groups,
    words: Words,
}

impl Compiler {
    fn rule(&mut self, written: WrittenRule, negators: &[String]) -> Result<Rule, String> {
        let nameless = |text: &str| text.trim().is_empty();
        if nameless(&written.id) || nameless(&written.name) {
            return Err("it needs an id and a name".to_owned());
        }
        if written.all.is_empty() || written.all.iter().any(Vec::is_empty) {
            return Err("`all` needs at least one list, and each list at least one pattern".to_owned());
        }
        let mut all = Vec::with_capacity(written.all.len());
        for part in &written.all {
            all.push(self.patterns(part, negators)?);
        }
        Ok(Rule {
            alarm: Alarm { rule: written.id.into(), name: written.name.into(), kind: written.kind },
            unless: self.patterns(&written.unless, negators)?,
            examples: written.examples,
            harmless: written.harmless,
            always: written.always,
            all,
        })
    }

    fn patterns(&mut self, written: &[String], negators: &[String]) -> Result<Vec<Pattern>, String> {
        written
            .iter()
            .map(|pattern| {
                Pattern::parse(pattern, &self.groups, negators, &mut self.words)
                    .map_err(|reason| format!("pattern \"{pattern}\": {reason}"))
            })
            .collect()
    }
}
