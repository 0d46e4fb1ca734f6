//! `/setup`: the first administrator, by a link that is printed at the start while there is none.

use axum::{
    Form,
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use axum_login::AuthnBackend;
use jiff::Timestamp;
use maud::html;
use serde::Deserialize;

use super::{PageError, Reader, sign_in};
use crate::{
    store::{
        audit::{self, Action},
        staff::{self, InvalidAccount, PasswordHash, Role},
        tokens::TokenHash,
    },
    web::{
        WebState,
        layout::{BUTTON, FIELD, Html, LABEL, field_hint},
        session::{AuthSession, Credentials, Device},
    },
};

/// The link's key.
#[derive(Deserialize)]
pub(crate) struct Key {
    #[serde(default)]
    key: String,
}

/// `GET /setup?key=…`.
pub(crate) async fn show(
    State(state): State<WebState>,
    reader: Reader,
    Query(Key { key }): Query<Key>,
) -> Result<Html, PageError> {
    is_right(&state, &key).await?;
    Ok(form(&state, &reader, &key, "", None))
}

/// What the form sends.
#[derive(Deserialize)]
pub(crate) struct Given {
    key: String,
    name: String,
    password: String,
}

/// `POST /setup`: makes the first administrator and signs in.
pub(crate) async fn make(
    State(state): State<WebState>,
    reader: Reader,
    mut auth: AuthSession,
    device: Device,
    Form(Given { key, name, password }): Form<Given>,
) -> Result<Response, PageError> {
    is_right(&state, &key).await?;
    if let Err(invalid) = staff::check_name(&name).and_then(|()| staff::check_password(&name, &password)) {
        let wrong = explained(&reader, invalid);
        let again = form(&state, &reader, &key, &name, Some(&wrong));
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, again).into_response());
    }
    let (hash, password) = hashed(password).await?;
    let new = name.clone();
    let made = state.store.write(move |tx| {
        if staff::has_administrator(tx)?
            || !staff::add(tx, &new, Role::Administrator, &hash, Timestamp::now())?
        {
            return Ok(false);
        }
        audit::add(tx, &new, Action::AccountMade, &format!("account {new}"), "setup", Timestamp::now())?;
        Ok(true)
    });
    if !made.await? {
        return Err(PageError::Conflict);
    }
    let user = auth.backend.authenticate(Credentials { name, password }).await?.ok_or(PageError::Internal)?;
    sign_in::enter(&state, &mut auth, &user, device, "/").await
}

/// Hashes a password off the async threads, and gives it back.
pub(super) async fn hashed(password: String) -> Result<(PasswordHash, String), PageError> {
    let hashed =
        tokio::task::spawn_blocking(move || PasswordHash::of(&password).map(|hash| (hash, password)));
    Ok(hashed.await.map_err(|_| PageError::Internal)??)
}

/// Why an account can't be made so, in the reader's language.
pub(super) fn explained(reader: &Reader, invalid: InvalidAccount) -> String {
    reader.t(match invalid {
        InvalidAccount::Name => "account-invalid-name",
        InvalidAccount::PasswordTooShort => "account-password-short",
        InvalidAccount::PasswordTooLong => "account-password-long",
        InvalidAccount::PasswordIsName => "account-password-name",
    })
}

/// The link is good while there is no administrator, for as long as the process lives that printed it.
async fn is_right(state: &WebState, key: &str) -> Result<(), PageError> {
    let is_key = state.setup == Some(TokenHash::of(key));
    if is_key && !state.store.read(staff::has_administrator).await? {
        Ok(())
    } else {
        Err(PageError::NotFound)
    }
}

fn form(state: &WebState, reader: &Reader, key: &str, name: &str, wrong: Option<&str>) -> Html {
    let fields = html! {
        form method="post" action="/setup" class="mt-6 space-y-4" {
            input type="hidden" name="key" value=(key);
            div {
                label for="name" class=(LABEL) { (reader.t("sign-in-name")) }
                input #name name="name" value=(name) required maxlength="64" autocomplete="username"
                    autocapitalize="none" spellcheck="false" autofocus class=(FIELD);
            }
            div {
                label for="password" class=(LABEL) { (reader.t("sign-in-password")) }
                input #password type="password" name="password" required minlength="12" maxlength="256"
                    autocomplete="new-password" aria-describedby="password-hint" class=(FIELD);
                (field_hint("password-hint", &reader.t("account-password-hint")))
            }
            button class={ (BUTTON) " w-full" } { (reader.t("setup-make")) }
        }
    };
    sign_in::card(state, reader, "setup-heading", Some("setup-detail"), wrong, &fields)
}
