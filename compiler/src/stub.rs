//! What is emitted after an error: a struct with the methods and the trait that the rest of the program uses, so that a
//! user sees what is wrong with the model and not what follows from it.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

use crate::{
    ast,
    attributes::{allowances, conditions, derived, passed},
    element::Element,
    emit::{arrays::parts, hygiene::Scope},
    report::Report,
    resolve::{PARTS, element, repeated},
    shapes::fits_caller,
    sizes::Constants,
};

/// Sizes without the batch.
type Shape = (Element, Vec<usize>);

/// Stubs for all models of one `model!`; `root` is the path of the facade crate.
pub fn stubs(root: &TokenStream, models: &[ast::Model]) -> TokenStream {
    let firsts = models
        .iter()
        .zip(repeated(models))
        .filter(|(_, repeated)| !repeated);
    firsts.map(|(model, _)| stub(root, model)).collect()
}

fn stub(root: &TokenStream, model: &ast::Model) -> TokenStream {
    let ast::Model {
        attributes,
        visibility,
        name,
        ..
    } = model;
    let (passed, derived, conditions, allowances) = (
        passed(attributes),
        derived(attributes),
        conditions(attributes),
        allowances(attributes),
    );
    let mut scope = Scope::of(name);
    let declared = shapes(model);
    let methods = match &declared {
        Some((inputs, outputs)) => typed(inputs, outputs),
        None => untyped(),
    };
    let methods = scope.tokens(quote! {
        pub const LAYERS: &'static [rt::Layer] = &[];
        pub const C_HEADER: &'static str = "";
        pub const PARAMS: usize = 0;
        pub const FLOPS: u64 = 0;
        pub const WORKSPACE_BYTES: usize = 0;
        pub const TRAIN_BYTES_PER_SAMPLE: usize = 0;

        pub fn new<Seed>(_seed: Seed) -> Self {
            Self { _stub: () }
        }
        pub fn try_new<Seed>(_seed: Seed) -> rt::Result<Self> {
            ::core::result::Result::Ok(Self { _stub: () })
        }
        pub const fn pretrained() -> Self {
            Self { _stub: () }
        }
        pub fn stream(&self) -> rt::Stream<'_, Self> {
            rt::Stream::new(self)
        }
        #methods
    });
    // Where nothing is known, anything will do: only inference is called by the types that a user writes.
    let (inputs, outputs) =
        declared.unwrap_or_else(|| (vec![(Element::F32, vec![1])], vec![(Element::F32, vec![1])]));
    let traits = [
        "Declared",
        "Model",
        "SmallOutput",
        "Network",
        "InputGradients",
        "Pretrained",
        "Causal",
        "Steps",
    ]
    .map(|name| {
        let name = Ident::new(name, Span::call_site());
        scope.tokens(quote!(rt::#name))
    });
    let [
        declaration,
        model,
        small,
        network,
        sloped,
        pretrained,
        causal,
        streamed,
    ] = &traits;
    let (input, output) = (types(&inputs), types(&outputs));
    let interface = scope.tokens(quote! {
        type Input = #input;
        type Output = #output;
        type Network = Self;
    });
    let passes = scope.tokens(passes(&inputs, &outputs));
    let steps = inputs[0].1[0];
    let (frame, answer) = (frames(&inputs, steps), frames(&outputs, steps));
    let frames = scope.tokens(quote! {
        type InputFrame = #frame;
        type OutputFrame = #answer;
        type Steps = Self;
    });
    let stream = scope.tokens(stream(&frame, &answer));
    let stored = scope.tokens(quote! {
        fn pretrained() -> Self {
            Self { _stub: () }
        }
    });
    let imports = scope.imports(root);
    quote! {
        #passed
        #derived
        #visibility struct #name {
            _stub: (),
        }

        #conditions
        #allowances
        const _: () = {
            #imports

            impl #name {
                #methods
            }

            #[automatically_derived]
            impl #declaration for #name {
                #interface
            }

            #[automatically_derived]
            impl #model for #name {}

            #[automatically_derived]
            impl #small for #name {}

            #[automatically_derived]
            impl #sloped for #name {}

            #[automatically_derived]
            impl #pretrained for #name {
                #stored
            }

            #[automatically_derived]
            impl #causal for #name {
                #frames
            }

            #[automatically_derived]
            #[doc(hidden)]
            impl #streamed for #name {
                #stream
            }

            #[automatically_derived]
            #[doc(hidden)]
            impl #network for #name {
                #passes
            }
        };
    }
}

/// Methods where nothing is known of the types: `!` becomes whatever is expected.
fn untyped() -> TokenStream {
    quote! {
        pub fn forward<Input: ?::core::marker::Sized>(&self, _input: &Input) -> ! {
            ::core::unimplemented!()
        }
        pub fn forward_into<Input, Output>(&self, _input: &Input, _output: &mut Output) {}
        pub fn forward_batch<Input, Output>(&self, _inputs: &[Input], _outputs: &mut [Output]) -> rt::Result<()> {
            ::core::unimplemented!()
        }
    }
}

/// Methods over the declared types.
fn typed(inputs: &[Shape], outputs: &[Shape]) -> TokenStream {
    let (input, output) = (types(inputs), types(outputs));
    quote! {
        pub fn forward(&self, _input: &#input) -> #output {
            ::core::unimplemented!()
        }
        pub fn forward_into(&self, _input: &#input, _output: &mut #output) {}
        pub fn forward_batch(&self, _inputs: &[#input], _outputs: &mut [#output]) -> rt::Result<()> {
            ::core::unimplemented!()
        }
    }
}

/// The trait that trainers and files ask for.
fn passes(inputs: &[Shape], outputs: &[Shape]) -> TokenStream {
    let (input, output) = (types(inputs), types(outputs));
    quote! {
        type Model = Self;
        type Input = #input;
        type Output = #output;

        const NAME: &'static str = "";
        const INPUTS: &'static [&'static [usize]] = &[];
        const LAYERS: &'static [rt::Layer] = &[];
        const TENSORS: &'static [rt::Tensor] = &[];
        const PARAMETER_BLOCKS: usize = 0;
        const LEARNT_BLOCKS: usize = 0;
        const WORKSPACE_BLOCKS: usize = 0;
        const TRAIN_BLOCKS: usize = 0;
        const INFER_ROWS: usize = 1;
        const TRAIN_ROWS: usize = 1;
        const TRANSPOSED: &'static [rt::Panels] = &[];
        const NEEDS_PAIR: bool = false;

        fn from_arena(arena: rt::Arena) -> Self {
            Self { _stub: () }
        }
        fn arena(model: &Self) -> &[rt::Block] {
            &[]
        }
        fn arena_mut(model: &mut Self) -> &mut rt::Arena {
            ::core::unreachable!()
        }
        fn infer<S: rt::Isa>(
            s: S,
            parameters: &[rt::Block],
            inputs: &[Self::Input],
            outputs: &mut [Self::Output],
            workspace: &mut [rt::Block],
        ) {}
        fn transpose<S: rt::Isa>(s: S, parameters: &[rt::Block], first: usize, transposed: &mut [rt::Block]) {}
        fn load<S: rt::Isa>(s: S, input: &Self::Input, chunk: &mut [rt::Block], capacity: usize, row: usize) -> bool {
            true
        }
        fn forward_rows<S: rt::Isa>(s: S, pass: usize, rows: rt::Rows<'_>, chunk: &mut [rt::Block]) {}
        fn loss_rows<S: rt::Isa, T, L: rt::Loss<Self::Output, T>>(
            s: S,
            rows: rt::Rows<'_>,
            chunk: &mut [rt::Block],
            loss: &L,
            targets: &[T],
            scale: f32,
            scores: &mut [rt::Score],
            pair: &mut [Self::Output],
        ) {}
        fn unload<S: rt::Isa>(s: S, output: &mut Self::Output, chunk: &mut [rt::Block], capacity: usize, row: usize) {}
        fn load_delta<S: rt::Isa>(s: S, delta: &Self::Output, chunk: &mut [rt::Block], capacity: usize, row: usize) -> bool {
            true
        }
        fn backward_rows<S: rt::Isa>(s: S, pass: usize, rows: rt::Rows<'_>, chunk: &mut [rt::Block]) {}
        fn update<S: rt::Isa>(s: S, pass: usize, batch: rt::Batch<'_>, first: usize, sink: &mut dyn rt::Sink) {}
    }
}

/// What streams ask for.
fn stream(frame: &TokenStream, answer: &TokenStream) -> TokenStream {
    quote! {
        type Frame = #frame;
        type Answer = #answer;
        type Kept = [rt::Block; 0];
        type Scratch = [rt::Block; 0];
        type Room = [rt::Block; 0];

        const FRAMES: usize = 1;
        const ROWS: usize = 1;
        const MARK: u64 = 0;

        fn steps<S: rt::Isa, const LONE: bool>(
            s: S,
            parameters: &[rt::Block],
            clock: u64,
            inputs: &[#frame],
            outputs: &mut [#answer],
            kept: &mut [rt::Block],
            memory: &mut [rt::Block],
        ) {}
    }
}

/// The type of a step of some values: without time, where there is any.
fn frames(shapes: &[Shape], steps: usize) -> TokenStream {
    let frames = shapes.iter().map(|(element, shape)| match &shape[..] {
        [first, rest @ ..] if *first == steps && rest.len() < 2 => (*element, rest),
        whole => (*element, whole),
    });
    parts(frames)
}

/// Shapes of the inputs and the outputs, if all are sound. What is wrong with one was reported already.
fn shapes(model: &ast::Model) -> Option<(Vec<Shape>, Vec<Shape>)> {
    let mut report = Report::default();
    let constants = Constants::evaluate(&model.given, &model.body.constants, &mut report);
    let mut sound = |shape: &ast::Shape| {
        let element = element(shape, &mut report);
        Some((element, constants.shape(shape, &mut report)?))
    };
    let inputs: Option<Vec<_>> = model
        .inputs
        .iter()
        .map(|input| sound(&input.shape))
        .collect();
    let outputs: Option<Vec<_>> = model.outputs.iter().map(&mut sound).collect();
    report.take();
    let (inputs, outputs) = (inputs?, outputs?);
    let fits = |shapes: &[Shape]| {
        (1..=PARTS).contains(&shapes.len()) && fits_caller(shapes.iter().map(|(_, shape)| shape))
    };
    (fits(&inputs) && fits(&outputs)).then_some((inputs, outputs))
}

/// The type of some values as the caller sees them.
fn types(values: &[Shape]) -> TokenStream {
    parts(values.iter().map(|(element, shape)| (*element, &shape[..])))
}
