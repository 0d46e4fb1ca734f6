//! What stands beside a conversation: who looks after it, its labels, what is known of the patient.

use maud::{Markup, html};

use crate::{
    chat::{MAX_SHORT_NAME_CHARS, MAX_TEXT_CHARS, Opened},
    domain::Conversation,
    store::staff::Role,
    web::{
        layout::{BUTTON_QUIET, FIELD, Icon, LABEL, exactly, field_hint, icon},
        pages::Reader,
    },
};

/// The third pane; on a narrow screen it takes the messages' place while it is unfolded.
pub(super) fn about(reader: &Reader, opened: &Opened) -> Markup {
    let conversation = &opened.detail.conversation;
    html! {
        aside #about aria-label=(reader.t("about-label"))
            class="hidden min-h-0 shrink-0 space-y-6 overflow-y-auto border-line bg-surface p-4 peer-checked/about:block \
                max-xl:grow xl:block xl:w-72 xl:border-l" {
            (assignee(reader, opened))
            (labels(reader, opened))
            @if reader.may(Role::Agent) { (note_form(reader, opened)) }
            section {
                h3 class="font-semibold" { (reader.t("about-facts")) }
                dl class="mt-1 space-y-2" {
                    (fact(reader, "about-number", &html! { (super::list::number(reader, &conversation.sender)) }))
                    (fact(reader, "about-last", &exactly(reader, conversation.last_at)))
                    @if opened.detail.before.is_none() && let Some(first) = opened.detail.messages.first() {
                        (fact(reader, "about-first", &exactly(reader, first.message.at)))
                    }
                }
            }
        }
    }
}

/// What colleagues should know; it shows among the messages, and the patient never sees it.
fn note_form(reader: &Reader, opened: &Opened) -> Markup {
    let id = opened.detail.conversation.id;
    html! {
        form #note method="post" action={ "/conversations/" (id) "/notes" } hx-post={ "/conversations/" (id) "/notes" }
            hx-target="#open" hx-swap="morph" data-reset {
            label for="note-text" class=(LABEL) { (reader.t("note-write")) }
            textarea #note-text name="text" rows="2" required maxlength=(MAX_TEXT_CHARS) data-keep aria-describedby="note-hint"
                class={ (FIELD) " resize-y" } {}
            (field_hint("note-hint", &reader.t("note-hint")))
            button class={ (BUTTON_QUIET) " mt-2" } { (icon(Icon::Note)) (reader.t("note-save")) }
        }
    }
}

fn fact(reader: &Reader, key: &str, value: &Markup) -> Markup {
    html! { div { dt class="text-sm text-ink-soft" { (reader.t(key)) } dd { (value) } } }
}

/// Unfolds [`about`] where there is no room for it beside the messages.
pub(super) fn about_switch(reader: &Reader) -> Markup {
    html! {
        input type="checkbox" #about-switch data-keep class="peer/about sr-only xl:hidden" aria-label=(reader.t("about-label")) aria-controls="about";
    }
}

/// What switches [`about_switch`], for the mouse and the finger.
pub(super) fn about_button(reader: &Reader) -> Markup {
    html! {
        label for="about-switch" class={ (BUTTON_QUIET) " group-has-[#about-switch:focus-visible]/open:outline-2 xl:hidden" } { (icon(Icon::Label)) (reader.t("about-open")) }
    }
}

fn assignee(reader: &Reader, opened: &Opened) -> Markup {
    let Conversation { id, assignee, .. } = &opened.detail.conversation;
    html! {
        section {
            @if reader.may(Role::Agent) {
                form method="post" action={ "/conversations/" (id) "/assign" } hx-post={ "/conversations/" (id) "/assign" }
                    hx-target="#open" hx-swap="morph" hx-trigger="change, submit" {
                    label for="assignee" class=(LABEL) { (reader.t("about-assignee")) }
                    select #assignee name="to" class=(FIELD) {
                        option value="" selected[assignee.is_none()] { (reader.t("about-nobody")) }
                        @for account in &opened.colleagues {
                            option value=(account.id) selected[assignee.as_ref() == Some(&account.name)] { (account.name) }
                        }
                    }
                    noscript { button class={ (BUTTON_QUIET) " mt-2" } { (reader.t("save")) } }
                }
            } @else {
                h3 class=(LABEL) { (reader.t("about-assignee")) }
                p { (assignee.clone().unwrap_or_else(|| reader.t("about-nobody"))) }
            }
        }
    }
}

fn labels(reader: &Reader, opened: &Opened) -> Markup {
    let id = opened.detail.conversation.id;
    let may_change = reader.may(Role::Agent);
    html! {
        section {
            h3 class="font-semibold" { (reader.t("about-labels")) }
            @if opened.labels.is_empty() { p class="text-ink-soft" { (reader.t("about-no-labels")) } }
            ul class="mt-2 flex flex-wrap gap-2" {
                @for label in &opened.labels {
                    li class="inline-flex items-center gap-1 rounded-full bg-raised pl-3" {
                        span class="max-w-44 truncate py-1" { (label.name) }
                        @if may_change {
                            form method="post" action={ "/conversations/" (id) "/labels/" (label.id) "/off" }
                                hx-post={ "/conversations/" (id) "/labels/" (label.id) "/off" } hx-target="#open" hx-swap="morph" {
                                button class="inline-flex size-9 cursor-pointer items-center justify-center rounded-full hover:bg-line" {
                                    (icon(Icon::Cross))
                                    span class="sr-only" { (reader.tw("about-label-off", [("name", label.name.as_str().into())])) }
                                }
                            }
                        } @else { span class="w-2" {} }
                    }
                }
            }
            @if may_change {
                form #new-label method="post" action={ "/conversations/" (id) "/labels" } hx-post={ "/conversations/" (id) "/labels" }
                    hx-target="#open" hx-swap="morph" data-reset class="mt-2 flex gap-2" {
                    label for="label-name" class="sr-only" { (reader.t("about-label-new")) }
                    input #label-name name="name" required maxlength=(MAX_SHORT_NAME_CHARS) autocomplete="off" list="label-names"
                        data-keep placeholder=(reader.t("about-label-new")) class={ (FIELD) " mt-0" };
                    datalist #label-names { @for label in &opened.all_labels { option value=(label.name) {} } }
                    button class=(BUTTON_QUIET) { (reader.t("add")) }
                }
            }
        }
    }
}
