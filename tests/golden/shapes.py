"""Layers that change shapes; `make.py` calls it, and `python tests/golden/shapes.py` writes this file alone."""

import torch
from torch import nn

from cases import Apply, write

CASES = {
    "flatten_steps": (nn.Flatten(), (5, 18)),
    "concat_axis": (Apply(lambda a, b: torch.cat([a, b], dim=2)), [(5, 3), (5, 17)]),
    "slice_both": (Apply(lambda x: (x[:, 1:4], x[:, :, 3:5])), (5, 18)),
}


def main():
    write("shapes", CASES)


if __name__ == "__main__":
    main()
