//! Plain text: empty lines part the paragraphs, a line that starts like a list item is one, a short line between empty ones
//! that ends like no sentence is a heading.

use super::{Block, lines, one_line};

/// What a heading has at most.
const HEADING_WORDS: usize = 8;

/// The blocks of a plain text.
pub(super) fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut paragraph = String::new();
    for line in text.lines() {
        if line.trim().is_empty() {
            flush(&mut paragraph, &mut blocks);
        } else if let Some(item) = list_item(line) {
            flush(&mut paragraph, &mut blocks);
            blocks.push(Block::ListItem { text: one_line(item) });
        } else {
            paragraph.push_str(line);
            paragraph.push('\n');
        }
    }
    flush(&mut paragraph, &mut blocks);
    with_headings(blocks)
}

/// Takes short paragraphs for headings where text follows: one in capitals for the outermost, one right before running text
/// or a list for the next. Short paragraphs in a row are no headings, but the last.
pub(super) fn with_headings(blocks: Vec<Block>) -> Vec<Block> {
    let title = |block: &Block| matches!(block, Block::Paragraph { text } if is_title(text));
    let follows: Vec<Option<bool>> =
        blocks.iter().skip(1).map(|next| Some(title(next))).chain([None]).collect();
    let heading = |(block, next): (Block, Option<bool>)| match block {
        Block::Paragraph { text } if next.is_some() && is_title(&text) => {
            match (text.chars().any(char::is_lowercase), next) {
                (false, _) => Block::Heading { level: 1, text },
                (true, Some(false)) => Block::Heading { level: 2, text },
                (true, _) => Block::Paragraph { text },
            }
        }
        block => block,
    };
    blocks.into_iter().zip(follows).map(heading).collect()
}

/// Whether it reads like a title: a few words, the first one's letter a capital, and no punctuation at the end.
fn is_title(text: &str) -> bool {
    text.split_whitespace().count() <= HEADING_WORDS
        && text.starts_with(char::is_uppercase)
        && text.ends_with(|last: char| last.is_alphanumeric() || last == ')')
        && !text.contains(';')
}

fn flush(paragraph: &mut String, blocks: &mut Vec<Block>) {
    let text = lines(paragraph).replace('\n', " ");
    paragraph.clear();
    if !text.is_empty() {
        blocks.push(Block::Paragraph { text });
    }
}

/// What follows a bullet or a number with a dot or a bracket, if the line starts with one.
pub(super) fn list_item(line: &str) -> Option<&str> {
    let line = line.trim_start();
    if let Some(rest) = line.strip_prefix(['-', '*', '•', '▪', '●', '○', '\u{f0b7}', '–']) {
        return rest.strip_prefix(char::is_whitespace).map(str::trim).filter(|item| !item.is_empty());
    }
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    let rest = line[digits..].strip_prefix(['.', ')']).filter(|_| (1..=2).contains(&digits))?;
    rest.strip_prefix(char::is_whitespace).map(str::trim).filter(|item| !item.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_lines_above_text_are_headings() {
        let found = blocks(
            "BARANG HILANG\n\nMelapor\n\nLapor ke pos keamanan.\n\nSatu\n\nDua\n\n- tiga\n\nSelesai\n",
        );
        let heading = |level, text: &str| Block::Heading { level, text: text.into() };
        let paragraph = |text: &str| Block::Paragraph { text: text.into() };
        assert_eq!(
            found,
            vec![
                heading(1, "BARANG HILANG"),
                heading(2, "Melapor"),
                paragraph("Lapor ke pos keamanan."),
                paragraph("Satu"),
                heading(2, "Dua"),
                Block::ListItem { text: "tiga".into() },
                paragraph("Selesai"),
            ]
        );
    }

    #[test]
    fn paragraphs_and_lists() {
        let found = blocks("Bawa:\n- KTP\n2) kartu BPJS\n\nBuka 08.00\nsampai 20.00.\n08.00 buka\n");
        assert_eq!(
            found,
            vec![
                Block::Paragraph { text: "Bawa:".into() },
                Block::ListItem { text: "KTP".into() },
                Block::ListItem { text: "kartu BPJS".into() },
                Block::Paragraph { text: "Buka 08.00 sampai 20.00. 08.00 buka".into() },
            ]
        );
    }
}
