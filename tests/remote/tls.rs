//! Certificates: verified unless told otherwise.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, Version};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::json;
use servox::optimizer::remote::FailureKind;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::authority::Authority;
use crate::service::{ask, client, tries};

/// A service with a certificate of an authority of its own: its URL, and the authority's certificate.
async fn start() -> (String, String) {
    let authority = Authority::new();
    let acceptor = authority.acceptor(&[]);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let mut request = [0; 4_096];
                let _read = stream.read(&mut request).await.unwrap_or_default();
                let answer = "HTTP/1.1 200 OK\r\ncontent-length: 16\r\nconnection: close\r\n\r\n{\"status\": \"ok\"}";
                stream.write_all(answer.as_bytes()).await.ok();
                stream.shutdown().await.ok();
            });
        }
    });
    (url, authority.0.pem())
}

#[tokio::test]
async fn an_unknown_authority_is_not_trusted() {
    let (url, _) = start().await;
    for verify in [json!(null), json!(true)] {
        let mut settings = tries(1);
        settings["ssl_verify"] = verify;
        let error = ask(&client(&url, &settings)).await.unwrap_err();
        // Where the system has no root certificates at all, that is what is told.
        let no_roots = error.kind == FailureKind::Configuration && error.message.contains("no root certificates");
        assert!(error.kind == FailureKind::Tls || no_roots, "{error:?}");
        assert!(error.message.contains("ssl_verify"), "{error}");
        assert!(!error.retryable, "a certificate does not become better by waiting");
    }
}

#[tokio::test]
async fn a_named_authority_is_trusted_and_none_is_needed_when_told() {
    let (url, pem) = start().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, pem).unwrap();
    for verify in [json!(file), json!(false)] {
        let mut settings = tries(1);
        settings["ssl_verify"] = verify;
        assert_eq!(ask(&client(&url, &settings)).await, Ok(json!({"status": "ok"})));
    }
    // The name counts as well.
    let mut settings = tries(1);
    settings["ssl_verify"] = json!(file);
    let error = ask(&client(&url.replace("localhost", "127.0.0.1"), &settings)).await.unwrap_err();
    assert_eq!(error.kind, FailureKind::Tls, "{error}");
}

#[tokio::test]
async fn a_file_without_certificates_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, "no certificate").unwrap();
    let mut settings = tries(1);
    settings["ssl_verify"] = json!(file);
    let error = ask(&client("https://localhost:9", &settings)).await.unwrap_err();
    assert_eq!((error.kind, error.retryable), (FailureKind::Configuration, false));
    assert!(error.message.contains("found no certificate"), "{error}");
}

#[tokio::test]
async fn http2_is_used_where_it_is_offered() {
    let authority = Authority::new();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, authority.0.pem()).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    let acceptor = authority.acceptor(&[b"h2"]);
    let connections = Arc::new(AtomicUsize::new(0));
    let counter = connections.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(stream) = acceptor.accept(stream).await else { continue };
            counter.fetch_add(1, Ordering::SeqCst);
            let answer = service_fn(|request: Request<Incoming>| async move {
                assert_eq!(request.version(), Version::HTTP_2);
                Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(b"{\"status\": \"ok\"}"))))
            });
            let server = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
            tokio::spawn(async move { server.serve_connection(TokioIo::new(stream), answer).await });
        }
    });
    let mut settings = tries(1);
    settings["ssl_verify"] = json!(file);
    let client = client(&url, &settings);
    for _ in 0..3 {
        assert_eq!(ask(&client).await, Ok(json!({"status": "ok"})));
    }
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}
