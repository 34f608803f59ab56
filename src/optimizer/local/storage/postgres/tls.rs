//! How the certificate of a database server is verified.

use std::sync::Arc;

use rustls::ClientConfig;
use rustls::crypto::ring;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::super::error::StorageError;
use super::super::url::{PostgresUrl, Tls};
use crate::certificate::{AnyCertificate, authorities, system_authorities};

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
            builder.with_root_certificates(system_authorities("?sslrootcert=FILE").map_err(refused)?)
        }
        (_, Some(file)) => {
            let roots = authorities(file).map_err(|why| refused(format!("sslrootcert: {why}")))?;
            builder.with_root_certificates(roots)
        }
    };
    Ok(MakeRustlsConnect::new(config.with_no_client_auth()))
}
