//! The compiler of kiln: model declarations in, plain Rust out.
//!
//! `compile` is the list of passes: those of the front end stand in `read`, those of the back end in `lower`. Data first:
//! [`ast`] is what a user wrote, [`graph`] what it means, [`place`] where its numbers lie, [`memory`] when they live.
//! Every pass of the front end collects its errors in a [`report::Report`], so that all of them show at once, each at its
//! own token. After the front end, only [`weights`] and [`budget`] can fail.
#![forbid(unsafe_code)]

pub mod arguments;
pub mod ast;
pub mod attributes;
pub mod budget;
pub mod call;
pub mod element;
pub mod elsewhere;
pub mod emit;
pub mod exports;
pub mod facade;
pub mod graph;
pub mod ids;
pub mod memory;
pub mod nearest;
pub mod ops;
pub mod pace;
pub mod packing;
pub mod parameter;
pub mod parse;
pub mod place;
pub mod report;
pub mod resolve;
pub mod rt;
pub mod shapes;
pub mod site;
pub mod sizes;
pub mod storage;
pub mod stub;
pub mod timing;
pub mod weights;

use proc_macro2::TokenStream;

use crate::{
    emit::{
        model::{Model, Stream},
        names::Names,
    },
    facade::Facade,
    graph::Graph,
    memory::{check, check::Given, plan, plan::Plan, program::Program, rows::Wish, schedule},
    place::{absorb, fuse, layout, layout::Layout},
    report::Report,
    weights::Weights,
};

/// Expands one `model!` for users of a facade. After an error, everything that is wrong comes along with
/// stubs that keep rustc quiet.
pub fn compile(facade: &Facade, tokens: TokenStream) -> TokenStream {
    compile_as(facade, tokens, Wish::default())
}

/// [`compile`], with what a bench wishes in place of the cost model's choices.
pub fn compile_as(facade: &Facade, tokens: TokenStream, wish: Wish) -> TokenStream {
    let mut report = Report::default();
    let (models, graphs) = read(tokens, &mut report);
    let mut placed = Vec::new();
    if report.is_clean() {
        for graph in &graphs {
            let weights = weights::read(graph, facade, &mut report);
            let model = lower(graph, weights.as_ref(), wish);
            let programs = [&model.inference, &model.training];
            let step = model.stream.as_ref().map(|stream| &stream.planned);
            budget::check(graph, programs, step, &mut report);
            placed.push(model);
        }
    }
    if report.is_clean() {
        let emit = |model| emit::emit(facade, model);
        return placed.iter().map(emit).collect();
    }
    [report.take(), stub::stubs(&facade.root, &models)]
        .into_iter()
        .collect()
}

/// Checked graphs, one for each struct, or everything that is wrong as `compile_error!` invocations.
pub fn graphs(tokens: TokenStream) -> Result<Vec<Graph>, TokenStream> {
    let mut report = Report::default();
    let (_, graphs) = read(tokens, &mut report);
    if report.is_clean() {
        Ok(graphs)
    } else {
        Err(report.take())
    }
}

/// The front end: what is written, and what it means. A graph is whole only if the report is clean; of a model with an
/// error of syntax there is none.
pub fn read(tokens: TokenStream, report: &mut Report) -> (Vec<ast::Model>, Vec<Graph>) {
    let mut unit = parse::parse(tokens, report);
    let models = resolve::models(&mut unit, report);
    resolve::check_models(&models, report);
    let (mut graphs, mut levels) = (Vec::new(), 0);
    let names = resolve::Declarations::new(&unit.blocks, &models);
    for model in models.iter().filter(|model| model.whole) {
        // What is wrong in a template is said once, with the models that are made of it.
        report.within((!model.given.is_empty()).then(|| model.name.to_string()));
        let constants = sizes::Constants::evaluate(&model.given, &model.body.constants, report);
        let mut graph = resolve::resolve(model, &names, &constants, &mut levels, report);
        graph.limits = budget::limits(&graph.asked, &constants, report);
        let before = report.count();
        shapes::infer(&mut graph, &model.outputs, &constants, report);
        if graph.asked.stream && report.count() == before {
            timing::infer(&graph, report);
        }
        if report.count() == before {
            exports::check(&graph, report);
        }
        graphs.push(graph);
    }
    report.within(None);
    exports::check_names(&graphs, report);
    (models, graphs)
}

/// The back end: everything in a checked graph gets its place.
fn lower<'a>(graph: &'a Graph, weights: Option<&Weights>, wish: Wish) -> Model<'a> {
    let stages = fuse::fuse(graph);
    let mut layout = layout::place(graph, stages);
    let absorbed = absorb::absorb(&layout);
    layout.normalise(&absorbed.normalised);
    let given = Given::of(&layout);
    let inference = planned(schedule::inference(&absorbed.layout), &given, wish);
    let training = schedule::training(&absorb::training(&layout), wish);
    let training = planned(training, &given, wish);
    let stream = graph.asked.stream.then(|| stream(graph, &layout));
    let streamed = stream.as_ref().map(|stream| &stream.planned);
    let names = Names::of(&layout, &inference, &training, streamed);
    let lonely = schedule::lonely(graph, &layout);
    let weights = weights.map(|weights| weights::packed(&layout, weights));
    Model {
        graph,
        layout,
        inference,
        training,
        stream,
        names,
        lonely,
        weights,
    }
}

/// The third program: the frames of a step, with what is kept of those before. The arena is that of the other two.
fn stream(graph: &Graph, layout: &Layout) -> Stream {
    let schedule =
        timing::infer(graph, &mut Report::default()).expect("the front end has found it causal");
    let framed = timing::framed(graph, &schedule);
    let placed = layout::place(&framed, fuse::fuse(&framed));
    if let Some(name) = layout.moved(&placed) {
        panic!("kiln packed `{name}` of a stream otherwise, which is a bug of kiln");
    }
    let placed = absorb::stream(placed);
    let program = schedule::stream(&placed);
    let planned = planned(
        program,
        &Given::of(&placed),
        Wish {
            rows: Some(1),
            summed: None,
        },
    );
    Stream {
        graph: framed,
        schedule,
        planned,
    }
}

/// A program with its memory plan, which the independent checker has approved.
fn planned(program: Program, given: &Given, wish: Wish) -> (Program, Plan) {
    let plan = plan::plan(&program, wish.rows);
    if let Err(message) = check::check(&program, &plan, given) {
        panic!("kiln planned memory wrongly, which is a bug of kiln: {message}");
    }
    (program, plan)
}
