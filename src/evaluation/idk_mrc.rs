//! IDK-MRC (Putri & Oh, EMNLP 2022) as a knowledge folder and a file of cases: each context becomes a document, each
//! question a case that is answerable from its context or from nowhere.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use super::{Case, EvaluationError, Kind, Split, Style};

#[derive(Deserialize)]
struct Item {
    context: String,
    qas: Vec<Question>,
}

#[derive(Deserialize)]
struct Question {
    id: String,
    is_impossible: bool,
    question: String,
    answers: Vec<Span>,
}

#[derive(Deserialize)]
struct Span {
    text: String,
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Converted {
    /// The knowledge folder.
    pub knowledge_dir: PathBuf,
    /// The file of cases.
    pub cases: PathBuf,
    /// Documents written.
    pub documents: usize,
    /// Cases written.
    pub questions: usize,
}

/// Converts `source` (a folder with `valid.json` and `train.json`) into `target`: the contexts of both, the questions
/// of `split` (`valid` or `train`), optionally respelled word by word with an `informal<TAB>formal` dictionary.
///
/// # Errors
/// When a file can't be read, parsed or written.
pub fn convert(
    source: &Path,
    target: &Path,
    split: &str,
    slang: Option<&Path>,
) -> Result<Converted, EvaluationError> {
    let respell = slang.map(Respelling::load).transpose()?;
    let documents_dir = target.join("documents");
    fs::create_dir_all(&documents_dir).map_err(|error| EvaluationError::io(&documents_dir, error))?;
    let mut names: HashMap<String, String> = HashMap::new();
    let mut cases = Vec::new();
    for file in ["valid", "train"] {
        for item in read(&source.join(format!("{file}.json")))? {
            let next = format!("{:05}.txt", names.len());
            let name = names.entry(item.context.clone()).or_insert_with(|| next.clone()).clone();
            if name == next {
                write(&documents_dir.join(&name), &item.context)?;
                // No title: the passages stand for themselves, as in the published task.
                write(&documents_dir.join(format!("{name}.toml")), "title = \"\"\n")?;
            }
            if file == split {
                cases.extend(item.qas.into_iter().map(|question| case(question, &name, respell.as_ref())));
            }
        }
    }
    let lines: Vec<String> = cases.iter().filter_map(|case| serde_json::to_string(case).ok()).collect();
    let cases_file = target.join(format!("{split}{}.jsonl", if slang.is_some() { "-slang" } else { "" }));
    write(&cases_file, &(lines.join("\n") + "\n"))?;
    Ok(Converted {
        knowledge_dir: target.to_owned(),
        cases: cases_file,
        documents: names.len(),
        questions: cases.len(),
    })
}

fn case(question: Question, document: &str, respell: Option<&Respelling>) -> Case {
    let text = match respell {
        Some(respell) => respell.apply(&question.question),
        None => question.question,
    };
    let answerable = !question.is_impossible;
    Case {
        id: question.id,
        kind: if answerable { Kind::Answerable } else { Kind::Unanswerable },
        style: if respell.is_some() { Style::Informal } else { Style::Formal },
        split: Split::Test,
        question: text,
        history: Vec::new(),
        facts: question.answers.into_iter().take(1).map(|span| vec![span.text]).collect(),
        documents: if answerable { vec![document.to_owned()] } else { Vec::new() },
        forbidden: Vec::new(),
    }
}

/// Formal words and the first informal spelling that a dictionary lists for each.
struct Respelling(HashMap<String, String>);

impl Respelling {
    fn load(path: &Path) -> Result<Self, EvaluationError> {
        let text = fs::read_to_string(path).map_err(|error| EvaluationError::io(path, error))?;
        let mut informal = HashMap::new();
        for line in text.lines().skip(1) {
            if let Some((slang, formal)) = line.split_once('\t') {
                informal.entry(formal.trim().to_lowercase()).or_insert_with(|| slang.trim().to_owned());
            }
        }
        Ok(Self(informal))
    }

    fn apply(&self, text: &str) -> String {
        text.split_inclusive(|c: char| !c.is_alphanumeric())
            .map(|piece| {
                let word = piece.trim_end_matches(|c: char| !c.is_alphanumeric());
                match self.0.get(&word.to_lowercase()) {
                    Some(informal) => format!("{informal}{}", &piece[word.len()..]),
                    None => piece.to_owned(),
                }
            })
            .collect()
    }
}

fn read(path: &Path) -> Result<Vec<Item>, EvaluationError> {
    let text = fs::read_to_string(path).map_err(|error| EvaluationError::io(path, error))?;
    serde_json::from_str(&text).map_err(|error| EvaluationError::Line {
        path: path.display().to_string(),
        line: error.line(),
        problem: error.to_string(),
    })
}

fn write(path: &Path, text: &str) -> Result<(), EvaluationError> {
    fs::write(path, text).map_err(|error| EvaluationError::io(path, error))
}
