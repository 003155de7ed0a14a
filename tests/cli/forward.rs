//! What may be typed behind `tunlab forward`.

use super::run::tunlab;
use std::net::UdpSocket;

#[test]
fn a_tunnel_that_cannot_be_meant_is_bad_usage() {
    let table: [(&[&str], &str); 18] = [
        (&[], "--server <A:P>|--listen <A:P>"),
        (
            &["--server", "10.0.2.11", "--listen", "0.0.0.0"],
            "cannot be used with",
        ),
        (&["--server", "10.0.2.256:9090"], "10.0.2.256"),
        (&["--server", "server:9090"], "such as 10.0.2.11:9090"),
        (&["--server", "10.0.2.11:0"], "from 1 to 65535"),
        (&["--server", "10.0.2.11:65536"], "from 1 to 65535"),
        (&["--server", "10.0.2.11:"], "from 1 to 65535"),
        (&["--server", "0.0.0.0:9090"], "no host's own address"),
        (&["--server", "224.0.0.1"], "no host's own address"),
        (&["--listen", "eth0"], "such as 10.0.2.11:9090"),
        (
            &["--listen", "0.0.0.0", "--tunnel-port", "0"],
            "--tunnel-port",
        ),
        (&["--server", "10.0.2.11", "--print-only"], "--print-only"),
        (
            &["--server", "10.0.2.11", "--peer", "10.0.0.0/8=10.0.2.8"],
            "--peer",
        ),
        (
            &["--listen", "0.0.0.0", "--peer", "10.0.0.0/8"],
            "CIDR=ADDRESS",
        ),
        (
            &["--listen", "0.0.0.0", "--peer", "10.0.0.1/8=10.0.2.8"],
            "10.0.0.0/8",
        ),
        (
            &[
                "--listen",
                "0.0.0.0",
                "--peer",
                "10.0.0.0/8=1.2.3.4",
                "--tap",
            ],
            "--tap",
        ),
        (
            &["--listen", "0.0.0.0", "--print-only", "--one-way"],
            "--one-way",
        ),
        (&["--listen", "127.0.0.1:9", "--mtu", "10"], "68"),
    ];
    for (args, words) in table {
        // Only parsed: accepted by mistake, one of these would make a device on this machine.
        let line = [&["tunlab", "forward"], args].concat();
        let error = tunlab::cli::command().try_get_matches_from(line);
        let error = error.expect_err(&format!("{args:?} is accepted"));
        assert_eq!(error.exit_code(), 2, "{args:?}: {error}");
        let text = error.to_string();
        assert!(text.contains(words), "{args:?}: {text}");
    }
}

#[test]
fn a_port_in_use_and_an_address_of_others_are_bad_input() {
    let taken = UdpSocket::bind("127.0.0.1:0").unwrap();
    let local = taken.local_addr().unwrap().to_string();
    let ended = tunlab(&["forward", "--print-only", "--listen", &local]);
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    let words = format!("tunlab: listen on {local}: address already in use (EADDRINUSE); ");
    assert!(ended.stderr.starts_with(&words), "{}", ended.stderr);

    let ended = tunlab(&["forward", "--print-only", "--listen", "192.0.2.1"]);
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    assert!(
        ended
            .stderr
            .contains("listen on 192.0.2.1:9090: cannot assign")
    );
}

#[test]
fn print_only_has_no_device_to_configure() {
    let line = [
        "forward",
        "--print-only",
        "--listen",
        "127.0.0.1",
        "--mtu",
        "1400",
    ];
    let ended = tunlab(&line);
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    assert!(ended.stderr.contains("no device"), "{}", ended.stderr);
}
