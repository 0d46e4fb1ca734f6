//! `/knowledge`: the documents and how each stands.

use axum::{extract::Query, response::Response};
use maud::{Markup, html};
use serde::Deserialize;

use super::{Done, Tab, address_of, framed, trouble, upload};
use crate::{
    library::{DocumentState, Listed},
    store::{file_versions::FileVersion, staff::Role},
    web::{
        layout::{BUTTON_QUIET, CARD, FIELD, Html, Icon, Tone, badge, card_heading, day, empty, icon, when},
        pages::{PageError, Reader, Visit},
    },
};

/// Deleted files that are named.
const MOST_DELETED: u32 = 20;
/// Characters that a search may have.
const MAX_SEARCH_CHARS: usize = 200;

/// What the list is narrowed to, as the address says it.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Narrowing {
    #[serde(default)]
    show: Show,
    #[serde(default)]
    search: String,
    done: Option<Done>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Show {
    #[default]
    All,
    Care,
    Used,
    Unused,
}

impl Show {
    const ALL: [Self; 4] = [Self::All, Self::Care, Self::Used, Self::Unused];

    fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Care => "care",
            Self::Used => "used",
            Self::Unused => "unused",
        }
    }

    fn takes(self, state: &DocumentState) -> bool {
        let is_used = matches!(state, DocumentState::Indexed | DocumentState::Expiring(_));
        match self {
            Self::All => true,
            Self::Care => state.needs_care(),
            Self::Used => is_used,
            Self::Unused => !is_used,
        }
    }
}

impl Narrowing {
    fn address(&self, page: &str, show: Show) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        if show != Show::All {
            query.append_pair("show", show.as_str());
        }
        if !self.search.is_empty() {
            query.append_pair("search", &self.search);
        }
        let query = query.finish();
        if query.is_empty() { page.to_owned() } else { format!("{page}?{query}") }
    }

    fn takes(&self, listed: &Listed) -> bool {
        let search: String = self.search.trim().to_lowercase().chars().take(MAX_SEARCH_CHARS).collect();
        let meta = &listed.meta;
        let texts = [Some(&meta.title), meta.department.as_ref(), Some(&listed.path)];
        self.show.takes(&listed.state)
            && texts.into_iter().flatten().any(|text| text.to_lowercase().contains(&search))
    }
}

/// `GET /knowledge`.
pub(crate) async fn index(visit: Visit, Query(narrowing): Query<Narrowing>) -> Result<Response, PageError> {
    let list = list(&visit, &narrowing).await?;
    let Visit { state, reader, .. } = &visit;
    let is_administrator = reader.may(Role::Administrator);
    let (folders, deleted) = match is_administrator {
        true => (state.library.folders().await?, state.library.deleted(MOST_DELETED).await?),
        false => (Vec::new(), Vec::new()),
    };
    let cards = html! {
        @if is_administrator {
            (upload::card(reader, &folders, state.library.most_bytes()))
        }
        section class={ (CARD) " !p-0" } aria-labelledby="documents-heading" {
            div class="space-y-3 p-5 pb-3" {
                div #documents-heading { (card_heading(&reader.t("documents-heading"), Some(&reader.t("documents-detail")))) }
                form role="search" action="/knowledge" {
                    @if narrowing.show != Show::All { input type="hidden" name="show" value=(narrowing.show.as_str()); }
                    label for="search" class="sr-only" { (reader.t("documents-search")) }
                    input #search type="search" name="search" value=(narrowing.search) maxlength="200" autocomplete="off"
                        placeholder=(reader.t("documents-search")) hx-get="/knowledge/documents/list" hx-include="closest form"
                        hx-target="#documents" hx-swap="morph" hx-trigger="input changed delay:250ms, search"
                        hx-sync="this:replace" class=(FIELD);
                }
            }
            (list)
        }
        @if !deleted.is_empty() { (deleted_card(reader, &deleted)) }
    };
    let news = narrowing.done.map(|done| done.news(reader));
    Ok(framed(&visit, Tab::Documents, news, &cards))
}

/// `GET /knowledge/documents/list`: the list alone.
pub(crate) async fn list_alone(visit: Visit, Query(narrowing): Query<Narrowing>) -> Result<Html, PageError> {
    Ok(Html(list(&visit, &narrowing).await?))
}

async fn list(visit: &Visit, narrowing: &Narrowing) -> Result<Markup, PageError> {
    let Visit { state, reader, .. } = visit;
    let today = reader.local(reader.now).date();
    let documents = state.library.documents(today).await?;
    Ok(rows(reader, narrowing, &documents, state.library.is_started()))
}

fn rows(reader: &Reader, narrowing: &Narrowing, documents: &[Listed], is_started: bool) -> Markup {
    let shown: Vec<&Listed> = documents.iter().filter(|listed| narrowing.takes(listed)).collect();
    html! {
        div #documents data-refresh-knowledge=(narrowing.address("/knowledge/documents/list", narrowing.show)) {
            nav aria-label=(reader.t("list-filters")) class="flex flex-wrap gap-1 px-5 pb-4" {
                @for show in Show::ALL {
                    @let count = documents.iter().filter(|listed| show.takes(&listed.state)).count();
                    @let is_here = show == narrowing.show;
                    a href=(narrowing.address("/knowledge", show)) aria-current=[is_here.then_some("true")]
                        class={ "inline-flex min-h-9 items-center gap-1 rounded-full border px-3 text-sm "
                            (match (is_here, show, count) {
                                (true, ..) => "border-accent bg-accent-soft font-semibold text-accent-ink",
                                (_, Show::Care, 1..) => "border-wait bg-wait-soft font-semibold text-wait-ink",
                                _ => "border-line text-ink hover:bg-raised",
                            }) } {
                        (reader.t(&format!("documents-{}", show.as_str())))
                        span class="tabular-nums" { "(" (count) ")" }
                    }
                }
            }
            @if !is_started {
                p role="status" class="mx-5 mb-4 rounded-lg bg-info-soft px-4 py-3 text-info-ink" { (reader.t("knowledge-starting")) }
            }
            ul class="divide-y divide-line border-t border-line" {
                @for listed in &shown { (row(reader, listed)) }
                @if shown.is_empty() {
                    li { (empty(Icon::Search, &reader.t("documents-none"), &reader.t("documents-none-detail"))) }
                }
            }
        }
    }
}

fn row(reader: &Reader, listed: &Listed) -> Markup {
    html! {
        li id={ "document-" (listed.path.replace(' ', "_")) } data-document=(listed.path)
            class="flex flex-wrap items-start gap-x-4 gap-y-1 px-5 py-3" {
            div class="min-w-0 grow basis-64" {
                @match &listed.place {
                    Some(place) => a href=(address_of("/knowledge/documents/view", place.as_str()))
                        class="font-medium break-words underline-offset-4 hover:underline" { (listed.meta.title) },
                    None => span class="font-medium break-words" { (listed.meta.title) },
                }
                p class="text-sm break-words text-ink-soft" {
                    (listed.path)
                    @if let Some(department) = &listed.meta.department { " · " (department) }
                    @if listed.passages > 0 { " · " (reader.tw("documents-passages", [("count", listed.passages.into())])) }
                    @if let Some(modified) = listed.modified { " · " (when(reader, modified)) }
                }
                (failure(reader, &listed.state))
            }
            (state_badge(reader, &listed.state))
        }
    }
}

/// Why a document is not used: in the reader's words, and the program's.
pub(super) fn failure(reader: &Reader, state: &DocumentState) -> Markup {
    let DocumentState::Failed(why) = state else { return html! {} };
    let (words, detail) = trouble(reader, why);
    html! {
        p class="mt-1 break-words text-alarm-ink" { (words) }
        p lang="en" class="text-sm break-words text-ink-soft" { (detail) }
    }
}

/// How a document stands, in a word or two.
pub(super) fn state_badge(reader: &Reader, state: &DocumentState) -> Markup {
    let dated = |key, date| reader.tw(key, [("day", day(reader, date).into())]);
    match state {
        DocumentState::Indexed => badge(Tone::Good, Some(Icon::Check), &reader.t("document-indexed")),
        DocumentState::Reading => badge(Tone::Info, Some(Icon::Clock), &reader.t("document-reading")),
        DocumentState::Failed(_) => badge(Tone::Alarm, Some(Icon::Alarm), &reader.t("document-failed")),
        DocumentState::Expired(until) => {
            badge(Tone::Alarm, Some(Icon::Cross), &dated("document-expired", *until))
        }
        DocumentState::Expiring(until) => {
            badge(Tone::Wait, Some(Icon::Clock), &dated("document-expiring", *until))
        }
        DocumentState::NotYet(from) => {
            badge(Tone::Plain, Some(Icon::Clock), &dated("document-not-yet", *from))
        }
        DocumentState::Replaced => badge(Tone::Plain, None, &reader.t("document-replaced")),
    }
}

fn deleted_card(reader: &Reader, deleted: &[FileVersion]) -> Markup {
    html! {
        details class=(CARD) {
            summary class="cursor-pointer font-medium" {
                (reader.tw("documents-deleted", [("count", deleted.len().into())]))
            }
            ul class="mt-3 divide-y divide-line" {
                @for version in deleted {
                    li class="flex flex-wrap items-center gap-3 py-2" {
                        span class="min-w-0 grow break-words" {
                            (version.path)
                            span class="block text-sm text-ink-soft" {
                                (when(reader, version.at))
                                @if let Some(author) = &version.author { " · " (author) }
                            }
                        }
                        a href=(address_of("/knowledge/history", &version.path)) class=(BUTTON_QUIET) {
                            (icon(Icon::Clock)) (reader.t("versions-heading"))
                        }
                    }
                }
            }
        }
    }
}
