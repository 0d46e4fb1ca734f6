//! The real assistant: the hospital's files, the knowledge base, the models.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use arc_swap::ArcSwap;
use jiff::civil::Date;
use tokio_util::sync::CancellationToken;

use super::{
    AssistantError, AssistantOptions, Question,
    content::{Content, state_of_files},
    pipeline::{Attempt, Inspection},
};
use crate::{
    ai::{Generator, Reader},
    domain::{Answer, Flag, Language, NearApproved, Outcome, Timings, Trial},
    knowledge::KnowledgeBase,
    language::detect,
};

/// How often the hospital's files are looked at. A look is a few dozen `stat` calls; notification would miss network
/// folders.
const FILES_LOOK: Duration = Duration::from_secs(2);

/// See [`super::Assistant::Local`].
pub struct LocalAssistant {
    pub(super) options: AssistantOptions,
    pub(super) knowledge: Arc<KnowledgeBase>,
    pub(super) reader: Reader,
    pub(super) generator: Option<Generator>,
    content: ArcSwap<Content>,
    /// One reading at a time, so that an older one never replaces a newer.
    reading: tokio::sync::Mutex<()>,
}

impl LocalAssistant {
    pub(super) async fn start(
        options: AssistantOptions,
        knowledge: Arc<KnowledgeBase>,
        reader: Reader,
        generator: Option<Generator>,
    ) -> Result<Self, AssistantError> {
        let content = Content::load(&options.knowledge_dir, &knowledge).await?;
        Ok(Self {
            options,
            knowledge,
            reader,
            generator,
            content: ArcSwap::from_pointee(content),
            reading: tokio::sync::Mutex::default(),
        })
    }

    /// Reads the hospital's files again; on an error the old ones stay in force.
    ///
    /// # Errors
    /// The first file that does not fit.
    pub async fn reload(&self) -> Result<(), AssistantError> {
        let _one_at_a_time = self.reading.lock().await;
        let content = Content::load(&self.options.knowledge_dir, &self.knowledge).await?;
        self.content.store(Arc::new(content));
        Ok(())
    }

    /// Reads the hospital's files again whenever one was edited, until `stop`. A file that does not fit is logged with
    /// what is wrong, and the old ones stay in force.
    pub async fn follow_files(&self, stop: CancellationToken) {
        let mut known = state_of_files(&self.options.knowledge_dir);
        while stop.run_until_cancelled(tokio::time::sleep(FILES_LOOK)).await.is_some() {
            let now = state_of_files(&self.options.knowledge_dir);
            if now == known {
                continue;
            }
            known = now;
            match self.reload().await {
                Ok(()) => tracing::info!("replies, approved answers and red flags are read anew"),
                Err(error) => {
                    tracing::error!(%error, "an edited file does not fit; the old ones stay in force")
                }
            }
        }
    }

    pub(super) fn is_ready(&self) -> bool {
        let generator = self.generator.as_ref().is_none_or(Generator::is_ready);
        self.knowledge.embedder().is_ready() && self.reader.is_ready() && generator
    }

    pub(super) async fn answer(&self, question: &Question) -> Answer {
        let started = Instant::now();
        let content = self.content.load_full();
        let mut attempt = Attempt::new(self, &content, question);
        let patience = self.options.patience;
        let answered = match tokio::time::timeout(patience, attempt.answer()).await {
            Ok(answered) => answered,
            Err(_) => Err(AssistantError::Patience { seconds: patience.as_secs() }),
        };
        let answer = answered.unwrap_or_else(|error| {
            tracing::error!(%error, "a question got the fallback text");
            self.fallback(question)
        });
        let mut answer = self.around(&content, question, answer);
        answer.timings.total = started.elapsed().as_secs_f64() * 1000.0;
        answer
    }

    /// A question as staff try it out: the answer, and all that it came from. Nothing stands around the text.
    ///
    /// # Errors
    /// A model or the search that fails, or takes longer than the configured patience.
    pub async fn try_out(&self, question: &Question) -> Result<Trial, AssistantError> {
        let started = Instant::now();
        let content = self.content.load_full();
        let mut attempt = Attempt::new(self, &content, question);
        let patience = self.options.patience;
        let tried = tokio::time::timeout(patience, attempt.try_out()).await;
        let mut trial = tried.map_err(|_| AssistantError::Patience { seconds: patience.as_secs() })??;
        trial.answer.timings.total = started.elapsed().as_secs_f64() * 1000.0;
        Ok(trial)
    }

    /// The approved answer nearest to a text, on a day.
    ///
    /// # Errors
    /// When the embedder fails.
    pub async fn near_approved(&self, text: &str, day: Date) -> Result<Option<NearApproved>, AssistantError> {
        let vector = self.knowledge.embed(text).await?;
        let content = self.content.load();
        let is_given = content.approved.find(text, &vector, day).is_some();
        Ok(content.approved.nearest(&vector, day).map(|near| NearApproved { is_given, ..near }))
    }

    /// What the search finds for a question and how sure the assistant is of it, without answering: for evaluation
    /// and for staff.
    ///
    /// # Errors
    /// When the search or the embedder fails.
    pub async fn inspect(&self, question: &Question) -> Result<Inspection, AssistantError> {
        let content = self.content.load_full();
        Attempt::new(self, &content, question).inspect().await
    }

    pub(super) fn has_red_flag(&self, text: &str) -> bool {
        self.content.load().triage.check(text).alarm().is_some()
    }

    pub(super) async fn is_emergency(&self, text: &str) -> bool {
        if self.has_red_flag(text) {
            return true;
        }
        let content = self.content.load_full();
        match self.knowledge.embed(text).await {
            Ok(vector) => content.triage.check_similar(text, &vector).alarm().is_some(),
            Err(error) => {
                tracing::error!(%error, "a message could not be compared with the red flags' examples");
                false
            }
        }
    }

    /// The fixed sentences that may stand around an answer's facts; an evaluation does not count theirs.
    pub fn fixed_texts(&self, language: Language) -> Vec<String> {
        let content = self.content.load();
        let texts = content.replies.of(language);
        let fixed =
            [&texts.quoted_intro, &texts.quoted_outro_medical, &texts.consent_notice, &texts.related_intro];
        fixed.map(String::clone).to_vec()
    }

    pub(super) fn fallback(&self, question: &Question) -> Answer {
        let language = detect(&question.text);
        fixed(&self.content.load().replies.of(language).fallback, language, Outcome::Fallback, Flag::Failure)
    }

    pub(super) fn please_type(&self, question: &Question) -> Answer {
        let language = question.history.last().map_or_else(Language::default, |turn| detect(&turn.text));
        let content = self.content.load();
        let text = &content.replies.of(language).unsupported;
        self.around(&content, question, fixed(text, language, Outcome::HandedOver, Flag::NotText))
    }

    pub(super) fn too_long(&self, question: &Question) -> Answer {
        let language = detect(&question.text);
        let content = self.content.load();
        let text = &content.replies.of(language).too_long;
        self.around(&content, question, fixed(text, language, Outcome::HandedOver, Flag::NotFound))
    }

    /// An answer with what belongs around it: that no staff are there, and the notice at first contact.
    fn around(&self, content: &Content, question: &Question, mut answer: Answer) -> Answer {
        let texts = content.replies.of(answer.language);
        let left_to_staff = answer.flag.is_some() && answer.outcome != Outcome::Emergency;
        if left_to_staff && !question.staff_are_there {
            answer.text = format!("{}\n\n{}", answer.text, texts.closed_hours.trim());
        }
        if question.first_contact {
            let notice = texts.consent_notice.trim();
            answer.text = if answer.outcome == Outcome::Emergency {
                format!("{}\n\n{notice}", answer.text)
            } else {
                format!("{notice}\n\n{}", answer.text)
            };
        }
        answer
    }
}

/// An answer with a fixed text, for staff to look at.
pub(super) fn fixed(text: &str, language: Language, outcome: Outcome, flag: Flag) -> Answer {
    Answer {
        text: text.trim().to_owned(),
        outcome,
        language,
        sources: Vec::new(),
        flag: Some(flag),
        intent: None,
        timings: Timings::default(),
        rejected: None,
    }
}
