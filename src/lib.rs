//! Satu Bumi, the WhatsApp assistant of RSH Satu Bumi.

pub mod ai;
pub mod assistant;
pub mod chat;
pub mod domain;
pub mod evaluation;
pub mod i18n;
pub mod knowledge;
pub mod language;
pub mod store;
pub mod tasks;
pub mod web;
