//! What administrators may change while the server runs.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{ChatError, ChatService, Quiet};
use crate::{
    assistant::StaffHours,
    store::{
        audit::{self, Action},
        settings,
    },
};

/// How conversations are handled. The page's word counts more than the configuration's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Whether the bot answers a patient who writes for the first time.
    pub bot_answers_new: bool,
    /// How long a patient on WhatsApp may go on typing.
    pub quiet: Quiet,
    /// When staff answer; at other times a hand-over says so.
    pub staff_hours: StaffHours,
}

impl ChatService {
    /// What is in force.
    pub fn settings(&self) -> Settings {
        Settings::clone(&self.inner.settings.load())
    }

    /// Puts in force what administrators have set before.
    ///
    /// # Errors
    /// [`ChatError::Store`], also when what was set can't be read by this version.
    pub async fn load_settings(&self) -> Result<(), ChatError> {
        if let Some(set) = self.inner.store.read(|tx| settings::get(tx, settings::CHAT)).await? {
            self.inner.settings.store(Arc::new(set));
        }
        Ok(())
    }

    /// Changes the settings, from the next message on; `None` goes back to what the configuration says.
    ///
    /// # Errors
    /// [`ChatError::Store`].
    pub async fn change_settings(&self, to: Option<Settings>, by: String) -> Result<(), ChatError> {
        let in_force = to.clone().unwrap_or_else(|| self.inner.options.settings());
        let changed = self.inner.store.write(move |tx| {
            match &to {
                Some(set) => settings::set(tx, settings::CHAT, set)?,
                None => settings::unset(tx, settings::CHAT)?,
            }
            let detail = serde_json::to_string(&to).unwrap_or_default();
            audit::add(tx, &by, Action::SettingChanged, settings::CHAT, &detail, Timestamp::now())
        });
        changed.await?;
        self.inner.settings.store(Arc::new(in_force));
        Ok(())
    }
}
