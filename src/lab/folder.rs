//! Where the records of the labs lie: `/run/tunlab` for root, the user's runtime folder for others.
//! Whoever changes what is in it, or under `/run/netns`, holds its lock.

use std::{
    env,
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use nix::{
    errno::Errno,
    unistd::{AccessFlags, access, geteuid},
};

use super::LabName;
use super::error::{LabError, file};
use crate::sys::lock;

/// A folder of records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Folder(PathBuf);

/// Until this is dropped no other tunlab changes what is in the folder.
#[derive(Debug)]
pub(super) struct FolderLock(#[expect(dead_code, reason = "holds the lock")] File);

impl Folder {
    /// The folders in which this user's records may lie, the usual one first.
    pub(super) fn candidates() -> Vec<Folder> {
        let user = geteuid();
        let mut folders = Vec::new();
        if user.is_root() {
            folders.push(Self::of_root().0);
        }
        let runtime = env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
        let runtime = runtime.filter(|path| path.is_absolute());
        folders.extend(runtime.map(|path| path.join("tunlab")));
        folders.push(env::temp_dir().join(format!("tunlab-{user}")));
        folders.into_iter().map(Folder).collect()
    }

    /// Root's.
    pub(super) fn of_root() -> Folder {
        Folder("/run/tunlab".into())
    }

    /// The names of the labs recorded here.
    pub(super) fn labs(&self) -> Vec<Option<LabName>> {
        let name = |path: PathBuf| {
            let file = path.file_name()?.to_str()?.to_owned();
            match file.strip_prefix("lab-") {
                Some(name) => Some(Some(name.parse().ok()?)),
                None => Some(None),
            }
        };
        self.records().into_iter().filter_map(name).collect()
    }

    /// The first of the candidates that there is or that can be made.
    pub(super) fn make() -> Result<Folder, LabError> {
        let mut first = Ok(());
        for folder in Self::candidates() {
            match folder.try_make() {
                Ok(()) => return Ok(folder),
                Err(error) => {
                    let error = file("create folder", &folder.0)(error);
                    first = first.and(Err(error));
                }
            }
        }
        Err(first.expect_err("there is at least one candidate"))
    }

    /// Like [`Folder::make`], but only asks whether it would work.
    pub(super) fn check() -> Result<Folder, LabError> {
        let mut first = Ok(());
        for folder in Self::candidates() {
            match folder.is_usable() {
                Ok(()) => return Ok(folder),
                Err(errno) => {
                    let error = file("create folder", &folder.0)(errno.into());
                    first = first.and(Err(error));
                }
            }
        }
        Err(first.expect_err("there is at least one candidate"))
    }

    /// Whether it is there and ours, or could be made.
    fn is_usable(&self) -> Result<(), Errno> {
        match fs::symlink_metadata(&self.0) {
            Ok(_) if self.is_ours() => Ok(()),
            Ok(_) => Err(Errno::EPERM),
            Err(_) => access(self.0.parent().unwrap_or(Path::new("/")), AccessFlags::W_OK),
        }
    }

    /// Its path.
    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    fn try_make(&self) -> io::Result<()> {
        let open_to = if geteuid().is_root() { 0o755 } else { 0o700 };
        match fs::DirBuilder::new().mode(open_to).create(&self.0) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            outcome => outcome?,
        }
        if self.is_ours() {
            Ok(())
        } else {
            Err(Errno::EPERM.into())
        }
    }

    /// In a folder that everyone can write, someone else may have made one of this name.
    pub(super) fn is_ours(&self) -> bool {
        let metadata = fs::symlink_metadata(&self.0);
        metadata.is_ok_and(|one| one.is_dir() && one.uid() == geteuid().as_raw())
    }

    /// The path of a lab's record.
    pub(super) fn record(&self, lab: Option<&LabName>) -> PathBuf {
        self.0.join(match lab {
            Some(name) => format!("lab-{name}"),
            None => "lab".to_owned(),
        })
    }

    /// The paths of all records.
    pub(super) fn records(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(&self.0).into_iter().flatten().flatten();
        let is_record = |name: &str| name == "lab" || name.starts_with("lab-");
        entries
            .filter(|entry| entry.file_name().to_str().is_some_and(is_record))
            .map(|entry| entry.path())
            .collect()
    }

    /// Another file in it.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Waits for the folder's lock.
    pub(super) fn lock(&self) -> Result<FolderLock, LabError> {
        let path = self.file("lock");
        let file_ = open(&path).map_err(file("open", &path))?;
        lock::lock(&file_).map_err(|errno| file("lock", &path)(errno.into()))?;
        Ok(FolderLock(file_))
    }
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_without_a_parent_is_not_refused_for_want_of_permission() {
        let place = env::temp_dir().join(format!("tunlab-none-{}", std::process::id()));
        assert_eq!(Folder(place.join("labs")).is_usable(), Err(Errno::ENOENT));
        assert_eq!(Folder(place).is_usable(), Ok(()));
    }
}
