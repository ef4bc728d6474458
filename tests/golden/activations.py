"""Activations; `make.py` calls it, and `python tests/golden/activations.py` writes this file alone."""

import torch
from torch import nn
from torch.nn import functional as F

from cases import Apply, Steps, write

WIDE = lambda x: 8 * x
"""Into the tails."""

WHOLE = lambda x: (8 * x).round()
"""Onto the places where slopes change."""

ABOVE_ZERO = lambda x: 4 * x.abs() + 0.125

VECTOR, STEPS, IMAGE = (21,), (5, 18), (5, 2, 3)


class Residual(nn.Module):
    """f(conv(x) + x)"""

    def __init__(self, f):
        super().__init__()
        self.conv, self.f = nn.Conv2d(5, 5, 3, padding=1), f

    def forward(self, x):
        return self.f(self.conv(x) + x)


def alone():
    """Each activation by itself, in its tails and where its slope changes."""
    layers = {
        "relu6": nn.ReLU6(),
        "leaky_relu": nn.LeakyReLU(),
        "leaky_relu_steep": nn.LeakyReLU(1.75),
        "leaky_relu_flat": nn.LeakyReLU(0.0),
        "leaky_relu_falling": nn.LeakyReLU(-0.5),
        "hard_tanh": nn.Hardtanh(),
        "hard_tanh_bounds": nn.Hardtanh(-2.0, 5.0),
        "hard_tanh_above": nn.Hardtanh(1.0, 3.0),
        "elu": nn.ELU(),
        "elu_alpha": nn.ELU(0.25),
        "elu_falling": nn.ELU(-1.5),
        "selu": nn.SELU(),
        "gelu": nn.GELU(),
        "gelu_tanh": nn.GELU(approximate="tanh"),
        "silu": nn.SiLU(),
        "mish": nn.Mish(),
        "softplus": nn.Softplus(),
        "softplus_beta": nn.Softplus(2.5),
        "softplus_threshold": nn.Softplus(0.5, 1.5),
        "softsign": nn.Softsign(),
        "hard_sigmoid": nn.Hardsigmoid(),
        "hard_swish": nn.Hardswish(),
        "abs": Apply(torch.abs),
        "exp": Apply(torch.exp),
        "clamp": Apply(lambda x: x.clamp(-3, 2)),
        "clamp_min": Apply(lambda x: x.clamp(min=1)),
        "clamp_max": Apply(lambda x: x.clamp(max=-0.5)),
    }
    for name, layer in layers.items():
        yield name, (layer, VECTOR, WIDE)
        yield f"{name}_whole", (layer, IMAGE, WHOLE)
    for name, layer in {"sqrt": Apply(torch.sqrt), "log": Apply(torch.log)}.items():
        yield name, (layer, VECTOR, ABOVE_ZERO)
        yield f"{name}_image", (layer, IMAGE, ABOVE_ZERO)


CASES = {
    **dict(alone()),
    # Functions of `forward`, on every form of a value.
    "functions": (
        Apply(
            lambda x: torch.cat(
                [F.gelu(x), F.gelu(x, approximate="tanh"), F.leaky_relu(x, 0.2), x.clamp(min=0), x.clamp(0, 1)], dim=2
            )
        ),
        STEPS,
        WIDE,
    ),
    "functions_of_steps": (Apply(lambda x: torch.cat([F.softplus(x, 2), x.exp(), F.hardsigmoid(x), F.elu(x, 0.5)], dim=2)), STEPS),
    # A learnt slope: one, or one for each channel.
    "prelu": (nn.PReLU(), VECTOR, WHOLE),
    "prelu_image": (nn.PReLU(), IMAGE),
    "prelu_features": (nn.PReLU(21), VECTOR),
    "prelu_channels": (nn.PReLU(5), IMAGE, WHOLE),
    "prelu_steps": (Steps(nn.PReLU(18)), STEPS, WHOLE),
    "prelu_one_channel": (nn.PReLU(1), (1, 5, 3)),
    "prelu_wide": (nn.PReLU(100), (100, 1, 3)),
    "prelu_four_axes": (nn.PReLU(18), (18, 2, 3, 2), WHOLE),
    "prelu_four_axes_shared": (nn.PReLU(), (3, 2, 2, 5)),
    "prelu_between": (
        nn.Sequential(nn.Conv2d(3, 20, 3, padding=1), nn.PReLU(20), nn.Conv2d(20, 4, 3)),
        (3, 6, 5),
    ),
    # Behind contractions, which take them into their registers: in training only some of them.
    "dense_gelu": (nn.Sequential(nn.Linear(7, 21), nn.GELU(), nn.Linear(21, 3)), (7,)),
    "dense_gelu_tanh": (nn.Sequential(nn.Linear(7, 21), nn.GELU(approximate="tanh")), (7,)),
    "dense_silu": (nn.Sequential(nn.Linear(7, 21), nn.SiLU()), (5, 7)),
    "dense_elu": (nn.Sequential(nn.Linear(7, 21), nn.ELU(0.75), nn.Linear(21, 3)), (7,)),
    "dense_selu": (nn.Sequential(nn.Linear(7, 21), nn.SELU(), nn.Linear(21, 3)), (7,)),
    "dense_softplus": (nn.Sequential(nn.Linear(7, 21), nn.Softplus(2), nn.Linear(21, 3)), (7,)),
    "dense_exp": (nn.Sequential(nn.Linear(7, 21), Apply(torch.exp), nn.Linear(21, 3)), (7,)),
    "dense_mish": (nn.Sequential(nn.Linear(7, 21), nn.Mish(), nn.Linear(21, 3)), (7,)),
    "dense_abs": (nn.Sequential(nn.Linear(7, 21), Apply(torch.abs), nn.Linear(21, 3)), (7,)),
    "conv_relu6": (nn.Sequential(nn.Conv2d(3, 17, 3), nn.ReLU6(), nn.Conv2d(17, 2, 3)), (3, 7, 6), WIDE),
    "conv_leaky_relu": (nn.Sequential(nn.Conv2d(3, 17, 3), nn.LeakyReLU(0.2), nn.Conv2d(17, 2, 3)), (3, 7, 6)),
    "conv_hard_swish": (nn.Sequential(nn.Conv2d(3, 17, 3), nn.Hardswish(), nn.Conv2d(17, 2, 3)), (3, 7, 6), WIDE),
    "conv_hard_sigmoid": (nn.Sequential(nn.Conv2d(3, 17, 3), nn.Hardsigmoid(), nn.Conv2d(17, 2, 3, padding=1)), (3, 7, 6), WIDE),
    "conv_silu": (nn.Sequential(nn.Conv2d(3, 17, 3, padding=1), nn.SiLU(), nn.Conv2d(17, 2, 3, padding=1)), (3, 7, 6)),
    "conv_softsign": (nn.Sequential(nn.Conv2d(3, 17, 3), nn.Softsign()), (3, 7, 6)),
    "conv_clamp": (nn.Sequential(nn.Conv2d(3, 17, 3), Apply(lambda x: x.clamp(0.25, 0.5)), nn.Conv2d(17, 2, 3, padding=1)), (3, 7, 6)),
    # A pool may be taken before what rises, and only then.
    "conv_relu6_pool": (nn.Sequential(nn.Conv2d(3, 17, 3), nn.ReLU6(), nn.MaxPool2d(2)), (3, 8, 6), WIDE),
    "conv_elu_pool": (nn.Sequential(nn.Conv2d(3, 17, 3), nn.ELU(), nn.MaxPool2d(2)), (3, 8, 6)),
    "conv_gelu_pool": (nn.Sequential(nn.Conv2d(3, 17, 3), nn.GELU(), nn.MaxPool2d(2)), (3, 8, 6), WIDE),
    "conv_abs_pool": (nn.Sequential(nn.Conv2d(3, 17, 3), Apply(torch.abs), nn.MaxPool2d(2)), (3, 8, 6)),
    "conv_falling_pool": (nn.Sequential(nn.Conv2d(3, 17, 3), nn.LeakyReLU(-1.0), nn.MaxPool2d(2)), (3, 8, 6)),
    "conv_pool_silu": (nn.Sequential(nn.Conv2d(3, 17, 3), nn.MaxPool2d(2), nn.SiLU()), (3, 8, 6)),
    "residual_hard_swish": (Residual(nn.Hardswish()), (5, 4, 6), WIDE),
    "residual_relu6": (Residual(nn.ReLU6()), (5, 4, 6), WIDE),
}


def main():
    write("activations", CASES)


if __name__ == "__main__":
    main()
