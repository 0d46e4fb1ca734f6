//! The pages, one file each: its handlers, and the cards that it is made of.

pub(super) mod alerts;
pub(super) mod conversations;
mod error;
pub(super) mod home;
pub(super) mod knowledge;
pub(super) mod language;
mod reader;
pub(super) mod settings;
pub(super) mod setup;
pub(super) mod sign_in;
pub(super) mod styleguide;
mod visit;
pub(super) mod whatsapp;

pub(super) use error::PageError;
pub(super) use reader::Reader;
use visit::{Confirmed, Visit};
