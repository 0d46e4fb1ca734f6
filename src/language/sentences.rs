//! Sentences of Indonesian prose and lists.

/// Short forms whose period ends no sentence, in lower case.
const SHORT_FORMS: [&str; 54] = [
    "dr", "drg", "drh", "drs", "dra", "prof", "ir", "hj", "h", "sp", "spd", "no", "nomor", "jl", "jln", "gg",
    "rp", "tn", "ny", "sdr", "sdri", "an", "bpk", "kab", "kec", "kel", "ds", "rt", "rw", "lt", "telp", "tlp",
    "hp", "hal", "vol", "tgl", "dll", "dsb", "dkk", "st", "mr", "mrs", "ms", "vs", "s.d", "a.n", "u.p",
    "d.a", "ext", "fax", "apt", "ns", "bd", "kep",
];

/// Splits a text into sentences, trimmed, without empty ones. A line break that a paragraph or a list item ends at
/// splits; a hard-wrapped line does not. Periods in titles (`dr. Ani, Sp.PD.`), numbers (`Rp1.500.000`, `08.00`),
/// initials and links do not.
pub fn sentences(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for block in blocks(text) {
        let mut start = 0;
        for (at, mark) in block.char_indices() {
            let after = at + mark.len_utf8();
            if after > start && matches!(mark, '.' | '!' | '?' | '…') && ends_here(block, at, mark) {
                let end = after + closing(&block[after..]);
                push(&block[start..end], &mut found);
                start = end;
            }
        }
        push(&block[start..], &mut found);
    }
    found
}

fn push<'a>(sentence: &'a str, found: &mut Vec<&'a str>) {
    let sentence = sentence.trim();
    if sentence.chars().any(char::is_alphanumeric) {
        found.push(sentence);
    }
}

/// Paragraphs and list items: a line belongs to the one before unless that is finished, blank, or a new item starts.
fn blocks(text: &str) -> Vec<&str> {
    let mut blocks = Vec::new();
    let mut start = 0;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let previous = text[start..at].trim_end();
        let wrapped = text[at..].starts_with(char::is_lowercase)
            && !previous.ends_with(['.', '!', '?', ':', ';'])
            && !previous.is_empty();
        if !wrapped {
            blocks.push(&text[start..at]);
            start = at;
        }
        at += line.len();
    }
    blocks.push(&text[start..]);
    blocks
}

/// Bytes of quotes, brackets and further marks that belong to the sentence before them.
fn closing(rest: &str) -> usize {
    rest.len() - rest.trim_start_matches(['"', '”', '’', '\'', ')', ']', '»', '!', '?', '.', '*', '_']).len()
}

fn ends_here(block: &str, at: usize, mark: char) -> bool {
    let after = &block[at + mark.len_utf8()..];
    let after = &after[closing(after)..];
    if !after.is_empty() && !after.starts_with(char::is_whitespace) {
        return false;
    }
    if mark != '.' {
        return true;
    }
    let next = after.trim_start();
    let titled = ["dr.", "drg.", "dr ", "drg "].iter().any(|title| next.starts_with(title));
    if !titled && next.starts_with(|c: char| c.is_lowercase() || ",;)".contains(c)) {
        return false;
    }
    let word = block[..at].rsplit(|c: char| c.is_whitespace() || "([/".contains(c)).next().unwrap_or("");
    let last = word.rsplit('.').next().unwrap_or("");
    let folded = word.to_lowercase();
    let title = SHORT_FORMS.contains(&&*folded) || folded.rsplit('.').next().is_some_and(|l| l == "sp");
    let initial = last.chars().count() == 1 && last.starts_with(char::is_uppercase);
    // `1. Daftar` numbers an item; `… lantai 2. Bawa kartu` ends a sentence.
    let item = word.chars().all(|c| c.is_ascii_digit()) && block[..at].trim_start().len() == word.len();
    if next.is_empty() {
        return true;
    }
    !(title || initial || item)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_is_split_at_sentence_ends_only() {
        assert_eq!(
            sentences(
                "Poli buka pukul 08.00. dr. Ani Lestari, Sp.PD. praktik Senin (lt. 2). Biaya Rp1.500.000,- per hari! \
                 Lihat https://rs.example.id/a.b?c=1. Hubungi No. 5, Jl. Melati. Suhu 38.5 itu demam? \"Ya.\" Kata A. B. Budi."
            ),
            [
                "Poli buka pukul 08.00.",
                "dr. Ani Lestari, Sp.PD. praktik Senin (lt. 2).",
                "Biaya Rp1.500.000,- per hari!",
                "Lihat https://rs.example.id/a.b?c=1.",
                "Hubungi No. 5, Jl. Melati.",
                "Suhu 38.5 itu demam?",
                "\"Ya.\"",
                "Kata A. B. Budi.",
            ]
        );
    }

    #[test]
    fn lists_and_wrapped_lines() {
        assert_eq!(
            sentences(
                "Syarat:\n- KTP asli\n- Kartu BPJS\n1. Daftar di loket\n2. Tunggu panggilan.\n\nPasien datang\nlebih awal. Terima kasih"
            ),
            [
                "Syarat:",
                "- KTP asli",
                "- Kartu BPJS",
                "1. Daftar di loket",
                "2. Tunggu panggilan.",
                "Pasien datang\nlebih awal.",
                "Terima kasih",
            ]
        );
        assert!(sentences(" \n ... \n").is_empty());
    }
}
