//! Everybody's accounts, for administrators.

use axum::{
    Form,
    extract::Path,
    response::{Redirect, Response},
};
use jiff::Timestamp;
use maud::{Markup, html};
use serde::Deserialize;

use super::{News, page};
use crate::{
    domain::StaffId,
    store::{
        audit::{self, Action},
        sessions,
        staff::{self, Role, StaffAccount},
    },
    web::{
        layout::{
            BUTTON, BUTTON_QUIET, CARD, FIELD, Icon, LABEL, Tone, badge, card_heading, field_hint, role_name,
        },
        pages::{
            PageError, Reader, Visit,
            setup::{explained, hashed},
        },
        session::{AuthSession, hash_of},
    },
};

/// What making an account sends.
#[derive(Deserialize)]
pub(crate) struct Making {
    name: String,
    role: Role,
    password: String,
}

/// `POST /settings/accounts`.
pub(crate) async fn make(
    visit: Visit,
    auth: AuthSession,
    Form(Making { name, role, password }): Form<Making>,
) -> Result<Response, PageError> {
    let reader = &visit.reader;
    if let Err(invalid) = staff::check_name(&name).and_then(|()| staff::check_password(&name, &password)) {
        return page(&visit, hash_of(&auth), News::bad(explained(reader, invalid))).await;
    }
    let (hash, _) = hashed(password).await?;
    let by = visit.name();
    let made = visit.state.store.write(move |tx| {
        let made = staff::add(tx, &name, role, &hash, Timestamp::now())?;
        if made {
            let subject = format!("account {name}");
            audit::add(tx, &by, Action::AccountMade, &subject, role.as_str(), Timestamp::now())?;
        }
        Ok(made)
    });
    let news = match made.await? {
        true => News::good(reader, "account-made"),
        false => News::bad(reader.t("account-name-taken")),
    };
    page(&visit, hash_of(&auth), news).await
}

/// `POST /settings/accounts/{id}/disable`: its sessions and sockets end at once.
pub(crate) async fn disable(
    Visit { state, account, .. }: Visit,
    Path(id): Path<i64>,
) -> Result<Redirect, PageError> {
    // Nobody shuts themselves out, so that an administrator is always left.
    if account.id == StaffId(id) {
        return Err(PageError::Conflict);
    }
    let by = account.name.clone();
    let disabled = state.store.write(move |tx| {
        let Some((found, _)) = staff::find_by_id(tx, StaffId(id))? else { return Ok(false) };
        staff::disable(tx, &found.name, Timestamp::now())?;
        sessions::end_all_of(tx, found.id, None)?;
        audit::add(
            tx,
            &by,
            Action::AccountDisabled,
            &format!("account {}", found.name),
            "",
            Timestamp::now(),
        )?;
        Ok(true)
    });
    if !disabled.await? {
        return Err(PageError::NotFound);
    }
    state.realtime.sessions_ended();
    Ok(Redirect::to("/settings"))
}

pub(super) fn card(reader: &Reader, everybody: &[StaffAccount], own: &StaffAccount) -> Markup {
    html! {
        section class=(CARD) {
            (card_heading(&reader.t("accounts-heading"), Some(&reader.t("accounts-detail"))))
            ul class="mt-3 divide-y divide-line" {
                @for account in everybody {
                    li class="flex flex-wrap items-center gap-3 py-3" {
                        div class="min-w-0 grow" {
                            p class="font-medium break-words" { (account.name) }
                            p class="text-sm text-ink-soft" { (role_name(reader, account.role)) }
                        }
                        @if account.disabled_at.is_some() { (badge(Tone::Plain, Some(Icon::Cross), &reader.t("account-disabled"))) }
                        @else if account.id == own.id { (badge(Tone::Good, None, &reader.t("account-you"))) }
                        @else {
                            details {
                                summary class={ (BUTTON_QUIET) " list-none" } { (reader.t("account-disable")) }
                                form method="post" action={ "/settings/accounts/" (account.id) "/disable" } class="mt-2" {
                                    button class=(BUTTON_QUIET) { (reader.t("account-disable-sure")) }
                                }
                            }
                        }
                    }
                }
            }
            form method="post" action="/settings/accounts" class="mt-4 grid max-w-2xl gap-4 border-t border-line pt-4 md:grid-cols-2" {
                h3 class="font-semibold md:col-span-2" { (reader.t("account-new")) }
                div {
                    label for="account-name" class=(LABEL) { (reader.t("sign-in-name")) }
                    input #account-name name="name" required maxlength="64" autocomplete="off" autocapitalize="none"
                        spellcheck="false" class=(FIELD);
                }
                div {
                    label for="account-role" class=(LABEL) { (reader.t("account-role")) }
                    select #account-role name="role" class=(FIELD) {
                        @for role in [Role::Agent, Role::Viewer, Role::Administrator] {
                            option value=(role.as_str()) { (role_name(reader, role)) }
                        }
                    }
                }
                div class="md:col-span-2" {
                    label for="account-password" class=(LABEL) { (reader.t("account-first-password")) }
                    input #account-password type="password" name="password" required minlength="12" maxlength="256"
                        autocomplete="new-password" aria-describedby="account-password-hint" class=(FIELD);
                    (field_hint("account-password-hint", &reader.t("account-password-hint")))
                }
                div class="md:col-span-2" { button class=(BUTTON) { (reader.t("account-make")) } }
            }
        }
    }
}
