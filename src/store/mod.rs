//! One SQLite database holds everything: conversations, flags, tokens, staff and their sessions, documents, passages,
//! vectors, the audit log.
//!
//! `data/satubumi.db`, WAL with `synchronous=FULL` (a committed message survives a power cut), STRICT tables,
//! foreign keys on. One connection writes, behind a mutex; readers have their own and see a snapshot each. The
//! methods live beside their tables, one file a subject, as functions over a [`rusqlite::Transaction`], so that a
//! caller composes several of them into one transaction:
//!
//! ```no_run
//! # async fn example(store: &satubumi::store::Store) -> Result<(), satubumi::store::StoreError> {
//! let documents: i64 = store
//!     .read(|tx| Ok(tx.query_row("SELECT count(*) FROM documents", [], |row| row.get(0))?))
//!     .await?;
//! # Ok(()) }
//! ```
//!
//! Every function of those files fails with [`StoreError::Sqlite`], or with [`StoreError::Unknown`] when a row holds
//! what this version can't read.

pub mod audit;
pub mod canned_replies;
pub mod changes;
pub mod client_buffers;
mod connection;
pub mod contacts;
pub mod conversations;
pub mod documents;
pub mod drafts;
pub mod failed_sign_ins;
pub mod figures;
pub mod file_versions;
pub mod flags;
pub mod gaps;
pub mod heartbeat;
pub mod labels;
pub mod media;
pub mod messages;
pub mod notes;
pub mod outbox;
pub mod passages;
mod rows;
pub mod search;
pub mod seen;
pub mod sessions;
pub mod settings;
pub mod staff;
pub mod text_vectors;
pub mod tokens;
mod writer;

pub use connection::{Store, StoreError, free_space};
