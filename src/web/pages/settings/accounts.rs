//! Everybody's accounts, for administrators.

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
    },
};

/// `GET /settings/accounts`.
pub(crate) async fn index(visit: Visit) -> Result<Response, PageError> {
    shown(&visit, None).await
}

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
    Form(Making { name, role, password }): Form<Making>,
) -> Result<Response, PageError> {
    let reader = &visit.reader;
    if let Err(invalid) = staff::check_name(&name).and_then(|()| staff::check_password(&name, &password)) {
        return shown(&visit, News::bad(explained(reader, invalid))).await;
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
    shown(&visit, news).await
}

/// What changing an account sends; an empty password stays as it is.
#[derive(Deserialize)]
pub(crate) struct Changing {
    role: Role,
    password: String,
}

/// `POST /settings/accounts/{id}`: another role, another password. Its sessions end, so that both count at once.
pub(crate) async fn change(
    visit: Visit,
    Path(id): Path<StaffId>,
    Form(Changing { role, password }): Form<Changing>,
) -> Result<Response, PageError> {
    let reader = &visit.reader;
    not_oneself(&visit, id)?;
    let found = visit.state.store.read(move |tx| staff::find_by_id(tx, id)).await?;
    let name = found.ok_or(PageError::NotFound)?.0.name;
    let hash = if password.is_empty() {
        None
    } else if let Err(invalid) = staff::check_password(&name, &password) {
        return shown(&visit, News::bad(explained(reader, invalid))).await;
    } else {
        Some(hashed(password).await?.0)
    };
    let by = visit.name();
    let changed = visit.state.store.write(move |tx| {
        let (subject, now) = (format!("account {name}"), Timestamp::now());
        staff::set_role(tx, id, role)?;
        if let Some(hash) = hash {
            staff::set_password(tx, id, &hash)?;
            audit::add(tx, &by, Action::PasswordChanged, &subject, "", now)?;
        }
        sessions::end_all_of(tx, id, None)?;
        audit::add(tx, &by, Action::AccountChanged, &subject, role.as_str(), now)
    });
    changed.await?;
    visit.state.realtime.sessions_ended();
    shown(&visit, News::good(reader, "account-changed")).await
}

/// `POST /settings/accounts/{id}/disable`: its sessions and sockets end at once.
pub(crate) async fn disable(visit: Visit, Path(id): Path<StaffId>) -> Result<Redirect, PageError> {
    not_oneself(&visit, id)?;
    let by = visit.name();
    let disabled = visit.state.store.write(move |tx| {
        let Some((found, _)) = staff::find_by_id(tx, id)? else { return Ok(false) };
        let (subject, now) = (format!("account {}", found.name), Timestamp::now());
        staff::disable(tx, &found.name, now)?;
        sessions::end_all_of(tx, found.id, None)?;
        audit::add(tx, &by, Action::AccountDisabled, &subject, "", now)?;
        Ok(true)
    });
    if !disabled.await? {
        return Err(PageError::NotFound);
    }
    visit.state.realtime.sessions_ended();
    Ok(Redirect::to("/settings/accounts"))
}

/// `POST /settings/accounts/{id}/enable`: with the password and the role that it had.
pub(crate) async fn enable(visit: Visit, Path(id): Path<StaffId>) -> Result<Redirect, PageError> {
    let by = visit.name();
    let enabled = visit.state.store.write(move |tx| {
        let Some(name) = staff::enable(tx, id)? else { return Ok(false) };
        audit::add(tx, &by, Action::AccountEnabled, &format!("account {name}"), "", Timestamp::now())?;
        Ok(true)
    });
    if enabled.await? { Ok(Redirect::to("/settings/accounts")) } else { Err(PageError::NotFound) }
}

/// Nobody shuts themselves out, so that an administrator is always left.
fn not_oneself(visit: &Visit, id: StaffId) -> Result<(), PageError> {
    if visit.account.id == id { Err(PageError::Conflict) } else { Ok(()) }
}

async fn shown(visit: &Visit, news: Option<News>) -> Result<Response, PageError> {
    let everybody = visit.state.store.read(staff::list).await?;
    let reader = &visit.reader;
    let cards = html! {
        section class=(CARD) {
            (card_heading(&reader.t("accounts-heading"), Some(&reader.t("accounts-detail"))))
            ul class="mt-3 divide-y divide-line" {
                @for account in &everybody { (row(reader, account, visit.account.id)) }
            }
        }
        (new_account(reader))
    };
    Ok(framed(visit, Tab::Accounts, news, &cards))
}

fn row(reader: &Reader, account: &StaffAccount, own: StaffId) -> Markup {
    let id = account.id;
    html! {
        li class="flex flex-wrap items-start gap-3 py-3" {
            div class="min-w-0 grow" {
                p class="font-medium break-words" { (account.name) }
                p class="text-sm text-ink-soft" { (role_name(reader, account.role)) }
            }
            @if account.disabled_at.is_some() {
                (badge(Tone::Plain, Some(Icon::Cross), &reader.t("account-disabled")))
                form method="post" action={ "/settings/accounts/" (id) "/enable" } {
                    button class=(BUTTON_QUIET) { (reader.t("account-enable")) span class="sr-only" { " " (account.name) } }
                }
            } @else if id == own { (badge(Tone::Good, None, &reader.t("account-you"))) }
            @else {
                details class="w-full sm:w-auto sm:open:w-full" {
                    summary class={ (BUTTON_QUIET) " list-none" } { (reader.t("account-change")) span class="sr-only" { " " (account.name) } }
                    form method="post" action={ "/settings/accounts/" (id) } class="mt-3 grid gap-4 md:grid-cols-2" {
                        (role_field(reader, &format!("role-{id}"), account.role))
                        (password_field(reader, &format!("password-{id}"), "account-new-password", "account-new-password-hint", false))
                        div class="md:col-span-2" { button class=(BUTTON) { (reader.t("save")) } }
                    }
                    form method="post" action={ "/settings/accounts/" (id) "/disable" } class="mt-3" {
                        button class=(BUTTON_QUIET) { (reader.t("account-disable-sure")) }
                    }
                }
            }
        }
    }
}

fn new_account(reader: &Reader) -> Markup {
    html! {
        section class=(CARD) {
            (card_heading(&reader.t("account-new"), None))
            form method="post" action="/settings/accounts" class="mt-4 grid gap-4 md:grid-cols-2" {
                div {
                    label for="account-name" class=(LABEL) { (reader.t("sign-in-name")) }
                    input #account-name name="name" required maxlength="64" autocomplete="off" autocapitalize="none"
                        spellcheck="false" class=(FIELD);
                }
                (role_field(reader, "account-role", Role::Agent))
                div class="md:col-span-2" {
                    (password_field(reader, "account-password", "account-first-password", "account-password-hint", true))
                }
                div class="md:col-span-2" { button class=(BUTTON) { (reader.t("account-make")) } }
            }
        }
    }
}

fn role_field(reader: &Reader, id: &str, chosen: Role) -> Markup {
    html! {
        div {
            label for=(id) class=(LABEL) { (reader.t("account-role")) }
            select id=(id) name="role" class=(FIELD) {
                @for role in [Role::Agent, Role::Viewer, Role::Administrator] {
                    option value=(role.as_str()) selected[role == chosen] { (role_name(reader, role)) }
                }
            }
        }
    }
}

fn password_field(reader: &Reader, id: &str, key: &str, hint: &str, is_required: bool) -> Markup {
    html! {
        div {
            label for=(id) class=(LABEL) { (reader.t(key)) }
            input id=(id) type="password" name="password" required[is_required] minlength="12" maxlength="256"
                autocomplete="new-password" aria-describedby={ (id) "-hint" } class=(FIELD);
            (field_hint(&format!("{id}-hint"), &reader.t(hint)))
        }
    }
}
