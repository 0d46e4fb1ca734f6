//! Questions about one case: is my result ready, which number is being served, is a room free now, when is my mother's
//! operation. No document holds the answer, however near its words come ("jam operasi", "hasil lab"): whoever sees the
//! hospital's systems must look. Told by a few words that must stand together; what such a question shares with one about
//! the rule ("hasil lab berapa lama jadinya?") decides for the documents.

use super::seen::Seen;

/// What is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OwnCase {
    /// Whether something is ready.
    Ready,
    /// How far a queue has come.
    Queue,
    /// Whether a room or a bed is free.
    Vacancy,
    /// Whether or where somebody is a patient.
    Patient,
    /// When one's own appointment or operation is.
    Appointment,
}

const WHOSE: &str = "
    saya aku ibu bapak ayah anak suami istri adik kakak nenek kakek mertua papa mama orang my mother father
";
/// These ask for a rule, a price or a way, not for one case.
const RULE: &str = "
    lama biasa umum cara syarat biaya harga tarif ambil kirim bayar kalau jika bila tanggung minta paling maksimal
    minimal sebelum persiapan siap puasa bawa usually
";

/// The case that a text asks about, if it asks about one.
pub fn own_case(text: &str) -> Option<OwnCase> {
    let seen = Seen::of(text);
    let rule = seen.any(RULE);
    if seen.any("hasil resep obat klaim rujukan surat lamaran pengaduan komplain result results")
        && (seen.any("belum") && seen.any("jadi selesai keluar siap kelar ada balas proses")
            || seen.pair("sudah apakah already", "jadi selesai keluar siap kelar ready"))
        && !seen.any("kapan berapa lama cara syarat biaya kalau")
    {
        Some(OwnCase::Ready)
    } else if seen.any("antre antrean antri antriannya nomor queue")
        && seen.any("sampai sekarang panggil jalan now")
        && seen.any("berapa which")
        && !rule
    {
        Some(OwnCase::Queue)
    } else if seen.any("kamar icu nicu picu hcu bed ranjang room")
        && seen.any("kosong penuh full vacant available")
    {
        Some(OwnCase::Vacancy)
    } else if (seen.any("bernama") || seen.pair("atas", "nama"))
        && seen.any("pasien rawat inap kamar igd operasi periksa patient")
        && !rule
    {
        Some(OwnCase::Patient)
    } else if seen.pair("operasi tindakan kontrol giliran surgery appointment", WHOSE)
        && seen.any("kapan jam pukul tanggal mulai when")
        && !rule
        && !seen.any("dokter poli praktik bpjs")
    {
        Some(OwnCase::Appointment)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_case_is_told_from_the_rule() {
        for (text, case) in [
            ("hasil rontgen bapak saya sudah keluar belum kak", Some(OwnCase::Ready)),
            ("obat sy udh siap blm ya", Some(OwnCase::Ready)),
            ("antrean dr. Bima sekarang sampai nomor brp", Some(OwnCase::Queue)),
            ("icu msh ada yg kosong?", Some(OwnCase::Vacancy)),
            ("pasien bernama Budi dirawat di kamar berapa", Some(OwnCase::Patient)),
            ("operasi bapak saya besok jam berapa", Some(OwnCase::Appointment)),
            ("hasil lab brp lama jadinya", None),
            ("hasil lab kapan bisa diambil", None),
            ("cara ambil nomor antrean gimana", None),
            ("kamar vip brp semalam", None),
            ("biaya operasi anak berapa", None),
            ("jadwal dokter anak hari apa", None),
            ("berapa jam sebelum operasi pasien harus datang", None),
        ] {
            assert_eq!(own_case(text), case, "{text}");
        }
    }
}
