//! The approximate index: an HNSW graph (hnsw_rs) over one generation's vectors, for when there are so many that exact
//! search takes milliseconds.
//!
//! It is a cache. A thread loads it from disk or builds it in the background; until it stands, and whenever the
//! documents have changed since, exact search answers. On disk it is a folder of hnsw_rs's two files and a manifest,
//! written last and renamed into place, that names the content it belongs to and the files' checksums: a torn write,
//! files of two generations, another model's graph or a restored database do not match it, and the graph is rebuilt.
//! (hnsw_rs itself panics on files that do not belong together; loading is guarded against that as well.)

use std::{
    fs, io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use arc_swap::ArcSwapOption;
use hnsw_rs::{anndists::dist::distances::Distance, api::AnnT, hnsw::Hnsw, hnswio::HnswIo};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{
    Index, Options,
    dense::best,
    snapshot::{Place, Snapshot},
};

/// Links a node: with 200 candidates while building, recall@10 was .995-.9997 at 1,000 to 20,000 clustered vectors.
const LINKS: usize = 16;
const CANDIDATES_BUILDING: usize = 200;
/// The layers that hnsw_rs expects of a graph that can be dumped.
const LAYERS: usize = 16;
/// Candidates that a search keeps, and how many neighbours are asked for beyond what is wanted: expired documents fall
/// out.
const CANDIDATES_SEARCHING: usize = 256;
const OVERFETCH: usize = 4;
/// Vectors inserted between two looks at whether the graph is still wanted.
const INSERTED_AT_ONCE: usize = 64;
/// How often the waiting thread looks whether the documents have become quiet.
const STEP: Duration = Duration::from_millis(100);
const MANIFEST: &str = "manifest.json";
const BASENAME: &str = "passages";

/// One minus the cosine of vectors of length one; never below zero, which hnsw_rs would not bear.
#[derive(Clone, Copy, Debug, Default)]
struct Cosine;

impl Distance<f32> for Cosine {
    fn eval(&self, a: &[f32], b: &[f32]) -> f32 {
        (1.0 - crate::ai::dot(a, b)).max(0.0)
    }
}

/// The graph of one generation.
struct Graph {
    generation: i64,
    hnsw: Hnsw<'static, f32, Cosine>,
    /// Which passage each row is of.
    places: Vec<Place>,
}

/// What the files on disk belong to.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Manifest {
    embedder: String,
    dimensions: usize,
    rows: usize,
    fingerprint: String,
    folder: String,
    basename: String,
    graph_sha256: String,
    data_sha256: String,
}

/// The graph in memory and its keeper.
pub(super) struct Cache(Arc<Keeper>);

struct Keeper {
    folder: PathBuf,
    embedder: String,
    dimensions: usize,
    from: usize,
    quiet: Duration,
    ready: ArcSwapOption<Graph>,
    /// A thread is at it.
    busy: AtomicBool,
}

impl Cache {
    pub fn new(options: &Options, embedder: String, dimensions: usize) -> Self {
        Self(Arc::new(Keeper {
            folder: options.cache.clone(),
            embedder,
            dimensions,
            from: options.approximate_from,
            quiet: options.quiet,
            ready: ArcSwapOption::empty(),
            busy: AtomicBool::new(false),
        }))
    }

    /// The nearest passages, if the graph of this very generation stands and gives enough of them.
    pub fn search(
        &self,
        snapshot: &Snapshot,
        question: &[f32],
        speaking: &[bool],
        limit: usize,
    ) -> Option<Vec<(Place, f32)>> {
        let graph = self.0.ready.load_full().filter(|graph| graph.generation == snapshot.generation)?;
        let wanted = (limit * OVERFETCH).min(graph.places.len());
        let neighbours = graph.hnsw.search(question, wanted, CANDIDATES_SEARCHING.max(wanted));
        let found: Vec<(Place, f32)> = neighbours
            .iter()
            .filter_map(|near| Some((*graph.places.get(near.d_id)?, 1.0 - near.distance)))
            .filter(|(place, _)| speaking.get(place.document as usize).copied().unwrap_or(false))
            .collect();
        let found = best(found, limit);
        // Too many neighbours may not speak; the exact search sees past them.
        (found.len() == limit || wanted == graph.places.len()).then_some(found)
    }

    /// Sees to it that the graph follows the documents; returns at once.
    pub fn keep_up(&self, index: &Arc<Index>, snapshot: &Snapshot) {
        if self.stands(snapshot.generation)
            || snapshot.rows() < self.0.from
            || self.0.busy.swap(true, Ordering::AcqRel)
        {
            return;
        }
        let (keeper, index) = (Arc::clone(&self.0), Arc::downgrade(index));
        let thread = std::thread::Builder::new().name("knowledge-hnsw".into());
        let started = thread.spawn(move || {
            keeper.catch_up(&index);
            keeper.busy.store(false, Ordering::Release);
        });
        if let Err(failed) = started {
            self.0.busy.store(false, Ordering::Release);
            tracing::error!(error = %failed, "no thread for the approximate index; exact search goes on");
        }
    }

    /// Whether the graph of this generation stands.
    pub fn stands(&self, generation: i64) -> bool {
        self.0.ready.load().as_ref().is_some_and(|graph| graph.generation == generation)
    }
}

impl Keeper {
    /// Loads or builds until the newest generation's graph stands, the vectors are few again, or nobody is left to search.
    fn catch_up(&self, index: &Weak<Index>) {
        while let Some(snapshot) = newest(index) {
            let rows = snapshot.rows();
            if rows < self.from {
                return;
            }
            let loaded = match self.load(&snapshot) {
                Ok(graph) => graph,
                Err(why) => {
                    tracing::warn!(why, "the approximate index on disk is not usable and is rebuilt");
                    None
                }
            };
            let graph = match loaded {
                Some(graph) => graph,
                None => {
                    if !self.is_quiet(index, snapshot.generation) {
                        continue;
                    }
                    let started = Instant::now();
                    let Some(graph) = self.build(&snapshot, index) else { continue };
                    let seconds = started.elapsed().as_secs_f32();
                    tracing::info!(rows, seconds, "the approximate index was built");
                    if let Err(failed) = self.save(&graph, &snapshot) {
                        tracing::warn!(error = %failed, "the approximate index could not be kept on disk");
                    }
                    graph
                }
            };
            self.ready.store(Some(Arc::new(graph)));
            if newest(index).is_none_or(|newest| newest.generation == snapshot.generation) {
                return;
            }
        }
    }

    /// Waits until the documents have not changed for a while; false if they have, or nobody is left.
    fn is_quiet(&self, index: &Weak<Index>, generation: i64) -> bool {
        let since = Instant::now();
        while since.elapsed() < self.quiet {
            std::thread::sleep(STEP.min(self.quiet));
            if newest(index).is_none_or(|newest| newest.generation != generation) {
                return false;
            }
        }
        true
    }

    /// Builds the graph, unless the documents change meanwhile.
    fn build(&self, snapshot: &Snapshot, index: &Weak<Index>) -> Option<Graph> {
        let rows: Vec<(Place, &[f32])> = snapshot.vectors().collect();
        let mut hnsw = Hnsw::new(LINKS, rows.len(), LAYERS, CANDIDATES_BUILDING, Cosine);
        for (at, batch) in rows.chunks(INSERTED_AT_ONCE).enumerate() {
            if newest(index).is_none_or(|newest| newest.generation != snapshot.generation) {
                return None;
            }
            for (within, (_, vector)) in batch.iter().enumerate() {
                hnsw.insert((vector, at * INSERTED_AT_ONCE + within));
            }
        }
        hnsw.set_searching_mode(true);
        let places = rows.into_iter().map(|(place, _)| place).collect();
        Some(Graph { generation: snapshot.generation, hnsw, places })
    }

    /// Writes the graph beside the old one, then the manifest over the old one, then removes what nobody names any more.
    fn save(&self, graph: &Graph, snapshot: &Snapshot) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        let fresh = tempfile::Builder::new().prefix("graph-").tempdir_in(&self.folder)?;
        let basename = graph.hnsw.file_dump(fresh.path(), BASENAME).map_err(io::Error::other)?;
        let name = fresh.path().file_name().unwrap_or_default().to_string_lossy().into_owned();
        let (graph_file, data_file) = files(fresh.path(), &basename);
        let manifest = Manifest {
            embedder: self.embedder.clone(),
            dimensions: self.dimensions,
            rows: graph.places.len(),
            fingerprint: snapshot.fingerprint(),
            folder: name.clone(),
            basename,
            graph_sha256: sha256(&graph_file)?,
            data_sha256: sha256(&data_file)?,
        };
        for file in [&graph_file, &data_file] {
            fs::File::open(file)?.sync_all()?;
        }
        let mut written = tempfile::NamedTempFile::new_in(&self.folder)?;
        serde_json::to_writer_pretty(&mut written, &manifest)?;
        written.as_file().sync_all()?;
        // From here on the folder is the manifest's.
        let _kept = fresh.keep();
        written.persist(self.folder.join(MANIFEST)).map_err(|failed| failed.error)?;
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            let other = entry.file_name().to_string_lossy().into_owned();
            if other.starts_with("graph-") && other != name {
                fs::remove_dir_all(entry.path())?;
            }
        }
        Ok(())
    }

    /// The graph on disk, if there is one and it is of exactly this content; an error says what is wrong with it.
    fn load(&self, snapshot: &Snapshot) -> Result<Option<Graph>, String> {
        let manifest = match fs::read(self.folder.join(MANIFEST)) {
            Ok(bytes) => bytes,
            Err(absent) if absent.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(unread) => return Err(unread.to_string()),
        };
        let manifest: Manifest = serde_json::from_slice(&manifest)
            .map_err(|broken| format!("its manifest is damaged: {broken}"))?;
        let places: Vec<Place> = snapshot.vectors().map(|(place, _)| place).collect();
        let belongs = manifest.embedder == self.embedder
            && manifest.dimensions == self.dimensions
            && manifest.rows == places.len()
            && manifest.fingerprint == snapshot.fingerprint();
        if !belongs {
            // No damage: the documents or the model changed since.
            return Ok(None);
        }
        if !manifest.folder.starts_with("graph-") || manifest.folder.contains(['/', '\\']) {
            return Err("its manifest names another folder".into());
        }
        let folder = self.folder.join(&manifest.folder);
        let (graph, data) = files(&folder, &manifest.basename);
        for (file, expected) in [(graph, &manifest.graph_sha256), (data, &manifest.data_sha256)] {
            let found = sha256(&file).map_err(|unread| unread.to_string())?;
            if found != *expected {
                return Err("its files are not the ones that were written".into());
            }
        }
        // The graph borrows its loader for as long as it lives, though without memory mapping it keeps nothing of it:
        // a path and a name are given up for each load, of which there is one a start.
        let loader: &'static mut HnswIo = Box::leak(Box::new(HnswIo::new(&folder, &manifest.basename)));
        let loaded = catch_unwind(AssertUnwindSafe(move || {
            let loader = loader;
            read_graph(loader)
        }));
        let mut hnsw = match loaded {
            Ok(Ok(hnsw)) => hnsw,
            Ok(Err(refused)) => return Err(refused.to_string()),
            Err(_) => return Err("loading it panicked".into()),
        };
        if hnsw.get_nb_point() != places.len() {
            return Err(format!("it holds {} rows of {}", hnsw.get_nb_point(), places.len()));
        }
        hnsw.set_searching_mode(true);
        Ok(Some(Graph { generation: snapshot.generation, hnsw, places }))
    }
}

fn read_graph(loader: &'static mut HnswIo) -> anyhow::Result<Hnsw<'static, f32, Cosine>> {
    loader.load_hnsw()
}

fn newest(index: &Weak<Index>) -> Option<Arc<Snapshot>> {
    Some(index.upgrade()?.snapshots.newest())
}

/// hnsw_rs's names for its two files.
fn files(folder: &Path, basename: &str) -> (PathBuf, PathBuf) {
    (folder.join(format!("{basename}.hnsw.graph")), folder.join(format!("{basename}.hnsw.data")))
}

fn sha256(path: &Path) -> io::Result<String> {
    let mut hash = Sha256::new();
    io::copy(&mut fs::File::open(path)?, &mut hash)?;
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}
