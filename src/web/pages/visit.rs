//! What every handler of a signed-in member of staff needs.

use std::sync::Arc;

use axum::{
    extract::FromRequestParts,
    http::request::Parts,
    response::{IntoResponse, Redirect, Response},
};

use super::{PageError, Reader};
use crate::{
    chat::Actor,
    store::staff::StaffAccount,
    web::{
        WebState,
        session::{AuthSession, is_confirmed},
    },
};

/// Somebody who is signed in asks for a page, or sends a form.
pub(crate) struct Visit {
    /// What handlers may use.
    pub(crate) state: WebState,
    /// How the page speaks to them.
    pub(crate) reader: Reader,
    /// Who it is.
    pub(crate) account: Arc<StaffAccount>,
    /// Whether the page that is open asks for a part of it alone.
    pub(crate) is_fragment: bool,
}

impl Visit {
    /// As the conversations write them down.
    pub(crate) fn actor(&self) -> Actor {
        Actor { id: self.account.id, name: self.account.name.clone() }
    }

    /// Their name, as it is written down.
    pub(crate) fn name(&self) -> String {
        self.account.name.clone()
    }

    /// After a form was done: the part for a page that asked for it, else the whole page at `address`.
    pub(crate) async fn done<P: IntoResponse>(
        &self,
        address: &str,
        part: impl Future<Output = Result<P, PageError>>,
    ) -> Result<Response, PageError> {
        if self.is_fragment {
            Ok(part.await?.into_response())
        } else {
            Ok(Redirect::to(address).into_response())
        }
    }
}

impl FromRequestParts<WebState> for Visit {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, state: &WebState) -> Result<Self, PageError> {
        let reader = Reader::from_request_parts(parts, state).await?;
        let account = reader.account.clone().ok_or(PageError::Forbidden)?;
        let is_fragment = parts.headers.contains_key("hx-request");
        Ok(Self { state: state.clone(), reader, account, is_fragment })
    }
}

/// Whoever asks has given their password again lately.
pub(crate) struct Confirmed;

impl FromRequestParts<WebState> for Confirmed {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, state: &WebState) -> Result<Self, PageError> {
        let auth = AuthSession::from_request_parts(parts, state).await.map_err(|_| PageError::Internal)?;
        if is_confirmed(&auth).await? { Ok(Self) } else { Err(PageError::Forbidden) }
    }
}
