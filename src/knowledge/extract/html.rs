//! HTML: headings, paragraphs, lists and tables of the page's own content.

use scraper::{Html, Node};

use super::{Block, lines, one_line, table};

/// Elements whose words are no content: code, styles, navigation, controls.
const SKIPPED: [&str; 14] = [
    "script", "style", "noscript", "template", "nav", "head", "svg", "iframe", "button", "select", "option",
    "object", "dialog", "math",
];
/// Elements that begin a new block.
const BLOCKS: [&str; 22] = [
    "p",
    "div",
    "section",
    "article",
    "main",
    "header",
    "footer",
    "aside",
    "ul",
    "ol",
    "dl",
    "dt",
    "dd",
    "pre",
    "blockquote",
    "figure",
    "figcaption",
    "address",
    "fieldset",
    "form",
    "hr",
    "body",
];
/// Spans beyond this are nonsense, and repeating a cell so often would be a bomb.
const MAX_SPAN: usize = 64;

/// The blocks of a page. Walks the tree without recursion: a page nested a million deep is only long.
pub(super) fn blocks(text: &str) -> Vec<Block> {
    let page = Html::parse_document(text);
    let mut reader = Reader::default();
    let mut node = page.tree.root();
    let mut skip = reader.open(node.value());
    'walk: loop {
        if !skip && let Some(child) = node.first_child() {
            node = child;
        } else {
            loop {
                reader.close(node.value());
                if let Some(next) = node.next_sibling() {
                    node = next;
                    break;
                }
                let Some(parent) = node.parent() else { break 'walk };
                node = parent;
            }
        }
        skip = reader.open(node.value());
    }
    reader.flush();
    reader.blocks
}

#[derive(Default)]
struct Reader {
    blocks: Vec<Block>,
    words: String,
    items: usize,
    /// The tables that are open; an inner one's words belong to the outer one's cell.
    tables: usize,
    rows: Vec<Vec<String>>,
    /// The cell that is being read: columns and rows that it spans, where its words begin.
    cell: Option<(usize, usize)>,
    /// Cells that reach down into the coming rows: column, rows left, words.
    reaching: Vec<(usize, usize, String)>,
    header_rows: usize,
    link: Option<(String, usize)>,
}

impl Reader {
    /// Gives whether the element's children are skipped.
    fn open(&mut self, node: &Node) -> bool {
        match node {
            Node::Text(text) => self.words.push_str(text),
            Node::Element(element) => {
                let name = element.name();
                if SKIPPED.contains(&name)
                    || element.attr("hidden").is_some()
                    || element.attr("aria-hidden") == Some("true")
                {
                    return true;
                }
                match name {
                    "br" => self.words.push('\n'),
                    "a" => {
                        self.link = element.attr("href").map(|target| (target.to_owned(), self.words.len()))
                    }
                    "table" => {
                        if self.tables == 0 {
                            self.flush();
                        }
                        self.tables += 1;
                    }
                    "tr" if self.tables == 1 => self.rows.push(Vec::new()),
                    "td" | "th" if self.tables == 1 => {
                        let span = |attribute: &str| {
                            element
                                .attr(attribute)
                                .and_then(|span| span.trim().parse().ok())
                                .unwrap_or(1)
                                .clamp(1, MAX_SPAN)
                        };
                        self.words.clear();
                        self.cell = Some((span("colspan"), span("rowspan")));
                        if name == "th" && self.rows.len() == 1 {
                            self.header_rows = 1;
                        }
                    }
                    "li" if self.tables == 0 => {
                        self.flush();
                        self.items += 1;
                    }
                    _ if self.tables == 0 && (BLOCKS.contains(&name) || heading(name).is_some()) => {
                        self.flush()
                    }
                    _ if BLOCKS.contains(&name) => self.words.push(' '),
                    _ => {}
                }
            }
            _ => {}
        }
        false
    }

    fn close(&mut self, node: &Node) {
        let Node::Element(element) = node else { return };
        let name = element.name();
        if SKIPPED.contains(&name) {
            return;
        }
        match name {
            "a" => self.close_link(),
            "td" | "th" if self.tables == 1 => self.close_cell(),
            "tr" if self.tables == 1 => self.close_row(),
            "table" => {
                self.tables = self.tables.saturating_sub(1);
                if self.tables == 0 {
                    self.close_table();
                }
            }
            "li" if self.tables == 0 => {
                self.flush();
                self.items = self.items.saturating_sub(1);
            }
            _ if self.tables > 0 => {}
            _ => match heading(name) {
                Some(level) => {
                    let text = one_line(&std::mem::take(&mut self.words));
                    if !text.is_empty() {
                        self.blocks.push(Block::Heading { level, text });
                    }
                }
                None if BLOCKS.contains(&name) => self.flush(),
                None => {}
            },
        }
    }

    fn close_link(&mut self) {
        let Some((target, from)) = self.link.take() else { return };
        let shown =
            ["mailto:", "tel:"].iter().find_map(|scheme| target.strip_prefix(scheme)).unwrap_or(&target);
        let outside = target.contains("://") || shown.len() < target.len();
        if outside && !self.words.get(from..).unwrap_or_default().contains(shown) {
            self.words.push_str(&format!(" ({shown})"));
        }
    }

    fn close_cell(&mut self) {
        let Some((columns, rows)) = self.cell.take() else { return };
        let words = one_line(&std::mem::take(&mut self.words));
        self.fill_from_above();
        let Some(row) = self.rows.last_mut() else { return };
        for _ in 0..columns {
            if rows > 1 {
                self.reaching.push((row.len(), rows, words.clone()));
            }
            row.push(words.clone());
        }
    }

    /// Puts the cells that reach down from the rows above where they belong.
    fn fill_from_above(&mut self) {
        let Some(row) = self.rows.last_mut() else { return };
        while let Some((_, _, words)) =
            self.reaching.iter().find(|(column, left, _)| *column == row.len() && *left > 0)
        {
            row.push(words.clone());
        }
    }

    fn close_row(&mut self) {
        self.fill_from_above();
        for (_, left, _) in &mut self.reaching {
            *left -= 1;
        }
        self.reaching.retain(|(_, left, _)| *left > 0);
    }

    fn close_table(&mut self) {
        self.words.clear();
        self.reaching.clear();
        let mut rows = std::mem::take(&mut self.rows);
        let header = if self.header_rows > 0 && !rows.is_empty() { rows.remove(0) } else { Vec::new() };
        self.header_rows = 0;
        self.blocks.extend(table::block(header, rows));
    }

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
}

fn heading(name: &str) -> Option<u8> {
    match name.as_bytes() {
        [b'h', level @ b'1'..=b'6'] => Some(level - b'0'),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(row: &[&str]) -> Vec<String> {
        row.iter().map(|cell| (*cell).to_owned()).collect()
    }

    #[test]
    fn content_without_its_chrome() {
        let found = blocks(
            "<html><head><title>x</title><style>p{}</style></head><body><nav><a href=/>Beranda</a></nav>\
             <h1>Jam&nbsp;buka</h1><p>Poli buka <b>08.00</b>.<br>Lihat <a href='https://satubumi.example/p'>peta</a>.</p>\
             <script>alert(1)</script><ul><li>KTP<li>Kartu</ul>\
             <table><tr><th>Hari<th>Jam</tr><tr><td rowspan=2>Senin<td>08.00</tr><tr><td>13.00</tr></table></body>",
        );
        assert_eq!(
            found,
            vec![
                Block::Heading { level: 1, text: "Jam buka".into() },
                Block::Paragraph {
                    text: "Poli buka 08.00.\nLihat peta (https://satubumi.example/p).".into()
                },
                Block::ListItem { text: "KTP".into() },
                Block::ListItem { text: "Kartu".into() },
                Block::Table {
                    header: cells(&["Hari", "Jam"]),
                    rows: vec![cells(&["Senin", "08.00"]), cells(&["Senin", "13.00"])]
                },
            ]
        );
    }
}
