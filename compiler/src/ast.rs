//! What a user wrote, as data: the output of `parse`, with every name and size still unresolved.

use proc_macro2::{Ident, Span, TokenStream};

/// Everything in one `model!`.
#[derive(Default)]
pub struct Unit {
    /// Models and templates of models.
    pub models: Vec<Model>,
    /// Blocks: layers made of layers.
    pub blocks: Vec<Block>,
    /// Models made of templates.
    pub instances: Vec<Instance>,
}

/// One `struct Name<parameters>(inputs) -> outputs { ... }`.
#[derive(Clone)]
pub struct Model {
    /// Doc comments and other attributes, passed through.
    pub attributes: Vec<syn::Attribute>,
    /// Visibility of the struct, passed through.
    pub visibility: syn::Visibility,
    /// The struct's name.
    pub name: Ident,
    /// The const parameters of a template, none if they could not be read, or `None` for a model.
    pub parameters: Option<Vec<Parameter>>,
    /// What the parameters stand for, where a template was made a model.
    pub given: Vec<Given>,
    /// Named inputs in order.
    pub inputs: Vec<Input>,
    /// Shapes after the arrow; several are written as a tuple.
    pub outputs: Vec<Shape>,
    /// What stands in the braces.
    pub body: Body,
    /// Whether all of it could be read.
    pub whole: bool,
}

/// `block Name<parameters>(x, y) { ... }`: a layer made of layers.
pub struct Block {
    /// What layers name it by.
    pub name: Ident,
    /// Its const parameters.
    pub parameters: Vec<Parameter>,
    /// Its inputs, some with shapes.
    pub inputs: Vec<BlockInput>,
    /// What stands in the braces.
    pub body: Body,
    /// Whether all of it could be read.
    pub whole: bool,
}

/// `type Small = Mlp<32>;`
pub struct Instance {
    /// Doc comments and other attributes.
    pub attributes: Vec<syn::Attribute>,
    /// Visibility of the struct.
    pub visibility: syn::Visibility,
    /// The struct's name.
    pub name: Ident,
    /// The template's name.
    pub template: Ident,
    /// What its parameters stand for.
    pub arguments: Vec<syn::Expr>,
}

/// What stands between braces.
#[derive(Clone, Default)]
pub struct Body {
    /// `const NAME: usize = ...;` items.
    pub constants: Vec<Constant>,
    /// Layer declarations in order.
    pub layers: Vec<Layer>,
    /// The dataflow, or `None` for a chain.
    pub forward: Option<Forward>,
}

/// `const N: usize`, or `const BIAS: bool = true`.
#[derive(Clone)]
pub struct Parameter {
    /// Its name.
    pub name: Ident,
    /// Whether it is a `bool`, and no `usize`.
    pub is_flag: bool,
    /// What it stands for where nothing is given.
    pub default: Option<syn::Expr>,
}

/// What a parameter stands for.
#[derive(Clone)]
pub struct Given {
    /// The parameter.
    pub name: Ident,
    /// Its value, or `None` after an error.
    pub value: Option<Value>,
}

/// The value of a const parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// A `usize`.
    Number(u64),
    /// A `bool`.
    Flag(bool),
}

/// An input of a block: `x`, or `x: [16, 8, 8]`.
pub struct BlockInput {
    /// Its name.
    pub name: Ident,
    /// Its shape, where one is stated.
    pub shape: Option<Shape>,
}

/// `image: [1, 28, 28]`.
#[derive(Clone)]
pub struct Input {
    /// The name that `forward` uses.
    pub name: Ident,
    /// Its shape without the batch.
    pub shape: Shape,
}

/// `[1, 28, 28]`, `u32[64]`, or `u32` alone.
#[derive(Clone)]
pub struct Shape {
    /// The element type, where one is written.
    pub element: Option<Ident>,
    /// Integer expressions over literals and the model's constants.
    pub sizes: Vec<syn::Expr>,
    /// Whether no brackets are written: one number, without axes.
    pub is_scalar: bool,
    /// The whole shape.
    pub span: Span,
}

/// `const WIDTH: usize = 16;`
#[derive(Clone)]
pub struct Constant {
    /// Its name.
    pub name: Ident,
    /// An integer expression over literals and earlier constants.
    pub value: syn::Expr,
}

/// `conv1: Conv2d(WIDTH, kernel = 3)`.
#[derive(Clone)]
pub struct Layer {
    /// The name before the colon.
    pub name: Option<Ident>,
    /// What is declared.
    pub module: Module,
}

/// What a layer is.
#[derive(Clone)]
pub enum Module {
    /// `Conv2d(WIDTH, kernel = 3)`, or the name of a block without parameters.
    Kind {
        /// The layer's kind, `Conv2d`.
        kind: Ident,
        /// What stands in the parentheses.
        arguments: Vec<Argument>,
    },
    /// `Residual<16>`.
    Block {
        /// The block's name.
        name: Ident,
        /// What stands in the angle brackets.
        arguments: Vec<syn::Expr>,
    },
    /// `crate::Gain(weight: [64], l2 = 1e-4) -> [64]`.
    Custom(Box<Custom>),
    /// `{ Conv2d(16, 3), Relu }`.
    Chain {
        /// The layers in the braces.
        layers: Vec<Layer>,
        /// The braces.
        span: Span,
    },
    /// `[Residual<16>; 3]`.
    Repeated {
        /// What is repeated.
        module: Box<Module>,
        /// How often.
        count: syn::Expr,
        /// The brackets.
        span: Span,
    },
}

impl Module {
    /// What a message calls it: its kind, or how it is written.
    pub fn word(&self) -> String {
        match self {
            Self::Kind { kind, .. } => kind.to_string(),
            Self::Block { name, .. } => name.to_string(),
            Self::Custom(custom) => custom.name.to_string(),
            Self::Chain { .. } => "{ .. }".into(),
            Self::Repeated { module, .. } => format!("[{}; ..]", module.word()),
        }
    }

    /// Where it is written.
    pub fn span(&self) -> Span {
        match self {
            Self::Kind { kind, .. } => kind.span(),
            Self::Block { name, .. } => name.span(),
            Self::Custom(custom) => custom.name.span(),
            Self::Chain { span, .. } | Self::Repeated { span, .. } => *span,
        }
    }
}

/// A layer of the user's own.
#[derive(Clone)]
pub struct Custom {
    /// The path of its type.
    pub path: TokenStream,
    /// The last name of the path.
    pub name: Ident,
    /// What it learns.
    pub parameters: Vec<CustomParameter>,
    /// What it keeps from forward for backward.
    pub saved: Option<Shape>,
    /// What else stands in the parentheses.
    pub arguments: Vec<Argument>,
    /// What it gives.
    pub output: Shape,
}

/// `weight: [64] = 1.0`.
#[derive(Clone)]
pub struct CustomParameter {
    /// Its name.
    pub name: Ident,
    /// Its shape.
    pub shape: Shape,
    /// What all its numbers begin as, where that is stated.
    pub value: Option<syn::Expr>,
}

/// `3`, or `kernel = 3`.
#[derive(Clone)]
pub struct Argument {
    /// The name before the equals sign.
    pub name: Option<Ident>,
    /// A number, pair, flag or word.
    pub value: syn::Expr,
}

impl Argument {
    /// Whether it is the layer's name in files, which every kind of layer takes.
    pub fn is_name(&self) -> bool {
        self.name.as_ref().is_some_and(|name| name == "name")
    }
}

/// `forward { ... }`.
#[derive(Clone)]
pub struct Forward {
    /// The word `forward`.
    pub span: Span,
    /// `let` statements and a tail expression.
    pub block: syn::Block,
}
