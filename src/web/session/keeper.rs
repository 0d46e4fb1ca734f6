//! Sessions in the database.

use std::fmt;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::Deserialize;
use tower_sessions::{
    SessionStore,
    cookie::time::OffsetDateTime,
    session::{Id, Record},
    session_store::{Error, Result},
};

use crate::{
    domain::StaffId,
    store::{
        Store, StoreError,
        sessions::{self, SessionHash},
    },
};

/// Keeps sessions in the database, each under its cookie's hash.
#[derive(Clone)]
pub(crate) struct Keeper {
    store: Store,
}

impl Keeper {
    pub(crate) fn new(store: Store) -> Self {
        Self { store }
    }
}

impl fmt::Debug for Keeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keeper")
    }
}

#[async_trait]
impl SessionStore for Keeper {
    async fn create(&self, record: &mut Record) -> Result<()> {
        loop {
            let Row { hash, staff, data, expires_at } = Row::of(record)?;
            let created = self.store.write(move |tx| {
                sessions::forget_ended(tx, Timestamp::now())?;
                sessions::create(tx, hash, staff, &data, expires_at, Timestamp::now())
            });
            if created.await.map_err(failed)? {
                return Ok(());
            }
            record.id = Id::default();
        }
    }

    async fn save(&self, record: &Record) -> Result<()> {
        let Row { hash, staff, data, .. } = Row::of(record)?;
        let saved = self.store.write(move |tx| sessions::save(tx, hash, staff, &data));
        saved.await.map_err(failed)
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let (hash, now) = (SessionHash::of(&id.to_string()), Timestamp::now());
        let Some(stored) = self.store.glance(|tx| sessions::load(tx, hash, now)).map_err(failed)? else {
            return Ok(None);
        };
        if stored.use_is_news(now) {
            self.store.write_soon(move |tx| sessions::note_use(tx, hash, now));
        }
        let data = serde_json::from_str(&stored.data).map_err(|error| Error::Decode(error.to_string()))?;
        let expiry_date = OffsetDateTime::from_unix_timestamp(stored.expires_at.as_second())
            .map_err(|error| Error::Decode(error.to_string()))?;
        Ok(Some(Record { id: *id, data, expiry_date }))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        let hash = SessionHash::of(&id.to_string());
        self.store.write(move |tx| sessions::end(tx, hash)).await.map_err(failed)
    }
}

struct Row {
    hash: SessionHash,
    staff: Option<StaffId>,
    data: String,
    expires_at: Timestamp,
}

impl Row {
    fn of(record: &Record) -> Result<Self> {
        let data = serde_json::to_string(&record.data).map_err(|error| Error::Encode(error.to_string()))?;
        let expires_at = Timestamp::from_second(record.expiry_date.unix_timestamp())
            .map_err(|error| Error::Encode(error.to_string()))?;
        Ok(Self { hash: SessionHash::of(&record.id.to_string()), staff: staff_of(record), data, expires_at })
    }
}

/// Who is signed in with a session, as axum-login writes it there.
fn staff_of(record: &Record) -> Option<StaffId> {
    #[derive(Deserialize)]
    struct Kept {
        user_id: Option<StaffId>,
    }
    let kept = record.data.get(super::STAFF_KEY)?;
    Kept::deserialize(kept).ok()?.user_id
}

fn failed(error: StoreError) -> Error {
    Error::Backend(error.to_string())
}
