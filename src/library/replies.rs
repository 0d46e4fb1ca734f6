//! Fixed replies: one key a situation, the same keys in both languages, changed in both files at once.

use toml_edit::{DocumentMut, Item};

use super::{
    Library, LibraryError, Place, Revision,
    approved::text_value,
    change::{Edit, Record},
};
use crate::{
    domain::Language,
    store::{audit::Action, file_versions::Reason},
};

/// One reply in both languages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplyPair {
    /// Its key.
    pub key: String,
    /// When it is sent, as the files' comments say, in Indonesian and in English.
    pub notes: [String; 2],
    /// The Indonesian text.
    pub id: String,
    /// The English one.
    pub en: String,
}

impl ReplyPair {
    /// Which content somebody has seen.
    pub fn revision(&self) -> Revision {
        Revision::of([Some(self.id.as_bytes()), Some(self.en.as_bytes())])
    }

    /// When it is sent, in a language.
    pub fn note(&self, language: Language) -> &str {
        &self.notes[usize::from(language == Language::En)]
    }
}

impl Library {
    /// Every reply, in the order of the Indonesian file.
    ///
    /// # Errors
    /// When a file is missing or is no TOML.
    pub async fn replies(&self) -> Result<Vec<ReplyPair>, LibraryError> {
        let [(_, id), (_, en)] = self.reply_files().await?;
        let pairs = id.iter().filter_map(|(key, item)| {
            let text =
                |item: Option<&Item>| item.and_then(Item::as_str).unwrap_or_default().trim().to_owned();
            item.as_str()?;
            Some(ReplyPair {
                key: key.to_owned(),
                notes: [note(&id, key), note(&en, key)],
                id: text(Some(item)),
                en: text(en.get(key)),
            })
        });
        Ok(pairs.collect())
    }

    /// Changes one reply in both languages.
    ///
    /// # Errors
    /// [`LibraryError::Missing`] for an empty text, [`LibraryError::NotFound`], [`LibraryError::Stale`].
    pub async fn save_reply(
        &self,
        key: &str,
        texts: [&str; 2],
        expected: Revision,
        by: &str,
    ) -> Result<(), LibraryError> {
        let texts = texts.map(|text| text.replace("\r\n", "\n").trim().to_owned());
        for (text, name) in texts.iter().zip(["id", "en"]) {
            if text.is_empty() {
                return Err(LibraryError::Missing(name));
            }
        }
        let _one_at_a_time = self.inner.changing.lock().await;
        let now =
            self.replies().await?.into_iter().find(|pair| pair.key == key).ok_or(LibraryError::NotFound)?;
        Self::still(expected, now.revision())?;
        let mut edits = Vec::new();
        for ((place, mut file), (text, old)) in
            self.reply_files().await?.into_iter().zip(texts.iter().zip([&now.id, &now.en]))
        {
            if text == old {
                continue;
            }
            file[key] = Item::Value(text_value(text));
            let text = file.to_string();
            self.check_text(&place, text.clone()).await?;
            edits.push(Edit { place, content: Some(text.into_bytes()) });
        }
        let record = Record {
            by: by.to_owned(),
            action: Action::ReplyChanged,
            subject: format!("reply {key}"),
            reason: Reason::Saved,
        };
        self.put(edits, record).await.map(|_| ())
    }

    async fn reply_files(&self) -> Result<[(Place, DocumentMut); 2], LibraryError> {
        let read = async |language: Language| {
            let place = Place::parse(&format!("replies/{}.toml", language.code()))?;
            let text = self.text(&place).await?.ok_or(LibraryError::NotFound)?;
            let parsed = text.parse::<DocumentMut>();
            let parsed = parsed.map_err(|error| LibraryError::Unfit(error.message().to_owned()))?;
            Ok::<_, LibraryError>((place, parsed))
        };
        Ok([read(Language::Id).await?, read(Language::En).await?])
    }
}

/// The comment right above a key; the file's own stands further up, behind an empty line.
fn note(file: &DocumentMut, key: &str) -> String {
    let above = file.key(key).and_then(|key| key.leaf_decor().prefix()).and_then(|raw| raw.as_str());
    let last = above.unwrap_or_default().trim_end().rsplit("\n\n").next().unwrap_or_default();
    let lines = last.lines().map(|line| line.trim_start_matches('#').trim());
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_comment_above_a_key_says_when_it_is_sent() -> anyhow::Result<()> {
        let file: DocumentMut =
            "# Balasan\n# tetap.\n\n# Pasien menyapa,\n# lalu diam.\nhalo = \"x\"\nlagi = \"y\"\n".parse()?;
        assert_eq!(
            (note(&file, "halo"), note(&file, "lagi")),
            ("Pasien menyapa, lalu diam.".into(), String::new())
        );
        let mut file = file;
        file["halo"] = Item::Value(text_value("a\nb"));
        assert!(file.to_string().starts_with(
            "# Balasan\n# tetap.\n\n# Pasien menyapa,\n# lalu diam.\nhalo = \"\"\"\na\nb\"\"\"\n"
        ));
        Ok(())
    }
}
