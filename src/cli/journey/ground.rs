//! The lab in which packets are followed: one that stands, or one for the occasion.

use crate::cli::failure::Failure;
use crate::lab::{Lab, LabName, UpOptions, tunnel};

/// A lab, and whether it is ours to end.
pub(super) struct Ground {
    lab: Lab,
    ours: bool,
}

impl Ground {
    /// The running lab of that name; or a new one with its tunnel, on the port if one is named,
    /// that ends with us. Call it while the process has one thread.
    pub(super) fn find(
        name: Option<&LabName>,
        demo: bool,
        tunnel_port: Option<u16>,
    ) -> Result<Ground, Failure> {
        if !demo {
            let lab = Lab::find(name)?;
            lab.join()?;
            return Ok(Ground { lab, ours: false });
        }
        let name = format!("j{}", std::process::id());
        let options = UpOptions {
            name: Some(name.parse().map_err(Failure::usage)?),
            tied: true,
            ..UpOptions::default()
        };
        let ground = Ground {
            lab: Lab::up(&options)?,
            ours: true,
        };
        match ground.with_tunnel(tunnel_port.unwrap_or(tunnel::PORT)) {
            Ok(()) => Ok(ground),
            Err(failure) => {
                let _ = ground.leave();
                Err(failure)
            }
        }
    }

    fn with_tunnel(&self, port: u16) -> Result<(), Failure> {
        self.lab.join()?;
        let own = std::env::current_exe()?;
        Ok(tunnel::start(&self.lab, &own, port)?)
    }

    pub(super) fn lab(&self) -> &Lab {
        &self.lab
    }

    /// Ends the lab, if it is ours; its holder does that, for we may have no privileges any more.
    pub(super) fn leave(self) -> Result<(), Failure> {
        if self.ours {
            self.lab.let_go()?;
        }
        Ok(())
    }
}
