//! A layer of one's own: waves whose frequencies are learnt, by which a network of coordinates learns a picture that it could
//! not learn without them (Tancik et al. 2020).
//!
//! `cargo run --release --example custom_layer`; its gradients are tested by `cargo test --example custom_layer`.
#![forbid(unsafe_code)]

use kiln::{CustomLayer, data::Samples, prelude::*};
use std::f32::consts::TAU;

/// Cosine and sine of waves over the plane, whose frequencies are learnt, in units of `SCALE` periods:
///
/// ```text
/// p_k = 2 pi SCALE (w_k . x)      y_k = (cos p_k, sin p_k)
/// dp_k = dy_k1 cos p_k - dy_k0 sin p_k
/// dw_k = 2 pi SCALE dp_k x        dx = sum_k 2 pi SCALE dp_k w_k
/// ```
pub struct Fourier<const SCALE: u8>;

impl<const SCALE: u8, const WAVES: usize>
    CustomLayer<[f32; 2], [[f32; 2]; WAVES], [[f32; 2]; WAVES]> for Fourier<SCALE>
{
    fn forward(x: &[f32; 2], waves: &[[f32; 2]; WAVES], y: &mut [[f32; 2]; WAVES], (): ()) {
        let scale = TAU * f32::from(SCALE);
        for (wave, y) in waves.iter().zip(y) {
            let (sin, cos) = (scale * (wave[0] * x[0] + wave[1] * x[1])).sin_cos();
            *y = [cos, sin];
        }
    }

    fn backward(
        (x, waves, y, dy): (
            &[f32; 2],
            &[[f32; 2]; WAVES],
            &[[f32; 2]; WAVES],
            &[[f32; 2]; WAVES],
        ),
        (): (),
        dx: &mut [f32; 2],
        dwaves: &mut [[f32; 2]; WAVES],
    ) {
        let scale = TAU * f32::from(SCALE);
        for k in 0..WAVES {
            // Forward has made cosine and sine: there is nothing to compute anew.
            let [cos, sin] = y[k];
            let dp = scale * (dy[k][1] * cos - dy[k][0] * sin);
            for axis in 0..2 {
                dwaves[k][axis] = dp * x[axis];
                dx[axis] += dp * waves[k][axis];
            }
        }
    }
}

model! {
    /// Brightness at a point.
    pub struct Plain(point: [2]) -> [1] {
        Dense(64),
        Relu,
        Dense(64),
        Relu,
        Dense(1),
        Sigmoid,
    }

    /// The same, but that waves stand where the first layer was: 32 of them, a cosine and a sine each.
    pub struct Waves(point: [2]) -> [1] {
        waves: Fourier<2>(frequency: [32, 2], init = KaimingNormal) -> [32, 2],
        Flatten,
        Dense(64),
        Relu,
        Dense(1),
        Sigmoid,
    }
}

/// Pixels of each side of the picture.
const SIDE: usize = 40;

fn main() -> kiln::Result<()> {
    // From -1 to 1 along both axes.
    let coordinate = |pixel: usize| (2 * pixel + 1) as f32 / SIDE as f32 - 1.0;
    let points = (0..SIDE * SIDE).map(|at| [at % SIDE, at / SIDE].map(coordinate));
    let points = points.collect::<Vec<_>>();
    let picture = points
        .iter()
        .map(|&point| [brightness(point)])
        .collect::<Vec<_>>();

    let plain = learn(Plain::new(Seed(1)), &points, &picture)?;
    let waves = learn(Waves::new(Seed(1)), &points, &picture)?;

    draw(&[&picture, &plain, &waves]);
    for (name, drawn, parameters) in [
        ("dense", plain, Plain::PARAMS),
        ("waves", waves, Waves::PARAMS),
    ] {
        println!(
            "{name}: {parameters} parameters, peak signal to noise {:.1} dB",
            quality(&picture, &drawn)
        );
    }
    Ok(())
}

/// The picture: rings before stripes.
fn brightness([x, y]: [f32; 2]) -> f32 {
    let radius = (x + 0.1).hypot(y - 0.1);
    let wave = if radius < 0.7 {
        18.0 * radius
    } else {
        8.0 * (x + y)
    };
    0.5 + 0.5 * wave.cos()
}

/// What the network draws at the points after it was trained on them.
fn learn<N>(mut net: N, points: &[[f32; 2]], picture: &[[f32; 1]]) -> kiln::Result<Vec<[f32; 1]>>
where
    N: Model<Input = [f32; 2], Output = [f32; 1]>,
{
    let samples = Samples::new(points, picture)?;
    let mut trainer = Trainer::new(Adam::new(0.005), Mse)
        .epochs(200)
        .batch(64)
        .schedule(|epoch| 1.0 - epoch as f64 / 200.0)
        .quiet();
    trainer.fit(&mut net, &samples)?;
    trainer.predict(&net, points)
}

/// Decibels between the largest brightness, which is 1, and the mean square error.
fn quality(picture: &[[f32; 1]], drawn: &[[f32; 1]]) -> f32 {
    let errors = picture
        .iter()
        .zip(drawn)
        .map(|([pixel], [drawn])| pixel - drawn);
    -10.0 * (errors.map(|error| error * error).sum::<f32>() / picture.len() as f32).log10()
}

/// Draws pictures beside each other, a character for two rows.
fn draw(pictures: &[&[[f32; 1]]]) {
    const SHADES: [char; 5] = [' ', '░', '▒', '▓', '█'];
    for row in (0..SIDE).step_by(2) {
        let line = pictures.iter().map(|picture| {
            let shade = |x: usize| {
                let [above, below] = [row, row + 1].map(|y| picture[y * SIDE + x][0]);
                SHADES[(2.0 * (above + below)).round() as usize]
            };
            (0..SIDE).map(shade).collect::<String>()
        });
        println!("{}", line.collect::<Vec<_>>().join("  "));
    }
}

#[cfg(test)]
mod tests {
    use super::Fourier;
    use kiln::{Seed, check_gradients};

    #[test]
    fn gradients_are_slopes() -> kiln::Result<()> {
        check_gradients::<Fourier<1>, [f32; 2], [[f32; 2]; 8], [[f32; 2]; 8], ()>(Seed(1))?;
        check_gradients::<Fourier<2>, [f32; 2], [[f32; 2]; 32], [[f32; 2]; 32], ()>(Seed(2))
    }
}
