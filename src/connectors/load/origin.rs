//! The servers of the targets, and how they are found.

use std::cell::RefCell;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use hyper::client::conn::http2;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::time::timeout;
use url::{Host, Url};

use super::http::{Failure, Payload};

/// How long an address may take to accept a connection while there are others to try: one that drops packets, as IPv6
/// does on some hosts, is not to take the time of the whole request.
const PATIENCE: Duration = Duration::from_secs(3);

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
            let connecting = TcpStream::connect(address);
            let connected = if at + 1 < addresses.len() {
                let late = |_| Err(std::io::Error::new(ErrorKind::TimedOut, format!("no answer from {address}")));
                timeout(PATIENCE, connecting).await.unwrap_or_else(late)
            } else {
                connecting.await
            };
            match connected {
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

#[cfg(test)]
mod tests {
    use tokio::net::{TcpListener, TcpSocket};

    use super::*;

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn an_address_that_does_not_answer_gives_way_to_the_next() {
        let listen = || {
            let socket = TcpSocket::new_v4().unwrap();
            socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
            socket.listen(1).unwrap()
        };
        let refusing = listen().local_addr().unwrap();
        // Once nobody accepts and the queue is full, the system drops what comes.
        let silent = listen();
        let full = silent.local_addr().unwrap();
        let mut waiting = Vec::new();
        while let Ok(stream) = timeout(Duration::from_millis(500), TcpStream::connect(full)).await {
            waiting.push(stream.unwrap());
            assert!(waiting.len() < 100, "the queue does not fill");
        }
        let answers = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let good = answers.local_addr().unwrap();

        let origin = Origin::new(&Url::parse("http://localhost/").unwrap()).unwrap();
        *origin.addresses.borrow_mut() = vec![refusing, full, good];
        let stream = timeout(Duration::from_secs(25), origin.dial()).await.expect("a connection in time").unwrap();
        assert_eq!(stream.peer_addr().unwrap(), good);
        assert_eq!(origin.addresses.borrow()[0], good, "the next connection begins with what worked");
    }
}
