//! The cart and its pole as text: a character of Braille is two dots wide and four high.

use crate::environment::{CartPole, EDGE, HALF_POLE};

/// Characters of a picture.
const COLUMNS: usize = 72;
const LINES: usize = 9;

/// Dots of a metre.
const METRE: f64 = 2.0 * COLUMNS as f64 / (2.0 * EDGE + 0.6);

/// Dots of a picture, and what is drawn into them.
struct Canvas([[bool; 2 * COLUMNS]; 4 * LINES]);

impl Canvas {
    /// A point in dots from the left, and from below.
    fn dot(&mut self, x: f64, y: f64) {
        let row = 4.0 * LINES as f64 - 1.0 - y;
        if let Some(row) = self.0.get_mut(row.round() as usize)
            && let Some(dot) = row.get_mut(x.round() as usize)
        {
            *dot = true;
        }
    }

    fn line(&mut self, (x0, y0): (f64, f64), (x1, y1): (f64, f64)) {
        let dots = (x1 - x0).abs().max((y1 - y0).abs()).ceil().max(1.0);
        for dot in 0..=dots as usize {
            let way = dot as f64 / dots;
            self.dot(x0 + way * (x1 - x0), y0 + way * (y1 - y0));
        }
    }

    fn text(&self) -> String {
        // The bits of a character's dots, left and right, from above.
        const BITS: [[u32; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];
        let character = |line: usize, column: usize| {
            let bit = |(y, x): (usize, usize)| match self.0[4 * line + y][2 * column + x] {
                true => BITS[y][x],
                false => 0,
            };
            let bits: u32 = (0..8).map(|dot| bit((dot / 2, dot % 2))).sum();
            char::from_u32(0x2800 + bits).unwrap_or(' ')
        };
        let line = |line| (0..COLUMNS).map(|column| character(line, column)).collect();
        (0..LINES).map(line).collect::<Vec<String>>().join("\n")
    }
}

/// Lines of a picture.
pub const HEIGHT: usize = LINES;

/// The cart on its way, and the pole.
pub fn draw(cart: &CartPole) -> String {
    let [x, _, angle, _] = cart.state().map(f64::from);
    let mut canvas = Canvas([[false; 2 * COLUMNS]; 4 * LINES]);
    let middle = COLUMNS as f64 + METRE * x;
    let edge = METRE * EDGE;
    canvas.line((COLUMNS as f64 - edge, 0.0), (COLUMNS as f64 + edge, 0.0));
    for y in 2..6 {
        canvas.line((middle - 7.0, f64::from(y)), (middle + 7.0, f64::from(y)));
    }
    let length = METRE * 2.0 * HALF_POLE;
    for aside in [-0.5, 0.5] {
        let foot = middle + aside;
        canvas.line(
            (foot, 6.0),
            (foot + length * angle.sin(), 6.0 + length * angle.cos()),
        );
    }
    canvas.text()
}
