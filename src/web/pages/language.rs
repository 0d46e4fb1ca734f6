//! `POST /language`: the language that somebody reads the pages in, kept with their account or in a cookie.

use axum::{
    Form,
    extract::State,
    http::{HeaderMap, HeaderValue, Uri, header},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use super::{PageError, Reader, reader::LANGUAGE_COOKIE};
use crate::{domain::Language, store::staff, web::WebState};

/// What is chosen.
#[derive(Deserialize)]
pub(crate) struct Chosen {
    language: Language,
}

/// Changes the language, and shows the same page again.
pub(crate) async fn change(
    State(state): State<WebState>,
    reader: Reader,
    headers: HeaderMap,
    Form(Chosen { language }): Form<Chosen>,
) -> Result<Response, PageError> {
    let back = Redirect::to(&page_of(&headers));
    if let Some(account) = &reader.account {
        let id = account.id;
        state.store.write(move |tx| staff::set_language(tx, id, language)).await?;
        return Ok(back.into_response());
    }
    let cookie =
        format!("{LANGUAGE_COOKIE}={}; Path=/; Max-Age=31536000; SameSite=Lax; HttpOnly", language.code());
    let cookie = HeaderValue::from_str(&cookie).map_err(|_| PageError::Invalid)?;
    Ok(([(header::SET_COOKIE, cookie)], back).into_response())
}

/// The place of the page that asks; only its path, so that it leads nowhere else.
fn page_of(headers: &HeaderMap) -> String {
    let from = headers.get(header::REFERER).and_then(|from| from.to_str().ok()?.parse::<Uri>().ok());
    let path = from.and_then(|from| from.path_and_query().map(ToString::to_string));
    path.filter(|path| path.starts_with('/') && !path.starts_with("//")).unwrap_or_else(|| "/".to_owned())
}
