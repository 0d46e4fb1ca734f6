//! What patients of a made-up hospital write, and what they are answered.

use rand::{Rng, seq::IndexedRandom};

/// A word that stands in a handful of messages.
pub const RARE: &str = "skleroderma";

const FIRST: &[&str] = &[
    "Ani", "Budi", "Citra", "Dewi", "Eko", "Fitri", "Galih", "Hesti", "Indra", "Joko", "Kartika", "Lestari",
    "Made", "Nur", "Oki", "Putri", "Rahmat", "Sri", "Tono", "Umi", "Wahyu", "Yanti", "Zainal", "Slamet",
    "Rina",
];
const LAST: &[&str] = &[
    "Wijaya",
    "Santoso",
    "Lestari",
    "Kusuma",
    "Pratama",
    "Hidayat",
    "Nugroho",
    "Permata",
    "Siregar",
    "Utami",
    "Saputra",
    "Rahayu",
    "Setiawan",
    "Maharani",
    "Gunawan",
    "Handayani",
    "Firmansyah",
    "Simanjuntak",
];
const CLINICS: &[&str] = &[
    "anak",
    "gigi",
    "mata",
    "penyakit dalam",
    "kandungan",
    "saraf",
    "jantung",
    "THT",
    "kulit",
    "bedah",
    "paru",
    "ortopedi",
    "rehabilitasi medik",
    "akupunktur",
    "gizi",
    "jiwa",
];
const DOCTORS: &[&str] =
    &["Andini", "Bagus", "Cahya", "Dimas", "Erlangga", "Farah", "Gita", "Hendra", "Intan"];
const DAYS: &[&str] = &["Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu", "Minggu", "besok", "hari ini"];
const TESTS: &[&str] =
    &["darah lengkap", "gula darah", "kolesterol", "rontgen dada", "USG", "fungsi ginjal", "EKG", "urine"];
const ROOMS: &[&str] = &["ICU", "Melati", "Kenanga", "Mawar", "bersalin", "anak", "VIP"];
const ENDS: &[&str] = &["", " ya", " kak", " min", " dok", "?", "? terima kasih", "? mohon infonya", " 🙏"];

/// Questions; `{c}` a clinic, `{d}` a doctor, `{h}` a day, `{t}` a test, `{r}` a ward.
const QUESTIONS: &[&str] = &[
    "Selamat pagi, poli {c} hari {h} buka jam berapa",
    "Dokter {d} praktik hari {h} tidak",
    "Mau daftar poli {c} untuk {h}, caranya bagaimana",
    "Jam besuk {r} jam berapa",
    "Anak kecil boleh ikut jam besuk di ruang {r}",
    "Berapa biaya pemeriksaan {t}",
    "Tarif {t} berapa kalau tanpa rujukan",
    "Apakah {t} harus puasa dulu",
    "Hasil {t} saya sudah keluar belum",
    "Apakah bisa pakai BPJS di poli {c}",
    "Surat rujukan dari puskesmas berlaku berapa lama",
    "Parkir di rumah sakit bayar berapa",
    "Alamat rumah sakit di mana dan naik apa dari stasiun",
    "Kamar {r} masih ada yang kosong",
    "Obat saya habis, apakah bisa diambil tanpa bertemu dokter {d}",
    "Saya mau ganti jadwal kontrol dokter {d} ke hari {h}",
    "Dok, anak saya demam sudah tiga hari, sebaiknya ke poli {c} atau IGD",
    "Apakah ada layanan antar obat sampai rumah",
    "Vaksin influenza untuk lansia tersedia hari {h}",
    "Nomor antrean poli {c} hari {h} sudah sampai berapa",
    "Terima kasih banyak",
    "Halo",
    "Baik, terima kasih infonya",
    "Boleh bicara dengan petugas",
];

const ANSWERS: &[&str] = &[
    "Poli {c} buka hari {h} pukul 08.00 sampai 13.00. Pendaftaran ditutup satu jam sebelumnya.",
    "Dokter {d} praktik di poli {c} pada hari {h} pukul 09.00 sampai 12.00.",
    "Jam besuk ruang {r} pukul 11.00 sampai 13.00 dan 17.00 sampai 19.00. Anak di bawah 12 tahun tidak ikut masuk.",
    "Biaya pemeriksaan {t} mengikuti daftar tarif rumah sakit. Bawalah surat pengantar bila ada.",
    "Untuk {t} mohon puasa 8 sampai 10 jam. Air putih boleh diminum.",
    "Pendaftaran dapat lewat loket mulai pukul 07.00 atau lewat nomor ini sehari sebelumnya.",
    "Peserta BPJS memerlukan rujukan dari fasilitas tingkat pertama yang masih berlaku.",
    "Sama-sama. Semoga lekas sehat.",
];

/// What the bot says when it hands over.
pub const HANDED_OVER: &str =
    "Pertanyaan ini saya teruskan ke petugas. Mohon tunggu, petugas akan menjawab di sini.";
/// What the bot says to a red flag.
pub const EMERGENCY: &str = "Ini bisa keadaan darurat. Segera ke IGD terdekat atau telepon 119.";
/// A red flag.
pub const RED_FLAG: &str = "Dada saya nyeri sekali menjalar ke lengan dan sesak napas";
/// What staff say.
pub const STAFF: &str =
    "Baik Bapak/Ibu, sudah kami periksa. Silakan datang ke loket dengan membawa kartu pasien.";

/// A patient's name; not everybody has one.
pub fn name(random: &mut impl Rng) -> Option<String> {
    random.random_ratio(9, 10).then(|| format!("{} {}", of(FIRST, random), of(LAST, random)))
}

/// A question.
pub fn question(random: &mut impl Rng) -> String {
    filled(of(QUESTIONS, random), random) + of(ENDS, random)
}

/// An answer.
pub fn answer(random: &mut impl Rng) -> String {
    filled(of(ANSWERS, random), random)
}

fn filled(template: &str, random: &mut impl Rng) -> String {
    let mut text = template.to_owned();
    for (slot, words) in [("{c}", CLINICS), ("{d}", DOCTORS), ("{h}", DAYS), ("{t}", TESTS), ("{r}", ROOMS)] {
        if text.contains(slot) {
            text = text.replace(slot, of(words, random));
        }
    }
    text
}

fn of(all: &'static [&'static str], random: &mut impl Rng) -> &'static str {
    all.choose(random).copied().unwrap_or_default()
}
