//! How far the reading of a long capture has come: a bar on stderr, where somebody is looking at
//! stderr and the packets go elsewhere.

use super::args::stdout_is_terminal;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// Shorter reads show no bar.
const LONG: Duration = Duration::from_millis(300);

/// A bar that is gone when this is dropped, or none.
pub(super) struct Progress(Option<ProgressBar>);

impl Progress {
    /// For a file of so many bytes, or a stream.
    pub(super) fn new(length: Option<u64>) -> Progress {
        if stdout_is_terminal() || !std::io::stderr().is_terminal() {
            return Progress(None);
        }
        let template = match length {
            Some(_) => "{percent:>3}% [{wide_bar}] {bytes} of {total_bytes}, {eta} left",
            None => "{bytes} read, {bytes_per_sec}",
        };
        let style = ProgressStyle::with_template(template).expect("the templates are valid");
        let bar = ProgressBar::with_draw_target(length, ProgressDrawTarget::hidden());
        Progress(Some(bar.with_style(style.progress_chars("=> "))))
    }

    /// Told the length of each piece that is read, a piece being far more than a packet.
    pub(super) fn watch(&self) -> impl FnMut(usize) + Send + 'static {
        let bar = self.0.clone();
        let started = Instant::now();
        move |count| {
            let Some(bar) = &bar else {
                return;
            };
            bar.inc(count as u64);
            if bar.is_hidden() && started.elapsed() > LONG {
                bar.set_draw_target(ProgressDrawTarget::stderr());
            }
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}
