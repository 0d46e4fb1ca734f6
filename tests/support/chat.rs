//! A chat service on a real database file, with an assistant that plays a script.

use std::{
    path::PathBuf,
    sync::{Arc, mpsc},
};

use parking_lot::Mutex;
use satubumi::{
    assistant::{Assistant, Question},
    chat::{ChatError, ChatOptions, ChatService, Incoming, Reply},
    domain::{Answer, Flag, Intent, Language, Outcome, Source, Timings},
    store::Store,
    tasks::Tasks,
};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

pub const ANI: &str = "6281200000001";
pub const BUDI: &str = "6281200000002";

/// A service with its database, which outlives it in a folder of its own.
#[derive(Clone)]
pub struct Ward {
    pub chat: ChatService,
    pub store: Store,
    pub tasks: Tasks,
    folder: Arc<tempfile::TempDir>,
}

impl Ward {
    /// A new database.
    pub fn open(script: impl Fn(&Question) -> Answer + Send + Sync + 'static) -> anyhow::Result<Self> {
        Self::in_folder(Arc::new(tempfile::tempdir()?), ChatOptions::default(), script)
    }

    /// A new database and other limits.
    pub fn with_options(
        options: ChatOptions,
        script: impl Fn(&Question) -> Answer + Send + Sync + 'static,
    ) -> anyhow::Result<Self> {
        Self::in_folder(Arc::new(tempfile::tempdir()?), options, script)
    }

    /// Another process on the same database, as after a restart.
    pub fn again(
        &self,
        script: impl Fn(&Question) -> Answer + Send + Sync + 'static,
    ) -> anyhow::Result<Self> {
        Self::in_folder(Arc::clone(&self.folder), ChatOptions::default(), script)
    }

    fn in_folder(
        folder: Arc<tempfile::TempDir>,
        options: ChatOptions,
        script: impl Fn(&Question) -> Answer + Send + Sync + 'static,
    ) -> anyhow::Result<Self> {
        let path: PathBuf = folder.path().join("satubumi.db");
        let (store, tasks) = (Store::open(&path)?, Tasks::new());
        let chat = ChatService::new(store.clone(), tasks.clone(), options);
        chat.start(Arc::new(Assistant::scripted(script)));
        Ok(Self { chat, store, tasks, folder })
    }

    /// Where the hospital's texts lie, if a test puts any there.
    pub fn knowledge_folder(&self) -> PathBuf {
        self.folder.path().join("knowledge")
    }

    /// Asks and waits.
    pub async fn ask(&self, sender: &str, text: &str, id: Option<&str>) -> Result<Reply, ChatError> {
        self.chat.ask(Incoming::parse(sender, None, text, id)?).await
    }

    /// One number from the database.
    pub async fn count(&self, sql: &'static str) -> anyhow::Result<i64> {
        Ok(self.store.read(move |tx| Ok(tx.query_row(sql, [], |row| row.get(0))?)).await?)
    }
}

/// An answer with this outcome, and the flag and intent that belong to it.
pub fn answer(text: &str, outcome: Outcome) -> Answer {
    Answer {
        text: text.to_owned(),
        outcome,
        language: Language::Id,
        sources: Vec::new(),
        flag: match outcome {
            Outcome::Emergency => Some(Flag::Emergency),
            Outcome::HandedOver => Some(Flag::NotFound),
            Outcome::Fallback => Some(Flag::Failure),
            _ => None,
        },
        intent: None,
        timings: Timings { search: 1.5, ..Timings::default() },
        rejected: None,
    }
}

/// What the usual script says: red flags, STOP and MULAI, hand-overs ("tanya"), and an echo with a source.
pub fn usual(question: &Question) -> Answer {
    let text = question.text.as_str();
    match text.to_uppercase().as_str() {
        "STOP" => Answer { intent: Some(Intent::Stop), ..answer("Baik, saya berhenti.", Outcome::SmallTalk) },
        "MULAI" => Answer { intent: Some(Intent::Start), ..answer("Halo lagi.", Outcome::SmallTalk) },
        upper if upper.contains("SESAK") => answer("Segera ke IGD.", Outcome::Emergency),
        upper if upper.contains("TANYA") => answer("Diteruskan ke petugas.", Outcome::HandedOver),
        _ => Answer {
            sources: vec![Source {
                document: "jadwal.md".to_owned(),
                title: "Jadwal".to_owned(),
                passage: "Poli buka Sabtu 08.00-13.00.".to_owned(),
                score: 0.5,
            }],
            ..answer(&format!("Jawaban untuk: {text}"), Outcome::Answered)
        },
    }
}

/// A script that tells when it is asked and answers when it is let.
pub struct Gate {
    asked: UnboundedReceiver<String>,
    open: mpsc::Sender<()>,
}

impl Gate {
    /// The gate, and `script` behind it. Only questions that hold "lama" stop at the gate.
    pub fn before(
        script: impl Fn(&Question) -> Answer + Send + Sync + 'static,
    ) -> (Self, impl Fn(&Question) -> Answer + Send + Sync + 'static) {
        let (tell, asked): (UnboundedSender<String>, _) = unbounded_channel();
        let (open, opened) = mpsc::channel();
        let opened = Mutex::new(opened);
        let gated = move |question: &Question| {
            // A test that has ended listens no more.
            let _ = tell.send(question.text.clone());
            if question.text.contains("lama") {
                let _ = opened.lock().recv();
            }
            script(question)
        };
        (Self { asked, open }, gated)
    }

    /// Waits until the assistant is asked, and gives what.
    pub async fn asked(&mut self) -> String {
        self.asked.recv().await.unwrap_or_default()
    }

    /// Lets one question pass.
    pub fn let_pass(&self) {
        let _ = self.open.send(());
    }
}
