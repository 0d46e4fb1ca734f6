//! How the bot behaves: whom it answers, how long it lets patients type, when staff are there.

use std::time::Duration;

use axum::{Form, response::Response};
use jiff::civil::Date;
use maud::{Markup, html};
use serde::Deserialize;

use super::{News, Tab, framed};
use crate::{
    chat::{Quiet, Settings, StaffHours},
    web::{
        layout::{BUTTON, BUTTON_QUIET, CARD, FIELD, LABEL, card_heading, field_hint},
        pages::{PageError, Visit},
    },
};

/// Seconds that a patient may be waited for at most.
const MOST_SECONDS: u64 = 120;

/// `GET /settings/bot`.
pub(crate) async fn index(visit: Visit) -> Response {
    shown(&visit, &Given::of(&visit.state.chat.settings()), None)
}

/// What the form sends: hours and holidays one a line.
#[derive(Deserialize)]
pub(crate) struct Given {
    /// A box that is not ticked is not sent.
    #[serde(default)]
    bot_answers_new: bool,
    quiet_seconds: u64,
    quiet_at_most_seconds: u64,
    staff_hours: String,
    staff_holidays: String,
}

impl Given {
    fn of(settings: &Settings) -> Self {
        let days: Vec<String> = settings.staff_hours.holidays().map(|day| day.to_string()).collect();
        Self {
            bot_answers_new: settings.bot_answers_new,
            quiet_seconds: settings.quiet.after.as_secs(),
            quiet_at_most_seconds: settings.quiet.at_most.as_secs(),
            staff_hours: settings.staff_hours.spans().join("\n"),
            staff_holidays: days.join("\n"),
        }
    }

    /// What is meant, or the key of what is wrong with the line or number that is named.
    fn settings(&self) -> Result<Settings, (&'static str, String)> {
        let (after, at_most) = (self.quiet_seconds, self.quiet_at_most_seconds);
        if at_most > MOST_SECONDS || after > at_most {
            return Err(("bot-wrong-quiet", MOST_SECONDS.to_string()));
        }
        let days = lines(&self.staff_holidays)
            .map(|line| line.parse::<Date>().map_err(|_| ("bot-wrong-holiday", line.to_owned())));
        let days: Vec<Date> = days.collect::<Result<_, _>>()?;
        let spans: Vec<String> = lines(&self.staff_hours).map(str::to_owned).collect();
        Ok(Settings {
            bot_answers_new: self.bot_answers_new,
            quiet: Quiet { after: Duration::from_secs(after), at_most: Duration::from_secs(at_most) },
            staff_hours: StaffHours::parse(&spans, days).map_err(|span| ("bot-wrong-hours", span))?,
        })
    }
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty())
}

/// `POST /settings/bot`: in force from the next message on.
pub(crate) async fn change(visit: Visit, Form(given): Form<Given>) -> Result<Response, PageError> {
    let reader = &visit.reader;
    match given.settings() {
        Ok(settings) => {
            visit.state.chat.change_settings(Some(settings), visit.name()).await?;
            Ok(shown(&visit, &Given::of(&visit.state.chat.settings()), News::good(reader, "bot-saved")))
        }
        Err((key, what)) => Ok(shown(&visit, &given, News::bad(reader.tw(key, [("what", what.into())])))),
    }
}

/// `POST /settings/bot/reset`: back to what the configuration says.
pub(crate) async fn reset(visit: Visit) -> Result<Response, PageError> {
    visit.state.chat.change_settings(None, visit.name()).await?;
    let given = Given::of(&visit.state.chat.settings());
    Ok(shown(&visit, &given, News::good(&visit.reader, "bot-is-reset")))
}

fn shown(visit: &Visit, given: &Given, news: Option<News>) -> Response {
    let reader = &visit.reader;
    let cards = html! {
        section class=(CARD) {
            (card_heading(&reader.t("bot-heading"), Some(&reader.t("bot-detail"))))
            form method="post" action="/settings/bot" class="mt-4 space-y-6" {
                label class="flex min-h-11 cursor-pointer items-center gap-3" {
                    input type="checkbox" name="bot_answers_new" value="true" checked[given.bot_answers_new] class="size-5 shrink-0 accent-accent";
                    (reader.t("bot-answers-new"))
                }
                fieldset class="grid gap-4 sm:grid-cols-2" {
                    legend class=(LABEL) { (reader.t("bot-quiet")) }
                    (seconds("quiet_seconds", &reader.t("bot-quiet-after"), given.quiet_seconds))
                    (seconds("quiet_at_most_seconds", &reader.t("bot-quiet-at-most"), given.quiet_at_most_seconds))
                    p class="text-sm text-ink-soft sm:col-span-2" { (reader.t("bot-quiet-hint")) }
                }
                div class="grid gap-4 sm:grid-cols-2" {
                    div {
                        label for="staff_hours" class=(LABEL) { (reader.t("bot-hours")) }
                        textarea #staff_hours name="staff_hours" rows="4" aria-describedby="hours-hint" spellcheck="false"
                            class={ (FIELD) " font-mono" } { (given.staff_hours) }
                        (field_hint("hours-hint", &reader.t("bot-hours-hint")))
                    }
                    div {
                        label for="staff_holidays" class=(LABEL) { (reader.t("bot-holidays")) }
                        textarea #staff_holidays name="staff_holidays" rows="4" aria-describedby="holidays-hint" spellcheck="false"
                            class={ (FIELD) " font-mono" } { (given.staff_holidays) }
                        (field_hint("holidays-hint", &reader.t("bot-holidays-hint")))
                    }
                }
                button class=(BUTTON) { (reader.t("save")) }
            }
            form method="post" action="/settings/bot/reset" class="mt-4 border-t border-line pt-4" {
                button class=(BUTTON_QUIET) { (reader.t("bot-reset")) }
            }
        }
    };
    framed(visit, Tab::Bot, news, &cards)
}

fn seconds(name: &str, words: &str, value: u64) -> Markup {
    html! {
        div {
            label for=(name) class="block text-sm" { (words) }
            input id=(name) type="number" name=(name) value=(value) required min="0" max=(MOST_SECONDS) inputmode="numeric" class=(FIELD);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(hours: &str, holidays: &str, quiet: (u64, u64)) -> Given {
        Given {
            bot_answers_new: true,
            quiet_seconds: quiet.0,
            quiet_at_most_seconds: quiet.1,
            staff_hours: hours.to_owned(),
            staff_holidays: holidays.to_owned(),
        }
    }

    #[test]
    fn what_is_right_is_read_and_what_is_wrong_is_named() {
        let right = given("Mon-Fri 08:00-16:00\n\n Sat 08:00-12:00 \n", "2026-12-25\n", (2, 10));
        let settings = right.settings().unwrap();
        assert_eq!(settings.staff_hours.spans(), ["Mon-Fri 08:00-16:00", "Sat 08:00-12:00"]);
        assert_eq!(Given::of(&settings).staff_holidays, "2026-12-25");
        for (wrong, key) in [
            (given("Senin 08:00-16:00", "", (2, 10)), "bot-wrong-hours"),
            (given("", "25 Desember", (2, 10)), "bot-wrong-holiday"),
            (given("", "", (11, 10)), "bot-wrong-quiet"),
            (given("", "", (1, MOST_SECONDS + 1)), "bot-wrong-quiet"),
        ] {
            assert_eq!(wrong.settings().err().map(|(key, _)| key), Some(key));
        }
    }
}
