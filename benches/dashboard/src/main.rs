//! How fast the staff's pages are on a large database, and how fast a hundred open pages learn of a message.
//!
//! `seed` fills a folder's database through the real schema; `pages` measures the first byte of pages on it; `live` opens
//! Socket.IO connections while messages arrive through `/ask`. The server is a process of its own: the real router with an
//! assistant that answers at once.

mod live;
mod pages;
mod seed;
mod server;
mod texts;

use std::path::PathBuf;

use anyhow::Result;
use clap::{Parser, Subcommand};

#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Fill a folder's database
    Seed {
        /// Patients
        #[arg(long, default_value_t = 100_000)]
        conversations: usize,
        /// What they, the bot and staff wrote
        #[arg(long, default_value_t = 2_000_000)]
        messages: usize,
        /// Over how many days, today the last
        #[arg(long, default_value_t = 365)]
        days: i64,
        /// Where `satubumi.db` is made
        folder: PathBuf,
    },
    /// Measure the first byte of pages on a folder's database
    Pages {
        /// How often each is asked for
        #[arg(long, default_value_t = 40)]
        rounds: usize,
        /// Where `satubumi.db` is
        folder: PathBuf,
    },
    /// Measure how fast open pages learn of messages
    Live {
        /// Connections
        #[arg(long, default_value_t = 100)]
        dashboards: usize,
        /// Messages a second
        #[arg(long, default_value_t = 50)]
        per_second: u32,
        /// For how many seconds
        #[arg(long, default_value_t = 30)]
        seconds: u32,
        /// Let each connection fetch fragments as a page does
        #[arg(long)]
        fetching: bool,
        /// Where `satubumi.db` is; without it a new one is used
        folder: Option<PathBuf>,
    },
    /// Be the server until standard input ends
    #[command(hide = true)]
    Be { folder: PathBuf },
}

#[tokio::main]
async fn main() -> Result<()> {
    match Arguments::parse().verb {
        Verb::Seed { conversations, messages, days, folder } => {
            seed::seed(&folder, seed::Size { conversations, messages, days })
        }
        Verb::Pages { rounds, folder } => pages::measure(&folder, rounds).await,
        Verb::Live { dashboards, per_second, seconds, fetching, folder } => {
            let load = live::Load { dashboards, per_second, seconds, fetching };
            match folder {
                Some(folder) => live::measure(&folder, load).await,
                None => live::measure(tempfile::tempdir_in(env!("CARGO_MANIFEST_DIR"))?.path(), load).await,
            }
        }
        Verb::Be { folder } => server::be(&folder).await,
    }
}
