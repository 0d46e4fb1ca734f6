//! The client's HTTP, which fetches files: WhatsApp's hosts, or the one server on this machine that stands for them.

use whatsapp_rust::{
    anyhow, async_trait,
    http::UreqHttpClient,
    wacore::net::{HttpClient, HttpRequest, HttpResponse, StreamingHttpResponse, UploadBody},
};

/// Where the web client's version is learnt.
const WEB: &str = "web.whatsapp.com";

/// An HTTP client.
#[derive(Clone, Debug)]
pub(super) struct Http {
    client: UreqHttpClient,
    /// Host and port of the server on this machine, which speaks no TLS. Nobody else is asked then.
    loopback: Option<String>,
}

impl Http {
    /// For WhatsApp, or for `server_url`.
    pub fn new(server_url: Option<&str>) -> Self {
        let authority = server_url.and_then(|url| url.strip_prefix("ws://")?.split('/').next());
        Self { client: UreqHttpClient::new(), loopback: authority.map(str::to_owned) }
    }

    fn directed(&self, mut request: HttpRequest) -> anyhow::Result<HttpRequest> {
        let Some(authority) = &self.loopback else { return Ok(request) };
        let rest = request.url.strip_prefix("https://").unwrap_or_default();
        let path = [authority.as_str(), WEB].into_iter().find_map(|host| rest.strip_prefix(host));
        match path.filter(|path| path.starts_with('/')) {
            Some(path) => request.url = format!("http://{authority}{path}"),
            None => anyhow::bail!("not a host of the server on this machine"),
        }
        Ok(request)
    }
}

#[async_trait]
impl HttpClient for Http {
    async fn execute(&self, request: HttpRequest) -> anyhow::Result<HttpResponse> {
        self.client.execute(self.directed(request)?).await
    }

    fn supports_streaming(&self) -> bool {
        self.client.supports_streaming()
    }

    fn execute_streaming(&self, request: HttpRequest) -> anyhow::Result<StreamingHttpResponse> {
        self.client.execute_streaming(self.directed(request)?)
    }

    fn supports_upload_streaming(&self) -> bool {
        self.client.supports_upload_streaming()
    }

    fn execute_upload(
        &self,
        request: HttpRequest,
        body: UploadBody,
        content_length: u64,
    ) -> anyhow::Result<HttpResponse> {
        self.client.execute_upload(self.directed(request)?, body, content_length)
    }
}
