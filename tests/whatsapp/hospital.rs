//! A hospital whose number is connected to a loopback server, with an assistant that plays a script.

use std::time::Duration;

use anyhow::{Context, Result};
use satubumi::{
    assistant::Question,
    chat::{ChatOptions, ChatRef, ConversationDetail, Quiet},
    domain::Answer,
    whatsapp::{Connection, Gateway, Options, Pace},
};
use whatsapp_loopback::{Account, Patient, Received, Server};

use crate::support::Ward;

pub const NUMBER: &str = "6281100000000";
/// Long for a machine that is busy with other tests.
pub const PATIENCE: Duration = Duration::from_secs(90);

pub struct Hospital {
    pub server: Server,
    pub account: Account,
    pub ward: Ward,
    pub gateway: Gateway,
    folder: tempfile::TempDir,
}

impl Hospital {
    /// With a phone that is paired already, and connected.
    pub async fn open(script: impl Fn(&Question) -> Answer + Send + Sync + 'static) -> Result<Self> {
        Self::open_with(Duration::ZERO, script).await
    }

    /// The same, and it waits so long for a patient to go on.
    pub async fn open_with(
        quiet: Duration,
        script: impl Fn(&Question) -> Answer + Send + Sync + 'static,
    ) -> Result<Self> {
        let hospital = Self::unpaired_or_paired(true, quiet, script).await?;
        hospital.account.wait_connected(PATIENCE).await?;
        Ok(hospital)
    }

    /// Without a phone.
    pub async fn unpaired(script: impl Fn(&Question) -> Answer + Send + Sync + 'static) -> Result<Self> {
        Self::unpaired_or_paired(false, Duration::ZERO, script).await
    }

    async fn unpaired_or_paired(
        paired: bool,
        quiet: Duration,
        script: impl Fn(&Question) -> Answer + Send + Sync + 'static,
    ) -> Result<Self> {
        let (server, folder) = (Server::start().await?, tempfile::tempdir()?);
        let account = server.account(NUMBER, "RSH Satu Bumi")?;
        let session = folder.path().join("whatsapp.db");
        if paired {
            account.seed_sqlite(&session).await?;
        }
        let quiet = Quiet { after: quiet, at_most: Duration::from_secs(60) };
        let ward = Ward::with_options(ChatOptions { quiet, ..ChatOptions::default() }, script)?;
        let options = Options {
            enabled: true,
            session,
            server_url: Some(server.url()),
            version: None,
            version_cache: folder.path().join("version.json"),
            pace: Pace { typing_chars_per_second: 0, most_per_minute: 0, ..Pace::default() },
            least_free_bytes: 0,
            most_media_bytes: 1 << 20,
        };
        let gateway = Gateway::start(options, ward.chat.clone(), ward.store.clone(), &ward.tasks)?;
        Ok(Self { server, account, ward, gateway, folder })
    }

    /// A patient who writes to the hospital.
    pub fn patient(&self, phone: &str, name: &str) -> Result<Patient> {
        Ok(self.server.patient(phone, name)?)
    }

    /// A patient's conversation.
    pub async fn detail(&self, phone: &str) -> Result<ConversationDetail> {
        Ok(self.ward.chat.detail(ChatRef::parse(phone)?, None, 200).await?)
    }

    /// What was kept of the version that was learnt.
    pub fn learnt_version(&self) -> Result<String> {
        Ok(std::fs::read_to_string(self.folder.path().join("version.json"))?)
    }

    /// Waits for a state of the connection.
    pub async fn until(&self, wanted: impl Fn(&Connection) -> bool) -> Result<Connection> {
        let mut changes = self.gateway.changes();
        let seen = tokio::time::timeout(PATIENCE, changes.wait_for(|now| wanted(now))).await??;
        Ok(seen.clone())
    }

    /// Ends it in order.
    pub async fn close(self) {
        self.ward.tasks.stop(PATIENCE).await;
        self.server.stop().await;
        drop(self.folder);
    }
}

/// The patient's next message from the hospital that says this.
pub async fn gets(patient: &Patient, words: &str) -> Result<Received> {
    let said = |received: &Received| received.text().is_some_and(|text| text.contains(words));
    let waited = patient.inbox().wait_for(said, PATIENCE).await;
    let got =
        || patient.inbox().all().iter().map(|got| got.text().unwrap_or("…").to_owned()).collect::<Vec<_>>();
    waited.with_context(|| format!("{words:?} of {:?}", got()))
}

/// Waits until a question asked of the database gives yes.
pub async fn eventually<F: Future<Output = Result<bool>>>(ask: impl Fn() -> F) -> Result<()> {
    eventually_within(PATIENCE, ask).await
}

/// The same with another patience.
pub async fn eventually_within<F: Future<Output = Result<bool>>>(
    patience: Duration,
    ask: impl Fn() -> F,
) -> Result<()> {
    let asking = async {
        while !ask().await? {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        anyhow::Ok(())
    };
    tokio::time::timeout(patience, asking).await?
}
