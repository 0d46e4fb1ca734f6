//! Versions: what a file has held, looked at and put back.

use axum::{
    extract::{Path, Query},
    response::Response,
};
use maud::{Markup, html};

use super::{Done, NamedFile, Tab, back_to, document::attached, explained, framed, markdown};
use crate::{
    library::{Kind, LibraryError, Place},
    store::{
        file_versions::{FileVersion, Reason},
        staff::Role,
    },
    web::{
        layout::{BUTTON, BUTTON_QUIET, CARD, Icon, Tone, badge, card_heading, empty, exactly, icon},
        pages::{PageError, Reader, Visit},
    },
};

/// `GET /knowledge/history?path=…`: the versions of any file of the knowledge folder.
pub(crate) async fn index(
    visit: Visit,
    Query(NamedFile { path, done }): Query<NamedFile>,
) -> Result<Response, PageError> {
    let place = Place::parse(&path)?;
    let kept = visit.state.library.versions(&place).await?;
    let reader = &visit.reader;
    let cards = html! {
        section #versions class=(CARD) {
            (card_heading(&reader.t("versions-heading"), Some(place.as_str())))
            @match kept.is_empty() {
                true => (empty(Icon::Clock, &reader.t("versions-none"), &reader.t("versions-none-detail"))),
                false => (rows(reader, &kept)),
            }
        }
    };
    Ok(framed(&visit, tab(&place), done.map(|done| done.news(reader)), &cards))
}

/// `GET /knowledge/versions/{id}`.
pub(crate) async fn view(visit: Visit, Path(id): Path<i64>) -> Result<Response, PageError> {
    let (version, content) = visit.state.library.version(id).await?;
    let place = Place::parse(&version.path)?;
    Ok(framed(&visit, tab(&place), None, &shown(&visit.reader, &place, &version, content.as_deref())))
}

/// `GET /knowledge/versions/{id}/file`: its bytes, to be saved elsewhere.
pub(crate) async fn file(visit: Visit, Path(id): Path<i64>) -> Result<Response, PageError> {
    let (version, content) = visit.state.library.version(id).await?;
    let place = Place::parse(&version.path)?;
    Ok(attached(place.name(), content.ok_or(PageError::NotFound)?))
}

/// `POST /knowledge/versions/{id}/restore`.
pub(crate) async fn restore(visit: Visit, Path(id): Path<i64>) -> Result<Response, PageError> {
    match visit.state.library.restore(id, &visit.account.name).await {
        Ok(place) if place.kind() == Kind::Document => {
            Ok(back_to("/knowledge/documents/view", &[("path", place.as_str())], Done::Restored))
        }
        Ok(place) => Ok(back_to("/knowledge/history", &[("path", place.as_str())], Done::Restored)),
        // The version is still there; only why it can't be used now is told.
        Err(error) => {
            let news = match error {
                LibraryError::NotFound => return Err(PageError::NotFound),
                error => explained(&visit.reader, error)?,
            };
            let (version, content) = visit.state.library.version(id).await?;
            let place = Place::parse(&version.path)?;
            let cards = shown(&visit.reader, &place, &version, content.as_deref());
            Ok(framed(&visit, tab(&place), Some(news), &cards))
        }
    }
}

fn tab(place: &Place) -> Tab {
    match place.kind() {
        Kind::Document | Kind::SideCar => Tab::Documents,
        Kind::Approved => Tab::Approved,
        Kind::Replies => Tab::Replies,
        Kind::RedFlags => Tab::RedFlags,
    }
}

/// The versions of a file, one a row; the first one is what a page wrote last.
pub(super) fn rows(reader: &Reader, kept: &[FileVersion]) -> Markup {
    html! {
        ol class="mt-3 divide-y divide-line" {
            @for version in kept {
                li data-version=(version.id) class="flex flex-wrap items-center gap-3 py-3" {
                    (particulars(reader, version))
                    @if version.bytes.is_some() {
                        a href={ "/knowledge/versions/" (version.id) } class=(BUTTON_QUIET) { (reader.t("version-view")) }
                    }
                }
            }
        }
    }
}

/// Why, when and by whom it was kept.
fn particulars(reader: &Reader, version: &FileVersion) -> Markup {
    html! {
        div class="min-w-0 grow basis-60" {
            p { (badge(tone(version.reason), None, &reader.t(&format!("version-{}", version.reason.as_str())))) }
            p class="mt-1 text-sm break-words text-ink-soft" {
                (exactly(reader, version.at))
                @if let Some(author) = &version.author { " · " (author) }
                @if let Some(bytes) = version.bytes { " · " (size(bytes)) }
                @if version.path.ends_with(".toml") && version.path.starts_with("documents/") {
                    " · " (reader.t("version-side-car"))
                }
            }
        }
    }
}

fn tone(reason: Reason) -> Tone {
    match reason {
        Reason::Saved | Reason::Uploaded => Tone::Good,
        Reason::Restored => Tone::Info,
        Reason::Outside | Reason::Aside => Tone::Wait,
        Reason::Deleted => Tone::Alarm,
    }
}

fn shown(reader: &Reader, place: &Place, version: &FileVersion, content: Option<&[u8]>) -> Markup {
    let text = content.filter(|_| place.is_text()).and_then(|bytes| std::str::from_utf8(bytes).ok());
    let body = text.map(|text| match crate::knowledge::meta::front_matter(text) {
        Ok(Some((_, body))) => body,
        _ => text,
    });
    html! {
        section class=(CARD) {
            (card_heading(&reader.t("version-heading"), Some(place.as_str())))
            div class="py-3" { (particulars(reader, version)) }
            div class="flex flex-wrap gap-3 border-t border-line pt-4" {
                @if content.is_some() && reader.may(Role::Administrator) {
                    form method="post" action={ "/knowledge/versions/" (version.id) "/restore" } {
                        button #restore class=(BUTTON) { (icon(Icon::Check)) (reader.t("version-restore")) }
                    }
                }
                @if content.is_some() {
                    a href={ "/knowledge/versions/" (version.id) "/file" } download class=(BUTTON_QUIET) {
                        (icon(Icon::Down)) (reader.t("document-download"))
                    }
                }
                a href=(super::address_of("/knowledge/history", place.as_str())) class=(BUTTON_QUIET) {
                    (icon(Icon::Back)) (reader.t("versions-heading"))
                }
            }
        }
        @if let (Some(body), true) = (body, place.kind() == Kind::Document && place.has_front_matter()) {
            section class=(CARD) { (markdown::drawn(body)) }
        }
        @if let Some(text) = text {
            details class=(CARD) open[place.kind() != Kind::Document] {
                summary class="cursor-pointer font-medium" { (reader.t("version-text")) }
                pre class="mt-3 text-sm break-words whitespace-pre-wrap" { (text) }
            }
        }
    }
}

fn size(bytes: u64) -> String {
    match bytes {
        0..10_000 => format!("{bytes} B"),
        10_000..10_000_000 => format!("{} kB", bytes / 1000),
        _ => format!("{} MB", bytes / 1_000_000),
    }
}
