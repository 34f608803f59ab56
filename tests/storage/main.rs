//! The storage of the local optimizer: one suite for both databases, and what is particular to each.
#![cfg(unix)]

mod cluster;
mod front;
mod postgres;
mod sqlite;
mod suite;
