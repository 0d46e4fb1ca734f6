# Teks halaman dalam bahasa Indonesia. Kuncinya sama dengan en.ftl.
app-name = Satu Bumi
home-tagline = Asisten WhatsApp { $hospital }
home-ready = Siap menjawab pasien
home-ready-detail = Semua bagian berjalan.
home-starting = Sedang bersiap
home-starting-detail = Pertanyaan dijawab setelah semua bagian di bawah ini siap.
home-parts = Keadaan
home-part-database = Basis data
home-part-knowledge = Dokumen rumah sakit
home-part-models = Model bahasa
home-part-ok = Siap
home-part-waiting = Belum siap
home-documents =
    { $count ->
        [0] Belum ada dokumen
       *[other] { $count } dokumen terbaca
    }
home-try = Mencoba
home-try-detail = Buat kunci di terminal server, lalu kirim pertanyaan.
home-accounts = Akun staf
home-accounts-detail = Akun staf pertama dibuat di terminal server. Kata sandinya ditanyakan, tidak ditulis di perintah.
home-api = Petunjuk antarmuka (OpenAPI)
home-health = Pemeriksaan kesiapan
language-switch = English
