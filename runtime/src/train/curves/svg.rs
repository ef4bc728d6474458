//! Learning curves as a picture.

use super::{Panel, panels};
use crate::{
    error::{Error, Result},
    train::history::History,
};
use alloc::string::{String, ToString};
use plotters::{
    coord::Shift,
    prelude::{
        ChartBuilder, Color, DrawingArea, IntoDrawingArea, LineSeries, Palette, Palette99,
        PathElement, SVGBackend, SeriesLabelPosition, WHITE,
    },
    style::BLACK,
};
use std::{fs, io, path::Path};

/// Pixels of a panel.
const WIDTH: u32 = 800;
const HEIGHT: u32 = 320;

impl History {
    /// The learning curves as an SVG picture: a panel each for loss, accuracy and metrics, by epoch. Needs the feature
    /// `plot`.
    ///
    /// # Errors
    ///
    /// [`Error::System`] if the picture cannot be drawn.
    pub fn to_svg(&self) -> Result<String> {
        let panels = panels(self);
        let mut svg = String::new();
        {
            let count = panels.len().max(1);
            let size = (WIDTH, HEIGHT * count as u32);
            let picture = SVGBackend::with_string(&mut svg, size).into_drawing_area();
            picture.fill(&WHITE).map_err(failed)?;
            for (area, panel) in picture.split_evenly((count, 1)).iter().zip(&panels) {
                draw(area, panel, self.epochs.len()).map_err(failed)?;
            }
            picture.present().map_err(failed)?;
        }
        Ok(svg)
    }

    /// Writes the learning curves as an SVG picture. Needs the feature `plot`.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the file cannot be written.
    pub fn save_svg(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        fs::write(path, self.to_svg()?).map_err(|source| Error::Io {
            action: "write",
            path: path.into(),
            source,
        })
    }
}

/// The area of a panel.
type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// What plotters says.
type Drawn = core::result::Result<(), alloc::boxed::Box<dyn core::error::Error>>;

fn failed(error: impl ToString) -> Error {
    Error::System(io::Error::other(error.to_string()))
}

/// Draws a panel.
fn draw(area: &Area<'_>, panel: &Panel, epochs: usize) -> Drawn {
    let (least, largest) = panel.range();
    let room = 0.05 * (largest - least);
    let mut chart = ChartBuilder::on(area)
        .caption(panel.title, ("sans-serif", 18))
        .margin(12)
        .x_label_area_size(36)
        .y_label_area_size(72)
        .build_cartesian_2d(1.0..(epochs.max(2) as f64), least - room..largest + room)?;
    let mut mesh = chart.configure_mesh();
    mesh.x_desc("epoch").light_line_style(WHITE).draw()?;
    for (index, curve) in panel.curves.iter().enumerate() {
        let color = Palette99::pick(index).to_rgba();
        let line = LineSeries::new(curve.points.iter().copied(), color.stroke_width(2));
        let labelled = chart.draw_series(line)?.label(&*curve.name);
        labelled
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], color.stroke_width(2)));
    }
    let mut labels = chart.configure_series_labels();
    let labels = labels.position(SeriesLabelPosition::UpperRight);
    labels
        .background_style(WHITE.mix(0.8))
        .border_style(BLACK)
        .draw()?;
    Ok(())
}
