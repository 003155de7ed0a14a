//! Small programs that stand in for ones that a machine may lack, so that a demonstration needs
//! nothing installed. They know what the tasks need, in the words of the usual ones; `ping` is a
//! command of its own.

mod arping;
mod telnet;

pub(super) use arping::Arping;
pub(super) use telnet::Telnet;
