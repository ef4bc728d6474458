"""Cases of a family of layers: a table of modules in one file, which a table of models in `tests/golden_FAMILY.rs` is held
against.

    NAME/inputs.N, outputs.N        a batch of three of input N, and of output N
    NAME/deltas.N                   the gradients of a loss by the outputs
    NAME/slopes.N                   those by the inputs
    NAME/weights.P, gradients.P     parameters by the names in a state_dict, and the gradients by them

A module is the layer `layer` of the model, a `Sequential` the chain of its layers, without names.
"""

import torch
from torch import nn

from make import INPUT_STREAM, TARGET_STREAM, fill_parameters, numbers, save

BATCH = 3


class Apply(nn.Module):
    """A function of tensors that learns nothing."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, *x):
        return self.function(*x)


class Steps(nn.Module):
    """A layer of one dimension on [time, features]."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, x):
        return self.layer(x.transpose(1, 2)).transpose(1, 2)


def case(module, shapes, prepare=lambda x: x):
    """The tensors of one case. `shapes` is that of the input, or a list of them; `prepare` brings inputs to where the
    function is defined."""
    module = module.double().eval()
    fill_parameters(module)
    shapes = shapes if isinstance(shapes, list) else [shapes]
    inputs = [numbers(INPUT_STREAM + 2 * n, (BATCH, *shape)) for n, shape in enumerate(shapes)]
    # As single precision holds them.
    inputs = [prepare(x).float().double().requires_grad_() for x in inputs]
    outputs = module(*inputs)
    outputs = outputs if isinstance(outputs, tuple) else (outputs,)
    deltas = [numbers(TARGET_STREAM + 2 * n, y.shape) for n, y in enumerate(outputs)]
    sum((y * delta).sum() for y, delta in zip(outputs, deltas)).backward()
    tensors = {}
    for key, values in {"inputs": inputs, "slopes": [x.grad for x in inputs], "outputs": outputs, "deltas": deltas}.items():
        tensors |= {f"{key}.{n}": value for n, value in enumerate(values)}
    plain = lambda name: name if isinstance(module, nn.Sequential) else f"layer.{name}"
    tensors |= {f"weights.{plain(name)}": value.double() for name, value in module.state_dict().items()}
    tensors |= {f"gradients.{plain(name)}": value.grad for name, value in module.named_parameters()}
    return tensors


def write(family, table):
    """Writes `data/family_FAMILY.safetensors`."""
    tensors = {}
    for name, entry in table.items():
        tensors |= {f"{name}/{key}": value for key, value in case(*entry).items()}
    save(f"family_{family}", tensors)
