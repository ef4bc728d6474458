"""Axes in another order, more and fewer of them, and pixels shuffled; `make.py` calls it, and `python
tests/golden/moves.py` writes this file alone."""

import torch
from torch import nn

from cases import Apply, write


def permute(*axes):
    """Of the axes of a sample, the batch stays in front."""
    return Apply(lambda x: x.permute(0, *(axis + 1 for axis in axes)))


def transpose(a, b):
    return Apply(lambda x: x.transpose(a + 1, b + 1))


class Between(nn.Module):
    """A function of what a convolution gives, before another convolution."""

    def __init__(self, function, channels, after):
        super().__init__()
        self.before = nn.Conv2d(3, channels, 3, padding=1)
        self.after = nn.Conv2d(after, 4, 3, padding=1)
        self.function = function

    def forward(self, x):
        return self.after(self.function(self.before(x)))


class Attention(nn.Module):
    """Sequences by features, and features by sequences."""

    def __init__(self):
        super().__init__()
        self.over_features = nn.Linear(19, 18)
        self.over_steps = nn.Linear(7, 20)

    def forward(self, x):
        return self.over_steps(torch.tanh(self.over_features(x)).transpose(1, 2))


class FlattenedAsInPyTorch(nn.Module):
    """PyTorch flattens [channels, steps]."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(3, 18, 3, stride=2)
        self.fc = nn.Linear(72, 5)

    def forward(self, x):
        return self.fc(torch.relu(self.conv(x.transpose(1, 2))).flatten(1))


CASES = {
    "transpose_steps": (transpose(0, 1), (5, 18)),
    "transpose_steps_back": (transpose(1, 0), (33, 7)),
    "transpose_square": (transpose(0, 1), (32, 32)),
    "transpose_long": (transpose(0, 1), (70, 40)),
    "transpose_thin": (transpose(0, 1), (100, 1)),
    "transpose_one": (transpose(0, 1), (1, 19)),
    "transpose_itself": (transpose(1, 1), (5, 18)),
    "transpose_channels_rows": (transpose(0, 1), (18, 3, 4)),
    "transpose_channels_columns": (transpose(0, 2), (18, 3, 20)),
    "transpose_image": (transpose(1, 2), (18, 3, 4)),
    "transpose_image_large": (transpose(2, 1), (3, 17, 33)),
    "transpose_four": (transpose(1, 2), (2, 3, 5, 7)),
    "transpose_heads": (transpose(0, 2), (2, 17, 4, 5)),
    "permute_channels_last": (permute(1, 2, 0), (18, 4, 5)),
    "permute_channels_first": (permute(2, 0, 1), (4, 5, 18)),
    "permute_back": (permute(2, 1, 0), (6, 4, 18)),
    "permute_same": (permute(0, 1, 2), (6, 4, 18)),
    "permute_ones": (permute(1, 2, 0), (1, 4, 18)),
    "permute_steps": (permute(1, 0), (17, 6)),
    "permute_vector": (permute(0), (17,)),
    "permute_four": (permute(3, 1, 0, 2), (2, 3, 4, 17)),
    "permute_four_back": (permute(3, 2, 1, 0), (5, 2, 3, 4)),
    "permute_groups": (permute(1, 0, 2, 3), (4, 6, 3, 5)),
    "squeeze_all": (Apply(lambda x: x.squeeze(1).squeeze(-1)), (1, 18, 1)),
    "squeeze_one": (Apply(lambda x: x.squeeze(2)), (18, 1, 4)),
    "squeeze_two": (Apply(lambda x: x.squeeze((1, 3))), (1, 18, 1, 4)),
    "unsqueeze_front": (Apply(lambda x: x.unsqueeze(1)), (18, 4)),
    "unsqueeze_back": (Apply(lambda x: x.unsqueeze(3)), (18, 4)),
    "unsqueeze_vector": (Apply(lambda x: x.unsqueeze(2)), (18,)),
    "unsqueeze_image": (Apply(lambda x: x.unsqueeze(2)), (18, 3, 4)),
    "shuffle": (nn.PixelShuffle(2), (8, 3, 5)),
    "shuffle_three": (nn.PixelShuffle(3), (9, 2, 4)),
    "shuffle_many": (nn.PixelShuffle(2), (72, 3, 2)),
    "shuffle_one": (nn.PixelShuffle(1), (3, 4, 5)),
    "unshuffle": (nn.PixelUnshuffle(2), (2, 6, 4)),
    "unshuffle_three": (nn.PixelUnshuffle(3), (1, 6, 9)),
    "unshuffle_many": (nn.PixelUnshuffle(2), (17, 4, 6)),
    "shuffle_between": (Between(nn.PixelShuffle(2), 20, 5), (3, 5, 4)),
    "unshuffle_between": (Between(nn.PixelUnshuffle(2), 5, 20), (3, 6, 4)),
    "transpose_between": (Between(lambda x: x.transpose(2, 3), 18, 18), (3, 5, 4)),
    "channel_shuffle": (Between(nn.ChannelShuffle(3), 18, 18), (3, 5, 4)),
    "over_features_and_steps": (Attention(), (7, 19)),
    "flattened_as_in_pytorch": (FlattenedAsInPyTorch(), (9, 3)),
}


def main():
    write("moves", CASES)


if __name__ == "__main__":
    main()
