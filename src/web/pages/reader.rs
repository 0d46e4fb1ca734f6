//! Who reads a page, and what it needs to speak to them.

use std::sync::Arc;

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header, request::Parts},
};
use fluent_templates::fluent_bundle::FluentValue;
use jiff::{Timestamp, Zoned, tz::TimeZone};

use super::PageError;
use crate::{
    domain::Language,
    i18n,
    store::staff::{Role, StaffAccount},
    web::{WebState, session::AuthSession},
};

/// The cookie in which whoever is not signed in keeps a chosen language.
pub(crate) const LANGUAGE_COOKIE: &str = "language";

/// Who reads a page. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Reader {
    /// Who is signed in.
    pub(crate) account: Option<Arc<StaffAccount>>,
    /// The language that the page is in: the account's, else the one chosen, else the browser's.
    pub(crate) language: Language,
    /// The zone in which the page tells times: the hospital's.
    pub(crate) zone: TimeZone,
    /// When the page was asked for.
    pub(crate) now: Timestamp,
}

impl Reader {
    pub(crate) fn of(state: &WebState, auth: &AuthSession, headers: &HeaderMap) -> Self {
        let account = auth.user.as_ref().map(|user| Arc::new(user.account.clone()));
        let of_account = account.as_ref().and_then(|account| account.language);
        let language = of_account.or_else(|| chosen(headers)).unwrap_or_else(|| {
            let wanted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
            i18n::preferred(wanted)
        });
        Self { account, language, zone: state.time_zone.clone(), now: Timestamp::now() }
    }

    /// The text of a key.
    pub(crate) fn t(&self, key: &str) -> String {
        i18n::text(self.language, key)
    }

    /// The text of a key with values in it.
    pub(crate) fn tw<'a, const N: usize>(
        &self,
        key: &str,
        values: [(&'static str, FluentValue<'a>); N],
    ) -> String {
        i18n::text_with(self.language, key, values)
    }

    /// A time on the hospital's clocks.
    pub(crate) fn local(&self, at: Timestamp) -> Zoned {
        at.to_zoned(self.zone.clone())
    }

    /// Whether whoever reads may do what takes this role.
    pub(crate) fn may(&self, role: Role) -> bool {
        self.account.as_ref().is_some_and(|account| account.role >= role)
    }
}

impl FromRequestParts<WebState> for Reader {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, _state: &WebState) -> Result<Self, PageError> {
        // The door has put it there.
        parts.extensions.get::<Self>().cloned().ok_or(PageError::Internal)
    }
}

fn chosen(headers: &HeaderMap) -> Option<Language> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|all| all.split(';')).filter_map(|pair| pair.trim().split_once('='));
    match pairs.find(|(name, _)| *name == LANGUAGE_COOKIE)?.1 {
        "id" => Some(Language::Id),
        "en" => Some(Language::En),
        _ => None,
    }
}
