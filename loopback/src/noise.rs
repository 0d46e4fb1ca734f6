//! The Noise handshake's responder: XX for a client that does not know the server yet, IK for one that does.

use whatsapp_rust::{
    bytes::BytesMut,
    wacore::{
        crypto::generate_curve_key_pair,
        handshake::{HandshakeError, NoiseCipher, NoiseHandshake},
        libsignal::protocol::KeyPair,
        store::device::{CachedNoiseCert, CachedServerCertChain},
    },
    wacore_binary::consts::{NOISE_PATTERN_IK, NOISE_PATTERN_XX, WA_CONN_HEADER},
    waproto::{
        buffa::{Message as _, MessageField},
        codec,
        whatsapp::{
            CertChain, ClientPayload, HandshakeMessage,
            cert_chain::{NoiseCertificate, noise_certificate::Details},
            handshake_message::ServerHello,
        },
    },
};

use crate::frames::Frames;

/// The certificates' validity, in seconds since 1970: long enough for any test and any demo.
const VALID: (u64, u64) = (1_600_000_000, 4_000_000_000);

/// Why a handshake failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoiseError {
    #[error("the connection ended")]
    Ended,
    #[error("a part of the handshake is missing")]
    Incomplete,
    #[error(transparent)]
    Handshake(#[from] HandshakeError),
    #[error("protobuf: {0}")]
    Decode(#[from] whatsapp_rust::buffa::DecodeError),
    #[error("transport: {0}")]
    Transport(#[from] std::io::Error),
}

/// The server's static key and the certificate chain that names it, its signatures all zero.
pub(crate) struct ServerKey {
    pair: KeyPair,
    intermediate: [u8; 32],
    chain: Vec<u8>,
}

impl ServerKey {
    pub(crate) fn generate() -> Self {
        let pair = generate_curve_key_pair();
        let intermediate = public_bytes(&generate_curve_key_pair());
        let certificate = |serial, issuer_serial, key: &[u8]| NoiseCertificate {
            details: Some(
                Details {
                    serial: Some(serial),
                    issuer_serial: Some(issuer_serial),
                    key: Some(key.to_vec()),
                    not_before: Some(VALID.0),
                    not_after: Some(VALID.1),
                }
                .encode_to_vec(),
            ),
            signature: Some(vec![0; 64]),
        };
        let chain = CertChain {
            leaf: MessageField::some(certificate(2, 1, pair.public_key.public_key_bytes())),
            intermediate: MessageField::some(certificate(1, 0, &intermediate)),
        }
        .encode_to_vec();
        Self { pair, intermediate, chain }
    }

    /// The chain as a client remembers it after its first login.
    pub(crate) fn cached_chain(&self) -> CachedServerCertChain {
        let cached = |key| CachedNoiseCert {
            key,
            not_before: VALID.0.cast_signed(),
            not_after: VALID.1.cast_signed(),
        };
        CachedServerCertChain {
            intermediate: cached(self.intermediate),
            leaf: cached(public_bytes(&self.pair)),
        }
    }
}

/// A finished handshake.
pub(crate) struct Established {
    /// The client's static Noise key.
    pub(crate) client: [u8; 32],
    pub(crate) payload: ClientPayload,
    pub(crate) reader: Opener,
    pub(crate) writer: Sealer,
}

/// Decrypts what the client sends.
pub(crate) struct Opener {
    cipher: NoiseCipher,
    counter: u32,
}

impl Opener {
    pub(crate) fn open(&mut self, frame: &mut BytesMut) -> Result<(), NoiseError> {
        self.cipher
            .decrypt_in_place_with_counter(self.counter, frame)
            .map_err(|error| NoiseError::Handshake(error.into()))?;
        self.counter += 1;
        Ok(())
    }
}

/// Encrypts what the server sends.
pub(crate) struct Sealer {
    cipher: NoiseCipher,
    counter: u32,
}

impl Sealer {
    pub(crate) fn seal(&mut self, plain: &[u8]) -> Result<Vec<u8>, NoiseError> {
        let sealed = self
            .cipher
            .encrypt_with_counter(self.counter, plain)
            .map_err(|error| NoiseError::Handshake(error.into()))?;
        self.counter += 1;
        Ok(sealed)
    }
}

/// Answers a client's handshake.
pub(crate) async fn respond(frames: &mut Frames, server: &ServerKey) -> Result<Established, NoiseError> {
    let first = frames.next().await?.ok_or(NoiseError::Ended)?;
    let hello = codec::handshake_message_decode(&first)?;
    let hello = hello.client_hello.into_option().ok_or(NoiseError::Incomplete)?;
    let theirs = hello.ephemeral.ok_or(NoiseError::Incomplete)?;
    let ours = generate_curve_key_pair();
    match (hello.r#static, hello.payload) {
        (Some(client), Some(payload)) => {
            let (noise, established) = resume(server, &ours, &theirs, &client, &payload)?;
            frames.send(&noise).await?;
            Ok(established)
        }
        _ => full(frames, server, &ours, &theirs).await,
    }
}

/// IK: one message each way; the client's payload came with the first.
fn resume(
    server: &ServerKey,
    ours: &KeyPair,
    theirs: &[u8],
    client: &[u8],
    payload: &[u8],
) -> Result<(Vec<u8>, Established), NoiseError> {
    let mut noise = NoiseHandshake::new(NOISE_PATTERN_IK, &WA_CONN_HEADER)?;
    noise.authenticate(server.pair.public_key.public_key_bytes());
    noise.authenticate(theirs);
    noise.mix_shared_secret(server.pair.private_key.serialize(), theirs)?;
    let client = noise.decrypt(client)?;
    noise.mix_shared_secret(server.pair.private_key.serialize(), &client)?;
    let payload = noise.decrypt(payload)?;
    noise.authenticate(ours.public_key.public_key_bytes());
    noise.mix_shared_secret(ours.private_key.serialize(), theirs)?;
    noise.mix_shared_secret(ours.private_key.serialize(), &client)?;
    let chain = noise.encrypt(&server.chain)?;
    let hello = server_hello(ours, None, chain);
    Ok((hello, finish(noise, &client, &payload)?))
}

/// XX: the server says who it is, then the client does.
async fn full(
    frames: &mut Frames,
    server: &ServerKey,
    ours: &KeyPair,
    theirs: &[u8],
) -> Result<Established, NoiseError> {
    let mut noise = NoiseHandshake::new(NOISE_PATTERN_XX, &WA_CONN_HEADER)?;
    noise.authenticate(theirs);
    noise.authenticate(ours.public_key.public_key_bytes());
    noise.mix_shared_secret(ours.private_key.serialize(), theirs)?;
    let named = noise.encrypt(server.pair.public_key.public_key_bytes())?;
    noise.mix_shared_secret(server.pair.private_key.serialize(), theirs)?;
    let chain = noise.encrypt(&server.chain)?;
    frames.send(&server_hello(ours, Some(named), chain)).await?;

    let last = frames.next().await?.ok_or(NoiseError::Ended)?;
    let last = codec::handshake_message_decode(&last)?;
    let last = last.client_finish.into_option().ok_or(NoiseError::Incomplete)?;
    let client = noise.decrypt(&last.r#static.ok_or(NoiseError::Incomplete)?)?;
    noise.mix_shared_secret(ours.private_key.serialize(), &client)?;
    let payload = noise.decrypt(&last.payload.ok_or(NoiseError::Incomplete)?)?;
    finish(noise, &client, &payload)
}

fn finish(noise: NoiseHandshake, client: &[u8], payload: &[u8]) -> Result<Established, NoiseError> {
    // Named from the initiator: what it writes, the responder reads.
    let (theirs, ours) = noise.finish()?;
    Ok(Established {
        client: client.try_into().map_err(|_| NoiseError::Incomplete)?,
        payload: ClientPayload::decode_from_slice(payload)?,
        reader: Opener { cipher: theirs, counter: 0 },
        writer: Sealer { cipher: ours, counter: 0 },
    })
}

fn server_hello(ours: &KeyPair, named: Option<Vec<u8>>, chain: Vec<u8>) -> Vec<u8> {
    let message = HandshakeMessage {
        server_hello: MessageField::some(ServerHello {
            ephemeral: Some(ours.public_key.public_key_bytes().to_vec()),
            r#static: named,
            payload: Some(chain),
            ..Default::default()
        }),
        ..Default::default()
    };
    codec::handshake_message_to_vec(&message)
}

/// A key pair's public half as the wire carries it.
pub(crate) fn public_bytes(pair: &KeyPair) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(pair.public_key.public_key_bytes());
    bytes
}
