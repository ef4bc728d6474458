//! Images as slices, moved about.

/// Rows and columns of an image, whose channels lie one behind another.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    pub rows: usize,
    pub columns: usize,
}

impl Size {
    /// Of an image's shape; of another, one row of one channel.
    pub fn of(shape: &[usize]) -> Self {
        match *shape {
            [_, rows, columns] => Self { rows, columns },
            _ => Self {
                rows: 1,
                columns: shape.iter().product(),
            },
        }
    }

    fn plane(self) -> usize {
        (self.rows * self.columns).max(1)
    }
}

/// Moves an image down and to the right by `[rows, columns]`, which may be negative; what comes from outside is 0.
pub fn shift(from: &[f32], to: &mut [f32], size: Size, [down, right]: [isize; 2]) {
    let rows = from.chunks_exact(size.columns.max(1));
    let rows = rows.collect::<alloc::vec::Vec<_>>();
    for (at, to) in to.chunks_exact_mut(size.columns.max(1)).enumerate() {
        let (channel, row) = (at / size.rows.max(1), at % size.rows.max(1));
        let row = row.checked_add_signed(-down).filter(|&row| row < size.rows);
        let from = row.and_then(|row| rows.get(channel * size.rows + row));
        for (column, to) in to.iter_mut().enumerate() {
            let column = column.checked_add_signed(-right);
            let pixel = column.and_then(|column| from?.get(column));
            *to = pixel.copied().unwrap_or(0.0);
        }
    }
}

/// Turns an image about its centre, against the clock; what comes from outside is 0.
///
/// The pixel at (x, y) from the centre, y downwards, comes from (x cos - y sin, x sin + y cos), and is the mean of the four
/// pixels around that place, weighted by how near they are.
pub fn rotate(from: &[f32], to: &mut [f32], size: Size, degrees: f64) {
    let (sin, cos) = libm::sincos(degrees.to_radians());
    let [middle_row, middle_column] =
        [size.rows, size.columns].map(|count| (count as f64 - 1.0) / 2.0);
    for (at, to) in to.iter_mut().enumerate() {
        let (channel, place) = (at / size.plane(), at % size.plane());
        let plane = &from[channel * size.plane()..];
        let [row, column] = [place / size.columns.max(1), place % size.columns.max(1)];
        let (y, x) = (row as f64 - middle_row, column as f64 - middle_column);
        let row = x * sin + y * cos + middle_row;
        let column = x * cos - y * sin + middle_column;
        let (top, left) = (libm::floor(row), libm::floor(column));
        let (down, right) = (row - top, column - left);
        let pixel = |row: f64, column: f64| {
            let inside = row >= 0.0
                && column >= 0.0
                && row < size.rows as f64
                && column < size.columns as f64;
            match inside {
                true => f64::from(plane[row as usize * size.columns + column as usize]),
                false => 0.0,
            }
        };
        let upper = pixel(top, left) * (1.0 - right) + pixel(top, left + 1.0) * right;
        let lower = pixel(top + 1.0, left) * (1.0 - right) + pixel(top + 1.0, left + 1.0) * right;
        *to = (upper * (1.0 - down) + lower * down) as f32;
    }
}

/// Swaps left and right.
pub fn flip_horizontal(numbers: &mut [f32], size: Size) {
    for row in numbers.chunks_exact_mut(size.columns.max(1)) {
        row.reverse();
    }
}

/// Swaps top and bottom.
pub fn flip_vertical(numbers: &mut [f32], size: Size) {
    let columns = size.columns;
    for plane in numbers.chunks_exact_mut(size.plane()) {
        let (upper, lower) = plane.split_at_mut(size.rows / 2 * columns);
        let rows = upper.chunks_exact_mut(columns.max(1));
        for (upper, lower) in rows.zip(lower.rchunks_exact_mut(columns.max(1))) {
            upper.swap_with_slice(lower);
        }
    }
}
