//! Indonesian text as patients type it: words, slang, affixes, spelling, sentences, language.
//!
//! Pure functions, no I/O, microseconds a message. A message goes this way:
//!
//! ```
//! use satubumi::language::{normalize, search_terms, standardize};
//!
//! // Everyday spelling becomes standard Indonesian; offsets still point into what the patient wrote.
//! assert_eq!(standardize("Kak, poli gigi bukanya jm brp ya?"), "Kakak, poli gigi bukanya jam berapa ya?");
//! let words = normalize("wetengku loro bgt");
//! assert_eq!(words.iter().map(|w| &*w.text).collect::<Vec<_>>(), ["perutku", "sakit", "banget"]);
//! // For an index and its queries: the same words without affixes and without function words.
//! let terms = search_terms("Berapa biaya pemeriksaannya?");
//! assert_eq!(terms.iter().map(|t| &*t.text).collect::<Vec<_>>(), ["biaya", "periksa"]);
//! ```
//!
//! [`tokens`] cuts, [`normalize`] turns slang and regional words into standard ones (`data/slang.txt`, then rules
//! guarded by the roots of `data/roots.txt`), [`stem`] strips affixes, [`search_stem`] joins words for the same thing, [`Vocabulary`] corrects typos towards the
//! words that a corpus really holds. [`sentences`] splits prose, [`detect`] says which language to answer in, [`facts`]
//! finds what can be checked (prices, times, names).

mod colloquial;
mod detect;
mod facts;
mod lexicon;
mod normalize;
mod sentences;
mod stem;
mod stopwords;
mod synonyms;
mod terms;
mod tokens;
mod vocabulary;

pub use detect::detect;
pub use facts::{Fact, FoundFact, fact_set, facts, unsupported};
pub use lexicon::{informal_forms, is_root};
pub use normalize::{normalize, search_terms, standardize};
pub use sentences::sentences;
pub use stem::stem;
pub use stopwords::is_stopword;
pub use synonyms::search_stem;
pub use terms::{content_stems, is_negated, normalized_words, words};
pub use tokens::{Token, TokenKind, tokens};
pub use vocabulary::Vocabulary;
