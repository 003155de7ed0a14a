//! `--threads`: what several threads print and keep is what one does, to the byte.

use super::packets::{Kept, mixed, new_path, write};
use super::peers::tunlab;
use super::{Outcome, Test, wrong};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

pub(crate) const TESTS: &[Test] = &[
    ("threads_print_what_one_prints", prints),
    ("threads_keep_what_one_keeps", keeps),
    ("threads_say_what_is_damaged_after_what_is_not", damaged),
    ("threads_are_for_files", only_files),
];

/// Several blocks of packets, of many interfaces and kinds.
fn long() -> Result<PathBuf, super::Problem> {
    let some = mixed();
    let many: Vec<Kept> = some.iter().cycle().take(3000).cloned().collect();
    write(&many, ".pcapng")
}

fn run(file: &Path, flags: &str, threads: &str) -> Output {
    let mut command = tunlab();
    command.arg("read").arg(file).args(flags.split_whitespace());
    command.args(["--threads", threads]).output().unwrap()
}

/// Fails unless one thread and several end alike.
fn alike(file: &Path, flags: &str) -> Outcome {
    let one = run(file, flags, "1");
    for threads in ["2", "3", "16"] {
        let several = run(file, flags, threads);
        if several != one {
            return wrong(format!("{flags:?} with {threads} threads differs"));
        }
    }
    Ok(())
}

fn prints() -> Outcome {
    let file = long()?;
    for format in ["show", "line", "json", "hex", "bits"] {
        for which in [
            "",
            "--explain --remarks always",
            "-c 1000",
            "--skip 700",
            "-f icmp",
            "-f frame.number>1000 -c 300 --skip 900",
            "-f arp&&icmp",
        ] {
            alike(&file, &format!("-o {format} {which}"))?;
        }
    }
    Ok(())
}

fn keeps() -> Outcome {
    let file = long()?;
    let kept = ["1", "2"].map(|threads| {
        let out = new_path(".pcapng");
        let flags = format!("-q --skip 10 -c 2000 -w {}", out.display());
        run(&file, &flags, threads);
        fs::read(out).unwrap()
    });
    if kept[0].len() < 1000 || kept[0] != kept[1] {
        return wrong("two threads keep something else");
    }
    Ok(())
}

fn damaged() -> Outcome {
    let file = long()?;
    let whole = fs::read(&file).unwrap();
    for length in [whole.len() - 7, whole.len() / 2 + 1, 5] {
        let cut = new_path(".pcapng");
        fs::write(&cut, &whole[..length]).unwrap();
        alike(&cut, "-o line")?;
        // What is wanted comes before the damage.
        alike(&cut, "-o line -c 3")?;
    }
    Ok(())
}

fn only_files() -> Outcome {
    for (file, flags) in [("-", ""), ("/dev/null", ""), (file!(), "--line-buffered")] {
        let ended = run(Path::new(file), flags, "2");
        if ended.status.code() != Some(2) || !ended.stdout.is_empty() {
            return wrong(format!("{file} {flags}: {ended:?}"));
        }
    }
    let table = run(&long()?, "-o table", "2");
    if table.status.code() != Some(2) {
        return wrong(format!("-o table: {table:?}"));
    }
    Ok(())
}
