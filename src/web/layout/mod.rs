//! The design language: the shell around every page, and the parts that pages are made of.
//!
//! Cards and parts are pure functions from data to [`Markup`]. Colours, type and spacing are Tailwind's utilities over the
//! names in `web/styles/app.css`; `/styleguide` shows them all in one place.

mod icon;
mod parts;
mod shell;

pub(super) use icon::{Icon, icon};
pub(super) use parts::{
    BUTTON, BUTTON_ALARM, BUTTON_QUIET, CARD, FIELD, LABEL, Tone, badge, card_heading, clock, day, empty,
    exactly, field_hint, note, skeleton, tabs, when, whole_day,
};
pub(super) use shell::{Html, Page, Section, language_switch, page, role_name};
