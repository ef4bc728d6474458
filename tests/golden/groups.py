"""Convolutions in groups, depthwise ones among them; `make.py` calls it, and `python tests/golden/groups.py` writes this
file alone."""

from torch import nn

from cases import write
from conv1d import Conv1d


def depthwise(channels, kernel, **more):
    return nn.Conv2d(channels, channels, kernel, groups=channels, **more)


CASES = {
    "depthwise_three": (depthwise(3, 3), (3, 6, 7)),
    "depthwise_sixteen": (depthwise(16, 3, padding=1), (16, 7, 7)),
    "depthwise_seventeen": (depthwise(17, 3, padding=1, bias=False), (17, 5, 9)),
    "depthwise_many": (depthwise(70, 3, padding=1), (70, 4, 5)),
    "depthwise_strided": (depthwise(20, 3, stride=2, padding=1), (20, 8, 8)),
    "depthwise_strided_odd": (depthwise(20, 3, stride=2, padding=1), (20, 7, 9)),
    "depthwise_stride_by_axis": (depthwise(5, (3, 2), stride=(3, 2), padding=(2, 0)), (5, 10, 7)),
    "depthwise_stride_above_kernel": (depthwise(5, 2, stride=3), (5, 9, 8)),
    "depthwise_five": (depthwise(18, 5, padding=2), (18, 6, 7)),
    "depthwise_seven": (depthwise(4, 7, padding=3), (4, 8, 9)),
    "depthwise_five_strided": (depthwise(24, 5, stride=2, padding=2), (24, 9, 10)),
    "depthwise_one_row": (depthwise(6, (1, 9), padding=(0, 4)), (6, 3, 12)),
    "depthwise_one_column": (depthwise(6, (9, 1), padding=(4, 0)), (6, 12, 3)),
    "depthwise_wide": (depthwise(2, (2, 17), padding=(1, 8)), (2, 4, 20)),
    "depthwise_dilated": (depthwise(19, 3, padding=2, dilation=2), (19, 6, 8)),
    "depthwise_dilated_and_strided": (depthwise(7, 3, stride=2, padding=3, dilation=(3, 2)), (7, 9, 11)),
    "depthwise_of_the_whole": (depthwise(33, (5, 4)), (33, 5, 4)),
    "depthwise_beyond": (depthwise(3, 2, padding=3), (3, 2, 2)),
    "depthwise_point": (depthwise(18, 1), (18, 3, 4)),
    "depthwise_wide_image": (depthwise(2, 3, padding=1), (2, 3, 40)),
    "depthwise_long": (depthwise(2, 3), (2, 3, 300)),
    "depthwise_relu": (nn.Sequential(depthwise(20, 3, padding=1), nn.ReLU(), nn.Conv2d(20, 5, 1)), (20, 6, 6)),
    "inverted": (
        nn.Sequential(
            nn.Conv2d(3, 24, 1), nn.ReLU(), depthwise(24, 3, stride=2, padding=1), nn.Tanh(), nn.Conv2d(24, 4, 1)
        ),
        (3, 8, 8),
    ),
    "multiplied": (nn.Conv2d(8, 16, 3, padding=1, groups=8), (8, 6, 5)),
    "multiplied_by_three": (nn.Conv2d(7, 21, 3, stride=2, groups=7), (7, 7, 9)),
    "multiplied_by_sixteen": (nn.Conv2d(2, 32, (1, 3), groups=2), (2, 3, 9)),
    "multiplied_by_twenty": (nn.Conv2d(3, 60, 3, groups=3, padding=1), (3, 4, 4)),
    "two_groups": (nn.Conv2d(32, 32, 3, padding=1, groups=2), (32, 5, 6)),
    "two_large_groups": (nn.Conv2d(6, 64, 3, padding=1, groups=2), (6, 5, 6)),
    "three_groups": (nn.Conv2d(9, 12, 3, groups=3), (9, 6, 5)),
    "uneven_groups": (nn.Conv2d(10, 34, 3, padding=1, groups=2, bias=False), (10, 5, 5)),
    "groups_into_few": (nn.Conv2d(40, 4, 3, groups=4), (40, 5, 4)),
    "groups_into_one_each": (nn.Conv2d(12, 4, 3, padding=1, groups=4), (12, 5, 4)),
    "four_by_four": (nn.Conv2d(32, 32, 3, padding=1, groups=8), (32, 7, 7)),
    "four_by_four_strided": (nn.Conv2d(64, 64, 3, stride=2, padding=1, groups=16), (64, 8, 8)),
    "eight_by_eight": (nn.Conv2d(24, 24, 3, padding=1, groups=3), (24, 6, 7)),
    "sixteen_by_sixteen": (nn.Conv2d(48, 48, 3, padding=1, groups=3), (48, 4, 5)),
    "pointwise_groups": (nn.Conv2d(36, 48, 1, groups=4), (36, 4, 4)),
    "groups_strided_by_axis": (nn.Conv2d(8, 6, (2, 3), stride=(2, 3), padding=(1, 2), groups=2), (8, 7, 8)),
    "groups_dilated": (nn.Conv2d(8, 20, 3, padding=2, dilation=2, groups=4), (8, 6, 6)),
    "groups_relu": (
        nn.Sequential(nn.Conv2d(5, 24, 3), nn.ReLU(), nn.Conv2d(24, 36, 3, groups=6), nn.Sigmoid(), nn.Flatten()),
        (5, 7, 6),
    ),
    "steps_depthwise": (Conv1d(18, 18, 5, padding=2, groups=18), (14, 18)),
    "steps_depthwise_strided": (Conv1d(3, 3, 4, stride=2, padding=1, groups=3), (15, 3)),
    "steps_in_groups": (Conv1d(12, 20, 3, padding=1, groups=4), (9, 12)),
    "steps_of_large_groups": (Conv1d(32, 64, 3, stride=2, groups=2), (9, 32)),
}


def main():
    write("groups", CASES)


if __name__ == "__main__":
    main()
