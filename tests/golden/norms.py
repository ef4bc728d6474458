"""Layers that normalise; `make.py` calls it, and `python tests/golden/norms.py` writes this file alone."""

import torch
from torch import nn
from torch.nn import functional

from cases import Apply, write
from make import ChannelsLast

EPS = torch.finfo(torch.float32).eps


def length(eps=1e-12):
    """Division by the norm of the channels."""
    return Apply(lambda x: functional.normalize(x, eps=eps))


CASES = {
    "layer": (nn.LayerNorm(19), (19,)),
    "layer_stated": (nn.LayerNorm(64), (64,)),
    "layer_fixed": (nn.LayerNorm(33, elementwise_affine=False), (33,)),
    "layer_no_bias": (nn.LayerNorm(40, bias=False), (40,)),
    "layer_eps": (nn.LayerNorm(5, eps=0.25), (5,)),
    "layer_long": (nn.LayerNorm(600), (600,)),
    "layer_relu": (nn.Sequential(nn.LayerNorm(20), nn.ReLU()), (20,)),
    "layer_sigmoid": (nn.Sequential(nn.LayerNorm(21), nn.Sigmoid()), (3, 21)),
    "layer_steps": (nn.LayerNorm(18), (5, 18)),
    "layer_steps_many": (nn.LayerNorm(16), (37, 16)),
    "layer_steps_wide": (nn.LayerNorm(131, bias=False), (3, 131)),
    "layer_steps_whole": (nn.LayerNorm([5, 18]), (5, 18)),
    "layer_steps_whole_stated": (nn.LayerNorm([7, 32], eps=0.125), (7, 32)),
    "layer_columns": (nn.LayerNorm(5), (3, 4, 5)),
    "layer_planes": (nn.LayerNorm([4, 5]), (3, 4, 5)),
    "layer_planes_stated": (nn.LayerNorm([6, 7]), (5, 6, 7)),
    "layer_planes_no_bias": (nn.LayerNorm([5, 16], bias=False), (2, 5, 16)),
    "layer_image": (nn.LayerNorm([3, 4, 5]), (3, 4, 5)),
    "layer_image_blocks": (nn.LayerNorm([32, 3, 4]), (32, 3, 4)),
    "layer_image_no_bias": (nn.LayerNorm([17, 3, 2], bias=False), (17, 3, 2)),
    "layer_image_fixed": (nn.LayerNorm([2, 9, 9], elementwise_affine=False), (2, 9, 9)),
    "layer_between": (
        nn.Sequential(
            nn.Conv2d(3, 18, 3, padding=1), nn.LayerNorm([18, 6, 7]), nn.ReLU(), nn.Conv2d(18, 5, 3, padding=1)
        ),
        (3, 6, 7),
    ),
    "layer_planes_between": (
        nn.Sequential(
            nn.Conv2d(3, 18, 3, padding=1, bias=False), nn.LayerNorm([6, 7]), nn.Conv2d(18, 5, 3, padding=1)
        ),
        (3, 6, 7),
    ),
    "layer_behind": (nn.Sequential(nn.Linear(7, 21), nn.LayerNorm(21), nn.ReLU(), nn.Linear(21, 6)), (7,)),
    "layer_far": (nn.LayerNorm(50), (4, 50), lambda x: x + 100),
    "group": (nn.GroupNorm(2, 6), (6, 5, 4)),
    "group_stated": (nn.GroupNorm(8, 32), (32, 4, 4)),
    "group_across_blocks": (nn.GroupNorm(3, 42), (42, 3, 4)),
    "group_one": (nn.GroupNorm(1, 18), (18, 4, 3)),
    "group_each": (nn.GroupNorm(20, 20), (20, 3, 3)),
    "group_fixed": (nn.GroupNorm(4, 12, affine=False), (12, 3, 5)),
    "group_eps": (nn.GroupNorm(2, 4, eps=0.25), (4, 7, 2)),
    "group_features": (nn.GroupNorm(4, 36), (36,)),
    "group_steps": (ChannelsLast(nn.GroupNorm(6, 24)), (7, 24)),
    "group_relu": (nn.Sequential(nn.GroupNorm(2, 8), nn.ReLU()), (8, 5, 5)),
    "group_sigmoid": (nn.Sequential(nn.GroupNorm(3, 18), nn.Sigmoid()), (18, 4, 4)),
    "group_between": (
        nn.Sequential(nn.Conv2d(3, 18, 3, padding=1), nn.GroupNorm(2, 18), nn.ReLU(), nn.Conv2d(18, 5, 3, padding=1)),
        (3, 6, 7),
    ),
    "group_far": (nn.GroupNorm(3, 6), (6, 8, 8), lambda x: x + 100),
    "instance": (nn.InstanceNorm2d(5), (5, 4, 6)),
    "instance_stated": (nn.InstanceNorm2d(33), (33, 3, 3)),
    "instance_affine": (nn.InstanceNorm2d(18, affine=True), (18, 4, 5)),
    "instance_eps": (nn.InstanceNorm2d(2, eps=0.5, affine=True), (2, 9, 3)),
    "instance_steps": (ChannelsLast(nn.InstanceNorm1d(20)), (9, 20)),
    "instance_steps_affine": (ChannelsLast(nn.InstanceNorm1d(5, affine=True)), (30, 5)),
    "instance_relu": (nn.Sequential(nn.InstanceNorm2d(4, affine=True), nn.ReLU()), (4, 6, 6)),
    "instance_tanh": (nn.Sequential(nn.InstanceNorm2d(17, affine=True), nn.Tanh()), (17, 3, 4)),
    "instance_between": (
        nn.Sequential(
            nn.Conv2d(3, 18, 3, padding=1, bias=False), nn.InstanceNorm2d(18), nn.ReLU(), nn.Conv2d(18, 5, 3, padding=1)
        ),
        (3, 6, 7),
    ),
    "instance_far": (nn.InstanceNorm2d(6, affine=True), (6, 8, 8), lambda x: x + 100),
    "layer_four_axes": (nn.LayerNorm([3, 4, 5]), (2, 3, 4, 5)),
    "layer_all_four_axes": (nn.LayerNorm([2, 3, 2, 5]), (2, 3, 2, 5)),
    "group_four_axes": (nn.GroupNorm(3, 6), (6, 2, 3, 4)),
    "instance_four_axes": (nn.InstanceNorm3d(5, affine=True), (5, 2, 3, 4)),
    "length_four_axes": (length(), (5, 2, 3, 4)),
    "rms": (nn.RMSNorm(19, eps=EPS), (19,)),
    "rms_stated": (nn.RMSNorm(64, eps=EPS), (3, 64)),
    "rms_fixed": (nn.RMSNorm(17, eps=EPS, elementwise_affine=False), (3, 17)),
    "rms_eps": (nn.RMSNorm(33, eps=0.5), (33,)),
    "rms_planes": (nn.RMSNorm([4, 5], eps=EPS), (3, 4, 5)),
    "rms_image": (nn.RMSNorm([18, 4, 5], eps=EPS), (18, 4, 5)),
    "rms_tanh": (nn.Sequential(nn.RMSNorm(30, eps=EPS), nn.Tanh()), (6, 30)),
    "length": (length(), (19,)),
    "length_steps": (Apply(lambda x: functional.normalize(x, dim=2)), (4, 35)),
    "length_image": (length(), (5, 4, 3)),
    "length_image_blocks": (length(), (48, 2, 3)),
    "length_below_eps": (length(100.0), (18,)),
    "length_between": (
        nn.Sequential(nn.Conv2d(3, 18, 3, padding=1), length(0.25), nn.Conv2d(18, 5, 3, padding=1)),
        (3, 6, 7),
    ),
}


def main():
    write("norms", CASES)


if __name__ == "__main__":
    main()
