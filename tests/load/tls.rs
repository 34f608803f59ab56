//! https targets: HTTP/1.1, HTTP/2 and certificates. The certificate beside this file is of no other use.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, Version};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::json;
use servox::event::ErrorKind;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::{measure, requests, value};

/// A server that speaks the newest of the protocols it is given, and counts connections and requests of each version.
struct Server {
    address: String,
    connections: Arc<AtomicUsize>,
    http1: Arc<AtomicUsize>,
    http2: Arc<AtomicUsize>,
}

async fn start(protocols: &[&str]) -> Server {
    let certificate = CertificateDer::from_pem_slice(include_bytes!("localhost.crt")).unwrap();
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("localhost.key")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = Server {
        address: format!("localhost:{}", listener.local_addr().unwrap().port()),
        connections: Arc::default(),
        http1: Arc::default(),
        http2: Arc::default(),
    };
    let (connections, http1, http2) = (server.connections.clone(), server.http1.clone(), server.http2.clone());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (http1, http2, connections) = (http1.clone(), http2.clone(), connections.clone());
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(stream) = acceptor.accept(stream).await else { return };
                connections.fetch_add(1, Ordering::SeqCst);
                let newest = stream.get_ref().1.alpn_protocol() == Some(b"h2");
                let answer = service_fn(move |request: Request<Incoming>| {
                    let counter = if request.version() == Version::HTTP_2 { &http2 } else { &http1 };
                    counter.fetch_add(1, Ordering::SeqCst);
                    let host = request
                        .uri()
                        .host()
                        .map_or_else(|| request.headers()["host"].to_str().unwrap().to_owned(), str::to_owned);
                    assert!(host.starts_with("localhost"), "{host}");
                    async { Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(b"hello")))) }
                });
                let stream = TokioIo::new(stream);
                if newest {
                    let server = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
                    server.serve_connection(stream, answer).await.ok();
                } else {
                    hyper::server::conn::http1::Builder::new().serve_connection(stream, answer).await.ok();
                }
            });
        }
    });
    server
}

#[tokio::test]
async fn http2_is_used_where_it_is_wanted_and_offered() {
    for (wanted, offered, used) in
        [(true, vec!["h2", "http/1.1"], true), (false, vec!["h2", "http/1.1"], false), (true, vec!["http/1.1"], false)]
    {
        let server = start(&offered).await;
        let config = json!({"rate": 100, "http2": wanted, "insecure": true, "target": "GET https://{}/"});
        let measurement = measure(config, &server.address, json!({"duration": "1s"})).await.unwrap();
        assert_eq!(value(&measurement, "error_rate"), 0.0, "{:?}", measurement.annotations);
        assert_eq!(requests(&measurement), 100.0);
        let expected = if used { (0, 100) } else { (100, 0) };
        assert_eq!((server.http1.load(Ordering::SeqCst), server.http2.load(Ordering::SeqCst)), expected);
    }
}

#[tokio::test]
async fn an_unknown_certificate_is_refused_unless_insecure() {
    let server = start(&["http/1.1"]).await;
    let config = json!({"rate": 20, "target": "GET https://{}/"});
    let error = measure(config, &server.address, json!({"duration": "200ms"})).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::MeasurementFailed);
    // Where the system has no root certificates at all, that is what is told.
    let told = error.message.contains("TLS handshake") || error.message.contains("no root certificates");
    assert!(told, "{error}");
    assert_eq!(server.http1.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn connections_without_keepalive_serve_one_request() {
    let server = start(&["h2", "http/1.1"]).await;
    let config = json!({"rate": 20, "keepalive": false, "insecure": true, "target": "GET https://{}/"});
    let measurement = measure(config, &server.address, json!({"duration": "1s"})).await.unwrap();
    assert_eq!(value(&measurement, "error_rate"), 0.0, "{:?}", measurement.annotations);
    assert_eq!(server.connections.load(Ordering::SeqCst), 20);
}
