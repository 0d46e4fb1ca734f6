//! Whether a request was made by one of our own pages.
//!
//! No page of another site may act in the name of whoever is signed in. A browser says where a request comes from, by
//! `Sec-Fetch-Site` or, on plain HTTP, by `Origin`, and pages can forge neither (OWASP's cheat sheet on cross-site request
//! forgery, "Fetch Metadata"; the same rule as Go's `http.CrossOriginProtection`). What changes something must say so;
//! `SameSite=Lax` stands behind it.

use axum::http::{HeaderMap, header};

/// The request may come from another site's page.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Foreign;

/// How sure one must be that a request is our own page's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Proof {
    /// It must say so.
    Needed,
    /// It must not say otherwise: programs say nothing, and what they ask for changes nothing.
    Presumed,
}

/// Whether a request comes from our own page; `public` is the address that browsers reach us by, if it is another than
/// the one that they ask for.
pub(crate) fn same_origin(headers: &HeaderMap, public: Option<&str>, proof: Proof) -> Result<(), Foreign> {
    let text = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let site = headers.get("sec-fetch-site").and_then(|value| value.to_str().ok());
    let origin = text(header::ORIGIN);
    let is_ours = match (site, origin) {
        (Some("same-origin"), _) => true,
        (Some("none"), _) => proof == Proof::Presumed,
        (Some(_), _) => false,
        (None, Some(origin)) => is_own(origin, text(header::HOST), public),
        (None, None) => proof == Proof::Presumed,
    };
    if is_ours { Ok(()) } else { Err(Foreign) }
}

fn is_own(origin: &str, host: Option<&str>, public: Option<&str>) -> bool {
    if let Some(public) = public {
        return origin.eq_ignore_ascii_case(public);
    }
    let named = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
    matches!((named, host), (Some(named), Some(host)) if named.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn headers(site: Option<&'static str>, origin: Option<&'static str>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_static("satubumi.rs:8080"));
        for (name, value) in [("sec-fetch-site", site), ("origin", origin)] {
            if let Some(value) = value {
                headers.insert(name, HeaderValue::from_static(value));
            }
        }
        headers
    }

    #[test]
    fn only_our_own_pages_may_change_something() {
        for (site, origin, ours) in [
            (Some("same-origin"), None, true),
            (Some("same-origin"), Some("http://satubumi.rs:8080"), true),
            (Some("none"), None, false),
            (Some("same-site"), Some("http://satubumi.rs:8080"), false),
            (Some("cross-site"), None, false),
            (None, Some("http://satubumi.rs:8080"), true),
            (None, Some("http://SATUBUMI.rs:8080"), true),
            (None, Some("http://satubumi.rs"), false),
            (None, Some("http://satubumi.rs:8080.evil.example"), false),
            (None, Some("http://evil.example"), false),
            (None, Some("null"), false),
            (None, None, false),
        ] {
            let told = same_origin(&headers(site, origin), None, Proof::Needed).is_ok();
            assert_eq!(told, ours, "{site:?} {origin:?}");
        }
    }

    #[test]
    fn what_only_reads_may_say_nothing_but_not_the_wrong_thing() {
        let reads = |site, origin| same_origin(&headers(site, origin), None, Proof::Presumed).is_ok();
        assert!(reads(None, None) && reads(Some("none"), None) && reads(Some("same-origin"), None));
        assert!(!reads(Some("cross-site"), None) && !reads(None, Some("http://evil.example")));
    }

    #[test]
    fn behind_a_proxy_the_public_address_is_ours() {
        let public = Some("https://satubumi.rs");
        let told = |origin| same_origin(&headers(None, Some(origin)), public, Proof::Needed).is_ok();
        assert!(told("https://satubumi.rs"));
        assert!(!told("http://satubumi.rs:8080") && !told("http://satubumi.rs"));
    }
}
