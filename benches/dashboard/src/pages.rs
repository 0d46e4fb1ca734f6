//! The first byte of pages, signed in, over HTTP.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};

use crate::{server::Server, texts};

/// The time that so large a share of the sorted times did not exceed.
pub fn percentile(times: &[Duration], share: f64) -> Duration {
    let last = times.len().saturating_sub(1);
    times.get((share * last as f64).round() as usize).copied().unwrap_or_default()
}

/// Measures every page in turn, so often, and prints a table.
#[expect(clippy::disallowed_macros, reason = "a benchmark prints what it measured")]
pub async fn measure(folder: &Path, rounds: usize) -> Result<()> {
    let server = Server::start(folder).await?;
    let rare = format!("/conversations?search={}", texts::RARE);
    let paths = [
        "/conversations",
        "/conversations?filter=waiting",
        "/conversations?search=jam+besuk",
        "/conversations?search=jam",
        "/conversations?search=a",
        &rare,
        "/conversations?search=Kartika+Siregar",
        "/conversations?search=6281100050000",
        "/conversations?search=tidak-ada-yang-begini",
        "/conversations/50000",
        "/conversations/99990",
        "/",
        "/?days=7",
        "/?days=30",
        "/figures?days=30",
    ];
    println!("| page | p50 | p95 | most | KiB |\n| --- | --- | --- | --- | --- |");
    let client = reqwest::Client::new();
    for path in paths {
        let (mut times, mut bytes) = (Vec::with_capacity(rounds), 0);
        for _ in 0..rounds {
            let since = Instant::now();
            let page = client.get(format!("{}{path}", server.address)).header("cookie", &server.cookie);
            // It resolves when the head of the response is there, which goes out with the first byte of the page.
            let reply = page.send().await?;
            times.push(since.elapsed());
            ensure!(reply.status().is_success(), "{path}: {}", reply.status());
            bytes = reply.bytes().await?.len();
        }
        times.sort();
        let millis = |time: Duration| time.as_secs_f64() * 1000.0;
        println!(
            "| `{path}` | {:.1} ms | {:.1} ms | {:.1} ms | {} |",
            millis(percentile(&times, 0.5)),
            millis(percentile(&times, 0.95)),
            millis(percentile(&times, 1.0)),
            bytes >> 10
        );
    }
    println!("\nmemory of the server: {} MiB", server.memory()? >> 20);
    server.stop().await
}
