//! One conversation: who it is, what is in it, what staff can do.

use maud::{Markup, html};

use super::{
    about::{about, about_button, about_switch},
    composer::composer,
    list::{name, number, states},
    marks::lookers,
    thread::thread,
};
use crate::{
    chat::Opened,
    domain::{Conversation, Flag, Handling},
    store::staff::Role,
    web::{
        layout::{BUTTON_QUIET, Icon, Tone, empty, icon, note},
        pages::Reader,
    },
};

/// What stands beside the list while no conversation is open.
pub(super) fn nothing_open(reader: &Reader) -> Markup {
    html! {
        div class="m-auto" { (empty(Icon::Conversations, &reader.t("panel-nothing"), &reader.t("panel-nothing-detail"))) }
    }
}

/// The conversation that is open.
pub(super) fn panel(reader: &Reader, opened: &Opened, others: &[String]) -> Markup {
    let conversation = &opened.detail.conversation;
    let id = conversation.id;
    html! {
        section #open data-conversation=(id) aria-labelledby="open-name" class="group/open flex min-h-0 grow flex-col" {
            header class="flex flex-wrap items-center gap-x-3 gap-y-2 border-b border-line bg-surface px-4 py-2 sm:py-3" {
                a href="/conversations" class="-ml-2 inline-flex size-11 items-center justify-center rounded-lg hover:bg-raised md:hidden" {
                    (icon(Icon::Back)) span class="sr-only" { (reader.t("panel-back")) }
                }
                div class="min-w-0 grow basis-44" {
                    h2 #open-name class="truncate text-lg font-semibold" { (name(reader, conversation)) }
                    p class="flex flex-wrap items-center gap-2 text-sm text-ink-soft" {
                        span { (number(reader, &conversation.sender)) }
                        (states(reader, conversation))
                        (lookers(reader, id, others))
                    }
                }
                div class="flex flex-wrap items-center gap-2 max-sm:text-sm max-sm:[&_.min-h-11]:px-3 max-sm:[&_svg]:hidden" {
                    @if reader.may(Role::Agent) { (actions(reader, conversation)) }
                    (about_button(reader))
                }
            }
            @if !opened.detail.flags.is_empty() { (flags(reader, opened)) }
            div class="flex min-h-0 grow" {
                (about_switch(reader))
                div class="relative flex min-h-0 min-w-0 grow flex-col max-xl:peer-checked/about:hidden" {
                    (thread(reader, opened))
                    button type="button" #to-newest hidden class={ (BUTTON_QUIET) " absolute right-6 bottom-44 z-10 shadow-card" } {
                        (icon(Icon::Down)) (reader.t("thread-newest"))
                    }
                    @if reader.may(Role::Agent) { (composer(reader, opened)) }
                    @else { p class="border-t border-line bg-surface p-4 text-ink-soft" { (reader.t("panel-read-only")) } }
                }
                (about(reader, opened))
            }
        }
    }
}

fn actions(reader: &Reader, conversation: &Conversation) -> Markup {
    let id = conversation.id;
    let (key, shows, enabled) = match conversation.handling {
        Handling::Bot => ("bot-take-over", Icon::Person, "false"),
        Handling::Staff | Handling::Stopped => ("bot-hand-back", Icon::Bot, "true"),
    };
    html! {
            @if conversation.waiting || conversation.emergency || conversation.unanswered > 0 {
                form method="post" action={ "/conversations/" (id) "/resolve" } hx-post={ "/conversations/" (id) "/resolve" }
                    hx-target="#open" hx-swap="morph" {
                    button class=(BUTTON_QUIET) { (icon(Icon::Check)) (reader.t("resolve")) }
                }
            }
            @if conversation.handling != Handling::Stopped {
                form method="post" action={ "/conversations/" (id) "/bot" } hx-post={ "/conversations/" (id) "/bot" }
                    hx-target="#open" hx-swap="morph" {
                    button #bot-switch name="enabled" value=(enabled) class=(BUTTON_QUIET) { (icon(shows)) (reader.t(key)) }
                }
            }
    }
}

fn flags(reader: &Reader, opened: &Opened) -> Markup {
    let mut reasons: Vec<Flag> = opened.detail.flags.iter().map(|flag| flag.reason).collect();
    reasons.sort_by_key(|flag| flag.as_str());
    reasons.dedup();
    html! {
        div #flags class="space-y-1 border-b border-line bg-surface px-2 py-1 max-sm:text-sm sm:px-4 sm:py-2" {
            @for reason in reasons {
                @let tone = if reason == Flag::Emergency { Tone::Alarm } else { Tone::Wait };
                (note(tone, &reader.t(flag_key(reason))))
            }
        }
    }
}

fn flag_key(flag: Flag) -> &'static str {
    match flag {
        Flag::Emergency => "flag-emergency",
        Flag::NotFound => "flag-not-found",
        Flag::Medical => "flag-medical",
        Flag::HumanRequested => "flag-human-requested",
        Flag::Failure => "flag-failure",
        Flag::NotText => "flag-not-text",
        Flag::NotDelivered => "flag-not-delivered",
        Flag::Loop => "flag-loop",
    }
}
