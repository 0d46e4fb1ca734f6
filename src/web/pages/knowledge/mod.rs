//! `/knowledge`: what the hospital has written, and what patients asked that it has not.
//!
//! Documents, approved answers, fixed replies and red flags are files that these pages show and change through
//! [`crate::library::Library`]. A form that can't be done comes back with all that was typed, and why.

pub(crate) mod approved;
mod approved_form;
pub(crate) mod document;
mod document_form;
pub(crate) mod documents;
pub(crate) mod gaps;
mod markdown;
pub(crate) mod playground;
mod playground_result;
pub(crate) mod red_flags;
pub(crate) mod replies;
pub(crate) mod upload;
pub(crate) mod versions;

use axum::{
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use maud::{Markup, html};
use serde::Deserialize;

use super::{PageError, Reader, Visit};
use crate::{
    knowledge::{Trouble, extract::Format},
    library::{BadName, LibraryError},
    web::layout::{self, Page, Section, Tone, note, tabs},
};

/// The pages of this section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tab {
    Documents,
    Approved,
    Replies,
    RedFlags,
    Playground,
    Gaps,
}

impl Tab {
    const ALL: [Self; 6] =
        [Self::Documents, Self::Approved, Self::Gaps, Self::Playground, Self::Replies, Self::RedFlags];

    fn shown(self) -> (&'static str, &'static str) {
        match self {
            Self::Documents => ("/knowledge", "knowledge-documents"),
            Self::Approved => ("/knowledge/approved", "knowledge-approved"),
            Self::Replies => ("/knowledge/replies", "knowledge-replies"),
            Self::RedFlags => ("/knowledge/red-flags", "knowledge-red-flags"),
            Self::Playground => ("/knowledge/playground", "knowledge-playground"),
            Self::Gaps => ("/knowledge/gaps", "knowledge-gaps"),
        }
    }
}

/// What is told above the cards: good news or bad, and the program's own words where there are any.
struct News {
    tone: Tone,
    words: String,
    detail: Option<String>,
}

impl News {
    fn bad(words: String) -> Self {
        Self { tone: Tone::Alarm, words, detail: None }
    }
}

/// What was done before a page was shown, as its address says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Done {
    Saved,
    Deleted,
    Restored,
}

impl Done {
    fn as_str(self) -> &'static str {
        match self {
            Self::Saved => "saved",
            Self::Deleted => "deleted",
            Self::Restored => "restored",
        }
    }

    fn news(self, reader: &Reader) -> News {
        let words = reader.t(&format!("knowledge-done-{}", self.as_str()));
        News { tone: Tone::Good, words, detail: None }
    }
}

/// Which file, as the address of a page says it, and what was done to it before.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct NamedFile {
    #[serde(default)]
    path: String,
    done: Option<Done>,
}

/// After a form was done: back to a page, which says so.
fn back_to(address: &str, fields: &[(&str, &str)], done: Done) -> Response {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(fields).append_pair("done", done.as_str());
    Redirect::to(&format!("{address}?{}", query.finish())).into_response()
}

/// An address with a path in its query.
fn address_of(page: &str, path: &str) -> String {
    format!("{page}?{}", form_urlencoded::Serializer::new(String::new()).append_pair("path", path).finish())
}

/// Why the library refused, in the reader's words. What is nobody's fault is an error of the page.
fn explained(reader: &Reader, error: LibraryError) -> Result<News, PageError> {
    let (words, detail) = match error {
        LibraryError::Name(BadName::Letters) => (reader.t("library-name-letters"), None),
        LibraryError::Name(BadName::Long) => (reader.t("library-name-long"), None),
        LibraryError::Name(BadName::Ending) => {
            (reader.tw("library-name-ending", [("known", Format::known().into())]), None)
        }
        LibraryError::Exists => (reader.t("library-exists"), None),
        LibraryError::Stale => (reader.t("library-stale"), None),
        LibraryError::Link => (reader.t("trouble-link"), None),
        LibraryError::TooLarge { limit } => {
            (reader.tw("library-too-large", [("megabytes", (limit >> 20).into())]), None)
        }
        LibraryError::Document(error) => {
            let (words, detail) = trouble(reader, &error.to_string());
            (words, Some(detail))
        }
        LibraryError::Missing(field) => (reader.t(&format!("library-missing-{field}")), None),
        LibraryError::BadDay(_) => (reader.t("library-bad-day"), None),
        LibraryError::Unfit(detail) => (reader.t("library-unfit"), Some(detail)),
        LibraryError::SelfTest(complaints) => (reader.t("library-self-test"), Some(complaints.join("\n"))),
        other @ (LibraryError::NotFound
        | LibraryError::Io(_)
        | LibraryError::Store(_)
        | LibraryError::Cancelled) => return Err(other.into()),
    };
    Ok(News { tone: Tone::Alarm, words, detail })
}

/// What is wrong with a document, in the reader's words and in the program's.
fn trouble(reader: &Reader, message: &str) -> (String, String) {
    (reader.t(&format!("trouble-{}", Trouble::of(message).as_str())), message.to_owned())
}

impl From<LibraryError> for PageError {
    fn from(error: LibraryError) -> Self {
        match error {
            LibraryError::NotFound => Self::NotFound,
            LibraryError::Exists | LibraryError::Stale => Self::Conflict,
            LibraryError::Store(error) => error.into(),
            LibraryError::Io(error) => {
                tracing::error!(%error, "the knowledge folder failed a page");
                Self::Internal
            }
            LibraryError::Cancelled => Self::Busy,
            _ => Self::Invalid,
        }
    }
}

impl From<BadName> for PageError {
    fn from(_: BadName) -> Self {
        Self::NotFound
    }
}

/// The page around the cards of this section; bad news have the status of what can't be done so.
fn framed(visit: &Visit, tab: Tab, news: Option<News>, cards: &Markup) -> Response {
    let Visit { state, reader, .. } = visit;
    let title = reader.t(tab.shown().1);
    let body = html! {
        div class="mx-auto w-full max-w-6xl px-4 py-6 md:px-8" {
            h1 class="text-2xl font-semibold" { (reader.t("nav-knowledge")) }
            (tabs(&reader.t("knowledge-parts"), Tab::ALL.into_iter().map(|one| {
                let (address, key) = one.shown();
                (address, reader.t(key), one == tab)
            })))
            @if let Some(news) = &news { div class="mt-4" { (told(news)) } }
            div class="mt-6 space-y-4" { (cards) }
        }
    };
    let is_bad = news.is_some_and(|news| news.tone == Tone::Alarm);
    let status = if is_bad { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    (status, layout::page(state, reader, &Page::of(Section::Knowledge, &title), &body)).into_response()
}

/// News as a note, the program's own words below it.
fn told(News { tone, words, detail }: &News) -> Markup {
    html! {
        (note(*tone, words))
        @if let Some(detail) = detail {
            pre lang="en" class="mt-2 rounded-lg bg-raised px-4 py-3 text-sm break-words whitespace-pre-wrap" { (detail) }
        }
    }
}
