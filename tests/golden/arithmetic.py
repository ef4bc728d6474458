"""Arithmetic on tensors and numbers, of which some are stretched; `make.py` calls it, and `python
tests/golden/arithmetic.py` writes this file alone."""

import torch
from torch import nn

from cases import Apply, write


def each(function):
    """A function of single samples, whose shapes leave the batch out."""
    return Apply(lambda *x: torch.stack([function(*sample) for sample in zip(*x)]))


add, sub, mul, div = (each(f) for f in (torch.add, torch.sub, torch.mul, torch.div))


class Padded(nn.Module):
    """A gate on what a convolution gives, before another convolution."""

    def __init__(self, function):
        super().__init__()
        self.before = nn.Conv2d(3, 20, 3, padding=1)
        self.after = nn.Conv2d(20, 4, 5, padding=2)
        self.function = function

    def forward(self, x, gate):
        return self.after(self.function(self.before(x), gate))


class SqueezeAndExcite(nn.Module):
    """Hu et al. 2018."""

    def __init__(self):
        super().__init__()
        self.squeeze = nn.Linear(18, 4)
        self.excite = nn.Linear(4, 18)

    def forward(self, x):
        gate = torch.sigmoid(self.excite(torch.relu(self.squeeze(x.mean((-2, -1))))))
        return x * gate[:, :, None, None]


def apart(x):
    """At least 0.5 away from zero: where a quotient is smooth enough."""
    return torch.where(x < 0, x - 0.5, x + 0.5)


IMAGE, GATE, PLANE = (18, 3, 4), (18, 1, 1), (1, 3, 4)

CASES = {
    "add_gate": (add, [IMAGE, GATE]),
    "sub_gate": (sub, [IMAGE, GATE]),
    "mul_gate": (mul, [IMAGE, GATE]),
    "div_gate": (div, [IMAGE, GATE], apart),
    "gate_add": (add, [GATE, IMAGE]),
    "gate_sub": (sub, [GATE, IMAGE]),
    "gate_mul": (mul, [GATE, IMAGE]),
    "gate_div": (div, [GATE, IMAGE], apart),
    "add_plane": (add, [IMAGE, PLANE]),
    "sub_plane": (sub, [IMAGE, PLANE]),
    "mul_plane": (mul, [IMAGE, PLANE]),
    "div_plane": (div, [IMAGE, PLANE], apart),
    "plane_sub": (sub, [PLANE, IMAGE]),
    "plane_div": (div, [PLANE, IMAGE], apart),
    "mul_rows": (mul, [IMAGE, (18, 3, 1)]),
    "mul_columns": (mul, [IMAGE, (18, 1, 4)]),
    "mul_one_row": (mul, [IMAGE, (1, 1, 4)]),
    "mul_one_column": (mul, [IMAGE, (1, 3, 1)]),
    "mul_one_number": (mul, [IMAGE, (1, 1, 1)]),
    "mul_both": (mul, [GATE, PLANE]),
    "div_both": (div, [(18, 1, 4), (1, 3, 4)], apart),
    "sub_outer": (sub, [(5, 1, 1), (1, 4, 1)]),
    "mul_plane_without_channels": (mul, [IMAGE, (3, 4)]),
    "mul_width": (mul, [IMAGE, (4,)]),
    "mul_number": (mul, [(1,), IMAGE]),
    "mul_wide_gate": (mul, [(530, 2, 2), (530, 1, 1)]),
    "mul_wide_plane": (mul, [(530, 2, 2), (1, 2, 2)]),
    "mul_whole_blocks": (mul, [(64, 4, 4), (64, 1, 1)]),
    "mul_whole_blocks_plane": (mul, [(32, 4, 4), (1, 4, 4)]),
    "mul_one_channel": (mul, [(1, 6, 5), (1, 1, 1)]),
    "add_one_channel_row": (add, [(1, 6, 5), (1, 1, 5)]),
    "mul_channels_of_one": (mul, [(1, 6, 5), (3, 1, 1)]),
    "add_bias": (add, [(6, 19), (19,)]),
    "bias_sub": (sub, [(19,), (6, 19)]),
    "mul_bias": (mul, [(6, 32), (32,)]),
    "div_bias": (div, [(6, 19), (1, 19)], apart),
    "mul_steps": (mul, [(6, 19), (6, 1)]),
    "div_steps": (div, [(6, 19), (6, 1)], apart),
    "steps_div": (div, [(6, 1), (6, 19)], apart),
    "mul_steps_by_features": (mul, [(6, 1), (1, 19)]),
    "add_number": (add, [(6, 19), (1,)]),
    "mul_number_of_steps": (mul, [(6, 19), (1, 1)]),
    "mul_vector": (mul, [(19,), (1,)]),
    "vector_div": (div, [(1,), (19,)], apart),
    "mul_four": (mul, [(3, 4, 5, 7), (3, 1, 1, 1)]),
    "add_four_last": (add, [(3, 4, 5, 7), (7,)]),
    "sub_four_middle": (sub, [(3, 4, 5, 7), (4, 1, 7)]),
    "div_four": (div, [(3, 1, 5, 1), (1, 4, 1, 7)], apart),
    "four_same": (mul, [(3, 4, 5, 7), (3, 4, 5, 7)]),
    "four_ones": (sub, [(2, 3, 17, 1), (2, 1, 17, 1)]),
    "div_same_vector": (div, [(19,), (19,)], apart),
    "div_same_steps": (div, [(6, 19), (6, 19)], apart),
    "div_same_image": (div, [IMAGE, IMAGE], apart),
    "plus": (Apply(lambda x: x + 0.75), (6, 19)),
    "minus": (Apply(lambda x: x - 0.75), IMAGE),
    "number_minus": (Apply(lambda x: 1 - x), IMAGE),
    "rescaling": (Apply(lambda x: -0.5 * x + 3), (3, 4, 5, 7)),
    "over_number": (Apply(lambda x: x / 3), (19,)),
    "number_over": (Apply(lambda x: 2.5 / x), IMAGE, apart),
    "reciprocal": (Apply(torch.reciprocal), (6, 19), apart),
    "own_mean": (Apply(lambda x: x / (1 + x * x)), (6, 19)),
    "itself": (Apply(lambda x: x * x / x), (19,), apart),
    "padded_mul": (Padded(torch.mul), [(3, 6, 5), (20, 1, 1)]),
    "padded_sub": (Padded(torch.sub), [(3, 6, 5), (1, 6, 5)]),
    "padded_div": (Padded(torch.div), [(3, 6, 5), (20, 6, 5)], apart),
    "padded_over": (Padded(lambda x, gate: gate * (1 - x)), [(3, 6, 5), (20, 1, 5)]),
    "squeeze_and_excite": (SqueezeAndExcite(), IMAGE),
}


def main():
    write("arithmetic", CASES)


if __name__ == "__main__":
    main()
