//! `/knowledge/replies`: fixed texts, both languages side by side.

use axum::{Form, extract::Query, response::Response};
use maud::{Markup, html};
use serde::Deserialize;

use super::{Done, News, Tab, address_of, back_to, explained, framed};
use crate::{
    domain::Language,
    library::{LibraryError, ReplyPair, Revision},
    store::staff::Role,
    web::{
        layout::{BUTTON, BUTTON_QUIET, CARD, FIELD, Icon, LABEL, Tone, card_heading, icon, note},
        pages::{PageError, Reader, Visit, conversations::formatted},
    },
};

/// What was done before.
#[derive(Default, Deserialize)]
pub(crate) struct Before {
    done: Option<Done>,
}

/// `GET /knowledge/replies`.
pub(crate) async fn index(
    visit: Visit,
    Query(Before { done }): Query<Before>,
) -> Result<Response, PageError> {
    let news = done.map(|done| done.news(&visit.reader));
    page(&visit, news, None).await
}

/// What changing a reply sends.
#[derive(Debug, Deserialize)]
pub(crate) struct Writing {
    key: String,
    id: String,
    en: String,
    revision: String,
}

/// `POST /knowledge/replies`.
pub(crate) async fn save(visit: Visit, Form(sent): Form<Writing>) -> Result<Response, PageError> {
    let seen = Revision::parse(&sent.revision).ok_or(PageError::Conflict)?;
    let texts = [sent.id.as_str(), sent.en.as_str()];
    match visit.state.library.save_reply(&sent.key, texts, seen, &visit.account.name).await {
        Ok(()) => Ok(back_to("/knowledge/replies", &[], Done::Saved)),
        Err(LibraryError::NotFound) => Err(PageError::NotFound),
        Err(error) => {
            let news = explained(&visit.reader, error)?;
            page(&visit, Some(news), Some(sent)).await
        }
    }
}

async fn page(visit: &Visit, news: Option<News>, typed: Option<Writing>) -> Result<Response, PageError> {
    let reader = &visit.reader;
    let cards = match visit.state.library.replies().await {
        Ok(pairs) => cards(reader, &pairs, typed.as_ref()),
        Err(LibraryError::Unfit(problem)) => html! {
            (note(Tone::Alarm, &reader.t("library-unfit")))
            pre lang="en" class="rounded-lg bg-raised px-4 py-3 text-sm whitespace-pre-wrap" { (problem) }
        },
        Err(error) => return Err(error.into()),
    };
    Ok(framed(visit, Tab::Replies, news, &cards))
}

fn cards(reader: &Reader, pairs: &[ReplyPair], typed: Option<&Writing>) -> Markup {
    let may_change = reader.may(Role::Administrator);
    html! {
        section class=(CARD) {
            (card_heading(&reader.t("replies-heading"), Some(&reader.t("replies-detail"))))
            @if may_change {
                div class="mt-4 flex flex-wrap gap-3" {
                    @for language in [Language::Id, Language::En] {
                        @let path = format!("replies/{}.toml", language.code());
                        a href=(address_of("/knowledge/history", &path)) class=(BUTTON_QUIET) {
                            (icon(Icon::Clock)) (reader.t("versions-heading")) ": " (language.code().to_uppercase())
                        }
                    }
                }
            }
        }
        @for pair in pairs {
            (card(reader, pair, typed.filter(|typed| typed.key == pair.key), may_change))
        }
    }
}

fn card(reader: &Reader, pair: &ReplyPair, typed: Option<&Writing>, may_change: bool) -> Markup {
    let key = &pair.key;
    let heading = match pair.note(reader.language) {
        "" => key,
        note => note,
    };
    // Somebody else's newer text is shown below what was typed here.
    let is_other = typed.is_some_and(|typed| typed.revision != pair.revision().to_string());
    html! {
        details id={ "reply-" (key) } data-reply=(key) class=(CARD) open[typed.is_some()] {
            summary class="cursor-pointer" {
                span class="font-medium" { (heading) }
                span class="block truncate text-sm text-ink-soft" lang="id" { (formatted(&pair.id)) }
            }
            @if may_change {
                form method="post" action="/knowledge/replies" class="mt-4 space-y-4" {
                    input type="hidden" name="key" value=(key);
                    input type="hidden" name="revision" value=(pair.revision());
                    div class="grid gap-4 lg:grid-cols-2" {
                        (field(reader, key, "id", typed.map_or(&pair.id, |typed| &typed.id)))
                        (field(reader, key, "en", typed.map_or(&pair.en, |typed| &typed.en)))
                    }
                    button class=(BUTTON) { (icon(Icon::Check)) (reader.t("document-save")) }
                }
                @if is_other {
                    h3 class="mt-4 font-semibold" { (reader.t("document-theirs")) }
                    (texts(pair))
                }
            } @else { (texts(pair)) }
        }
    }
}

fn texts(pair: &ReplyPair) -> Markup {
    html! {
        div class="mt-3 grid gap-4 lg:grid-cols-2" {
            p lang="id" class="break-words whitespace-pre-wrap" { (formatted(&pair.id)) }
            p lang="en" class="break-words whitespace-pre-wrap" { (formatted(&pair.en)) }
        }
    }
}

fn field(reader: &Reader, key: &str, language: &str, text: &str) -> Markup {
    let id = format!("{key}-{language}");
    html! {
        div {
            label for=(id) class=(LABEL) { (reader.t(&format!("replies-{language}"))) }
            textarea id=(id) name=(language) lang=(language) required rows="6" maxlength="4000" class=(FIELD) { "\n" (text) }
        }
    }
}
