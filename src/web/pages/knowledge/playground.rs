//! `/knowledge/playground`: a question tried out, with all that its answer came from. Nothing of it is kept.

use axum::{
    Form,
    extract::Query,
    response::{IntoResponse, Response},
};
use maud::{Markup, html};
use serde::Deserialize;

use super::{News, Tab, framed, playground_result::result, told};
use crate::{
    chat::{ChatError, MAX_TEXT_CHARS, MessageText},
    domain::MessageId,
    web::{
        layout::{BUTTON, CARD, FIELD, Html, Icon, LABEL, card_heading, field_hint, icon},
        pages::{PageError, Reader, Visit},
    },
};

/// What the page begins with.
#[derive(Default, Deserialize)]
pub(crate) struct From {
    /// A patient's message to be tried out again.
    from: Option<i64>,
}

/// `GET /knowledge/playground`, with `?from=<message id>` of a patient's question.
pub(crate) async fn index(visit: Visit, Query(From { from }): Query<From>) -> Result<Response, PageError> {
    let text = match from {
        Some(message) => visit.state.library.exchange(MessageId(message)).await?.question,
        None => String::new(),
    };
    Ok(framed(&visit, Tab::Playground, None, &cards(&visit.reader, &text, "", &html! {})))
}

/// What the form sends.
#[derive(Debug, Deserialize)]
pub(crate) struct Asking {
    question: String,
    #[serde(default)]
    before: String,
}

/// `POST /knowledge/playground`: a question is not put into an address, where machines on its way would write it down.
pub(crate) async fn ask(
    visit: Visit,
    Form(Asking { question, before }): Form<Asking>,
) -> Result<Response, PageError> {
    let tried = tried(&visit, &question, &before).await?;
    let (news, shown) = match tried {
        Ok(shown) => (None, shown),
        Err(news) if visit.is_fragment => return Ok(Html(html! { (told(&news)) }).into_response()),
        Err(news) => (Some(news), html! {}),
    };
    match visit.is_fragment {
        true => Ok(Html(shown).into_response()),
        false => Ok(framed(&visit, Tab::Playground, news, &cards(&visit.reader, &question, &before, &shown))),
    }
}

async fn tried(visit: &Visit, question: &str, before: &str) -> Result<Result<Markup, News>, PageError> {
    let reader = &visit.reader;
    let refused = |key| Ok(Err(News::bad(reader.t(key))));
    let Ok(text) = MessageText::parse(question) else { return refused("playground-invalid") };
    let before = match before.trim().is_empty() {
        true => None,
        false => match MessageText::parse(before) {
            Ok(before) => Some(before),
            Err(_) => return refused("playground-invalid"),
        },
    };
    match visit.state.chat.try_out(text, before).await {
        Ok(trial) => Ok(Ok(result(reader, question, &trial))),
        Err(ChatError::Starting) => refused("knowledge-starting"),
        Err(ChatError::TooMany | ChatError::Stopping) => refused("playground-busy"),
        Err(ChatError::BrokenOff) => refused("playground-failed"),
        Err(error) => Err(error.into()),
    }
}

fn cards(reader: &Reader, question: &str, before: &str, shown: &Markup) -> Markup {
    html! {
        section class=(CARD) {
            (card_heading(&reader.t("playground-heading"), Some(&reader.t("playground-detail"))))
            form #playground-form method="post" action="/knowledge/playground" hx-post="/knowledge/playground"
                hx-target="#result" hx-swap="innerHTML" hx-disabled-elt="#ask" class="mt-4 space-y-4" {
                div {
                    label for="question" class=(LABEL) { (reader.t("playground-question")) }
                    textarea #question name="question" required rows="2" maxlength=(MAX_TEXT_CHARS) class=(FIELD) { "\n" (question) }
                }
                details open[!before.is_empty()] {
                    summary class="cursor-pointer text-ink-soft" { (reader.t("playground-before")) }
                    label for="before" class="sr-only" { (reader.t("playground-before")) }
                    input #before name="before" value=(before) maxlength=(MAX_TEXT_CHARS) aria-describedby="before-hint" class=(FIELD);
                    (field_hint("before-hint", &reader.t("playground-before-hint")))
                }
                div class="flex flex-wrap items-center gap-3" {
                    button #ask class=(BUTTON) { (icon(Icon::Send)) (reader.t("playground-ask")) }
                    span role="status" class="text-ink-soft opacity-0 [.htmx-request_&]:opacity-100" { (reader.t("playground-running")) }
                }
            }
        }
        div #result aria-live="polite" class="space-y-4" { (shown) }
    }
}
