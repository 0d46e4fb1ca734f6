//! One question's way through the assistant, step by step; the module above says what each step is for.

use std::time::Instant;

use super::{
    AssistantError, Compose, LocalAssistant, Question, ReplyTexts,
    answerable::{ANSWERABLE, RELATED, answerability, names_unknown_doctor},
    approved::{APPROVED, ApprovedAnswer},
    compose::{
        quote::{self, Quotation},
        write,
    },
    content::Content,
    follow_up,
    ground::ground,
    medical::is_medical_question,
    own_case::own_case,
    reading::{self, ReadPassage},
    small_talk::{SmallTalk, small_talk},
    triage::{Alarm, Kind},
};
use crate::{
    domain::{
        Answer, Flag, Intent, Language, Outcome, Passage, RedFlag, Rejected, ScoredPassage, Source,
        Thresholds, Timings, Trial, TriedPassage,
    },
    language::{detect, normalized_words},
};

/// What a search found, for evaluation and for staff.
#[derive(Clone, Debug)]
pub struct Inspection {
    /// The passages, best first.
    pub passages: Vec<ReadPassage>,
    /// How likely they hold the answer, 0..=1 ([`super::answerable`]).
    pub answerability: f32,
    /// Milliseconds a step.
    pub timings: Timings,
}

/// Passages that a search gives; all of them are read.
const FOUND: usize = 10;

/// One question under way.
pub(super) struct Attempt<'a> {
    assistant: &'a LocalAssistant,
    content: &'a Content,
    question: &'a Question,
    language: Language,
    timings: Timings,
    /// What was seen on the way; kept for staff who try a question out.
    seen: Option<Box<Trial>>,
}

/// What the search gave, with what it was asked.
struct Found {
    asked: String,
    passages: Vec<ReadPassage>,
    quotation: Option<Quotation>,
    answerability: f32,
    /// Whether it names a doctor that no document does.
    unknown_doctor: bool,
}

impl<'a> Attempt<'a> {
    pub fn new(assistant: &'a LocalAssistant, content: &'a Content, question: &'a Question) -> Self {
        let language = detect(&question.text);
        Self { assistant, content, question, language, timings: Timings::default(), seen: None }
    }

    /// [`Self::answer`], and what was seen on the way. Passages are shown even where the answer needed none.
    pub async fn try_out(&mut self) -> Result<Trial, AssistantError> {
        let text = self.question.text.as_str();
        let silence = Answer { timings: Timings::default(), ..self.hand_over(false, None) };
        let thresholds = Thresholds { answerable: ANSWERABLE, related: RELATED, approved: APPROVED };
        let is_medical = is_medical_question(text);
        self.seen = Some(Box::new(Trial {
            thresholds,
            is_medical,
            is_own_case: own_case(text).is_some(),
            ..Trial::of(silence)
        }));
        let answer = self.answer().await?;
        let used = self.seen.as_ref().is_some_and(|seen| !seen.passages.is_empty());
        if !used {
            let timings = self.timings;
            let vector = self.assistant.knowledge.embed(text).await?;
            if let Some(seen) = &mut self.seen
                && seen.approved.is_none()
            {
                seen.approved = self.content.approved.nearest(&vector, self.question.at.date());
            }
            self.search(vector, follow_up::continued(text, &self.question.history)).await?;
            self.timings = timings;
        }
        let seen = self.seen.take().map_or_else(|| Trial::of(answer.clone()), |seen| *seen);
        Ok(Trial { answer, passages_count: used, ..seen })
    }

    pub async fn answer(&mut self) -> Result<Answer, AssistantError> {
        let text = self.question.text.as_str();
        let clock = Instant::now();
        let verdict = self.content.triage.check(text);
        self.timings.triage = milliseconds(clock);
        if let Some(alarm) = verdict.alarm() {
            return Ok(self.emergency(alarm, false));
        }
        if let Some(talk) = small_talk(text) {
            return Ok(self.small_talk(talk));
        }

        let clock = Instant::now();
        let vector = self.assistant.knowledge.embed(text).await?;
        self.timings.embed = milliseconds(clock);
        let clock = Instant::now();
        let verdict = self.content.triage.check_similar(text, &vector);
        self.timings.triage += milliseconds(clock);
        if let Some(alarm) = verdict.alarm() {
            return Ok(self.emergency(alarm, true));
        }

        let continued = follow_up::continued(text, &self.question.history);
        let clock = Instant::now();
        let day = self.question.at.date();
        if let Some(seen) = &mut self.seen {
            seen.approved = self.content.approved.nearest(&vector, day);
        }
        if continued.is_none()
            && let Some((approved, cosine)) = self.content.approved.find(text, &vector, day)
        {
            self.timings.approved = milliseconds(clock);
            if let Some(near) = self.seen.as_mut().and_then(|seen| seen.approved.as_mut()) {
                near.is_given = true;
            }
            return Ok(self.approved(&approved, cosine));
        }
        self.timings.approved = milliseconds(clock);

        if own_case(text).is_some() {
            return Ok(self.hand_over(is_medical_question(text), None));
        }
        let found = self.search(vector, continued).await?;
        let medical = is_medical_question(&found.asked);
        let Some(quotation) = &found.quotation else {
            return Ok(self.hand_over(medical, None));
        };
        if found.unknown_doctor || found.answerability < RELATED {
            return Ok(self.hand_over(medical, None));
        }
        if found.answerability < ANSWERABLE {
            // What a clinician must answer is never answered by halves.
            let related = (!medical).then(|| self.related(&found.passages, quotation));
            return Ok(related.unwrap_or_else(|| self.hand_over(medical, None)));
        }
        if medical {
            return Ok(self.quoted(&found.passages, quotation, true, None));
        }
        match (self.assistant.options.compose, &self.assistant.generator) {
            (Compose::Write, Some(generator)) => {
                let passages: Vec<&Passage> = found
                    .passages
                    .iter()
                    .take(self.assistant.options.passages)
                    .map(|read| &read.found.passage)
                    .collect();
                let request = write::request(text, &self.question.history, &passages, self.language);
                let clock = Instant::now();
                let written = generator.generate(request).await?;
                self.timings.compose = milliseconds(clock);
                if write::declined(&written.text) {
                    return Ok(self.hand_over(
                        medical,
                        Some(Rejected {
                            text: written.text,
                            reasons: vec!["the model found no answer".into()],
                        }),
                    ));
                }
                let clock = Instant::now();
                let grounded = ground(&written.text, &passages, text);
                self.timings.ground = milliseconds(clock);
                Ok(match grounded {
                    Ok(grounded) => {
                        let sources = grounded.cited.iter().map(|&at| source(&found.passages[at])).collect();
                        self.done(grounded.text, Outcome::Answered, sources, None, None)
                    }
                    Err(rejected) => self.quoted(&found.passages, quotation, medical, Some(rejected)),
                })
            }
            _ => Ok(self.quoted(&found.passages, quotation, medical, None)),
        }
    }

    pub async fn inspect(&mut self) -> Result<Inspection, AssistantError> {
        let text = self.question.text.as_str();
        let clock = Instant::now();
        let vector = self.assistant.knowledge.embed(text).await?;
        self.timings.embed = milliseconds(clock);
        let continued = follow_up::continued(text, &self.question.history);
        let found = self.search(vector, continued).await?;
        self.timings.total = self.timings.embed + self.timings.search + self.timings.read;
        let Found { passages, answerability, .. } = found;
        Ok(Inspection { passages, answerability, timings: self.timings })
    }

    async fn search(&mut self, vector: Vec<f32>, continued: Option<String>) -> Result<Found, AssistantError> {
        let (asked, vector) = match continued {
            Some(continued) => {
                let clock = Instant::now();
                let vector = self.assistant.knowledge.embed(&continued).await?;
                self.timings.embed += milliseconds(clock);
                (continued, vector)
            }
            None => (self.question.text.clone(), vector),
        };
        let clock = Instant::now();
        let day = self.question.at.date();
        let found = self.assistant.knowledge.search(&asked, &vector, FOUND, day).await?;
        self.timings.search = milliseconds(clock);
        let clock = Instant::now();
        let unknown_doctor = names_unknown_doctor(&asked, &found.terms);
        let passages = reading::read(&self.assistant.reader, &asked, found).await?;
        self.timings.read = milliseconds(clock);
        let clock = Instant::now();
        let quotation = quote::quote(&passages);
        let best = quotation.as_ref().map(|quotation| &passages[quotation.parts[0].passage]);
        let answerability = best.map_or(0.0, answerability);
        self.timings.compose = milliseconds(clock);
        if let Some(seen) = &mut self.seen {
            let tried = |read: &ReadPassage| TriedPassage {
                found: read.found.clone(),
                answers: read.reading.answers,
                rank: read.rank,
            };
            seen.passages = passages.iter().map(tried).collect();
            seen.answerability = best.map(|_| answerability);
            seen.names_unknown_doctor = unknown_doctor;
        }
        Ok(Found { asked, passages, quotation, answerability, unknown_doctor })
    }

    fn texts(&self) -> &'a ReplyTexts {
        self.content.replies.of(self.language)
    }

    fn emergency(&mut self, alarm: &Alarm, by_meaning: bool) -> Answer {
        if let Some(seen) = &mut self.seen {
            let (rule, name) = (alarm.rule.to_string(), alarm.name.to_string());
            seen.red_flag = Some(RedFlag { rule, name, by_meaning });
        }
        let texts = self.texts();
        let text = match alarm.kind {
            Kind::Medical => &texts.emergency,
            Kind::Poisoning => &texts.emergency_poisoning,
            Kind::Pregnancy => &texts.emergency_pregnancy,
            Kind::Violence => &texts.emergency_violence,
            Kind::Mental => &texts.emergency_mental,
        };
        self.done(text.trim().to_owned(), Outcome::Emergency, Vec::new(), Some(Flag::Emergency), None)
    }

    fn small_talk(&self, talk: SmallTalk) -> Answer {
        let texts = self.texts();
        let (text, flag, intent) = match talk {
            SmallTalk::Greeting => (&texts.greeting, None, None),
            SmallTalk::Thanks => (&texts.thanks, None, None),
            SmallTalk::Goodbye => (&texts.goodbye, None, None),
            SmallTalk::Human => (&texts.human_requested, Some(Flag::HumanRequested), None),
            SmallTalk::Stop => (&texts.stopped, None, Some(Intent::Stop)),
            SmallTalk::Start => (&texts.started, None, Some(Intent::Start)),
        };
        let outcome = if flag.is_some() { Outcome::HandedOver } else { Outcome::SmallTalk };
        let mut answer = self.done(text.trim().to_owned(), outcome, Vec::new(), flag, None);
        answer.intent = intent;
        answer
    }

    fn approved(&self, approved: &ApprovedAnswer, cosine: f32) -> Answer {
        let (text, language) = approved.in_language(self.language);
        let source = Source {
            document: approved.source.clone().unwrap_or_else(|| format!("approved/{}", approved.id)),
            title: approved.questions[0].clone(),
            passage: text.to_owned(),
            score: cosine,
        };
        let mut answer = self.done(text.to_owned(), Outcome::Approved, vec![source], None, None);
        answer.language = language;
        answer
    }

    fn quoted(
        &self,
        passages: &[ReadPassage],
        quotation: &Quotation,
        medical: bool,
        rejected: Option<Rejected>,
    ) -> Answer {
        let texts = self.texts();
        let mut text = format!("{}\n{}", texts.quoted_intro.trim(), quote::render(passages, quotation));
        if medical {
            text.push_str("\n\n");
            text.push_str(texts.quoted_outro_medical.trim());
        }
        let flag = medical.then_some(Flag::Medical);
        self.done(text, Outcome::Quoted, sources(passages, quotation), flag, rejected)
    }

    fn hand_over(&self, medical: bool, rejected: Option<Rejected>) -> Answer {
        let texts = self.texts();
        let (text, flag) = if medical {
            (&texts.handed_over_medical, Flag::Medical)
        } else if normalized_words(&self.question.text).is_empty() {
            (&texts.ask_clarify, Flag::NotFound)
        } else {
            (&texts.handed_over, Flag::NotFound)
        };
        self.done(text.trim().to_owned(), Outcome::HandedOver, Vec::new(), Some(flag), rejected)
    }

    /// A hand-over that shows what lies nearest, as no answer: a patient often finds it there, and staff see it too.
    fn related(&self, passages: &[ReadPassage], quotation: &Quotation) -> Answer {
        let mut answer = self.hand_over(false, None);
        let quoted = quote::render(passages, quotation);
        answer.text = format!("{}\n\n{}\n{quoted}", answer.text, self.texts().related_intro.trim());
        answer.sources = sources(passages, quotation);
        answer
    }

    fn done(
        &self,
        text: String,
        outcome: Outcome,
        sources: Vec<Source>,
        flag: Option<Flag>,
        rejected: Option<Rejected>,
    ) -> Answer {
        Answer {
            text,
            outcome,
            language: self.language,
            sources,
            flag,
            intent: None,
            timings: self.timings,
            rejected,
        }
    }
}

fn sources(passages: &[ReadPassage], quotation: &Quotation) -> Vec<Source> {
    quotation.parts.iter().map(|part| source(&passages[part.passage])).collect()
}

fn source(read: &ReadPassage) -> Source {
    let ScoredPassage { passage, score, .. } = &read.found;
    Source {
        document: passage.path.clone(),
        title: passage.title.clone(),
        passage: passage.text.clone(),
        score: *score,
    }
}

fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1000.0
}
