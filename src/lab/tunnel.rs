//! The tunnel of a lab: `tunlab forward` on two of its hosts.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
};

use super::error::LabError;
use super::running::Lab;
use super::topology::{self, TunnelEnd};
use crate::sys::detached;

/// The tunnel's UDP port, as in the course.
pub const PORT: u16 = 9090;

/// The commands that start the tunnel of a topology on a UDP port: the host, and what to type there;
/// the server first.
pub fn commands(topology: &topology::Topology, port: u16) -> [(&'static str, Vec<String>); 2] {
    let tunnel = &topology.tunnel;
    let listen = ["--listen".to_owned(), format!("0.0.0.0:{port}")];
    let server = [
        "--server".to_owned(),
        format!("{}:{port}", tunnel.server_address),
    ];
    [(&tunnel.server, listen), (&tunnel.client, server)].map(|(end, first)| {
        let TunnelEnd { host, addr, routes } = end;
        let mut args = vec!["forward".to_owned()];
        args.extend(first);
        args.extend(["--addr".to_owned(), (*addr).to_owned()]);
        for route in *routes {
            args.extend(["--route".to_owned(), (*route).to_owned()]);
        }
        (*host, args)
    })
}

/// Starts both ends of the lab's tunnel on a UDP port, and returns when packets can pass. `tunlab` is the
/// executable. An ordinary user joins the lab first.
pub fn start(lab: &Lab, tunlab: &Path, port: u16) -> Result<(), LabError> {
    let Some(topology) = topology::find(lab.topology()) else {
        return Ok(()); // a later tunlab's
    };
    for (host, args) in commands(topology, port) {
        let mut command = Command::new(tunlab);
        command
            .args(args)
            .arg("--quiet")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        // A child of the lab's PID 1: left to another it could outlive the lab, as a zombie that
        // nobody reaps, and the lab's PID 1 would have to wait for that.
        detached::leave(&mut command);
        let mut child = lab.host(host)?.spawn(&mut command)?;
        let mut said = Vec::new();
        let lines = child.stderr.take().map(|pipe| BufReader::new(pipe).lines());
        let lines = lines.into_iter().flatten().map_while(Result::ok);
        // It says so when its device and its socket are ready; afterwards nobody listens.
        let is_ready =
            |line: &String| line.starts_with("listening on") || line.starts_with("tunnel to");
        let ready = lines
            .inspect(|line| said.push(line.clone()))
            .any(|line| is_ready(&line));
        let _ = child.wait();
        if !ready {
            return Err(LabError::Tunnel {
                host: host.to_owned(),
                said: said.last().cloned().unwrap_or_default(),
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_course_s_addresses() {
        let [(server, listen), (client, connect)] = commands(topology::ALL[0], PORT);
        assert_eq!((server, client), ("s", "u"));
        assert_eq!(
            listen.join(" "),
            "forward --listen 0.0.0.0:9090 --addr 192.168.53.5/24"
        );
        assert_eq!(
            connect.join(" "),
            "forward --server 10.0.2.11:9090 --addr 192.168.53.99/24 --route 192.168.70.0/24"
        );
    }
}
