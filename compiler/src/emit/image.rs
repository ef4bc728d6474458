//! Images as types of the runtime: where the interior lies in its border.

use super::site::Site;
use crate::ops::window::Window;
use crate::program::Slot;
use crate::rt;
use crate::storage::{Border, Form, LANES, Storage, padded};
use proc_macro2::TokenStream;
use quote::quote;

/// A channel-last image: channels, height, width, and the border around it.
#[derive(Clone, Copy)]
pub struct Image {
    /// Channels, height and width of the interior.
    pub shape: [usize; 3],
    /// Zeros around it.
    pub border: Border,
}

impl Image {
    /// Blocks of the buffer.
    pub fn blocks(&self) -> usize {
        let ([channels, height, width], border) = (self.shape, self.border);
        let rows = border.top + height + border.bottom;
        let columns = border.left + width + border.right;
        rows * columns * padded(channels) / LANES
    }

    /// The layout as a type.
    pub fn channel_last(&self) -> TokenStream {
        let ([channels, height, width], border) = (self.shape, self.border);
        let (top, left) = (border.top, border.left);
        let (rows, columns) = (top + height + border.bottom, left + width + border.right);
        let path = rt::channel_last();
        quote!(#path<#height, #width, #channels, #top, #left, #rows, #columns>)
    }

    /// The planar layout of the same image as a type.
    fn planar(&self) -> TokenStream {
        let ([channels, height, width], border) = (self.shape, self.border);
        let (top, left) = (border.top, border.left);
        let (rows, columns) = (top + height + border.bottom, left + width + border.right);
        let path = rt::planar();
        quote!(#path<#channels, #height, #width, #top, #left, #rows, #columns>)
    }
}

/// A storage that holds an image.
pub fn of(storage: &Storage) -> Image {
    let &[channels, height, width] = &storage.shape[..] else {
        unreachable!("shape rules let only images pass");
    };
    let border = match storage.form {
        Form::Image(border) | Form::Planar(border) => border,
        Form::Flat | Form::Steps => Border::default(),
    };
    Image {
        shape: [channels, height, width],
        border,
    }
}

/// A storage's layout as a type.
pub fn layout(storage: &Storage) -> TokenStream {
    match storage.form {
        Form::Image(_) => of(storage).channel_last(),
        _ => of(storage).planar(),
    }
}

/// A window as a type.
pub fn taps(window: &Window) -> TokenStream {
    let path = rt::taps();
    let ((kh, kw), (sh, sw), (dh, dw)) = (window.kernel, window.stride, window.dilation);
    let (top, left) = (window.padding.top, window.padding.left);
    quote!(#path<#kh, #kw, #sh, #sw, #dh, #dw, #top, #left>)
}

/// Blocks that the winners of pooled outputs take: a byte for each lane, two where a window has more than 256 positions.
pub fn winner_blocks(output: &Storage, (height, width): (usize, usize)) -> usize {
    let [channels, rows, columns] = of(output).shape;
    let bytes = if height * width <= 256 { 1 } else { 2 };
    (rows * columns * channels.div_ceil(LANES) * bytes).div_ceil(4)
}

/// Blocks per sample of a buffer.
pub fn blocks(site: &Site<'_>, slot: Slot) -> usize {
    site.place(slot).1
}
