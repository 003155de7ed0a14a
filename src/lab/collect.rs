//! Collecting dead labs: whatever their records say is ours, and nothing else.

use std::path::Path;

use super::folder::{Folder, FolderLock};
use super::mounted;
use super::record::{Contents, Record};

/// Collects all labs of this user whose holders are gone, as every start of tunlab does. Costs a
/// look into a folder where there are none.
pub fn collect() {
    for folder in Folder::candidates() {
        let is_clean = || folder.records().is_empty() && !mounted::is_prepared(&folder);
        if folder.is_ours() && !is_clean() {
            let Ok(lock) = folder.lock() else { continue };
            collect_in(&folder, &lock);
            if folder.records().is_empty() {
                mounted::clear(&folder);
            }
        }
    }
}

/// [`collect`] in one folder, whose lock is held.
pub(super) fn collect_in(folder: &Folder, lock: &FolderLock) {
    for path in folder.records() {
        collect_one(folder, &path, lock);
    }
}

/// Collects the lab of this record, if it is dead.
pub(super) fn collect_one(folder: &Folder, path: &Path, _lock: &FolderLock) {
    let Ok(Some(mut record)) = Record::open(path) else {
        return;
    };
    if !matches!(record.is_dead(), Ok(true)) || !record.is_current() {
        return;
    }
    // A record without contents is of a lab that had not made anything yet.
    if let Ok(contents) = record.read() {
        remove(folder, &record, contents.as_ref());
    }
}

/// Takes away what a record names, and the record last: should this be cut short, the rest is
/// still recorded. The folder's lock is held.
pub(super) fn remove(folder: &Folder, record: &Record, contents: Option<&Contents>) {
    let hosts = contents.map_or(&[][..], |contents| &contents.hosts);
    hosts.iter().for_each(mounted::remove);
    if folder.records().len() <= 1 {
        mounted::clear(folder);
    }
    record.remove();
}
