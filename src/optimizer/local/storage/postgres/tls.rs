//! How the certificate of a database server is verified.

use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::super::error::StorageError;
use super::super::url::{PostgresUrl, Tls};
use crate::certificate::AnyCertificate;

/// The TLS of the connections to a database.
pub(super) fn connector(url: &PostgresUrl) -> Result<MakeRustlsConnect, StorageError> {
    let refused = |cause: String| StorageError::Refused { place: url.to_string(), cause };
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|error| refused(format!("TLS cannot be set up: {error}")))?;
    let config = match (url.tls, &url.authorities) {
        // Who could replace the certificate could as well say that there is no TLS.
        (Tls::Disable | Tls::Prefer, None) => {
            builder.dangerous().with_custom_certificate_verifier(Arc::new(AnyCertificate(provider)))
        }
        (Tls::Require, None) => {
            let found = rustls_native_certs::load_native_certs();
            let mut roots = RootCertStore::empty();
            roots.add_parsable_certificates(found.certs);
            if roots.is_empty() {
                return Err(refused(
                    "no root certificates were found on this system; install them, or name a file of them with \
                     ?sslrootcert=FILE or SSL_CERT_FILE"
                        .into(),
                ));
            }
            builder.with_root_certificates(roots)
        }
        (_, Some(file)) => {
            let told = |why: String| {
                refused(format!("sslrootcert: expected a PEM file of authorities at {}: {why}", file.display()))
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
            builder.with_root_certificates(roots)
        }
    };
    Ok(MakeRustlsConnect::new(config.with_no_client_auth()))
}
