//! Linking by a code that the client shows and a person types on the phone.

use std::{sync::Arc, time::Duration};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use tokio::sync::oneshot;
use whatsapp_rust::{
    NodeBuilder,
    wacore::{
        crypto::{generate_curve_key_pair, hkdf_sha256_into},
        libsignal::{
            crypto::aes_256_gcm_decrypt,
            protocol::{KeyPair, PublicKey},
        },
        pair_code::PairCodeUtils,
    },
    wacore_binary::{Node, SERVER_JID},
};

use crate::{
    account::Account,
    connection::Registration,
    error::{Error, Result},
    noise::public_bytes,
    server::Hub,
    stanza::{self, child_bytes, holding, refusal, result, result_with},
};

/// How long the client may take to answer the phone.
const PATIENCE: Duration = Duration::from_secs(60);

/// A client that shows a code.
pub(crate) struct CodeRequest {
    pub(crate) registration: Registration,
    text: String,
    /// The client's ephemeral key, encrypted with the code.
    wrapped: Vec<u8>,
    finish: Option<oneshot::Sender<KeyBundle>>,
}

/// What the client sends once the phone has typed the code.
struct KeyBundle {
    wrapped: Vec<u8>,
    identity: [u8; 32],
}

/// A client asks for a code, or sends its key bundle.
pub(crate) fn requested(hub: &Arc<Hub>, registration: &Registration, iq: &Node, request: &Node) {
    let stage = stanza::text(request, "stage").unwrap_or_default();
    let answer = match stage.as_ref() {
        "companion_hello" => hello(hub, registration, iq, request),
        _ => finish(hub, iq, request),
    };
    registration.link.send(answer.unwrap_or_else(|| refusal(iq, 400, "bad-request")));
}

fn hello(hub: &Arc<Hub>, registration: &Registration, iq: &Node, request: &Node) -> Option<Node> {
    let phone = stanza::jid(request, "jid")?.user.to_string();
    hub.with_account(&phone, |_| ())?;
    let wrapped = child_bytes(request, "link_code_pairing_wrapped_companion_ephemeral_pub")?.to_vec();
    let text = BASE64_URL_SAFE_NO_PAD.encode(rand::random::<[u8; 16]>());
    let code = CodeRequest { registration: registration.clone(), text: text.clone(), wrapped, finish: None };
    hub.pairings.lock().by_code.insert(phone, code);
    let answer = NodeBuilder::new("link_code_companion_reg")
        .attr("stage", "companion_hello")
        .children([holding("link_code_pairing_ref", text)]);
    Some(result_with(iq, [answer.build()]))
}

fn finish(hub: &Arc<Hub>, iq: &Node, request: &Node) -> Option<Node> {
    let text = child_bytes(request, "link_code_pairing_ref")?;
    let bundle = KeyBundle {
        wrapped: child_bytes(request, "link_code_pairing_wrapped_key_bundle")?.to_vec(),
        identity: child_bytes(request, "companion_identity_public")?.try_into().ok()?,
    };
    let mut pairings = hub.pairings.lock();
    let code = pairings.by_code.values_mut().find(|code| code.text.as_bytes() == text)?;
    // Whoever typed the code may have given up.
    let _ = code.finish.take()?.send(bundle);
    Some(result(iq))
}

/// The account's phone links clients by code.
impl Account {
    /// Types the code that a client shows for this account's number, with or without its dash, and links the client.
    /// Gives the number of the new device.
    ///
    /// # Errors
    /// [`Error::NoCodePending`], [`Error::CannotOpenBundle`] for a wrong code, and what the client answers:
    /// [`Error::PairingRefused`], [`Error::ClientGone`].
    pub async fn enter_code(&self, code: &str) -> Result<u16> {
        let code: String =
            code.chars().filter(|c| c.is_ascii_alphanumeric()).map(|c| c.to_ascii_uppercase()).collect();
        let hub = self.server.hub();
        let (registration, text, wrapped) = {
            let pairings = hub.pairings.lock();
            let asked = pairings.by_code.get(&*self.phone).ok_or(Error::NoCodePending)?;
            (asked.registration.clone(), asked.text.clone(), asked.wrapped.clone())
        };
        let ours = generate_curve_key_pair();
        let public = public_bytes(&ours);
        // Two keys are stretched from the code, over 131,072 rounds each.
        let stretched = tokio::task::spawn_blocking(move || {
            let theirs = PairCodeUtils::decrypt_primary_ephemeral_pub(&wrapped, &code);
            theirs.map(|theirs| (theirs, PairCodeUtils::encrypt_ephemeral_pub(&public, &code)))
        });
        let (theirs, wrapped) =
            stretched.await.map_err(|_| Error::CannotOpenBundle)?.map_err(|_| Error::CannotOpenBundle)?;

        let primary = self.with(|account| account.primary.pair.clone());
        let (finish, finished) = oneshot::channel();
        match hub.pairings.lock().by_code.get_mut(&*self.phone) {
            Some(asked) if asked.text == text => asked.finish = Some(finish),
            _ => return Err(Error::NoCodePending),
        }
        registration.link.send(primary_hello(&wrapped, &public_bytes(&primary), &text));
        let bundle = tokio::time::timeout(PATIENCE, finished)
            .await
            .map_err(|_| Error::TimedOut(PATIENCE))?
            .map_err(|_| Error::ClientGone)?;
        let secret = open(&bundle, &ours, &theirs, &primary)?;
        self.link(&registration, &secret).await
    }
}

fn primary_hello(wrapped: &[u8], identity: &[u8; 32], text: &str) -> Node {
    let hello = NodeBuilder::new("link_code_companion_reg").attr("stage", "primary_hello").children([
        holding("link_code_pairing_wrapped_primary_ephemeral_pub", wrapped),
        holding("primary_identity_pub", *identity),
        holding("link_code_pairing_ref", text.as_bytes()),
    ]);
    NodeBuilder::new("notification")
        .attr("from", SERVER_JID)
        .attr("type", "link_code_companion_reg")
        .attr("id", stanza::message_id())
        .attr("t", stanza::now())
        .children([hello.build()])
        .build()
}

/// Opens the client's key bundle and derives the secret that both now share.
fn open(bundle: &KeyBundle, ours: &KeyPair, theirs: &[u8; 32], primary: &KeyPair) -> Result<Vec<u8>> {
    let ephemeral = ours.calculate_agreement(&PublicKey::from_djb_public_key_bytes(theirs)?)?;
    let (salt, rest) = bundle.wrapped.split_at_checked(32).ok_or(Error::CannotOpenBundle)?;
    let (nonce, sealed) = rest.split_first_chunk::<12>().ok_or(Error::CannotOpenBundle)?;
    let mut key = [0; 32];
    hkdf_sha256_into(&ephemeral, Some(salt), b"link_code_pairing_key_bundle_encryption_key", &mut key)
        .map_err(|_| Error::CannotOpenBundle)?;
    let mut opened = Vec::new();
    aes_256_gcm_decrypt(&key, nonce, b"", sealed, &mut opened).map_err(|_| Error::CannotOpenBundle)?;
    // The client's identity, the phone's, and random bytes.
    let named = [bundle.identity, public_bytes(primary)].concat();
    let random = opened.strip_prefix(&named[..]).ok_or(Error::CannotOpenBundle)?;

    let identity = PublicKey::from_djb_public_key_bytes(&bundle.identity)?;
    let shared = [&ephemeral[..], &primary.calculate_agreement(&identity)?, random].concat();
    let mut secret = vec![0; 32];
    hkdf_sha256_into(&shared, None, b"adv_secret", &mut secret).map_err(|_| Error::CannotOpenBundle)?;
    Ok(secret)
}
