//! Tables are read as they are meant, and what is wrong with one is named where it is.

use super::{Csv, Missing, Table};
use crate::{
    error::{Error, TableFault},
    testing::Folder,
};
use alloc::{
    boxed::Box,
    format,
    string::{String, ToString},
    vec,
    vec::Vec,
};
use proptest::prelude::*;
use std::{
    collections::VecDeque,
    io::{BufRead, Read, Result as IoResult, Write},
    path::Path,
};

const FLOWERS: &str = "\
length,width,colour,species
5.1,3.5,red,setosa
7.0,,blue,versicolor
6.3,3.3,red,virginica
";

/// What reading two numbers of each row says.
fn message<T: super::Target>(csv: Csv<T>) -> String {
    match csv.read::<2>() {
        Ok(table) => panic!("{:?}", table.columns),
        Err(error) => error.to_string(),
    }
}

fn two(text: impl AsRef<[u8]>) -> Csv {
    Csv::parse("t.csv", text)
}

#[test]
fn columns_are_chosen_by_name() -> Result<(), Error> {
    let flowers = || Csv::parse("flowers.csv", FLOWERS);
    let table = flowers()
        .features(["length"])
        .class("species")
        .read::<1>()?;
    assert_eq!(table.samples.inputs(), [[5.1], [7.0], [6.3]]);
    assert_eq!(table.samples.targets(), [0, 1, 2]);
    assert_eq!(table.lines, [2, 3, 4]);
    let table = flowers()
        .without(["width", "species"])
        .one_hot(["colour"])
        .target("length")
        .read::<2>()?;
    assert_eq!(table.columns, ["colour=blue", "colour=red"]);
    assert_eq!(table.samples.inputs(), [[0.0, 1.0], [1.0, 0.0], [0.0, 1.0]]);
    assert_eq!(table.samples.targets(), [[5.1], [7.0], [6.3]]);
    assert!(table.classes.is_empty());
    // In the order asked for, whatever that of the file is.
    let table = two("a,b,c,d\n1,2,3,4\n")
        .features(["d", "a"])
        .targets(["c", "b"])
        .read()?;
    let expected: Table<2, [f32; 2]> = Table {
        samples: crate::data::Samples::new([[4.0, 1.0]], [[3.0, 2.0]])?,
        columns: vec!["d".into(), "a".into()],
        classes: Vec::new(),
        lines: vec![2],
        dropped: 0,
        fills: Vec::new(),
    };
    assert_eq!(table, expected);
    Ok(())
}

#[test]
fn gaps_are_filled_as_said() -> Result<(), Error> {
    let text = "a,b,y\n1,10,0\n,20,1\n3,NA,2\n8,40,3\n";
    let fill = |missing| two(text).missing(missing).target("y").read::<2>();
    let filled = fill(Missing::Mean)?;
    assert_eq!(filled.samples.inputs()[1], [4.0, 20.0]);
    assert_eq!(filled.samples.inputs()[2], [3.0, 70.0 / 3.0]);
    assert_eq!(filled.fills, [("a".into(), 4.0), ("b".into(), 70.0 / 3.0)]);
    assert_eq!(fill(Missing::Median)?.samples.inputs()[1], [3.0, 20.0]);
    assert_eq!(fill(Missing::Median)?.samples.inputs()[2], [3.0, 20.0]);
    assert_eq!(
        fill(Missing::Constant(-1.0))?.samples.inputs()[1],
        [-1.0, 20.0]
    );
    let dropped = fill(Missing::DropRow)?;
    assert_eq!((dropped.dropped, &dropped.lines[..]), (2, &[2, 5][..]));
    assert_eq!(dropped.samples.targets(), [[0.0], [3.0]]);
    let mixed = two(text)
        .missing(Missing::DropRow)
        .missing_in("b", Missing::Constant(0.0))
        .target("y")
        .read::<2>()?;
    assert_eq!(
        mixed.samples.inputs(),
        [[1.0, 10.0], [3.0, 0.0], [8.0, 40.0]]
    );
    // Of an even number, the mean of the two in the middle.
    let even = two("a,b\n1,1\n2,1\n5,1\n9,1\n,1\n")
        .missing(Missing::Median)
        .read::<2>()?;
    assert_eq!(even.samples.inputs()[4], [3.5, 1.0]);
    Ok(())
}

#[test]
fn what_is_missing_is_said() -> Result<(), Error> {
    assert_eq!(
        message(two("a,b\n1,2\n3,\n")),
        "`t.csv`, line 3, column `b`: the value is missing; fill it by `missing(Missing::Mean)` or another of its \
         policies, or leave out such rows by `missing(Missing::DropRow)`"
    );
    let question = "a,b,y\n1,?,0\n2,-999,1\n";
    assert!(message(two(question).class("y")).contains("column `b`: `?` is no number"));
    let table = two(question)
        .missing_values(["?", "-999"])
        .missing(Missing::Constant(7.0))
        .class("y")
        .read::<2>()?;
    assert_eq!(table.samples.inputs(), [[1.0, 7.0], [2.0, 7.0]]);
    // Targets are not filled.
    let target = "a,b,y\n1,2,3\n1,2,NaN\n";
    assert_eq!(
        message(two(target).missing(Missing::Mean).target("y")),
        "`t.csv`, line 3, column `y`: `NaN` stands for a missing value; leave out such rows by \
         `missing(Missing::DropRow)`"
    );
    let dropped = two(target)
        .missing(Missing::DropRow)
        .target("y")
        .read::<2>()?;
    assert_eq!(dropped.samples.targets(), [[3.0]]);
    assert!(
        message(two("a,b\n,1\n,2\n").missing(Missing::Mean))
            .contains("column `a`: no row has a value")
    );
    assert!(
        message(two("a,b\n,1\n,2\n").missing(Missing::DropRow)).contains("all 2 rows lack a value")
    );
    // A class may be called as what is missing, if it is given.
    let none = "a,b,y\n1,2,None\n3,4,Some\n";
    assert!(message(two(none).class("y")).contains("line 2, column `y`: `None` stands for"));
    let table = two(none).class("y").classes(["Some", "None"]).read::<2>()?;
    assert_eq!(table.samples.targets(), [1, 0]);
    Ok(())
}

#[test]
fn words_are_numbered_in_their_order() -> Result<(), Error> {
    let classes = |text: &str| two(text).class("y").read::<1>().map(|table| table.classes);
    assert_eq!(classes("x,y\n0,10\n0,9\n0,-1\n")?, ["-1", "9", "10"]);
    assert_eq!(classes("x,y\n0,b10\n0,b9\n0,a\n")?, ["a", "b10", "b9"]);
    assert_eq!(
        classes("x,y\n0,NAN\n0,2\n0,inf\n0,10\n")?,
        ["10", "2", "NAN", "inf"]
    );
    let given = || {
        two("x,y\n0,dog\n0,cat\n0,dgo\n")
            .class("y")
            .classes(["dog", "cat"])
    };
    let message = given().read::<1>().unwrap_err().to_string();
    assert_eq!(
        message,
        "`t.csv`, line 4, column `y`: `dgo` is none of the values that were given: `dog`, `cat`; did you mean `dog`?"
    );
    // What only rows have that were left out is no class.
    let table = two("x,y\n,a\n1,b\n")
        .missing(Missing::DropRow)
        .class("y")
        .read::<1>()?;
    assert_eq!(
        (table.classes, table.samples.targets()),
        (vec!["b".into()], &[0][..])
    );
    let table = two("c,x\nred,1\n,2\nblue,3\n")
        .one_hot_of("c", ["red", "green", "blue"])
        .missing(Missing::Mean)
        .read::<4>()?;
    assert_eq!(table.columns, ["c=red", "c=green", "c=blue", "x"]);
    let rows = [
        [1.0, 0.0, 0.0, 1.0],
        [0.0, 0.0, 0.0, 2.0],
        [0.0, 0.0, 1.0, 3.0],
    ];
    assert_eq!(table.samples.inputs(), rows);
    Ok(())
}

/// A pipe that gives a few bytes at a time.
struct Pipe(VecDeque<Vec<u8>>);

impl Read for Pipe {
    fn read(&mut self, bytes: &mut [u8]) -> IoResult<usize> {
        let count = self.fill_buf()?.read(bytes)?;
        self.consume(count);
        Ok(count)
    }
}

impl BufRead for Pipe {
    fn fill_buf(&mut self) -> IoResult<&[u8]> {
        Ok(self.0.front().map_or(&[], Vec::as_slice))
    }

    fn consume(&mut self, count: usize) {
        if let Some(first) = self.0.front_mut() {
            first.drain(..count);
            if first.is_empty() {
                self.0.pop_front();
            }
        }
    }
}

/// A table that comes in pieces, of which the first has `first` bytes, and each other one `size`.
fn piped(text: &str, first: usize, size: usize) -> Csv {
    let (begin, rest) = text.as_bytes().split_at(first);
    let pieces = [begin].into_iter().chain(rest.chunks(size));
    let pieces = pieces.filter(|piece| !piece.is_empty());
    let pipe = Pipe(pieces.map(<[u8]>::to_vec).collect());
    Csv::new(Path::new("pipe"), Box::new(pipe))
}

#[test]
fn pipes_give_as_little_as_they_like() -> Result<(), Error> {
    for text in [
        "\u{feff}a,b\n1,2\n3,4\n",
        "a,b\r\n1,2\r\n3,4",
        "\u{feff}\n\na,b\n1,2\n3,4\n",
    ] {
        for first in 0..6 {
            for size in [1, 2, 100] {
                let table = piped(text, first, size).read::<2>()?;
                assert_eq!(table.columns, ["a", "b"], "{text:?} {first} {size}");
                assert_eq!(table.samples.inputs(), [[1.0, 2.0], [3.0, 4.0]]);
            }
        }
    }
    // A mark alone is a table without rows, and half of one is text.
    let error = message(piped("\u{feff}", 3, 1));
    assert!(
        error.contains("no rows") || error.contains("no data"),
        "{error}"
    );
    let text = "\u{ffff}a,b\n1,2\n3,4\n";
    let columns = piped(text, 1, 1).read::<2>()?.columns;
    assert_eq!(columns, ["\u{ffff}a", "b"]);
    Ok(())
}

#[test]
fn files_of_all_systems_are_read() -> Result<(), Error> {
    let rows = [[1.0, 2.0], [3.0, 4.0]];
    for text in [
        "a,b\n1,2\n3,4\n",
        "a,b\n1,2\n3,4",
        "a,b\r\n1,2\r\n3,4\r\n",
        "a,b\r1,2\r3,4\r",
        "\u{feff}a,b\n1,2\n3,4\n",
        "\n\na,b\n\n1,2\n\r\n3,4\n\n",
        "\"a\",\"b\"\n\"1\",\" 2 \"\n 3 ,\t4\n",
        "a,b\n1e0,+2.0\n.3e1,4.\n",
    ] {
        let table = two(text).read::<2>()?;
        assert_eq!(table.samples.inputs(), rows, "{text:?}");
    }
    let semicolons = two("a;b\n1,5;2\n")
        .delimiter(b';')
        .decimal_comma()
        .read::<2>()?;
    assert_eq!(semicolons.samples.inputs(), [[1.5, 2.0]]);
    let tabs = two("'a\tx'\tb\n1\t2\n")
        .delimiter(b'\t')
        .quote(b'\'')
        .read::<2>()?;
    assert_eq!(tabs.columns, ["a\tx", "b"]);
    let bare = two("1,2\n3,4\n").no_header().read::<2>()?;
    assert_eq!(
        (bare.samples.inputs(), &bare.columns[..]),
        (&rows[..], &["0".into(), "1".into()][..])
    );
    assert_eq!(bare.lines, [1, 2]);
    let bools = two("a,b\ntrue,False\n").read::<2>()?;
    assert_eq!(bools.samples.inputs(), [[1.0, 0.0]]);
    let quoted = two("a,b,note\n1,2,\"one, \"\"two\"\"\nthree\"\n3,4,x\n")
        .without(["note"])
        .read::<2>()?;
    assert_eq!(
        (quoted.samples.inputs(), &quoted.lines[..]),
        (&rows[..], &[2, 4][..])
    );
    Ok(())
}

#[test]
fn lines_are_counted_whatever_ends_them() {
    for ending in ["\n", "\r\n", "\r"] {
        let text = ["a,b", "", "1,\"2", "\"", "", "3,x"].join(ending);
        let message = message(two(&text));
        assert!(
            message.starts_with("`t.csv`, line 6, column `b`: `x` is no number"),
            "{message}"
        );
    }
}

#[test]
fn rows_of_another_length_are_named() {
    assert_eq!(
        message(two("a,b\n1,2\n3,4,5\n")),
        "`t.csv`, line 3: the row has 3 fields, but the header has 2; put fields that hold the delimiter into quotes, \
         or name the right one by `delimiter`"
    );
    assert_eq!(
        message(two("a,b\n1\n")),
        "`t.csv`, line 2: the row has 1 field, but the header has 2; complete the row, leaving fields empty that have \
         no value"
    );
    assert!(
        message(two("a,b\n\"1,2\n3,4\n5,6\",7,8\n"))
            .contains("takes 3 lines, so check that every quote")
    );
    for text in [
        "a,b\n1,2\n\"3,4\n5,6\n",
        "a,b\n1,2\n3,\"4",
        "a,b\n1,2\n3,\"4\n",
        "a,b\n1,2\n3,\"4\"\"\n",
    ] {
        assert_eq!(
            message(two(text)),
            "`t.csv`, line 3: a quote of the last row is not closed; close it, or fetch the file again if it is cut off",
            "{text:?}"
        );
    }
    let long = [&b"a,b\n1,2\n\"3,"[..], &vec![b'x'; 20 << 20]].concat();
    assert!(message(two(long)).contains("line 3: the row is longer than 16777216 bytes"));
    let many = [&b"a,b\n1,2\n3"[..], &vec![b','; 17 << 20]].concat();
    assert!(message(two(many)).contains("line 3: the row is longer than"));
}

#[test]
fn numbers_that_are_none_are_named() {
    assert_eq!(
        message(two("a;b\n1;2,5\n").delimiter(b';')),
        "`t.csv`, line 2, column `b`: `2,5` is no number; if it stands for a missing value, say so by \
         `missing_values([\"2,5\"])`; if the column holds words, make numbers of them by `one_hot`, or leave it out by \
         `without`"
    );
    for (text, expected) in [
        ("a,b\n1,1e39\n", "`1e39` is beyond what f32 holds"),
        ("a,b\n1,inf\n", "`inf` is beyond what f32 holds"),
        ("a,b\n1,12 kg\n", "`12 kg` is no number"),
        ("a,b\n1,0x10\n", "`0x10` is no number"),
    ] {
        let message = message(two(text));
        assert!(
            message.starts_with("`t.csv`, line 2, column `b`: ") && message.contains(expected),
            "{message}"
        );
    }
}

#[test]
fn columns_that_are_none_are_named() {
    let text = "alcohol,ash,ash,\n1,2,3,4\n";
    for (csv, expected) in [
        (
            two(text).features(["alcohl"]),
            "line 1: there is no column `alcohl`; did you mean `alcohol`?",
        ),
        (
            two(text).features(["zzz"]),
            "the columns are `alcohol`, `ash`, `ash`, ``",
        ),
        (
            two(text).features(["ash"]),
            "column `ash`: two columns have this name; rename one",
        ),
        (
            two(text).without(["ash"]),
            "column 4 has no name, as an index that pandas wrote",
        ),
        (
            two(text).without(["sah"]),
            "there is no column `sah`; did you mean `ash`?",
        ),
        (
            two(text).features(["alcohol", "alcohol"]),
            "column `alcohol`: the column is asked for twice",
        ),
        (
            two(text).features(["alcohol"]).one_hot([""]),
            "column ``: `one_hot` and `missing_in` are about features",
        ),
        (
            two("a;b\n1;2\n").features(["a"]),
            "the columns are `a;b`; name the delimiter by `delimiter(b';')`",
        ),
        (
            two("a\tb\n1\n"),
            "but the columns make 1: `a\\tb`; name the delimiter by `delimiter(b'\\t')`",
        ),
    ] {
        let message = message(csv);
        assert!(message.contains(expected), "{message}");
    }
    assert_eq!(
        message(two("a,b,c\n1,2,3\n")),
        "`t.csv`, line 1: the inputs are declared as 2 numbers, but the columns make 3: `a`, `b`, `c`; declare 3, or \
         choose columns by `features` or `without`"
    );
    let wide = (0..100)
        .map(|at| at.to_string())
        .collect::<Vec<_>>()
        .join(",");
    assert!(message(two(format!("{wide}\n{wide}\n"))).contains("`19` and 80 more; declare 100"));
    assert!(message(two("a,b\n1,2\n").features(["a"]).target("a")).contains("asked for twice"));
}

#[test]
fn other_files_are_recognized() {
    for (start, expected) in [
        (
            &b"PK\x03\x04xl/"[..],
            "a zip file, as spreadsheets save it; save the sheet as CSV",
        ),
        (b"\x1f\x8b\x08", "found gzip; unpack it"),
        (b"\xff\xfea\0", "found UTF-16; save it as UTF-8"),
        (
            b"<!DOCTYPE html>",
            "found a web page; fetch the file itself",
        ),
        (b"PAR1\x15", "found Parquet"),
        (b"", "the file has no rows"),
        (b"a,b\n", "the file has no rows"),
        (b"\n\r\n", "the file has no rows"),
        (
            b"a,caf\xe9\n1,2\n",
            "line 1, column `1`: byte 3 of the field is 0xe9, which is not UTF-8",
        ),
        (
            b"a,b\n1,caf\xe9\n",
            "line 2, column `b`: byte 3 of the field is 0xe9, which is not UTF-8",
        ),
    ] {
        let message = message(two(start));
        assert!(message.contains(expected), "{message}");
    }
    // Only what is read must be UTF-8.
    let table = two(b"a,b,c\n1,2,caf\xe9\n").without(["c"]).read::<2>();
    assert!(table.is_ok());
}

#[test]
fn settings_are_checked() {
    let setting = |csv: Csv| match csv.read::<2>() {
        Err(Error::Setting { setting, .. }) => setting,
        other => panic!("{other:?}"),
    };
    let text = "a,b\n1,2\n";
    assert_eq!(setting(two(text).delimiter(b'"')), "delimiter");
    assert_eq!(setting(two(text).delimiter(b'\n')), "delimiter");
    assert_eq!(setting(two(text).decimal_comma()), "delimiter");
    assert_eq!(
        setting(two(text).missing(Missing::Constant(f32::NAN))),
        "Missing::Constant"
    );
    assert_eq!(
        setting(two(text).missing_in("a", Missing::Constant(f32::INFINITY))),
        "Missing::Constant"
    );
}

#[test]
fn files_are_read_a_piece_at_a_time() -> Result<(), Error> {
    let folder = Folder::new();
    let mut text = Vec::new();
    writeln!(text, "a,b,y")?;
    for row in 0..50_000 {
        writeln!(text, "{row},\"{}\",{}", row * 2, row % 7)?;
    }
    folder.write("large.csv", &text);
    let path = folder.path().join("large.csv");
    let table = Csv::open(&path)?.class("y").read::<2>()?;
    assert_eq!(table.samples.len(), 50_000);
    assert_eq!(table.samples.inputs()[49_999], [49_999.0, 99_998.0]);
    assert_eq!(table.lines[49_999], 50_001);
    assert_eq!(table.classes.len(), 7);
    assert!(matches!(
        Csv::open(folder.path().join("none")),
        Err(Error::Io { action: "open", .. })
    ));
    let found = Csv::open(folder.path()).and_then(|csv| csv.read::<2>().map(|_| ()));
    assert!(matches!(found, Err(Error::Io { .. })));
    Ok(())
}

/// Reads whatever the bytes hold; what is read has a number for every field.
pub fn survive(bytes: &[u8]) {
    let csv = || Csv::parse("bytes", bytes).missing(Missing::Mean);
    for table in [csv().read::<2>(), csv().one_hot(["a"]).read::<2>()]
        .into_iter()
        .flatten()
    {
        assert!(
            table
                .samples
                .inputs()
                .as_flattened()
                .iter()
                .all(|number| number.is_finite())
        );
        assert_eq!(table.lines.len(), table.samples.len());
    }
    if let Ok(table) = csv().class("b").read::<1>() {
        assert!(
            table
                .samples
                .targets()
                .iter()
                .all(|&class| class < table.classes.len())
        );
    }
    let fault = csv().no_header().delimiter(b';').read::<1>().err();
    assert!(
        !matches!(fault, Some(Error::Table(error)) if error.fault == TableFault::RepeatedColumn)
    );
}

proptest! {
    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        survive(&bytes);
        survive(&[b"a,b\n", &bytes[..]].concat());
    }

    #[test]
    fn random_tables_never_panic(text in "a,b\n([0-9\",.\r\nNAx;\"-]|é){0,40}") {
        survive(text.as_bytes());
    }

    /// What is written with quotes is read as it was.
    #[test]
    fn fields_are_read_as_they_were_written(words in prop::collection::vec("[a-z\",\r\n]{1,6}", 1..8)) {
        let mut text = String::from("x,word\n");
        for word in &words {
            text += &format!("1,\"{}\"\n", word.replace('"', "\"\""));
        }
        let trimmed = words.iter().map(|word| word.trim()).collect::<Vec<_>>();
        prop_assume!(trimmed.iter().all(|word| !word.is_empty() && *word != "nan"));
        let table = Csv::parse("words", &text).class("word").read::<1>().unwrap();
        let read = table.samples.targets().iter().map(|&class| &table.classes[class][..]);
        prop_assert_eq!(read.collect::<Vec<_>>(), trimmed);
    }
}
