//! Why a machine does not let us into a private network: what failed and what was read before,
//! turned into a cause and its cure. Pure functions, for these machines are not all at hand.

use std::fmt;

use nix::errno::Errno;

use crate::sys::{errno, readings::Readings};

/// The steps of entering that a machine may refuse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Creating the namespaces.
    Unshare,
    /// Writing `deny` to `/proc/self/setgroups`.
    SetGroups,
    /// Becoming user 0.
    UidMap,
    /// Becoming group 0.
    GidMap,
    /// Keeping mounts to ourselves.
    PrivateMounts,
    /// Creating the PID namespace in which CMD runs.
    PidNamespace,
    /// Changing a setting of the new network.
    Settings,
}

impl Step {
    /// All of them, in order.
    pub const ALL: [Step; 7] = [
        Step::Unshare,
        Step::SetGroups,
        Step::UidMap,
        Step::GidMap,
        Step::PrivateMounts,
        Step::PidNamespace,
        Step::Settings,
    ];
}

impl fmt::Display for Step {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Step::Unshare => "create a network namespace",
            Step::SetGroups => "write /proc/self/setgroups",
            Step::UidMap => "write /proc/self/uid_map",
            Step::GidMap => "write /proc/self/gid_map",
            Step::PrivateMounts => "make the mounts private",
            Step::PidNamespace => "create a PID namespace",
            Step::Settings => "change net.ipv4.ip_forward in a new network namespace",
        })
    }
}

/// Why this machine does not let us into a private network. Reads
/// `create a network namespace: no space left on device (ENOSPC): user.max_user_namespaces is 0`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{step}: {}: {cause}", errno::text(*errno))]
pub struct EnterError {
    /// The step that failed.
    pub step: Step,
    /// With which error.
    pub errno: Errno,
    /// What that means on this machine.
    pub cause: Cause,
}

/// What stands behind a refusal; the error number alone does not tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Cause {
    /// User namespaces are switched off.
    #[error("user.max_user_namespaces is 0")]
    UserNamespacesOff,
    /// User namespaces are switched off for ordinary users (Debian's setting).
    #[error("kernel.unprivileged_userns_clone is 0")]
    UnprivilegedOff,
    /// AppArmor lets ordinary users create a user namespace, and do nothing in it (Ubuntu 24.04).
    #[error(
        "AppArmor restricts user namespaces, kernel.apparmor_restrict_unprivileged_userns is 1"
    )]
    AppArmor,
    /// There are as many namespaces as allowed, or they are nested too deep.
    #[error("this machine's limit of namespaces is reached")]
    Limit,
    /// The process has more than one thread.
    #[error("the process has more than one thread")]
    Threads,
    /// The kernel was built without them.
    #[error("this kernel has no such namespaces")]
    Kernel,
    /// Seccomp, a chroot, or missing capabilities: what containers do.
    #[error("a container, a chroot or a sandbox forbids it")]
    Sandbox,
    /// A security module other than a known AppArmor.
    #[error("a security module (AppArmor, SELinux) forbids it")]
    SecurityModule,
    /// The settings of even a new network cannot be changed: what containers do.
    #[error("/proc/sys is mounted read-only")]
    ReadOnlySettings,
    /// Nothing known.
    #[error("for a reason tunlab does not know")]
    Unknown,
}

impl EnterError {
    /// Finds the cause: a pure function of what failed and what was read before.
    pub fn explain(step: Step, errno: Errno, readings: &Readings) -> Self {
        EnterError {
            step,
            errno,
            cause: Cause::of(step, errno, readings),
        }
    }

    /// What to try next.
    pub fn remedy(&self) -> Option<String> {
        let text = match self.cause {
            Cause::UserNamespacesOff => {
                "run it as root (`sudo`), or allow them: `sudo sysctl -w user.max_user_namespaces=10000`"
            }
            Cause::UnprivilegedOff => {
                "run it as root (`sudo`), or allow them: \
                 `sudo sysctl -w kernel.unprivileged_userns_clone=1`"
            }
            Cause::AppArmor => {
                "run it as root (`sudo`), or allow them: \
                 `sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0`"
            }
            Cause::Limit => {
                "close programs that hold namespaces (`lsns` lists them), or raise the limits: \
                 `sysctl user`"
            }
            Cause::Threads => "this is a bug in tunlab, please report it",
            Cause::Kernel => {
                "use a kernel with CONFIG_USER_NS, CONFIG_NET_NS and CONFIG_PID_NS; without \
                 CONFIG_USER_NS it works as root (`sudo`)"
            }
            Cause::Sandbox => {
                "in a container, start that with `--cap-add SYS_ADMIN --cap-add NET_ADMIN \
                 --security-opt seccomp=unconfined --device /dev/net/tun`; elsewhere run it as \
                 root (`sudo`)"
            }
            Cause::SecurityModule => {
                "run it as root (`sudo`), or allow user namespaces in the module's policy"
            }
            Cause::ReadOnlySettings => {
                "containers mount /proc/sys read-only: start that with `--privileged`"
            }
            Cause::Unknown => return None,
        };
        Some(text.to_owned())
    }
}

impl Cause {
    fn of(step: Step, errno: Errno, readings: &Readings) -> Cause {
        let user_namespace = readings.needs_user_namespace();
        match (step, errno) {
            // Before Linux 4.9 the same was EUSERS.
            (_, Errno::ENOSPC | Errno::EUSERS) => {
                if user_namespace && readings.max_user_namespaces == Some(0) {
                    Cause::UserNamespacesOff
                } else {
                    Cause::Limit
                }
            }
            (_, Errno::EINVAL) if readings.threads.is_some_and(|threads| threads > 1) => {
                Cause::Threads
            }
            (Step::Unshare | Step::PidNamespace, Errno::EINVAL | Errno::ENOSYS) => Cause::Kernel,
            (Step::Settings, Errno::EROFS) => Cause::ReadOnlySettings,
            (_, Errno::EPERM | Errno::EACCES) => Cause::of_denial(step, user_namespace, readings),
            _ => Cause::Unknown,
        }
    }

    fn of_denial(step: Step, user_namespace: bool, readings: &Readings) -> Cause {
        let ordinary = user_namespace && readings.euid != 0;
        if ordinary && readings.unprivileged_userns_clone == Some(0) {
            Cause::UnprivilegedOff
        } else if ordinary && readings.apparmor_restrict_unprivileged_userns == Some(1) {
            Cause::AppArmor
        } else if step == Step::Unshare {
            Cause::Sandbox
        } else {
            // The namespace was granted and then made useless: only security modules do that.
            Cause::SecurityModule
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::readings::Capabilities;

    fn ordinary_user() -> Readings {
        Readings {
            euid: 1000,
            threads: Some(1),
            max_user_namespaces: Some(63_000),
            ..Readings::default()
        }
    }

    fn cause(step: Step, errno: Errno, readings: &Readings) -> Cause {
        EnterError::explain(step, errno, readings).cause
    }

    #[test]
    fn user_namespaces_switched_off() {
        let readings = Readings {
            max_user_namespaces: Some(0),
            ..ordinary_user()
        };
        let error = EnterError::explain(Step::Unshare, Errno::ENOSPC, &readings);
        assert_eq!(
            error.to_string(),
            "create a network namespace: no space left on device (ENOSPC): \
             user.max_user_namespaces is 0"
        );
        assert!(error.remedy().unwrap().contains("user.max_user_namespaces"));
    }

    #[test]
    fn other_limits_are_not_taken_for_it() {
        assert_eq!(
            cause(Step::Unshare, Errno::ENOSPC, &ordinary_user()),
            Cause::Limit
        );
        assert_eq!(
            cause(Step::PidNamespace, Errno::ENOSPC, &ordinary_user()),
            Cause::Limit
        );
        assert_eq!(
            cause(Step::Unshare, Errno::EUSERS, &ordinary_user()),
            Cause::Limit
        );
        // Root does not need a user namespace: 0 is no cause.
        let root = Readings {
            euid: 0,
            capabilities: Capabilities(u64::MAX),
            max_user_namespaces: Some(0),
            ..ordinary_user()
        };
        assert_eq!(cause(Step::Unshare, Errno::ENOSPC, &root), Cause::Limit);
    }

    #[test]
    fn apparmor_refuses_at_any_step_with_either_number() {
        let readings = Readings {
            apparmor_restrict_unprivileged_userns: Some(1),
            ..ordinary_user()
        };
        for step in Step::ALL {
            for errno in [Errno::EPERM, Errno::EACCES] {
                let error = EnterError::explain(step, errno, &readings);
                assert_eq!(error.cause, Cause::AppArmor, "{step} {errno}");
                assert!(
                    error.remedy().unwrap().contains("apparmor_restrict"),
                    "{step} {errno}"
                );
            }
        }
    }

    #[test]
    fn a_late_refusal_without_the_apparmor_setting_is_some_security_module() {
        for step in [
            Step::SetGroups,
            Step::UidMap,
            Step::GidMap,
            Step::PrivateMounts,
        ] {
            for errno in [Errno::EPERM, Errno::EACCES] {
                assert_eq!(cause(step, errno, &ordinary_user()), Cause::SecurityModule);
            }
        }
        let off = Readings {
            apparmor_restrict_unprivileged_userns: Some(0),
            ..ordinary_user()
        };
        assert_eq!(
            cause(Step::UidMap, Errno::EPERM, &off),
            Cause::SecurityModule
        );
    }

    #[test]
    fn debian_switch() {
        let readings = Readings {
            unprivileged_userns_clone: Some(0),
            ..ordinary_user()
        };
        assert_eq!(
            cause(Step::Unshare, Errno::EPERM, &readings),
            Cause::UnprivilegedOff
        );
    }

    #[test]
    fn containers() {
        assert_eq!(
            cause(Step::Unshare, Errno::EPERM, &ordinary_user()),
            Cause::Sandbox
        );
        // Root without CAP_SYS_ADMIN, as docker starts it; AppArmor's switch is not for root.
        let root = Readings {
            euid: 0,
            apparmor_restrict_unprivileged_userns: Some(1),
            ..ordinary_user()
        };
        assert_eq!(cause(Step::Unshare, Errno::EPERM, &root), Cause::Sandbox);
    }

    #[test]
    fn settings_that_cannot_be_changed() {
        let error = EnterError::explain(Step::Settings, Errno::EROFS, &ordinary_user());
        assert_eq!(
            error.to_string(),
            "change net.ipv4.ip_forward in a new network namespace: read-only file system \
             (EROFS): /proc/sys is mounted read-only"
        );
        assert!(error.remedy().unwrap().contains("--privileged"));
    }

    #[test]
    fn threads_and_kernels() {
        let threads = Readings {
            threads: Some(2),
            ..ordinary_user()
        };
        assert_eq!(
            cause(Step::Unshare, Errno::EINVAL, &threads),
            Cause::Threads
        );
        assert_eq!(
            cause(Step::Unshare, Errno::EINVAL, &ordinary_user()),
            Cause::Kernel
        );
        assert_eq!(
            cause(Step::Unshare, Errno::ENOSYS, &ordinary_user()),
            Cause::Kernel
        );
        assert_eq!(
            cause(Step::UidMap, Errno::EINVAL, &ordinary_user()),
            Cause::Unknown
        );
    }
}
