//! The media that were uploaded, in memory, and uploads on behalf of patients.

use std::{collections::HashMap, net::SocketAddr};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use parking_lot::Mutex;
use whatsapp_rust::{bytes::Bytes, wacore, wacore::download::MediaType};

use crate::{
    error::{Error, Result},
    stanza,
};

/// Where every medium's direct path begins.
pub(crate) const FOLDER: &str = "/v/t62.7118-24";

/// The media store. All of it is encrypted with keys that only sender and receiver know.
pub struct Media {
    address: SocketAddr,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    by_path: HashMap<String, Bytes>,
    uploads: usize,
    downloads: usize,
    /// How many of the next requests to fail, and with which status.
    failures: Option<(usize, u16)>,
}

/// An upload as a message refers to it.
#[derive(Clone, Debug)]
pub struct Upload {
    /// The whole address.
    pub url: String,
    /// The address without its host.
    pub direct_path: String,
    /// The key that the medium's keys are derived from.
    pub media_key: Vec<u8>,
    /// The medium's hash.
    pub file_sha256: Vec<u8>,
    /// The upload's hash.
    pub file_enc_sha256: Vec<u8>,
    /// The medium's length in bytes.
    pub file_length: u64,
    /// When the key was made, in seconds since 1970.
    pub media_key_timestamp: i64,
}

impl Media {
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self { address, state: Mutex::default() }
    }

    /// Encrypts a medium and puts it where clients find it.
    ///
    /// # Errors
    /// [`Error::Media`] when it can't be encrypted.
    pub fn upload(&self, medium: &[u8], kind: MediaType) -> Result<Upload> {
        let encrypted = wacore::upload::encrypt_media(medium, kind)
            .map_err(|error| Error::Media(format!("{error:#}")))?;
        let token = BASE64_URL_SAFE_NO_PAD.encode(encrypted.file_enc_sha256);
        let direct_path = self.put(&token, encrypted.data_to_upload.into());
        Ok(Upload {
            url: self.url(&direct_path),
            direct_path,
            media_key: encrypted.media_key.to_vec(),
            file_sha256: encrypted.file_sha256.to_vec(),
            file_enc_sha256: encrypted.file_enc_sha256.to_vec(),
            file_length: medium.len() as u64,
            media_key_timestamp: stanza::now().cast_signed(),
        })
    }

    /// Fails the next `count` uploads and downloads of clients with an HTTP status such as 503, or 401 for a key that
    /// has run out.
    pub fn fail_next(&self, count: usize, status: u16) {
        self.state.lock().failures = (count > 0).then_some((count, status));
    }

    /// How many uploads of clients succeeded.
    pub fn uploads(&self) -> usize {
        self.state.lock().uploads
    }

    /// How many downloads of clients succeeded.
    pub fn downloads(&self) -> usize {
        self.state.lock().downloads
    }

    /// Forgets all media, as WhatsApp does after some weeks: downloads then find nothing.
    pub fn expire(&self) {
        self.state.lock().by_path.clear();
    }

    pub(crate) fn url(&self, direct_path: &str) -> String {
        format!("https://{}{direct_path}", self.address)
    }

    pub(crate) fn next_failure(&self) -> Option<u16> {
        let mut state = self.state.lock();
        let (left, status) = state.failures.as_mut()?;
        let status = *status;
        *left -= 1;
        if *left == 0 {
            state.failures = None;
        }
        Some(status)
    }

    pub(crate) fn path(token: &str) -> String {
        format!("{FOLDER}/{token}.enc")
    }

    pub(crate) fn has(&self, token: &str) -> bool {
        self.state.lock().by_path.contains_key(&Self::path(token))
    }

    /// A client's upload.
    pub(crate) fn receive(&self, token: &str, encrypted: Bytes) -> String {
        self.state.lock().uploads += 1;
        self.put(token, encrypted)
    }

    /// A client's download.
    pub(crate) fn serve(&self, direct_path: &str) -> Option<Bytes> {
        let mut state = self.state.lock();
        let found = state.by_path.get(direct_path).cloned();
        state.downloads += usize::from(found.is_some());
        found
    }

    fn put(&self, token: &str, encrypted: Bytes) -> String {
        let path = Self::path(token);
        self.state.lock().by_path.insert(path.clone(), encrypted);
        path
    }
}
