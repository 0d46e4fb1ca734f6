//! `/knowledge/documents/…`: one document, looked at, written, deleted.

use axum::{
    Form,
    extract::Query,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    Done, NamedFile, News, Tab, address_of, back_to,
    document_form::{Filled, form},
    documents::{failure, state_badge},
    explained, framed, markdown, versions,
};
use crate::{
    library::{Library, LibraryError, MAX_TEXT_BYTES, OpenDocument, Particulars, Place, Revision},
    store::{file_versions::FileVersion, staff::Role},
    web::{
        layout::{BUTTON, BUTTON_ALARM, BUTTON_QUIET, CARD, Html, Icon, Tone, badge, card_heading, icon},
        pages::{PageError, Reader, Visit},
    },
};

/// `GET /knowledge/documents/view?path=…`.
pub(crate) async fn view(
    visit: Visit,
    Query(NamedFile { path, done }): Query<NamedFile>,
) -> Result<Response, PageError> {
    let library = &visit.state.library;
    let (opened, kept) = (open(&visit, &path).await?, library.versions(&Place::document(&path)?).await?);
    let news = done.map(|done| done.news(&visit.reader));
    let cards = html! {
        (head(&visit.reader, &opened))
        (content(&visit.reader, &opened))
        @if !kept.is_empty() { (history(&visit.reader, &kept)) }
    };
    Ok(framed(&visit, Tab::Documents, news, &cards))
}

/// `GET /knowledge/documents/head?path=…`: how it stands, alone.
pub(crate) async fn head_alone(
    visit: Visit,
    Query(NamedFile { path, .. }): Query<NamedFile>,
) -> Result<Html, PageError> {
    Ok(Html(head(&visit.reader, &open(&visit, &path).await?)))
}

/// `GET /knowledge/documents/file?path=…`: the file as it is, to be saved and not shown in place.
pub(crate) async fn file(
    visit: Visit,
    Query(NamedFile { path, .. }): Query<NamedFile>,
) -> Result<Response, PageError> {
    let place = Place::document(&path)?;
    let bytes = visit.state.library.document_bytes(&place).await?;
    Ok(attached(place.name(), bytes))
}

/// Bytes that a browser saves under a name.
pub(super) fn attached(name: &str, bytes: Vec<u8>) -> Response {
    let encoded: String =
        form_urlencoded::byte_serialize(name.as_bytes()).collect::<String>().replace('+', "%20");
    let saved_as = HeaderValue::from_str(&format!("attachment; filename*=UTF-8''{encoded}"));
    let saved_as = saved_as.unwrap_or(HeaderValue::from_static("attachment"));
    let kind = HeaderValue::from_static("application/octet-stream");
    ([(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, saved_as)], bytes).into_response()
}

/// `GET /knowledge/documents/new`.
pub(crate) async fn new(visit: Visit) -> Result<Response, PageError> {
    let reader = &visit.reader;
    let today = reader.local(reader.now).date().to_string();
    let particulars = Particulars { reviewer: visit.name(), valid_from: today, ..Particulars::default() };
    let filled = Filled { particulars: Some(particulars), body: Some(String::new()), ..Filled::default() };
    writing(&visit, None, &filled, None).await
}

/// `GET /knowledge/documents/edit?path=…`.
pub(crate) async fn edit(
    visit: Visit,
    Query(NamedFile { path, .. }): Query<NamedFile>,
) -> Result<Response, PageError> {
    let opened = open(&visit, &path).await?;
    writing(&visit, None, &Filled::of(&opened), None).await
}

/// What the form sends. Fields that it did not have are not there.
#[derive(Debug, Deserialize)]
pub(crate) struct Writing {
    #[serde(default)]
    path: String,
    #[serde(default)]
    folder: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    revision: String,
    title: Option<String>,
    #[serde(default)]
    department: String,
    #[serde(default)]
    reviewer: String,
    #[serde(default)]
    valid_from: String,
    #[serde(default)]
    valid_until: String,
    #[serde(default)]
    source: String,
    body: Option<String>,
}

impl Writing {
    fn filled(self) -> Filled {
        let Self {
            path,
            folder,
            name,
            revision,
            title,
            department,
            reviewer,
            valid_from,
            valid_until,
            source,
            body,
        } = self;
        // A form without a title is one of a whole file.
        let particulars =
            title.map(|title| Particulars { title, department, reviewer, valid_from, valid_until, source });
        let body = body.map(|body| body.replace("\r\n", "\n"));
        Filled { path, folder, name, revision, particulars, body }
    }
}

/// `POST /knowledge/documents/preview`: the text drawn, alone or below the form.
pub(crate) async fn preview(visit: Visit, Form(sent): Form<Writing>) -> Result<Response, PageError> {
    let filled = sent.filled();
    let drawn = markdown::drawn(filled.body.as_deref().unwrap_or_default());
    match visit.is_fragment {
        true => Ok(Html(drawn).into_response()),
        false => writing(&visit, None, &filled, Some(drawn)).await,
    }
}

/// `POST /knowledge/documents/save`.
pub(crate) async fn save(visit: Visit, Form(sent): Form<Writing>) -> Result<Response, PageError> {
    let filled = sent.filled();
    match saved(&visit, &filled).await {
        Ok(place) => Ok(back_to("/knowledge/documents/view", &[("path", place.as_str())], Done::Saved)),
        Err(LibraryError::Stale) => stale(&visit, filled).await,
        Err(error) => {
            let news = explained(&visit.reader, error)?;
            writing(&visit, Some(news), &filled, None).await
        }
    }
}

async fn saved(visit: &Visit, filled: &Filled) -> Result<Place, LibraryError> {
    let place = match filled.path.is_empty() {
        true => Library::new_document(&filled.folder, &filled.name)?,
        false => Place::document(&filled.path)?,
    };
    if filled.body.as_ref().is_some_and(|body| body.len() > MAX_TEXT_BYTES) {
        return Err(LibraryError::TooLarge { limit: MAX_TEXT_BYTES as u64 });
    }
    let expected = match filled.path.is_empty() {
        true => None,
        // A revision that is none was never seen.
        false => Some(Revision::parse(&filled.revision).ok_or(LibraryError::Stale)?),
    };
    let (particulars, body) = (filled.particulars.as_ref(), filled.body.as_deref());
    visit.state.library.save_document(&place, particulars, body, expected, &visit.account.name).await?;
    Ok(place)
}

/// Somebody else was faster: what was typed stays in the form, what stands there now is below it, and saving again replaces
/// that knowingly.
async fn stale(visit: &Visit, filled: Filled) -> Result<Response, PageError> {
    let news = explained(&visit.reader, LibraryError::Stale)?;
    let now = match open(visit, &filled.path).await {
        Ok(now) => now,
        // It was deleted meanwhile: the text may become a new document.
        Err(PageError::NotFound) => {
            let (folder, name) =
                filled.path.trim_start_matches("documents/").rsplit_once('/').unwrap_or(("", &filled.path));
            let (folder, name) = (folder.to_owned(), name.to_owned());
            let filled = Filled { folder, name, path: String::new(), ..filled };
            return writing(visit, Some(news), &filled, None).await;
        }
        Err(error) => return Err(error),
    };
    let theirs = Filled::of(&now);
    let filled = Filled { revision: theirs.revision.clone(), ..filled };
    let below = html! {
        section #theirs class=(CARD) {
            (card_heading(&visit.reader.t("document-theirs"), Some(&visit.reader.t("document-theirs-detail"))))
            label for="theirs-text" class="sr-only" { (visit.reader.t("document-theirs")) }
            textarea #theirs-text readonly rows="16" class={ (crate::web::layout::FIELD) " font-mono" } { "\n" (theirs.whole()) }
        }
    };
    let folders = visit.state.library.folders().await?;
    let cards = html! { (form(&visit.reader, &filled, &folders, None)) (below) };
    Ok(framed(visit, Tab::Documents, Some(news), &cards))
}

/// What deleting sends.
#[derive(Deserialize)]
pub(crate) struct Deleting {
    path: String,
    revision: String,
}

/// `POST /knowledge/documents/delete`.
pub(crate) async fn delete(
    visit: Visit,
    Form(Deleting { path, revision }): Form<Deleting>,
) -> Result<Response, PageError> {
    let place = Place::document(&path)?;
    let seen = Revision::parse(&revision).ok_or(PageError::Conflict)?;
    visit.state.library.delete_document(&place, seen, &visit.account.name).await?;
    Ok(back_to("/knowledge", &[], Done::Deleted))
}

async fn open(visit: &Visit, path: &str) -> Result<OpenDocument, PageError> {
    let today = visit.reader.local(visit.reader.now).date();
    Ok(visit.state.library.open_document(Place::document(path)?, today).await?)
}

async fn writing(
    visit: &Visit,
    news: Option<News>,
    filled: &Filled,
    drawn: Option<Markup>,
) -> Result<Response, PageError> {
    let folders = visit.state.library.folders().await?;
    let cards = form(&visit.reader, filled, &folders, drawn.as_ref());
    Ok(framed(visit, Tab::Documents, news, &cards))
}

fn head(reader: &Reader, opened: &OpenDocument) -> Markup {
    let OpenDocument { listed, place, revision, particulars, body, .. } = opened;
    let meta = &listed.meta;
    let day = |day: Option<jiff::civil::Date>| day.map(|day| crate::web::layout::whole_day(reader, day));
    let facts = [
        ("document-department", meta.department.clone()),
        ("document-reviewer", meta.reviewer.clone()),
        ("document-valid-from", day(meta.validity.from)),
        ("document-valid-until", day(meta.validity.until)),
        ("document-source", meta.source.clone()),
    ];
    let is_administrator = reader.may(Role::Administrator);
    html! {
        section #head class=(CARD) data-refresh-knowledge=(address_of("/knowledge/documents/head", place.as_str())) {
            div class="flex flex-wrap items-start gap-3" {
                div class="min-w-0 grow" {
                    h2 class="text-xl font-semibold break-words" { (meta.title) }
                    p class="text-sm break-words text-ink-soft" { (place.as_str()) }
                }
                (state_badge(reader, &listed.state))
            }
            (failure(reader, &listed.state))
            dl class="mt-4 grid gap-x-6 gap-y-2 sm:grid-cols-2 lg:grid-cols-3" {
                @for (key, fact) in &facts {
                    @if let Some(fact) = fact {
                        div { dt class="text-sm text-ink-soft" { (reader.t(key)) } dd class="break-words" { (fact) } }
                    }
                }
            }
            div class="mt-4 flex flex-wrap gap-3" {
                @if is_administrator && (body.is_some() || particulars.is_some()) {
                    a href=(address_of("/knowledge/documents/edit", place.as_str())) class=(BUTTON) {
                        (icon(Icon::Note)) (reader.t("document-edit"))
                    }
                }
                a href=(address_of("/knowledge/documents/file", place.as_str())) download class=(BUTTON_QUIET) {
                    (icon(Icon::Down)) (reader.t("document-download"))
                }
                a href="/knowledge" class=(BUTTON_QUIET) { (icon(Icon::Back)) (reader.t("knowledge-documents")) }
                @if is_administrator {
                    details class="ml-auto" {
                        summary class={ (BUTTON_QUIET) " list-none" } { (icon(Icon::Cross)) (reader.t("document-delete")) }
                        form method="post" action="/knowledge/documents/delete" class="mt-2 space-y-2" {
                            p class="max-w-xs text-sm" { (reader.t("document-delete-warning")) }
                            input type="hidden" name="path" value=(place.as_str());
                            input type="hidden" name="revision" value=(revision);
                            button class=(BUTTON_ALARM) { (reader.t("document-delete-sure")) }
                        }
                    }
                }
            }
        }
    }
}

fn content(reader: &Reader, opened: &OpenDocument) -> Markup {
    html! {
        @if let (Some(body), true) = (&opened.body, opened.place.has_front_matter()) {
            section #content class=(CARD) {
                h2 class="sr-only" { (reader.t("document-content")) }
                (markdown::drawn(body))
            }
        }
        details class=(CARD) open[!opened.place.has_front_matter()] {
            summary class="cursor-pointer font-medium" {
                (reader.tw("document-passages", [("count", opened.passages.len().into())]))
            }
            p class="mt-1 text-ink-soft" { (reader.t("document-passages-detail")) }
            ol class="mt-3 space-y-3" {
                @for passage in &opened.passages {
                    li class="rounded-lg bg-raised p-3" {
                        @if !passage.headings.is_empty() {
                            p class="text-sm text-ink-soft" { (passage.headings.join(" › ")) }
                        }
                        p class="break-words whitespace-pre-wrap" { (passage.text) }
                    }
                }
            }
        }
    }
}

fn history(reader: &Reader, kept: &[FileVersion]) -> Markup {
    html! {
        section #versions class=(CARD) {
            (card_heading(&reader.t("versions-heading"), Some(&reader.t("versions-detail"))))
            @if kept.iter().any(|version| version.reason == crate::store::file_versions::Reason::Aside) {
                p class="mt-2" { (badge(Tone::Wait, Some(Icon::Clock), &reader.t("version-aside"))) }
            }
            (versions::rows(reader, kept))
        }
    }
}
