//! What a user wrote, as data: the output of `parse`, with every name and size still unresolved.

use proc_macro2::{Ident, Span};

/// One `struct Name(inputs) -> outputs { ... }`.
pub struct Model {
    /// Doc comments and other attributes, passed through.
    pub attributes: Vec<syn::Attribute>,
    /// Visibility of the struct, passed through.
    pub visibility: syn::Visibility,
    /// The struct's name.
    pub name: Ident,
    /// Named inputs in order.
    pub inputs: Vec<Input>,
    /// Shapes after the arrow; several are written as a tuple.
    pub outputs: Vec<Shape>,
    /// `const NAME: usize = ...;` items.
    pub constants: Vec<Constant>,
    /// Layer declarations in order.
    pub layers: Vec<Layer>,
    /// The dataflow, or `None` for a chain.
    pub forward: Option<Forward>,
    /// Whether all of it could be read.
    pub whole: bool,
}

/// `image: [1, 28, 28]`.
pub struct Input {
    /// The name that `forward` uses.
    pub name: Ident,
    /// Its shape without the batch.
    pub shape: Shape,
}

/// `[1, 28, 28]` or `u32[64]`.
pub struct Shape {
    /// The element type, where one is written.
    pub element: Option<Ident>,
    /// Integer expressions over literals and the model's constants.
    pub sizes: Vec<syn::Expr>,
    /// The whole shape.
    pub span: Span,
}

/// `const WIDTH: usize = 16;`
pub struct Constant {
    /// Its name.
    pub name: Ident,
    /// An integer expression over literals and earlier constants.
    pub value: syn::Expr,
}

/// `conv1: Conv2d(WIDTH, kernel = 3)`.
pub struct Layer {
    /// The name before the colon.
    pub name: Option<Ident>,
    /// The layer's kind, `Conv2d`.
    pub kind: Ident,
    /// What stands in the parentheses.
    pub arguments: Vec<Argument>,
}

/// `3`, or `kernel = 3`.
#[derive(Clone)]
pub struct Argument {
    /// The name before the equals sign.
    pub name: Option<Ident>,
    /// A number, pair, flag or word.
    pub value: syn::Expr,
}

/// `forward { ... }`.
pub struct Forward {
    /// The word `forward`.
    pub span: Span,
    /// `let` statements and a tail expression.
    pub block: syn::Block,
}
