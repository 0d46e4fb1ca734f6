//! The models in use, and whether they answer.

use axum::response::Response;
use maud::html;

use super::{Tab, framed};
use crate::web::{
    layout::{CARD, Icon, Tone, badge, card_heading, empty},
    pages::Visit,
};

/// `GET /settings/models`.
pub(crate) async fn index(visit: Visit) -> Response {
    let (reader, readiness) = (&visit.reader, &visit.state.readiness);
    let state = match (readiness.profile(), readiness.models()) {
        (None, _) => badge(Tone::Wait, Some(Icon::Clock), &reader.t("models-loading")),
        (Some(_), true) => badge(Tone::Good, Some(Icon::Check), &reader.t("models-ready")),
        (Some(_), false) => badge(Tone::Alarm, Some(Icon::Alarm), &reader.t("models-broken")),
    };
    let cards = html! {
        section class=(CARD) {
            (card_heading(&reader.t("models-heading"), Some(&reader.t("models-detail"))))
            p class="mt-3" { (state) }
            @match readiness.profile() {
                None => (empty(Icon::Clock, &reader.t("models-loading"), &reader.t("models-loading-detail"))),
                Some(profile) => dl class="mt-4 grid gap-x-6 gap-y-3 sm:grid-cols-[auto_1fr]" {
                    dt class="text-ink-soft" { (reader.t("models-profile")) }
                    dd { (profile.name) " · " (profile.device) }
                    @for model in &profile.models {
                        dt class="text-ink-soft" { (reader.t(model.task)) }
                        dd class="min-w-0" {
                            p class="break-words" { (model.name) }
                            p class="truncate font-mono text-sm text-ink-soft" { (model.revision) }
                        }
                    }
                }
            }
        }
    };
    framed(&visit, Tab::Models, None, &cards)
}
