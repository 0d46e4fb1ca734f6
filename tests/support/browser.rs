//! Somebody at a browser, without the browser: keeps cookies, sends forms as our own pages do.

use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use jiff::Timestamp;
use satubumi::store::staff::{self, PasswordHash, Role};

use super::{Api, Reply};

/// The password of every account that the tests make.
pub const PASSWORD: &str = "empat kuda biru berlari";
/// Where the pages are, as the browser sees it.
const ORIGIN: &str = "http://satubumi.test";

/// Makes an account.
pub fn add_account(api: &Api, name: &str, role: Role) -> anyhow::Result<()> {
    let hash = PasswordHash::of(PASSWORD)?;
    let made = api.ward.store.write_blocking(|tx| staff::add(tx, name, role, &hash, Timestamp::now()))?;
    anyhow::ensure!(made, "there is an account named {name}");
    Ok(())
}

/// A browser with its cookies.
pub struct Browser<'a> {
    api: &'a Api,
    cookie: Option<String>,
}

impl<'a> Browser<'a> {
    /// One that nobody has signed in with.
    pub fn new(api: &'a Api) -> Self {
        Self { api, cookie: None }
    }

    /// One that the account has signed in with.
    pub async fn signed_in(api: &'a Api, name: &str) -> anyhow::Result<Self> {
        let mut browser = Self::new(api);
        let reply = browser.sign_in(name, PASSWORD).await?;
        anyhow::ensure!(reply.status == StatusCode::SEE_OTHER, "{name}: {}", reply.text);
        Ok(browser)
    }

    /// The session's cookie as it is sent.
    pub fn cookie(&self) -> Option<&str> {
        self.cookie.as_deref()
    }

    /// Somebody else's cookie, put into this browser.
    pub fn with_cookie(api: &'a Api, cookie: &str) -> Self {
        Self { api, cookie: Some(cookie.to_owned()) }
    }

    /// Fills the sign-in form.
    pub async fn sign_in(&mut self, name: &str, password: &str) -> anyhow::Result<Reply> {
        self.submit("/sign-in", &[("name", name), ("password", password)]).await
    }

    /// Opens a page.
    pub async fn open(&mut self, path: &str) -> anyhow::Result<Reply> {
        self.request(Request::builder().method(Method::GET).uri(path), String::new()).await
    }

    /// Sends a form from our own page.
    pub async fn submit(&mut self, path: &str, fields: &[(&str, &str)]) -> anyhow::Result<Reply> {
        self.submit_from(Some(ORIGIN), path, fields).await
    }

    /// Sends a form that says it comes from there.
    pub async fn submit_from(
        &mut self,
        origin: Option<&str>,
        path: &str,
        fields: &[(&str, &str)],
    ) -> anyhow::Result<Reply> {
        let form = "application/x-www-form-urlencoded";
        let mut request =
            Request::builder().method(Method::POST).uri(path).header(header::CONTENT_TYPE, form);
        if let Some(origin) = origin {
            request = request.header(header::ORIGIN, origin);
        }
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.request(request, body).await
    }

    /// Sends any body from our own page.
    pub async fn submit_body(&mut self, path: &str, kind: &str, body: Vec<u8>) -> anyhow::Result<Reply> {
        let request = Request::builder().method(Method::POST).uri(path);
        self.request(request.header(header::CONTENT_TYPE, kind).header(header::ORIGIN, ORIGIN), body).await
    }

    async fn request(
        &mut self,
        request: axum::http::request::Builder,
        body: impl Into<Body>,
    ) -> anyhow::Result<Reply> {
        let mut request = request.header(header::HOST, "satubumi.test");
        if let Some(cookie) = &self.cookie {
            request = request.header(header::COOKIE, cookie);
        }
        let reply = self.api.send(request.body(body.into())?).await?;
        for set in reply.headers.get_all(header::SET_COOKIE) {
            let pair = set.to_str()?.split(';').next().unwrap_or_default();
            if pair.starts_with("satubumi=") {
                self.cookie = Some(pair.to_owned()).filter(|pair| pair != "satubumi=");
            }
        }
        Ok(reply)
    }
}
