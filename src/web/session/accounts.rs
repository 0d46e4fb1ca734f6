//! Accounts as signing in sees them.

use std::sync::{Arc, LazyLock};

use axum_login::{AuthUser, AuthnBackend};
use tokio::sync::Semaphore;

use crate::{
    domain::StaffId,
    store::{
        Store, StoreError,
        staff::{self, PasswordHash, StaffAccount},
    },
};

/// Passwords that are checked at once: each takes 19 MiB and a core for a while.
const CHECKS_AT_ONCE: usize = 2;

/// What is checked when there is no such account: the answer takes as long as with one.
static NOBODYS: LazyLock<Option<PasswordHash>> = LazyLock::new(|| PasswordHash::of("nobody's password").ok());

/// Whoever is signed in.
#[derive(Clone, Debug)]
pub(crate) struct SignedIn {
    pub(crate) account: StaffAccount,
    fingerprint: [u8; 32],
}

impl SignedIn {
    fn new((account, password): (StaffAccount, PasswordHash)) -> Self {
        Self { fingerprint: password.fingerprint(), account }
    }
}

impl AuthUser for SignedIn {
    type Id = StaffId;

    fn id(&self) -> StaffId {
        self.account.id
    }

    fn session_auth_hash(&self) -> &[u8] {
        &self.fingerprint
    }
}

/// A name and a password. Its fields are in no `Debug`.
pub(crate) struct Credentials {
    pub(crate) name: String,
    pub(crate) password: String,
}

/// The accounts.
#[derive(Clone)]
pub(crate) struct Accounts {
    store: Store,
    checks: Arc<Semaphore>,
}

impl Accounts {
    pub(crate) fn new(store: Store) -> Self {
        Self { store, checks: Arc::new(Semaphore::new(CHECKS_AT_ONCE)) }
    }
}

impl AuthnBackend for Accounts {
    type User = SignedIn;
    type Credentials = Credentials;
    type Error = StoreError;

    async fn authenticate(&self, given: Credentials) -> Result<Option<SignedIn>, StoreError> {
        let Credentials { name, password } = given;
        let found = self.store.read(move |tx| staff::find(tx, &name)).await?;
        let _turn = self.checks.acquire().await.map_err(|_| StoreError::Cancelled)?;
        let checked = tokio::task::spawn_blocking(move || {
            let is_right = match (&found, &*NOBODYS) {
                (Some((_, hash)), _) | (None, Some(hash)) => hash.verify(&password),
                (None, None) => false,
            };
            found.filter(|_| is_right)
        });
        Ok(checked.await.map_err(|_| StoreError::Cancelled)?.map(SignedIn::new))
    }

    async fn get_user(&self, id: &StaffId) -> Result<Option<SignedIn>, StoreError> {
        Ok(self.store.glance(|tx| staff::find_by_id(tx, *id))?.map(SignedIn::new))
    }
}
