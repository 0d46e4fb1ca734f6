//! The Signal end of a device that the server itself plays: a patient's phone, or the account's own.

use std::collections::HashMap;

use rand::rngs::StdRng;
use whatsapp_rust::{
    async_trait,
    wacore::{
        crypto::{calculate_curve_signature, generate_curve_key_pair},
        libsignal::protocol::{
            CiphertextMessage, Direction, GenericSignedPreKey as _, IdentityChange, IdentityKey,
            IdentityKeyPair, IdentityKeyStore, KeyPair, PreKeyId, PreKeyRecord, PreKeySignalMessage,
            PreKeyStore, ProtocolAddress, SenderKeyName, SenderKeyRecord, SenderKeyStore, SessionRecord,
            SessionStore, SignalMessage, SignalProtocolError, SignedPreKeyId, SignedPreKeyRecord,
            SignedPreKeyStore, Timestamp, UsePQRatchet, create_sender_key_distribution_message,
            group_encrypt, has_session, message_decrypt, message_encrypt, process_prekey_bundle,
        },
    },
};

use crate::{
    error::{Error, Result},
    keys::{Bundle, SignedKey},
    noise::public_bytes,
};

type SignalResult<T> = std::result::Result<T, SignalProtocolError>;

/// The id of the one signed prekey.
const SIGNED_KEY: u32 = 1;

/// A device's Signal state, in memory.
pub(crate) struct Peer {
    identities: Identities,
    one_time: NoOneTimeKeys,
    signed: Signed,
    sessions: Sessions,
    groups: SenderKeys,
    public: Bundle,
}

impl Peer {
    pub(crate) fn new(identity: KeyPair) -> Result<Self> {
        let registration_id = rand::random::<u32>() & 0x3FFF;
        let signed = generate_curve_key_pair();
        let signature = calculate_curve_signature(&identity.private_key, &signed.public_key.serialize())?;
        let record =
            SignedPreKeyRecord::new(SIGNED_KEY.into(), Timestamp::from_epoch_millis(0), &signed, &signature);
        let public = Bundle {
            registration_id,
            identity: public_bytes(&identity),
            signed: SignedKey {
                id: SIGNED_KEY,
                public: public_bytes(&signed),
                signature: signature.to_vec(),
            },
            one_time: None,
        };
        Ok(Self {
            identities: Identities { own: identity.into(), registration_id, known: HashMap::new() },
            one_time: NoOneTimeKeys,
            signed: Signed(record),
            sessions: Sessions::default(),
            groups: SenderKeys::default(),
            public,
        })
    }

    /// What others need to write to this device. It has no one-time keys.
    pub(crate) fn bundle(&self) -> Bundle {
        self.public.clone()
    }

    pub(crate) async fn knows(&self, user: &str, device: u16) -> Result<bool> {
        Ok(has_session(&self.sessions, &address(user, device)).await?)
    }

    /// Opens a new session.
    pub(crate) async fn open(&mut self, user: &str, device: u16, bundle: &Bundle) -> Result<()> {
        process_prekey_bundle(
            &address(user, device),
            &mut self.sessions,
            &mut self.identities,
            &bundle.to_signal(device)?,
            &mut rand::make_rng::<StdRng>(),
            UsePQRatchet::No,
        )
        .await?;
        Ok(())
    }

    /// Encrypts; gives the type that `<enc>` is to name, and the bytes.
    pub(crate) async fn encrypt(
        &mut self,
        user: &str,
        device: u16,
        plain: &[u8],
    ) -> Result<(&'static str, Vec<u8>)> {
        let to = address(user, device);
        match message_encrypt(plain, &to, &mut self.sessions, &mut self.identities).await? {
            CiphertextMessage::SignalMessage(message) => Ok(("msg", message.into_serialized().into_vec())),
            CiphertextMessage::PreKeySignalMessage(message) => {
                Ok(("pkmsg", message.into_serialized().into_vec()))
            }
            _ => Err(Error::Signal(SignalProtocolError::InvalidArgument("no pairwise message".into()))),
        }
    }

    /// Decrypts what `<enc>` of this type holds.
    pub(crate) async fn decrypt(
        &mut self,
        user: &str,
        device: u16,
        kind: &str,
        bytes: &[u8],
    ) -> Result<Vec<u8>> {
        let message = match kind {
            "pkmsg" => CiphertextMessage::PreKeySignalMessage(PreKeySignalMessage::try_from(bytes)?),
            _ => CiphertextMessage::SignalMessage(SignalMessage::try_from(bytes)?),
        };
        let decrypted = message_decrypt(
            &message,
            &address(user, device),
            &mut self.sessions,
            &mut self.identities,
            &mut self.one_time,
            &self.signed,
            &mut rand::make_rng::<StdRng>(),
            UsePQRatchet::No,
        )
        .await?;
        Ok(decrypted.plaintext)
    }

    /// The message that tells a group's members this device's sender key, which is made with the first call.
    pub(crate) async fn distribute(&mut self, group: &str, sender: &str) -> Result<Vec<u8>> {
        let name = SenderKeyName::from_parts(group, sender);
        let message =
            create_sender_key_distribution_message(&name, &mut self.groups, &mut rand::make_rng::<StdRng>())
                .await?;
        Ok(message.into_serialized().into_vec())
    }

    /// Encrypts for a group's members, once they were told the sender key.
    pub(crate) async fn encrypt_for_group(
        &mut self,
        group: &str,
        sender: &str,
        plain: &[u8],
    ) -> Result<Vec<u8>> {
        let name = SenderKeyName::from_parts(group, sender);
        let mut random = rand::make_rng::<StdRng>();
        let message = group_encrypt(&mut self.groups, &name, plain, &mut random).await?;
        Ok(message.into_serialized().into_vec())
    }
}

/// The address under which this device keeps a session; only this device ever sees it.
fn address(user: &str, device: u16) -> ProtocolAddress {
    ProtocolAddress::new(user, u32::from(device).into())
}

struct Identities {
    own: IdentityKeyPair,
    registration_id: u32,
    known: HashMap<String, IdentityKey>,
}

#[async_trait]
impl IdentityKeyStore for Identities {
    async fn get_identity_key_pair(&self) -> SignalResult<IdentityKeyPair> {
        Ok(self.own.clone())
    }

    async fn get_local_registration_id(&self) -> SignalResult<u32> {
        Ok(self.registration_id)
    }

    async fn save_identity(
        &mut self,
        address: &ProtocolAddress,
        identity: &IdentityKey,
    ) -> SignalResult<IdentityChange> {
        let before = self.known.insert(address.as_str().to_owned(), *identity);
        Ok(IdentityChange::from_changed(before.is_some_and(|before| before != *identity)))
    }

    async fn is_trusted_identity(
        &self,
        _address: &ProtocolAddress,
        _identity: &IdentityKey,
        _direction: Direction,
    ) -> SignalResult<bool> {
        // As the phone does: a changed identity is worth a note, not a refusal.
        Ok(true)
    }

    async fn get_identity(&self, address: &ProtocolAddress) -> SignalResult<Option<IdentityKey>> {
        Ok(self.known.get(address.as_str()).copied())
    }
}

#[derive(Default)]
struct Sessions(HashMap<String, SessionRecord>);

#[async_trait]
impl SessionStore for Sessions {
    async fn load_session(&self, address: &ProtocolAddress) -> SignalResult<Option<SessionRecord>> {
        Ok(self.0.get(address.as_str()).cloned())
    }

    async fn has_session(&self, address: &ProtocolAddress) -> SignalResult<bool> {
        Ok(self.0.contains_key(address.as_str()))
    }

    async fn store_session(&mut self, address: &ProtocolAddress, record: SessionRecord) -> SignalResult<()> {
        self.0.insert(address.as_str().to_owned(), record);
        Ok(())
    }
}

/// This device hands out its signed prekey only.
struct NoOneTimeKeys;

#[async_trait]
impl PreKeyStore for NoOneTimeKeys {
    async fn get_pre_key(&self, _id: PreKeyId) -> SignalResult<PreKeyRecord> {
        Err(SignalProtocolError::InvalidPreKeyId)
    }

    async fn save_pre_key(&mut self, _id: PreKeyId, _record: &PreKeyRecord) -> SignalResult<()> {
        Ok(())
    }

    async fn remove_pre_key(&mut self, _id: PreKeyId) -> SignalResult<()> {
        Ok(())
    }
}

struct Signed(SignedPreKeyRecord);

#[async_trait]
impl SignedPreKeyStore for Signed {
    async fn get_signed_pre_key(&self, _id: SignedPreKeyId) -> SignalResult<SignedPreKeyRecord> {
        Ok(self.0.clone())
    }

    async fn save_signed_pre_key(
        &mut self,
        _id: SignedPreKeyId,
        record: &SignedPreKeyRecord,
    ) -> SignalResult<()> {
        self.0 = record.clone();
        Ok(())
    }
}

#[derive(Default)]
struct SenderKeys(HashMap<String, SenderKeyRecord>);

#[async_trait]
impl SenderKeyStore for SenderKeys {
    async fn store_sender_key(&mut self, name: &SenderKeyName, record: SenderKeyRecord) -> SignalResult<()> {
        self.0.insert(name.cache_key().to_owned(), record);
        Ok(())
    }

    async fn load_sender_key(&self, name: &SenderKeyName) -> SignalResult<Option<SenderKeyRecord>> {
        Ok(self.0.get(name.cache_key()).cloned())
    }
}
