//! The header of a model for C programs.

use super::function::{COLUMNS, Function};
use super::interface::{Held, Interface};
use super::part::Part;

/// The text of a header.
pub fn header(interface: &Interface) -> String {
    let Interface { prefix, .. } = interface;
    let upper = prefix.to_uppercase();
    let parts: String = interface
        .parts
        .iter()
        .map(|it| number(it, &upper))
        .collect();
    let held: String = interface.held.iter().map(|it| memory(it, prefix)).collect();
    let declare = |function: &Function| {
        let call = match &function.name[..] {
            "check" => checked(&interface.held, prefix),
            _ => String::new(),
        };
        format!(
            "{}{}{call}\n",
            comment(function.doc.trim()),
            function.c(prefix)
        )
    };
    let functions: String = interface.functions.iter().map(declare).collect();
    format!(
        "{preamble}#ifndef {upper}_H\n#define {upper}_H\n\n#include <stddef.h>\n#include <stdint.h>\n\n\
         #ifdef __cplusplus\n#define {upper}_ALIGNED alignas(64)\nextern \"C\" {{\n#else\n\
         #define {upper}_ALIGNED _Alignas(64)\n#endif\n\n{codes}\n{parts}\n{held}{functions}\
         #ifdef __cplusplus\n}}\n#endif\n\n#endif /* {upper}_H */\n",
        preamble = preamble(interface),
        codes = codes(interface, &upper),
    )
}

/// What every caller must know.
fn preamble(interface: &Interface) -> String {
    let Interface { model, prefix, .. } = interface;
    let has = |name| interface.held.iter().any(|held| held.name == name);
    let mut told = vec![
        format!("{model}, a network made by kiln."),
        "- Functions that give an int32_t give 0, or a code below; then they have written nothing."
            .to_string(),
        format!(
            "- Memory is the caller's. All types below are aligned to 64 bytes, as variables are by themselves. On the heap, \
             aligned_alloc(64, sizeof({prefix}_parameters)) is, and malloc is not."
        ),
        "- Buffers that a call writes do not overlap with any other of its buffers.".to_string(),
        "- Threads may share parameters that none of them changes.".to_string(),
    ];
    if has("workspace") {
        told.push("- A workspace serves one thread at a time.".to_string());
    }
    if has("state") {
        told.push(format!(
            "- A state serves one thread at a time. {prefix}_reset comes before its first step."
        ));
    }
    comment(&told.join("\n"))
}

/// The codes that functions give.
fn codes(interface: &Interface, upper: &str) -> String {
    let mut codes = vec![
        ("OK", ""),
        ("NULL", "A pointer is null."),
        (
            "SIZE",
            "A size is not that of the library: this header is of another version.",
        ),
    ];
    if interface.parts.iter().any(|part| part.is_index) {
        codes.push((
            "INDEX",
            "An index in an input is out of its range, which is given below.",
        ));
    }
    let line = |(code, (name, doc)): (usize, (&str, &str))| match doc {
        "" => format!("#define {upper}_{name} {code}\n"),
        _ => format!("{}#define {upper}_{name} {code}\n", comment(doc)),
    };
    codes.into_iter().enumerate().map(line).collect()
}

/// The macro with a value's numbers.
fn number(part: &Part, upper: &str) -> String {
    let name = part.name.to_string().to_uppercase();
    let doc = comment(&format!("Numbers of {}.", part.doc));
    format!("{doc}#define {upper}_{name} {}\n", part.count)
}

/// The type of memory.
fn memory(held: &Held, prefix: &str) -> String {
    let upper = prefix.to_uppercase();
    let (name, macro_name) = (held.name, size(held, &upper));
    let (doc, bytes) = (comment(held.doc), held.bytes);
    format!(
        "{doc}#define {macro_name} {bytes}\ntypedef struct {{\n    {upper}_ALIGNED unsigned char bytes[{macro_name}];\n\
         }} {prefix}_{name};\n\n"
    )
}

/// The macro with the size of some memory.
fn size(held: &Held, upper: &str) -> String {
    format!("{upper}_{}_BYTES", held.name.to_uppercase())
}

/// The macro that compares all sizes.
fn checked(held: &[Held], prefix: &str) -> String {
    let upper = prefix.to_uppercase();
    let sizes: Vec<_> = held.iter().map(|held| size(held, &upper)).collect();
    let call = match format!("    {prefix}_check({})\n", sizes.join(", ")) {
        line if line.len() <= COLUMNS => line,
        _ => format!(
            "    {prefix}_check( \\\n        {})\n",
            sizes.join(", \\\n        ")
        ),
    };
    format!("#define {upper}_CHECK() \\\n{call}")
}

/// A comment, broken into lines where it is too long for one.
fn comment(text: &str) -> String {
    let one = format!("/* {text} */\n");
    if one.len() <= COLUMNS && !text.contains('\n') {
        return one;
    }
    let mut comment = "/*\n".to_string();
    for paragraph in text.lines() {
        let mut line = " *".to_string();
        for word in paragraph.split(' ') {
            if line.len() + 1 + word.len() >= COLUMNS {
                comment += &line;
                comment.push('\n');
                line = " *  ".to_string();
            }
            line.push(' ');
            line += word;
        }
        comment += &line;
        comment.push('\n');
    }
    comment + " */\n"
}
