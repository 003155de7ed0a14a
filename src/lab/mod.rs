//! Topology, plan, apply and undo.
