//! API tokens: what programs show to be let in.

use axum::{
    Form,
    extract::Path,
    response::{Redirect, Response},
};
use jiff::Timestamp;
use maud::{Markup, html};
use serde::Deserialize;

use super::{News, Tab, framed};
use crate::{
    store::{
        audit::{self, Action},
        tokens::{self, ApiToken, Scope, Secret, TokenHash},
    },
    web::{
        layout::{
            BUTTON, BUTTON_QUIET, CARD, FIELD, Icon, LABEL, Tone, badge, card_heading, field_hint, note, when,
        },
        pages::{PageError, Reader, Visit},
    },
};

/// `GET /settings/tokens`.
pub(crate) async fn index(visit: Visit) -> Result<Response, PageError> {
    shown(&visit, None, None).await
}

/// What the form sends: a name, and a box for each scope.
#[derive(Deserialize)]
pub(crate) struct Making {
    name: String,
    #[serde(default)]
    ask: bool,
    #[serde(default)]
    admin: bool,
    #[serde(default)]
    metrics: bool,
    #[serde(default)]
    whatsapp: bool,
}

impl Making {
    fn scopes(&self) -> Vec<Scope> {
        let ticked = [
            (self.ask, Scope::Ask),
            (self.admin, Scope::Admin),
            (self.metrics, Scope::Metrics),
            (self.whatsapp, Scope::Whatsapp),
        ];
        ticked.into_iter().filter(|(is_ticked, _)| *is_ticked).map(|(_, scope)| scope).collect()
    }
}

/// `POST /settings/tokens`: makes a token and shows it, only this once.
pub(crate) async fn make(visit: Visit, Form(given): Form<Making>) -> Result<Response, PageError> {
    let reader = &visit.reader;
    let scopes = given.scopes();
    if !tokens::is_name(&given.name) || scopes.is_empty() {
        return shown(&visit, None, News::bad(reader.t("token-wrong"))).await;
    }
    let secret = Secret::generate()?;
    let (hash, name, by) = (TokenHash::of(secret.reveal()), given.name, visit.name());
    let made = visit.state.store.write(move |tx| {
        let made = tokens::add(tx, &name, hash, &scopes, Timestamp::now())?;
        if made {
            let words: Vec<&str> = scopes.iter().map(|scope| scope.as_str()).collect();
            let subject = format!("token {name}");
            audit::add(tx, &by, Action::TokenMade, &subject, &words.join(","), Timestamp::now())?;
        }
        Ok(made)
    });
    match made.await? {
        true => shown(&visit, Some(&secret), None).await,
        false => shown(&visit, None, News::bad(reader.t("token-name-taken"))).await,
    }
}

/// `POST /settings/tokens/{id}/revoke`: it fails from the next request on, and its sockets are closed.
pub(crate) async fn revoke(
    Visit { state, account, .. }: Visit,
    Path(id): Path<i64>,
) -> Result<Redirect, PageError> {
    let by = account.name.clone();
    let revoked = state.store.write(move |tx| {
        let found = tokens::list(tx)?.into_iter().find(|token| token.id == id && token.revoked_at.is_none());
        let Some(token) = found else { return Ok(false) };
        let now = Timestamp::now();
        tokens::revoke(tx, &token.name, now)?;
        audit::add(tx, &by, Action::TokenRevoked, &format!("token {}", token.name), "", now)?;
        Ok(true)
    });
    if !revoked.await? {
        return Err(PageError::NotFound);
    }
    state.realtime.sessions_ended();
    Ok(Redirect::to("/settings/tokens"))
}

async fn shown(visit: &Visit, new: Option<&Secret>, news: Option<News>) -> Result<Response, PageError> {
    let reader = &visit.reader;
    let all = visit.state.store.read(tokens::list).await?;
    let cards = html! {
        @if let Some(new) = new {
            section class=(CARD) {
                (card_heading(&reader.t("token-new"), None))
                div class="mt-3" { (note(Tone::Wait, &reader.t("token-once"))) }
                p class="mt-3 rounded-lg bg-raised p-3 font-mono break-all select-all" { (new.reveal()) }
            }
        }
        section class=(CARD) {
            (card_heading(&reader.t("tokens-heading"), Some(&reader.t("tokens-detail"))))
            ul class="mt-3 divide-y divide-line" { @for token in all.iter().rev() { (row(reader, token)) } }
            form method="post" action="/settings/tokens" class="mt-4 space-y-4 border-t border-line pt-4" {
                div class="max-w-md" {
                    label for="name" class=(LABEL) { (reader.t("token-name")) }
                    input #name name="name" required maxlength="64" autocomplete="off" autocapitalize="none" spellcheck="false"
                        aria-describedby="name-hint" class=(FIELD);
                    (field_hint("name-hint", &reader.t("token-name-hint")))
                }
                fieldset {
                    legend class=(LABEL) { (reader.t("token-scopes")) }
                    @for scope in Scope::ALL {
                        label class="flex min-h-11 cursor-pointer items-center gap-3" {
                            input type="checkbox" name=(scope.as_str()) value="true" class="size-5 shrink-0 accent-accent";
                            (reader.t(scope_key(scope)))
                        }
                    }
                }
                button class=(BUTTON) { (reader.t("token-make")) }
            }
        }
    };
    Ok(framed(visit, Tab::Tokens, news, &cards))
}

fn row(reader: &Reader, token: &ApiToken) -> Markup {
    let may: Vec<String> = token.scopes.iter().map(|&scope| reader.t(scope_key(scope))).collect();
    html! {
        li class="flex flex-wrap items-center gap-3 py-3" {
            div class="min-w-0 grow basis-60" {
                p class="font-medium break-words" { (token.name) }
                p class="text-sm text-ink-soft" { (may.join("; ")) }
                p class="text-sm text-ink-soft" {
                    @match token.last_used_at {
                        Some(at) => { (reader.t("sessions-last")) " " (when(reader, at)) },
                        None => (reader.t("token-never-used")),
                    }
                }
            }
            @if token.revoked_at.is_some() { (badge(Tone::Plain, Some(Icon::Cross), &reader.t("token-revoked"))) }
            @else {
                details {
                    summary class={ (BUTTON_QUIET) " list-none" } { (reader.t("token-revoke")) }
                    form method="post" action={ "/settings/tokens/" (token.id) "/revoke" } class="mt-2" {
                        button class=(BUTTON_QUIET) { (reader.t("token-revoke-sure")) }
                    }
                }
            }
        }
    }
}

fn scope_key(scope: Scope) -> &'static str {
    match scope {
        Scope::Ask => "scope-ask",
        Scope::Admin => "scope-admin",
        Scope::Metrics => "scope-metrics",
        Scope::Whatsapp => "scope-whatsapp",
    }
}
