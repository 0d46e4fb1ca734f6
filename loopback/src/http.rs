//! An HTTP client for clients of this server that run in the same process.

use std::net::SocketAddr;

use whatsapp_rust::{
    anyhow, async_trait,
    http::UreqHttpClient,
    wacore::net::{HttpClient, HttpRequest, HttpResponse, StreamingHttpResponse, UploadBody},
};

use crate::server::Server;

/// Where a client asks for the web client's version.
const VERSION: &str = "https://web.whatsapp.com/sw.js";

/// Sends what clients ask of `https://` hosts to the loopback server by plain HTTP, as [`Server::http_url`] says.
/// Requests to other hosts fail: no test asks the real ones.
#[derive(Clone, Debug)]
pub struct LoopbackHttp {
    address: SocketAddr,
    plain: UreqHttpClient,
}

impl Server {
    /// An HTTP client for a client in this process.
    pub fn http_client(&self) -> LoopbackHttp {
        LoopbackHttp { address: self.address(), plain: UreqHttpClient::new() }
    }
}

impl LoopbackHttp {
    fn rewrite(&self, mut request: HttpRequest) -> anyhow::Result<HttpRequest> {
        let media = format!("https://{}/", self.address);
        let plain = format!("http://{}/", self.address);
        request.url = if request.url == VERSION {
            format!("{plain}sw.js")
        } else if let Some(path) = request.url.strip_prefix(&media) {
            format!("{plain}{path}")
        } else {
            anyhow::bail!("not a host of the loopback server");
        };
        Ok(request)
    }
}

#[async_trait]
impl HttpClient for LoopbackHttp {
    async fn execute(&self, request: HttpRequest) -> anyhow::Result<HttpResponse> {
        self.plain.execute(self.rewrite(request)?).await
    }

    fn supports_streaming(&self) -> bool {
        self.plain.supports_streaming()
    }

    fn execute_streaming(&self, request: HttpRequest) -> anyhow::Result<StreamingHttpResponse> {
        self.plain.execute_streaming(self.rewrite(request)?)
    }

    fn supports_upload_streaming(&self) -> bool {
        self.plain.supports_upload_streaming()
    }

    fn execute_upload(
        &self,
        request: HttpRequest,
        body: UploadBody,
        content_length: u64,
    ) -> anyhow::Result<HttpResponse> {
        self.plain.execute_upload(self.rewrite(request)?, body, content_length)
    }
}
