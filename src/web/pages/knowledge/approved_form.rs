//! The form that an approved answer is written with.

use maud::{Markup, html};

use crate::{
    domain::MessageId,
    library::{ApprovedEntry, Near},
    web::{
        layout::{
            BUTTON, BUTTON_ALARM, BUTTON_QUIET, CARD, FIELD, Icon, LABEL, Tone, card_heading, field_hint,
            icon, note,
        },
        pages::Reader,
    },
};

/// What stands in the form, as it was read or typed.
#[derive(Clone, Debug, Default)]
pub(super) struct Filled {
    pub entry: ApprovedEntry,
    /// Which content was seen; empty for a new answer.
    pub revision: String,
    /// The gaps that it closes.
    pub gaps: Vec<MessageId>,
    /// Another answer that means nearly the same.
    pub near: Option<Near>,
    /// Whether it is saved in spite of that.
    pub anyway: bool,
}

impl Filled {
    pub fn of(entry: ApprovedEntry) -> Self {
        Self { revision: entry.revision().to_string(), entry, ..Self::default() }
    }
}

/// The form; `files` are those that an answer may stand in, `sources` the documents that may be behind it.
pub(super) fn form(reader: &Reader, filled: &Filled, files: &[&str], sources: &[&str]) -> Markup {
    let Filled { entry, revision, gaps, near, anyway } = filled;
    let is_new = entry.id.is_empty();
    let gaps = gaps.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    html! {
        form #approved-form method="post" action="/knowledge/approved/save" class={ (CARD) " space-y-4" } {
            (card_heading(&reader.t(if is_new { "approved-new" } else { "approved-editing" }), Some(&reader.t("approved-form-detail"))))
            input type="hidden" name="id" value=(entry.id);
            input type="hidden" name="revision" value=(revision);
            input type="hidden" name="gaps" value=(gaps);
            @if let Some(near) = near {
                (nearly(reader, near))
                label class="flex min-h-11 items-center gap-3" {
                    input type="checkbox" name="anyway" value="true" checked[*anyway] class="size-5";
                    (reader.t("approved-anyway"))
                }
            } @else if *anyway { input type="hidden" name="anyway" value="true"; }
            div {
                label for="questions" class=(LABEL) { (reader.t("approved-questions")) }
                textarea #questions name="questions" required rows="5" maxlength="10000" aria-describedby="questions-hint"
                    class=(FIELD) { "\n" (questions(entry)) }
                (field_hint("questions-hint", &reader.t("approved-questions-hint")))
            }
            div class="grid gap-4 lg:grid-cols-2" {
                div {
                    label for="answer" class=(LABEL) { (reader.t("approved-answer")) }
                    textarea #answer name="answer" required rows="8" maxlength="4000" aria-describedby="answer-hint"
                        class=(FIELD) { "\n" (entry.answer) }
                    (field_hint("answer-hint", &reader.t("approved-answer-hint")))
                }
                div {
                    label for="answer_en" class=(LABEL) { (reader.t("approved-answer-en")) }
                    textarea #answer_en name="answer_en" rows="8" maxlength="4000" aria-describedby="answer-en-hint"
                        class=(FIELD) { "\n" (entry.answer_en) }
                    (field_hint("answer-en-hint", &reader.t("approved-answer-en-hint")))
                }
            }
            div class="grid gap-4 md:grid-cols-2" {
                div {
                    label for="reviewer" class=(LABEL) { (reader.t("document-reviewer")) }
                    input #reviewer name="reviewer" value=(entry.reviewer) required maxlength="200" class=(FIELD);
                }
                div {
                    label for="source" class=(LABEL) { (reader.t("approved-source")) }
                    input #source name="source" value=(entry.source) list="sources" maxlength="300" autocomplete="off" class=(FIELD);
                    datalist #sources { @for source in sources { option value=(source) {} } }
                }
                div {
                    label for="valid_from" class=(LABEL) { (reader.t("document-valid-from")) }
                    input #valid_from type="date" name="valid_from" value=(entry.valid_from) class=(FIELD);
                }
                div {
                    label for="valid_until" class=(LABEL) { (reader.t("document-valid-until")) }
                    input #valid_until type="date" name="valid_until" value=(entry.valid_until) class=(FIELD);
                }
                @if is_new {
                    div {
                        label for="file" class=(LABEL) { (reader.t("approved-file")) }
                        select #file name="file" class=(FIELD) {
                            option value="" { (reader.t("approved-file-usual")) }
                            @for file in files {
                                option value=(file) selected[*file == entry.file] { (file.trim_start_matches("approved/")) }
                            }
                        }
                    }
                } @else { input type="hidden" name="file" value=(entry.file); }
            }
            div class="flex flex-wrap gap-3" {
                button class=(BUTTON) { (icon(Icon::Check)) (reader.t("approved-save")) }
                a href="/knowledge/approved" class=(BUTTON_QUIET) { (reader.t("document-cancel")) }
            }
        }
        @if !is_new {
            details class=(CARD) {
                summary class="cursor-pointer font-medium" { (reader.t("approved-delete")) }
                form method="post" action="/knowledge/approved/delete" class="mt-3 space-y-3" {
                    p { (reader.t("approved-delete-warning")) }
                    input type="hidden" name="id" value=(entry.id);
                    input type="hidden" name="revision" value=(revision);
                    button class=(BUTTON_ALARM) { (reader.t("document-delete-sure")) }
                }
            }
        }
    }
}

/// A question a line; one that a patient wrote on several lines becomes one.
fn questions(entry: &ApprovedEntry) -> String {
    let one_line = |question: &String| question.split_whitespace().collect::<Vec<_>>().join(" ");
    entry.questions.iter().map(one_line).collect::<Vec<_>>().join("\n")
}

fn nearly(reader: &Reader, near: &Near) -> Markup {
    let mut query = form_urlencoded::Serializer::new(String::new());
    let address = format!("/knowledge/approved/edit?{}", query.append_pair("id", &near.id).finish());
    html! {
        (note(Tone::Wait, &reader.t("approved-near-detail")))
        p {
            a href=(address) class="font-medium break-words underline underline-offset-4" { (near.question) }
            " " span class="text-sm text-ink-soft tabular-nums" { (format!("{:.2}", near.cosine)) }
        }
    }
}
