//! The servers of the targets, and how they are found.

use std::cell::RefCell;
use std::net::SocketAddr;

use hyper::client::conn::http2;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use url::{Host, Url};

use super::http::{Failure, Payload};

/// A server, and what is known of it.
pub(super) struct Origin {
    host: String,
    port: u16,
    /// Set for https.
    pub(super) server_name: Option<ServerName<'static>>,
    addresses: RefCell<Vec<SocketAddr>>,
    /// The one connection that all workers share when the server speaks HTTP/2.
    pub(super) shared: RefCell<Option<http2::SendRequest<Payload>>>,
}

impl Origin {
    pub(super) fn new(url: &Url) -> Result<Self, String> {
        let missing = || format!("the URL {}://… has no host", url.scheme());
        let host = url.host().ok_or_else(missing)?;
        let port = url.port_or_known_default().ok_or_else(missing)?;
        let (name, address, server_name) = match host {
            Host::Domain(name) => {
                let server_name = ServerName::try_from(name.to_owned());
                (name.to_owned(), None, server_name.map_err(|_| format!("'{name}' is not the name of a host"))?)
            }
            Host::Ipv4(ip) => (ip.to_string(), Some(ip.into()), ServerName::IpAddress(std::net::IpAddr::V4(ip).into())),
            Host::Ipv6(ip) => {
                (format!("[{ip}]"), Some(ip.into()), ServerName::IpAddress(std::net::IpAddr::V6(ip).into()))
            }
        };
        Ok(Self {
            host: name,
            port,
            server_name: (url.scheme() == "https").then_some(server_name),
            addresses: RefCell::new(address.map(|ip| SocketAddr::new(ip, port)).into_iter().collect()),
            shared: RefCell::new(None),
        })
    }

    pub(super) fn same(&self, other: &Self) -> bool {
        (&self.host, self.port, &self.server_name) == (&other.host, other.port, &other.server_name)
    }

    pub(super) fn shown(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    pub(super) fn shared(&self) -> Option<http2::SendRequest<Payload>> {
        self.shared.borrow().clone().filter(|sender| !sender.is_closed())
    }

    /// A TCP connection to the first address that takes one. Names are looked up once an attack.
    pub(super) async fn dial(&self) -> Result<TcpStream, Failure> {
        let mut addresses = self.addresses.borrow().clone();
        if addresses.is_empty() {
            let found = tokio::net::lookup_host((self.host.as_str(), self.port)).await;
            addresses =
                found.map_err(|error| Failure::new(format!("host {} not found: {error}", self.host)))?.collect();
            self.addresses.borrow_mut().clone_from(&addresses);
        }
        let mut problem = None;
        for (at, address) in addresses.iter().enumerate() {
            match TcpStream::connect(address).await {
                Ok(stream) => {
                    if at > 0 {
                        // The next connection begins with what worked.
                        addresses.rotate_left(at);
                        self.addresses.borrow_mut().clone_from(&addresses);
                    }
                    stream.set_nodelay(true).ok();
                    return Ok(stream);
                }
                Err(error) => problem = Some(error),
            }
        }
        let reason = problem.map_or_else(|| "the host has no address".to_owned(), |error| error.to_string());
        Err(Failure::new(format!("connection to {} failed: {reason}", self.shown())))
    }
}
