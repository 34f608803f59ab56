//! The values that travel between connectors, the run loop and an optimizer.
//!
//! Each value is defined once, here; its wire form (the JSON an optimizer reads and writes) is the
//! `wire` method or the serde implementation beside it.

mod adjustment;
mod control;
mod description;
mod duration;
mod metric;
mod number;
mod points;
mod reading;
mod setting;
pub mod step;
mod unit;

pub use adjustment::{Adjustment, DescriptorError};
pub use control::Control;
pub use description::{Component, Description};
pub use duration::{Duration, InvalidDuration};
pub use metric::Metric;
pub use number::Value;
pub use points::Points;
pub use reading::{DataPoint, Measurement, Reading, TimeSeries};
pub use setting::{Domain, Setting, SettingError};
pub use unit::Unit;
