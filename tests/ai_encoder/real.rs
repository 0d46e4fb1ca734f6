//! The real multilingual-e5-small, as `satubumi models fetch` installs it.

use std::path::PathBuf;

use satubumi::ai::models::{InstalledProfile, Models, ModelsOptions};
use satubumi::ai::{Embedder, EmbedderIdentity, PassageText, Reader};
use tokenizers::Tokenizer;

use crate::tiny::cpu;

fn profile() -> InstalledProfile {
    let dir = std::env::var_os("SATUBUMI_MODELS_DIR").map_or_else(|| PathBuf::from("models"), PathBuf::from);
    let models = Models::open(ModelsOptions::new(dir)).unwrap();
    models
        .installed("tiny")
        .unwrap_or_else(|error| panic!("{error}; `./scripts/test` fetches what tests need"))
}

async fn embedder() -> Embedder {
    Embedder::local(profile().embedder_options(cpu(), 16)).await.unwrap()
}

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[tokio::test]
async fn indonesian_questions_find_their_passages() {
    let embedder = embedder().await;
    let passages = [
        "Poliklinik buka Senin sampai Jumat pukul 08.00-20.00, Sabtu pukul 08.00-13.00, Minggu tutup.",
        "Biaya rawat inap kelas satu Rp450.000 per malam, belum termasuk obat dan tindakan.",
        "Akupunktur tidak boleh dilakukan pada pasien dengan gangguan pembekuan darah.",
        "Jam besuk pasien pukul 11.00-13.00 dan 17.00-19.00, paling banyak dua orang.",
        "Peserta BPJS membawa kartu, KTP dan surat rujukan dari puskesmas ke loket pendaftaran.",
    ];
    let questions = [
        "kak hari sabtu poli buka smpe jam brp ya?",
        "nginep di kelas 1 semalem bayarnya berapa",
        "sy punya kelainan darah susah beku, boleh tusuk jarum?",
        "kapan boleh jenguk orang sakit?",
        "mau berobat pake bpjs harus bawa apa aja min",
    ];
    let passages = embedder.embed_passages(passages.map(str::to_owned).to_vec()).await.unwrap();
    let queries = embedder.embed_queries(questions.map(str::to_owned).to_vec()).await.unwrap();
    for (index, query) in queries.iter().enumerate() {
        let scores: Vec<f32> = passages.iter().map(|passage| cosine(query, passage)).collect();
        let best = (0..scores.len()).max_by(|a, b| scores[*a].total_cmp(&scores[*b]));
        assert_eq!(best, Some(index), "{}: {scores:?}", questions[index]);
    }
    for vector in passages.iter().chain(&queries) {
        assert!((cosine(vector, vector) - 1.0).abs() < 1e-4);
    }
}

#[tokio::test]
async fn a_passage_has_one_vector_alone_and_among_others() {
    let embedder = embedder().await;
    let passages: Vec<String> = (1..12)
        .map(|n| format!("Ruang {n} {}", "ada di lantai dua gedung A, dekat apotek dan kasir. ".repeat(n)))
        .collect();
    let together = embedder.embed_passages(passages.clone()).await.unwrap();
    for (passage, vector) in passages.into_iter().zip(&together) {
        let alone = embedder.embed_passages(vec![passage]).await.unwrap();
        assert!(cosine(vector, &alone[0]) > 0.99999);
    }
}

#[tokio::test]
async fn the_identity_names_the_exact_weights() {
    let profile = profile();
    let embedder = embedder().await;
    let expected = EmbedderIdentity {
        model: "multilingual-e5-small".into(),
        revision: profile.embedder.revision.clone(),
        dimensions: 384,
    };
    assert_eq!(*embedder.identity(), expected);
    assert_eq!(profile.embedder.revision.len(), 16);
}

/// Ids by the original tokenizer's pieces and code-point map, worked out apart from this program ("Hello world!" is the
/// model card's own example).
#[test]
fn token_ids_are_those_of_the_original_tokenizer() {
    let tokenizer = Tokenizer::from_file(profile().embedder.folder.join("tokenizer.json")).unwrap();
    let golden: [(&str, &[u32]); 6] = [
        ("Hello world!", &[0, 35378, 8999, 38, 2]),
        (
            "query: Kak, hari Sabtu poli buka sampai jam berapa ya?",
            &[0, 41, 1294, 12, 40497, 4, 2651, 105943, 8478, 36010, 7389, 3643, 63279, 151, 32, 2],
        ),
        (
            "passage: Biaya rawat inap kelas 1: Rp 450.000\tper malam,\nsudah termasuk makan.",
            &[
                0, 46692, 12, 169472, 6, 58226, 23, 2631, 33642, 13806, 25765, 201, 124267, 117, 11932, 4,
                2491, 12753, 9352, 5, 2,
            ],
        ),
        (
            "Ｒp１００％ ½ dosis…  “Assalamu’alaikum”\u{200b} 😷 ka\u{301}sih",
            &[
                0, 25765, 43659, 78660, 101424, 27, 52, 19659, 7, 114451, 26, 142862, 63, 6, 247601, 6,
                93926, 1043, 2,
            ],
        ),
        (
            "Punten, dokter Sunda aya? Matur nuwun 🙏",
            &[0, 93175, 33, 4, 44529, 96155, 67071, 32, 911, 987, 6, 204565, 6, 113612, 2],
        ),
        ("  spasi   ganda\u{7} \u{feff}dan kontrol  ", &[0, 147108, 85594, 123, 7619, 2]),
    ];
    for (text, ids) in golden {
        assert_eq!(tokenizer.encode(text, true).unwrap().get_ids(), ids, "{text}");
    }
}

#[tokio::test]
async fn the_reader_finds_the_answering_line_and_tells_a_passage_that_only_speaks_of_the_same() {
    let reader = Reader::local(profile().reader_options(cpu(), 16)).await.unwrap();
    let passage = |path: &str, lines: &[&str]| PassageText {
        path: path.to_owned(),
        lines: lines.iter().map(|line| (*line).to_owned()).collect(),
    };
    let passages = vec![
        passage(
            "Jadwal Poliklinik › Poliklinik Gigi",
            &[
                "Hari: Senin; Dokter: drg. Ayu Lestari; Jam: 08.00–12.00",
                "Hari: Rabu; Dokter: drg. Bayu Nugraha; Jam: 16.00–20.00",
                "Hari: Sabtu; Dokter: drg. Ayu Lestari; Jam: 08.00–11.00",
            ],
        ),
        passage(
            "Jadwal Poliklinik › Poliklinik Mata",
            &["Hari: Rabu; Dokter: dr. Citra Dewi, Sp.M; Jam: 09.00–13.00"],
        ),
        passage(
            "Tarif Gigi",
            &["Layanan: Tambal gigi; Tarif: Rp250.000", "Layanan: Cabut gigi; Tarif: Rp300.000"],
        ),
    ];
    for (question, answering) in [
        ("poli gigi hari sabtu buka jam berapa", 0),
        ("dokter mata ada rabu jam berapa", 1),
        ("biaya cabut gigi geraham brp kak", 2),
    ] {
        let readings = reader.read(question, passages.clone()).await.unwrap();
        let best = (0..3).max_by(|a, b| readings[*a].answers.total_cmp(&readings[*b].answers));
        assert_eq!(best, Some(answering), "{question}: {readings:?}");
    }
    let readings = reader.read("biaya cabut gigi brp kak", passages.clone()).await.unwrap();
    assert!(readings[2].lines[1] > readings[2].lines[0], "{readings:?}");
    // No row names molars: the same row, but less sure.
    let molar = reader.read("biaya cabut gigi geraham brp kak", passages.clone()).await.unwrap();
    assert!(molar[2].lines[1] > molar[2].lines[0] && molar[2].answers < readings[2].answers, "{molar:?}");
    let readings = reader.read("poli gigi hari minggu siapa dokternya", passages.clone()).await.unwrap();
    let sure = reader.read("poli gigi hari sabtu siapa dokternya", passages).await.unwrap();
    assert!(readings[0].answers < sure[0].answers - 0.3, "{readings:?} {sure:?}");
    assert!(sure[0].lines[2] > sure[0].lines[0].max(sure[0].lines[1]), "{sure:?}");
}
