//! What a test needs to know of a model: its source, its seed, and its inputs and outputs as flat numbers.

use kiln_compiler::{
    element::Element,
    graph::{Graph, ValueId},
    report::Report,
    shapes, timing,
};

/// A model, its glue and its test.
pub fn glue(seed: u64, source: &str, graph: &Graph) -> String {
    let shapes = |ids: &[ValueId]| {
        ids.iter()
            .map(|id| graph.values[id.0].shape.clone())
            .collect::<Vec<_>>()
    };
    let (inputs, outputs) = (shapes(&graph.inputs), shapes(&graph.outputs));
    let each = |shapes: &[Vec<usize>], of: &dyn Fn(usize, &[usize]) -> String| {
        shapes
            .iter()
            .enumerate()
            .map(|(index, shape)| of(index, shape))
            .collect::<Vec<_>>()
    };
    let indices = indices(graph);
    let is_token = |index: usize| indices[index].is_some();
    let fill = each(&inputs, &|index, shape| {
        if let Some([least, most]) = indices[index] {
            let token = match graph.values[graph.inputs[index].0].element {
                Element::Scalar => format!("part{index}[0] as u32"),
                _ => format!("part{index}.map(|token| token as u32)"),
            };
            return format!(
                "        let mut part{index} = [0.0_f32; {}];\n        fill(&mut part{index}[..], Some([{least}, {most}]));\n        let part{index} = {token};\n",
                shape[0]
            );
        }
        let zeros = shape
            .iter()
            .rev()
            .fold("0.0_f32".to_string(), |inner, size| {
                format!("[{inner}; {size}]")
            });
        let flat = flattened(&format!("part{index}"), shape, "as_flattened_mut");
        format!("        let mut part{index} = {zeros};\n        fill(&mut {flat}[..], None);\n")
    });
    let names = each(&inputs, &|index, _| format!("part{index}"));
    let part = |index: usize| {
        if outputs.len() == 1 {
            "output".to_string()
        } else {
            format!("output.{index}")
        }
    };
    let parts = each(&outputs, &|index, shape| {
        format!("&{}[..]", flattened(&part(index), shape, "as_flattened"))
    });
    let parts_mut = each(&outputs, &|index, shape| {
        format!(
            "&mut {}[..]",
            flattened(&part(index), shape, "as_flattened_mut")
        )
    });
    // Every other model is asked for gradients of its inputs.
    let is_asked = seed % 2 == 1 && !(0..inputs.len()).all(is_token);
    let attribute = if is_asked {
        "#[kiln(input_gradients)]"
    } else {
        ""
    };
    let asked = match is_asked {
        true => "Some(training.with_input_gradients().expect(\"memory\"))",
        false => "let _ = training;\n        None",
    };
    let slope = each(&inputs, &|index, shape| {
        let part = match inputs.len() {
            1 => "sample".to_string(),
            _ => format!("sample.{index}"),
        };
        match is_token(index) {
            true => "&[][..]".to_string(),
            false => format!("&{}[..]", flattened(&part, shape, "as_flattened")),
        }
    });
    let slopes = match is_asked {
        true => format!(
            "training.input_gradients().iter().map(|sample| vec![{}]).collect()",
            slope.join(", ")
        ),
        false => "let _ = training;\n        Vec::new()".to_string(),
    };
    let input = if names.len() == 1 {
        names[0].clone()
    } else {
        format!("({})", names.join(", "))
    };
    format!(
        r##"
kiln::model! {{
{attribute}
{source}
}}

impl Case for Seed{seed} {{
    const SEED: u64 = {seed};
    const SOURCE: &'static str = r#"{source}"#;

    fn make(seed: kiln::Seed) -> Self {{
        Seed{seed}::new(seed)
    }}

    fn answer(&self, input: &Self::Input) -> Self::Output {{
        self.forward(input)
    }}

    fn answer_all(&self, inputs: &[Self::Input], outputs: &mut [Self::Output]) -> kiln::Result<()> {{
        self.forward_batch(inputs, outputs)
    }}

    fn input(mut fill: impl FnMut(&mut [f32], Option<[u32; 2]>)) -> Self::Input {{
{}        {input}
    }}

    fn asked(training: kiln::Training<Self>) -> Option<kiln::Training<Self>> {{
        {asked}
    }}

    fn slopes(training: &kiln::Training<Self>) -> Vec<Vec<&[f32]>> {{
        {slopes}
    }}

    fn parts(output: &Self::Output) -> Vec<&[f32]> {{
        vec![{}]
    }}

    fn parts_mut(output: &mut Self::Output) -> Vec<&mut [f32]> {{
        vec![{}]
    }}
}}

#[test]
fn seed_{seed}() {{
    judge::<Seed{seed}>();
}}
"##,
        fill.concat(),
        parts.join(", "),
        parts_mut.join(", "),
    )
}

/// A model that streams, and its test.
pub fn stream(seed: u64, source: &str, graph: &Graph) -> String {
    let schedule =
        timing::infer(graph, &mut Report::default()).expect("the front end has found it causal");
    let [input, output] = [graph.inputs[0], graph.outputs[0]].map(|value| {
        let frames = schedule.frames_of(value.0).expect("both are sequences");
        let cut = match frames {
            1 => "x.to_vec()".to_string(),
            frames => format!("x.as_chunks::<{frames}>().0.to_vec()"),
        };
        (graph.values[value.0].shape.clone(), cut)
    });
    let ((inputs, frames), (outputs, answers)) = (input, output);
    let numbers = [inputs[0], inputs[1], outputs[0], outputs[1]];
    let [t, f, u, g] = numbers;
    format!(
        r##"
kiln::model! {{
{source}
}}

#[test]
fn stream_{seed}() {{
    stream::<Stream{seed}, {t}, {f}, {u}, {g}>({seed}, r#"{source}"#, |x| {frames}, |x| {answers});
}}
"##
    )
}

/// The indices that all readers of an input take, for each input that is indices.
fn indices(graph: &Graph) -> Vec<Option<[u32; 2]>> {
    let of = |&input: &ValueId| {
        let is_token = graph.values[input.0].element.is_token();
        is_token.then(|| shapes::taken(graph, input))
    };
    graph.inputs.iter().map(of).collect()
}

/// A nested array as one slice.
fn flattened(name: &str, shape: &[usize], method: &str) -> String {
    let calls: String = (1..shape.len()).map(|_| format!(".{method}()")).collect();
    format!("{name}{calls}")
}
