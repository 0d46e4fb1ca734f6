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
//! | [`library`] | the hospital's texts as staff edit them: documents, approved answers, replies, red flags; versions, gaps |
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
//! | [`library`] | domain, language, store, ai, knowledge, assistant, tasks |
//! | [`whatsapp`] | domain, store, chat, tasks |
//! | [`analytics`] | domain, store, ai |
//! | [`realtime`] | domain, i18n, store, chat, whatsapp |
//! | [`web`] | domain, i18n, store, knowledge, analytics, chat, library, whatsapp, realtime |
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
//! # A change in a page
//!
//! 1. The form carries which content was seen; what somebody else changed meanwhile is refused, and both texts stay.
//! 2. [`library`] reads the new text with the parsers that will load it, all other files beside it; one that does not fit
//!    is refused with their words.
//! 3. One transaction keeps the old content, the new one and a row of the audit log; then the file is renamed into place.
//! 4. A document is indexed in the background; answers, replies and red flags are in force when the page says so.
//!
//! A conversation's message becomes an approved answer at `/knowledge/approved/new?from=<message id>`, which takes the
//! patient's question and the answer along.
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
pub mod library;
pub mod realtime;
pub mod store;
pub mod tasks;
pub mod web;
pub mod whatsapp;
