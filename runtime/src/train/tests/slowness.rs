//! What a build without optimization says of itself.

use super::{net, samples};
use crate::{
    loss::CrossEntropy,
    optimizer::Sgd,
    train::{Trainer, Training},
};
use alloc::string::String;
use std::{
    env, eprintln,
    ffi::OsString,
    process::{Command, Stdio},
};

/// Set for the process that trains.
const CHILD: &str = "KILN_TEST_SLOWNESS";

/// The test runs itself in a process of its own, where nothing was said before.
#[test]
fn a_slow_build_says_so_once() {
    if env::var_os(CHILD).is_some() {
        for _ in 0..2 {
            let mut trainer = Trainer::new(Sgd::new(0.1), CrossEntropy).threads(1);
            assert!(trainer.fit(&mut net(), &samples(2)).is_ok());
        }
        assert!(Training::new(&net(), 2).is_ok());
        return;
    }
    if !cfg!(debug_assertions) {
        eprintln!("skipped: a release build has nothing to say");
        return;
    }
    let name = "train::tests::slowness::a_slow_build_says_so_once";
    let output = env::current_exe().and_then(|test| {
        // What runs programs of another machine, with its arguments.
        let runner = env::var("KILN_RUNNER").unwrap_or_default();
        let mut words = runner
            .split_whitespace()
            .map(OsString::from)
            .chain([test.into()]);
        let first = words.next().unwrap_or_default();
        Command::new(first)
            .args(words)
            .args([name, "--exact", "--nocapture"])
            .env(CHILD, "1")
            .stdin(Stdio::null())
            .output()
    });
    let output = output.expect("a test can run itself");
    let (out, said) = (output.stdout, String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}");
    let out = String::from_utf8_lossy(&out);
    assert!(out.contains("1 passed"), "{out}");
    for line in [
        "kiln: this build is not optimized",
        "[profile.dev]",
        "opt-level = 3",
    ] {
        assert_eq!(said.matches(line).count(), 1, "{line}: {said}");
    }
}
