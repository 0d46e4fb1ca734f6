//! The real binary, its number connected to a loopback server.

use std::time::Duration;

use anyhow::{Context, Result};
use rusqlite::{Connection, OpenFlags, Params};
use whatsapp_loopback::{Account, Patient, Server as Whatsapp};

use crate::{
    hospital::{NUMBER, PATIENCE, eventually_within},
    installed::{Hospital, Server},
};

/// A hospital with its documents not indexed, a phone that is paired, and no pauses for the looks of it.
pub struct Connected {
    pub hospital: Hospital,
    pub whatsapp: Whatsapp,
    pub account: Account,
    url: String,
}

impl Connected {
    pub async fn new() -> Result<Self> {
        let connected = Self::unpaired().await?;
        connected.account.seed_sqlite(connected.hospital.folder().join("data/whatsapp.db")).await?;
        Ok(connected)
    }

    /// One without a phone.
    pub async fn unpaired() -> Result<Self> {
        let hospital = tokio::task::block_in_place(Hospital::open_warm)?;
        let whatsapp = Whatsapp::start().await?;
        let account = whatsapp.account(NUMBER, "RSH Satu Bumi")?;
        let url = whatsapp.url();
        Ok(Self { hospital, whatsapp, account, url })
    }

    /// Starts the binary, with more in its environment, and waits until it takes questions.
    pub async fn serve(&self, more: &[(&str, &str)]) -> Result<Server> {
        let environment = self.environment(more);
        tokio::task::block_in_place(|| self.hospital.serve_with(&environment))
    }

    /// The environment that connects it to the loopback server, and more.
    pub fn environment<'a>(&'a self, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
        let mut environment = vec![
            ("SATUBUMI__WHATSAPP__SERVER_URL", self.url.as_str()),
            ("SATUBUMI__WHATSAPP__QUIET_SECONDS", "0"),
            ("SATUBUMI__WHATSAPP__TYPING_CHARS_PER_SECOND", "0"),
            ("SATUBUMI__WHATSAPP__MOST_PER_MINUTE", "0"),
            ("SATUBUMI__WHATSAPP__MOST_REPLIES", "1000000"),
            ("SATUBUMI__WHATSAPP__LEAST_FREE_MEGABYTES", "0"),
        ];
        environment.extend_from_slice(more);
        environment
    }

    /// The same, and waits until it is connected.
    pub async fn serve_connected(&self, more: &[(&str, &str)]) -> Result<Server> {
        let server = self.serve(more).await?;
        self.account.wait_connected(PATIENCE).await.context("the server connects")?;
        Ok(server)
    }

    /// A patient.
    pub fn patient(&self, number: usize) -> Result<Patient> {
        Ok(self.whatsapp.patient(&format!("62812{number:08}"), "Pasien")?)
    }

    /// One number from its database.
    pub fn count(&self, sql: &str, params: impl Params) -> Result<i64> {
        Ok(self.database()?.query_row(sql, params, |row| row.get(0))?)
    }

    /// Its database, to read from.
    pub fn database(&self) -> Result<Connection> {
        let path = self.hospital.folder().join("data/satubumi.db");
        let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        connection.busy_timeout(Duration::from_secs(10))?;
        Ok(connection)
    }

    /// Waits until nothing waits for an answer and nothing is on its way out; what was refused waits a minute before it is
    /// tried for the third time.
    pub async fn until_settled(&self) -> Result<()> {
        let settled = eventually_within(6 * PATIENCE, async || Ok(self.unsettled()? == 0)).await;
        settled.with_context(|| format!("{:?} wait", self.unsettled()))
    }

    fn unsettled(&self) -> Result<i64> {
        self.count(
            "SELECT (SELECT count(*) FROM messages WHERE author = 'patient' AND outcome IS NULL)
                  + (SELECT count(*) FROM outbox WHERE state IN ('queued', 'sending'))",
            [],
        )
    }
}
