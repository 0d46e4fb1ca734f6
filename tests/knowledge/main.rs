//! The knowledge base through its public surface: real SQLite, real files, the real binary as the parser's child. The
//! embedder is the scripted one (texts that share words are near each other); models have their own tests.

mod formats;
mod hnsw;
mod hostile;
mod ingest;
mod office;
mod search;
mod support;
mod watch;
