//! Whether this build verifies that it talks to WhatsApp.
//!
//! The tests pair over a server of their own and build the client with `danger-skip-cert-chain-verify` for that. A feature
//! can leak into a release by unification, so the client itself is asked, before it connects to anybody else.

use whatsapp_rust::{
    buffa::{Message, MessageField},
    wacore::handshake::HandshakeUtils,
    waproto::whatsapp::{
        CertChain,
        cert_chain::{NoiseCertificate, noise_certificate},
    },
};

/// Whether the client refuses a certificate chain that nobody signed.
pub fn is_on() -> bool {
    let key = [7; 32];
    HandshakeUtils::verify_server_cert(&unsigned_chain(key), &key).is_err()
}

/// A chain that is right in everything but its signatures.
fn unsigned_chain(key: [u8; 32]) -> Vec<u8> {
    let certificate = |serial, issuer_serial| {
        let details = noise_certificate::Details {
            serial: Some(serial),
            issuer_serial: Some(issuer_serial),
            key: Some(key.to_vec()),
            not_before: Some(0),
            not_after: Some(u64::from(u32::MAX)),
        };
        MessageField::some(NoiseCertificate {
            details: Some(details.encode_to_vec()),
            signature: Some(vec![0; 64]),
        })
    };
    CertChain { intermediate: certificate(1, 0), leaf: certificate(2, 1) }.encode_to_vec()
}
