//! `/knowledge/red-flags`: the rules that see an emergency before any model is asked.

use axum::{Form, extract::Query, response::Response};
use maud::{Markup, html};
use serde::Deserialize;

use super::{Done, NamedFile, News, Tab, address_of, back_to, explained, framed};
use crate::{
    library::{LibraryError, MAX_TEXT_BYTES, Revision, RuleFile, RuleSummary},
    store::staff::Role,
    web::{
        layout::{
            BUTTON, BUTTON_QUIET, CARD, FIELD, Icon, LABEL, Tone, badge, card_heading, field_hint, icon, note,
        },
        pages::{PageError, Reader, Visit},
    },
};

/// `GET /knowledge/red-flags`.
pub(crate) async fn index(
    visit: Visit,
    Query(NamedFile { done, .. }): Query<NamedFile>,
) -> Result<Response, PageError> {
    let files = visit.state.library.rule_files().await?;
    let reader = &visit.reader;
    let cards = html! {
        section class=(CARD) {
            (card_heading(&reader.t("red-flags-heading"), Some(&reader.t("red-flags-detail"))))
        }
        @for file in &files { (card(reader, file)) }
    };
    Ok(framed(&visit, Tab::RedFlags, done.map(|done| done.news(reader)), &cards))
}

/// `GET /knowledge/red-flags/edit?path=…`.
pub(crate) async fn edit(
    visit: Visit,
    Query(NamedFile { path, .. }): Query<NamedFile>,
) -> Result<Response, PageError> {
    let file = visit.state.library.rule_file(&path).await?;
    let revision = file.revision().to_string();
    let cards = form(&visit.reader, &file.path, &file.text, &revision, false);
    Ok(framed(&visit, Tab::RedFlags, None, &cards))
}

/// What the form sends.
#[derive(Debug, Deserialize)]
pub(crate) struct Writing {
    path: String,
    text: String,
    revision: String,
    #[serde(default)]
    anyway: bool,
}

/// `POST /knowledge/red-flags/save`.
pub(crate) async fn save(visit: Visit, Form(sent): Form<Writing>) -> Result<Response, PageError> {
    let (reader, library) = (&visit.reader, &visit.state.library);
    if sent.text.len() > MAX_TEXT_BYTES {
        return Err(PageError::Invalid);
    }
    let seen = Revision::parse(&sent.revision).ok_or(PageError::Conflict)?;
    let saved = library.save_rule_file(&sent.path, &sent.text, seen, sent.anyway, &visit.account.name).await;
    let error = match saved {
        Ok(()) => return Ok(back_to("/knowledge/red-flags", &[], Done::Saved)),
        Err(error) => error,
    };
    let asks = matches!(error, LibraryError::SelfTest(_));
    let is_stale = matches!(error, LibraryError::Stale);
    let news: News = explained(reader, error)?;
    let now = library.rule_file(&sent.path).await?;
    let revision = if is_stale { now.revision().to_string() } else { sent.revision };
    let cards = html! {
        (form(reader, &sent.path, &sent.text, &revision, asks))
        @if is_stale {
            section #theirs class=(CARD) {
                (card_heading(&reader.t("document-theirs"), Some(&reader.t("document-theirs-detail"))))
                label for="theirs-text" class="sr-only" { (reader.t("document-theirs")) }
                textarea #theirs-text readonly rows="20" class={ (FIELD) " font-mono" } { "\n" (now.text) }
            }
        }
    };
    Ok(framed(&visit, Tab::RedFlags, Some(news), &cards))
}

fn card(reader: &Reader, file: &RuleFile) -> Markup {
    html! {
        section class=(CARD) {
            div class="flex flex-wrap items-start gap-3" {
                div class="min-w-0 grow basis-64" {
                    (card_heading(file.path.trim_start_matches("triage/"), Some(&file.about)))
                }
                @if file.sentences > 0 {
                    (badge(Tone::Plain, None, &reader.tw("red-flags-sentences", [("count", file.sentences.into())])))
                }
                @if reader.may(Role::Administrator) {
                    a href=(address_of("/knowledge/red-flags/edit", &file.path)) class=(BUTTON_QUIET)
                        aria-label={ (reader.t("document-edit")) " " (file.path) } {
                        (icon(Icon::Note)) (reader.t("document-edit"))
                    }
                    a href=(address_of("/knowledge/history", &file.path)) class=(BUTTON_QUIET)
                        aria-label={ (reader.t("versions-heading")) " " (file.path) } {
                        (icon(Icon::Clock)) (reader.t("versions-heading"))
                    }
                }
            }
            @if let Some(problem) = &file.problem {
                div class="mt-3" { (note(Tone::Alarm, &reader.t("library-unfit"))) }
                p lang="en" class="mt-1 text-sm text-ink-soft" { (problem) }
            }
            @if !file.rules.is_empty() {
                ul class="mt-3 divide-y divide-line border-t border-line" {
                    @for rule in &file.rules { (row(reader, rule)) }
                }
            }
        }
    }
}

fn row(reader: &Reader, rule: &RuleSummary) -> Markup {
    html! {
        li class="py-3" {
            p class="flex flex-wrap items-center gap-2" {
                span class="font-medium" { (rule.name) }
                (badge(Tone::Alarm, None, &kind(reader, &rule.kind)))
                span class="text-sm text-ink-soft" { (reader.tw("red-flags-examples", [("count", rule.examples.into())])) }
            }
            @if !rule.shown.is_empty() {
                p class="mt-1 text-sm break-words text-ink-soft" {
                    @for (at, example) in rule.shown.iter().enumerate() { @if at > 0 { " · " } "“" (example) "”" }
                }
            }
        }
    }
}

/// Which fixed text a rule sends, in plain words.
pub(super) fn kind(reader: &Reader, kind: &str) -> String {
    match kind {
        "medical" | "pregnancy" | "poisoning" | "violence" | "mental" => {
            reader.t(&format!("red-flag-{kind}"))
        }
        other => other.to_owned(),
    }
}

fn form(reader: &Reader, path: &str, text: &str, revision: &str, asks: bool) -> Markup {
    html! {
        form #rules-form method="post" action="/knowledge/red-flags/save" class={ (CARD) " space-y-4" } {
            (card_heading(&reader.t("red-flags-editing"), Some(path)))
            input type="hidden" name="path" value=(path);
            input type="hidden" name="revision" value=(revision);
            div {
                label for="rules" class=(LABEL) { (reader.t("red-flags-text")) }
                textarea #rules name="text" rows="28" spellcheck="false" maxlength="1000000" aria-describedby="rules-hint"
                    class={ (FIELD) " font-mono" } { "\n" (text) }
                (field_hint("rules-hint", &reader.t("red-flags-hint")))
            }
            @if asks {
                label class="flex min-h-11 items-center gap-3" {
                    input type="checkbox" name="anyway" value="true" class="size-5";
                    (reader.t("red-flags-anyway"))
                }
            }
            div class="flex flex-wrap gap-3" {
                button class=(BUTTON) { (icon(Icon::Check)) (reader.t("document-save")) }
                a href="/knowledge/red-flags" class=(BUTTON_QUIET) { (reader.t("document-cancel")) }
            }
        }
    }
}
