//! Running cases through the assistant, one after the other, as a patient would meet it.

use jiff::Zoned;

use super::{Case, EvaluationError, Kind, Verdict};
use crate::{
    assistant::{Assistant, LocalAssistant, Question},
    domain::{Answer, Outcome},
    language::{fact_set, unsupported},
};

/// What to run and how.
pub struct Evaluation<'a> {
    /// The assistant under evaluation.
    pub assistant: &'a Assistant,
    /// The same, for looking inside.
    pub local: &'a LocalAssistant,
    /// The moment all questions are asked at, in the hospital's zone.
    pub at: Zoned,
    /// Stop after the search: for sets that are about retrieval only.
    pub retrieval_only: bool,
}

impl Evaluation<'_> {
    /// Runs one case.
    ///
    /// # Errors
    /// When the search itself fails; an answer never does.
    pub async fn run(&self, case: &Case) -> Result<Verdict, EvaluationError> {
        let question = Question {
            text: case.question.clone(),
            history: case.history.clone(),
            first_contact: false,
            // What is said outside their hours is no part of an answer.
            staff_are_there: true,
            at: self.at.clone(),
        };
        let mut verdict = Verdict::new(case);
        let searched = matches!(case.kind, Kind::Answerable | Kind::Unanswerable);
        if searched {
            let inspection = self.local.inspect(&question).await?;
            let mut documents: Vec<&str> = Vec::new();
            for read in &inspection.passages {
                // Cases name documents below `documents/`, passages below the knowledge folder.
                let path = &read.found.passage.path;
                let path = path.strip_prefix("documents/").unwrap_or(path);
                if !documents.contains(&path) {
                    documents.push(path);
                }
            }
            verdict.rank = documents
                .iter()
                .position(|document| case.documents.iter().any(|gold| gold == document))
                .map(|at| at + 1);
            verdict.answerability = Some(inspection.answerability);
            verdict.timings = inspection.timings;
        }
        if !self.retrieval_only {
            let answer = self.assistant.answer(&question).await;
            verdict.timings = answer.timings;
            self.judge(case, &answer, &mut verdict);
        }
        Ok(verdict)
    }

    fn judge(&self, case: &Case, answer: &Answer, verdict: &mut Verdict) {
        verdict.outcome = Some(answer.outcome);
        verdict.text.clone_from(&answer.text);
        verdict.facts_present = case.facts.iter().filter(|spellings| states(&answer.text, spellings)).count();
        verdict.facts_expected = case.facts.len();
        if matches!(answer.outcome, Outcome::Answered | Outcome::Quoted | Outcome::Approved) {
            let held: Vec<String> =
                answer.sources.iter().map(|source| format!("{}\n{}", source.title, source.passage)).collect();
            let fixed = self.local.fixed_texts(answer.language);
            let support = held.iter().map(String::as_str).chain(fixed.iter().map(String::as_str));
            verdict.unsupported_facts = unsupported(&answer.text, support).len();
        }
        let lower = answer.text.to_lowercase();
        verdict.forbidden_said = case.forbidden.iter().any(|words| lower.contains(&words.to_lowercase()));
    }
}

/// Whether the answer states a fact in one of its spellings: literally, or by the value of all facts in it.
fn states(answer: &str, spellings: &[String]) -> bool {
    let flat = |text: &str| {
        text.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ").replace(['*', '_'], "")
    };
    let said = flat(answer);
    let values = fact_set(answer);
    spellings.iter().any(|spelling| {
        let wanted = fact_set(spelling);
        let by_value = !wanted.is_empty()
            && wanted.iter().all(|fact| values.contains(fact))
            && spelling.chars().filter(|c| c.is_alphabetic()).count() <= 6;
        said.contains(&flat(spelling)) || by_value
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fact_counts_in_any_of_its_spellings() {
        let answer = "Poliklinik buka *Sabtu* pukul 08.00–13.00 WIB, biayanya Rp150.000.";
        for spelling in ["13.00", "Sabtu", "rp 150.000", "150 ribu", "08:00"] {
            assert!(states(answer, &[spelling.to_owned()]), "{spelling}");
        }
        for absent in ["14.00", "Minggu", "Rp15.000"] {
            assert!(!states(answer, &[absent.to_owned()]), "{absent}");
        }
    }
}
