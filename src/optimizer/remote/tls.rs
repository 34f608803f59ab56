//! How the certificate of a service is verified.

use std::sync::Arc;

use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};

use super::errors::{FailureKind, RemoteError};
use crate::certificate::{AnyCertificate, authorities, system_authorities};
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
            let roots = authorities(file.as_ref()).map_err(|why| wrong(format!("settings.ssl_verify: {why}")))?;
            builder.with_root_certificates(roots).with_no_client_auth()
        }
        None | Some(SslVerify::Enabled(true)) => {
            let roots = match system_authorities("settings.ssl_verify") {
                Err(_) if !certain => Arc::new(RootCertStore::empty()),
                roots => roots.map_err(wrong)?,
            };
            builder.with_root_certificates(roots).with_no_client_auth()
        }
    };
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

fn wrong(message: String) -> RemoteError {
    RemoteError::new(FailureKind::Configuration, message)
}
