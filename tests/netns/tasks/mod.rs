//! The tasks' demonstrations: they pass, and they cannot lie.

pub(crate) mod all;
pub(crate) mod evidence;
pub(crate) mod own;
pub(crate) mod sabotage;

use super::ended::Ended;
use super::run::Bench;
use super::{Problem, wrong};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The cases of a demonstration's `-o json`.
fn cases(ended: &Ended) -> Result<Vec<Value>, Problem> {
    let lines = ended.stdout.lines().map(serde_json::from_str);
    lines
        .collect::<Result<Vec<Value>, _>>()
        .map_err(|error| Problem::Wrong(format!("{error}:\n{}\n{}", ended.stdout, ended.stderr)))
}

/// What does not hold in a case, as `statement: found: hint`.
fn failures(case: &Value) -> Vec<String> {
    let verdicts = case["verdicts"].as_array().into_iter().flatten();
    let failed = verdicts.filter(|verdict| verdict["holds"] != true);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    failed
        .map(|one| {
            format!(
                "{}: {}: {}",
                text(&one["that"]),
                text(&one["found"]),
                text(&one["hint"])
            )
        })
        .collect()
}

/// A folder of tasks with one in it, which every user can read.
fn folder(bench: &Bench, id: &str, task: &str, walkthrough: &str) -> Result<PathBuf, Problem> {
    let folder = bench.file("tasks");
    let inner = folder.join(id);
    let write = || {
        fs::create_dir_all(&inner)?;
        fs::write(inner.join("task.toml"), task)?;
        fs::write(inner.join("README.md"), walkthrough)?;
        for path in [&folder, &inner] {
            fs::set_permissions(path, fs::Permissions::from_mode(0o755))?;
        }
        Ok::<_, std::io::Error>(())
    };
    match write() {
        Ok(()) => Ok(folder),
        Err(error) => wrong(error.to_string()),
    }
}

/// The text of a task of the course.
fn task_file(id: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = root.join("tasks").join(id).join("task.toml");
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
