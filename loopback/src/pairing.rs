//! Linking a client: it shows refs as QR codes, a phone scans one, and the client becomes a device of the account.

use std::{collections::HashMap, sync::atomic::Ordering, time::Duration};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use tokio::sync::oneshot;
use whatsapp_rust::{
    NodeBuilder,
    pair::{NATIVE_CAMERA_DEEP_LINK_PREFIX, PairUtils},
    wacore_binary::{Node, SERVER_JID},
    waproto::{buffa::Message as _, whatsapp::ClientPairingProps},
};

use crate::{
    account::{Account, Device},
    connection::Registration,
    error::{Error, Result},
    link::Link,
    pair_code::CodeRequest,
    phone,
    server::Hub,
    stanza::{self, child_bytes, holding},
};

/// How long a client may take to answer that it was linked.
const PATIENCE: Duration = Duration::from_secs(30);

/// Clients that want to be linked.
#[derive(Default)]
pub(crate) struct Pairings {
    by_ref: HashMap<String, Registration>,
    /// By the account's number.
    pub(crate) by_code: HashMap<String, CodeRequest>,
    /// Clients that were told they are linked, by the id of the request that said so.
    told: HashMap<String, Told>,
}

struct Told {
    link: Link,
    answer: oneshot::Sender<Result<Vec<u8>>>,
}

/// Gives a client the refs that it is to show.
pub(crate) fn offer(hub: &Hub, registration: &Registration) {
    let count = hub.pairing_refs.load(Ordering::Relaxed);
    let refs: Vec<String> = (0..count).map(|_| format!("2@{}", BASE64_STANDARD.encode(random()))).collect();
    let nodes: Vec<Node> = refs.iter().map(|text| holding("ref", text.as_bytes())).collect();
    {
        let mut pairings = hub.pairings.lock();
        for text in refs {
            pairings.by_ref.insert(text, registration.clone());
        }
    }
    registration.link.send(request([NodeBuilder::new("pair-device").children(nodes).build()]).0);
}

/// A client that wanted to be linked answered a request.
pub(crate) fn answered(hub: &Hub, iq: &Node) {
    let id = stanza::text(iq, "id").unwrap_or_default();
    let Some(told) = hub.pairings.lock().told.remove(id.as_ref()) else { return };
    let signed = iq
        .get_optional_child("pair-device-sign")
        .and_then(|signed| child_bytes(signed, "device-identity"))
        .map(<[u8]>::to_vec);
    let answer = signed.ok_or_else(|| {
        let error = iq.get_optional_child("error");
        Error::PairingRefused {
            code: error.and_then(|error| stanza::number(error, "code")).unwrap_or_default(),
            text: error
                .and_then(|error| stanza::text(error, "text"))
                .map(|text| text.into_owned())
                .unwrap_or_default(),
        }
    });
    // Whoever scanned may have given up.
    let _ = told.answer.send(answer);
}

/// A connection has ended; what was offered on it is void.
pub(crate) fn forget(hub: &Hub, link: &Link) {
    let mut pairings = hub.pairings.lock();
    pairings.by_ref.retain(|_, registration| !registration.link.is_same(link));
    pairings.by_code.retain(|_, code| !code.registration.link.is_same(link));
    pairings.told.retain(|_, told| !told.link.is_same(link));
}

/// The account's phone links clients.
impl Account {
    /// Scans a client's QR code, with or without the deep link in front, and links the client. Gives the number of the
    /// new device.
    ///
    /// # Errors
    /// [`Error::NoQrCode`], [`Error::UnknownRef`], [`Error::WrongKeys`], and what the client answers:
    /// [`Error::PairingRefused`], [`Error::ClientGone`].
    pub async fn scan(&self, qr_code: &str) -> Result<u16> {
        let (text, noise, identity) =
            PairUtils::parse_qr_code(qr_code).map_err(|error| Error::NoQrCode(error.to_string()))?;
        let body = qr_code.strip_prefix(NATIVE_CAMERA_DEEP_LINK_PREFIX).unwrap_or(qr_code);
        let secret = body
            .split(',')
            .nth(3)
            .and_then(|secret| BASE64_STANDARD.decode(secret).ok())
            .ok_or_else(|| Error::NoQrCode("the secret can't be read".into()))?;
        let registration = self.server.hub().pairings.lock().by_ref.get(&text).cloned();
        let registration = registration.ok_or(Error::UnknownRef)?;
        if registration.noise != noise || registration.keys.identity != identity {
            return Err(Error::WrongKeys);
        }
        self.link(&registration, &secret).await
    }

    /// Links a client with which the phone shares a secret.
    pub(crate) async fn link(&self, registration: &Registration, secret: &[u8]) -> Result<u16> {
        let identity = &registration.keys.identity;
        let (device, success) = self.with(|account| {
            let device = account.next_device();
            let sealed = account.primary.sealed(identity, device.into(), secret)?;
            let props =
                ClientPairingProps { is_chat_db_lid_migrated: Some(account.migrated), ..Default::default() };
            let success = NodeBuilder::new("pair-success").children([
                holding("client-props", props.encode_to_vec()),
                holding("device-identity", sealed),
                NodeBuilder::new("biz").attr("name", account.user.name.as_str()).build(),
                NodeBuilder::new("platform").attr("name", "android").build(),
                NodeBuilder::new("device")
                    .attr("jid", account.user.pn(device))
                    .attr("lid", account.user.lid(device))
                    .build(),
            ]);
            Ok::<_, Error>((device, success.build()))
        })?;
        let (iq, id) = request([success]);
        let (answer, answered) = oneshot::channel();
        let hub = self.server.hub();
        hub.pairings.lock().told.insert(id, Told { link: registration.link.clone(), answer });
        registration.link.send(iq);
        let signed_identity = tokio::time::timeout(PATIENCE, answered)
            .await
            .map_err(|_| Error::TimedOut(PATIENCE))?
            .map_err(|_| Error::ClientGone)??;
        self.with(|account| {
            let linked = Device::new(registration.keys.clone(), signed_identity, device.into());
            account.devices.insert(device, linked);
        });
        phone::share_app_state_key(hub, &self.phone, device).await?;
        forget(hub, &registration.link);
        registration.link.send(restart_required());
        registration.link.close();
        Ok(device)
    }
}

/// A request of the server, and its id.
fn request(content: impl IntoIterator<Item = Node>) -> (Node, String) {
    let id = stanza::message_id();
    let iq = NodeBuilder::new("iq")
        .attr("from", SERVER_JID)
        .attr("type", "set")
        .attr("id", id.as_str())
        .attr("xmlns", "md")
        .attr("t", stanza::now())
        .children(content)
        .build();
    (iq, id)
}

fn random() -> [u8; 24] {
    rand::random()
}

/// `<stream:error code="515"/>`: the client is to connect again, now as a linked device.
fn restart_required() -> Node {
    NodeBuilder::new("stream:error").attr("code", "515").build()
}
