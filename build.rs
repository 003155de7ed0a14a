//! 1. Lists the tasks' folders, so that adding a task is adding a folder.
//! 2. Links the program to a fixed address. The protocols' tables are full of pointers; in a
//!    position-independent program the loader must write every one of them before `main`, which
//!    costs more than all the rest of a short run (on one packet: 1.45 ms of CPU instead of 0.89).

use std::{env, fmt::Write, fs, path::Path};

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    list_tasks();
    link_to_a_fixed_address();
}

/// Writes the list that `src/task/library.rs` includes.
fn list_tasks() {
    println!("cargo:rerun-if-changed=tasks");
    let root = env::var("CARGO_MANIFEST_DIR").expect("cargo names the package's folder");
    let out = env::var("OUT_DIR").expect("cargo names the folder for what is generated");
    let folders = fs::read_dir(Path::new(&root).join("tasks")).expect("tasks/ can be read");
    let mut folders: Vec<_> = folders
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|folder| folder.join("task.toml").is_file())
        .collect();
    folders.sort();
    let mut list = String::from("&[\n");
    for folder in folders {
        let id = folder.file_name().unwrap_or_default().to_string_lossy();
        let (task, walkthrough) = (folder.join("task.toml"), folder.join("README.md"));
        // Writing into a string cannot fail.
        let _ = writeln!(
            list,
            "Folder {{ id: {id:?}, task: include_str!({task:?}), walkthrough: include_str!({walkthrough:?}) }},"
        );
    }
    list.push(']');
    fs::write(Path::new(&out).join("tasks.rs"), list).expect("the list of tasks can be written");
}

fn link_to_a_fixed_address() {
    let cfg = |name: &str| env::var(format!("CARGO_CFG_TARGET_{name}")).unwrap_or_default();
    // A static program gets its start-up code from rustc, which then wants it movable.
    let is_static = cfg("FEATURE")
        .split(',')
        .any(|feature| feature == "crt-static");
    if cfg("OS") == "linux" && cfg("ENV") == "gnu" && !is_static {
        println!("cargo:rustc-link-arg-bins=-no-pie");
    }
}
