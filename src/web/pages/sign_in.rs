//! `/sign-in` and `/sign-out`: name and password, then a code where the account asks for one.

use axum::{
    Form,
    extract::{Query, State},
    http::{StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use jiff::Timestamp;
use maud::{Markup, html};
use serde::Deserialize;

use super::{PageError, Reader};
use crate::{
    store::{
        StoreError,
        audit::{self, Action},
        failed_sign_ins, staff,
    },
    web::{
        WebState,
        layout::{self, BUTTON, CARD, FIELD, LABEL, Tone, note},
        session::{self, AuthSession, Awaited, Credentials, Device, SignedIn, client_address},
    },
};

/// Seconds within which the code must follow the password.
const CODE_WITHIN: i64 = 300;
/// Characters of a browser's name that are kept.
const MOST_BROWSER_CHARS: usize = 200;

/// Where to go after signing in.
#[derive(Default, Deserialize)]
pub(crate) struct Next {
    #[serde(default)]
    next: String,
}

/// `GET /sign-in`.
pub(crate) async fn show(
    State(state): State<WebState>,
    reader: Reader,
    Query(next): Query<Next>,
) -> Result<Response, PageError> {
    if reader.account.is_some() {
        return Ok(Redirect::to(within(&next.next)).into_response());
    }
    Ok(password_form(&state, &reader, &next.next, "", None).into_response())
}

/// What the form sends.
#[derive(Deserialize)]
pub(crate) struct Given {
    name: String,
    password: String,
    #[serde(default)]
    next: String,
}

/// `POST /sign-in`: the name and the password.
pub(crate) async fn check(
    State(state): State<WebState>,
    reader: Reader,
    mut auth: AuthSession,
    device: Device,
    Form(Given { name, password, next }): Form<Given>,
) -> Result<Response, PageError> {
    if let Some(refused) = too_many(&state, &reader, &name, &device).await? {
        return Ok(refused);
    }
    let credentials = Credentials { name: name.clone(), password };
    let Some(user) = auth.authenticate(credentials).await? else {
        failed(&state, name.clone(), &device).await?;
        let wrong = reader.t("sign-in-wrong");
        let form = password_form(&state, &reader, &next, &name, Some(&wrong));
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, form).into_response());
    };
    if user.account.has_second_factor {
        let until = Timestamp::now().as_second() + CODE_WITHIN;
        Awaited { staff: user.account.id, until, next }.put(&auth).await?;
        return Ok(Redirect::to("/sign-in/code").into_response());
    }
    enter(&state, &mut auth, &user, device, &next).await
}

/// `GET /sign-in/code`.
pub(crate) async fn show_code(
    State(state): State<WebState>,
    reader: Reader,
    auth: AuthSession,
) -> Result<Response, PageError> {
    match Awaited::get(&auth).await? {
        Some(_) => Ok(code_form(&state, &reader, None).into_response()),
        None => Ok(Redirect::to("/sign-in").into_response()),
    }
}

/// What the second form sends.
#[derive(Deserialize)]
pub(crate) struct GivenCode {
    code: String,
}

/// `POST /sign-in/code`: the second factor.
pub(crate) async fn check_code(
    State(state): State<WebState>,
    reader: Reader,
    mut auth: AuthSession,
    device: Device,
    Form(GivenCode { code }): Form<GivenCode>,
) -> Result<Response, PageError> {
    let now = Timestamp::now().as_second();
    let Some(awaited) = Awaited::get(&auth).await?.filter(|awaited| awaited.until > now) else {
        return Ok(Redirect::to("/sign-in").into_response());
    };
    let id = awaited.staff;
    let Some((account, _)) = state.store.read(move |tx| staff::find_by_id(tx, id)).await? else {
        return Ok(Redirect::to("/sign-in").into_response());
    };
    if let Some(refused) = too_many(&state, &reader, &account.name, &device).await? {
        return Ok(refused);
    }
    let taken = state.store.write(move |tx| {
        let Some(factor) = staff::second_factor(tx, id)? else { return Ok(false) };
        match session::check_code(&factor, &code, now.unsigned_abs())? {
            Some(step) => staff::take_step(tx, id, step),
            None => Ok(false),
        }
    });
    if !taken.await? {
        failed(&state, account.name, &device).await?;
        let wrong = reader.t("sign-in-wrong-code");
        return Ok(
            (StatusCode::UNPROCESSABLE_ENTITY, code_form(&state, &reader, Some(&wrong))).into_response()
        );
    }
    let Some(user) = axum_login::AuthnBackend::get_user(&auth.backend, &id).await? else {
        return Ok(Redirect::to("/sign-in").into_response());
    };
    enter(&state, &mut auth, &user, device, &awaited.next).await
}

/// `POST /sign-out`.
pub(crate) async fn out(State(state): State<WebState>, mut auth: AuthSession) -> Result<Response, PageError> {
    if let Some(user) = auth.logout().await? {
        let name = user.account.name;
        let noted =
            state.store.write(move |tx| audit::add(tx, &name, Action::SignedOut, "", "", Timestamp::now()));
        noted.await?;
        state.realtime.sessions_ended();
    }
    Ok(Redirect::to("/sign-in").into_response())
}

/// Signs in and goes on.
pub(super) async fn enter(
    state: &WebState,
    auth: &mut AuthSession,
    user: &SignedIn,
    device: Device,
    next: &str,
) -> Result<Response, PageError> {
    let (name, address) = (user.account.name.clone(), device.address.clone());
    session::begin(auth, user, device).await?;
    let noted = state.store.write(move |tx| {
        failed_sign_ins::forget(tx, &name)?;
        audit::add(tx, &name, Action::SignedIn, "", &address, Timestamp::now())
    });
    noted.await?;
    Ok(Redirect::to(within(next)).into_response())
}

/// Only a place within, whatever the address says: `//elsewhere` and `/\elsewhere` are other sites to a browser.
fn within(next: &str) -> &str {
    let is_within = next.starts_with('/')
        && !next[1..].starts_with(['/', '\\'])
        && !next.contains(|sign: char| sign.is_control());
    if is_within { next } else { "/" }
}

async fn too_many(
    state: &WebState,
    reader: &Reader,
    name: &str,
    device: &Device,
) -> Result<Option<Response>, PageError> {
    let wait = state.store.glance(|tx| failed_sign_ins::wait(tx, name, &device.address, Timestamp::now()))?;
    Ok(wait.map(|wait| {
        let seconds = wait.as_secs() + 1;
        let words = reader.tw("sign-in-wait", [("seconds", seconds.into())]);
        let form = password_form(state, reader, "", name, Some(&words));
        let after = [(header::RETRY_AFTER, seconds.to_string())];
        (StatusCode::TOO_MANY_REQUESTS, after, form).into_response()
    }))
}

async fn failed(state: &WebState, name: String, device: &Device) -> Result<(), StoreError> {
    let address = device.address.clone();
    state.store.write(move |tx| failed_sign_ins::note(tx, &name, &address, Timestamp::now())).await
}

impl<S: Send + Sync> axum::extract::FromRequestParts<S> for Device {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(
        parts: &mut axum::http::request::Parts,
        _state: &S,
    ) -> Result<Self, Self::Rejection> {
        let browser = parts.headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
        Ok(Self {
            browser: browser.unwrap_or_default().chars().take(MOST_BROWSER_CHARS).collect(),
            address: client_address(&parts.extensions, &parts.headers),
        })
    }
}

fn password_form(
    state: &WebState,
    reader: &Reader,
    next: &str,
    name: &str,
    wrong: Option<&str>,
) -> layout::Html {
    let fields = html! {
        form method="post" action="/sign-in" class="mt-6 space-y-4" {
            input type="hidden" name="next" value=(next);
            div {
                label for="name" class=(LABEL) { (reader.t("sign-in-name")) }
                input #name name="name" value=(name) required maxlength="64" autocomplete="username"
                    autocapitalize="none" spellcheck="false" autofocus[name.is_empty()] class=(FIELD);
            }
            div {
                label for="password" class=(LABEL) { (reader.t("sign-in-password")) }
                input #password type="password" name="password" required maxlength="256"
                    autocomplete="current-password" autofocus[!name.is_empty()] class=(FIELD);
            }
            button class={ (BUTTON) " w-full" } { (reader.t("sign-in")) }
        }
    };
    card(state, reader, "sign-in-heading", None, wrong, &fields)
}

fn code_form(state: &WebState, reader: &Reader, wrong: Option<&str>) -> layout::Html {
    let fields = html! {
        form method="post" action="/sign-in/code" class="mt-6 space-y-4" {
            div {
                label for="code" class=(LABEL) { (reader.t("sign-in-code")) }
                input #code name="code" required maxlength="12" inputmode="numeric" autocomplete="one-time-code"
                    autofocus class=(FIELD);
            }
            button class={ (BUTTON) " w-full" } { (reader.t("sign-in")) }
        }
    };
    card(state, reader, "sign-in-code-heading", Some("sign-in-code-detail"), wrong, &fields)
}

/// The card of signing in and of setting up.
pub(super) fn card(
    state: &WebState,
    reader: &Reader,
    heading: &str,
    detail: Option<&str>,
    wrong: Option<&str>,
    fields: &Markup,
) -> layout::Html {
    let heading = reader.t(heading);
    let body = html! {
        div class="mx-auto flex w-full max-w-md grow flex-col justify-center px-4 py-10" {
            p class="mb-4 text-center" {
                span class="block text-2xl font-semibold text-accent-ink" { (reader.t("app-name")) }
                span class="block text-ink-soft" { (state.hospital) }
            }
            div class=(CARD) {
                h1 class="text-xl font-semibold" { (heading) }
                @if let Some(detail) = detail { p class="mt-1 text-ink-soft" { (reader.t(detail)) } }
                @if let Some(wrong) = wrong { div class="mt-4" { (note(Tone::Alarm, wrong)) } }
                (fields)
            }
            div class="mt-4" { (layout::language_switch(reader)) }
        }
    };
    layout::page(state, reader, &layout::Page::plain(&heading), &body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signing_in_leads_nowhere_else() {
        assert_eq!(within("/conversations/42?filter=waiting"), "/conversations/42?filter=waiting");
        for elsewhere in ["", "//evil.example", "/\\evil.example", "https://evil.example", "evil", "/\n/evil"]
        {
            assert_eq!(within(elsewhere), "/", "{elsewhere:?}");
        }
    }
}
