//! `tunlab task list` and `show`, and what is mistyped.

use super::run::{on_terminal, tunlab};
use tunlab::task::library::tasks;

#[test]
fn the_list_has_a_line_a_task() {
    let list = tunlab(&["task", "list"]);
    assert_eq!((list.code, list.stderr.as_str()), (Some(0), ""));
    let tasks = tasks(None).unwrap();
    assert_eq!(list.stdout.lines().count(), tasks.len());
    for (line, task) in list.stdout.lines().zip(&tasks) {
        assert!(
            line.starts_with(&task.id) && line.ends_with(&task.title),
            "{line}"
        );
        assert!(line.len() <= 80, "{line}");
    }
}

#[test]
fn a_pipe_gets_markdown_and_no_answers() {
    for task in tasks(None).unwrap() {
        let shown = tunlab(&["task", "show", &task.id]);
        assert_eq!((shown.code, shown.stderr.as_str()), (Some(0), ""));
        assert!(
            shown.stdout.starts_with(task.walkthrough.trim_end()),
            "{}",
            task.id
        );
        for heading in [
            "\n## By hand\n",
            "\n## What to look at\n",
            "\n## Questions\n",
        ] {
            assert!(shown.stdout.contains(heading), "{}: {heading}", task.id);
        }
        for question in &task.questions {
            let start: String = question.answer.trim().chars().take(30).collect();
            assert!(
                !shown.stdout.contains(&start),
                "{}: answered unasked",
                task.id
            );
        }
        let answered = tunlab(&["task", "show", &task.id, "--answers"]).stdout;
        assert_eq!(
            answered.matches("\n   - seen: ").count(),
            task.questions
                .iter()
                .map(|one| one.shown_by.len())
                .sum::<usize>()
        );
        assert!(
            answered.lines().all(|line| line.chars().count() <= 80),
            "{}",
            task.id
        );
    }
}

#[test]
fn a_terminal_gets_it_without_marks() {
    let seen = on_terminal(&["task", "show", "4"], &[]);
    assert!(
        seen.starts_with("\u{1b}[1;31mTask 4: the VPN server\u{1b}[0m\n"),
        "{seen}"
    );
    assert!(!seen.contains("```") && !seen.contains("# "), "{seen}");
    let plain = on_terminal(&["task", "show", "4"], &[("NO_COLOR", "1")]);
    assert!(plain.starts_with("Task 4: the VPN server\n"), "{plain}");
    assert!(
        plain.lines().all(|line| line.chars().count() <= 80),
        "{plain}"
    );
}

#[test]
fn a_prefix_may_mean_several() {
    let shown = tunlab(&["task", "show", "9"]).stdout;
    assert!(shown.contains("# Task 9: answering ARP\n"), "{shown}");
    assert!(shown.contains("# Task 9: a TAP device\n"), "{shown}");
}

#[test]
fn what_is_mistyped() {
    for (args, told) in [
        (
            &["task", "show", "10"][..],
            "no task's name starts with 10; `tunlab task list`",
        ),
        (&["task", "demo", "x"], "no task's name starts with x"),
        (
            &["task", "demo", "8", "--case", "y"],
            "no case of 8 starts with \"y\"",
        ),
        (
            &["task", "list", "--tasks", "/nonexistent"],
            "read /nonexistent: no such file or directory",
        ),
        (
            &["task", "list", "--tasks", "/proc/self/fdinfo"],
            "no folder in it has a task.toml",
        ),
        (&["task", "demo", "5", "-o", "xml"], "invalid value 'xml'"),
    ] {
        let ended = tunlab(args);
        assert_eq!(ended.code, Some(2), "{args:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(told), "{args:?}: {}", ended.stderr);
        assert_eq!(ended.stdout, "");
    }
}
