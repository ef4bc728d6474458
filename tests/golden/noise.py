"""What dropout, alpha dropout and stochastic depth make of numbers that are kept, and of those that are dropped; called by make.py.

    noise.safetensors

    x                         eight numbers
    alpha.kept                what `nn.AlphaDropout(p)` makes of each where it is kept, for each p of P
    alpha.dropped             what it makes of all where they are dropped
    alpha.slope               the gradient by what is kept
    whole.kept, channels.kept, rows.kept
                              the same of `nn.Dropout`, `nn.Dropout2d` and torchvision's StochasticDepth, where what is dropped is 0
"""

import torch
from torch import nn
from torchvision.ops import StochasticDepth

P = [0.1, 0.3, 0.5, 0.9]


def kept_and_dropped(layer, x):
    """Outputs and slopes of x, of shape [8], kept and dropped: each is met among many samples."""
    batch = x.reshape(1, 8, 1, 1).repeat(2000, 1, 1, 1).requires_grad_()
    outputs = layer(batch)
    (slopes,) = torch.autograd.grad(outputs.sum(), batch)
    outputs, slopes = outputs.detach().reshape(2000, 8), slopes.reshape(2000, 8)
    is_kept = slopes != 0
    first = lambda mask: torch.stack([outputs[mask[:, i], i][0] for i in range(8)])
    assert all((outputs[is_kept[:, i], i] == first(is_kept)[i]).all() for i in range(8))
    assert all((outputs[~is_kept[:, i], i] == first(~is_kept)[i]).all() for i in range(8))
    return first(is_kept), first(~is_kept), slopes.max()


def make(numbers, save):
    torch.manual_seed(0)
    x = numbers(2100, (8,)) * 4
    layers = {
        "alpha": nn.AlphaDropout,
        "whole": nn.Dropout,
        "channels": nn.Dropout2d,
        "rows": lambda p: StochasticDepth(p, "row"),
    }
    tensors = {"x": x}
    for name, layer in layers.items():
        found = [kept_and_dropped(layer(p).train(), x) for p in P]
        assert all((layer(p).eval()(x.reshape(1, 8, 1, 1)).flatten() == x).all() for p in P)
        tensors[f"{name}.kept"] = torch.stack([kept for kept, _, _ in found])
        if name == "alpha":
            tensors["alpha.dropped"] = torch.stack([dropped[0] for _, dropped, _ in found])
            tensors["alpha.slope"] = torch.stack([slope for _, _, slope in found])
        else:
            assert all((dropped == 0).all() for _, dropped, _ in found)
    save("noise", tensors)
