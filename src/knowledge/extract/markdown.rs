//! Markdown (CommonMark with tables).

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use super::{Block, lines, one_line, table};

/// The blocks of a Markdown text.
pub(super) fn blocks(text: &str) -> Vec<Block> {
    let mut reader = Reader::default();
    for event in Parser::new_ext(text, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH) {
        reader.take(event);
    }
    reader.flush();
    reader.blocks
}

#[derive(Default)]
struct Reader {
    blocks: Vec<Block>,
    /// The words of the block that is being read.
    words: String,
    /// How many list items are open: words inside are an item's.
    items: usize,
    rows: Vec<Vec<String>>,
    /// The link's target and where its words begin.
    link: Option<(String, usize)>,
    /// Inside struck-through text, which no longer holds.
    struck: bool,
}

impl Reader {
    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) | Event::Code(text) if !self.struck => self.words.push_str(&text),
            Event::SoftBreak => self.words.push(' '),
            Event::HardBreak => self.words.push('\n'),
            // HTML inside Markdown is mark-up or a comment, never words; rules and footnote marks carry none.
            _ => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Heading { .. } | Tag::Paragraph | Tag::CodeBlock(_) | Tag::List(_) | Tag::Table(_) => {
                self.flush()
            }
            Tag::Item => {
                self.flush();
                self.items += 1;
            }
            Tag::Link { dest_url, .. } => self.link = Some((dest_url.into_string(), self.words.len())),
            Tag::Strikethrough => self.struck = true,
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(level) => {
                let text = one_line(&std::mem::take(&mut self.words));
                if !text.is_empty() {
                    self.blocks.push(Block::Heading { level: number(level), text });
                }
            }
            TagEnd::Paragraph | TagEnd::CodeBlock => self.flush(),
            TagEnd::Item => {
                self.flush();
                self.items -= 1;
            }
            TagEnd::Link => self.end_link(),
            TagEnd::Strikethrough => self.struck = false,
            TagEnd::TableCell => {
                let cell = one_line(&std::mem::take(&mut self.words));
                if self.rows.is_empty() {
                    self.rows.push(Vec::new());
                }
                if let Some(row) = self.rows.last_mut() {
                    row.push(cell);
                }
            }
            TagEnd::TableHead | TagEnd::TableRow => self.rows.push(Vec::new()),
            TagEnd::Table => {
                let mut rows = std::mem::take(&mut self.rows).into_iter();
                let header = rows.next().unwrap_or_default();
                self.blocks.extend(table::block(header, rows.collect()));
            }
            _ => {}
        }
    }

    /// Words so far become a paragraph or a list item.
    fn flush(&mut self) {
        let text = lines(&std::mem::take(&mut self.words));
        if text.is_empty() {
            return;
        }
        self.blocks.push(if self.items > 0 {
            Block::ListItem { text: text.replace('\n', " ") }
        } else {
            Block::Paragraph { text }
        });
    }

    /// A link's target follows its words, unless it says the same: an answer may hold only links that its passage holds.
    fn end_link(&mut self) {
        let Some((target, from)) = self.link.take() else { return };
        let shown =
            ["mailto:", "tel:"].iter().find_map(|scheme| target.strip_prefix(scheme)).unwrap_or(&target);
        let words = self.words.get(from..).unwrap_or_default();
        if !shown.is_empty() && !shown.starts_with('#') && !words.contains(shown) && !self.struck {
            self.words.push_str(&format!(" ({shown})"));
        }
    }
}

fn number(level: HeadingLevel) -> u8 {
    level as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn structure_survives() {
        let found = blocks(
            "# Tarif\n\nBerlaku **2026**,\nlihat [situs](https://satubumi.example).\n\n- KTP\n  - asli\n- Kartu\n\n\
             | Kamar | Tarif |\n|---|---|\n| Kelas 1 | Rp500.000 |\n| | |\n\n~~lama~~ baru\n<!-- catatan -->\n",
        );
        assert_eq!(
            found,
            vec![
                Block::Heading { level: 1, text: "Tarif".into() },
                Block::Paragraph { text: "Berlaku 2026, lihat situs (https://satubumi.example).".into() },
                Block::ListItem { text: "KTP".into() },
                Block::ListItem { text: "asli".into() },
                Block::ListItem { text: "Kartu".into() },
                Block::Table {
                    header: vec!["Kamar".into(), "Tarif".into()],
                    rows: vec![vec!["Kelas 1".into(), "Rp500.000".into()]],
                },
                Block::Paragraph { text: "baru".into() },
            ]
        );
    }
}
