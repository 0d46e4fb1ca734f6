//! Everyday Indonesian to standard Indonesian, word by word.

use std::borrow::Cow;

use crate::domain::Language;

use super::colloquial::{disemvowelled, is_known, reduplicated, regional, shifted, squeeze, verb};
use super::lexicon::{Lexicon, Slang, is_root, lexicon};
use super::stem::stem;
use super::stopwords::is_stopword;
use super::synonyms::search_stem;
use super::tokens::{Token, TokenKind, tokens};

/// The words of a message in standard spelling. A token may become several (`rmhsakit` → `rumah`, `sakit`), which
/// then share its place in the text. English messages are only squeezed (`heeelp` → `help`).
pub fn normalize(text: &str) -> Vec<Token<'_>> {
    let raw = tokens(text);
    let english = super::detect::of_tokens(&raw) == Language::En;
    let active = if english { Vec::new() } else { active_sections(&raw) };
    let mut words = Vec::with_capacity(raw.len() + 4);
    for (i, token) in raw.iter().enumerate() {
        if token.kind != TokenKind::Word {
            words.push(token.clone());
            continue;
        }
        if english {
            let text = squeeze(&token.text).map_or_else(|| token.text.clone(), Cow::Owned);
            words.push(Token { text, ..token.clone() });
            continue;
        }
        if token.text.contains('-') {
            hyphenated(token, &active, &mut words);
            continue;
        }
        let standard =
            by_context(text, &raw, i).map(Cow::Borrowed).or_else(|| standard_form(&token.text, &active));
        match standard {
            None => words.push(token.clone()),
            Some(standard) => {
                words.extend(
                    standard
                        .split(' ')
                        .map(|word| Token { text: Cow::Owned(word.to_owned()), ..token.clone() }),
                );
            }
        }
    }
    words
}

/// The text with its informal words replaced and everything else (case, punctuation, line breaks) kept.
pub fn standardize(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 4);
    let mut done = 0;
    let words = normalize(text);
    for group in words.chunk_by(|a, b| a.start == b.start) {
        let (start, end) = (group[0].start, group[0].end);
        let surface = &text[start..end];
        out.push_str(&text[done..start]);
        done = end;
        let standard = group.iter().map(|w| &*w.text).collect::<Vec<_>>().join(" ");
        if group[0].kind != TokenKind::Word || surface.to_lowercase() == standard {
            out.push_str(surface);
            continue;
        }
        let mut letters = standard.chars();
        match letters.next() {
            Some(first) if surface.starts_with(char::is_uppercase) => {
                out.extend(first.to_uppercase());
                out.push_str(letters.as_str());
            }
            _ => out.push_str(&standard),
        }
    }
    out.push_str(&text[done..]);
    out
}

/// What an index holds of a text, and what a query asks it for: normalised, stemmed, synonyms joined, without function
/// words. A
/// query of nothing but function words keeps them all.
pub fn search_terms(text: &str) -> Vec<Token<'_>> {
    let mut words = normalize(text);
    if words.iter().any(|w| !is_stopword(&w.text)) {
        words.retain(|w| !is_stopword(&w.text));
    }
    for word in &mut words {
        if word.kind == TokenKind::Word {
            word.text = Cow::Owned(search_stem(&word.text).into_owned());
        }
    }
    words
}

/// The regional languages that a message shows by words which mean nothing else.
fn active_sections(raw: &[Token<'_>]) -> Vec<&'static str> {
    let mut active = Vec::new();
    for token in raw.iter().filter(|t| t.kind == TokenKind::Word) {
        for reading in lexicon().slang(&token.text).iter().filter(|r| !r.ambiguous) {
            if !active.contains(&reading.section) {
                active.push(reading.section);
            }
        }
    }
    active
}

/// Words whose meaning hangs on their neighbours.
fn by_context<'a>(text: &str, raw: &[Token<'a>], i: usize) -> Option<&'static str> {
    let next = raw.get(i + 1);
    match &*raw[i].text {
        // `dr. Ani`, `dr anak`, but `dr jam 8`, `dr tadi pagi`.
        "dr" => {
            let dotted = text[raw[i].end..].starts_with('.');
            let from = next.is_none_or(|n| {
                n.kind == TokenKind::Number
                    || matches!(
                        &*n.text,
                        "jam"
                            | "jm"
                            | "pukul"
                            | "tadi"
                            | "td"
                            | "kemarin"
                            | "kmrn"
                            | "kmren"
                            | "pagi"
                            | "siang"
                            | "malam"
                            | "mlm"
                    )
                    || matches!(
                        &*n.text,
                        "mana"
                            | "mn"
                            | "sini"
                            | "sana"
                            | "rumah"
                            | "semalam"
                            | "senin"
                            | "minggu"
                            | "hari"
                            | "tgl"
                            | "awal"
                            | "lahir"
                    )
            });
            Some(if from && !dotted { "dari" } else { "dokter" })
        }
        // `fotokopi KTP dan KK` is the family card.
        "kk" => {
            let shouted =
                text[raw[i].start..raw[i].end].starts_with('K') && text.chars().any(char::is_lowercase);
            let papers = |t: Option<&Token<'_>>| {
                t.is_some_and(|t| matches!(&*t.text, "ktp" | "fotokopi" | "fc" | "akta" | "kartu"))
            };
            let before = |n: usize| i.checked_sub(n).and_then(|i| raw.get(i));
            (shouted || papers(before(1)) || papers(before(2)) || papers(next)).then_some("kk")
        }
        _ => None,
    }
}

/// `anak-anak` stays, `batuk-pilek` becomes two words, `loro-loro` is looked up by its half.
fn hyphenated<'a>(token: &Token<'a>, active: &[&str], words: &mut Vec<Token<'a>>) {
    if let Some(slang) = slang_form(&token.text, active) {
        words.extend(slang.split(' ').map(|w| Token { text: Cow::Borrowed(w), ..token.clone() }));
        return;
    }
    if is_root(&token.text) || stem(&token.text) != token.text {
        words.push(token.clone());
        return;
    }
    for half in token.text.split('-').filter(|half| !half.is_empty()) {
        let standard = standard_form(half, active).unwrap_or(Cow::Owned(half.to_owned()));
        for word in standard.split(' ') {
            // A reduplicated regional word says the same twice.
            if words.last().is_none_or(|last| last.start != token.start || last.text != word) {
                words.push(Token { text: Cow::Owned(word.to_owned()), ..token.clone() });
            }
        }
    }
}

/// The list's reading of a form: everyday Indonesian first, ambiguous forms only in a section that is active.
fn slang_form(form: &str, active: &[&str]) -> Option<&'static str> {
    let readings: &[Slang] = lexicon().slang(form);
    let usable = |r: &&Slang| !r.ambiguous || active.contains(&r.section);
    let preferred = readings.iter().filter(usable).find(|r| !r.ambiguous || !is_root(form));
    preferred.or_else(|| readings.iter().find(usable)).map(|r| r.standard)
}

/// The standard form of one word, `None` if it is standard already or nobody knows.
fn standard_form(word: &str, active: &[&str]) -> Option<Cow<'static, str>> {
    if let Some(standard) = slang_form(word, active) {
        return Some(Cow::Borrowed(standard));
    }
    if is_known(word) || word.len() < 2 {
        return None;
    }
    if let Some(squeezed) = squeeze(word) {
        let standard = standard_form(&squeezed, active);
        return standard.or(Some(Cow::Owned(squeezed)));
    }
    if let Some(words) = reduplicated(word) {
        return Some(Cow::Owned(words));
    }
    by_rule(word, active, lexicon()).map(Cow::Owned)
}

/// The regular rules, from the surest to the boldest.
fn by_rule(word: &str, active: &[&str], lexicon: &Lexicon) -> Option<String> {
    for clitic in ["nya", "ny", "ku", "mu", "lah", "kah", "pun", "e", "ne", "na"] {
        let Some(base) = word.strip_suffix(clitic).filter(|base| base.len() >= 2) else { continue };
        let regional = matches!(clitic, "e" | "ne" | "na");
        if regional && (active.is_empty() || base.len() < 4) {
            continue;
        }
        if regional && is_known(base) {
            return Some(format!("{base}nya"));
        }
        if let Some(standard) = slang_form(base, active).filter(|s| !s.contains(' ')) {
            let clitic = if regional || clitic == "ny" { "nya" } else { clitic };
            return Some(format!("{standard}{clitic}"));
        }
        if clitic == "ny" && is_known(base) {
            return Some(format!("{base}nya"));
        }
    }
    if let Some(rest) = word.strip_prefix("di").or_else(|| word.strip_prefix("ke")).filter(|r| r.len() >= 3)
        && let Some(standard) = slang_form(rest, active).filter(|s| !s.contains(' '))
    {
        return Some(format!("{}{standard}", &word[..2]));
    }
    let speaks_regional = active.iter().any(|section| *section != "indonesia");
    verb(word)
        .or_else(|| shifted(word, lexicon))
        .or_else(|| disemvowelled(word, lexicon).map(str::to_owned))
        .or_else(|| regional(word, lexicon).filter(|_| speaks_regional))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn becomes(text: &str, standard: &str) {
        assert_eq!(standardize(text), standard);
    }

    #[test]
    fn slang_is_replaced_in_place() {
        becomes("Gmn cara dftr poli gigi kak?", "Bagaimana cara daftar poli gigi kakak?");
        becomes("Kpn jdwl dr. Rina?\nTrims", "Kapan jadwal dokter. Rina?\nTerima kasih");
        becomes("buka dr jam brp smpe jm brp", "buka dari jam berapa sampai jam berapa");
        becomes("bs bayar pke bpjs ga", "bisa bayar pakai bpjs tidak");
        becomes("bawa KTP dan KK ya kk", "bawa KTP dan KK ya kakak");
    }

    #[test]
    fn regional_words_are_understood() {
        becomes("wetengku loro, ora iso turu", "perutku sakit, tidak bisa tidur");
        becomes("beuteung abdi nyeri pisan", "perut saya sakit sekali");
        becomes("pun bapa teu damang, can sadar", "pun bapak tidak sehat, belum sadar");
        // The same letters in another language.
        becomes("saya can machine", "saya can machine");
    }

    #[test]
    fn rules_reach_what_no_list_holds() {
        becomes("sakiiiit bangetttt", "sakit banget");
        becomes("anak2 saya ngecek obatnya", "anak-anak saya cek obatnya");
        becomes("nyari dokter dateng pake motor", "cari dokter datang pakai motor");
        becomes("duitnya abis", "uangnya habis");
        becomes("ssak npas", "sesak napas");
    }

    #[test]
    fn standard_and_foreign_text_is_left_alone() {
        for text in [
            "Pendaftaran dibuka pukul 08.00-12.00 di loket 3, Rp150.000.",
            "What time does the clinic open on Saturday?",
            "Jl. Melati No. 5, Kelurahan Sukamaju",
            "Saya kejar setoran",
        ] {
            assert_eq!(
                standardize(text)
                    .replace("nomor", "No")
                    .replace("Nomor", "No")
                    .replace("jalan", "Jl")
                    .replace("Jalan", "Jl"),
                text
            );
        }
    }

    #[test]
    fn search_terms_drop_affixes_and_function_words() {
        let terms: Vec<_> = search_terms("Bagaimana cara mendaftar pemeriksaan kehamilan?")
            .iter()
            .map(|t| t.text.to_string())
            .collect();
        assert_eq!(terms, ["daftar", "periksa", "hamil"]);
        assert_eq!(search_terms("di mana ya?").len(), 3);
    }
}
