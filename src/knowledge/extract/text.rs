//! Plain text: empty lines part the paragraphs, a line that starts like a list item is one.

use super::{Block, lines, one_line};

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
    blocks
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
