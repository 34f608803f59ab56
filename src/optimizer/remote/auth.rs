//! How a servo proves to a service who it is.

use std::sync::Arc;

use base64::Engine as _;
use reqwest::Url;
use reqwest::header::{AUTHORIZATION, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};

use super::connection_file::ConnectionFile;
use super::endpoint::{Service, configuration, missing, shown};
use super::errors::{RemoteError, Secrets};
use super::oauth::{Client, Tokens};
use super::pool::Network;

/// What a request needs: where it goes, and what shows who sends it.
#[derive(Clone, Debug)]
pub(super) struct Access {
    pub url: Url,
    /// How the URL is told, and whose connections lead there; known beforehand, for every message asks.
    pub at: String,
    pub origin: String,
    pub header: (HeaderName, HeaderValue),
    /// What no text may show.
    pub secrets: Secrets,
    /// Which of the successive credentials these are.
    pub generation: u64,
}

impl Access {
    /// The access with a token text: `X-SF-Token <token>`, `Bearer <token>`, or the token alone.
    pub fn with_token(url: Url, token: &SecretString, generation: u64) -> Result<Self, RemoteError> {
        let mut secrets = Secrets::default();
        let header = header(token, &mut secrets)?;
        if let Some(password) = url.password() {
            secrets.add(password);
        }
        let (at, origin) = (shown(&url), url.origin().ascii_serialization());
        Ok(Self { url, at, origin, header, secrets, generation })
    }
}

/// The source of accesses.
pub(super) enum Authentication {
    /// A token that never changes.
    Token(Arc<Access>),
    /// A client that gets tokens.
    Client(Arc<Client>, Tokens),
    /// A file that another program keeps.
    File(ConnectionFile),
}

impl Authentication {
    /// What the configuration of a service asks for.
    pub fn new(service: Service) -> Result<Self, RemoteError> {
        let service = match service {
            Service::Token(service) => {
                let token = service.token.as_ref().filter(|token| !token.expose_secret().trim().is_empty());
                let token = token.ok_or_else(|| {
                    configuration(
                        "optimizer.token is missing: write it, or set OPSANI_TOKEN or OPSANI_TOKEN_FILE".to_owned(),
                    )
                })?;
                return Ok(Self::Token(Arc::new(Access::with_token(service.url()?, token, 0)?)));
            }
            Service::Client(service) => service,
        };
        if let Some(path) = service.connection_file.clone() {
            return Ok(Self::File(ConnectionFile::new(path, service)));
        }
        if let Some(token) = &service.token {
            return Ok(Self::Token(Arc::new(Access::with_token(service.url(None)?, token, 0)?)));
        }
        let client = Client {
            url: service.url(None)?,
            token_url: service.token_url()?,
            id: service.client_id.clone().ok_or_else(|| missing("client_id"))?,
            secret: service.client_secret.clone().ok_or_else(|| missing("client_secret"))?,
        };
        Ok(Self::Client(Arc::new(client), Tokens::default()))
    }

    /// Where messages go, as it is told; the path of a connection file that was not read yet.
    pub fn at(&self) -> String {
        match self {
            Self::Token(access) => access.at.clone(),
            Self::Client(client, _) => shown(&client.url),
            Self::File(file) => file.at(),
        }
    }

    /// Whether another program says what the access is.
    pub fn follows_a_file(&self) -> bool {
        matches!(self, Self::File(_))
    }

    /// The access for the next request.
    pub async fn access(&self, network: &Network) -> Result<Arc<Access>, RemoteError> {
        match self {
            Self::Token(access) => Ok(access.clone()),
            Self::Client(client, tokens) => tokens.access(client, network).await.map(Arc::new),
            Self::File(file) => file.access(false).await.map(Arc::new),
        }
    }

    /// Another access than the one that was not accepted; `None` when there is none.
    pub async fn renewed(&self, refused: &Access, network: &Network) -> Result<Option<Arc<Access>>, RemoteError> {
        let access = match self {
            Self::Token(_) => return Ok(None),
            Self::Client(client, tokens) => {
                tokens.refuse(refused.generation);
                tokens.access(client, network).await?
            }
            Self::File(file) => file.access(true).await?,
        };
        Ok((access.generation != refused.generation).then(|| Arc::new(access)))
    }
}

/// The header of a token text.
fn header(token: &SecretString, secrets: &mut Secrets) -> Result<(HeaderName, HeaderValue), RemoteError> {
    const SF: &str = "X-SF-Token";
    let text = token.expose_secret().trim();
    let unusable = || configuration("the token is empty, or has characters that no header can have".to_owned());
    if text.is_empty() {
        return Err(unusable());
    }
    let (name, value) = match text.strip_prefix(SF) {
        // One character of any kind stands between the name and the token.
        Some(rest) => {
            let mut rest = rest.chars();
            rest.next();
            (HeaderName::from_static("x-sf-token"), rest.as_str().trim().to_owned())
        }
        None if text.contains("Bearer") => (AUTHORIZATION, text.to_owned()),
        None => (AUTHORIZATION, format!("Bearer {text}")),
    };
    secrets.add(text);
    secrets.add(value.trim_start_matches("Bearer").trim());
    let mut value = HeaderValue::from_str(&value).ok().filter(|value| !value.is_empty()).ok_or_else(unusable)?;
    value.set_sensitive(true);
    Ok((name, value))
}

/// `Basic …` of a client.
pub(super) fn basic(id: &str, secret: &SecretString) -> Result<HeaderValue, RemoteError> {
    let text = base64::engine::general_purpose::STANDARD.encode(format!("{id}:{}", secret.expose_secret()));
    let mut value = HeaderValue::from_str(&format!("Basic {text}"))
        .map_err(|_| configuration("optimizer.client_secret: the header of the client cannot be made".to_owned()))?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_of_the_token_chooses_the_header() {
        for (token, name, value) in [
            ("abcdef", "authorization", "Bearer abcdef"),
            (" abcdef\n", "authorization", "Bearer abcdef"),
            ("Bearer abcdef", "authorization", "Bearer abcdef"),
            ("X-SF-Token abcdef", "x-sf-token", "abcdef"),
            ("X-SF-Token: abcdef", "x-sf-token", "abcdef"),
        ] {
            let mut secrets = Secrets::default();
            let found = header(&SecretString::from(token), &mut secrets).unwrap();
            assert_eq!((found.0.as_str(), found.1.to_str().unwrap()), (name, value), "{token:?}");
            assert_eq!(format!("{:?}", found.1), "Sensitive");
            assert_eq!(secrets.redact("it was abcdef"), "it was [REDACTED]");
        }
        for token in ["a\nb", "X-SF-Token", "", " \n"] {
            assert!(header(&SecretString::from(token), &mut Secrets::default()).is_err(), "{token:?}");
        }
    }
}
