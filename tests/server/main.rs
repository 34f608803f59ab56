//! The server of local optimizers, over sockets of the loopback interface.

mod applications;
mod auth;
mod configuration;
mod faults;
mod place;
mod tls;
