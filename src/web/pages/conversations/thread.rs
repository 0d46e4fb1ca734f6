//! The messages of a conversation, day by day.

use std::sync::LazyLock;

use jiff::{Timestamp, civil::Date};
use maud::{Markup, html};
use regex::Regex;

use super::list::told_icon;
use crate::{
    chat::Opened,
    domain::{Answer, Author, Delivery, Media, MessageKind, Outcome},
    store::{messages::LoggedMessage, notes::Note, staff::Role},
    web::{
        layout::{self, Icon, Tone, badge, icon},
        pages::Reader,
    },
};

/// What stands in a thread: a message, or a note of staff's among them.
enum Entry<'a> {
    Message(&'a LoggedMessage),
    Note(&'a Note),
}

impl Entry<'_> {
    fn at(&self) -> Timestamp {
        match self {
            Self::Message(logged) => logged.message.at,
            Self::Note(note) => note.at,
        }
    }
}

/// The page of a conversation that is open, the place of older ones before it.
pub(super) fn thread(reader: &Reader, opened: &Opened) -> Markup {
    html! {
        div #thread tabindex="0" role="log" aria-label=(reader.t("thread-label"))
            class="flex min-h-0 grow flex-col gap-2 overflow-y-auto overscroll-contain px-4 py-4 [overflow-anchor:auto]" {
            (older(reader, opened))
            @if opened.detail.messages.is_empty() {
                (layout::empty(Icon::Conversations, &reader.t("thread-empty"), ""))
            }
        }
    }
}

/// A page of messages, the place of those before it first.
pub(super) fn older(reader: &Reader, opened: &Opened) -> Markup {
    let id = opened.detail.conversation.id;
    html! {
        @if let Some(before) = opened.detail.before {
            p #older class="py-2 text-center" hx-get={ "/conversations/" (id) "/older?before=" (before) }
                hx-trigger="intersect once" hx-swap="outerHTML show:none" {
                a href={ "/conversations/" (id) "?before=" (before) } class="underline underline-offset-4" {
                    (reader.t("thread-older"))
                }
            }
        }
        (entries(reader, opened))
    }
}

fn entries(reader: &Reader, opened: &Opened) -> Markup {
    let messages = &opened.detail.messages;
    // Notes stand where they were written; those before the page come with their own page.
    let since = messages.first().map_or(Timestamp::MIN, |logged| logged.message.at);
    let since = if opened.detail.before.is_none() { Timestamp::MIN } else { since };
    let mut entries: Vec<Entry<'_>> = messages.iter().map(Entry::Message).collect();
    entries.extend(opened.notes.iter().filter(|note| note.at >= since).map(Entry::Note));
    entries.sort_by_key(Entry::at);
    let today = reader.local(reader.now).date();
    let mut last: Option<Date> = None;
    html! {
        @for entry in &entries {
            @let date = reader.local(entry.at()).date();
            @if last.replace(date) != Some(date) {
                p id={ "day-" (date) } class="my-2 text-center text-sm text-ink-soft" {
                    span class="rounded-full bg-raised px-3 py-1" { (day_name(reader, date, today)) }
                }
            }
            @match entry {
                Entry::Message(logged) => (bubble(reader, logged)),
                Entry::Note(note) => (note_card(reader, note)),
            }
        }
    }
}

fn day_name(reader: &Reader, date: Date, today: Date) -> String {
    match today.since(date).map_or(i32::MAX, |span| span.get_days()) {
        0 => reader.t("day-today"),
        1 => reader.t("day-yesterday"),
        _ => layout::day(reader, date),
    }
}

fn bubble(reader: &Reader, logged: &LoggedMessage) -> Markup {
    let message = &logged.message;
    let (side, ground) = match message.author {
        Author::Patient => ("self-start rounded-bl-sm", "bg-surface border-line"),
        Author::Bot => ("self-end rounded-br-sm", "bg-accent-soft border-transparent"),
        Author::Staff => ("self-end rounded-br-sm", "bg-info-soft border-transparent"),
    };
    html! {
        article id={ "message-" (message.id) } data-message=(message.id) data-author=(message.author.as_str())
            class={ "max-w-[min(85%,42rem)] rounded-2xl border px-4 py-2 " (side) " " (ground) } {
            p class="flex flex-wrap items-center gap-x-2 text-sm text-ink-soft" {
                (writer(reader, logged))
                @if let Some(tone) = outcome_tone(message.outcome, message.author) {
                    (badge(tone.0, None, &reader.t(tone.1)))
                }
            }
            @if let Some(quoted) = &message.quoted {
                blockquote class="my-1 border-l-4 border-line pl-3 text-ink-soft" { (quoted) }
            }
            p class={ "break-words whitespace-pre-wrap " (if message.deleted_at.is_some() { "italic line-through" } else { "" }) } {
                @if message.kind != MessageKind::Text { span class="mr-1 text-ink-soft" { (icon(Icon::File)) } }
                (formatted(&message.text))
            }
            @if let Some(media) = &message.media { (file(reader, message.id.0, media)) }
            @if let Some(answer) = &logged.answer { (grounds(reader, answer)) }
            p class="mt-0.5 flex items-center justify-end gap-1 text-sm text-ink-soft" {
                @if message.deleted_at.is_some() { span { (reader.t("message-deleted")) } }
                @else if message.edited_at.is_some() { span { (reader.t("message-edited")) } }
                @if message.author != Author::Patient && reader.may(Role::Agent) {
                    a href={ "/knowledge/approved/new?from=" (message.id) } class="mr-auto text-accent-ink underline underline-offset-4" {
                        (reader.t("message-to-approved"))
                    }
                }
                (clock(reader, message.at))
                @if let Some(delivery) = message.delivery { (ticks(reader, delivery)) }
            }
        }
    }
}

/// A text with WhatsApp's own marks drawn: `*bold*` and `_italic_`, each around words on one line.
pub(in crate::web::pages) fn formatted(text: &str) -> Markup {
    html! {
        @for Piece { before, bold, italic } in pieces(text) {
            (before)
            @if !bold.is_empty() { strong { (bold) } }
            @if !italic.is_empty() { em { (italic) } }
        }
    }
}

/// The same as plain words.
pub(super) fn without_marks(text: &str) -> String {
    pieces(text).iter().flat_map(|piece| [piece.before, piece.bold, piece.italic]).collect()
}

/// Plain words, and what is marked behind them.
#[derive(Debug, PartialEq, Eq)]
struct Piece<'a> {
    before: &'a str,
    bold: &'a str,
    italic: &'a str,
}

fn pieces(text: &str) -> Vec<Piece<'_>> {
    let (mut pieces, mut from) = (Vec::new(), 0);
    for mark in MARKED.captures_iter(text) {
        let Some(whole) = mark.get(0) else { continue };
        let named = |name| mark.name(name).map_or("", |part| part.as_str());
        pieces.push(Piece {
            before: &text[from..whole.start()],
            bold: named("bold"),
            italic: named("italic"),
        });
        from = whole.end();
    }
    pieces.push(Piece { before: &text[from..], bold: "", italic: "" });
    pieces
}

static MARKED: LazyLock<Regex> = LazyLock::new(|| {
    let marked = r"\*(?<bold>[^\s*](?:[^*\n]*[^\s*])?)\*|\b_(?<italic>[^\s_](?:[^_\n]*[^\s_])?)_\b";
    Regex::new(marked).expect("the pattern above is valid")
});

/// Who wrote it, in words.
fn writer(reader: &Reader, logged: &LoggedMessage) -> Markup {
    html! {
        @match (logged.message.author, &logged.staff_name) {
            (Author::Patient, _) => span class="sr-only" { (reader.t("author-patient")) },
            (Author::Bot, None) => span class="inline-flex items-center gap-1" { (icon(Icon::Bot)) (reader.t("author-bot")) },
            (Author::Bot, Some(name)) => span class="inline-flex items-center gap-1" {
                (icon(Icon::Bot)) (reader.tw("author-bot-by", [("name", name.as_str().into())]))
            },
            (Author::Staff, name) => span class="inline-flex items-center gap-1" {
                (icon(Icon::Person)) (name.as_deref().unwrap_or_default())
            },
        }
    }
}

/// What staff should know of how a message ended; nothing where all went its usual way.
fn outcome_tone(outcome: Option<Outcome>, author: Author) -> Option<(Tone, &'static str)> {
    if author == Author::Patient {
        return outcome.is_none().then_some((Tone::Wait, "outcome-waits"));
    }
    match outcome? {
        Outcome::Approved => Some((Tone::Good, "outcome-approved")),
        Outcome::HandedOver => Some((Tone::Wait, "outcome-handed-over")),
        Outcome::Emergency => Some((Tone::Alarm, "outcome-emergency")),
        Outcome::Fallback => Some((Tone::Wait, "outcome-fallback")),
        _ => None,
    }
}

fn clock(reader: &Reader, at: Timestamp) -> Markup {
    html! { time datetime=(at.to_string()) { (layout::clock(reader, at)) } }
}

/// How far a message has come.
fn ticks(reader: &Reader, delivery: Delivery) -> Markup {
    let (shows, key, colour) = match delivery {
        Delivery::Queued | Delivery::Sending => (Icon::Clock, "delivery-queued", ""),
        Delivery::Sent => (Icon::Check, "delivery-sent", ""),
        Delivery::Delivered => (Icon::CheckTwice, "delivery-delivered", ""),
        Delivery::Read => (Icon::CheckTwice, "delivery-read", "text-info-ink"),
        Delivery::Failed => (Icon::Alarm, "delivery-failed", "text-alarm-ink"),
    };
    html! { span class=(colour) data-delivery=(delivery.as_str()) { (told_icon(shows, &reader.t(key))) } }
}

fn file(reader: &Reader, message: i64, media: &Media) -> Markup {
    let name = media.name.as_deref().unwrap_or(&media.mime);
    html! {
        @if media.file.is_some() {
            a href={ "/admin/files/" (message) } target="_blank" rel="noopener"
                class="mt-1 inline-flex min-h-9 items-center gap-2 underline underline-offset-4" {
                (icon(Icon::File)) (name)
            }
        } @else {
            p class="mt-1 text-sm text-ink-soft" { (name) " · " (reader.t("file-not-kept")) }
        }
    }
}

/// What an answer rests on, and what the model wrote if it was refused.
fn grounds(reader: &Reader, answer: &Answer) -> Markup {
    html! {
        @if !answer.sources.is_empty() {
            details class="mt-1 text-sm" {
                summary class="min-h-6 cursor-pointer text-accent-ink underline underline-offset-4" {
                    (reader.tw("answer-sources", [("count", answer.sources.len().into())]))
                }
                ol class="mt-2 space-y-2" {
                    @for source in &answer.sources {
                        li class="rounded-lg border border-line bg-surface p-2" {
                            p class="font-medium" { (source.title) }
                            p class="mt-1 break-words whitespace-pre-wrap text-ink-soft" { (source.passage) }
                        }
                    }
                }
            }
        }
        @if let Some(rejected) = &answer.rejected {
            details class="mt-1 text-sm" {
                summary class="min-h-6 cursor-pointer text-wait-ink underline underline-offset-4" { (reader.t("answer-rejected")) }
                p class="mt-2 rounded-lg border border-line bg-surface p-2 break-words whitespace-pre-wrap" { (rejected.text) }
                ul class="mt-1 list-disc pl-5 text-ink-soft" lang="en" {
                    @for reason in &rejected.reasons { li { (reason) } }
                }
            }
        }
    }
}

fn note_card(reader: &Reader, note: &Note) -> Markup {
    html! {
        article id={ "note-" (note.id) } data-note=(note.id)
            class="w-full max-w-2xl self-center rounded-lg border border-dashed border-wait bg-wait-soft px-4 py-2 text-wait-ink" {
            p class="flex items-center gap-1 text-sm" {
                (icon(Icon::Note)) (reader.tw("note-by", [("name", note.staff_name.as_str().into())]))
                " · " (clock(reader, note.at))
            }
            p class="break-words whitespace-pre-wrap" { (note.text) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatsapps_marks_are_drawn_and_other_stars_stay() {
        let drawn = |text: &str| formatted(text).into_string();
        assert_eq!(
            drawn("*Darurat:* telepon *119*."),
            "<strong>Darurat:</strong> telepon <strong>119</strong>."
        );
        assert_eq!(drawn("_sebentar_ ya"), "<em>sebentar</em> ya");
        assert_eq!(without_marks("*Darurat:* telepon _119_, 2 * 3"), "Darurat: telepon 119, 2 * 3");
        for plain in ["2 * 3 * 4", "a*\n*b", "**", "nama_file_saya", ""] {
            assert_eq!(drawn(plain), plain);
        }
        assert_eq!(drawn("*<b>*"), "<strong>&lt;b&gt;</strong>");
    }
}
