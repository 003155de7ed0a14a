//! SIGKILL of what holds a lab, at any moment: nothing is left of it.

use super::super::run::{Bench, needs};
use super::super::{Problem, Test, wrong};
use std::fmt::Write;

pub(crate) const TESTS: &[(&str, Test)] = &[
    ("lab::kill::at_moments_1_to_10_leaves_nothing", blows::<0>),
    ("lab::kill::at_moments_11_to_20_leaves_nothing", blows::<1>),
    ("lab::kill::at_moments_21_to_30_leaves_nothing", blows::<2>),
    ("lab::kill::at_moments_31_to_40_leaves_nothing", blows::<3>),
    ("lab::kill::at_moments_41_to_50_leaves_nothing", blows::<4>),
    ("lab::kill::of_both_is_collected_by_the_next_start", both),
];

/// The moments of one test: several share the work, so that they share the time.
const MOMENTS: u32 = 10;

/// Longer than a lab with its tunnel takes to build, in milliseconds.
const SPREAD: u32 = 150;

/// `victims NAMES` prints the processes of this run that are called so; `left` what can be seen of
/// a lab: processes, names, mounts. Namespaces and devices live no longer than who holds them.
const TOOLS: &str = "\
victims() { for p in $(pgrep -x \"$1\"); do
    grep -qz TUNLAB_TEST_RUN=$TUNLAB_TEST_RUN$ /proc/$p/environ 2> /dev/null && echo $p; done; }
left() { victims 'tunlab|tunlab-lab|tunlab-reaper|tunlab-lines'
    ls /run/netns 2> /dev/null; lab_mounts; }
within_a_second() { for try in $(seq 50); do [ -z \"$(left)\" ] && return; sleep 0.02; done
    echo \"killed $1 after $2 s, left:\"; left; exit 1; }
";

fn blows<const PART: u32>(bench: &Bench) -> Result<(), Problem> {
    needs(&["pgrep"])?;
    // An ordinary user's lab has no reaper, for it needs none.
    let targets = match bench.user.is_root() {
        true => ["tunlab-lab", "tunlab-reaper", "tunlab-lab|tunlab-reaper"],
        false => ["tunlab-lab"; 3],
    };
    let mut script = TOOLS.to_owned();
    let mut random: u32 = 0x5eed + PART;
    for moment in 0..MOMENTS {
        // Numerical Recipes' generator: the moments are the same in every run.
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let after = (random >> 8) % SPREAD;
        let target = targets[moment as usize % 3];
        // When both die only the next start collects the names.
        let _ = writeln!(
            script,
            "tunlab lab up --tunnel 2> /dev/null & sleep 0.{after:03}
             hit=$(victims '{target}'); [ -n \"$hit\" ] && kill -9 $hit && struck=x$struck; wait $!
             [ -n \"$hit\" ] && {{ {collect}; within_a_second '{target}' 0.{after:03}; }}
             tunlab lab down 2> /dev/null; within_a_second down 0",
            collect = match target.contains('|') {
                true => "sleep 0.1; tunlab proto > /dev/null",
                false => ":",
            },
        );
    }
    script += "echo struck $struck";
    let ended = bench.lab(&script)?;
    ended.exits(0)?;
    // Only before the first process is there can a blow miss.
    let struck = ended.stdout.matches('x').count() as u32;
    if struck < MOMENTS / 2 {
        return wrong(format!("only {struck} blows struck: {}", ended.stdout));
    }
    Ok(())
}

fn both(bench: &Bench) -> Result<(), Problem> {
    needs(&["pgrep"])?;
    let script = "tunlab lab up --tunnel && tunlab lab up --lab stays || exit
        kill -9 $(sed -n 's/^holder \\([0-9]*\\).*/\\1/p; s/^reaper \\([0-9]*\\).*/\\1/p' \
            /run/tunlab/lab $XDG_RUNTIME_DIR/tunlab/lab 2> /dev/null)
        sleep 0.1; tunlab lab status; echo status $?
        ls /run/tunlab $XDG_RUNTIME_DIR/tunlab 2> /dev/null | grep -x lab
        ls /run/netns 2> /dev/null | grep -v stays
        tunlab lab exec --lab stays u -- echo stands; tunlab lab up && tunlab lab down
        tunlab lab down --lab stays; within_a_second down 0";
    let ended = bench.lab(&format!("{TOOLS}{script}"))?;
    if ended.exits(0)?.stdout != "status 2\nstands\n" {
        return wrong(format!("{}{}", ended.stdout, ended.stderr));
    }
    Ok(())
}
