//! Who of the staff is signed in: accounts, sessions in the database, the second factor.
//!
//! A session is a cookie of 128 random bits, changed at sign-in; the database keeps its hash. It ends by signing out, by
//! its age, when nobody uses it, from the account's list of sessions, and when the account is disabled or its password
//! changes. A second factor, where an account has one, is asked for before anybody is signed in.

mod accounts;
mod address;
mod keeper;
mod origin;
mod second_factor;

pub(super) use accounts::{Accounts, Credentials, SignedIn};
pub(super) use address::client_address;
pub(super) use keeper::Keeper;
pub(super) use origin::{Foreign, Proof, same_origin};
pub(super) use second_factor::{check_code, new_secret, otpauth};

use axum_login::{AuthManagerLayer, AuthManagerLayerBuilder};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tower_sessions::{
    Expiry, SessionManagerLayer,
    cookie::{SameSite, time::Duration},
};

use crate::{
    domain::StaffId,
    store::{Store, sessions::SessionHash, staff::StaffAccount},
};

/// The cookie's name.
pub(super) const COOKIE: &str = "satubumi";
/// A session ends after this, however busy it is.
const LONGEST: Duration = Duration::days(7);
/// Where a session keeps who is signed in.
const STAFF_KEY: &str = "staff";
/// Where a session keeps whose second factor is awaited.
const AWAITED_KEY: &str = "awaited";
/// Where a session keeps what it was begun with.
const DEVICE_KEY: &str = "device";
/// Where a session keeps until when a password that was given again counts.
const CONFIRMED_KEY: &str = "confirmed_until";
/// Seconds for which it counts.
const CONFIRMED_FOR: i64 = 600;

/// Who is signed in with a request, if anybody.
pub(super) type AuthSession = axum_login::AuthSession<Accounts>;

/// A failure of sessions, as a request's handler sees it.
pub(super) type SessionError = axum_login::Error<Accounts>;

/// Whose code is awaited after the right password, and where to go then.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Awaited {
    pub(super) staff: StaffId,
    /// Seconds since 1970: the password was right until then.
    pub(super) until: i64,
    pub(super) next: String,
}

/// What a session was begun with, for its owner to know it by.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Device {
    pub(super) browser: String,
    pub(super) address: String,
}

/// Finds out who is signed in; `is_secure` when browsers reach the pages by HTTPS.
pub(super) fn layer(store: Store, is_secure: bool) -> AuthManagerLayer<Accounts, Keeper> {
    let sessions = SessionManagerLayer::new(Keeper::new(store.clone()))
        .with_name(COOKIE)
        .with_secure(is_secure)
        // Lax: whoever follows a link from a message to the dashboard stays signed in.
        .with_same_site(SameSite::Lax)
        .with_expiry(Expiry::OnInactivity(LONGEST));
    AuthManagerLayerBuilder::new(Accounts::new(store), sessions).with_data_key(STAFF_KEY).build()
}

/// The hash under which a session is stored.
pub(super) fn hash_of(auth: &AuthSession) -> Option<SessionHash> {
    auth.session.id().map(|id| SessionHash::of(&id.to_string()))
}

impl Awaited {
    pub(super) async fn put(self, auth: &AuthSession) -> Result<(), SessionError> {
        // The id changes here too: nobody else may have put it into this browser.
        auth.session.cycle_id().await.map_err(SessionError::Session)?;
        auth.session.insert(AWAITED_KEY, self).await.map_err(SessionError::Session)
    }

    pub(super) async fn get(auth: &AuthSession) -> Result<Option<Self>, SessionError> {
        auth.session.get(AWAITED_KEY).await.map_err(SessionError::Session)
    }
}

/// Signs in, with a new cookie, and notes what the session was begun with.
pub(super) async fn begin(
    auth: &mut AuthSession,
    user: &SignedIn,
    device: Device,
) -> Result<(), SessionError> {
    auth.session.remove::<Awaited>(AWAITED_KEY).await.map_err(SessionError::Session)?;
    auth.session.insert(DEVICE_KEY, device).await.map_err(SessionError::Session)?;
    auth.login(user).await
}

/// Whether this is the account's password: asked for again where something can't be taken back.
pub(super) async fn knows_password(
    auth: &AuthSession,
    account: &StaffAccount,
    password: String,
) -> Result<bool, SessionError> {
    let credentials = Credentials { name: account.name.clone(), password };
    Ok(auth.authenticate(credentials).await?.is_some())
}

/// The password was given again just now.
pub(super) async fn confirm(auth: &AuthSession) -> Result<(), SessionError> {
    let until = Timestamp::now().as_second() + CONFIRMED_FOR;
    auth.session.insert(CONFIRMED_KEY, until).await.map_err(SessionError::Session)
}

/// Whether the password was given again lately.
pub(super) async fn is_confirmed(auth: &AuthSession) -> Result<bool, SessionError> {
    let until: Option<i64> = auth.session.get(CONFIRMED_KEY).await.map_err(SessionError::Session)?;
    Ok(until.is_some_and(|until| until > Timestamp::now().as_second()))
}

/// What a stored session was begun with.
pub(super) fn device_of(data: &str) -> Device {
    #[derive(Default, Deserialize)]
    struct Kept {
        device: Option<Device>,
    }
    serde_json::from_str::<Kept>(data).ok().and_then(|kept| kept.device).unwrap_or_default()
}
