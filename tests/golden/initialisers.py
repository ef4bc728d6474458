"""Writes `compiler/tests/front/initialisers.txt`: what `torch.nn.init` draws each tensor of a layer from; called by make.py.

A line is the shape of a layer's input, the layer without its `init`, the `init`, the tensor's name, and the distribution: the
bounds of a uniform one, the deviation of a normal one. The numbers are those that PyTorch's functions hand to `uniform_` and
`normal_` of a tensor of this layer's shape. Default beginnings are those of the modules themselves.
"""

import pathlib
from unittest import mock

import torch
from torch import nn
from torch.nn import init

PAGE = pathlib.Path(__file__).parents[2] / "compiler" / "tests" / "front" / "initialisers.txt"

LAYERS = [
    ("[6]", "Dense(18)", lambda: nn.Linear(6, 18)),
    ("[3, 40]", "Dense(7)", lambda: nn.Linear(40, 7)),
    ("[3, 8, 9]", "Conv2d(5, (3, 2))", lambda: nn.Conv2d(3, 5, (3, 2))),
    ("[16, 4, 4]", "Conv2d(33, 1)", lambda: nn.Conv2d(16, 33, 1)),
    ("[4, 9]", "Lstm(5)", lambda: nn.LSTM(9, 5)),
    ("[4, 6]", "Lstm(16, layers = 2)", lambda: nn.LSTM(6, 16, num_layers=2)),
]

# What `gain` is called here and by `calculate_gain`.
GAINS = [
    ("Linear", ("linear",)),
    ("Sigmoid", ("sigmoid",)),
    ("Tanh", ("tanh",)),
    ("Relu", ("relu",)),
    ("LeakyRelu", ("leaky_relu",)),
    ("LeakyRelu(0.2)", ("leaky_relu", 0.2)),
    ("Selu", ("selu",)),
]


def kaiming(function, mode, gain):
    """He's beginnings with any gain: PyTorch takes the name of an activation alone."""

    def fill(weight):
        with mock.patch.object(init, "calculate_gain", lambda *_: gain):
            function(weight, mode=mode)

    return fill


def beginnings():
    """The `init` and what fills a weight by it."""
    yield "KaimingUniform", lambda w: init.kaiming_uniform_(w, nonlinearity="relu")
    yield "KaimingNormal", lambda w: init.kaiming_normal_(w, nonlinearity="relu")
    yield "XavierUniform", init.xavier_uniform_
    yield "XavierNormal", init.xavier_normal_
    yield "KaimingUniform(mode = FanOut)", lambda w: init.kaiming_uniform_(w, mode="fan_out", nonlinearity="relu")
    yield "KaimingNormal(mode = FanOut)", lambda w: init.kaiming_normal_(w, mode="fan_out", nonlinearity="relu")
    for name, activation in GAINS:
        gain = init.calculate_gain(*activation)
        yield f"KaimingUniform({name})", kaiming(init.kaiming_uniform_, "fan_in", gain)
        yield f"KaimingNormal({name}, mode = FanOut)", kaiming(init.kaiming_normal_, "fan_out", gain)
        yield f"XavierUniform({name})", lambda w, gain=gain: init.xavier_uniform_(w, gain)
        yield f"XavierNormal({name})", lambda w, gain=gain: init.xavier_normal_(w, gain)
    yield "XavierUniform(0.3)", lambda w: init.xavier_uniform_(w, 0.3)
    yield "Uniform(-0.25, 0.5)", lambda w: init.uniform_(w, -0.25, 0.5)
    yield "Normal(0.02)", lambda w: init.normal_(w, 0.0, 0.02)


def drawn(fill):
    """What tensors are filled with while `fill` runs: a word and two numbers each, or one."""
    found = []

    def uniform(self, low=0.0, high=1.0, **_):
        found.append(f"uniform {float(low)!r} {float(high)!r}")
        return self

    def normal(self, mean=0.0, std=1.0, **_):
        assert mean == 0
        found.append(f"normal {float(std)!r}")
        return self

    with mock.patch.object(torch.Tensor, "uniform_", uniform), mock.patch.object(torch.Tensor, "normal_", normal):
        fill()
    return found


def write():
    lines = []
    for shape, layer, make in LAYERS:
        modules = []
        default = drawn(lambda: modules.append(make()))
        names = [name for name, _ in modules[0].named_parameters()]
        assert len(default) == len(names)
        lines += [(shape, layer, "Default", *line) for line in zip(names, default)]
        for word, fill in beginnings():
            for name, weight in modules[0].named_parameters():
                if "weight" in name:
                    (found,) = drawn(lambda: fill(weight))
                    lines.append((shape, layer, word, name, found))
    PAGE.write_text("".join(" | ".join(line) + "\n" for line in lines))


if __name__ == "__main__":
    write()
