//! The client of remote optimizers against services that fail in every way.

mod credentials;
mod faults;
mod optimizer;
mod service;
mod tls;
