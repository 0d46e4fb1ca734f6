//! Words that say nothing about what is asked for.

use std::collections::HashSet;
use std::sync::LazyLock;

/// Function words, question words, politeness: standard Indonesian, after [`super::normalize`], and English.
const WORDS: &str = "
    yang dan di ke dari untuk pada dengan dalam oleh karena sebab jika kalau bila apabila maka agar supaya atau tetapi
    tapi serta lalu kemudian sambil sedangkan walau walaupun meski meskipun padahal sehingga hingga sejak tentang
    terhadap menurut melalui bagi seperti sebagai adalah ialah yaitu yakni itu ini sini situ sana begitu begini apa
    apakah siapa mana kapan mengapa kenapa bagaimana berapa berapaan saya aku kami kita kamu anda dia ia beliau mereka
    tidak bukan sudah telah akan sedang masih juga saja hanya bahkan justru malah memang pasti mungkin semoga mohon
    tolong silakan maaf permisi terima kasih terimakasih ya iya oke baik boleh bisa dapat harus perlu mau ingin hendak
    sangat sekali amat cukup agak hampir sekitar kira para sang si hal per nya pun lah kah kan lho sih dong kok deh nih
    tuh nanti tadi lagi ada jadi saat ketika waktu hendaknya selamat halo hai hi hallo assalamualaikum kakak min admin
    melakukan memiliki mempunyai tersedia menjadi buat ikut kata benar nah kemarin meminta kena mendapat mendapatkan
    memerlukan mengenai terkait jd dulu terus lantas kan bolehkah bisakah adakah coba kayak sepertinya tu info informasi
    jelaskan sebutkan yo nggih punten permisi wae kang teh mah atuh akang teteh nuwun sewu datang
    gan sis pak bu mas mbak cara tahu tanya nanya bilang cerita kasih minta punya lain sama banget saja adanya berupa
    the a an of to in on at for with and or is are am was were be been do does did can could would should will what
    when where who why how which much many need here provide want get any some from as if i my me you your it its this that there please thank thanks hello hi have has had
";

static STOPWORDS: LazyLock<HashSet<&'static str>> = LazyLock::new(|| WORDS.split_whitespace().collect());

/// Whether a normalised, unstemmed word carries no content of its own. Times of day, days and numbers do.
pub fn is_stopword(word: &str) -> bool {
    STOPWORDS.contains(word) || word.chars().count() < 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_is_kept() {
        for word in ["jam", "sabtu", "biaya", "anak", "dokter", "belum", "tanpa", "sebelum", "bpjs"] {
            assert!(!is_stopword(word), "{word}");
        }
        assert!(["apakah", "berapa", "kakak", "tolong", "the"].iter().all(|w| is_stopword(w)));
    }
}
