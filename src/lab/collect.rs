//! Collecting dead labs: whatever their records say is ours, and nothing else.

use std::path::Path;

use super::folder::{Folder, FolderLock};
use super::mounted;
use super::record::Record;

/// Collects all labs of this user whose holders are gone, as every start of tunlab does. Costs a
/// look into a folder where there are none.
pub fn collect() {
    for folder in Folder::candidates() {
        if folder.is_ours() && !folder.records().is_empty() {
            let Ok(lock) = folder.lock() else { continue };
            collect_in(&folder, &lock);
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
    if let Ok(Some(contents)) = record.read() {
        contents.hosts.iter().for_each(mounted::remove);
    }
    record.remove();
    if folder.records().is_empty() {
        mounted::clear(folder);
    }
}
