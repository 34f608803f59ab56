//! What a servo tells those who operate it.

mod catalogue;
mod counts;
#[cfg(feature = "otel")]
mod otel;
#[cfg(feature = "otel")]
mod protobuf;
#[path = "../common/service.rs"]
#[allow(dead_code)]
mod service;
mod shop;
