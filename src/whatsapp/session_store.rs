//! The session's file as the client sees it, with two of its buffers in our own database.
//!
//! The client keeps every message that comes in until our hook has stored it, and every one that goes out for a while: two
//! writes and a removal a message. Its own file has one connection and commits them one by one; here they are committed
//! together with what else is written at that moment. What identifies the session, its keys above all, stays in its file.

use std::collections::HashMap;

use jiff::Timestamp;
use whatsapp_rust::{
    async_trait,
    bytes::Bytes,
    store::{
        AppStateSyncKey, AppSyncStore, DeviceListRecord, DeviceStore, LidPnMappingEntry, MsgSecretEntry,
        MsgSecretStore, PendingInboundKey, PendingInboundRow, ProtocolStore, SignalStore, SqliteStore,
        TcTokenEntry,
    },
    wacore::{
        appstate::{hash::HashState, processor::AppStateMutationMAC},
        reporting_token::MESSAGE_SECRET_SIZE,
        stats::StorageResourceReport,
        store::{
            Device,
            error::{Result, StoreError},
        },
    },
};

use crate::store::{
    self, Store,
    client_buffers::{self, Buffer, Name},
};

/// The client's storage.
pub(super) struct SessionStore {
    /// Everything but the buffers.
    pub file: SqliteStore,
    /// The buffers.
    pub store: Store,
}

/// Implements a trait of the client's by asking the file, but for the methods that follow the list.
macro_rules! by_the_file {
    ($trait:ident { $(fn $name:ident($($arg:ident: $type:ty),*) -> $given:ty;)* } $($own:tt)*) => {
        #[async_trait]
        impl $trait for SessionStore {
            $(async fn $name(&self, $($arg: $type),*) -> $given { self.file.$name($($arg),*).await })*
            $($own)*
        }
    };
}

by_the_file! { SignalStore {
    fn put_identity(address: &str, key: [u8; 32]) -> Result<()>;
    fn load_identity(address: &str) -> Result<Option<[u8; 32]>>;
    fn delete_identity(address: &str) -> Result<()>;
    fn get_session(address: &str) -> Result<Option<Bytes>>;
    fn put_session(address: &str, session: &[u8]) -> Result<()>;
    fn delete_session(address: &str) -> Result<()>;
    fn has_session(address: &str) -> Result<bool>;
    fn has_signal_state_for_user(user: &str) -> Result<bool>;
    fn store_prekey(id: u32, record: &[u8], uploaded: bool) -> Result<()>;
    fn load_prekey(id: u32) -> Result<Option<Bytes>>;
    fn load_prekeys_batch(ids: &[u32]) -> Result<Vec<(u32, Bytes)>>;
    fn mark_prekeys_uploaded(ids: &[u32]) -> Result<()>;
    fn remove_prekey(id: u32) -> Result<()>;
    fn get_max_prekey_id() -> Result<u32>;
    fn store_signed_prekey(id: u32, record: &[u8]) -> Result<()>;
    fn load_signed_prekey(id: u32) -> Result<Option<Vec<u8>>>;
    fn load_all_signed_prekeys() -> Result<Vec<(u32, Vec<u8>)>>;
    fn remove_signed_prekey(id: u32) -> Result<()>;
    fn put_sender_key(address: &str, record: &[u8]) -> Result<()>;
    fn get_sender_key(address: &str) -> Result<Option<Vec<u8>>>;
    fn delete_sender_key(address: &str) -> Result<()>;
} }

by_the_file! { AppSyncStore {
    fn get_sync_key(key_id: &[u8]) -> Result<Option<AppStateSyncKey>>;
    fn set_sync_key(key_id: &[u8], key: AppStateSyncKey) -> Result<()>;
    fn get_version(name: &str) -> Result<HashState>;
    fn set_version(name: &str, state: HashState) -> Result<()>;
    fn put_mutation_macs(name: &str, version: u64, mutations: &[AppStateMutationMAC]) -> Result<()>;
    fn get_mutation_mac(name: &str, index_mac: &[u8]) -> Result<Option<Vec<u8>>>;
    fn get_mutation_macs(name: &str, index_macs: &[[u8; 32]]) -> Result<HashMap<[u8; 32], Vec<u8>>>;
    fn delete_mutation_macs(name: &str, index_macs: &[Vec<u8>]) -> Result<()>;
    fn clear_mutation_macs(name: &str) -> Result<()>;
    fn get_latest_sync_key_id() -> Result<Option<Vec<u8>>>;
} }

by_the_file! { MsgSecretStore {
    fn put_msg_secret(chat: &str, sender: &str, id: &str, secret: &[u8; MESSAGE_SECRET_SIZE]) -> Result<()>;
    fn put_msg_secrets(entries: Vec<MsgSecretEntry>) -> Result<usize>;
    fn get_msg_secret(chat: &str, sender: &str, id: &str) -> Result<Option<Vec<u8>>>;
    fn get_msg_secret_with_ts(chat: &str, sender: &str, id: &str) -> Result<Option<(Vec<u8>, i64)>>;
    fn delete_expired_msg_secrets(cutoff: i64) -> Result<u32>;
} }

by_the_file! { DeviceStore {
    fn save(device: &Device) -> Result<()>;
    fn load() -> Result<Option<Device>>;
    fn exists() -> Result<bool>;
    fn create() -> Result<i32>;
    fn snapshot_db(name: &str, extra_content: Option<&[u8]>) -> Result<()>;
    fn resource_report() -> StorageResourceReport;
} }

by_the_file! { ProtocolStore {
    fn get_sender_key_devices(group: &str) -> Result<Vec<(String, bool)>>;
    fn set_sender_key_status(group: &str, entries: &[(&str, bool)]) -> Result<()>;
    fn clear_sender_key_devices(group: &str) -> Result<()>;
    fn delete_sender_key_device_rows(devices: &[&str]) -> Result<()>;
    fn clear_all_sender_key_devices() -> Result<()>;
    fn get_lid_mapping(lid: &str) -> Result<Option<LidPnMappingEntry>>;
    fn get_pn_mapping(phone: &str) -> Result<Option<LidPnMappingEntry>>;
    fn put_lid_mapping(entry: &LidPnMappingEntry) -> Result<()>;
    fn put_lid_mappings(entries: &[LidPnMappingEntry]) -> Result<()>;
    fn get_all_lid_mappings() -> Result<Vec<LidPnMappingEntry>>;
    fn save_base_key(address: &str, id: &str, base_key: &[u8]) -> Result<()>;
    fn has_same_base_key(address: &str, id: &str, base_key: &[u8]) -> Result<bool>;
    fn delete_base_key(address: &str, id: &str) -> Result<()>;
    fn update_device_list(record: DeviceListRecord) -> Result<()>;
    fn update_device_lists(records: Vec<DeviceListRecord>) -> Result<()>;
    fn get_devices(user: &str) -> Result<Option<DeviceListRecord>>;
    fn delete_devices(user: &str) -> Result<()>;
    fn get_group_metadata(group: &str) -> Result<Option<Vec<u8>>>;
    fn put_group_metadata(group: &str, blob: &[u8]) -> Result<()>;
    fn delete_group_metadata(group: &str) -> Result<()>;
    fn get_tc_token(jid: &str) -> Result<Option<TcTokenEntry>>;
    fn put_tc_token(jid: &str, entry: &TcTokenEntry) -> Result<()>;
    fn delete_tc_token(jid: &str) -> Result<()>;
    fn get_all_tc_token_jids() -> Result<Vec<String>>;
    fn delete_expired_tc_tokens(token_cutoff: i64, sender_cutoff: i64) -> Result<u32>;
    fn touch_tc_token_sender_timestamp(jid: &str, at: i64) -> Result<()>;
    fn store_received_tc_token(jid: &str, token: &[u8], at: i64) -> Result<()>;
}
    async fn store_sent_message(&self, chat: &str, id: &str, payload: &[u8]) -> Result<()> {
        let (name, payload) = (name(chat, "", id), payload.to_vec());
        // Whoever asks for it asks the same line of writes.
        self.store.write_soon(move |tx| {
            client_buffers::put(tx, Buffer::Sent, &name, &payload, Timestamp::now())
        });
        Ok(())
    }

    async fn take_sent_message(&self, chat: &str, id: &str) -> Result<Option<Vec<u8>>> {
        let name = name(chat, "", id);
        let taken = self.store.write(move |tx| {
            let message = client_buffers::get(tx, Buffer::Sent, &name)?;
            client_buffers::remove(tx, Buffer::Sent, &name)?;
            Ok(message)
        });
        taken.await.map_err(refused)
    }

    async fn delete_expired_sent_messages(&self, cutoff: i64) -> Result<u32> {
        self.remove_older(Buffer::Sent, cutoff).await
    }

    async fn store_pending_inbound(&self, chat: &str, sender: &str, id: &str, message: &[u8]) -> Result<()> {
        self.put(Buffer::Inbound, vec![(name(chat, sender, id), message.to_vec())]).await
    }

    async fn get_pending_inbound(&self, chat: &str, sender: &str, id: &str) -> Result<Option<Vec<u8>>> {
        let name = name(chat, sender, id);
        self.store.read(move |tx| client_buffers::get(tx, Buffer::Inbound, &name)).await.map_err(refused)
    }

    async fn delete_pending_inbound(&self, chat: &str, sender: &str, id: &str) -> Result<()> {
        self.remove_soon(vec![name(chat, sender, id)]);
        Ok(())
    }

    async fn delete_expired_pending_inbound(&self, cutoff: i64) -> Result<u32> {
        self.remove_older(Buffer::Inbound, cutoff).await
    }

    async fn store_pending_inbound_batch(&self, rows: &[PendingInboundRow<'_>]) -> Result<()> {
        let named = rows.iter().map(|row| (name(row.chat, row.sender, row.id), row.message.to_vec()));
        self.put(Buffer::Inbound, named.collect()).await
    }

    async fn delete_pending_inbound_batch(&self, keys: &[PendingInboundKey<'_>]) -> Result<()> {
        self.remove_soon(keys.iter().map(|key| name(key.chat, key.sender, key.id)).collect());
        Ok(())
    }
}

impl SessionStore {
    async fn put(&self, buffer: Buffer, messages: Vec<(Name, Vec<u8>)>) -> Result<()> {
        let put = self.store.write(move |tx| {
            let at = Timestamp::now();
            messages.iter().try_for_each(|(name, message)| client_buffers::put(tx, buffer, name, message, at))
        });
        put.await.map_err(refused)
    }

    /// What our hook has stored comes once more after a crash, at worst, and is known then: nobody waits for this.
    fn remove_soon(&self, names: Vec<Name>) {
        self.store.write_soon(move |tx| {
            names.iter().try_for_each(|name| client_buffers::remove(tx, Buffer::Inbound, name))
        });
    }

    async fn remove_older(&self, buffer: Buffer, cutoff: i64) -> Result<u32> {
        let cutoff = Timestamp::from_second(cutoff).unwrap_or(Timestamp::MIN);
        let removed = self.store.write(move |tx| client_buffers::remove_older(tx, buffer, cutoff));
        Ok(u32::try_from(removed.await.map_err(refused)?).unwrap_or(u32::MAX))
    }
}

fn name(chat: &str, sender: &str, id: &str) -> Name {
    Name { chat: chat.to_owned(), sender: sender.to_owned(), id: id.to_owned() }
}

fn refused(error: store::StoreError) -> StoreError {
    StoreError::Database(Box::new(error))
}
