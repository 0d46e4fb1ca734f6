//! Who may call what: a bearer token with the route's scope, or nothing at all.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, header},
    middleware::Next,
    response::Response,
};
use jiff::Timestamp;

use super::{WebState, error::ApiError};
use crate::{
    realtime::Listener,
    store::tokens::{self, Scope, TokenHash},
};

/// Who may call a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anybody: it tells nothing about patients or staff.
    Public,
    /// Whoever shows a live token with this scope.
    Scoped(Scope),
}

/// Who calls, for handlers that write a name down.
#[derive(Clone)]
pub(super) struct Caller {
    /// The token's name.
    pub(super) name: String,
}

/// Lets a request through to a route, or not. A revoked token fails at once: nothing is cached.
pub(super) async fn check(
    State((state, access)): State<(WebState, Access)>,
    mut request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    if let Access::Scoped(scope) = access {
        let hash = bearer(request.headers()).map(TokenHash::of).ok_or(ApiError::Unauthorized)?;
        let token =
            state.store.read(move |tx| tokens::find(tx, hash)).await?.ok_or(ApiError::Unauthorized)?;
        if !token.scopes.contains(&scope) {
            return Err(ApiError::Forbidden(scope));
        }
        let now = Timestamp::now();
        if token.use_is_news(now) {
            let id = token.id;
            let noted = state.store.write(move |tx| tokens::note_use(tx, id, now)).await;
            if let Err(error) = noted {
                // A full disk must not lock anybody out.
                tracing::warn!(%error, "a token's use could not be noted");
            }
        }
        request.extensions_mut().insert(Listener { token: token.id });
        request.extensions_mut().insert(Caller { name: token.name });
    }
    Ok(next.run(request).await)
}

/// The token of an `Authorization: Bearer …` header; the scheme's case does not matter (RFC 9110, 11.1).
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
