//! Drawing what a phone's camera reads.

use base64::{Engine, engine::general_purpose::STANDARD};
use qrcode::{EcLevel, QrCode, render::svg, types::QrError};

/// Pixels a side that a drawn code has at least.
const PIXELS: u32 = 320;

/// A code as an SVG image.
///
/// # Errors
/// When the text is too long for one.
pub(super) fn svg(text: &str) -> Result<String, QrError> {
    // What the code says is short-lived and shown on a clean screen: big modules help an old camera more than redundancy.
    let code = QrCode::with_error_correction_level(text, EcLevel::L)?;
    Ok(code.render::<svg::Color<'_>>().min_dimensions(PIXELS, PIXELS).build())
}

/// The same as the address of an image, so that it is in the page and nowhere else.
///
/// # Errors
/// As [`svg`].
pub(super) fn data_url(text: &str) -> Result<String, QrError> {
    Ok(format!("data:image/svg+xml;base64,{}", STANDARD.encode(svg(text)?)))
}
