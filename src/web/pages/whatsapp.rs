//! `/whatsapp`: how the hospital's number is connected, and pairing it with a phone.
//!
//! Whoever sees the code can take the number over: only administrators do, and only after giving their password again.

use axum::{
    Form,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use jiff::Timestamp;
use maud::{Markup, html};
use serde::Deserialize;

use super::{Confirmed, PageError, Reader, Visit};
use crate::{
    chat::PhoneNumber,
    i18n,
    store::{
        audit::{self, Action},
        staff::Role,
    },
    web::{
        WebState,
        layout::{
            self, BUTTON, BUTTON_ALARM, BUTTON_QUIET, CARD, FIELD, Html, Icon, LABEL, Page, Section, Tone,
            badge, card_heading, field_hint, icon, note,
        },
        qr,
        session::{AuthSession, confirm, is_confirmed, knows_password},
    },
    whatsapp::Connection,
};

/// `GET /whatsapp`.
pub(crate) async fn index(visit: Visit, auth: AuthSession) -> Result<Html, PageError> {
    Ok(shown(&visit, is_confirmed(&auth).await?, None))
}

/// What asking for the password again sends.
#[derive(Deserialize)]
pub(crate) struct Confirming {
    password: String,
}

/// `POST /whatsapp/confirm`: the password again, before a code is shown or the number logged out.
pub(crate) async fn confirm_password(
    visit: Visit,
    auth: AuthSession,
    Form(Confirming { password }): Form<Confirming>,
) -> Result<Response, PageError> {
    if !knows_password(&auth, &visit.account, password).await? {
        let wrong = visit.reader.t("sign-in-wrong");
        let again = shown(&visit, false, Some(&wrong));
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, again).into_response());
    }
    confirm(&auth).await?;
    Ok(Redirect::to("/whatsapp").into_response())
}

/// `POST /whatsapp/code`: begins pairing and shows the code that is good now; in an open page the next one follows by itself.
pub(crate) async fn code(visit: Visit, _confirmed: Confirmed) -> Result<Html, PageError> {
    let Visit { state, reader, .. } = &visit;
    let code = state.whatsapp.qr().await?;
    note_down(&visit, Action::PairingShown).await?;
    let drawn = qr::data_url(&code.code).map_err(|_| PageError::Internal)?;
    let left = code.valid_until.duration_since(reader.now).as_secs().clamp(1, 120);
    let figure = html! {
        figure #code hx-post="/whatsapp/code" hx-trigger={ "load delay:" (left) "s" } hx-swap="outerHTML" class="text-center" {
            img class="mx-auto size-72 rounded-lg bg-white p-3" alt=(reader.t("whatsapp-code-alt")) src=(drawn);
            figcaption class="mt-2 text-sm text-ink-soft" {
                (reader.t("whatsapp-code-left")) " " span data-countdown=(left) class="tabular-nums" { (left) " s" }
            }
        }
    };
    Ok(if visit.is_fragment {
        Html(figure)
    } else {
        alone(&visit, "whatsapp-pair", "whatsapp-pair-how", &figure)
    })
}

/// `POST /whatsapp/again`: a new set of codes, or a lost connection tried at once.
pub(crate) async fn again(State(state): State<WebState>) -> Result<Redirect, PageError> {
    state.whatsapp.refresh().await?;
    Ok(Redirect::to("/whatsapp"))
}

/// What pairing by number sends.
#[derive(Deserialize)]
pub(crate) struct Pairing {
    number: String,
}

/// `POST /whatsapp/number`: a code to type on the phone.
pub(crate) async fn by_number(
    visit: Visit,
    _confirmed: Confirmed,
    Form(Pairing { number }): Form<Pairing>,
) -> Result<Html, PageError> {
    let number = PhoneNumber::parse(&number).map_err(|_| PageError::Invalid)?;
    let code = visit.state.whatsapp.pair_code(&number).await?;
    note_down(&visit, Action::PairingShown).await?;
    let shown = html! {
        p class="text-center font-mono text-4xl font-semibold tracking-widest" { (code.code) }
    };
    Ok(alone(&visit, "whatsapp-number-heading", "whatsapp-number-how", &shown))
}

/// A page of one card, with the way back.
fn alone(Visit { state, reader, .. }: &Visit, heading: &str, how: &str, shown: &Markup) -> Html {
    let body = html! {
        div class="mx-auto w-full max-w-2xl px-4 py-8" {
            section class=(CARD) {
                h1 class="text-xl font-semibold" { (reader.t(heading)) }
                p class="mt-2" { (reader.t(how)) }
                div class="my-6" { (shown) }
                a href="/whatsapp" class=(BUTTON_QUIET) { (icon(Icon::Back)) (reader.t("panel-back")) }
            }
        }
    };
    layout::page(state, reader, &Page::of(Section::Whatsapp, &reader.t("nav-whatsapp")), &body)
}

/// `POST /whatsapp/leave`: ends the pairing.
pub(crate) async fn leave(visit: Visit, _confirmed: Confirmed) -> Result<Redirect, PageError> {
    note_down(&visit, Action::LoggedOutOfWhatsapp).await?;
    visit.state.whatsapp.logout().await?;
    Ok(Redirect::to("/whatsapp"))
}

async fn note_down(visit: &Visit, action: Action) -> Result<(), PageError> {
    let name = visit.name();
    Ok(visit.state.store.write(move |tx| audit::add(tx, &name, action, "", "", Timestamp::now())).await?)
}

fn shown(Visit { state, reader, .. }: &Visit, is_confirmed: bool, wrong: Option<&str>) -> Html {
    let title = reader.t("nav-whatsapp");
    let connection = state.whatsapp.connection();
    let is_administrator = reader.may(Role::Administrator);
    let body = html! {
        div class="mx-auto w-full max-w-4xl px-4 py-6 md:px-8" {
            h1 class="text-2xl font-semibold" { (title) }
            div class="mt-6 grid gap-4 md:grid-cols-2" {
                (connection_card(reader, &connection))
                @if !is_administrator {
                    section class=(CARD) { p class="text-ink-soft" { (reader.t("whatsapp-only-administrators")) } }
                } @else if connection != Connection::Off {
                    @if is_confirmed { (pairing(reader, &connection)) } @else { (confirming(reader, wrong)) }
                }
            }
        }
    };
    layout::page(state, reader, &Page::of(Section::Whatsapp, &title), &body)
}

/// How the number is connected, and what to do.
pub(super) fn connection_card(reader: &Reader, connection: &Connection) -> Markup {
    let (tone, shows) = match connection {
        Connection::Connected { .. } => (Tone::Good, Icon::Check),
        connection if connection.needs_staff() => (Tone::Alarm, Icon::Alarm),
        Connection::Off | Connection::Unpaired => (Tone::Wait, Icon::Phone),
        _ => (Tone::Info, Icon::Clock),
    };
    let word = connection.word();
    html! {
        section #connection class=(CARD) aria-labelledby="connection-heading" data-refresh-whatsapp="/whatsapp/connection" {
            div #connection-heading { (card_heading(&reader.t("nav-whatsapp"), None)) }
            p class="mt-3" { (badge(tone, Some(shows), &reader.t(&format!("connection-{word}")))) }
            p class="mt-3" { (i18n::connection_advice(reader.language, word)) }
        }
    }
}

/// `GET /whatsapp/connection`: the card alone.
pub(crate) async fn connection_alone(State(state): State<WebState>, reader: Reader) -> Html {
    Html(connection_card(&reader, &state.whatsapp.connection()))
}

fn confirming(reader: &Reader, wrong: Option<&str>) -> Markup {
    html! {
        section class=(CARD) {
            (card_heading(&reader.t("confirm-heading"), Some(&reader.t("confirm-detail"))))
            @if let Some(wrong) = wrong { div class="mt-3" { (note(Tone::Alarm, wrong)) } }
            form method="post" action="/whatsapp/confirm" class="mt-4 space-y-4" {
                div {
                    label for="password" class=(LABEL) { (reader.t("sign-in-password")) }
                    input #password type="password" name="password" required maxlength="256"
                        autocomplete="current-password" class=(FIELD);
                }
                button class=(BUTTON) { (reader.t("confirm")) }
            }
        }
    }
}

fn pairing(reader: &Reader, connection: &Connection) -> Markup {
    let is_paired = !matches!(
        connection,
        Connection::Unpaired | Connection::WaitingForScan | Connection::LoggedOut { .. }
    );
    html! {
        @if is_paired {
            section class=(CARD) {
                (card_heading(&reader.t("whatsapp-paired"), Some(&reader.t("whatsapp-paired-detail"))))
                div class="mt-4 flex flex-wrap gap-3" {
                    form method="post" action="/whatsapp/again" {
                        button class=(BUTTON_QUIET) { (reader.t("whatsapp-again")) }
                    }
                    details {
                        summary class={ (BUTTON_QUIET) " list-none" } { (icon(Icon::Leave)) (reader.t("whatsapp-leave")) }
                        form method="post" action="/whatsapp/leave" class="mt-3 space-y-3" {
                            (note(Tone::Alarm, &reader.t("whatsapp-leave-warning")))
                            button class=(BUTTON_ALARM) { (reader.t("whatsapp-leave-sure")) }
                        }
                    }
                }
            }
        } @else {
            section class=(CARD) {
                (card_heading(&reader.t("whatsapp-pair"), Some(&reader.t("whatsapp-pair-how"))))
                div class="mt-4" {
                    form #code method="post" action="/whatsapp/code" hx-post="/whatsapp/code" hx-trigger="load, submit" hx-swap="outerHTML" {
                        button class=(BUTTON) { (reader.t("whatsapp-show-code")) }
                    }
                }
                form method="post" action="/whatsapp/again" class="mt-4" {
                    button class=(BUTTON_QUIET) { (reader.t("whatsapp-new-codes")) }
                }
                form method="post" action="/whatsapp/number" class="mt-6 space-y-3 border-t border-line pt-4" {
                    label for="number" class=(LABEL) { (reader.t("whatsapp-by-number")) }
                    input #number name="number" required inputmode="tel" autocomplete="off" maxlength="24"
                        aria-describedby="number-hint" class=(FIELD);
                    (field_hint("number-hint", &reader.t("whatsapp-by-number-hint")))
                    button class=(BUTTON_QUIET) { (reader.t("whatsapp-get-code")) }
                }
            }
        }
    }
}
