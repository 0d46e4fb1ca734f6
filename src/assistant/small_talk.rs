//! Messages that are no question: greetings, thanks, goodbyes, a wish for a human, STOP and MULAI.
//!
//! Only a message that holds nothing else counts: it needs a word of its kind, and every other word must be one that
//! goes along with that kind or carries nothing alone, after the normaliser has mended slang and stretched letters
//! ("haloooo kaaak" → "halo kakak"). So a greeting ahead of a question never swallows the question.

use crate::domain::Intent;
use crate::language::{normalize, stem, words};

/// What a message that is no question says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmallTalk {
    /// Only a greeting.
    Greeting,
    /// Thanks, or "baik, sudah jelas".
    Thanks,
    /// A goodbye.
    Goodbye,
    /// Wants to write with a human.
    Human,
    /// STOP: the assistant falls silent.
    Stop,
    /// MULAI or START: the assistant answers again.
    Start,
}

impl SmallTalk {
    /// What it asks of the conversation itself.
    pub fn intent(self) -> Option<Intent> {
        match self {
            Self::Stop => Some(Intent::Stop),
            Self::Start => Some(Intent::Start),
            Self::Greeting | Self::Thanks | Self::Goodbye | Self::Human => None,
        }
    }
}

/// Whom one addresses, and words that carry nothing alone.
const FILLERS: &str = "
    kak kakak min admin mimin dok dokter dr sus suster bu ibu pak bapak mas mbak mba gan sis bro om tante teh teteh kang akang
    neng bunda ya yah iya ok oke okay baik baiklah siap deh dong nih sih lah kok hehe hihi haha semua semuanya rs rsh satu bumi
    satubumi izin permisi maaf mohon numpang tim there sir madam everyone team sekali banget atas sangat pisan
    sanget nggih inggih mangga monggo ini itu di sini very so mengganggu
";
/// One kind: words of which one must be there, and words that may stand beside them.
struct Kind {
    says: SmallTalk,
    core: &'static str,
    beside: &'static str,
}

/// In the order in which they are tried.
const KINDS: [Kind; 6] = [
    Kind {
        says: SmallTalk::Stop,
        core: "stop berhenti hentikan unsubscribe stopkan",
        beside: "
            jangan kirim kirimi kirim-kirim pesan lagi bot chat whatsapp wa saya tolong mengirim please messages message
            sending langganan berlangganan balas membalas robot otomatis asisten hubungi sms promosi me texting
        ",
    },
    Kind {
        says: SmallTalk::Stop,
        core: "jangan",
        beside: "kirim kirimi kirim-kirim pesan lagi chat pesanin whatsapp wa saya tolong mengirim balas hubungi sms ganggu apa-apa promosi",
    },
    Kind {
        says: SmallTalk::Start,
        core: "mulai start aktifkan lanjutkan nyalakan",
        beside: "bot lagi asisten kembali chat saya mau please again robot",
    },
    Kind {
        says: SmallTalk::Human,
        core: "staf staff petugas admin operator cs human manusia orang agent person customer",
        beside: "
            bicara berbicara ngomong ngobrol mengobrol obrol chat pesan hubungi hubungkan sambungkan sambung hubung mau ingin minta talk
            speak want connect tanya bertanya alihkan alih panggil panggilkan kontak langsung dengan sama ke kepada asli
            beneran benar bukan tidak robot bot mesin tolong saya aku bisa boleh to a an real i please with can yang apakah
            service someone somebody saja aja halo hai hello need terhubung disambungkan dihubungkan biar gantian pakai lewat
        ",
    },
    Kind {
        says: SmallTalk::Thanks,
        core: "
            terima kasih terimakasih makasih trims thanks thank thx tq suwun nuwun hatur nuhun syukron jazakallah jazakallahu
            khairan tengkyu sip mantap membantu bantu appreciate appreciated suksma jelas mengerti paham
        ",
        beside: "
            matur you banyak informasi infonya info jawaban bantuan penjelasan much for your the help alhamdulillah sudah dulu
            saja halo selamat pagi siang sore malam sampai jumpa lagi waktunya responnya respon balasan balasannya perhatian
        ",
    },
    Kind {
        says: SmallTalk::Goodbye,
        core: "dadah dah bye byee goodbye jumpa pamit wassalamualaikum wassalam see",
        beside: "sampai lagi nanti besok you later good dulu tomorrow selamat tinggal wr wb",
    },
];
/// What a greeting is made of; any of it alone is one.
const GREETINGS: &str = "
    halo hallo hai hi hello hey hei hay helo hola selamat pagi siang sore malam petang assalamualaikum assalamu alaikum salam
    samlekum wr wb warahmatullahi wabarakatuh p ping tes test punten sampurasun kulonuwun sugeng enjing enjang sonten dalu wilujeng
    shalom swastiastu good morning afternoon evening misi spada
";
/// What may stand beside a greeting.
const BESIDE_GREETINGS: &str = "apa kabar bagaimana how are you mengganggu ganggu waktunya hari";

/// What the message says, if it says nothing else.
pub fn small_talk(text: &str) -> Option<SmallTalk> {
    let tokens = normalize(text);
    if tokens.is_empty() {
        return text.contains(['👍', '🙏', '👌', '❤', '😊', '🙂', '😇']).then_some(SmallTalk::Thanks);
    }
    let typed = words(text);
    // The announced words count as they are typed, alone.
    if let [only] = typed.as_slice()
        && matches!(&**only, "staf" | "staff" | "petugas" | "cs" | "admin" | "human" | "operator")
    {
        return Some(SmallTalk::Human);
    }
    let said: Vec<&str> = tokens.iter().map(|token| &*token.text).collect();
    // A word also counts as it was typed: the normaliser does not know what `nuwun` is part of.
    let has = |list: &str, i: usize| {
        is_in(list, said[i])
            || is_in(list, &stem(said[i]))
            || (said.len() == typed.len() && is_in(list, &typed[i]))
    };
    let filler = |i: usize| {
        let rumah_sakit = |at: usize| said.get(at..at + 2) == Some(&["rumah", "sakit"]);
        has(FILLERS, i) || rumah_sakit(i) || (i > 0 && rumah_sakit(i - 1))
    };
    let every = |fits: &dyn Fn(usize) -> bool| (0..said.len()).all(fits);
    for Kind { says, core, beside } in KINDS {
        let named = (0..said.len()).any(|i| has(core, i));
        if named
            && !is_bare(says, &said)
            && every(&|i| has(core, i) || has(beside, i) || filler(i) || has(GREETINGS, i))
        {
            return Some(says);
        }
    }
    let greets = (0..said.len()).any(|i| has(GREETINGS, i));
    if greets && every(&|i| has(GREETINGS, i) || filler(i) || has(BESIDE_GREETINGS, i)) {
        return Some(SmallTalk::Greeting);
    }
    if !every(&filler) {
        return None;
    }
    let says = |list: &str| said.iter().any(|word| is_in(list, word));
    if says("ya iya ok oke baik baiklah siap sip") {
        // "ok kak", "iya", "siap bu": nothing is asked.
        Some(SmallTalk::Thanks)
    } else {
        // "kak", "permisi min": somebody knocks.
        says("kakak admin dokter ibu bapak mas mbak permisi maaf suster").then_some(SmallTalk::Greeting)
    }
}

/// `jangan`, `orang` and `admin` say nothing without what makes them a wish.
fn is_bare(says: SmallTalk, said: &[&str]) -> bool {
    let has = |list: &str| said.iter().any(|word| is_in(list, word) || is_in(list, &stem(word)));
    match says {
        SmallTalk::Stop => {
            has("jangan") && !has("kirim kirimi kirim-kirim mengirim chat balas hubungi sms ganggu pesan")
                || has("jangan") && has("stop berhenti")
        }
        // `halo admin` addresses, `mau sama admin`, `admin dong` call for.
        SmallTalk::Human => {
            !has("staf staff petugas cs operator human manusia")
                && !has(
                    "bicara ngomong ngobrol obrol chat hubung sambung alih tanya mau ingin minta sama dengan dong talk speak",
                )
        }
        SmallTalk::Start | SmallTalk::Thanks | SmallTalk::Goodbye | SmallTalk::Greeting => false,
    }
}

/// Whether a word stands in a list of words separated by white space.
pub(super) fn is_in(list: &str, word: &str) -> bool {
    list.split_ascii_whitespace().any(|listed| listed == word)
}
