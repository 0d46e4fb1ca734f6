//! `/styleguide`: the design language in one place, for whoever builds pages. Only in builds for development.

use axum::extract::State;
use maud::html;

use super::Reader;
use crate::web::{
    WebState,
    layout::{
        self, BUTTON, BUTTON_ALARM, BUTTON_QUIET, CARD, FIELD, Html, Icon, LABEL, Page, Tone, badge,
        card_heading, empty, field_hint, icon, note, skeleton,
    },
};

/// `GET /styleguide`.
pub(crate) async fn show(State(state): State<WebState>, reader: Reader) -> Html {
    let tones = [
        (Tone::Plain, "Plain"),
        (Tone::Good, "Good"),
        (Tone::Info, "Info"),
        (Tone::Wait, "Wait"),
        (Tone::Alarm, "Alarm"),
    ];
    let icons = [
        Icon::Home,
        Icon::Conversations,
        Icon::Phone,
        Icon::Settings,
        Icon::Search,
        Icon::Back,
        Icon::Down,
        Icon::Bot,
        Icon::Person,
        Icon::Alarm,
        Icon::Clock,
        Icon::Check,
        Icon::CheckTwice,
        Icon::Cross,
        Icon::Send,
        Icon::Note,
        Icon::Label,
        Icon::Leave,
        Icon::File,
        Icon::Eye,
        Icon::Bell,
        Icon::Keyboard,
        Icon::Knowledge,
        Icon::Upload,
    ];
    let body = html! {
        div class="mx-auto w-full max-w-4xl space-y-4 px-4 py-6" lang="en" {
            h1 class="text-2xl font-semibold" { "Style guide" }
            section class=(CARD) {
                (card_heading("Type", Some("One family, four sizes, two weights.")))
                p class="mt-3 text-2xl font-semibold" { "Page heading" }
                p class="text-lg font-semibold" { "Card heading" }
                p { "Text that people read." }
                p class="text-sm text-ink-soft" { "What stands beside it." }
            }
            section class=(CARD) {
                (card_heading("Buttons", Some("One that the page is for; quiet ones; one that can't be taken back.")))
                div class="mt-3 flex flex-wrap gap-3" {
                    button class=(BUTTON) { (icon(Icon::Send)) "Send" }
                    button class=(BUTTON_QUIET) { "Quiet" }
                    button class=(BUTTON_ALARM) { "Alarm" }
                    button class=(BUTTON) disabled { "Not now" }
                }
            }
            section class=(CARD) {
                (card_heading("Badges and notes", Some("Colour never speaks alone.")))
                div class="mt-3 flex flex-wrap gap-2" { @for (tone, name) in tones { (badge(tone, Some(Icon::Check), name)) } }
                div class="mt-3 space-y-2" { @for (tone, name) in tones { (note(tone, name)) } }
            }
            section class=(CARD) {
                (card_heading("Fields", None))
                label for="example" class={ (LABEL) " mt-3" } { "A field" }
                input #example class=(FIELD) placeholder="Words" aria-describedby="example-hint";
                (field_hint("example-hint", "What goes into it."))
            }
            section class=(CARD) {
                (card_heading("Icons", Some("Beside words, never for them alone.")))
                div class="mt-3 flex flex-wrap gap-4 text-2xl" { @for one in icons { (icon(one)) } }
            }
            section class={ (CARD) " relative h-64" } {
                (card_heading("Skeleton", Some("While words are fetched, after a quarter of a second.")))
                div class="[&>div]:block" { (skeleton("example-skeleton", "mt-3")) }
            }
            section class=(CARD) { (empty(Icon::Conversations, "Nothing yet", "What will be here, and how it comes.")) }
        }
    };
    layout::page(&state, &reader, &Page::plain("Style guide"), &body)
}
