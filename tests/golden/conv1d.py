"""Convolutions over sequences, time first; `make.py` calls it, and `python tests/golden/conv1d.py` writes this file alone."""

from torch import nn

from cases import write


class Conv1d(nn.Conv1d):
    """Of `[steps, features]`."""

    def forward(self, x):
        return super().forward(x.transpose(1, 2)).transpose(1, 2)


CASES = {
    "plain": (Conv1d(3, 4, 3), (9, 3)),
    "one_channel": (Conv1d(1, 5, 4), (11, 1)),
    "one_output": (Conv1d(5, 1, 3), (8, 5)),
    "one_of_each": (Conv1d(1, 1, 1), (1, 1)),
    "pointwise": (Conv1d(17, 33, 1), (6, 17)),
    "sixteen": (Conv1d(16, 16, 3, padding=1), (12, 16)),
    "seventeen": (Conv1d(17, 18, 3, padding=1), (13, 17)),
    "many": (Conv1d(40, 50, 5, padding=2), (21, 40)),
    "strided": (Conv1d(4, 6, 3, stride=2), (10, 4)),
    "strided_by_three": (Conv1d(4, 6, 4, stride=3, padding=1), (14, 4)),
    "stride_above_kernel": (Conv1d(3, 5, 2, stride=5), (18, 3)),
    "dilated": (Conv1d(3, 5, 3, dilation=4), (12, 3)),
    "dilated_same": (Conv1d(18, 20, 3, padding="same", dilation=2), (9, 18)),
    "same_odd": (Conv1d(3, 4, 4, padding="same"), (7, 3)),
    "dilated_and_strided": (Conv1d(6, 7, 3, stride=2, padding=3, dilation=3), (15, 6)),
    "no_bias": (Conv1d(20, 3, 3, bias=False), (8, 20)),
    "wide_kernel": (Conv1d(2, 3, 9, padding=4), (10, 2)),
    "kernel_of_the_whole": (Conv1d(5, 6, 8), (8, 5)),
    "padding_beyond_the_kernel": (Conv1d(3, 4, 2, padding=4), (3, 3)),
    "long": (Conv1d(2, 17, 5, padding=2), (300, 2)),
    "few_by_eight": (Conv1d(8, 32, 7, stride=2, padding=3), (64, 8)),
    "narrow": (Conv1d(33, 16, 3, padding=1), (2, 33)),
    "chain": (nn.Sequential(Conv1d(2, 20, 3, padding=1), nn.ReLU(), Conv1d(20, 7, 3, padding=2, dilation=2)), (19, 2)),
    "into_dense": (nn.Sequential(Conv1d(3, 18, 3, padding=1), nn.Tanh(), nn.Linear(18, 4)), (7, 3)),
    "flattened": (nn.Sequential(Conv1d(3, 18, 3, stride=2), nn.Sigmoid(), nn.Flatten(), nn.Linear(72, 5)), (9, 3)),
    "two_levels": (
        nn.Sequential(Conv1d(16, 24, 5, padding=2), nn.ReLU(), Conv1d(24, 24, 5, padding=2), nn.ReLU(), nn.Flatten()),
        (6, 16),
    ),
}


def main():
    write("conv1d", CASES)


if __name__ == "__main__":
    main()
