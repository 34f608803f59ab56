//! `servo.yaml`: documents with places, and everything that is wrong with one at once.
//!
//! [`load_file`] gives the [`ServoConfig`]s of a file or a [`ConfigError`] with every [`LocatedProblem`]: file, line,
//! column, path, what was expected and the nearest known name. What connectors there are, and who checks their parts,
//! comes in through a [`ConnectorCatalog`]; what variables add, through an [`Environment`].

mod catalog;
mod checks;
mod coerce;
mod common;
mod document;
mod environment;
mod file;
mod nearest;
mod offer;
mod optimizer;
mod place;
mod problem;
mod read;
mod routes;
mod schema;
mod servo;
mod yaml;

pub use catalog::ConnectorCatalog;
pub use checks::{ChecksSettings, Delay, Expo, Nothing, Severity, Wait};
pub use common::{Backoff, CommonSettings, Proxies, SslVerify, TimeoutParts, Timeouts};
pub use document::Document;
pub use environment::Environment;
pub use file::{MAX_FILE_SIZE, load_bytes, load_bytes_in, load_bytes_offering, load_file, load_file_in};
pub use nearest::nearest;
pub use offer::Offer;
pub use optimizer::{OptimizerConfig, is_id};
pub use place::{ConfigError, LocatedProblem, Origin, Place};
pub use problem::{Path, Problem, Step};
pub use read::{read, read_with};
pub use routes::Route;
pub use schema::check_schema;
pub use servo::ServoConfig;
