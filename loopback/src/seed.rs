//! Making a client's store as if it had been linked: it then logs in at once, with no pairing.

use std::{path::Path, sync::Arc};

use whatsapp_rust::{
    store::{Backend, SqliteStore, persistence_manager::PersistenceManager},
    waproto::codec,
};

use crate::{
    account::{Account, Device},
    error::{Error, Result},
    identity::countersign,
    keys::{DeviceKeys, SignedKey},
    noise::public_bytes,
};

/// The account's phone has linked a client already.
impl Account {
    /// Links the client that a store belongs to, a new one if the store is empty, as if it had been paired before and
    /// logged in once. Gives the number of the new device.
    ///
    /// A client with this store logs in with Noise IK, which checks no certificate chain: it needs no danger feature.
    ///
    /// # Errors
    /// [`Error::Store`] when the store can't be read or written.
    pub async fn seed(&self, store: Arc<dyn Backend>) -> Result<u16> {
        let manager =
            PersistenceManager::new(store).await.map_err(|error| Error::Store(error.to_string()))?;
        let client = manager.get_device_snapshot();
        let keys = DeviceKeys {
            registration_id: client.registration_id,
            identity: public_bytes(&client.identity_key),
            signed: SignedKey {
                id: client.signed_pre_key_id,
                public: public_bytes(&client.signed_pre_key),
                signature: client.signed_pre_key_signature.to_vec(),
            },
            one_time: Default::default(),
        };
        let (device, identity, user, migrated) = self.with(|account| {
            let device = account.next_device();
            let signed = account.primary.sign(&keys.identity, device.into())?;
            let identity = countersign(signed, &client.identity_key)?;
            let encoded = codec::adv_signed_device_identity_to_vec(&identity);
            account.devices.insert(device, Device::new(keys, encoded, device.into()));
            Ok::<_, Error>((device, identity, account.user.clone(), account.migrated))
        })?;
        let chain = self.server.hub().key.cached_chain();
        manager
            .modify_device(|client| {
                client.pn = Some(user.pn(device));
                client.lid = Some(user.lid(device));
                client.account = Some(Arc::new(identity));
                client.push_name = user.name;
                client.lid_migrated = migrated;
                client.server_cert_chain = Some(chain);
                // Whatever the store knew of another server's keys, this one has none yet.
                client.server_has_prekeys = false;
            })
            .await;
        manager.flush().await.map_err(|error| Error::Store(error.to_string()))?;
        Ok(device)
    }

    /// [`Account::seed`] for a client that keeps its store in an SQLite file, which is made if there is none.
    ///
    /// # Errors
    /// [`Error::Store`] when the store can't be opened, read or written.
    pub async fn seed_sqlite(&self, path: impl AsRef<Path>) -> Result<u16> {
        let path = path.as_ref();
        let path = path.to_str().ok_or_else(|| Error::Store("the path is not UTF-8".into()))?;
        let store = SqliteStore::new(path).await.map_err(|error| Error::Store(error.to_string()))?;
        self.seed(Arc::new(store)).await
    }
}
