//! Words that a hospital's documents and its patients use for the same thing, and the English ones for it.
//!
//! Only for searching: what is said keeps its word. A line reads `concept = words`, all of them stems.

use std::{borrow::Cow, collections::HashMap, sync::LazyLock};

use super::stem;

const GROUPS: &str = "
    biaya = harga tarif ongkos price cost fee
    lab = laboratorium laborat laboratory
    poli = poliklinik polyclinic
    umur = usia age
    besuk = jenguk bezuk visit visiting
    daftar = registrasi booking reservasi register registration
    perempuan = wanita
    laki-laki = pria
    telepon = handphone phone
    lahir = salin birth delivery
    vaksin = imunisasi vaccine vaccination immunization
    apotek = farmasi pharmacy
    bpjs = jkn
    wasir = hemoroid ambeien
    gratis = free
    jam = pukul hours time
    lokasi = letak location
    hemodialisis = dialisis dialysis
    kemoterapi = kemo chemotherapy
    fisioterapi = fisio physiotherapy
    dokter = doctor doctors
    spesialis = specialist specialists
    operasi = surgery
    buka = open opens
    tutup = close closes closed
    kamar = room rooms
    parkir = parking
    bayar = pay payment
    asuransi = insurance
    gigi = dentist dental tooth teeth
    anak = child children pediatric pediatrician
    hamil = pregnant pregnancy
    jadwal = schedule
    janji = appointment
    hasil = result results
    tes = test tests
    darah = blood
    ambulans = ambulance
    inggris = english
    bahasa = language speak
    asing = foreigner foreign
    identitas = id
    dosis = dose
    kartu = card
    senin = monday
    selasa = tuesday
    rabu = wednesday
    kamis = thursday
    jumat = friday
    sabtu = saturday saturdays
    minggu = sunday sundays
";

static CONCEPTS: LazyLock<HashMap<&'static str, &'static str>> = LazyLock::new(|| {
    let groups = GROUPS.lines().filter_map(|line| line.split_once('='));
    groups
        .flat_map(|(concept, words)| words.split_whitespace().map(move |word| (word, concept.trim())))
        .collect()
});

/// What a word is searched for as: its stem, or the word that its hospital uses for the same thing.
///
/// ```
/// use satubumi::language::search_stem;
/// assert_eq!(search_stem("tarifnya"), search_stem("harga"));
/// assert_eq!(search_stem("laboratorium"), "lab");
/// assert_eq!(search_stem("pendaftaran"), "daftar");
/// ```
pub fn search_stem(word: &str) -> Cow<'_, str> {
    if let Some(concept) = CONCEPTS.get(word) {
        return Cow::Borrowed(concept);
    }
    let stem = stem(word);
    match CONCEPTS.get(&*stem) {
        Some(concept) => Cow::Borrowed(concept),
        None => stem,
    }
}
