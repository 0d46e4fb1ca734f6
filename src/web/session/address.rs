//! Where a request comes from.

use std::net::SocketAddr;

use axum::{extract::ConnectInfo, http::Extensions, http::HeaderMap};

/// The address that a request comes from. A proxy on this machine is believed when it says for whom it asks; nobody else
/// is, since anybody can write that header.
pub(crate) fn client_address(extensions: &Extensions, headers: &HeaderMap) -> String {
    let Some(ConnectInfo(peer)) = extensions.get::<ConnectInfo<SocketAddr>>() else { return String::new() };
    let forwarded = headers.get_all("x-forwarded-for").iter().next_back();
    let forwarded = forwarded.and_then(|value| value.to_str().ok()?.rsplit(',').next());
    match forwarded {
        Some(client) if peer.ip().is_loopback() => client.trim().to_owned(),
        _ => peer.ip().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn only_a_proxy_on_this_machine_is_believed() {
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", HeaderValue::from_static("1.1.1.1, 10.0.0.9"));
        for (peer, told) in [("127.0.0.1:4000", "10.0.0.9"), ("10.0.0.4:4000", "10.0.0.4")] {
            let mut extensions = Extensions::new();
            extensions.insert(ConnectInfo(peer.parse::<SocketAddr>().unwrap()));
            assert_eq!(client_address(&extensions, &headers), told);
        }
    }
}
