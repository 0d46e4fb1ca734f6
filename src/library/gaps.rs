//! Gaps: questions that found nothing, those of one meaning together.
//!
//! Meanings are compared by the embedder's vectors. Each question joins the group whose middle lies nearest, if it lies
//! nearer than [`SAME`] and shares a content word with it, else it begins a group. Before the vectors are there, questions
//! of the same content words stand together. Vectors stay in memory, for the questions that are shown and no longer.
//!
//! Measured on the 246 questions of the sample hospital's 47 approved answers, shuffled, each answer's questions being one
//! meaning (multilingual-e5-small; precision and recall are B-cubed; words of three letters and more, less common ones):
//!
//! | cosine | by meaning | and a shared word |
//! |---|---|---|
//! | .90 | .50 / .36 | .68 / .37 |
//! | .91 | .64 / .30 | .76 / .30 |
//! | **.92** | .79 / .27 | **.86 / .25** |
//! | .93 | .89 / .23 | |
//!
//! A question in a foreign group may be ignored unread; one that stands alone costs a second look.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use jiff::{Timestamp, Zoned, tz::TimeZone};

use super::{Library, LibraryError, blocking};
use crate::{
    ai::dot,
    domain::MessageId,
    language::content_stems,
    store::{
        audit::{self, Action},
        gaps::{self, Closing, Exchange, Gap},
    },
};

/// Questions that are looked at, the newest.
const MOST: u32 = 500;
/// Vectors made at once, so that patients' questions are not kept waiting.
const BATCH: usize = 16;
/// Cosine to a group's middle from which a question belongs to it.
const SAME: f32 = 0.92;

/// The gaps that nobody has closed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Gaps {
    /// The groups: newest week first, within a week the largest first.
    pub groups: Vec<Group>,
    /// How many questions there are in all.
    pub questions: usize,
    /// Whether they were compared by meaning; else by words, while vectors are made or no model is loaded.
    pub by_meaning: bool,
}

/// Questions of one meaning, newest first.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// The questions; at least one.
    pub questions: Vec<Gap>,
    /// The Monday of the week in which the newest was asked, in the hospital's zone.
    pub week: jiff::civil::Date,
}

impl Library {
    /// The newest gaps in groups. Vectors that are missing are made in the background, and [`Library::changes`] tells.
    ///
    /// # Errors
    /// [`LibraryError::Store`].
    pub async fn gaps(&self, zone: TimeZone) -> Result<Gaps, LibraryError> {
        let open = self.inner.store.read(|tx| gaps::open(tx, MOST)).await?;
        let vectors = self.vectors_of(&open);
        blocking(move || {
            let questions = open.len();
            let by_meaning = vectors.is_some();
            let found = match vectors {
                Some(vectors) => by_vectors(open, &vectors),
                None => by_words(open),
            };
            let mut groups: Vec<Group> = found
                .into_iter()
                .filter_map(|questions| {
                    let week = monday(&questions.first()?.at.to_zoned(zone.clone()));
                    Some(Group { questions, week })
                })
                .collect();
            groups.sort_by_key(|group| std::cmp::Reverse((group.week, group.questions.len())));
            Gaps { groups, questions, by_meaning }
        })
        .await
    }

    /// The exchange that a message belongs to.
    ///
    /// # Errors
    /// [`LibraryError::NotFound`], [`LibraryError::Store`].
    pub async fn exchange(&self, message: MessageId) -> Result<Exchange, LibraryError> {
        self.inner.store.read(move |tx| gaps::exchange(tx, message)).await?.ok_or(LibraryError::NotFound)
    }

    /// Puts questions aside that need no answer.
    ///
    /// # Errors
    /// [`LibraryError::Store`].
    pub async fn ignore_gaps(&self, messages: Vec<MessageId>, by: &str) -> Result<(), LibraryError> {
        let by = by.to_owned();
        let ignoring = self.inner.store.write(move |tx| {
            let now = Timestamp::now();
            let closed = gaps::close(tx, &messages, Closing::Ignored, &by, now)?;
            if closed > 0 {
                audit::add(tx, &by, Action::GapsIgnored, &format!("{closed} questions"), "", now)?;
            }
            Ok(())
        });
        ignoring.await?;
        self.tell();
        Ok(())
    }

    /// The vectors of all of them, if they are there; else they are made. Those of others are forgotten.
    fn vectors_of(&self, open: &[Gap]) -> Option<Vec<Arc<[f32]>>> {
        let mut known = self.inner.gaps.lock();
        let shown: BTreeSet<MessageId> = open.iter().map(|gap| gap.message).collect();
        known.retain(|message, _| shown.contains(message));
        let vectors: Option<Vec<_>> = open.iter().map(|gap| known.get(&gap.message).cloned()).collect();
        if vectors.is_none() {
            let missing = open.iter().filter(|gap| !known.contains_key(&gap.message)).cloned().collect();
            self.embed_soon(missing);
        }
        vectors
    }

    fn embed_soon(&self, missing: Vec<Gap>) {
        let Some(brain) = self.inner.brain.get() else { return };
        if std::mem::replace(&mut *self.inner.embedding.lock(), true) {
            return;
        }
        let (library, embedder) = (self.clone(), Arc::clone(brain.knowledge.embedder()));
        self.inner.tasks.spawn(async move {
            let stop = library.inner.tasks.stopping();
            for batch in missing.chunks(BATCH) {
                let texts = batch.iter().map(|gap| gap.text.clone()).collect();
                match stop.run_until_cancelled(embedder.embed_queries(texts)).await {
                    Some(Ok(vectors)) => {
                        let made = batch.iter().zip(vectors).map(|(gap, vector)| (gap.message, vector.into()));
                        library.inner.gaps.lock().extend(made);
                    }
                    Some(Err(error)) => {
                        tracing::warn!(%error, "questions that found nothing are compared by their words alone");
                        break;
                    }
                    None => break,
                }
            }
            *library.inner.embedding.lock() = false;
            library.tell();
        });
    }
}

/// Each joins the nearest group, or begins one; the oldest first, so that groups stay what they were.
fn by_vectors(open: Vec<Gap>, vectors: &[Arc<[f32]>]) -> Vec<Vec<Gap>> {
    let mut groups: Vec<(Vec<f32>, BTreeSet<String>, Vec<Gap>)> = Vec::new();
    for (gap, vector) in open.into_iter().zip(vectors).rev() {
        let words: BTreeSet<String> = content_stems(&gap.text).into_iter().collect();
        let sharing = groups.iter().enumerate().filter(|(_, (_, shared, _))| !shared.is_disjoint(&words));
        let near = sharing.map(|(at, (sum, ..))| {
            let length = dot(sum, sum).sqrt().max(f32::MIN_POSITIVE);
            (at, dot(sum, vector) / length)
        });
        match near.max_by(|a, b| a.1.total_cmp(&b.1)).filter(|(_, cosine)| *cosine >= SAME) {
            Some((at, _)) => {
                let (sum, shared, gaps) = &mut groups[at];
                shared.extend(words);
                sum.iter_mut().zip(vector.iter()).for_each(|(sum, value)| *sum += value);
                gaps.insert(0, gap);
            }
            None => groups.push((vector.to_vec(), words, vec![gap])),
        }
    }
    groups.into_iter().map(|(.., gaps)| gaps).collect()
}

fn by_words(open: Vec<Gap>) -> Vec<Vec<Gap>> {
    let mut groups: BTreeMap<BTreeSet<String>, Vec<Gap>> = BTreeMap::new();
    let mut alone = HashMap::new();
    for gap in open {
        let words: BTreeSet<String> = content_stems(&gap.text).into_iter().collect();
        if words.is_empty() {
            alone.insert(gap.message, vec![gap]);
        } else {
            groups.entry(words).or_default().push(gap);
        }
    }
    groups.into_values().chain(alone.into_values()).collect()
}

fn monday(at: &Zoned) -> jiff::civil::Date {
    let since = i64::from(at.weekday().to_monday_zero_offset());
    at.date().checked_sub(jiff::Span::new().days(since)).unwrap_or(at.date())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ConversationId;

    fn gap(message: i64, text: &str) -> Gap {
        let at = Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_secs(message);
        Gap { message: MessageId(message), conversation: ConversationId(1), text: text.into(), at }
    }

    #[test]
    fn questions_of_one_meaning_stand_together_newest_first() {
        let open = vec![gap(3, "parkir sepeda"), gap(2, "parkir mobil"), gap(1, "sepeda")];
        let at = |angle: f32| Arc::from([angle.cos(), angle.sin()].as_slice());
        let groups = by_vectors(open, &[at(0.1), at(1.5), at(0.0)]);
        let ids: Vec<Vec<i64>> =
            groups.iter().map(|group| group.iter().map(|gap| gap.message.0).collect()).collect();
        assert_eq!(ids, [vec![3, 1], vec![2]]);
    }

    #[test]
    fn without_vectors_the_words_decide() {
        let open = vec![
            gap(3, "ada parkir sepeda?"),
            gap(2, "kantin buka jam berapa"),
            gap(1, "parkir sepeda ada ga kak"),
        ];
        let groups = by_words(open);
        assert_eq!(groups.len(), 2);
        assert!(groups.iter().any(|group| group.len() == 2));
        let sunday = "2026-11-22T23:00+07:00[Asia/Jakarta]".parse::<Zoned>();
        assert_eq!(sunday.ok().map(|at| monday(&at).to_string()).as_deref(), Some("2026-11-16"));
    }
}
