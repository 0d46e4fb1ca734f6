//! `POST /knowledge/documents/upload`: files from somebody's computer, several at once.

use axum::{
    extract::{Multipart, multipart::Field},
    response::{IntoResponse, Response},
};
use maud::{Markup, html};

use super::{News, Tab, address_of, explained, framed, told};
use crate::{
    library::{LibraryError, Uploaded},
    web::{
        layout::{
            BUTTON, BUTTON_QUIET, CARD, FIELD, Html, Icon, LABEL, Tone, card_heading, field_hint, icon, note,
        },
        pages::{PageError, Reader, Visit},
    },
};

/// Bytes that one upload may have: a few of the largest documents.
pub(crate) const MOST_BYTES: usize = 160 << 20;
/// Letters of a folder's name that are read.
const MOST_FOLDER_BYTES: u64 = 1000;

/// What became of one file.
struct Outcome {
    name: String,
    became: Result<Uploaded, News>,
}

/// `POST /knowledge/documents/upload`: each file by itself, so that one that can't be read keeps back no other.
pub(crate) async fn upload(visit: Visit, mut form: Multipart) -> Result<Response, PageError> {
    let Visit { state, reader, .. } = &visit;
    let (mut folder, mut outcomes) = (String::new(), Vec::new());
    while let Some(mut field) = form.next_field().await.map_err(|_| PageError::Invalid)? {
        if field.name() == Some("folder") {
            let bytes = read(&mut field, MOST_FOLDER_BYTES).await?.unwrap_or_default();
            folder = String::from_utf8(bytes).map_err(|_| PageError::Invalid)?;
            continue;
        }
        let name = field.file_name().unwrap_or_default().to_owned();
        if name.is_empty() {
            continue;
        }
        let limit = state.library.most_bytes();
        let became = match read(&mut field, limit).await? {
            Some(bytes) => state.library.upload(&folder, &name, bytes, &visit.account.name).await,
            None => Err(LibraryError::TooLarge { limit }),
        };
        let became = match became {
            Ok(became) => Ok(became),
            Err(error) => Err(explained(reader, error)?),
        };
        outcomes.push(Outcome { name, became });
    }
    let rows = html! { @for outcome in &outcomes { (row(reader, outcome)) } };
    if visit.is_fragment {
        return Ok(Html(rows).into_response());
    }
    let refused = outcomes.iter().any(|outcome| outcome.became.is_err());
    let news = match (outcomes.is_empty(), refused) {
        (true, _) => Some(News::bad(reader.t("upload-nothing"))),
        (_, true) => Some(News::bad(reader.t("upload-some-refused"))),
        _ => None,
    };
    let cards = html! {
        section class=(CARD) {
            (card_heading(&reader.t("upload-results"), None))
            ul class="mt-3 divide-y divide-line" { (rows) }
            a href="/knowledge" class={ (BUTTON) " mt-4" } { (reader.t("upload-to-list")) }
        }
    };
    Ok(framed(&visit, Tab::Documents, news, &cards))
}

/// A field's bytes; `None` when there are more than `limit`, which are then not kept.
async fn read(field: &mut Field<'_>, limit: u64) -> Result<Option<Vec<u8>>, PageError> {
    let (mut bytes, mut is_too_long) = (Vec::new(), false);
    while let Some(chunk) = field.chunk().await.map_err(|_| PageError::Invalid)? {
        is_too_long |= (bytes.len() + chunk.len()) as u64 > limit;
        if is_too_long {
            bytes = Vec::new();
        } else {
            bytes.extend_from_slice(&chunk);
        }
    }
    Ok((!is_too_long).then_some(bytes))
}

fn row(reader: &Reader, outcome: &Outcome) -> Markup {
    let at = |path: &str| address_of("/knowledge/documents/view", path);
    html! {
        li data-uploaded class="space-y-2 py-3" {
            @match &outcome.became {
                Ok(Uploaded::Saved(place)) => {
                    p { a href=(at(place.as_str())) class="font-medium break-words underline underline-offset-4" { (place.name()) } }
                    (note(Tone::Good, &reader.t("upload-saved")))
                }
                Ok(Uploaded::Same(place)) => {
                    p { a href=(at(place.as_str())) class="font-medium break-words underline underline-offset-4" { (place.name()) } }
                    (note(Tone::Info, &reader.t("upload-same")))
                }
                Ok(Uploaded::Aside(place, version)) => {
                    p { a href=(at(place.as_str())) class="font-medium break-words underline underline-offset-4" { (place.name()) } }
                    (note(Tone::Wait, &reader.t("upload-aside")))
                    form method="post" action={ "/knowledge/versions/" (version) "/restore" } {
                        button class=(BUTTON_QUIET) { (icon(Icon::Check)) (reader.t("upload-replace")) }
                    }
                }
                Err(news) => {
                    p class="font-medium break-words" { (outcome.name) }
                    (told(news))
                }
            }
        }
    }
}

/// The card to upload with; a script adds dropping and progress to it.
pub(super) fn card(reader: &Reader, folders: &[String], most_bytes: u64) -> Markup {
    html! {
        section #upload class={ (CARD) " data-over:border-accent data-over:bg-accent-soft" } aria-labelledby="upload-heading" {
            div #upload-heading { (card_heading(&reader.t("upload-heading"), Some(&reader.t("upload-detail")))) }
            form #upload-form method="post" action="/knowledge/documents/upload" enctype="multipart/form-data"
                class="mt-4 grid gap-4 md:grid-cols-[16rem_1fr]" {
                // The folder stands first, so that it is known when the files come.
                div {
                    label for="folder" class=(LABEL) { (reader.t("document-folder")) }
                    input #folder name="folder" list="folders" maxlength="200" autocomplete="off" class=(FIELD);
                    (folder_list(folders))
                }
                div {
                    label for="files" class=(LABEL) { (reader.t("upload-files")) }
                    input #files type="file" name="files" multiple required aria-describedby="files-hint"
                        class={ (FIELD) " file:mr-3 file:cursor-pointer file:rounded-md file:border-0 file:bg-raised \
                            file:px-3 file:py-1 file:text-ink" };
                    (field_hint("files-hint", &reader.tw("upload-hint", [
                        ("known", crate::knowledge::extract::Format::known().into()), ("megabytes", (most_bytes >> 20).into()),
                    ])))
                }
                div class="flex flex-wrap gap-3 md:col-span-2" {
                    button class=(BUTTON) { (icon(Icon::Upload)) (reader.t("upload-button")) }
                    a href="/knowledge/documents/new" class=(BUTTON_QUIET) { (icon(Icon::Note)) (reader.t("document-write-new")) }
                }
            }
            div #upload-progress hidden class="mt-4" {
                label for="upload-bar" class="block text-sm text-ink-soft" { (reader.t("upload-running")) " " span #upload-name {} }
                progress #upload-bar max="100" value="0" class="mt-1 h-3 w-full accent-accent" {}
            }
            ul #upload-results aria-live="polite" class="divide-y divide-line" {}
        }
    }
}

/// The folders that there are, offered to a field.
pub(super) fn folder_list(folders: &[String]) -> Markup {
    html! { datalist #folders { @for folder in folders { option value=(folder) {} } } }
}
