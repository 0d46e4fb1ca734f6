//! The WhatsApp store of the demo's server.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

/// Where the server keeps its WhatsApp session.
const STORE: &str = "whatsapp.db";
/// Lies beside a store that the demo made.
const MARK: &str = "whatsapp.demo";

/// Makes room for a new store: one that an earlier demo left behind is removed, since its WhatsApp server is gone. One
/// that the demo did not make may be a real link, and is left alone.
pub fn fresh(folder: &Path) -> Result<PathBuf> {
    let store = folder.join(STORE);
    let mark = folder.join(MARK);
    if store.exists() && !mark.exists() {
        bail!("{} belongs to a real WhatsApp link; take another folder for the demo", store.display());
    }
    for ending in ["", "-wal", "-shm"] {
        let file = folder.join(format!("{STORE}{ending}"));
        match std::fs::remove_file(&file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("{}", file.display()));
            }
            _ => {}
        }
    }
    std::fs::write(&mark, "This folder's whatsapp.db was made by satubumi-demo.\n")
        .with_context(|| format!("{}", mark.display()))?;
    Ok(store)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_real_link_is_left_alone_and_an_old_demo_is_not() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(STORE), "real").unwrap();
        assert!(fresh(folder.path()).is_err());
        std::fs::remove_file(folder.path().join(STORE)).unwrap();
        let store = fresh(folder.path()).unwrap();
        std::fs::write(&store, "demo").unwrap();
        assert_eq!(fresh(folder.path()).unwrap(), store);
        assert!(!store.exists());
    }
}
