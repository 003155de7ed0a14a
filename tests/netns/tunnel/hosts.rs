//! The course's three hosts, for a shell script.
//!
//! ```text
//!   U eth0 10.0.2.8 ─── 10.0.2.11 eth0 S eth1 192.168.70.1 ─── 192.168.70.101 eth0 V
//! ```
//!
//! U is the script's own network; `$S` and `$V` before a command run it on the others.

use super::super::ended::Ended;
use super::super::run::{Bench, needs};
use super::super::{Problem, wrong};
use std::fs;

const HOSTS: &str = include_str!("hosts.sh");

/// What most tunnels are: `$c` is the client on U, `$r` the server on S, their words in `$T`.
pub(crate) const TUNNEL: &str = r#"
$S tunlab forward --listen 0.0.0.0:9090 > $T/server 2> $T/server.err & r=$!
until_said listening $T/server.err
tunlab forward --server 10.0.2.11:9090 --route 192.168.70.0/24 > $T/client 2> $T/client.err & c=$!
until_said 'tunnel to' $T/client.err
"#;

/// Runs a script on the three hosts; the Python peers are in `$P`.
pub(crate) fn on_hosts(bench: &Bench, script: &str) -> Result<Ended, Problem> {
    needs(&["ip", "ping", "nsenter", "unshare", "python3"])?;
    let folder = bench.file("peers");
    let files = [
        ("client.py", include_str!("../peers/client.py")),
        ("server.py", include_str!("../peers/server.py")),
        ("transfer.py", include_str!("../peers/transfer.py")),
        ("forge.py", include_str!("../peers/forge.py")),
    ];
    let written = fs::create_dir(&folder).and_then(|()| {
        let mut files = files.iter();
        files.try_for_each(|(name, text)| fs::write(folder.join(name), text))
    });
    if let Err(error) = written {
        return wrong(error.to_string());
    }
    let peers = folder.display();
    bench.script(&format!("set -u; P='{peers}'\n{HOSTS}\n{script}"))
}
