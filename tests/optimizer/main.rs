//! Optimizers as a servo sees them.
//!
//! `conformance` holds for every optimizer: a new one needs a way to be opened, and a test that hands it to `conforms`.

mod conformance;
mod local;
mod served;
mod servo;
