//! What the demo says.

/// The demo's words in one language.
pub struct Words {
    pub newcomer: &'static str,
    pub starting: &'static str,
    pub welcome: &'static str,
    pub not_connected: &'static str,
    pub stopping: &'static str,
    pub did_not_stop: &'static str,
    pub you: &'static str,
    pub hospital: &'static str,
    pub sent: &'static str,
    pub delivered: &'static str,
    pub read: &'static str,
    pub typing: &'static str,
    pub recording: &'static str,
    pub no_text: &'static str,
    pub no_answer: &'static str,
}

impl Words {
    pub const INDONESIAN: &Self = &Self {
        newcomer: "Pasien Baru",
        starting: "Satu Bumi sedang dinyalakan. Memuat model bisa makan waktu beberapa menit …",
        welcome: "Satu Bumi sudah tersambung ke WhatsApp di komputer ini. Anda adalah pasien: tulis pertanyaan, lalu \
                  tekan Enter. Ctrl-D untuk selesai.",
        not_connected: "Satu Bumi tidak tersambung",
        stopping: "Satu Bumi dimatikan …",
        did_not_stop: "server tidak mau berhenti sendiri dan dihentikan paksa",
        you: "Anda",
        hospital: "RSH Satu Bumi",
        sent: "terkirim",
        delivered: "sampai",
        read: "dibaca",
        typing: "mengetik…",
        recording: "merekam suara…",
        no_text: "[pesan ini bukan teks]",
        no_answer: "(belum ada jawaban)",
    };

    pub const ENGLISH: &Self = &Self {
        newcomer: "New Patient",
        starting: "Satu Bumi is starting. Loading its models may take some minutes …",
        welcome: "Satu Bumi is connected to the WhatsApp on this computer. You are a patient: type a question and \
                  press Enter. Ctrl-D to end.",
        not_connected: "Satu Bumi did not connect",
        stopping: "Satu Bumi is stopping …",
        did_not_stop: "the server would not stop by itself and was killed",
        you: "You",
        hospital: "RSH Satu Bumi",
        sent: "sent",
        delivered: "delivered",
        read: "read",
        typing: "typing…",
        recording: "recording…",
        no_text: "[this message is not a text]",
        no_answer: "(no answer yet)",
    };
}
