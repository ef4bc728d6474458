//! Mistakes that people bring from Keras, PyTorch and Rust, each with all that is said of it: `mistakes.txt`.

use super::messages;
use kiln_compiler::{elsewhere, ops::KINDS};

#[test]
fn every_mistake_is_told_what_is_expected_and_how_it_is_written() {
    let checked = check(include_str!("mistakes.txt"));
    assert!(checked > 150, "{checked}");
}

#[test]
fn mistakes_with_recurrent_layers() {
    let checked = check(include_str!("recurrent.txt"));
    assert!(checked > 20, "{checked}");
}

/// Compares what is said of each declaration of a text with what stands indented below it; gives their number.
pub fn check(text: &str) -> usize {
    let mut lines = text
        .lines()
        .filter(|line| !line.starts_with("//"))
        .peekable();
    let (mut checked, mut wrong) = (0, Vec::new());
    while let Some(source) = lines.next() {
        let mut expected = Vec::new();
        while let Some(message) = lines.next_if(|line| line.starts_with(' ')) {
            let message = message.trim_start();
            let message = message.replace("LAYERS", &elsewhere::layers(KINDS));
            expected.push(message.replace("FUNCTIONS", &elsewhere::functions(KINDS)));
        }
        assert!(!expected.is_empty(), "nothing is said of {source}");
        expected.retain(|message| message != "-");
        let found = messages(source);
        if found != expected {
            wrong.push(format!("{source}\n    {}", found.join("\n    ")));
        }
        checked += 1;
    }
    assert!(wrong.is_empty(), "otherwise said:\n{}", wrong.join("\n"));
    checked
}
