//! What the disk itself allows.

use std::{
    fs::File,
    io::{Seek, SeekFrom, Write},
    path::Path,
    time::Instant,
};

use anyhow::Result;

/// Writes that are measured.
const WRITES: u32 = 500;

/// Writes of 4 KiB a second that survive a power cut each, one after the other, as SQLite's commits with
/// `synchronous=FULL` do.
pub fn durable_writes(folder: &Path) -> Result<f64> {
    let mut file = File::create(folder.join("durable"))?;
    let page = [7; 4096];
    file.write_all(&page.repeat(16))?;
    file.sync_all()?;
    let since = Instant::now();
    for write in 0..WRITES {
        file.seek(SeekFrom::Start(u64::from(write % 16) * 4096))?;
        file.write_all(&page)?;
        file.sync_data()?;
    }
    Ok(f64::from(WRITES) / since.elapsed().as_secs_f64())
}
