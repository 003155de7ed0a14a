//! 1. Lists the tasks' folders, so that adding a task is adding a folder.
//! 2. Links the program to a fixed address. The protocols' tables are full of pointers; in a
//!    position-independent program the loader must write every one of them before `main`, which
//!    costs more than all the rest of a short run (on one packet: 1.45 ms of CPU instead of 0.89).
//! 3. Takes what unwinds the stack into the program, where the compiler has an archive of it: to
//!    find and map a shared library takes a tenth of a millisecond.

use std::process::Command;
use std::{env, fmt::Write, fs, path::Path};

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    list_tasks();
    start_quickly();
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

fn start_quickly() {
    let cfg = |name: &str| env::var(format!("CARGO_CFG_TARGET_{name}")).unwrap_or_default();
    // A static program gets its start-up code from rustc, which then wants it movable, and has no
    // shared library.
    let is_static = cfg("FEATURE")
        .split(',')
        .any(|feature| feature == "crt-static");
    if cfg("OS") != "linux" || cfg("ENV") != "gnu" || is_static {
        return;
    }
    println!("cargo:rustc-link-arg-bins=-no-pie");
    if env::var("TARGET") == env::var("HOST") && has_archive("gcc_eh") {
        println!("cargo:rustc-link-lib=static:-bundle=gcc_eh");
    }
}

/// Whether the compiler that links has `libNAME.a`. It answers with the full path of what it has,
/// and with the bare name otherwise.
fn has_archive(name: &str) -> bool {
    let linker = env::var("RUSTC_LINKER").unwrap_or_else(|_| "cc".to_owned());
    let asked = Command::new(linker)
        .arg(format!("-print-file-name=lib{name}.a"))
        .output();
    asked.is_ok_and(|answer| {
        let path = String::from_utf8_lossy(&answer.stdout);
        Path::new(path.trim()).is_absolute()
    })
}
