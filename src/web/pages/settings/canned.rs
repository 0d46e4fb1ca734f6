//! Canned replies: texts that staff send again and again.

use axum::{
    Form,
    extract::Path,
    response::{Redirect, Response},
};
use maud::html;
use serde::Deserialize;

use super::{News, Tab, framed};
use crate::{
    chat::{MAX_SHORT_NAME_CHARS, MAX_TEXT_CHARS, MessageText, ShortName},
    web::{
        layout::{BUTTON, BUTTON_QUIET, CARD, FIELD, LABEL, card_heading, field_hint},
        pages::{PageError, Visit},
    },
};

/// `GET /settings/canned-replies`.
pub(crate) async fn index(visit: Visit) -> Result<Response, PageError> {
    shown(&visit, &Saving::default(), None).await
}

/// What the form sends.
#[derive(Default, Deserialize)]
pub(crate) struct Saving {
    name: String,
    text: String,
}

/// `POST /settings/canned-replies`: keeps a text, in place of the one with that name.
pub(crate) async fn save(visit: Visit, Form(given): Form<Saving>) -> Result<Response, PageError> {
    let (Ok(name), Ok(text)) = (ShortName::parse(&given.name), MessageText::parse(&given.text)) else {
        return shown(&visit, &given, News::bad(visit.reader.t("canned-wrong"))).await;
    };
    visit.state.chat.save_canned_reply(name, text, visit.name()).await?;
    shown(&visit, &Saving::default(), News::good(&visit.reader, "canned-saved")).await
}

/// `POST /settings/canned-replies/{id}/forget`.
pub(crate) async fn forget(visit: Visit, Path(id): Path<i64>) -> Result<Redirect, PageError> {
    visit.state.chat.forget_canned_reply(id, visit.actor()).await?;
    Ok(Redirect::to("/settings/canned-replies"))
}

async fn shown(visit: &Visit, given: &Saving, news: Option<News>) -> Result<Response, PageError> {
    let reader = &visit.reader;
    let replies = visit.state.chat.canned_replies().await?;
    let cards = html! {
        section class=(CARD) {
            (card_heading(&reader.t("canned-heading"), Some(&reader.t("canned-detail"))))
            ul class="mt-3 divide-y divide-line" {
                @for reply in &replies {
                    li class="flex flex-wrap items-start gap-3 py-3" {
                        div class="min-w-0 grow basis-60" {
                            p class="font-medium" { "/" (reply.name) }
                            p class="break-words whitespace-pre-wrap text-ink-soft" { (reply.text) }
                        }
                        form method="post" action={ "/settings/canned-replies/" (reply.id) "/forget" } {
                            button class=(BUTTON_QUIET) { (reader.t("canned-forget")) span class="sr-only" { " /" (reply.name) } }
                        }
                    }
                }
            }
            form method="post" action="/settings/canned-replies" class="mt-4 space-y-4 border-t border-line pt-4" {
                div class="max-w-md" {
                    label for="name" class=(LABEL) { (reader.t("canned-name")) }
                    input #name name="name" value=(given.name) required maxlength=(MAX_SHORT_NAME_CHARS) autocomplete="off"
                        aria-describedby="name-hint" class=(FIELD);
                    (field_hint("name-hint", &reader.t("canned-name-hint")))
                }
                div {
                    label for="text" class=(LABEL) { (reader.t("canned-text")) }
                    textarea #text name="text" rows="4" required maxlength=(MAX_TEXT_CHARS) class=(FIELD) { (given.text) }
                }
                button class=(BUTTON) { (reader.t("canned-save")) }
            }
        }
    };
    Ok(framed(visit, Tab::Canned, news, &cards))
}
