"""Transposed convolutions; `make.py` calls it, and `python tests/golden/conv_transpose.py` writes this file alone."""

from torch import nn
from torch.nn import ConvTranspose2d as Up

from cases import write


class Up1d(nn.ConvTranspose1d):
    """Time first."""

    def forward(self, x):
        return super().forward(x.transpose(1, 2)).transpose(1, 2)


def cropped(layer, *sides):
    """The layer, whose result loses rows and columns: above, below, to the left, to the right."""

    def crop(_, __, y):
        top, bottom, left, right = sides
        return y[:, :, top : y.shape[2] - bottom, left : y.shape[3] - right]

    layer.register_forward_hook(crop)
    return layer


def cut(layer, first, last):
    """The layer over sequences, whose result loses steps at both ends."""
    layer.register_forward_hook(lambda _, __, y: y[:, first : y.shape[1] - last])
    return layer


CASES = {
    "stride_of_one": (Up(5, 7, 3), (5, 4, 6)),
    "two_by_two": (Up(18, 7, 2, stride=2), (18, 3, 4)),
    "four_by_four": (Up(17, 6, 4, stride=2, padding=1), (17, 4, 4)),
    "three_by_three": (Up(6, 9, 3, stride=2, padding=1, output_padding=1), (6, 5, 4)),
    "five_by_five": (Up(7, 5, 5, stride=2, padding=2, output_padding=1), (7, 4, 3)),
    "from_one_pixel": (Up(17, 10, 4), (17, 1, 1)),
    "from_one_pixel_padded": (Up(17, 3, 4, stride=2, padding=1), (17, 1, 1)),
    "from_one_pixel_dilated": (Up(5, 3, 3, stride=2, dilation=2, output_padding=1), (5, 1, 1)),
    "from_one_row": (Up(4, 5, 4, stride=2, padding=1), (4, 1, 7)),
    "from_one_column": (Up(4, 5, 3, stride=3, padding=(0, 1)), (4, 6, 1)),
    "without_bias": (Up(5, 7, 3, stride=2, bias=False), (5, 4, 6)),
    "one_channel": (Up(1, 1, 3, stride=2), (1, 5, 7)),
    "one_to_many": (Up(1, 33, 4, stride=2, padding=1), (1, 2, 3)),
    "few_to_many": (Up(3, 18, 4, stride=2, padding=1), (3, 3, 2)),
    "many_to_one": (Up(40, 1, 3, stride=2, padding=1, output_padding=1), (40, 3, 3)),
    "three_panels": (Up(5, 34, 3, stride=2, padding=1, output_padding=1), (5, 3, 2)),
    "rectangular_kernel": (Up(4, 6, (3, 5)), (4, 4, 5)),
    "rectangular_stride": (Up(4, 6, (3, 4), stride=(2, 3)), (4, 4, 5)),
    "rectangular_padding": (Up(4, 6, (4, 5), stride=(2, 1), padding=(1, 2)), (4, 4, 5)),
    "rectangular_output_padding": (Up(4, 6, 3, stride=(3, 2), output_padding=(2, 0)), (4, 3, 5)),
    "dilated": (Up(5, 4, 3, dilation=2), (5, 4, 6)),
    "dilated_and_strided": (Up(5, 4, 3, stride=2, padding=1, dilation=3), (5, 4, 6)),
    "dilated_by_the_stride": (Up(18, 2, 3, stride=2, padding=2, dilation=2), (18, 4, 6)),
    "all_arguments": (
        Up(3, 4, (2, 3), stride=(3, 2), padding=(1, 0), output_padding=(1, 1), dilation=(2, 1), bias=False),
        (3, 4, 5),
    ),
    "output_padding_below_dilation": (Up(3, 4, 2, dilation=3, output_padding=2), (3, 4, 5)),
    "stride_beyond_the_kernel": (Up(6, 5, 2, stride=3), (6, 4, 3)),
    "pixels_between_holes": (Up(6, 5, 1, stride=3, output_padding=2), (6, 4, 3)),
    "one_by_one": (Up(18, 20, 1), (18, 3, 5)),
    "one_by_one_strided": (Up(18, 4, 1, stride=2), (18, 3, 5)),
    "padding_beyond_the_kernel": (Up(3, 4, 2, padding=3), (3, 9, 8)),
    "nothing_but_the_bias": (Up(3, 4, 1, stride=3, padding=1, output_padding=2), (3, 1, 1)),
    "kernel_beyond_the_image": (Up(3, 4, 7, padding=3), (3, 3, 2)),
    "kernel_beyond_the_image_strided": (Up(3, 4, 7, stride=2, padding=3, output_padding=1), (3, 2, 3)),
    # PyTorch's padding is the same on both sides, and it has no `Same`.
    "padding_by_sides": (cropped(Up(5, 7, 3, stride=2), 1, 0, 0, 2), (5, 3, 4)),
    "padding_of_one_side": (cropped(Up(18, 4, (2, 5)), 0, 0, 4, 0), (18, 3, 4)),
    "same_odd_kernel": (cropped(Up(6, 9, 3, stride=2), 0, 1, 0, 1), (6, 3, 4)),
    "same_even_kernel": (cropped(Up(17, 5, 4, stride=2), 1, 1, 1, 1), (17, 4, 3)),
    "same_rectangular": (cropped(Up(3, 18, (5, 2), stride=(2, 1)), 1, 2, 0, 1), (3, 3, 4)),
    "same_dilated": (cropped(Up(4, 3, 3, stride=2, dilation=2), 1, 2, 1, 2), (4, 3, 4)),
    "same_with_holes": (Up(5, 4, 2, stride=3, output_padding=1), (5, 3, 2)),
    "same_in_groups": (cropped(Up(6, 10, 3, stride=2, groups=2), 0, 1, 0, 1), (6, 3, 4)),
    "same_of_one_channel": (cropped(Up(20, 1, 5, stride=2), 1, 2, 1, 2), (20, 3, 4)),
    "wide": (Up(17, 2, 3, stride=2, padding=1), (17, 2, 17)),
    "tall": (Up(2, 4, 4, stride=(4, 1), padding=(1, 2)), (2, 21, 2)),
    "far_apart": (Up(2, 1, 16, stride=8, padding=4), (2, 2, 3)),
    "two_groups": (Up(6, 10, 3, stride=2, groups=2), (6, 3, 4)),
    "groups_of_whole_panels": (Up(4, 32, 2, stride=2, groups=2), (4, 2, 3)),
    "groups_of_more_than_a_panel": (Up(6, 54, 2, groups=3), (6, 2, 2)),
    "groups_of_many_inputs": (Up(36, 6, 3, stride=2, padding=1, output_padding=1, groups=2), (36, 3, 2)),
    "groups_from_one_pixel": (Up(34, 6, 4, groups=2, bias=False), (34, 1, 1)),
    "groups_with_holes": (Up(6, 9, 1, stride=2, output_padding=1, groups=3), (6, 3, 2)),
    "depthwise": (Up(20, 20, 4, stride=2, padding=1, groups=20), (20, 3, 4)),
    "depthwise_multiplied": (Up(5, 15, 3, dilation=2, groups=5), (5, 3, 4)),
    "groups_and_relu": (nn.Sequential(Up(6, 10, 3, stride=2, groups=2), nn.ReLU()), (6, 3, 4)),
    "relu": (nn.Sequential(Up(5, 18, 4, stride=2, padding=1), nn.ReLU()), (5, 2, 3)),
    "sigmoid": (nn.Sequential(Up(5, 3, 3, stride=3, output_padding=1), nn.Sigmoid()), (5, 3, 4)),
    "tanh": (nn.Sequential(Up(17, 3, 2, stride=2), nn.Tanh()), (17, 3, 4)),
    "one_behind_another": (
        nn.Sequential(Up(18, 5, 3), nn.ReLU(), Up(5, 17, 4, stride=2, padding=1), nn.ReLU(), Up(17, 1, 2, stride=2)),
        (18, 1, 1),
    ),
    "before_a_convolution": (
        nn.Sequential(Up(8, 17, 2, stride=2), nn.ReLU(), nn.Conv2d(17, 4, 3, padding=1)),
        (8, 3, 4),
    ),
    "behind_a_convolution": (
        nn.Sequential(nn.Conv2d(3, 18, 3, stride=2, padding=1), nn.ReLU(), Up(18, 5, 4, stride=2, padding=1)),
        (3, 8, 6),
    ),
    "behind_a_pool": (
        nn.Sequential(nn.MaxPool2d(2), Up(5, 6, 3, stride=2, padding=1, output_padding=1)),
        (5, 6, 8),
    ),
    "sequence": (Up1d(5, 7, 3), (6, 5)),
    "sequence_of_audio": (Up1d(18, 5, 16, stride=8, padding=4), (5, 18)),
    "sequence_with_output_padding": (Up1d(5, 17, 5, stride=3, padding=1, output_padding=2), (7, 5)),
    "sequence_dilated": (Up1d(20, 4, 3, stride=2, padding=2, dilation=3), (9, 20)),
    "sequence_with_holes": (Up1d(4, 20, 2, stride=5), (4, 4)),
    "sequence_of_one_step": (Up1d(20, 18, 4, stride=2, padding=1), (1, 20)),
    "sequence_of_one_feature": (Up1d(1, 3, 4, stride=2, padding=1), (9, 1)),
    "sequence_without_bias": (Up1d(16, 32, 2, stride=2, bias=False), (5, 16)),
    "sequence_in_groups": (Up1d(6, 9, 5, stride=3, padding=1, groups=3), (7, 6)),
    "sequence_padded_before": (cut(Up1d(5, 18, 4, stride=2), 3, 0), (6, 5)),
    "sequence_padded_behind": (cut(Up1d(20, 3, 3), 0, 2), (6, 20)),
    "sequence_same": (cut(Up1d(6, 17, 5, stride=2), 1, 2), (7, 6)),
    "sequences_one_behind_another": (
        nn.Sequential(Up1d(16, 18, 4, stride=2, padding=1), nn.Tanh(), Up1d(18, 3, 3), nn.ReLU()),
        (6, 16),
    ),
}


def main():
    write("conv_transpose", CASES)


if __name__ == "__main__":
    main()
