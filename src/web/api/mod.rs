//! The JSON API, one file a resource.

pub(super) mod ask;
pub(super) mod bot_status;
pub(super) mod chats;
pub(super) mod files;
pub(super) mod health;
pub(super) mod live;
pub(super) mod send_message;
pub(super) mod shapes;
pub(super) mod whatsapp;
