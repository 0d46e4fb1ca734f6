//! Satu Bumi, the WhatsApp assistant of RSH Satu Bumi: one process, one database, one patient message, one way
//! through.
//!
//! # Layout
//!
//! | room | what is in it |
//! | --- | --- |
//! | [`domain`] | plain types without I/O: conversations, messages, passages, answers, events |
//! | [`language`] | Indonesian as patients write it: normaliser, stemmer, sentences, facts |
//! | [`i18n`] | the pages' texts in Indonesian and English |
//! | [`store`] | the SQLite database, one file a subject |
//! | [`ai`] | embedder, reranker, reader, generator; the threads that own them; which weights and where from |
//! | [`knowledge`] | documents: extract, chunk, index, search |
//! | [`assistant`] | triage, fixed and approved answers, composing, grounding |
//! | [`chat`] | conversations: receive, answer once, hand over, take over |
//! | [`whatsapp`] | the hospital's number: pairing, what comes in, what goes out |
//! | [`evaluation`] | questions with known answers through the real pipeline |
//! | [`analytics`] | figures of how patients are answered: what each means, sums for a period |
//! | [`realtime`] | live events over Socket.IO |
//! | [`web`] | the HTTP API and the pages |
//! | [`config`], [`tasks`], [`app`] | settings; the only place that spawns; building, starting and stopping it all |
//!
//! # Who may import whom
//!
//! A test (`tests/house.rs`) reads the sources and fails on any other arrow. `app` and the command line import all;
//! `config` imports the rooms' options.
//!
//! | room | may import |
//! | --- | --- |
//! | [`domain`] | nothing of ours |
//! | [`language`] | domain |
//! | [`i18n`] | domain |
//! | [`store`] | domain |
//! | [`ai`] | domain |
//! | [`knowledge`] | domain, language, store, ai |
//! | [`assistant`] | domain, language, i18n, ai, knowledge |
//! | [`chat`] | domain, store, assistant, tasks |
//! | [`evaluation`] | domain, language, ai, knowledge, assistant |
//! | [`whatsapp`] | domain, store, chat, tasks |
//! | [`analytics`] | domain, store, ai |
//! | [`realtime`] | domain, i18n, store, chat, whatsapp |
//! | [`web`] | domain, i18n, store, knowledge, analytics, chat, whatsapp, realtime |
//!
//! # A patient's message
//!
//! 1. [`whatsapp`] gets it from the client and stores it before WhatsApp may forget it; or [`web`] gets it at `POST /ask`,
//!    checks the token and the input, and calls [`chat::ChatService::ask`].
//! 2. One transaction stores it; the same message id a second time finds the first one's row and answer.
//! 3. The conversation's lane keeps order; on WhatsApp it waits until the patient has stopped typing. While staff hold the
//!    conversation, the message is counted and no more.
//! 4. [`assistant::Assistant::answer`] takes it: red flags first, then fixed replies, approved answers, the search, a
//!    reading of what it found, and an answer in the documents' own words or the model's, checked sentence by sentence.
//! 5. Reply, flags, counters and what goes out by WhatsApp are written in one transaction; then the answer goes out and an
//!    [`domain::Event`] tells whoever listens.
//!
//! # What staff do
//!
//! 1. A form reaches [`web`]: its door knows the session, the role and that our own page sent it; else nothing happens.
//! 2. The page's handler calls [`chat::ChatService`], which writes the change and its row of the audit log in one
//!    transaction, and tells an [`domain::Event`].
//! 3. [`realtime`] tells every open page what changed and where; each fetches the fragment that shows it.
//!
//! # A document
//!
//! 1. [`knowledge`] sees a new content hash in the folder and extracts the text; risky formats in a child process.
//! 2. The text is cut along its structure, each passage with its title path, and embedded.
//! 3. One transaction replaces the document's old passages, full-text rows and vectors, and raises the generation.
//! 4. The next search reads that generation and finds the new version; one under way keeps the old.
//!
//! # Errors
//!
//! Each room has one error enum. A failure is logged once, where it is handled, without patient text, phone numbers
//! or keys. A patient never sees one: they get a kind text, and staff get a flag.

#![warn(clippy::print_stdout, clippy::print_stderr)]

pub mod ai;
pub mod analytics;
pub mod app;
pub mod assistant;
pub mod chat;
pub mod config;
pub mod domain;
pub mod evaluation;
pub mod i18n;
pub mod knowledge;
pub mod language;
pub mod realtime;
pub mod store;
pub mod tasks;
pub mod web;
pub mod whatsapp;
