//! `/knowledge/approved`: answers that are sent word for word.

use axum::{Form, extract::Query, response::Response};
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    Done, News, Tab,
    approved_form::{Filled, form},
    back_to, explained, framed,
};
use crate::{
    chat::Looked,
    domain::MessageId,
    library::{ApprovedEntry, LibraryError, Near, Revision},
    store::staff::Role,
    web::{
        layout::{
            BUTTON, BUTTON_QUIET, CARD, FIELD, Html, Icon, Tone, badge, card_heading, day, empty, icon, note,
        },
        pages::{PageError, Reader, Visit},
    },
};

/// So many days before its end an answer is said to be expiring.
const SOON: i32 = 30;
/// From this cosine on another answer's question means nearly the same, whatever its words.
const NEAR: f32 = 0.96;
/// Questions that a group's form begins with.
const MOST_QUESTIONS: usize = 10;
/// Gaps that one answer may close.
const MOST_GAPS: usize = 200;

/// What the list is narrowed to.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Narrowing {
    #[serde(default)]
    search: String,
    done: Option<Done>,
}

impl Narrowing {
    fn address(&self) -> String {
        let page = "/knowledge/approved/list";
        match self.search.is_empty() {
            true => page.to_owned(),
            false => {
                let mut query = form_urlencoded::Serializer::new(String::new());
                format!("{page}?{}", query.append_pair("search", &self.search).finish())
            }
        }
    }

    fn takes(&self, entry: &ApprovedEntry) -> bool {
        let search = self.search.trim().to_lowercase();
        let texts = [&entry.answer, &entry.answer_en, &entry.id, &entry.file, &entry.reviewer];
        texts.into_iter().chain(&entry.questions).any(|text| text.to_lowercase().contains(&search))
    }
}

/// `GET /knowledge/approved`.
pub(crate) async fn index(visit: Visit, Query(narrowing): Query<Narrowing>) -> Result<Response, PageError> {
    let list = list(&visit, &narrowing).await?;
    let reader = &visit.reader;
    let cards = html! {
        section class={ (CARD) " !p-0" } {
            div class="space-y-3 p-5" {
                div class="flex flex-wrap items-start gap-3" {
                    div class="min-w-0 grow basis-64" {
                        (card_heading(&reader.t("approved-heading"), Some(&reader.t("approved-detail"))))
                    }
                    @if reader.may(Role::Agent) {
                        a href="/knowledge/approved/new" class=(BUTTON) { (icon(Icon::Note)) (reader.t("approved-new")) }
                    }
                }
                form role="search" action="/knowledge/approved" {
                    label for="search" class="sr-only" { (reader.t("approved-search")) }
                    input #search type="search" name="search" value=(narrowing.search) maxlength="200" autocomplete="off"
                        placeholder=(reader.t("approved-search")) hx-get="/knowledge/approved/list" hx-target="#approved"
                        hx-swap="morph" hx-trigger="input changed delay:250ms, search" hx-sync="this:replace" class=(FIELD);
                }
            }
            (list)
        }
    };
    Ok(framed(&visit, Tab::Approved, narrowing.done.map(|done| done.news(reader)), &cards))
}

/// `GET /knowledge/approved/list`: the list alone.
pub(crate) async fn list_alone(visit: Visit, Query(narrowing): Query<Narrowing>) -> Result<Html, PageError> {
    Ok(Html(list(&visit, &narrowing).await?))
}

async fn list(visit: &Visit, narrowing: &Narrowing) -> Result<Markup, PageError> {
    let (entries, broken) = visit.state.library.approved().await?;
    let reader = &visit.reader;
    let shown: Vec<&ApprovedEntry> = entries.iter().filter(|entry| narrowing.takes(entry)).collect();
    Ok(html! {
        div #approved data-refresh-knowledge=(narrowing.address()) {
            @for (file, problem) in &broken {
                div class="mx-5 mb-4 space-y-1" {
                    (note(Tone::Alarm, &reader.tw("approved-broken", [("file", file.as_str().into())])))
                    p lang="en" class="text-sm text-ink-soft" { (problem) }
                }
            }
            ul class="divide-y divide-line border-t border-line" {
                @for entry in &shown { (row(reader, entry)) }
                @if shown.is_empty() {
                    li { (empty(Icon::Check, &reader.t("approved-none"), &reader.t("approved-none-detail"))) }
                }
            }
        }
    })
}

fn row(reader: &Reader, entry: &ApprovedEntry) -> Markup {
    let mut questions = entry.questions.iter();
    let first = questions.next().map_or(entry.id.as_str(), String::as_str);
    html! {
        li id={ "approved-" (entry.id) } data-approved=(entry.id) class="space-y-1 px-5 py-4" {
            div class="flex flex-wrap items-start gap-x-4 gap-y-1" {
                p class="min-w-0 grow basis-64 font-medium break-words" { (first) }
                @if let Some((tone, words)) = validity(reader, entry) { (badge(tone, Some(Icon::Clock), &words)) }
                @if reader.may(Role::Agent) {
                    a href=(edit_address(&entry.id)) class="underline underline-offset-4" aria-label={ (reader.t("approved-edit")) ": " (first) } {
                        (reader.t("approved-edit"))
                    }
                }
            }
            @if entry.questions.len() > 1 {
                details {
                    summary class="cursor-pointer text-sm text-ink-soft" {
                        (reader.tw("approved-more-questions", [("count", (entry.questions.len() - 1).into())]))
                    }
                    ul class="list-disc pl-6 text-sm" { @for question in questions { li class="break-words" { (question) } } }
                }
            }
            p class="line-clamp-4 break-words whitespace-pre-wrap" { (entry.answer) }
            p class="text-sm break-words text-ink-soft" {
                (entry.file.trim_start_matches("approved/")) " · " (entry.reviewer)
                @if !entry.source.is_empty() { " · " (entry.source) }
            }
        }
    }
}

fn edit_address(id: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    format!("/knowledge/approved/edit?{}", query.append_pair("id", id).finish())
}

/// What is to be said of when it holds, if anything.
fn validity(reader: &Reader, entry: &ApprovedEntry) -> Option<(Tone, String)> {
    let today = reader.local(reader.now).date();
    let dated = |key, date| reader.tw(key, [("day", day(reader, date).into())]);
    match (entry.from(), entry.until()) {
        (Some(from), _) if from > today => Some((Tone::Plain, dated("document-not-yet", from))),
        (_, Some(until)) if until < today => Some((Tone::Alarm, dated("document-expired", until))),
        (_, Some(until)) if until.since(today).is_ok_and(|left| left.get_days() <= SOON) => {
            Some((Tone::Wait, dated("document-expiring", until)))
        }
        _ => None,
    }
}

/// What a new answer begins with.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct From {
    /// The message of a conversation that it is made from.
    from: Option<i64>,
    /// The questions without an answer that it answers: numbers with commas between.
    #[serde(default)]
    gaps: String,
    /// A question.
    #[serde(default)]
    question: String,
}

/// `GET /knowledge/approved/new`, with `?from=<message id>` of a question or an answer in a conversation.
pub(crate) async fn new(visit: Visit, Query(from): Query<From>) -> Result<Response, PageError> {
    let library = &visit.state.library;
    let today = visit.reader.local(visit.reader.now).date();
    let mut entry = ApprovedEntry {
        reviewer: visit.name(),
        valid_from: today.to_string(),
        questions: Some(from.question).filter(|question| !question.is_empty()).into_iter().collect(),
        ..ApprovedEntry::default()
    };
    let mut answers = numbers(&from.gaps);
    if let Some(message) = from.from {
        let exchange = library.exchange(MessageId(message)).await?;
        visit.state.chat.note_look(visit.name(), Looked::Conversation(exchange.conversation)).await?;
        entry.questions.push(exchange.question);
        entry.answer = exchange.answer;
        if answers.is_empty() {
            answers.push(MessageId(message));
        }
    }
    for message in answers.iter().filter(|gap| Some(gap.0) != from.from) {
        if entry.questions.len() < MOST_QUESTIONS
            && let Ok(exchange) = library.exchange(*message).await
        {
            entry.questions.push(exchange.question);
        }
    }
    let near = library.near_approved(&entry, today).await.filter(is_near);
    let filled = Filled { entry, revision: String::new(), gaps: answers, near, anyway: false };
    writing(&visit, None, &filled).await
}

/// Which answer.
#[derive(Deserialize)]
pub(crate) struct Named {
    #[serde(default)]
    id: String,
}

/// `GET /knowledge/approved/edit?id=…`.
pub(crate) async fn edit(visit: Visit, Query(Named { id }): Query<Named>) -> Result<Response, PageError> {
    let entry = visit.state.library.approved_by_id(&id).await?;
    writing(&visit, None, &Filled::of(entry)).await
}

/// What the form sends.
#[derive(Debug, Deserialize)]
pub(crate) struct Writing {
    #[serde(default)]
    id: String,
    #[serde(default)]
    file: String,
    #[serde(default)]
    revision: String,
    questions: String,
    answer: String,
    #[serde(default)]
    answer_en: String,
    #[serde(default)]
    reviewer: String,
    #[serde(default)]
    valid_from: String,
    #[serde(default)]
    valid_until: String,
    #[serde(default)]
    source: String,
    #[serde(default)]
    gaps: String,
    #[serde(default)]
    anyway: bool,
}

/// `POST /knowledge/approved/save`.
pub(crate) async fn save(visit: Visit, Form(sent): Form<Writing>) -> Result<Response, PageError> {
    let Writing {
        id, file, revision, questions, answer, answer_en, reviewer, valid_from, valid_until, ..
    } = sent;
    let questions = questions.lines().map(str::to_owned).filter(|line| !line.trim().is_empty()).collect();
    let entry = ApprovedEntry {
        file,
        id,
        questions,
        answer,
        answer_en,
        reviewer,
        valid_from,
        valid_until,
        source: sent.source,
    };
    let gaps = numbers(&sent.gaps);
    let mut filled = Filled { entry, revision, gaps, near: None, anyway: sent.anyway };
    let library = &visit.state.library;
    let today = visit.reader.local(visit.reader.now).date();
    if !filled.anyway {
        filled.near = library.near_approved(&filled.entry, today).await.filter(is_near);
        if filled.near.is_some() {
            return writing(&visit, Some(News::bad(visit.reader.t("approved-near"))), &filled).await;
        }
    }
    let is_new = filled.entry.id.is_empty();
    let expected = match (is_new, Revision::parse(&filled.revision)) {
        (true, _) => None,
        (false, Some(revision)) => Some(revision),
        (false, None) => return Err(PageError::Conflict),
    };
    match library.save_approved(&filled.entry, expected, filled.gaps.clone(), &visit.account.name).await {
        Ok(_) => Ok(back_to("/knowledge/approved", &[], Done::Saved)),
        Err(LibraryError::Stale) => {
            // What was typed stays in the form; saving it again replaces what is there now, which is shown below.
            let now = library.approved_by_id(&filled.entry.id).await?;
            filled.revision = now.revision().to_string();
            let news = explained(&visit.reader, LibraryError::Stale)?;
            let theirs = html! {
                section #theirs class=(CARD) {
                    (card_heading(&visit.reader.t("document-theirs"), Some(&visit.reader.t("document-theirs-detail"))))
                    ul class="mt-3 list-disc pl-6" { @for question in &now.questions { li { (question) } } }
                    p class="mt-3 break-words whitespace-pre-wrap" { (now.answer) }
                    p class="mt-3 break-words whitespace-pre-wrap" lang="en" { (now.answer_en) }
                }
            };
            let cards = html! { (page(&visit, &filled).await?) (theirs) };
            Ok(framed(&visit, Tab::Approved, Some(news), &cards))
        }
        Err(error) => {
            let news = explained(&visit.reader, error)?;
            writing(&visit, Some(news), &filled).await
        }
    }
}

/// What deleting sends.
#[derive(Deserialize)]
pub(crate) struct Deleting {
    id: String,
    revision: String,
}

/// `POST /knowledge/approved/delete`.
pub(crate) async fn delete(
    visit: Visit,
    Form(Deleting { id, revision }): Form<Deleting>,
) -> Result<Response, PageError> {
    let seen = Revision::parse(&revision).ok_or(PageError::Conflict)?;
    visit.state.library.delete_approved(&id, seen, &visit.account.name).await?;
    Ok(back_to("/knowledge/approved", &[], Done::Deleted))
}

async fn writing(visit: &Visit, news: Option<News>, filled: &Filled) -> Result<Response, PageError> {
    Ok(framed(visit, Tab::Approved, news, &page(visit, filled).await?))
}

async fn page(visit: &Visit, filled: &Filled) -> Result<Markup, PageError> {
    let (entries, _) = visit.state.library.approved().await?;
    let mut files: Vec<&str> = entries.iter().map(|entry| entry.file.as_str()).collect();
    files.dedup();
    let today = visit.reader.local(visit.reader.now).date();
    let documents = visit.state.library.documents(today).await?;
    let sources: Vec<&str> = documents.iter().map(|listed| listed.path.as_str()).collect();
    let history = html! {
        @if !filled.entry.file.is_empty() && visit.reader.may(Role::Administrator) {
            p {
                a href=(super::address_of("/knowledge/history", &filled.entry.file)) class=(BUTTON_QUIET) {
                    (icon(Icon::Clock)) (visit.reader.t("versions-heading"))
                }
            }
        }
    };
    Ok(html! { (form(&visit.reader, filled, &files, &sources)) (history) })
}

/// Whether two answers would get in each other's way.
fn is_near(near: &Near) -> bool {
    near.is_given || near.cosine >= NEAR
}

/// Messages by their numbers, commas between.
pub(super) fn numbers(text: &str) -> Vec<MessageId> {
    text.split(',').filter_map(|number| number.trim().parse().ok()).map(MessageId).take(MOST_GAPS).collect()
}
