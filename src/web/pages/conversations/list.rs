//! The list of conversations.

use maud::{Markup, html};

use super::{Narrowing, thread::without_marks};
use crate::{
    chat::{DeskPage, Listed},
    domain::{Conversation, ConversationId, Handling},
    store::{
        conversations::{Counts, Filter},
        labels::Label,
        seen::MOST_UNREAD,
    },
    web::{
        layout::{FIELD, Icon, Tone, badge, empty, icon, when},
        pages::Reader,
    },
};

/// The whole list: search, filters, rows.
pub(super) fn list(
    reader: &Reader,
    narrowing: &Narrowing,
    page: &DeskPage,
    open: Option<ConversationId>,
) -> Markup {
    html! {
        div #list class="flex min-h-0 grow flex-col" data-refresh=(narrowing.address("/conversations/list")) {
            form role="search" action="/conversations" class="p-3 pb-2" {
                @if narrowing.filter != Filter::All {
                    input type="hidden" name="filter" value=(narrowing.filter.as_str());
                }
                @if let Some(label) = narrowing.label { input type="hidden" name="label" value=(label); }
                label for="search" class="sr-only" { (reader.t("list-search")) }
                input #search type="search" name="search" value=(narrowing.search) maxlength="200"
                    placeholder=(reader.t("list-search")) autocomplete="off" data-keep
                    hx-get="/conversations/list" hx-include="closest form" hx-target="#list" hx-swap="morph"
                    hx-trigger="input changed delay:250ms, search" hx-sync="this:replace" class=(FIELD);
            }
            nav aria-label=(reader.t("list-filters")) class="flex flex-wrap gap-1 px-3 pb-2" {
                @for filter in Filter::ALL { (filter_link(reader, narrowing, filter, page.counts)) }
                (label_links(reader, narrowing, &page.labels))
            }
            ol #rows class="min-h-0 grow divide-y divide-line overflow-y-auto border-t border-line" {
                (rows(reader, narrowing, page, open))
            }
        }
    }
}

fn filter_link(reader: &Reader, narrowing: &Narrowing, filter: Filter, counts: Counts) -> Markup {
    let count = counts.of(filter).unwrap_or_default();
    let key = match filter {
        Filter::All => "filter-all",
        Filter::Waiting => "filter-waiting",
        Filter::Emergency => "filter-emergency",
        Filter::BotOff => "filter-bot-off",
        Filter::Mine => "filter-mine",
    };
    let is_here = narrowing.filter == filter;
    let colours = match (is_here, filter, count) {
        (true, ..) => "border-accent bg-accent-soft font-semibold text-accent-ink",
        (_, Filter::Emergency, 1..) => "border-alarm bg-alarm-soft font-semibold text-alarm-ink",
        _ => "border-line text-ink hover:bg-raised",
    };
    html! {
        a href=(narrowing.with_filter(filter).address("/conversations")) aria-current=[is_here.then_some("true")]
            class={ "inline-flex min-h-9 items-center gap-1 rounded-full border px-3 text-sm " (colours) } {
            (reader.t(key))
            @if count > 0 { span class="tabular-nums" { "(" (count) ")" } }
        }
    }
}

/// The labels to choose from, folded away; the chosen one stands there to be taken off.
fn label_links(reader: &Reader, narrowing: &Narrowing, labels: &[Label]) -> Markup {
    let chosen = labels.iter().find(|label| Some(label.id) == narrowing.label);
    html! {
        @if let Some(label) = chosen {
            a href=(narrowing.with_label(None).address("/conversations")) aria-current="true"
                class="inline-flex min-h-9 items-center gap-1 rounded-full border border-accent bg-accent-soft px-3 text-sm font-semibold text-accent-ink" {
                (icon(Icon::Label)) (label.name) (told_icon(Icon::Cross, &reader.t("label-filter-off")))
            }
        } @else if !labels.is_empty() {
            details #label-filter class="contents" {
                summary class="inline-flex min-h-9 cursor-pointer list-none items-center gap-1 rounded-full border border-line px-3 text-sm hover:bg-raised" {
                    (icon(Icon::Label)) (reader.t("filter-label"))
                }
                ul class="mt-1 flex max-h-40 basis-full flex-wrap gap-1 overflow-y-auto" {
                    @for label in labels {
                        li { a href=(narrowing.with_label(Some(label.id)).address("/conversations"))
                            class="inline-flex min-h-9 items-center rounded-full border border-line px-3 text-sm hover:bg-raised" { (label.name) } }
                    }
                }
            }
        }
    }
}

/// The rows alone, and after them the place where the next page comes.
pub(super) fn rows(
    reader: &Reader,
    narrowing: &Narrowing,
    page: &DeskPage,
    open: Option<ConversationId>,
) -> Markup {
    html! {
        @for listed in &page.rows { (row(reader, narrowing, listed, open)) }
        @if let Some(next) = page.next {
            li #more class="p-3 text-center" hx-get=(narrowing.behind(next).address("/conversations/rows"))
                hx-trigger="intersect once" hx-swap="outerHTML" {
                a href=(narrowing.behind(next).address("/conversations")) class="underline underline-offset-4" {
                    (reader.t("list-more"))
                }
            }
        }
        @if page.rows.is_empty() {
            li {
                @if narrowing.search.is_empty() {
                    (empty(Icon::Conversations, &reader.t("list-empty"), &reader.t("list-empty-detail")))
                } @else {
                    (empty(Icon::Search, &reader.t("list-nothing-found"), &reader.t("list-nothing-found-detail")))
                }
            }
        }
    }
}

fn row(reader: &Reader, narrowing: &Narrowing, listed: &Listed, open: Option<ConversationId>) -> Markup {
    let conversation = &listed.conversation;
    let id = conversation.id;
    let address = narrowing.with_filter(narrowing.filter).address(&format!("/conversations/{id}"));
    let is_open = open == Some(id);
    html! {
        li id={ "row-" (id) } data-row=(id) {
            a href=(address) hx-get={ "/conversations/" (id) "/panel" } hx-target="#panel" hx-swap="innerHTML show:none"
                hx-push-url=(address) hx-indicator="#panel-skeleton" aria-current=[is_open.then_some("true")]
                class="flex gap-3 px-3 py-3 hover:bg-raised focus-visible:-outline-offset-2 aria-[current]:bg-accent-soft" {
                span aria-hidden="true" class="flex size-11 shrink-0 items-center justify-center rounded-full bg-raised \
                    text-lg font-semibold text-ink" { (initial(conversation)) }
                span class="min-w-0 grow" {
                    span class="flex items-baseline justify-between gap-2" {
                        span class={ "truncate " (if listed.unread > 0 { "font-bold" } else { "font-medium" }) } {
                            (name(reader, conversation))
                        }
                        span class="shrink-0 text-sm text-ink-soft" { (when(reader, conversation.last_at)) }
                    }
                    span class="mt-0.5 flex items-center justify-between gap-2" {
                        span class="truncate text-ink-soft" { (last_words(listed)) }
                        @if listed.unread > 0 { (unread(reader, listed.unread)) }
                    }
                    span class="mt-1 flex flex-wrap gap-1 empty:hidden" {
                        (states(reader, conversation))
                        @for label in &listed.labels { (badge(Tone::Plain, Some(Icon::Label), &label.name)) }
                    }
                }
            }
        }
    }
}

/// Those who wait for staff, emergencies first, as a short list.
pub(crate) fn needs_help(reader: &Reader, page: &DeskPage) -> Markup {
    let mut waiting: Vec<&Conversation> = page.rows.iter().map(|listed| &listed.conversation).collect();
    waiting.sort_by_key(|conversation| !conversation.emergency);
    html! {
        ol class="mt-3 divide-y divide-line" {
            @for conversation in waiting {
                li id={ "help-" (conversation.id) } {
                    a href={ "/conversations/" (conversation.id) } class="flex flex-wrap items-center gap-x-3 gap-y-1 rounded-lg px-2 py-3 hover:bg-raised" {
                        span class="min-w-0 grow truncate font-medium" { (name(reader, conversation)) }
                        (states(reader, conversation))
                        span class="text-sm text-ink-soft" { (when(reader, conversation.last_at)) }
                    }
                }
            }
        }
    }
}

/// What a conversation is in, as badges; nothing while the bot answers and nobody waits.
pub(super) fn states(reader: &Reader, conversation: &Conversation) -> Markup {
    html! {
        @if conversation.emergency { (badge(Tone::Alarm, Some(Icon::Alarm), &reader.t("state-emergency"))) }
        @else if conversation.waiting { (badge(Tone::Wait, Some(Icon::Clock), &reader.t("state-waiting"))) }
        @match (conversation.handling, &conversation.assignee) {
            (Handling::Stopped, _) => (badge(Tone::Plain, Some(Icon::Cross), &reader.t("state-stopped"))),
            (_, Some(name)) => (badge(Tone::Info, Some(Icon::Person), &reader.tw("state-with", [("name", name.as_str().into())]))),
            (Handling::Staff, None) => (badge(Tone::Info, Some(Icon::Person), &reader.t("state-bot-off"))),
            (Handling::Bot, None) => {},
        }
        @if conversation.unanswered > 0 {
            (badge(Tone::Wait, None, &reader.tw("state-unanswered", [("count", conversation.unanswered.into())])))
        }
    }
}

/// The patient's name, or else the number.
pub(super) fn name(reader: &Reader, conversation: &Conversation) -> String {
    match &conversation.name {
        Some(name) => name.clone(),
        None => number(reader, &conversation.sender),
    }
}

/// The number as people write it, if it is one.
pub(super) fn number(reader: &Reader, sender: &str) -> String {
    if sender.ends_with("@lid") { reader.t("number-hidden") } else { format!("+{sender}") }
}

fn initial(conversation: &Conversation) -> String {
    let first =
        conversation.name.as_deref().and_then(|name| name.chars().find(|sign| sign.is_alphanumeric()));
    first.map_or_else(|| "#".to_owned(), |sign| sign.to_uppercase().to_string())
}

fn last_words(listed: &Listed) -> Markup {
    html! {
        @if let Some(excerpt) = &listed.excerpt {
            @for (words, is_match) in excerpt {
                @if *is_match { mark { (words) } } @else { (words) }
            }
        } @else {
            (without_marks(listed.conversation.last_text.as_deref().unwrap_or_default()))
        }
    }
}

fn unread(reader: &Reader, count: u32) -> Markup {
    let shown = if count >= MOST_UNREAD { format!("{}+", MOST_UNREAD - 1) } else { count.to_string() };
    html! {
        span class="shrink-0 rounded-full bg-accent px-2 py-0.5 text-sm font-semibold text-on-accent tabular-nums" {
            (shown)
            span class="sr-only" { " " (reader.t("list-unread")) }
        }
    }
}

/// An icon with words for the screen reader alone.
pub(super) fn told_icon(shows: Icon, words: &str) -> Markup {
    html! { span title=(words) { (icon(shows)) span class="sr-only" { (words) } } }
}
