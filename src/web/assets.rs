//! What the browser gets besides pages: built by `web/build.mjs`, embedded in the binary, named by their content.

use std::{collections::BTreeMap, sync::LazyLock};

use axum::{
    extract::Path,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use rust_embed::RustEmbed;

/// A name changes with its content, so what is kept under it never gets old.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

#[derive(RustEmbed)]
#[folder = "web/dist"]
struct Built;

/// Plain names to the names with their content's hash.
static NAMES: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| {
    let manifest = Built::get("manifest.json").map(|file| file.data).unwrap_or_default();
    serde_json::from_slice(&manifest).unwrap_or_default()
});

/// The address of a file by its plain name, such as `app.css`.
pub(super) fn address(name: &str) -> String {
    let hashed = NAMES.get(name).map_or(name, String::as_str);
    format!("/assets/{hashed}")
}

/// `GET /assets/{name}`.
pub(super) async fn asset(Path(name): Path<String>) -> Response {
    let known = NAMES.values().any(|hashed| *hashed == name);
    let Some(file) = Built::get(&name).filter(|_| known) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let kind = HeaderValue::from_str(file.metadata.mimetype());
    let kind = kind.unwrap_or(HeaderValue::from_static("application/octet-stream"));
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, FOR_EVER)], file.data.into_owned())
        .into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_that_pages_name_is_built_and_named_by_its_content() {
        for name in ["app.css", "app.js", "charts.js", "icon.svg"] {
            let address = address(name);
            let hashed = address.strip_prefix("/assets/").unwrap_or_default();
            assert!(hashed != name && Built::get(hashed).is_some(), "{name}: {address}");
        }
    }
}
