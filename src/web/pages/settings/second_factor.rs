//! The second factor: set up with a phone's app, taken off with the password.

use axum::{
    Extension, Form,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use maud::{Markup, html};
use qrcode::{QrCode, render::svg};
use serde::Deserialize;

use super::{News, framed, page};
use crate::{
    store::{
        audit::{self, Action},
        staff::{self, SecondFactor, StaffAccount},
    },
    web::{
        WebState,
        layout::{BUTTON, BUTTON_QUIET, CARD, FIELD, Html, Icon, LABEL, Tone, badge, card_heading, note},
        pages::{PageError, Reader, conversations::By},
        session::{AuthSession, Credentials, check_code, hash_of, new_secret, otpauth},
    },
};

/// Where a session keeps a secret until the first right code.
const NEW_KEY: &str = "new_second_factor";

/// `POST /settings/second-factor/begin`: shows a new secret.
pub(crate) async fn begin(
    State(state): State<WebState>,
    reader: Reader,
    Extension(account): Extension<By>,
    auth: AuthSession,
) -> Result<Html, PageError> {
    let secret = new_secret()?;
    auth.session.insert(NEW_KEY, &secret).await.map_err(axum_login::Error::Session)?;
    shown(&state, &reader, &account, &secret, None)
}

/// The first code from the phone.
#[derive(Deserialize)]
pub(crate) struct First {
    code: String,
}

/// `POST /settings/second-factor`: the first right code sets it up.
pub(crate) async fn set_up(
    State(state): State<WebState>,
    reader: Reader,
    Extension(account): Extension<By>,
    auth: AuthSession,
    Form(First { code }): Form<First>,
) -> Result<Response, PageError> {
    let secret: Option<Vec<u8>> = auth.session.get(NEW_KEY).await.map_err(axum_login::Error::Session)?;
    let Some(secret) = secret else { return Err(PageError::Conflict) };
    let factor = SecondFactor { secret, step: 0 };
    let Some(step) = check_code(&factor, &code, Timestamp::now().as_second().unsigned_abs())? else {
        let wrong = reader.t("sign-in-wrong-code");
        let again = shown(&state, &reader, &account, &factor.secret, Some(&wrong))?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, again).into_response());
    };
    change(&state, &account, Some(SecondFactor { step, ..factor })).await?;
    auth.session.remove::<Vec<u8>>(NEW_KEY).await.map_err(axum_login::Error::Session)?;
    told(&state, &reader, &account, &auth, true).await
}

/// What taking it off sends.
#[derive(Deserialize)]
pub(crate) struct TakingOff {
    password: String,
}

/// `POST /settings/second-factor/off`: with the password.
pub(crate) async fn take_off(
    State(state): State<WebState>,
    reader: Reader,
    Extension(account): Extension<By>,
    auth: AuthSession,
    Form(TakingOff { password }): Form<TakingOff>,
) -> Result<Response, PageError> {
    let credentials = Credentials { name: account.name.clone(), password };
    if auth.authenticate(credentials).await?.is_none() {
        let wrong = News::bad(reader.t("password-old-wrong"));
        let again = page(&state, &reader, &account, hash_of(&auth), wrong).await?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, again).into_response());
    }
    change(&state, &account, None).await?;
    told(&state, &reader, &account, &auth, false).await
}

async fn change(state: &WebState, account: &By, factor: Option<SecondFactor>) -> Result<(), PageError> {
    let (id, by) = (account.id, account.name.clone());
    let changed = state.store.write(move |tx| {
        staff::set_second_factor(tx, id, factor.as_ref())?;
        let detail = if factor.is_some() { "on" } else { "off" };
        audit::add(tx, &by, Action::SecondFactorChanged, &format!("account {by}"), detail, Timestamp::now())
    });
    Ok(changed.await?)
}

async fn told(
    state: &WebState,
    reader: &Reader,
    account: &By,
    auth: &AuthSession,
    is_on: bool,
) -> Result<Response, PageError> {
    let now = By::new(StaffAccount { has_second_factor: is_on, ..StaffAccount::clone(account) });
    let key = if is_on { "second-factor-now-on" } else { "second-factor-now-off" };
    Ok(page(state, reader, &now, hash_of(auth), News::good(reader, key)).await?.into_response())
}

pub(super) fn card(reader: &Reader, account: &StaffAccount) -> Markup {
    html! {
        section class=(CARD) {
            (card_heading(&reader.t("second-factor-heading"), Some(&reader.t("second-factor-detail"))))
            @if account.has_second_factor {
                p class="mt-3" { (badge(Tone::Good, Some(Icon::Check), &reader.t("second-factor-on"))) }
                form method="post" action="/settings/second-factor/off" class="mt-4 max-w-md space-y-4" {
                    div {
                        label for="off-password" class=(LABEL) { (reader.t("sign-in-password")) }
                        input #off-password type="password" name="password" required maxlength="256"
                            autocomplete="current-password" class=(FIELD);
                    }
                    button class=(BUTTON_QUIET) { (reader.t("second-factor-take-off")) }
                }
            } @else {
                form method="post" action="/settings/second-factor/begin" class="mt-4" {
                    button class=(BUTTON_QUIET) { (reader.t("second-factor-set-up")) }
                }
            }
        }
    }
}

fn shown(
    state: &WebState,
    reader: &Reader,
    account: &StaffAccount,
    secret: &[u8],
    wrong: Option<&str>,
) -> Result<Html, PageError> {
    let address = otpauth(secret, &state.hospital, &account.name)?;
    let drawn = QrCode::new(&address).map_err(|_| PageError::Internal)?;
    let drawn = STANDARD.encode(drawn.render::<svg::Color<'_>>().min_dimensions(240, 240).build());
    let typed = address.split("secret=").nth(1).and_then(|rest| rest.split('&').next()).unwrap_or_default();
    let cards = html! {
        section class=(CARD) {
            (card_heading(&reader.t("second-factor-heading"), Some(&reader.t("second-factor-how"))))
            @if let Some(wrong) = wrong { div class="mt-3" { (note(Tone::Alarm, wrong)) } }
            img class="mx-auto mt-4 size-60 rounded-lg bg-white p-3" alt=(reader.t("second-factor-code-alt"))
                src={ "data:image/svg+xml;base64," (drawn) };
            p class="mt-2 text-center text-sm text-ink-soft" { (reader.t("second-factor-by-hand")) }
            p class="text-center font-mono break-all" { (typed) }
            form method="post" action="/settings/second-factor" class="mx-auto mt-4 max-w-xs space-y-4" {
                div {
                    label for="code" class=(LABEL) { (reader.t("sign-in-code")) }
                    input #code name="code" required maxlength="12" inputmode="numeric" autocomplete="one-time-code"
                        autofocus class=(FIELD);
                }
                button class={ (BUTTON) " w-full" } { (reader.t("second-factor-confirm")) }
            }
        }
    };
    Ok(framed(state, reader, None, &cards))
}
