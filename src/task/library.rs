//! The tasks there are: those of the course, compiled in, or those of a folder.

use super::load::{LoadError, load};
use super::model::Task;
use nix::errno::Errno;
use std::fs;
use std::io;
use std::path::Path;

/// A task's folder, compiled in by `build.rs`: its name, `task.toml` and `README.md`.
struct Folder {
    id: &'static str,
    task: &'static str,
    walkthrough: &'static str,
}

static BUILT_IN: &[Folder] = include!(concat!(env!("OUT_DIR"), "/tasks.rs"));

/// The tasks of the course, or those of the folder `own`, ordered by name.
///
/// # Errors
/// [`LoadError`] for the first task that cannot be read.
pub fn tasks(own: Option<&Path>) -> Result<Vec<Task>, LoadError> {
    match own {
        Some(folder) => read_folder(folder),
        None => BUILT_IN
            .iter()
            .map(|folder| {
                let file = format!("tasks/{}/task.toml", folder.id);
                load(folder.id, &file, folder.task, folder.walkthrough)
            })
            .collect(),
    }
}

/// Those whose name starts with `prefix`; all for `all`.
pub fn select(tasks: Vec<Task>, prefix: &str) -> Vec<Task> {
    let is_meant = |task: &Task| prefix == "all" || task.id.starts_with(prefix);
    tasks.into_iter().filter(is_meant).collect()
}

fn read_folder(folder: &Path) -> Result<Vec<Task>, LoadError> {
    let failed = |path: &Path| {
        let path = path.display().to_string();
        move |error: io::Error| LoadError::File {
            path,
            errno: crate::sys::errno::of(&error),
        }
    };
    let mut tasks = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed(folder))? {
        let entry = entry.map_err(failed(folder))?.path();
        let file = entry.join("task.toml");
        let text = match fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) => match crate::sys::errno::of(&error) {
                // Other files may lie beside the tasks.
                Errno::ENOENT | Errno::ENOTDIR => continue,
                _ => return Err(failed(&file)(error)),
            },
        };
        let walkthrough = entry.join("README.md");
        let walkthrough = fs::read_to_string(&walkthrough).map_err(failed(&walkthrough))?;
        let id = entry.file_name().unwrap_or_default().to_string_lossy();
        tasks.push(load(&id, &file.display().to_string(), &text, &walkthrough)?);
    }
    if tasks.is_empty() {
        return Err(LoadError::Empty {
            path: folder.display().to_string(),
        });
    }
    tasks.sort_by(|one, other| one.id.cmp(&other.id));
    Ok(tasks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_task_of_the_course_can_be_read() {
        let tasks = tasks(None).unwrap_or_else(|error| panic!("{error}\n{}", error.picture()));
        let ids: Vec<&str> = tasks.iter().map(|task| task.id.as_str()).collect();
        assert_eq!(
            ids,
            [
                "1-network-setup",
                "2a-name",
                "2b-configure",
                "2c-read",
                "2d-garbage",
                "2d-spoof",
                "3-send-through-tunnel",
                "4-vpn-server",
                "5-both-directions",
                "6-tunnel-breaking",
                "7-routing-on-v",
                "8-site-to-site",
                "8-tun-address",
                "9-arp-reply",
                "9-tap",
            ]
        );
    }

    #[test]
    fn a_prefix_selects() {
        let ids = |prefix| -> Vec<String> {
            let tasks = select(tasks(None).unwrap(), prefix);
            tasks.into_iter().map(|task| task.id).collect()
        };
        assert_eq!(ids("8"), ["8-site-to-site", "8-tun-address"]);
        assert_eq!(ids("2c-read"), ["2c-read"]);
        assert_eq!(ids("all").len(), 15);
        assert!(ids("0").is_empty());
    }
}
