//! Questions that only a clinician may answer: permission, safety, dose, diagnosis, prescription, a result's meaning.
//!
//! Such a question gets the hospital's own words quoted and a human told, whatever the profile composes (C2). Each
//! kind is a few words that must stand together after the normaliser and the stemmer; what the house decides ("boleh
//! bawa anak saat besuk?", "cek gula harus puasa?") is told by its own words. Missing one costs little, since claims
//! are never composed; finding one too many costs a member of staff a look.

use super::seen::Seen;

/// What a clinician is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MedicalQuestion {
    /// How much, how often, when to take something.
    Dose,
    /// What a result or a measured value means.
    Result,
    /// Which medicine to take, or a prescription for it.
    Prescription,
    /// What somebody has, or why something hurts.
    Diagnosis,
    /// Whether something is allowed, safe, enough, or goes together.
    Safety,
}

/// Words that ask whether something is allowed or safe, whatever bodily matter it is about.
const PERMISSION: &str = "
    boleh aman bahaya apa-apa pengaruh risiko pantang larang cocok bareng barengan bersamaan sama-sama campur
    interaksi safe allowed dangerous ngefek dampak ampuh
";
/// Words that ask for a judgement where the matter is clearly clinical.
const JUDGEMENT: &str = "
    bisa harus perlu baik sebaiknya normal wajar parah serius sembuh henti stop ganti gantikan lanjut distop
    berhenti obati can should okay must good cure
";
/// Conditions, complaints, medicines, values.
const CLINICAL: &str = "
    hamil menyusui susu haid menstruasi warfarin simarc encer aspirin clopidogrel kemo kemoterapi pacu pacemaker
    alergi asma diabetes gula hipertensi tekanan kolesterol ginjal kanker tumor kista miom epilepsi stroke
    lambung maag gerd antibiotik amoxicillin amoksisilin paracetamol parasetamol ibuprofen metformin amlodipin
    amlodipine simvastatin obat jamu herbal suplemen vitamin insulin steroid demam batuk pilek nyeri sakit luka
    benjol pusing mual ruam gatal debar trombosit hb hemoglobin urat kreatinin leukosit jantung hernia hepatitis
    tbc tuberkulosis hiv varises osteoporosis keguguran tifus buntu putih keputihan bengkak diare muntah nanas
    durian kurma pil pills pregnant pregnancy breastfeeding medicine medication drug pressure allergic thinner
    thinners sesak darah kencing autis saraf tidur katarak wasir rematik vertigo migrain depresi cemas
";
/// Treatments, which are a clinical matter once permission is asked.
const TREATMENT: &str = "
    bekam akupunktur akupresur pijat yoga meditasi hidroterapi moksibusi totok tuina ozon vaksin imunisasi
    operasi bedah terapi fisioterapi puasa suntik minum makan mandi renang olahraga herbal mri rontgen
    acupuncture cupping massage vaccine exercise take drink berhubungan
";
/// Words of what the house decides: who fetches, pays, brings, registers, visits.
const HOUSE: &str = "
    ambil tebus antar kirim bayar daftar pendaftaran booking bpjs asuransi biaya harga tarif jadwal buka tutup
    besuk jenguk parkir surat rujuk kartu wakil pesan praktik konsultasi loket antre kamar bawa tunggu teman
    temani pinjam batal janji salinan foto ruang email whatsapp diskon cek tes puasa pilih referral pay card
    insurance visit appointment free tanggung jemput kelas paket data
";
/// Measured things whose meaning a result question asks for.
const VALUES: &str = "
    hasil tekanan gula hb hemoglobin leukosit trombosit kolesterol kreatinin urat usg rontgen ekg lab saturasi
    suhu sgot sgpt ureum hba1c endoskopi mri scan result results
";
const MEDICINES: &str = "
    obat resep herbal jamu salep vitamin suplemen antibiotik krim medicine drug ramuan sirup tetes
";
const UNITS: &str = "
    tablet sendok tetes unit mg ml cc butir kapsul pil gram sachet takar biji strip times
";

/// What a clinician is asked for, if the text asks for it.
pub fn medical_question(text: &str) -> Option<MedicalQuestion> {
    let seen = Seen::of(text);
    let house = seen.any(HOUSE);
    if seen.asks_dose() {
        Some(MedicalQuestion::Dose)
    } else if seen.asks_result() {
        Some(MedicalQuestion::Result)
    } else if seen.asks_prescription(house) {
        Some(MedicalQuestion::Prescription)
    } else if seen.asks_diagnosis() && !house {
        Some(MedicalQuestion::Diagnosis)
    } else {
        let permission = seen.any(PERMISSION) && (seen.any(CLINICAL) || seen.any(TREATMENT));
        let judgement = seen.any(JUDGEMENT) && seen.any(CLINICAL);
        // A condition that one has outweighs the house's words: "boleh puasa kalau maag?".
        let own = seen.pair("kalau saat lagi sedang pas penderita punya habis", CLINICAL)
            && !seen.any("bpjs biaya bayar daftar jadwal");
        (permission && (!house || own) || judgement && !house).then_some(MedicalQuestion::Safety)
    }
}

/// Whether only a clinician may answer this.
pub fn is_medical_question(text: &str) -> bool {
    medical_question(text).is_some()
}

impl Seen {
    fn asks_dose(&self) -> bool {
        let taken = self.any(MEDICINES) || self.any(CLINICAL) || self.any("minum telan oles");
        self.any("dosis dose dosage overdosis takaran")
            || self.pair("berapa many maksimal berapaan", UNITS)
            || taken && (self.pair("kali", "sehari hari minum") || self.pair("sehari", "berapa"))
            || self.any("minum obat")
                && self.pair("sebelum sesudah setelah habis", "makan")
                && self.any("atau apa apakah kapan")
    }

    fn asks_result(&self) -> bool {
        let meaning = self.any("arti maksud mean meaning baca interpretasi simpul jelas");
        let value = self.any(VALUES);
        let judged =
            self.any("normal bahaya tinggi rendah kenapa bagaimana parah perlu harus apa apakah aman wajar");
        value && (meaning || self.number && judged && !self.any(HOUSE_OF_RESULTS))
    }

    fn asks_prescription(&self, house: bool) -> bool {
        let which = self.pair(MEDICINES, "apa mana") || self.pair("apa what which", MEDICINES);
        let wanted = self.any("cocok bagus untuk buat ampuh manjur saran rekomendasi minum ya good for saja");
        let listed = self.pair("apa", "saja") && self.any("ada jual terapi layanan sedia");
        which && wanted && !house && !listed
            || self.any("resepkan meresepkan diresepkan resepin prescribe")
            || self.pair("tanpa", "resep")
            || self.pair("minta tolong buat kasih", "resep") && !self.any("ulang hilang cetak salinan copy")
            || self.any("rekomendasi saran") && self.any(MEDICINES)
            || self.any(MEDICINES) && self.pair("yang paling", "bagus cocok ampuh manjur")
    }

    fn asks_diagnosis(&self) -> bool {
        let bodily = self.any(CLINICAL)
            || self.any("kaki tangan perut kepala mata dada kulit gejala badan telinga punggung");
        self.any("diagnosis diagnosa diagnose")
            || self.pair("sakit penyakit kena idap gejala tanda", "apa")
            || bodily
                && self.any("kenapa mengapa why kok sebab penyebab")
                && self.any("saya aku ibu bapak anak suami istri ya dokter my badan terus")
            || self.pair("apa apakah mungkin", "saya ini itu aku")
                && (self.any("gejala kena tanda idap tular") || self.any(CLINICAL))
            || self.any(CLINICAL) && self.ends_with("bukan")
    }
}

/// A number beside these belongs to an errand, not to a result.
const HOUSE_OF_RESULTS: &str = "
    ambil kirim biaya harga tarif bayar jadwal paket daftar puasa email jam lama hari 4d lantai salinan bpjs
    surat kapan cek
";
