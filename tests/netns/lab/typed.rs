//! What is typed: commands shown instead of run, and what is wrong with others.

use super::super::run::{Bench, needs};
use super::super::{Problem, Test, wrong};

pub(crate) const TESTS: &[(&str, Test)] = &[
    ("lab::verbose_shows_the_dry_run", verbose),
    ("lab::bad_input_is_said", bad_input),
];

/// The commands are for root.
pub(crate) const ROOT: &[(&str, Test)] = &[("lab::a_dry_run_builds_the_same", dry_run)];

fn verbose(bench: &Bench) -> Result<(), Problem> {
    let ended = bench.lab("tunlab lab up -v && tunlab lab down; tunlab lab up --dry-run")?;
    let shown: Vec<&str> = ended.exits(0)?.stderr.lines().collect();
    let dry: Vec<String> = ended
        .stdout
        .lines()
        .map(|line| format!("# {line}"))
        .collect();
    if shown != dry || dry.len() < 40 {
        return wrong(format!("{}{}", ended.stdout, ended.stderr));
    }
    Ok(())
}

/// All that a host is: its devices, addresses, routes and settings. Numbers of devices and hardware
/// addresses are another's each time.
fn dry_run(bench: &Bench) -> Result<(), Problem> {
    needs(&["ip", "sysctl"])?;
    let ended = bench.lab(
        "look() { for h in $2; do echo host $h; ip -n $1-$h addr | \
         sed 's/^[0-9]*: //; /link.ether/d; /valid_lft/d; s/@if[0-9]*//; s/link-netns [^ ]*//; \
         s/state [A-Z]* //; s/NO-CARRIER,//; s/qlen [0-9]*//'; \
         ip -n $1-$h route; ip netns exec $1-$h sysctl net 2> /dev/null | \
         grep -v -e random -e key -e nf_conntrack_count -e nf_log -e '\\.vf' -e mtu_expires; done; }; \
         for t in seed1 'seed2 --ipv6' site2site; do hosts='u s v'; \
         [ $t = site2site ] 2> /dev/null && hosts='u c s v'; \
         tunlab lab up $t --lab built || exit; tunlab lab up $t --lab typed --dry-run | sh -e || exit; \
         sleep 0.2; \
         look tunlab-built \"$hosts\" > $T/built; look tunlab-typed \"$hosts\" > $T/typed; \
         tunlab lab down --lab built; for h in $hosts; do ip netns del tunlab-typed-$h; done; \
         diff $T/built $T/typed > $T/diff; grep -v -e fe80 $T/diff | grep '^[<>]'; \
         grep -c ip_forward $T/built; done",
    )?;
    ended.exits(0)?;
    // Lines of difference would stand between the numbers.
    let numbers: Vec<usize> = ended
        .stdout
        .lines()
        .map_while(|one| one.parse().ok())
        .collect();
    if numbers.len() != 3 || numbers.contains(&0) || ended.stdout.lines().count() != 3 {
        return wrong(format!("{}{}", ended.stdout, ended.stderr));
    }
    Ok(())
}

fn bad_input(bench: &Bench) -> Result<(), Problem> {
    let table = [
        (
            "exec u -- true",
            "the lab is not up; build it: `tunlab lab up`",
        ),
        (
            "down --lab two",
            "the lab two is not up; build it: `tunlab lab up --lab two`",
        ),
        (
            "status --lab a/b",
            "\"a/b\" is no name for a lab: write 1 to 32 letters, digits, ",
        ),
        (
            "up seed3",
            "no such topology; there are seed1 (the course's first edition",
        ),
        ("exec u", "required arguments were not provided"),
    ];
    for (line, words) in table {
        bench
            .lab(&format!("tunlab lab {line}"))?
            .exits(2)?
            .says(&[words])?;
    }
    let table = [
        (
            "exec server -- true",
            "server: no such host in this lab; it has u, s, v; did you mean s?",
        ),
        (
            "shell U",
            "U: no such host in this lab; it has u, s, v; did you mean u?",
        ),
        (
            "exec u -- pong 1",
            "start pong on u: no such file or directory (ENOENT); check the spelling",
        ),
        (
            "exec u -- /etc/passwd",
            "start /etc/passwd on u: permission denied (EACCES); make it exec",
        ),
        (
            "up",
            "the lab is already up; use it, or end it: `tunlab lab down`; ",
        ),
    ];
    for (line, words) in table {
        let script = format!(
            "tunlab lab up || exit; tunlab lab {line}; code=$?; tunlab lab down; exit $code"
        );
        bench.lab(&script)?.exits(2)?.says(&[words])?;
    }
    Ok(())
}
