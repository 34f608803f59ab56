//! The certificate of a server.

use std::path::Path;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use super::config::TlsConfig;

/// What takes TLS connections; the error names the file that cannot be used.
pub(super) fn acceptor(config: &TlsConfig) -> Result<TlsAcceptor, String> {
    let told = |key: &str, file: &Path, why: &dyn std::fmt::Display| {
        format!("tls.{key}: expected a PEM file at {}: {why}", file.display())
    };
    let wrong_certificate = |why: &dyn std::fmt::Display| told("certificate", &config.certificate, why);
    let certificates = CertificateDer::pem_file_iter(&config.certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| wrong_certificate(&error))?;
    if certificates.is_empty() {
        return Err(wrong_certificate(&"found no certificate in it"));
    }
    let key = PrivateKeyDer::from_pem_file(&config.key).map_err(|error| told("key", &config.key, &error))?;
    let mut server = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("TLS cannot be set up: {error}"))?
        .with_no_client_auth()
        .with_single_cert(certificates, key)
        .map_err(|error| told("key", &config.key, &error))?;
    server.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(server)))
}
