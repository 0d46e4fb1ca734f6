//! The pages' texts, Indonesian first: Fluent catalogues in `web/locales/{id,en}.ftl`, compiled into the binary.
//!
//! A test holds both to the same keys. What patients read is not here: the hospital edits that in
//! `knowledge/replies/`.

use std::borrow::Cow;

use fluent_templates::{LanguageIdentifier, Loader, fluent_bundle::FluentValue, langid, static_loader};

use crate::domain::Language;

static_loader! {
    static LOCALES = {
        locales: "./web/locales",
        fallback_language: "id",
        // The marks that Fluent puts around values are for mixing left-to-right with right-to-left scripts.
        customise: |bundle| bundle.set_use_isolating(false),
    };
}

static ID: LanguageIdentifier = langid!("id");
static EN: LanguageIdentifier = langid!("en");

fn locale(language: Language) -> &'static LanguageIdentifier {
    match language {
        Language::Id => &ID,
        Language::En => &EN,
    }
}

/// The text of a key.
pub fn text(language: Language, key: &str) -> String {
    LOCALES.lookup(locale(language), key)
}

/// The text of a key with values in it.
pub fn text_with<'a, const N: usize>(
    language: Language,
    key: &str,
    values: [(&'static str, FluentValue<'a>); N],
) -> String {
    let values = values.into_iter().map(|(name, value)| (Cow::Borrowed(name), value)).collect();
    LOCALES.lookup_with_args(locale(language), key, &values)
}

/// What to do about the hospital's connection, by the connection's word.
pub fn connection_advice(language: Language, word: &str) -> String {
    text(language, &format!("connection-{word}-advice"))
}

/// The page language that a browser asks for: the first of `Accept-Language` that there is, else Indonesian.
pub fn preferred(accept_language: Option<&str>) -> Language {
    let wanted = accept_language
        .unwrap_or_default()
        .split(',')
        .map(|part| part.split(['-', ';']).next().unwrap_or_default().trim().to_ascii_lowercase());
    for tag in wanted {
        match tag.as_str() {
            "id" | "in" => return Language::Id,
            "en" => return Language::En,
            _ => {}
        }
    }
    Language::Id
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn keys(catalogue: &str) -> BTreeSet<&str> {
        catalogue
            .lines()
            .filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()))
            .filter_map(|line| line.split_once('=').map(|(key, _)| key.trim()))
            .collect()
    }

    #[test]
    fn both_catalogues_have_the_same_keys() {
        let id = keys(include_str!("../../web/locales/id.ftl"));
        let en = keys(include_str!("../../web/locales/en.ftl"));
        assert_eq!(id, en);
        for key in id {
            assert_ne!(text(Language::En, key), text(Language::Id, "no-such-key"), "{key}");
        }
    }

    #[test]
    fn the_browser_chooses_and_indonesian_is_the_default() {
        assert_eq!(preferred(None), Language::Id);
        assert_eq!(preferred(Some("en-US,en;q=0.9,id;q=0.8")), Language::En);
        assert_eq!(preferred(Some("jv,id;q=0.9,en;q=0.1")), Language::Id);
        assert_eq!(preferred(Some("fr")), Language::Id);
    }

    #[test]
    fn values_are_put_in() {
        let sources = |count: u32| text_with(Language::En, "answer-sources", [("count", count.into())]);
        assert_eq!(
            (sources(1).as_str(), sources(2).as_str()),
            ("The source of this answer", "2 sources of this answer")
        );
    }
}
