//! Who an account's linked devices are: the primary's signatures that make a companion one of the account's own.

use whatsapp_rust::{
    wacore::{
        crypto::{calculate_curve_signature, generate_curve_key_pair},
        libsignal::{crypto::hmac_sha256, protocol::KeyPair},
    },
    waproto::{
        buffa::Message as _,
        codec,
        whatsapp::{
            ADVDeviceIdentity, ADVKeyIndexList, ADVSignedDeviceIdentity, ADVSignedDeviceIdentityHMAC,
            ADVSignedKeyIndexList,
        },
    },
};

use crate::{error::Result, noise::public_bytes, stanza};

/// What the account signature is made over, before the details and the companion's identity.
const ACCOUNT_SIGNATURE: &[u8] = &[6, 0];
/// What the device signature is made over, before the details, the companion's identity and the account's key.
const DEVICE_SIGNATURE: &[u8] = &[6, 1];

/// An account's primary identity: it signs the companions, and it is the phone's identity in Signal.
#[derive(Clone)]
pub(crate) struct Primary {
    pub(crate) pair: KeyPair,
    raw_id: u32,
    /// When the account came to be; the key index list's timestamp.
    since: u64,
}

impl Primary {
    pub(crate) fn generate() -> Self {
        Self { pair: generate_curve_key_pair(), raw_id: rand::random::<u32>() >> 1, since: stanza::now() }
    }

    /// The identity of a companion, signed by the account and not yet by the companion.
    pub(crate) fn sign(&self, companion: &[u8; 32], key_index: u32) -> Result<ADVSignedDeviceIdentity> {
        let details = ADVDeviceIdentity {
            raw_id: Some(self.raw_id),
            timestamp: Some(stanza::now()),
            key_index: Some(key_index),
            ..Default::default()
        }
        .encode_to_vec();
        let signed = [ACCOUNT_SIGNATURE, &details, companion].concat();
        let signature = calculate_curve_signature(&self.pair.private_key, &signed)?;
        Ok(ADVSignedDeviceIdentity {
            details: Some(details),
            account_signature_key: Some(public_bytes(&self.pair).to_vec()),
            account_signature: Some(signature.to_vec()),
            device_signature: None,
        })
    }

    /// What pair-success carries: the identity and, as proof that the phone saw the QR code or knows the pair code,
    /// its MAC under the secret that both share.
    pub(crate) fn sealed(&self, companion: &[u8; 32], key_index: u32, secret: &[u8]) -> Result<Vec<u8>> {
        let details = codec::adv_signed_device_identity_to_vec(&self.sign(companion, key_index)?);
        let hmac = hmac_sha256(secret, &details).to_vec();
        Ok(ADVSignedDeviceIdentityHMAC { details: Some(details), hmac: Some(hmac), ..Default::default() }
            .encode_to_vec())
    }

    /// The list that says which of an account's companions are its own, `indexes` being their key indexes.
    pub(crate) fn key_index_list(&self, indexes: Vec<u32>) -> Result<Vec<u8>> {
        let list = ADVKeyIndexList {
            raw_id: Some(self.raw_id),
            timestamp: Some(self.since),
            current_index: Some(indexes.iter().copied().max().unwrap_or_default()),
            valid_indexes: indexes,
            ..Default::default()
        };
        let details = codec::adv_key_index_list_to_vec(&list);
        let signature = calculate_curve_signature(&self.pair.private_key, &[&[6, 2], &details[..]].concat())?;
        Ok(codec::adv_signed_key_index_list_to_vec(&ADVSignedKeyIndexList {
            details: Some(details),
            account_signature: Some(signature.to_vec()),
            ..Default::default()
        }))
    }

    /// The key index list's timestamp, in seconds since 1970.
    pub(crate) fn since(&self) -> u64 {
        self.since
    }
}

/// Adds the companion's own signature, which a client adds itself when it pairs.
pub(crate) fn countersign(
    mut identity: ADVSignedDeviceIdentity,
    companion: &KeyPair,
) -> Result<ADVSignedDeviceIdentity> {
    let details = identity.details.as_deref().unwrap_or_default();
    let account = identity.account_signature_key.as_deref().unwrap_or_default();
    let signed = [DEVICE_SIGNATURE, details, &public_bytes(companion), account].concat();
    let signature = calculate_curve_signature(&companion.private_key, &signed)?;
    identity.device_signature = Some(signature.to_vec());
    Ok(identity)
}

#[cfg(test)]
mod tests {
    use whatsapp_rust::wacore::adv::{AdvValidation, decode_key_index_list, validate_adv_with_identity_key};

    use super::*;

    #[test]
    fn a_countersigned_identity_is_one_that_clients_trust() {
        let primary = Primary::generate();
        let companion = generate_curve_key_pair();
        let identity = primary.sign(&public_bytes(&companion), 1).unwrap();
        let identity = countersign(identity, &companion).unwrap();
        let encoded = codec::adv_signed_device_identity_to_vec(&identity);
        let verdict = validate_adv_with_identity_key(&encoded, &public_bytes(&companion), None);
        assert_eq!(verdict, AdvValidation::Valid);
        let list = decode_key_index_list(&primary.key_index_list(vec![1, 2]).unwrap()).unwrap();
        assert_eq!((list.current_index, list.valid_indexes), (2, vec![1, 2]));
    }
}
