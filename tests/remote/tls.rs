//! Certificates: verified unless told otherwise.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use serde_json::json;
use servox::optimizer::remote::FailureKind;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::service::{ask, client, tries};

/// A service with a certificate of an authority of its own: its URL, and the authority's certificate.
async fn start() -> (String, String) {
    let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate =
        CertificateParams::new(vec!["localhost".to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::Pkcs8(key.serialize_der().into()))
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
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
    (url, authority.pem())
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
