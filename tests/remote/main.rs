//! The client of remote optimizers against services that fail in every way.

#[path = "../common/authority.rs"]
mod authority;
mod credentials;
mod faults;
mod optimizer;
#[path = "../common/service.rs"]
mod service;
mod tls;
