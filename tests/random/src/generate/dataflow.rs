//! Models that say their dataflow in `forward`.

use super::{
    layers::{self, Layer},
    shape,
};
use crate::dice::Dice;

/// A model while it grows.
pub struct Dataflow {
    pub(super) values: Vec<Value>,
    pub(super) declarations: Vec<Declaration>,
    pub(super) statements: Vec<String>,
    /// How many of the values are inputs.
    pub(super) inputs: usize,
    /// Inputs of indices, as they are declared, and the layers that look them up.
    pub(super) indices: Vec<String>,
    tables: Vec<String>,
}

/// A tensor that has a name.
#[derive(Clone)]
pub struct Value {
    name: String,
    pub(super) shape: Vec<usize>,
    used: bool,
}

/// A layer that can be called again.
pub struct Declaration {
    pub(super) name: String,
    pub(super) layer: Layer,
    pub(super) operand: Vec<usize>,
}

impl Declaration {
    /// Weights serve sequences of any length and, where the padding keeps height and width, images of any size: an axis
    /// to make shorter, and the size that it is given.
    fn cut(&self, dice: &mut Dice) -> Option<(usize, usize)> {
        let axis = match self.layer.kind {
            "Dense" | "Rnn" | "Lstm" | "Gru" if self.operand.len() == 2 => 0,
            "Conv1d" if self.operand[0] == self.layer.output[0] => 0,
            "Conv2d" if self.operand[1..] == self.layer.output[1..] => dice.between(1, 2),
            _ => return None,
        };
        let size = self.operand[axis];
        (size > 1 && dice.once_in(2)).then(|| (axis, dice.between(1, size - 1)))
    }
}

/// The most inputs a model is given.
pub(super) const INPUTS: usize = 6;

/// The most outputs a model is given.
const OUTPUTS: usize = 3;

/// The source of a model with a `forward`.
pub fn dataflow(dice: &mut Dice, name: &str) -> String {
    let mut flow = Dataflow {
        values: Vec::new(),
        declarations: Vec::new(),
        statements: Vec::new(),
        inputs: 0,
        indices: Vec::new(),
        tables: Vec::new(),
    };
    for index in 0..dice.pick(&[1, 1, 2, 3]) {
        // Inputs of one shape meet more often.
        let again = index > 0 && dice.once_in(2);
        let shape = if again {
            flow.values[0].shape.clone()
        } else {
            shape::input(dice)
        };
        flow.know(format!("x{index}"), shape);
        flow.inputs += 1;
    }
    if dice.once_in(4) {
        flow.look_up(dice);
    }
    for _ in 0..dice.between(2, 9) {
        if dice.once_in(12) {
            flow.pool_by_length(dice);
        }
        if dice.once_in(5) {
            flow.recur(dice);
        }
        match dice.below(8) {
            0..=3 => flow.apply(dice),
            4 => flow.call_again(dice),
            5 | 6 => flow.arithmetic(dice),
            _ => flow.concat(dice),
        }
    }
    flow.finish(dice, name)
}

impl Dataflow {
    /// Some value, mostly one that nothing has used yet.
    fn operand(&mut self, dice: &mut Dice) -> usize {
        let fresh: Vec<usize> = (0..self.values.len())
            .filter(|&index| !self.values[index].used)
            .collect();
        match fresh.is_empty() || dice.once_in(3) {
            true => dice.below(self.values.len()),
            false => dice.pick(&fresh),
        }
    }

    /// Marks a value as used; its name.
    pub(super) fn take(&mut self, index: usize) -> String {
        self.values[index].used = true;
        self.values[index].name.clone()
    }

    /// Binds an expression, mostly behind an activation if it is a contraction's.
    fn bind(&mut self, dice: &mut Dice, mut expression: String, shape: Vec<usize>, activate: bool) {
        if activate && dice.once_in(2) {
            let activation = layers::activation(dice, &shape);
            expression = activation.called(&expression);
        }
        let name = format!("h{}", self.values.len());
        self.statements.push(format!("let {name} = {expression};"));
        self.know(name, shape);
    }

    /// A further input, which something has taken.
    pub(super) fn give(&mut self, name: &str, shape: Vec<usize>) {
        let value = Value {
            name: name.into(),
            shape,
            used: true,
        };
        self.values.insert(self.inputs, value);
        self.inputs += 1;
    }

    /// A value that a statement binds.
    pub(super) fn know(&mut self, name: String, shape: Vec<usize>) {
        self.values.push(Value {
            name,
            shape,
            used: false,
        });
    }

    /// A layer or function of one operand.
    fn apply(&mut self, dice: &mut Dice) {
        let operand = self.operand(dice);
        let shape = self.values[operand].shape.clone();
        let layer = layers::layer(dice, &shape);
        let argument = self.take(operand);
        match layer.function {
            Some(_) if dice.once_in(2) => {
                let expression = layer.called(&argument);
                self.bind(dice, expression, layer.output, false);
            }
            function => {
                let name = format!("layer{}", self.declarations.len());
                let output = layer.output.clone();
                self.declarations.push(Declaration {
                    name: name.clone(),
                    layer,
                    operand: shape,
                });
                self.bind(
                    dice,
                    format!("{name}({argument})"),
                    output,
                    function.is_none(),
                );
            }
        }
    }

    /// A layer once more, on a value of the shape it knows or on a part of one.
    fn call_again(&mut self, dice: &mut Dice) {
        if self.declarations.is_empty() {
            return;
        }
        let known = &self.declarations[dice.below(self.declarations.len())];
        let fits: Vec<usize> = (0..self.values.len())
            .filter(|&value| self.values[value].shape == known.operand)
            .collect();
        let (name, mut output) = (known.name.clone(), known.layer.output.clone());
        let contraction = !known.layer.has_function();
        let cut = known.cut(dice);
        let operand = dice.pick(&fits);
        let mut argument = self.take(operand);
        if let Some((axis, size)) = cut {
            let whole = ".., ".repeat(axis);
            argument = format!("{argument}[({whole}0..{size},)]");
            output[axis] = size;
        }
        self.bind(dice, format!("{name}({argument})"), output, contraction);
    }

    /// Tokens, a few or one, as vectors; sometimes of one table twice.
    fn look_up(&mut self, dice: &mut Dice) {
        let (vocabulary, features) = (dice.between(1, 30), layers::size(dice).min(20));
        let padding = match dice.once_in(3) {
            true => format!(", padding = {}", dice.below(vocabulary)),
            false => String::new(),
        };
        self.tables.push(format!(
            "    table: Embedding({vocabulary}, {features}{padding}),\n"
        ));
        for _ in 0..dice.pick(&[1, 1, 2]) {
            let name = format!("words{}", self.indices.len());
            let (shape, vectors) = match dice.once_in(4) {
                true => ("u32".to_string(), vec![features]),
                false => {
                    let steps = dice.between(1, 7);
                    (format!("u32[{steps}]"), vec![steps, features])
                }
            };
            self.indices.push(format!("{name}: {shape}"));
            self.bind(dice, format!("table({name})"), vectors, false);
        }
    }

    /// What is left of the steps that a length of its own counts, of some sequence.
    fn pool_by_length(&mut self, dice: &mut Dice) {
        let sequences = (0..self.values.len()).filter(|&value| self.values[value].shape.len() == 2);
        let sequences: Vec<usize> = sequences.collect();
        if sequences.is_empty() || self.inputs + self.indices.len() >= INPUTS {
            return;
        }
        let value = dice.pick(&sequences);
        let features = self.values[value].shape[1];
        let (x, n) = (self.take(value), format!("n{}", self.indices.len()));
        let call = match dice.below(5) {
            0 => format!("last({x}, length = {n})"),
            1 => format!("sum({x}, axis = 0, length = {n})"),
            2 => format!("max({x}, axis = 0, length = {n})"),
            3 => format!("min({x}, axis = 0, length = {n})"),
            _ => format!("mean({x}, axis = 0, length = {n})"),
        };
        self.indices.push(format!("{n}: u32"));
        self.bind(dice, call, vec![features], false);
    }

    /// `+`, `-`, `*` or `/` of two values of one shape, which may be the same, or of parts of which some axes are stretched;
    /// or a value and a number. What divides is at least 1.
    fn arithmetic(&mut self, dice: &mut Dice) {
        let left = self.operand(dice);
        let shape = self.values[left].shape.clone();
        if dice.once_in(6) {
            let left = self.take(left);
            let expression = match dice.below(5) {
                0 => format!("{left} + 0.5"),
                1 => format!("{left} - 0.25"),
                2 => format!("1.0 - {left}"),
                3 => format!("{left} / 2.0"),
                _ => format!("1.5 / (1.0 + {left} * {left})"),
            };
            return self.bind(dice, expression, shape, false);
        }
        let fits: Vec<usize> = (0..self.values.len())
            .filter(|&index| self.values[index].shape == shape)
            .collect();
        let right = dice.pick(&fits);
        let (left, right) = (self.take(left), self.take(right));
        let (mut parts, mut output) = ([left, right], shape.clone());
        if dice.once_in(2) {
            let mut sizes = [shape.clone(), shape.clone()];
            for axis in 0..shape.len() {
                let cut = dice.pick(&[[1, 0], [0, 1], [0, 1], [0, 0], [0, 0], [1, 1]]);
                for (sizes, cut) in sizes.iter_mut().zip(cut) {
                    sizes[axis] = if cut == 1 { 1 } else { shape[axis] };
                }
                output[axis] = sizes[0][axis].max(sizes[1][axis]);
            }
            for (part, sizes) in parts.iter_mut().zip(&sizes) {
                let range = |(&size, &whole): (&usize, &usize)| match size == whole {
                    true => "..".into(),
                    false => format!("{}..{whole}", whole - 1),
                };
                let ranges: Vec<String> = sizes.iter().zip(&shape).map(range).collect();
                *part = format!("{part}[({},)]", ranges.join(", "));
            }
            // An axis that is missing in front.
            if shape.len() > 1 && sizes[1][0] == 1 && dice.once_in(2) {
                parts[1] = format!("reshape({}, {:?})", parts[1], &sizes[1][1..]);
            }
        }
        let [left, right] = parts;
        let expression = match dice.below(4) {
            0 => format!("{left} / (1.0 + {right} * {right})"),
            1 => format!("{left} + {right}"),
            2 => format!("{left} - {right}"),
            _ => format!("{left} * {right}"),
        };
        self.bind(dice, expression, output, false);
    }

    /// Two or three values side by side.
    fn concat(&mut self, dice: &mut Dice) {
        let first = self.operand(dice);
        let mut shape = self.values[first].shape.clone();
        let axis = dice.below(shape.len());
        let others = |shape: &[usize]| [&shape[..axis], &[0], &shape[axis + 1..]].concat();
        let fits = |value: &Value| {
            value.shape.len() == shape.len() && others(&value.shape) == others(&shape)
        };
        let fits: Vec<usize> = (0..self.values.len())
            .filter(|&value| fits(&self.values[value]))
            .collect();
        let mut arguments = vec![self.take(first)];
        for _ in 0..dice.between(1, 2) {
            let next = dice.pick(&fits);
            shape[axis] += self.values[next].shape[axis];
            arguments.push(self.take(next));
        }
        if axis > 0 || dice.once_in(2) {
            arguments.push(format!("axis = {axis}"));
        }
        self.bind(
            dice,
            format!("concat({})", arguments.join(", ")),
            shape,
            false,
        );
    }

    /// Everything is used: what nothing reads becomes an output, along with some that something reads.
    fn finish(mut self, dice: &mut Dice, name: &str) -> String {
        for input in 0..self.inputs {
            if !self.values[input].used {
                let shape = self.values[input].shape.clone();
                let argument = self.take(input);
                let activation = layers::activation(dice, &shape);
                self.bind(dice, activation.called(&argument), shape, false);
            }
        }
        let loose: Vec<usize> = (self.inputs..self.values.len())
            .filter(|&index| !self.values[index].used)
            .collect();
        if loose.len() > OUTPUTS {
            let length = loose
                .iter()
                .map(|&index| self.values[index].shape.iter().product::<usize>())
                .sum();
            let parts: Vec<String> = loose
                .iter()
                .map(|&index| format!("flatten({})", self.take(index)))
                .collect();
            self.bind(
                dice,
                format!("concat({})", parts.join(", ")),
                vec![length],
                false,
            );
        }
        let leaf = |value: &Value| !value.used;
        let (mut outputs, inner): (Vec<Value>, Vec<Value>) =
            self.values[self.inputs..].iter().cloned().partition(leaf);
        if outputs.len() < OUTPUTS && !inner.is_empty() && dice.once_in(3) {
            outputs.push(inner[dice.below(inner.len())].clone());
        }
        self.source(name, &outputs)
    }

    fn source(&self, name: &str, outputs: &[Value]) -> String {
        let inputs: Vec<String> = self.values[..self.inputs]
            .iter()
            .map(|value| format!("{}: {:?}", value.name, value.shape))
            .chain(self.indices.iter().cloned())
            .collect();
        let shapes: Vec<String> = outputs
            .iter()
            .map(|value| format!("{:?}", value.shape))
            .collect();
        let names: Vec<String> = outputs.iter().map(|value| value.name.clone()).collect();
        let tuple = |parts: Vec<String>| match &parts[..] {
            [one] => one.clone(),
            several => format!("({})", several.join(", ")),
        };
        let declare = |declared: &Declaration| {
            format!("    {}: {},\n", declared.name, declared.layer.declaration())
        };
        let declarations = self.declarations.iter().map(declare);
        let declarations: String = self.tables.iter().cloned().chain(declarations).collect();
        let statements: String = self
            .statements
            .iter()
            .map(|statement| format!("        {statement}\n"))
            .collect();
        format!(
            "pub struct {name}({}) -> {} {{\n{declarations}    forward {{\n{statements}        {}\n    }}\n}}",
            inputs.join(", "),
            tuple(shapes),
            tuple(names)
        )
    }
}
