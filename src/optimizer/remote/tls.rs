//! How the certificate of a service is verified.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use super::errors::{FailureKind, RemoteError};
use crate::certificate::AnyCertificate;
use crate::config::SslVerify;

/// The TLS of a client: verified unless that is turned off. One that is to be used for certain needs authorities.
pub(super) fn client_config(verify: Option<&SslVerify>, certain: bool) -> Result<ClientConfig, RemoteError> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|error| wrong(format!("TLS cannot be set up: {error}")))?;
    let mut config = match verify {
        Some(SslVerify::Enabled(false)) => {
            let verifier = Arc::new(AnyCertificate(provider));
            builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth()
        }
        Some(SslVerify::Authorities(file)) => {
            builder.with_root_certificates(authorities(file.as_ref())?).with_no_client_auth()
        }
        None | Some(SslVerify::Enabled(true)) => {
            let roots = match system_authorities() {
                Err(_) if !certain => Arc::new(RootCertStore::empty()),
                roots => roots?,
            };
            builder.with_root_certificates(roots).with_no_client_auth()
        }
    };
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// The authorities that the system trusts, read once.
fn system_authorities() -> Result<Arc<RootCertStore>, RemoteError> {
    static ROOTS: OnceLock<Arc<RootCertStore>> = OnceLock::new();
    if let Some(roots) = ROOTS.get() {
        return Ok(roots.clone());
    }
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        let reasons: Vec<_> = found.errors.iter().map(ToString::to_string).collect();
        return Err(wrong(format!(
            "no root certificates were found on this system; install them, or name a file of them with \
             settings.ssl_verify or SSL_CERT_FILE. {}",
            reasons.join("; ")
        )));
    }
    Ok(ROOTS.get_or_init(|| Arc::new(roots)).clone())
}

/// The authorities of a PEM file.
fn authorities(file: &Path) -> Result<Arc<RootCertStore>, RemoteError> {
    let told = |why: String| {
        wrong(format!("settings.ssl_verify: expected a PEM file of authorities at {}: {why}", file.display()))
    };
    let certificates = CertificateDer::pem_file_iter(file).map_err(|error| told(error.to_string()))?;
    let mut roots = RootCertStore::empty();
    for certificate in certificates {
        let certificate = certificate.map_err(|error| told(error.to_string()))?;
        roots.add(certificate).map_err(|error| told(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(told("found no certificate in it".into()));
    }
    Ok(Arc::new(roots))
}

fn wrong(message: String) -> RemoteError {
    RemoteError::new(FailureKind::Configuration, message)
}
