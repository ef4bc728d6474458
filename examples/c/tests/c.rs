//! The headers are those of the networks, and a C program that is compiled with them gets right answers.

use kiln_c::{Digits, DuoAmp, LSTMModel, NextWord};
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

const FOLDER: &str = env!("CARGO_MANIFEST_DIR");

/// With `KILN_WRITE=1`, the headers are written anew, as they should be after a change of a network.
#[test]
fn headers_are_those_of_the_networks() {
    for (name, header) in [
        ("digits.h", Digits::C_HEADER),
        ("duo_amp.h", DuoAmp::C_HEADER),
        ("mood.h", LSTMModel::C_HEADER),
        ("next_word.h", NextWord::C_HEADER),
    ] {
        let path = Path::new(FOLDER).join(name);
        if env::var_os("KILN_WRITE").is_some() {
            fs::write(&path, header).expect("a file that can be written");
        }
        assert!(
            fs::read_to_string(&path).is_ok_and(|found| found == header),
            "{name}"
        );
        let longest = header.lines().map(str::len).max();
        assert!(longest <= Some(100), "{name}: {longest:?}");
    }
}

/// The static library, which Cargo builds beside this test: the newest, if there are several.
fn library() -> PathBuf {
    let test = env::current_exe().expect("a path");
    let folder = fs::read_dir(test.parent().expect("a folder")).expect("it can be read");
    let is_library = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str());
        name.is_some_and(|name| name.starts_with("libkiln_c") && name.ends_with(".a"))
    };
    let libraries = folder
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(is_library);
    let written = |path: &PathBuf| fs::metadata(path).and_then(|it| it.modified()).ok();
    libraries.max_by_key(written).expect("Cargo has built it")
}

/// Runs a compiler, unless there is none.
fn run(compiler: &str, arguments: &[&str]) -> Option<Output> {
    let output = Command::new(compiler)
        .current_dir(FOLDER)
        .args(arguments)
        .output();
    match output {
        Ok(output) => Some(output),
        Err(error) => {
            println!("skipped: {compiler}: {error}");
            None
        }
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn a_c_program_calls_networks() {
    let (library, program) = (
        library(),
        env::temp_dir().join(format!("kiln-c-{}", std::process::id())),
    );
    let (library, built) = (library.display().to_string(), program.display().to_string());
    let arguments = [
        "-std=c11",
        "-Wall",
        "-Wextra",
        "-pedantic",
        "-Werror",
        "main.c",
        &library,
        "-o",
        &built,
    ];
    let system = ["-lm", "-lpthread", "-ldl"];
    let Some(compiled) = run("cc", &[&arguments[..], &system].concat()) else {
        return;
    };
    assert!(compiled.status.success(), "{}", text(&compiled.stderr));
    let ran = Command::new(&program)
        .output()
        .expect("a program that was just built");
    fs::remove_file(&program).expect("it is there");
    assert_eq!(text(&ran.stdout), "the image shows a 7\n0 failures\n");
    assert!(ran.status.success());
}

#[test]
fn headers_serve_c_plus_plus() {
    let source = "-xc++ -std=c++17 -Wall -Wextra -pedantic -Werror -fsyntax-only \
                  -include digits.h -include duo_amp.h -include mood.h -include next_word.h /dev/null";
    let arguments: Vec<_> = source.split_whitespace().collect();
    if let Some(checked) = run("c++", &arguments) {
        assert!(checked.status.success(), "{}", text(&checked.stderr));
    }
}
