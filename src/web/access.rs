//! The door of every route: who may come in, by a token or signed in.
//!
//! Programs show a bearer token with the route's scope. People are signed in, and their role must be as high as the
//! route's; what they send must come from our own pages. A route lets in one of them, both, or everybody.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, Method, StatusCode, Uri, header},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use jiff::Timestamp;

use super::{
    WebState,
    error::ApiError,
    pages::{PageError, Reader},
    session::{self, AuthSession, Foreign, Proof, same_origin},
};
use crate::{
    realtime::Listener,
    store::{
        staff::Role,
        tokens::{self, ApiToken, Scope, TokenHash},
    },
};

/// Who may call a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anybody: it tells nothing about patients or staff.
    Public,
    /// Whoever shows a live token with this scope.
    Scoped(Scope),
    /// Whoever is signed in and may at least as much; a page.
    Staff(Role),
    /// Either of them.
    Either(Scope, Role),
}

impl Access {
    fn scope(self) -> Option<Scope> {
        match self {
            Self::Scoped(scope) | Self::Either(scope, _) => Some(scope),
            Self::Public | Self::Staff(_) => None,
        }
    }

    fn role(self) -> Option<Role> {
        match self {
            Self::Staff(role) | Self::Either(_, role) => Some(role),
            Self::Public | Self::Scoped(_) => None,
        }
    }
}

/// Who calls, for handlers that write a name down.
#[derive(Clone)]
pub(super) struct Caller {
    /// The token's name, or the account's.
    pub(super) name: String,
}

/// Why somebody is not let in.
enum Refusal {
    /// Nobody is known to call.
    Unknown,
    /// The token may not.
    Scope(Scope),
    /// The account may not.
    Role(Role),
    /// Another site's page may be asking.
    Foreign,
    /// It could not be found out.
    Failed(ApiError),
}

impl From<Foreign> for Refusal {
    fn from(Foreign: Foreign) -> Self {
        Self::Foreign
    }
}

/// Lets a request through to a route, or not. A revoked token and an ended session fail at once: nothing is cached.
pub(super) async fn check(
    State((state, access)): State<(WebState, Access)>,
    auth: AuthSession,
    mut request: Request,
    next: Next,
) -> Response {
    let reader = Reader::of(&state, &auth, request.headers());
    let admitted = admit(&state, access, &auth, &mut request).await;
    let answered = match admitted {
        Ok(()) => {
            request.extensions_mut().insert(reader.clone());
            next.run(request).await
        }
        Err(refusal) => refusal.answer(access, &request),
    };
    PageError::shown(answered, &state, &reader)
}

async fn admit(
    state: &WebState,
    access: Access,
    auth: &AuthSession,
    request: &mut Request,
) -> Result<(), Refusal> {
    if let Some(secret) = bearer(request.headers())
        && let Some(scope) = access.scope()
    {
        let token = token(state, secret).await.map_err(Refusal::Failed)?.ok_or(Refusal::Unknown)?;
        if !token.scopes.contains(&scope) {
            return Err(Refusal::Scope(scope));
        }
        request.extensions_mut().insert(Listener::Token(token.id));
        request.extensions_mut().insert(Caller { name: token.name });
        return Ok(());
    }
    let is_ours = || match proof_needed(request) {
        Some(proof) => same_origin(request.headers(), state.public_url.as_deref(), proof),
        None => Ok(()),
    };
    if access == Access::Public {
        return Ok(is_ours()?);
    }
    let (Some(least), Some(user)) = (access.role(), &auth.user) else { return Err(Refusal::Unknown) };
    is_ours()?;
    if user.account.role < least {
        return Err(Refusal::Role(least));
    }
    if let Some(hash) = session::hash_of(auth) {
        request.extensions_mut().insert(Listener::Session(hash));
    }
    request.extensions_mut().insert(Caller { name: user.account.name.clone() });
    Ok(())
}

/// What changes something must show where it comes from. A socket's handshake is asked for by programs too, which say
/// nothing; a page of another site does. What only reads is shown to nobody else by the browser.
fn proof_needed(request: &Request) -> Option<Proof> {
    let only_reads = matches!(*request.method(), Method::GET | Method::HEAD);
    match (request.uri().path() == "/socket.io/", only_reads) {
        (true, _) => Some(Proof::Presumed),
        (false, true) => None,
        (false, false) => Some(Proof::Needed),
    }
}

impl Refusal {
    fn answer(self, access: Access, request: &Request) -> Response {
        let is_page = matches!(access, Access::Staff(_) | Access::Public);
        match self {
            Self::Unknown if is_page => to_sign_in(request),
            Self::Role(_) if is_page => PageError::Forbidden.into_response(),
            Self::Foreign if is_page => PageError::Foreign.into_response(),
            Self::Failed(_) if is_page => PageError::Internal.into_response(),
            Self::Unknown => ApiError::Unauthorized.into_response(),
            Self::Scope(scope) => ApiError::Forbidden(scope).into_response(),
            Self::Role(role) => ApiError::RoleTooLow(role).into_response(),
            Self::Foreign => ApiError::Foreign.into_response(),
            Self::Failed(error) => error.into_response(),
        }
    }
}

/// To the sign-in page, and back from there. A fragment's request sends the whole page there.
fn to_sign_in(request: &Request) -> Response {
    let is_fragment = request.headers().contains_key("hx-request");
    if is_fragment {
        let whole = request.headers().get("hx-current-url").and_then(|url| url.to_str().ok());
        let place = whole.and_then(|url| url.parse::<Uri>().ok()).map(|url| sign_in(&url));
        let place = place.unwrap_or_else(|| "/sign-in".to_owned());
        return (StatusCode::UNAUTHORIZED, [("hx-redirect", place)]).into_response();
    }
    match *request.method() {
        Method::GET => Redirect::to(&sign_in(request.uri())).into_response(),
        _ => Redirect::to("/sign-in").into_response(),
    }
}

fn sign_in(from: &Uri) -> String {
    let from = from.path_and_query().map_or("/", |place| place.as_str());
    format!("/sign-in?{}", form_urlencoded::Serializer::new(String::new()).append_pair("next", from).finish())
}

async fn token(state: &WebState, secret: &str) -> Result<Option<ApiToken>, ApiError> {
    let hash = TokenHash::of(secret);
    let Some(token) = state.store.read(move |tx| tokens::find(tx, hash)).await? else { return Ok(None) };
    let now = Timestamp::now();
    if token.use_is_news(now) {
        let id = token.id;
        let noted = state.store.write(move |tx| tokens::note_use(tx, id, now)).await;
        if let Err(error) = noted {
            // A full disk must not lock anybody out.
            tracing::warn!(%error, "a token's use could not be noted");
        }
    }
    Ok(Some(token))
}

/// The token of an `Authorization: Bearer …` header; the scheme's case does not matter (RFC 9110, 11.1).
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
