//! One's own password and sessions.

use axum::{
    Form,
    extract::Path,
    response::{Redirect, Response},
};
use jiff::Timestamp;
use maud::{Markup, html};
use serde::Deserialize;

use super::{News, own};
use crate::{
    store::{
        audit::{self, Action},
        sessions::{self, ListedSession, SessionHash},
        staff,
    },
    web::{
        layout::{
            BUTTON, BUTTON_QUIET, CARD, FIELD, Icon, LABEL, Tone, badge, card_heading, field_hint, icon, when,
        },
        pages::{
            PageError, Reader, Visit,
            setup::{explained, hashed},
        },
        session::{AuthSession, Credentials, Device, begin, device_of, hash_of, knows_password},
    },
};

/// What changing the password sends.
#[derive(Deserialize)]
pub(crate) struct Changing {
    old: String,
    new: String,
}

/// `POST /settings/password`: every other session of the account ends.
pub(crate) async fn change_password(
    visit: Visit,
    mut auth: AuthSession,
    device: Device,
    Form(Changing { old, new }): Form<Changing>,
) -> Result<Response, PageError> {
    let Visit { state, reader, account, .. } = &visit;
    if !knows_password(&auth, account, old).await? {
        return own(&visit, hash_of(&auth), News::bad(reader.t("password-old-wrong"))).await;
    }
    if let Err(invalid) = staff::check_password(&account.name, &new) {
        return own(&visit, hash_of(&auth), News::bad(explained(reader, invalid))).await;
    }
    let (hash, new) = hashed(new).await?;
    let (id, this, by) = (account.id, hash_of(&auth), visit.name());
    let changed = state.store.write(move |tx| {
        staff::set_password(tx, id, &hash)?;
        sessions::end_all_of(tx, id, this)?;
        audit::add(tx, &by, Action::PasswordChanged, &format!("account {by}"), "", Timestamp::now())
    });
    changed.await?;
    // This session goes on, begun anew with the new password.
    let credentials = Credentials { name: visit.name(), password: new };
    let user = auth.authenticate(credentials).await?.ok_or(PageError::Internal)?;
    begin(&mut auth, &user, device).await?;
    state.realtime.sessions_ended();
    own(&visit, hash_of(&auth), News::good(reader, "password-changed")).await
}

/// `POST /settings/sessions/{id}/end`.
pub(crate) async fn end_session(
    Visit { state, account, .. }: Visit,
    Path(session): Path<i64>,
) -> Result<Redirect, PageError> {
    let (id, by) = (account.id, account.name.clone());
    let ended = state.store.write(move |tx| {
        let ended = sessions::end_one_of(tx, id, session)?;
        if ended {
            audit::add(tx, &by, Action::SessionEnded, &format!("session {session}"), "", Timestamp::now())?;
        }
        Ok(ended)
    });
    if !ended.await? {
        return Err(PageError::NotFound);
    }
    state.realtime.sessions_ended();
    Ok(Redirect::to("/settings"))
}

/// What this device does when somebody needs help; scripts keep it on the device.
pub(super) fn alerts_card(reader: &Reader) -> Markup {
    html! {
        section class={ (CARD) " not-in-data-live:hidden" } {
            (card_heading(&reader.t("alerts-heading"), Some(&reader.t("alerts-detail"))))
            label class="mt-3 flex min-h-11 cursor-pointer items-center gap-3" {
                input type="checkbox" data-alerts="sound" class="size-5 shrink-0 accent-accent"; (reader.t("alerts-sound"))
            }
            label class="flex min-h-11 cursor-pointer items-center gap-3" {
                input type="checkbox" data-alerts="notifications" aria-describedby="desktop-hint" class="size-5 shrink-0 accent-accent";
                (reader.t("alerts-desktop"))
            }
            (field_hint("desktop-hint", &reader.t("alerts-desktop-hint")))
            button type="button" data-alerts="try" class={ (BUTTON_QUIET) " mt-3" } { (icon(Icon::Bell)) (reader.t("alerts-try")) }
        }
    }
}

pub(super) fn password_card(reader: &Reader) -> Markup {
    html! {
        section class=(CARD) {
            (card_heading(&reader.t("password-heading"), Some(&reader.t("password-detail"))))
            form method="post" action="/settings/password" class="mt-4 max-w-md space-y-4" {
                div {
                    label for="old" class=(LABEL) { (reader.t("password-old")) }
                    input #old type="password" name="old" required maxlength="256" autocomplete="current-password" class=(FIELD);
                }
                div {
                    label for="new" class=(LABEL) { (reader.t("password-new")) }
                    input #new type="password" name="new" required minlength="12" maxlength="256"
                        autocomplete="new-password" aria-describedby="new-hint" class=(FIELD);
                    (field_hint("new-hint", &reader.t("account-password-hint")))
                }
                button class=(BUTTON) { (reader.t("password-change")) }
            }
        }
    }
}

pub(super) fn sessions_card(reader: &Reader, open: &[ListedSession], own: Option<SessionHash>) -> Markup {
    html! {
        section class=(CARD) {
            (card_heading(&reader.t("sessions-heading"), Some(&reader.t("sessions-detail"))))
            ul class="mt-3 divide-y divide-line" {
                @for session in open {
                    @let Device { browser, address } = device_of(&session.data);
                    li class="flex flex-wrap items-center gap-3 py-3" {
                        div class="min-w-0 grow" {
                            p class="break-words" { (browser_name(&browser)) " · " (address) }
                            p class="text-sm text-ink-soft" {
                                (reader.t("sessions-last")) " " (when(reader, session.last_seen_at))
                            }
                        }
                        @if own == Some(session.hash) { (badge(Tone::Good, Some(Icon::Check), &reader.t("sessions-this"))) }
                        @else {
                            form method="post" action={ "/settings/sessions/" (session.id) "/end" } {
                                button class=(BUTTON_QUIET) { (reader.t("sessions-end")) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Signing out, where the navigation has no room for it.
pub(super) fn sign_out(reader: &Reader) -> Markup {
    html! {
        form method="post" action="/sign-out" {
            button class={ (BUTTON_QUIET) " w-full" } { (icon(Icon::Leave)) (reader.t("sign-out")) }
        }
    }
}

/// A browser's and a system's name, as far as the agent string tells them.
fn browser_name(agent: &str) -> String {
    let browsers = [
        ("Edg", "Edge"),
        ("OPR", "Opera"),
        ("Firefox", "Firefox"),
        ("Chrome", "Chrome"),
        ("Safari", "Safari"),
    ];
    let systems = [
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("Windows", "Windows"),
        ("Mac OS", "macOS"),
        ("Linux", "Linux"),
    ];
    let known = |names: &[(&str, &'static str)]| {
        names.iter().find(|(sign, _)| agent.contains(sign)).map(|(_, name)| *name)
    };
    match (known(&browsers), known(&systems)) {
        (Some(browser), Some(system)) => format!("{browser}, {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => agent.chars().take(40).collect(),
    }
}
