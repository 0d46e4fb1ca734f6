//! The second factor: set up with a phone's app, taken off with the password.

use std::sync::Arc;

use axum::{Form, response::Response};
use jiff::Timestamp;
use maud::{Markup, html};
use serde::Deserialize;

use super::{News, Tab, framed, own};
use crate::{
    store::{
        audit::{self, Action},
        staff::{self, SecondFactor, StaffAccount},
    },
    web::{
        layout::{BUTTON, BUTTON_QUIET, CARD, FIELD, Icon, LABEL, Tone, badge, card_heading},
        pages::{PageError, Reader, Visit},
        qr,
        session::{AuthSession, check_code, hash_of, knows_password, new_secret, otpauth},
    },
};

/// Where a session keeps a secret until the first right code.
const NEW_KEY: &str = "new_second_factor";

/// `POST /settings/second-factor/begin`: shows a new secret.
pub(crate) async fn begin(visit: Visit, auth: AuthSession) -> Result<Response, PageError> {
    let secret = new_secret()?;
    auth.session.insert(NEW_KEY, &secret).await.map_err(axum_login::Error::Session)?;
    shown(&visit, &secret, None)
}

/// The first code from the phone.
#[derive(Deserialize)]
pub(crate) struct First {
    code: String,
}

/// `POST /settings/second-factor`: the first right code sets it up.
pub(crate) async fn set_up(
    visit: Visit,
    auth: AuthSession,
    Form(First { code }): Form<First>,
) -> Result<Response, PageError> {
    let secret: Option<Vec<u8>> = auth.session.get(NEW_KEY).await.map_err(axum_login::Error::Session)?;
    let Some(secret) = secret else { return Err(PageError::Conflict) };
    let factor = SecondFactor { secret, step: 0 };
    let Some(step) = check_code(&factor, &code, Timestamp::now().as_second().unsigned_abs())? else {
        return shown(&visit, &factor.secret, News::bad(visit.reader.t("sign-in-wrong-code")));
    };
    change(&visit, Some(SecondFactor { step, ..factor })).await?;
    auth.session.remove::<Vec<u8>>(NEW_KEY).await.map_err(axum_login::Error::Session)?;
    told(visit, &auth, true).await
}

/// What taking it off sends.
#[derive(Deserialize)]
pub(crate) struct TakingOff {
    password: String,
}

/// `POST /settings/second-factor/off`: with the password.
pub(crate) async fn take_off(
    visit: Visit,
    auth: AuthSession,
    Form(TakingOff { password }): Form<TakingOff>,
) -> Result<Response, PageError> {
    if !knows_password(&auth, &visit.account, password).await? {
        return own(&visit, hash_of(&auth), News::bad(visit.reader.t("password-old-wrong"))).await;
    }
    change(&visit, None).await?;
    told(visit, &auth, false).await
}

async fn change(visit: &Visit, factor: Option<SecondFactor>) -> Result<(), PageError> {
    let (id, by) = (visit.account.id, visit.name());
    let changed = visit.state.store.write(move |tx| {
        staff::set_second_factor(tx, id, factor.as_ref())?;
        let detail = if factor.is_some() { "on" } else { "off" };
        audit::add(tx, &by, Action::SecondFactorChanged, &format!("account {by}"), detail, Timestamp::now())
    });
    Ok(changed.await?)
}

async fn told(mut visit: Visit, auth: &AuthSession, is_on: bool) -> Result<Response, PageError> {
    let now = StaffAccount { has_second_factor: is_on, ..StaffAccount::clone(&visit.account) };
    visit.account = Arc::new(now);
    let key = if is_on { "second-factor-now-on" } else { "second-factor-now-off" };
    own(&visit, hash_of(auth), News::good(&visit.reader, key)).await
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

fn shown(visit: &Visit, secret: &[u8], wrong: Option<News>) -> Result<Response, PageError> {
    let Visit { state, reader, account, .. } = visit;
    let address = otpauth(secret, &state.hospital, &account.name)?;
    let drawn = qr::data_url(&address).map_err(|_| PageError::Internal)?;
    let typed = address.split("secret=").nth(1).and_then(|rest| rest.split('&').next()).unwrap_or_default();
    let cards = html! {
        section class=(CARD) {
            (card_heading(&reader.t("second-factor-heading"), Some(&reader.t("second-factor-how"))))
            img class="mx-auto mt-4 size-60 rounded-lg bg-white p-3" alt=(reader.t("second-factor-code-alt"))
                src=(drawn);
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
    Ok(framed(visit, Tab::Own, wrong, &cards))
}
