//! The names under `/run/netns`, where `ip netns exec`, tcpdump and Wireshark look for hosts.
//!
//! A name is a file on which the namespace is bound (`man 8 ip-netns`). The file is made without a
//! name and recorded before it gets one, so that there is no moment at which a file of ours is not
//! in the record; and only what the record knows by its inode is taken away.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::{
        fd::{AsFd, AsRawFd},
        unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    },
    path::{Path, PathBuf},
};

use nix::{
    errno::Errno,
    fcntl::{AT_FDCWD, AtFlags},
    libc,
    mount::{MntFlags, MsFlags, mount, umount2},
    sys::statfs::{NSFS_MAGIC, statfs},
    unistd::linkat,
};

use super::folder::Folder;
use super::record::Entry;
use crate::sys::namespace::NamespaceFd;

/// Where iproute2 keeps its names.
pub(super) const FOLDER: &str = "/run/netns";

/// A file that has no name yet.
#[derive(Debug)]
pub(super) struct MountPoint(File);

impl MountPoint {
    /// Makes one in [`FOLDER`].
    pub(super) fn new() -> io::Result<Self> {
        Self::new_in(FOLDER)
    }

    fn new_in(folder: &str) -> io::Result<Self> {
        let file = OpenOptions::new()
            .write(true)
            .mode(0o444)
            .custom_flags(libc::O_TMPFILE)
            .open(folder)?;
        Ok(MountPoint(file))
    }

    /// Its number.
    pub(super) fn inode(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.ino())
    }

    /// Gives it a name, and binds the namespace on it. `EEXIST` if the name is taken.
    pub(super) fn bind(&self, name: &str, namespace: &NamespaceFd) -> Result<(), Errno> {
        let path = Path::new(FOLDER).join(name);
        let ours = format!("/proc/self/fd/{}", self.0.as_raw_fd());
        let follow = AtFlags::AT_SYMLINK_FOLLOW;
        linkat(AT_FDCWD, ours.as_str(), AT_FDCWD, &path, follow)?;
        let source = format!("/proc/self/fd/{}", namespace.as_fd().as_raw_fd());
        let none = None::<&str>;
        mount(Some(source.as_str()), &path, none, MsFlags::MS_BIND, none)
    }
}

/// Whether the system lets us give names here, found out without giving one. It does not let root
/// of a user namespace.
pub(super) fn may_name() -> bool {
    let there = Path::new(FOLDER).exists();
    match MountPoint::new_in(if there { FOLDER } else { "/run" }) {
        Ok(_) => true,
        // Other failures are told when they stand in the way.
        Err(error) => !matches!(
            crate::sys::errno::of(&error),
            Errno::EACCES | Errno::EPERM | Errno::EROFS
        ),
    }
}

/// Takes the name of a host away, if it is still the one that the record means.
pub(super) fn remove(host: &Entry) {
    if host.mount_point == 0 {
        return;
    }
    let path = Path::new(FOLDER).join(&host.netns);
    let inode = |path: &Path| fs::symlink_metadata(path).map(|one| one.ino()).ok();
    // Lazily: a process may be in the middle of opening it. The loop is for a name on which
    // someone bound the same namespace again.
    while inode(&path) == Some(host.inode) && is_bound(&path) {
        if umount2(&path, MntFlags::MNT_DETACH).is_err() {
            return;
        }
    }
    if inode(&path) == Some(host.mount_point) && !is_bound(&path) {
        let _ = fs::remove_file(&path);
    }
}

/// Whether a namespace is bound there: those are on a file system of their own (nsfs).
fn is_bound(path: &Path) -> bool {
    statfs(path).is_ok_and(|one| one.filesystem_type() == NSFS_MAGIC)
}

/// Makes [`FOLDER`] what `ip netns add` makes of it, if nobody has: a mount point of its own whose
/// mounts and unmounts reach the copies in other mount namespaces. What was made is noted in
/// `folder`, whose lock the caller holds.
pub(super) fn prepare(folder: &Folder) -> Result<(), (&'static str, Errno)> {
    let made_folder = match fs::DirBuilder::new().mode(0o755).create(FOLDER) {
        Ok(()) => true,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => false,
        Err(error) => return Err(("create", crate::sys::errno::of(&error))),
    };
    let none = None::<&str>;
    let shared = MsFlags::MS_SHARED | MsFlags::MS_REC;
    let makes_mount = mount(none, FOLDER, none, shared, none).is_err();
    if made_folder || makes_mount {
        // Noted first: a note about what did not come to be does no harm.
        let note = format!("{made_folder} {makes_mount}\n");
        let _ = fs::write(note_path(folder), note);
    }
    if makes_mount {
        let bind = MsFlags::MS_BIND | MsFlags::MS_REC;
        mount(Some(FOLDER), FOLDER, none, bind, none).map_err(|errno| ("mount", errno))?;
        mount(none, FOLDER, none, shared, none).map_err(|errno| ("mount", errno))?;
    }
    Ok(())
}

/// Takes back what [`prepare`] did, when the last lab has gone, unless someone else has come to
/// use it. The caller holds the lock of `folder`.
pub(super) fn clear(folder: &Folder) {
    let path = note_path(folder);
    let Ok(note) = fs::read_to_string(&path) else {
        return;
    };
    let (made_folder, made_mount) = note.trim().split_once(' ').unwrap_or_default();
    // Refused while other namespaces are named in it, or somebody is looking into it (EBUSY): then
    // it stays, and so does the note, for the next start to try again.
    if made_mount == "true" {
        match umount2(FOLDER, MntFlags::UMOUNT_NOFOLLOW) {
            Ok(()) | Err(Errno::EINVAL | Errno::ENOENT) => {} // the latter: it is none any more
            Err(_) => return,
        }
    }
    if made_folder == "true" {
        let _ = fs::remove_dir(FOLDER);
    }
    let _ = fs::remove_file(path);
}

/// Whether [`prepare`] did something that is still to be taken back.
pub(super) fn is_prepared(folder: &Folder) -> bool {
    note_path(folder).exists()
}

fn note_path(folder: &Folder) -> PathBuf {
    folder.file("netns-folder")
}
