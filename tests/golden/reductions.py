"""Means, sums and extremes along axes; `make.py` calls it, and `python tests/golden/reductions.py` writes this file
alone."""

import torch
from torch import nn

from cases import Apply, write


def over(function, *axes, keepdim=False):
    """Along axes of a sample, or all of them."""

    def apply(x):
        dims = tuple(axis + 1 for axis in axes) or tuple(range(1, x.dim()))
        y = function(x, dim=dims, keepdim=keepdim)
        return y[:, None] if y.dim() == 1 else y

    return Apply(apply)


def in_steps(x):
    """Few values, of which several are the largest."""
    return torch.round(x * 2) / 2


class Between(nn.Module):
    """A function of what a convolution gives, before a dense layer."""

    def __init__(self, function, features):
        super().__init__()
        self.conv = nn.Conv2d(3, 20, 3, padding=1)
        self.fc = nn.Linear(features, 4)
        self.function = function

    def forward(self, x):
        return self.fc(self.function(self.conv(x)).flatten(1))


class SpatialAttention(nn.Module):
    """Woo et al. 2018."""

    def __init__(self):
        super().__init__()
        self.before = nn.Conv2d(3, 18, 3, padding=1)
        self.gate = nn.Conv2d(2, 1, 3, padding=1)
        self.after = nn.Conv2d(18, 2, 3, padding=1)

    def forward(self, x):
        h = self.before(x)
        pooled = torch.cat([h.mean(1, keepdim=True), h.amax(1, keepdim=True)], dim=1)
        return self.after(h * torch.sigmoid(self.gate(pooled)))


IMAGE, STEPS, FOUR = (18, 3, 4), (6, 19), (2, 3, 4, 17)
MEAN, SUM, MAX, MIN = torch.mean, torch.sum, torch.amax, torch.amin

CASES = {
    "mean_image": (over(MEAN), IMAGE),
    "mean_pixels": (over(MEAN, 1, 2), IMAGE),
    "mean_pixels_kept": (over(MEAN, 1, 2, keepdim=True), IMAGE),
    "mean_channels": (over(MEAN, 0), IMAGE),
    "mean_channels_kept": (over(MEAN, 0, keepdim=True), IMAGE),
    "mean_rows": (over(MEAN, 1), IMAGE),
    "mean_columns_kept": (over(MEAN, 2, keepdim=True), IMAGE),
    "mean_channels_rows": (over(MEAN, 0, 1), IMAGE),
    "mean_channels_columns": (over(MEAN, 0, 2, keepdim=True), IMAGE),
    "mean_all_kept": (over(MEAN, keepdim=True), IMAGE),
    "mean_steps": (over(MEAN, 0), STEPS),
    "mean_features": (over(MEAN, 1), STEPS),
    "mean_features_kept": (over(MEAN, 1, keepdim=True), STEPS),
    "mean_vector": (over(MEAN), (19,)),
    "mean_number": (over(MEAN), (1,)),
    "mean_one_channel": (over(MEAN, 1, 2), (1, 5, 6)),
    "mean_one_pixel": (over(MEAN, 1, 2), (18, 1, 1)),
    "mean_wide": (over(MEAN, 1, 2), (530, 2, 2)),
    "mean_wide_channels": (over(MEAN, 0), (530, 2, 2)),
    "mean_four_first": (over(MEAN, 0), FOUR),
    "mean_four_last": (over(MEAN, 3, keepdim=True), FOUR),
    "mean_four_middle": (over(MEAN, 1, 2), FOUR),
    "mean_four_outer": (over(MEAN, 0, 3), FOUR),
    "sum_image": (over(SUM), IMAGE),
    "sum_pixels": (over(SUM, 1, 2), IMAGE),
    "sum_channels": (over(SUM, 0), IMAGE),
    "sum_steps_kept": (over(SUM, 0, keepdim=True), STEPS),
    "sum_features": (over(SUM, 1), STEPS),
    "sum_four": (over(SUM, 2), FOUR),
    "max_image": (over(MAX), IMAGE),
    "max_pixels": (over(MAX, 1, 2), IMAGE),
    "max_pixels_kept": (over(MAX, 1, 2, keepdim=True), IMAGE),
    "max_channels": (over(MAX, 0), IMAGE),
    "max_channels_kept": (over(MAX, 0, keepdim=True), IMAGE),
    "max_rows": (over(MAX, 1), IMAGE),
    "max_steps": (over(MAX, 0), STEPS),
    "max_features": (over(MAX, 1), STEPS),
    "max_vector": (over(MAX), (19,)),
    "max_four": (over(MAX, 0, 2), FOUR),
    "max_equals": (over(MAX, 0), (9, 19), in_steps),
    "max_equal_pixels": (over(MAX, 1, 2), (18, 5, 6), in_steps),
    "min_image": (over(MIN), IMAGE),
    "min_pixels": (over(MIN, 1, 2), IMAGE),
    "min_channels": (over(MIN, 0), IMAGE),
    "min_features_kept": (over(MIN, 1, keepdim=True), STEPS),
    "min_equals": (over(MIN, 1), (5, 33), in_steps),
    "min_four": (over(MIN, 3), FOUR),
    "mean_between": (Between(lambda x: x.mean((2, 3)), 20), (3, 5, 4)),
    "max_between": (Between(lambda x: x.amax((2, 3)), 20), (3, 5, 4)),
    "channels_between": (Between(lambda x: x.mean(1), 20), (3, 5, 4)),
    "rows_between": (Between(lambda x: x.sum(2), 80), (3, 5, 4)),
    "normalised": (Apply(lambda x: (x - x.mean(2, keepdim=True)) / (x.amax(2, keepdim=True) - x.amin(2, keepdim=True))), STEPS),
    "spatial_attention": (SpatialAttention(), (3, 5, 6)),
}


def main():
    write("reductions", CASES)


if __name__ == "__main__":
    main()
