//! What examples with images share: a picture of them as a file.

/// A grey picture as a file of the format PGM: stacks of images, one above the other, ten stacks in a row. Ink is dark.
pub fn pgm<const SIDE: usize, const HEIGHT: usize>(
    stacks: &[[&[[[f32; SIDE]; SIDE]; 1]; HEIGHT]],
) -> Vec<u8> {
    const COLUMNS: usize = 10;
    // Some 60 pixels for an image, whatever its own.
    let zoom = 60_usize.div_ceil(SIDE);
    let (cell, gap) = (zoom * SIDE, 8);
    let (across, within) = (cell + gap, cell + gap / 4);
    let down = HEIGHT * within + 2 * gap - gap / 4;
    let width = COLUMNS * across + gap;
    let height = stacks.len().div_ceil(COLUMNS) * down + gap / 4;

    let mut pixels = vec![160; width * height];
    for (at, stack) in stacks.iter().enumerate() {
        let left = gap + at % COLUMNS * across;
        let top = gap + at / COLUMNS * down;
        for (level, [image]) in stack.iter().enumerate() {
            let top = top + level * within;
            for y in 0..cell {
                for x in 0..cell {
                    let ink = image[y / zoom][x / zoom].clamp(0.0, 1.0);
                    pixels[(top + y) * width + left + x] = (255.0 * (1.0 - ink)).round() as u8;
                }
            }
        }
    }
    let mut file = format!("P5 {width} {height} 255\n").into_bytes();
    file.extend(pixels);
    file
}

/// The indices of the first `rows` samples of each of ten classes: row by row, a class after the other.
pub fn of_each_class(targets: &[usize], rows: usize) -> impl Iterator<Item = usize> + '_ {
    (0..10 * rows).filter_map(|at| {
        let of_class = |&index: &usize| targets[index] == at % 10;
        (0..targets.len()).filter(of_class).nth(at / 10)
    })
}
