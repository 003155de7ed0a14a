//! The tables agree with pnet's typed views, and with themselves.
//!
//! - `fields`: of random headers, each value that the table reads is the one that pnet's getter
//!   reads
//! - `checksums`: packets that pnet builds with right checksums get no remark, and one changed byte
//!   gets one
//! - `cover`: every table of the registry covers its header without a gap and without overlap

mod checksums;
#[path = "../common/mod.rs"]
mod common;
mod cover;
mod fields;
