//! Where staff write to the patient, as the bot or as themselves.

use maud::{Markup, html};

use crate::{
    chat::{MAX_TEXT_CHARS, Opened},
    store::canned_replies::CannedReply,
    web::{
        layout::{BUTTON, FIELD, Icon, icon},
        pages::Reader,
    },
};

/// The form of a message. What is written stays while the rest of the page changes, and is kept as a
/// draft as it grows.
pub(super) fn composer(reader: &Reader, opened: &Opened) -> Markup {
    let conversation = &opened.detail.conversation;
    let id = conversation.id;
    let bot_is_on = conversation.handling.bot_is_on();
    html! {
        div class="relative border-t border-line bg-surface p-2 sm:p-3" {
            div #canned data-keep hidden role="listbox" aria-label=(reader.t("canned-heading")) hx-get="/canned-replies"
                hx-trigger="canned" hx-swap="innerHTML"
                class="absolute inset-x-3 bottom-full z-20 mb-1 max-h-72 overflow-y-auto rounded-xl border border-line bg-surface p-1 shadow-card" {}
            form #composer method="post" action={ "/conversations/" (id) "/send" } hx-post={ "/conversations/" (id) "/send" }
                hx-target="#open" hx-swap="morph" hx-disabled-elt="find button[type=submit]" hx-disinherit="hx-disabled-elt" data-reset {
                div class="flex items-end gap-2" {
                    label for="text" class="sr-only" { (reader.t("composer-label")) }
                    textarea #text name="text" rows="2" required maxlength=(MAX_TEXT_CHARS) data-keep aria-controls="canned"
                        hx-post={ "/conversations/" (id) "/draft" } hx-trigger="input changed delay:400ms, change" hx-swap="none"
                        hx-sync="closest form:abort" placeholder=(reader.t("composer-label"))
                        class={ (FIELD) " mt-0 max-h-48 grow resize-y" } { (opened.draft.as_deref().unwrap_or_default()) }
                    button type="submit" class=(BUTTON) {
                        (icon(Icon::Send)) span class="max-sm:sr-only" { (reader.t("composer-send")) }
                    }
                }
                div class="mt-1 flex flex-wrap items-center justify-between gap-2" {
                    fieldset class="flex flex-wrap items-center gap-x-4" {
                        legend class="sr-only" { (reader.t("composer-as")) }
                        (sign_as(reader, "bot", "composer-as-bot", bot_is_on))
                        (sign_as(reader, "staff", "composer-as-staff", !bot_is_on))
                    }
                    button #canned-open type="button" class="inline-flex min-h-9 cursor-pointer items-center gap-1 rounded-lg px-2 \
                        text-ink-soft hover:bg-raised not-in-data-live:hidden" {
                        kbd class="font-mono" { "/" } span class="max-sm:sr-only" { (reader.t("canned-open")) }
                    }
                }
            }
        }
    }
}

fn sign_as(reader: &Reader, value: &str, key: &str, is_chosen: bool) -> Markup {
    html! {
        label class="inline-flex min-h-9 cursor-pointer items-center gap-2" {
            input type="radio" name="as" value=(value) checked[is_chosen] class="size-5 shrink-0 accent-accent";
            (reader.t(key))
        }
    }
}

/// What a slash in an empty message offers.
pub(super) fn canned_list(reader: &Reader, replies: &[CannedReply]) -> Markup {
    html! {
        @for reply in replies {
            div id={ "canned-" (reply.id) } role="option" aria-selected="false" data-canned=(reply.name) data-text=(reply.text)
                class="cursor-pointer rounded-lg px-3 py-2 hover:bg-raised aria-selected:bg-accent-soft" {
                p class="font-medium" { "/" (reply.name) }
                p class="truncate text-sm text-ink-soft" { (reply.text) }
            }
        }
        @if replies.is_empty() { p class="px-3 py-2 text-ink-soft" { (reader.t("canned-none")) } }
    }
}
