//! What is ours and what is not: labs beside each other, labs at the same moment, names of others.

use super::super::run::{Bench, needs};
use super::super::{Problem, Test, wrong};

pub(crate) const TESTS: &[(&str, Test)] = &[
    ("lab::two_side_by_side", side_by_side),
    ("lab::of_many_at_the_same_moment_one_wins", same_moment),
];

/// What only root can have: names under /run/netns.
pub(crate) const ROOT: &[(&str, Test)] = &[
    ("lab::a_name_that_is_taken_stays", taken),
    ("lab::a_name_that_was_given_away_stays", given_away),
    ("lab::the_folder_of_names_is_left_as_it_was", folder),
];

fn side_by_side(bench: &Bench) -> Result<(), Problem> {
    needs(&["ping"])?;
    let ended = bench.lab(
        "tunlab lab up --lab one && tunlab lab up --lab two site2site || exit; \
         tunlab lab status 2>&1; \
         tunlab lab exec --lab two c -- true && tunlab lab exec --lab one c -- true; echo c $?; \
         tunlab lab down --lab two; tunlab lab exec --lab one u -- ping -q -c 1 -W 1 10.0.2.11; \
         echo ping $?; tunlab lab status --lab one; tunlab lab status -o json --lab one; \
         tunlab lab down --lab one",
    )?;
    ended.exits(0)?.prints(&[
        "the lab is not up; build it: `tunlab lab up`; up are: ",
        "`--lab one`",
        "c 2\n",
        "ping 0\n",
        "lab one: seed1, held by ",
        "{\"lab\":\"one\",\"topology\":\"seed1\",",
        "\"netns\":\"tunlab-one-u\"",
    ])?;
    Ok(())
}

fn same_moment(bench: &Bench) -> Result<(), Problem> {
    let ended = bench.lab(
        "for n in 1 2 3 4 5 6; do tunlab lab up & ups=\"$ups $!\"; done; \
         for p in $ups; do wait $p; echo code $?; done; tunlab lab exec u -- true && tunlab lab down",
    )?;
    let codes = |code: &str| ended.stdout.matches(code).count();
    if (codes("code 0"), codes("code 2")) != (1, 5) {
        return wrong(format!("{}{}", ended.stdout, ended.stderr));
    }
    let said = ended.exits(0)?.stderr.lines().filter(|line| {
        line.contains("the lab is already up; ")
            || line.contains("the lab is being built at this moment; ")
    });
    if said.count() != 5 {
        return wrong(ended.stderr.clone());
    }
    Ok(())
}

fn taken(bench: &Bench) -> Result<(), Problem> {
    needs(&["ip"])?;
    let ended = bench.lab(
        "ip netns add tunlab-s; before=$(stat -c %i /run/netns/tunlab-s); \
         tunlab lab up; echo up $?; ls /run/netns; \
         [ $before = $(stat -c %i /run/netns/tunlab-s) ] && echo same; \
         tunlab lab up --lab x && tunlab lab down --lab x; ls /run/netns; \
         echo lab; tunlab lab status; ls /run/tunlab",
    )?;
    ended.says(&[
        "tunlab: /run/netns/tunlab-s exists, and is none of tunlab's; ",
        "`ip netns del tunlab-s`",
        "--lab NAME",
    ])?;
    if ended.stdout != "up 2\ntunlab-s\nsame\ntunlab-s\nlab\nlock\n" {
        return wrong(format!("{}{}", ended.stdout, ended.stderr));
    }
    Ok(())
}

/// A student removes a host's name, and makes a namespace of that name, while the lab stands.
fn given_away(bench: &Bench) -> Result<(), Problem> {
    needs(&["ip"])?;
    let ended = bench.lab(
        "tunlab lab up && ip netns del tunlab-u && ip netns add tunlab-u && \
         before=$(stat -c %i /run/netns/tunlab-u) && tunlab lab exec u -- true && tunlab lab down; \
         echo down $?; ls /run/netns; [ $before = $(stat -c %i /run/netns/tunlab-u) ] && echo same",
    )?;
    if ended.stdout != "down 0\ntunlab-u\nsame\n" {
        return wrong(format!("{}{}", ended.stdout, ended.stderr));
    }
    Ok(())
}

/// `ip netns add` makes /run/netns a mount point; so does a lab, and takes it back unless somebody
/// else has come to use it.
fn folder(bench: &Bench) -> Result<(), Problem> {
    needs(&["ip"])?;
    let ended = bench.lab(
        "mounts() { lab_mounts | wc -l; }; \
         tunlab lab up && tunlab lab up --lab x && tunlab lab down && tunlab lab down --lab x; \
         mounts; ls -d /run/netns; \
         tunlab lab up && ip netns add other && tunlab lab down; mounts; ls /run/netns; \
         tunlab lab up && tunlab lab down; mounts; ls /run/netns; ip -n other link | grep -c lo:; \
         ip netns del other; tunlab proto > /dev/null; mounts; ls -d /run/netns",
    )?;
    // When the other has gone, too, the next start takes the folder away.
    ended.exits(2)?.says(&["/run/netns': No such file"])?;
    if ended.stdout != "0\n2\nother\n2\nother\n1\n0\n" {
        return wrong(format!("{}{}", ended.stdout, ended.stderr));
    }
    Ok(())
}
