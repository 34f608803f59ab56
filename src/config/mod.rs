//! `servo.yaml`: documents with places, and everything that is wrong with one at once.

mod problem;
mod schema;

pub use problem::{Path, Problem, Step};
pub use schema::check_schema;
