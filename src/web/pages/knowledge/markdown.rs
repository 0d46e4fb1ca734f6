//! Markdown as a page shows it: the parser's events become markup, every text escaped. HTML inside of it is left out, as it
//! is when the assistant reads the text.

use maud::{Markup, html};
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use crate::web::layout::{Icon, icon};

/// Lists in quotes in lists …: deeper ones are shown flat, so that no text exhausts the stack.
const DEEPEST: usize = 24;

/// A text, drawn.
pub(super) fn drawn(text: &str) -> Markup {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
    let mut events = Parser::new_ext(text, options);
    html! { div class="space-y-3 break-words" { (children(&mut events, 0, false)) } }
}

/// All up to the end of the element that is open.
fn children<'a>(events: &mut impl Iterator<Item = Event<'a>>, depth: usize, in_head: bool) -> Markup {
    let mut parts: Vec<Markup> = Vec::new();
    let mut flat = 0;
    while let Some(event) = events.next() {
        parts.push(match event {
            Event::Start(_) if depth >= DEEPEST => {
                flat += 1;
                continue;
            }
            Event::End(_) if flat > 0 => {
                flat -= 1;
                html! { " " }
            }
            Event::End(_) => break,
            Event::Start(tag) => element(&tag, events, depth + 1, in_head),
            Event::Text(text) => html! { (text) },
            Event::Code(text) => html! { code class="rounded bg-raised px-1" { (text) } },
            Event::SoftBreak => html! { " " },
            Event::HardBreak => html! { br; },
            Event::Rule => html! { hr class="border-line"; },
            _ => continue,
        });
    }
    html! { @for part in &parts { (part) } }
}

fn element<'a>(
    tag: &Tag<'a>,
    events: &mut impl Iterator<Item = Event<'a>>,
    depth: usize,
    in_head: bool,
) -> Markup {
    // Mark-up and comments are passed over whole.
    if matches!(tag, Tag::HtmlBlock | Tag::MetadataBlock(_)) {
        skip(events);
        return html! {};
    }
    let inner = children(events, depth, in_head || matches!(tag, Tag::TableHead));
    match tag {
        // The page has a heading of its own, and the card another.
        Tag::Heading { level, .. } => match *level as u8 {
            1 => html! { h3 class="text-xl font-semibold" { (inner) } },
            2 => html! { h4 class="text-lg font-semibold" { (inner) } },
            3 => html! { h5 class="font-semibold" { (inner) } },
            _ => html! { h6 class="font-medium" { (inner) } },
        },
        Tag::Paragraph => html! { p { (inner) } },
        Tag::BlockQuote(_) => {
            html! { blockquote class="border-l-4 border-line pl-4 text-ink-soft" { (inner) } }
        }
        Tag::CodeBlock(_) => {
            html! { pre class="rounded-lg bg-raised p-3 text-sm break-words whitespace-pre-wrap" { (inner) } }
        }
        Tag::List(Some(first)) => html! { ol start=(first) class="list-decimal space-y-1 pl-6" { (inner) } },
        Tag::List(None) => html! { ul class="list-disc space-y-1 pl-6" { (inner) } },
        Tag::Item => html! { li { (inner) } },
        Tag::Table(_) => html! {
            div tabindex="0" class="overflow-x-auto" {
                table class="w-full border-collapse text-left" { (inner) }
            }
        },
        Tag::TableHead => html! { tr class="border-b-2 border-line" { (inner) } },
        Tag::TableRow => html! { tr class="border-b border-line" { (inner) } },
        Tag::TableCell if in_head => html! { th scope="col" class="px-2 py-1.5 font-semibold" { (inner) } },
        Tag::TableCell => html! { td class="px-2 py-1.5 align-top" { (inner) } },
        Tag::Emphasis => html! { em { (inner) } },
        Tag::Strong => html! { strong { (inner) } },
        Tag::Strikethrough => html! { del { (inner) } },
        Tag::Link { dest_url, .. } if leads_out(dest_url) => html! {
            a href=(dest_url) rel="noopener noreferrer nofollow" class="underline underline-offset-4" { (inner) }
        },
        Tag::Image { .. } => html! { span class="text-ink-soft" { (icon(Icon::File)) (inner) } },
        _ => inner,
    }
}

/// Only addresses that a browser opens as pages, letters or calls: nothing that could run.
fn leads_out(address: &str) -> bool {
    let address = address.to_ascii_lowercase();
    ["https://", "http://", "mailto:", "tel:"].iter().any(|scheme| address.starts_with(scheme))
}

fn skip<'a>(events: &mut impl Iterator<Item = Event<'a>>) {
    let mut open = 1;
    for event in events {
        match event {
            Event::Start(_) => open += 1,
            Event::End(TagEnd::HtmlBlock | TagEnd::MetadataBlock(_)) if open == 1 => return,
            Event::End(_) => open -= 1,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(text: &str) -> String {
        drawn(text).into_string()
    }

    #[test]
    fn structure_is_drawn() {
        let text = "# Tarif\n\n**Mulai** 2026, lihat [situs](https://a.example).\n\n1. KTP\n2. Kartu\n   - asli\n\n| A | B |\n|---|---|\n| 1 | 2 |\n";
        let page = page(text);
        for part in [
            "<h3 ",
            "<strong>Mulai</strong>",
            "href=\"https://a.example\"",
            "<ol start=\"1\"",
            "<ul ",
            "<th scope=\"col\" class=\"px-2 py-1.5 font-semibold\">A</th>",
            ">2</td>",
        ] {
            assert!(page.contains(part), "{part}: {page}");
        }
    }

    #[test]
    fn nothing_in_a_text_becomes_mark_up() {
        for text in [
            "<script>alert(1)</script>",
            "a <img src=x onerror=alert(1)> b",
            "[x](javascript:alert(1))",
            "[x](  JaVaScRiPt:alert(1))",
            "[x](data:text/html,<script>alert(1)</script>)",
            "![x](x\" onerror=\"alert(1))",
            "<div onclick=alert(1)>\n\nteks\n\n</div>",
            "`<script>alert(1)</script>`",
            "[a](https://a\"onmouseover=alert(1))",
        ] {
            let page = page(text);
            assert!(
                !page.contains("<script") && !page.contains("<img") && !page.contains("<div on"),
                "{page}"
            );
            assert!(
                !page.to_lowercase().contains("href=\"javascript") && !page.contains("href=\"data"),
                "{page}"
            );
            assert!(!page.contains("\" onerror") && !page.contains("\"onmouseover"), "{page}");
        }
    }

    #[test]
    fn depth_exhausts_nothing() {
        for deep in ["> ".repeat(50_000), "- ".repeat(5_000), "*_".repeat(20_000), "[".repeat(50_000)] {
            assert!(page(&format!("{deep}akhir")).contains("akhir"));
        }
    }
}
