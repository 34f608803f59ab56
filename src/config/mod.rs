//! `servo.yaml`: documents with places, and everything that is wrong with one at once.

mod document;
mod nearest;
mod place;
mod problem;
mod schema;
mod yaml;

pub use document::Document;
pub use place::{ConfigError, LocatedProblem, Place};
pub use problem::{Path, Problem, Step};
pub use schema::check_schema;
