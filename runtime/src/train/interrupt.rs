//! Ending a fit from outside.

use alloc::{sync::Arc, vec::Vec};
use core::sync::atomic::{AtomicBool, Ordering};

/// Flags that end a fit after the batch under way.
#[derive(Default)]
pub struct Interrupts {
    flags: Vec<Arc<AtomicBool>>,
    #[cfg(feature = "ctrl-c")]
    ctrl_c: bool,
}

impl Interrupts {
    /// Looks at one more flag.
    pub fn add(&mut self, flag: Arc<AtomicBool>) {
        self.flags.push(flag);
    }

    /// Looks at whether the user wants the program to end.
    #[cfg(feature = "ctrl-c")]
    pub fn add_ctrl_c(&mut self) {
        self.ctrl_c = true;
    }

    /// Begins to listen, if that was asked for.
    pub fn listen(&self) -> crate::error::Result<()> {
        #[cfg(feature = "ctrl-c")]
        if self.ctrl_c {
            return ctrl_c::listen();
        }
        Ok(())
    }

    /// `true` once a flag is set.
    pub fn any(&self) -> bool {
        #[cfg(feature = "ctrl-c")]
        if self.ctrl_c && ctrl_c::PRESSED.load(Ordering::Relaxed) {
            return true;
        }
        self.flags.iter().any(|flag| flag.load(Ordering::Relaxed))
    }
}

#[cfg(feature = "ctrl-c")]
mod ctrl_c {
    use crate::error::{Error, Result};
    use core::sync::atomic::{AtomicBool, Ordering};
    use std::{io, process, sync::Mutex, sync::PoisonError};

    /// Whether Ctrl-C was pressed.
    pub static PRESSED: AtomicBool = AtomicBool::new(false);

    /// Listens from now on, once in a process. The second Ctrl-C ends the program at once, as shells expect it.
    pub fn listen() -> Result<()> {
        static LISTENS: Mutex<bool> = Mutex::new(false);
        let mut listens = LISTENS.lock().unwrap_or_else(PoisonError::into_inner);
        if !*listens {
            let handler = || {
                if PRESSED.swap(true, Ordering::Relaxed) {
                    process::exit(130);
                }
            };
            ctrlc::try_set_handler(handler).map_err(|error| {
                let reason = std::format!(
                    "`stop_on_ctrl_c` cannot listen for Ctrl-C ({error}); where the program has a handler of its own, let it set \
                     a flag, and give that to `stop_when`"
                );
                Error::System(io::Error::other(reason))
            })?;
            *listens = true;
        }
        Ok(())
    }
}
