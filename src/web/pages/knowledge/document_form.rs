//! The form that a document is written with.

use maud::{Markup, html};

use super::{address_of, upload::folder_list};
use crate::{
    library::{OpenDocument, Particulars},
    web::{
        layout::{BUTTON, BUTTON_QUIET, CARD, FIELD, Icon, LABEL, card_heading, field_hint, icon},
        pages::Reader,
    },
};

/// What stands in the form, as it was read or typed.
#[derive(Clone, Debug, Default)]
pub(super) struct Filled {
    /// The document; empty for a new one, whose folder and name are asked for.
    pub path: String,
    pub folder: String,
    pub name: String,
    /// Which content was seen.
    pub revision: String,
    /// Absent where the whole file is edited, its head included.
    pub particulars: Option<Particulars>,
    /// Absent where the format is no text.
    pub body: Option<String>,
}

impl Filled {
    pub fn of(opened: &OpenDocument) -> Self {
        Self {
            path: opened.place.as_str().to_owned(),
            revision: opened.revision.to_string(),
            particulars: opened.particulars.clone(),
            body: opened.body.clone(),
            ..Self::default()
        }
    }

    /// All of it as one text, to be read beside another.
    pub fn whole(&self) -> String {
        let mut text = String::new();
        if let Some(Particulars { title, department, reviewer, valid_from, valid_until, source }) =
            &self.particulars
        {
            let lines = [title, department, reviewer, valid_from, valid_until, source];
            for line in lines.into_iter().filter(|line| !line.is_empty()) {
                text.push_str(line);
                text.push('\n');
            }
            text.push('\n');
        }
        text.push_str(self.body.as_deref().unwrap_or_default());
        text
    }

    fn is_markdown(&self) -> bool {
        let name = if self.path.is_empty() { &self.name } else { &self.path };
        ![".txt", ".csv"].iter().any(|ending| name.ends_with(ending))
    }
}

/// The form, and the text drawn where it was asked for or can be.
pub(super) fn form(reader: &Reader, filled: &Filled, folders: &[String], drawn: Option<&Markup>) -> Markup {
    let is_new = filled.path.is_empty();
    let heading = reader.t(if is_new { "document-new" } else { "document-editing" });
    let has_preview = filled.body.is_some() && filled.is_markdown();
    html! {
        form #document-form method="post" action="/knowledge/documents/save" class="space-y-4" {
            section class=(CARD) {
                (card_heading(&heading, (!is_new).then_some(filled.path.as_str())))
                input type="hidden" name="path" value=(filled.path);
                input type="hidden" name="revision" value=(filled.revision);
                @if is_new { (place_fields(reader, filled, folders)) }
                @match &filled.particulars {
                    Some(particulars) => (particular_fields(reader, particulars)),
                    None => p class="mt-3 rounded-lg bg-wait-soft px-4 py-3 text-wait-ink" { (reader.t("document-raw")) },
                }
            }
            @if let Some(body) = &filled.body {
                div class={ "grid gap-4 " (if has_preview { "lg:grid-cols-2" } else { "" }) } {
                    section class=(CARD) {
                        label for="body" class="text-lg font-semibold" { (reader.t("document-body")) }
                        @if has_preview { (field_hint("body-hint", &reader.t("document-body-hint"))) }
                        // The first line break of a text area is not part of it.
                        textarea #body name="body" rows="24" maxlength="1000000" aria-describedby=[has_preview.then_some("body-hint")]
                            hx-post=[has_preview.then_some("/knowledge/documents/preview")] hx-target="#preview"
                            hx-trigger="input changed delay:400ms, load" hx-sync="this:replace" hx-swap="innerHTML"
                            class={ (FIELD) " font-mono" } { "\n" (body) }
                    }
                    @if has_preview {
                        section class=(CARD) aria-labelledby="preview-heading" {
                            h2 #preview-heading class="text-lg font-semibold" { (reader.t("document-preview")) }
                            div #preview class="mt-3" {
                                @match drawn {
                                    Some(drawn) => (drawn),
                                    None => p class="text-ink-soft" { (reader.t("document-preview-empty")) },
                                }
                            }
                        }
                    }
                }
            }
            div class="flex flex-wrap gap-3" {
                button class=(BUTTON) { (icon(Icon::Check)) (reader.t("document-save")) }
                @if has_preview {
                    button formaction="/knowledge/documents/preview" formnovalidate class=(BUTTON_QUIET) {
                        (icon(Icon::Search)) (reader.t("document-preview"))
                    }
                }
                a href=(if is_new { "/knowledge".to_owned() } else { address_of("/knowledge/documents/view", &filled.path) })
                    class=(BUTTON_QUIET) { (reader.t("document-cancel")) }
            }
        }
    }
}

fn place_fields(reader: &Reader, filled: &Filled, folders: &[String]) -> Markup {
    html! {
        div class="mt-4 grid gap-4 md:grid-cols-2" {
            div {
                label for="folder" class=(LABEL) { (reader.t("document-folder")) }
                input #folder name="folder" value=(filled.folder) list="folders" maxlength="200" autocomplete="off"
                    class=(FIELD);
                (folder_list(folders))
            }
            div {
                label for="name" class=(LABEL) { (reader.t("document-name")) }
                input #name name="name" value=(filled.name) required maxlength="150" autocomplete="off"
                    aria-describedby="name-hint" class=(FIELD);
                (field_hint("name-hint", &reader.t("document-name-hint")))
            }
        }
    }
}

fn particular_fields(reader: &Reader, particulars: &Particulars) -> Markup {
    let Particulars { title, department, reviewer, valid_from, valid_until, source } = particulars;
    let field = |name: &str, key: &str, value: &str, kind: &str, hint: Option<&str>| {
        html! {
            div {
                label for=(name) class=(LABEL) { (reader.t(key)) }
                input id=(name) name=(name) type=(kind) value=(value) maxlength="500" autocomplete="off"
                    aria-describedby=[hint.map(|_| format!("{name}-hint"))] class=(FIELD);
                @if let Some(hint) = hint { (field_hint(&format!("{name}-hint"), &reader.t(hint))) }
            }
        }
    };
    html! {
        div class="mt-4 grid gap-4 md:grid-cols-2" {
            (field("title", "document-title", title, "text", Some("document-title-hint")))
            (field("department", "document-department", department, "text", None))
            (field("reviewer", "document-reviewer", reviewer, "text", None))
            (field("source", "document-source", source, "text", Some("document-source-hint")))
            (field("valid_from", "document-valid-from", valid_from, "date", None))
            (field("valid_until", "document-valid-until", valid_until, "date", Some("document-valid-until-hint")))
        }
    }
}
