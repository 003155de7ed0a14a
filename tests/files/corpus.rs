//! Real captures, whole and damaged: tshark's number of packets, times and lengths.

use super::packets::{Kept, Row, new_path, read, read_to_damage};
use super::peers::{ROW, row, run, start, tshark, words};
use super::{Outcome, Problem, Test, common, same, wrong};
use std::path::{Path, PathBuf};

pub(crate) const TESTS: &[Test] = &[
    ("good_captures_are_tsharks", good),
    ("damaged_captures_are_tsharks", damaged),
];

/// What editcap says of a link type that it does not know; it reads nothing then.
const NOT_THEIRS: &str = "network type";

/// What it says of a file whose last packets are lost.
const DAMAGED: &str = "appears to have been";

fn files(folder: &str) -> Result<Vec<PathBuf>, Problem> {
    let captures = common::captures().map_err(Problem::Missing)?;
    common::files(&captures.join(folder)).map_err(Problem::Missing)
}

/// All at once, joined by mergecap into one file of many interfaces: tshark takes its time to
/// start.
fn good() -> Outcome {
    let files = files("good")?;
    let merged = new_path("-good.pcapng");
    run(words("mergecap -a -I none -w").arg(&merged).args(&files))?;
    let theirs = tshark(&merged, &ROW)?;
    let theirs: Vec<Row> = theirs.iter().map(|said| row(said)).collect();
    let rows = |file: &Path| Ok(read(file)?.iter().map(Kept::row).collect::<Vec<_>>());
    let each: Vec<Vec<Row>> = files
        .iter()
        .map(|file| rows(file))
        .collect::<Result<_, _>>()?;
    same("each file", &theirs, &each.concat())?;
    same("the merged file", &theirs, &rows(&merged)?)
}

/// Each read by editcap as far as it comes, and all of that by tshark.
fn damaged() -> Outcome {
    let (mut sound, mut ours, mut unread) = (Vec::new(), Vec::new(), 0);
    let files = files("hostile")?;
    for file in &files {
        let copy = new_path("-sound.pcapng");
        let output = start(words("editcap -F pcapng").arg(file).arg(&copy))?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        if said.contains(NOT_THEIRS) {
            unread += 1;
            continue;
        }
        let (packets, complaint) = read_to_damage(file);
        if complaint.is_some() != said.contains(DAMAGED) {
            return wrong(format!("editcap: {said}, tunlab: {complaint:?}"));
        }
        ours.extend(packets.iter().map(Kept::row));
        sound.push(copy);
    }
    if unread * 10 > files.len() {
        return wrong(format!("editcap reads none of {unread} files"));
    }
    let merged = new_path("-hostile.pcapng");
    run(words("mergecap -a -I none -w").arg(&merged).args(&sound))?;
    let theirs = tshark(&merged, &ROW)?;
    let theirs: Vec<Row> = theirs.iter().map(|said| row(said)).collect();
    same("each damaged file", &theirs, &ours)
}
