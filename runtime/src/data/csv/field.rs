//! What single fields say, and what is put where they say nothing.

use super::{
    plan::{Missing, Options},
    words::Words,
};
use crate::error::TableFault;
use alloc::vec::Vec;
use core::str;

/// What a field holds.
pub enum Field<'a> {
    Value(&'a str),
    Missing(&'a str),
}

/// A field without the spaces around it.
pub fn text(field: &[u8]) -> Result<&str, TableFault> {
    match str::from_utf8(field) {
        Ok(text) => Ok(text.trim()),
        Err(error) => {
            let at = error.valid_up_to();
            Err(TableFault::NotUtf8 {
                byte: field.get(at).copied().unwrap_or(0),
                at,
            })
        }
    }
}

/// A word, unless it stands for a missing one.
pub fn word<'t>(text: &'t str, words: &Words, options: &Options) -> Field<'t> {
    if options.spellings.contains(text) && !words.is_given(text) {
        Field::Missing(text)
    } else {
        Field::Value(text)
    }
}

/// A number, or the spelling of a missing one.
pub fn number<'t>(text: &'t str, options: &Options) -> Result<Result<f32, &'t str>, TableFault> {
    let parsed = match options.decimal_comma {
        // A point is no decimal one there, and what parts thousands is no number here.
        true if text.contains('.') => "".parse::<f32>(),
        true => text.replace(',', ".").parse::<f32>(),
        false => text.parse::<f32>(),
    };
    match parsed {
        // A number may stand for a missing one, such as -999.
        Ok(number) if number.is_finite() && !options.spellings.contains(text) => Ok(Ok(number)),
        _ if options.spellings.contains(text) => Ok(Err(text)),
        Ok(_) => Err(TableFault::TooLarge { text: text.into() }),
        Err(_) => match text {
            "true" | "True" | "TRUE" => Ok(Ok(1.0)),
            "false" | "False" | "FALSE" => Ok(Ok(0.0)),
            _ => Err(TableFault::NotANumber { text: text.into() }),
        },
    }
}

/// Fills the gaps of a column; with what, if there was one.
pub fn fill(numbers: &mut [f32], missing: Missing) -> Result<Option<f32>, TableFault> {
    if !numbers.iter().any(|number| number.is_nan()) {
        return Ok(None);
    }
    let mut known = numbers
        .iter()
        .copied()
        .filter(|number| !number.is_nan())
        .collect::<Vec<_>>();
    let fill = match missing {
        Missing::Constant(constant) => constant,
        _ if known.is_empty() => return Err(TableFault::NoValues),
        Missing::Median => {
            known.sort_unstable_by(f32::total_cmp);
            let upper = f64::from(known[known.len() / 2]);
            let lower = f64::from(known[(known.len() - 1) / 2]);
            ((lower + upper) / 2.0) as f32
        }
        _ => {
            let sum = known.iter().map(|&number| f64::from(number)).sum::<f64>();
            (sum / known.len() as f64) as f32
        }
    };
    for number in numbers.iter_mut().filter(|number| number.is_nan()) {
        *number = fill;
    }
    Ok(Some(fill))
}
