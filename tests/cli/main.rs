//! The program as a user meets it: what it prints, where, and the code it exits with. None of
//! these tests needs a device.

mod bad_input;
#[path = "../common/mod.rs"]
mod common;
mod control_bytes;
mod forward;
mod json;
mod printing;
mod reference;
mod run;
mod table;
mod tasks;
mod usage;
