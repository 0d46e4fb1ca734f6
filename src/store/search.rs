//! What staff search for: words in messages, names, numbers. How much is looked at is bounded, so that a word that stands
//! everywhere is found as fast as one that stands nowhere.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Transaction, params};
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use super::{
    StoreError,
    rows::{all, one},
};
use crate::domain::ConversationId;

/// Messages that a search looks at, the newest first. Nobody pages further than their conversations. Of names and numbers
/// that hold what is searched for, so many are listed; where there are more, the next ones on a page are never far.
const MOST_MATCHES: u32 = 2000;
/// What is shorter is in no index of names and numbers, and in so many that none is needed.
const TRIGRAM: usize = 3;
/// Words of an excerpt before the one that was found, and in all.
const BEFORE: usize = 4;
const IN_ALL: usize = 16;

/// What a search has found.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// Its words, as they are compared.
    words: Vec<String>,
    /// Patterns for `LIKE`, where more names or numbers hold what is searched for than `contacts` lists.
    pub(super) name: Option<String>,
    pub(super) number: Option<String>,
    /// The conversations whose names or numbers hold it.
    contacts: BTreeSet<i64>,
    /// The conversations with messages that hold its words, each with the newest of those.
    messages: BTreeMap<i64, i64>,
}

impl Found {
    /// The conversations in which its words stand, or which its name or number lists, as a list in JSON.
    pub(super) fn conversations(&self) -> String {
        let ids: BTreeSet<&i64> = self.messages.keys().chain(&self.contacts).collect();
        let ids: Vec<String> = ids.into_iter().map(ToString::to_string).collect();
        format!("[{}]", ids.join(","))
    }

    /// Whether [`Found::conversations`] are all.
    pub(super) fn is_listed(&self) -> bool {
        self.name.is_none() && self.number.is_none()
    }

    /// Lists the conversations that hold this in a column, or gives the pattern of those, since there are too many.
    fn list(&mut self, tx: &Transaction<'_>, column: &str, part: &str) -> Result<Option<String>, StoreError> {
        if part.chars().count() < TRIGRAM {
            return Ok(Some(holding(part)));
        }
        let sql = "SELECT rowid FROM conversations_trigrams WHERE conversations_trigrams MATCH ?1 LIMIT ?2";
        let query = format!("{column} : \"{}\"", part.replace('"', "\"\""));
        let ids = all(tx, sql, params![query, MOST_MATCHES + 1], |row| Ok(row.get(0)?))?;
        if ids.len() > MOST_MATCHES as usize {
            return Ok(Some(holding(part)));
        }
        self.contacts.extend::<Vec<i64>>(ids);
        Ok(None)
    }

    /// What the newest message says around the words that were found in it, in pieces; `true` for what matched. `None` where
    /// the conversation was found by its name or number.
    pub fn excerpt(
        &self,
        tx: &Transaction<'_>,
        id: ConversationId,
    ) -> Result<Option<Vec<(String, bool)>>, StoreError> {
        let Some(message) = self.messages.get(&id.0) else { return Ok(None) };
        let text = one(tx, "SELECT text FROM messages WHERE id = ?1", [message], |row| Ok(row.get(0)?))?;
        Ok(text.map(|text: String| excerpt(&text, &self.words)))
    }
}

/// Finds the newest messages that hold words starting as the search's do. A single letter is a word of its own.
pub fn find(tx: &Transaction<'_>, search: &str) -> Result<Found, StoreError> {
    let words: Vec<String> = words(search).map(|(_, word)| compared(word)).collect();
    // The newest come out of the index first, and no more of them than are looked at.
    let sql = "SELECT m.conversation_id, max(m.id) FROM
                   (SELECT rowid AS id FROM messages_words WHERE messages_words MATCH ?1 ORDER BY rowid DESC LIMIT ?2) w
               JOIN messages m ON m.id = w.id GROUP BY m.conversation_id";
    let messages = all(tx, sql, params![query(search), MOST_MATCHES], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let mut found = Found { words, messages: messages.into_iter().collect(), ..Found::default() };
    found.name = found.list(tx, "name", search)?;
    let digits: String = search.chars().filter(|sign| !matches!(sign, ' ' | '+' | '-' | '.')).collect();
    if !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit()) {
        found.number = found.list(tx, "sender", &digits)?;
    }
    Ok(found)
}

/// A `LIKE` pattern for "holds this", with the pattern's own signs taken literally.
fn holding(search: &str) -> String {
    let mut pattern = String::from("%");
    for sign in search.chars() {
        if matches!(sign, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(sign);
    }
    pattern.push('%');
    pattern
}

/// An FTS5 query for "all words that start so". Each word is a quoted string, so nothing in it is an operator.
fn query(search: &str) -> String {
    let quoted = words(search).map(|(_, word)| {
        // What starts with a letter is a tenth of everything, and no index holds it.
        if word.chars().nth(1).is_none() { format!("\"{word}\"") } else { format!("\"{word}\"*") }
    });
    let query: Vec<String> = quoted.collect();
    // An empty query is a syntax error to FTS5; an empty phrase matches nothing.
    if query.is_empty() { "\"\"".to_owned() } else { query.join(" ") }
}

/// The words of a text, and where each begins.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let start = text.as_ptr() as usize;
    let words = text.split(|sign: char| !sign.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(move |word| (word.as_ptr() as usize - start, word))
}

/// A word as the index compares it: small letters without accents.
fn compared(word: &str) -> String {
    word.nfd().filter(|sign| !is_combining_mark(*sign)).flat_map(char::to_lowercase).collect()
}

/// A text cut around the first word that is searched for.
fn excerpt(text: &str, searched: &[String]) -> Vec<(String, bool)> {
    let all: Vec<(usize, &str)> = words(text).collect();
    let is_found = |word: &str| {
        let word = compared(word);
        searched.iter().any(|searched| word.starts_with(searched.as_str()))
    };
    let found = all.iter().position(|(_, word)| is_found(word)).unwrap_or_default();
    let first = found.saturating_sub(BEFORE);
    let mut pieces = Vec::new();
    let mut put = |words: &str, is_match: bool| {
        if !words.is_empty() {
            pieces.push((words.to_owned(), is_match));
        }
    };
    let mut at = if first == 0 { 0 } else { all.get(first).map_or(0, |(at, _)| *at) };
    put(if first == 0 { "" } else { "…" }, false);
    for &(begins, word) in all.iter().skip(first).take(IN_ALL).filter(|(_, word)| is_found(word)) {
        put(&text[at..begins], false);
        put(word, true);
        at = begins + word.len();
    }
    match all.get(first + IN_ALL) {
        Some(&(end, _)) => {
            put(text[at..end].trim_end(), false);
            put("…", false);
        }
        None => put(&text[at..], false),
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_is_taken_literally() {
        assert_eq!(holding(r"50%_a\"), r"%50\%\_a\\%");
        assert_eq!(query("jam* OR \"buka"), "\"jam\"* \"OR\"* \"buka\"*");
        assert_eq!((query("%%"), query("a jam")), ("\"\"".to_owned(), "\"a\" \"jam\"*".to_owned()));
    }

    #[test]
    fn an_excerpt_marks_what_was_found_and_is_cut_around_it() {
        let told = |text: &str, searched: &str| {
            let searched: Vec<String> = words(searched).map(|(_, word)| compared(word)).collect();
            let marked = excerpt(text, &searched).into_iter();
            marked
                .map(|(words, is_match)| if is_match { format!("[{words}]") } else { words })
                .collect::<String>()
        };
        assert_eq!(told("Jam besuk ICU?", "jam bes"), "[Jam] [besuk] ICU?");
        assert_eq!(told("Ruang Médis (lantai 2)", "medis"), "Ruang [Médis] (lantai 2)");
        let long = format!("{} kamar kosong {}", "satu dua ".repeat(10).trim(), "tiga ".repeat(30).trim());
        let cut = told(&long, "kamar");
        assert!(cut.starts_with("…satu dua satu dua [kamar] kosong tiga") && cut.ends_with("tiga…"), "{cut}");
        assert_eq!(told("", "kamar"), "");
    }
}
