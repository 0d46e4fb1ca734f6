//! Plain types that every room speaks: no I/O, nothing of ours imported.
//!
//! Read in this order: a [`Conversation`] holds [`Message`]s; a patient's message becomes a question, the
//! assistant turns it into an [`Answer`] that rests on [`Passage`]s, and what happened is told as an [`Event`].

mod answer;
mod conversation;
mod event;
mod ids;
mod message;
mod passage;
mod trial;

pub use answer::{Answer, Flag, Intent, Outcome, Rejected, Source, Timings};
pub use conversation::{Conversation, Handling};
pub use event::Event;
pub use ids::{ConversationId, DocumentId, LabelId, MessageId, PassageId, StaffId};
pub use message::{Author, Channel, Delivery, Language, Media, Message, MessageKind, Turn};
pub use passage::{DocumentMeta, Passage, PassageKind, ScoredPassage, Validity};
pub use trial::{NearApproved, RedFlag, Thresholds, Trial, TriedPassage};
