//! What messages say of windows: what axes are called, and how sizes come about.

/// Why a window does not fit: `its height of 2 + 1 + 1 (padding) = 4 is less than 2 * (3 - 1) + 1 = 5 (kernel 3, dilation 2)`.
pub fn shortfall(
    name: &str,
    size: usize,
    padding: (usize, usize),
    kernel: usize,
    dilation: usize,
) -> String {
    let padded = match padding {
        (0, 0) => format!("{size}"),
        (before, after) => {
            let whole = size as u128 + before as u128 + after as u128;
            format!("{size} + {before} + {after} (padding) = {whole}")
        }
    };
    let reach = match dilation {
        1 => format!("{kernel}"),
        _ => format!(
            "{dilation} * ({kernel} - 1) + 1 = {} (kernel {kernel}, dilation {dilation})",
            dilation as u128 * (kernel as u128 - 1) + 1
        ),
    };
    format!("its {name} of {padded} is less than {reach}")
}

/// What messages call an axis of an image or a sequence, and its place among rows and columns; `None` for channels.
pub fn spatial(shape: &[usize], axis: usize) -> Option<(&'static str, usize)> {
    match (shape.len(), axis) {
        (3, 1) => Some(("height", 0)),
        (3, 2) => Some(("width", 1)),
        (2, 0) => Some(("length", 1)),
        _ => None,
    }
}

/// Rows and columns of an image, or the one row and the steps of a sequence.
pub fn rows_and_columns(shape: &[usize]) -> Option<(usize, usize)> {
    match *shape {
        [_, height, width] => Some((height, width)),
        [steps, _] => Some((1, steps)),
        _ => None,
    }
}

/// The steps of a window over an axis: `(28 + 2 * 0 - 3) / 2`.
pub fn quotient(
    size: usize,
    padding: (usize, usize),
    kernel: usize,
    dilation: usize,
    stride: usize,
) -> String {
    let padding = match padding {
        (before, after) if before == after => format!("2 * {before}"),
        (before, after) => format!("{before} + {after}"),
    };
    let reach = match dilation {
        1 => format!("{kernel}"),
        _ => format!("{dilation} * ({kernel} - 1) - 1"),
    };
    format!("({size} + {padding} - {reach}) / {stride}")
}
