//! Serves the local optimizer over HTTP, to many applications at once.
//!
//! The messages are those of a remote optimizer, so that servos cannot tell the two apart. Each application has an
//! optimizer of its own, opened when it is first asked for; all of them keep their studies in one storage.
//!
//! ```no_run
//! use std::sync::Arc;
//! use servox::optimizer::local::NativeSamplers;
//! use servox::optimizer::server::{Server, ServerConfig};
//! use tokio_util::sync::CancellationToken;
//!
//! # async fn serve() -> Result<(), Box<dyn std::error::Error>> {
//! let config = ServerConfig::load("optimizer.yaml", &NativeSamplers)?;
//! let server = Server::bind(config, Arc::new(NativeSamplers)).await?;
//! println!("listening on {}", server.url());
//! server.serve(CancellationToken::new()).await;
//! # Ok(())
//! # }
//! ```

mod application;
mod body;
mod config;
mod connections;
mod counts;
mod desk;
mod directory;
mod routes;
mod tls;
mod token;
mod wire;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

pub use config::{ApplicationConfig, ServerConfig, TlsConfig};

use crate::optimizer::local::{Ledger, SamplerFactory};
use directory::Directory;

/// How long requests under way have to end once the stop is asked for.
const GRACE: Duration = Duration::from_secs(10);
/// How long what was begun for them has to be written down after that.
const SETTLE: Duration = Duration::from_secs(1);

/// Why a server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The address is in use, is not one of this machine, or must not be used.
    #[error("{0}")]
    Listen(String),
    /// The storage cannot be used.
    #[error("storage: {0}")]
    Storage(String),
    /// The certificate, its key or the tokens cannot be used.
    #[error("{0}")]
    Credentials(String),
    /// A defect.
    #[error("the server could not be started: {0}")]
    Defect(String),
}

/// A server that listens, and answers once [`Server::serve`] is awaited.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    tls: Option<TlsAcceptor>,
    directory: Arc<Directory>,
}

impl Server {
    /// Opens the storage and listens.
    ///
    /// Plain HTTP on an address that other machines can reach is refused unless [`ServerConfig::insecure`] says that it
    /// is meant, since tokens would cross the network for everyone to read.
    pub async fn bind(config: ServerConfig, samplers: Arc<dyn SamplerFactory>) -> Result<Self, ServerError> {
        let tls = config.tls.as_ref().map(tls::acceptor).transpose().map_err(ServerError::Credentials)?;
        let listener = listen(&config).await?;
        let address = listener.local_addr().map_err(|error| ServerError::Listen(error.to_string()))?;
        let open = move || {
            let url = config.storage_url().map_err(ServerError::Storage)?;
            let ledger = Ledger::shared(&url).map_err(|error| ServerError::Storage(error.to_string()))?;
            Directory::new(config.applications, ledger, samplers).map_err(ServerError::Credentials)
        };
        let opened = tokio::task::spawn_blocking(open).await;
        let directory = opened.map_err(|failure| ServerError::Defect(failure.to_string()))??;
        Ok(Self { listener, address, tls, directory: Arc::new(directory) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it listens, as servos have it in `optimizer.base_url`.
    pub fn url(&self) -> String {
        format!("{}://{}", if self.tls.is_some() { "https" } else { "http" }, self.address)
    }

    /// How many applications it serves.
    pub fn applications(&self) -> usize {
        self.directory.applications.len()
    }

    /// Answers until the stop is asked for. Then no more connections are taken, and requests under way have ten seconds
    /// to end; studies go on when a server is started again.
    pub async fn serve(self, stop: CancellationToken) {
        let Self { listener, tls, directory, .. } = self;
        let work = directory.shared.work.clone();
        connections::serve(listener, tls, routes::router(directory), &stop, GRACE).await;
        // What nobody waits for any more: there is nothing to lose but the time that a strategy has thought.
        work.close();
        if tokio::time::timeout(SETTLE, work.wait()).await.is_err() {
            tracing::warn!("{} search strategies still think: their answers are lost, and asked for again", work.len());
        }
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("address", &self.address).finish_non_exhaustive()
    }
}

async fn listen(config: &ServerConfig) -> Result<TcpListener, ServerError> {
    let at = &config.listen;
    let unusable = |error: std::io::Error| ServerError::Listen(format!("cannot listen on {at}: {error}"));
    let addresses: Vec<SocketAddr> = tokio::net::lookup_host(at).await.map_err(unusable)?.collect();
    if config.tls.is_none()
        && let Some(reachable) = addresses.iter().find(|address| !address.ip().is_loopback())
    {
        if !config.insecure {
            return Err(ServerError::Listen(format!(
                "plain HTTP on {reachable}, which other machines can reach, would show tokens to everyone on the way: give \
                 tls a certificate and a key, listen on 127.0.0.1 behind a proxy that speaks TLS, or say insecure: true \
                 (--insecure) where the network is trusted"
            )));
        }
        tracing::warn!("TOKENS CROSS THE NETWORK UNENCRYPTED: plain HTTP on {reachable}, as insecure: true says");
    }
    TcpListener::bind(&addresses[..]).await.map_err(unusable)
}
