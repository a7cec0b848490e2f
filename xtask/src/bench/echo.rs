//! The floor: an HTTP server that answers with what it was sent, and does nothing else.

use std::convert::Infallible;
use std::net::SocketAddr;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use super::connection::text;

/// Serves until it is killed.
pub(crate) fn run(args: &[String]) -> Result<(), String> {
    let address: SocketAddr = args.first().ok_or("echo needs an address")?.parse().map_err(text)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(text)?;
    runtime.block_on(serve(address))
}

async fn serve(address: SocketAddr) -> Result<(), String> {
    let listener = TcpListener::bind(address).await.map_err(text)?;
    loop {
        let (stream, _) = listener.accept().await.map_err(text)?;
        stream.set_nodelay(true).map_err(text)?;
        let serving = hyper::server::conn::http1::Builder::new()
            .serve_connection(TokioIo::new(stream), service_fn(answer));
        tokio::spawn(serving);
    }
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let body = request.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    Ok(Response::new(Full::from(body)))
}
