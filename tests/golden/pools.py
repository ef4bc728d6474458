"""Pools; `make.py` calls it, and `python tests/golden/pools.py` writes this file alone."""

from torch import nn

from cases import Apply, Steps, write


CASES = {
    "max2": (nn.MaxPool2d(2), (3, 6, 5)),
    "max2_one_channel": (nn.MaxPool2d(2), (1, 7, 9)),
    "max2_stride": (nn.MaxPool2d(2, stride=3), (17, 9, 8)),
    "max3_padding": (nn.MaxPool2d(3, stride=2, padding=1), (17, 7, 6)),
    "max3_steps_of_one": (nn.MaxPool2d(3, stride=1, padding=1), (40, 5, 6)),
    "max_rectangle": (nn.MaxPool2d((3, 2), stride=1), (2, 5, 4)),
    "max_pairs": (nn.MaxPool2d((4, 3), stride=(3, 1), padding=(1, 1)), (33, 9, 7)),
    "max_dilated": (nn.MaxPool2d(3, stride=1, dilation=2), (18, 9, 9)),
    "max_dilated_pairs": (nn.MaxPool2d((3, 2), stride=2, padding=(1, 1), dilation=(2, 1)), (5, 9, 10)),
    "max_ceil": (nn.MaxPool2d(2, ceil_mode=True), (6, 7, 8)),
    "max_ceil_padding": (nn.MaxPool2d(3, stride=2, padding=1, ceil_mode=True), (20, 7, 8)),
    "max_ceil_no_more": (nn.MaxPool2d(2, stride=3, ceil_mode=True), (4, 7, 9)),
    "max_ceil_larger": (nn.MaxPool2d(5, stride=3, ceil_mode=True), (7, 4, 3)),
    "max_ceil_dilated": (nn.MaxPool2d(2, stride=3, dilation=3, ceil_mode=True), (3, 8, 7)),
    "max_many_channels": (nn.MaxPool2d(3, stride=2, padding=1), (130, 4, 4)),
    "max_one": (nn.MaxPool2d(1), (17, 3, 4)),
    "avg2": (nn.AvgPool2d(2), (3, 6, 5)),
    "avg3_padding": (nn.AvgPool2d(3, stride=2, padding=1), (17, 7, 6)),
    "avg3_steps_of_one": (nn.AvgPool2d(3, stride=1, padding=1), (40, 5, 6)),
    "avg_without_padding": (nn.AvgPool2d((3, 2), stride=(2, 1), padding=1, count_include_pad=False), (2, 5, 4)),
    "avg_ceil": (nn.AvgPool2d(3, stride=2, padding=1, ceil_mode=True), (18, 6, 8)),
    "avg_ceil_without_padding": (nn.AvgPool2d(2, stride=3, ceil_mode=True, count_include_pad=False), (4, 7, 9)),
    "avg_ceil_larger": (nn.AvgPool2d(5, stride=3, padding=2, ceil_mode=True), (18, 4, 4)),
    "avg_all_arguments": (
        nn.AvgPool2d((4, 3), stride=(3, 2), padding=(2, 1), ceil_mode=True, count_include_pad=False),
        (18, 9, 8),
    ),
    "max_all_arguments": (
        nn.MaxPool2d((3, 2), stride=(3, 2), padding=1, dilation=(2, 3), ceil_mode=True),
        (20, 10, 9),
    ),
    "avg_gaps": (nn.AvgPool2d(2, stride=4, ceil_mode=True), (16, 9, 9)),
    "avg_large": (nn.AvgPool2d((7, 9), stride=2), (35, 9, 12)),
    "avg_many_channels": (nn.AvgPool2d(3, stride=2, padding=1), (130, 4, 4)),
    "adaptive_avg_equal": (nn.AdaptiveAvgPool2d((2, 3)), (5, 6, 9)),
    "adaptive_avg": (nn.AdaptiveAvgPool2d((3, 4)), (19, 7, 10)),
    "adaptive_avg_more": (nn.AdaptiveAvgPool2d(7), (3, 4, 5)),
    "adaptive_avg_mixed": (nn.AdaptiveAvgPool2d((3, 4)), (33, 6, 5)),
    "adaptive_max": (nn.AdaptiveMaxPool2d((3, 4)), (19, 7, 10)),
    "adaptive_max_equal": (nn.AdaptiveMaxPool2d((2, 3)), (16, 8, 6)),
    "adaptive_max_more": (nn.AdaptiveMaxPool2d(7), (3, 4, 5)),
    "global_avg": (Apply(lambda x: x.mean((-2, -1))), (19, 7, 5)),
    "global_avg_large": (Apply(lambda x: x.mean((-2, -1))), (3, 30, 41)),
    "global_max": (nn.Sequential(nn.AdaptiveMaxPool2d(1), nn.Flatten()), (19, 7, 5)),
    "global_max_large": (nn.Sequential(nn.AdaptiveMaxPool2d(1), nn.Flatten()), (3, 30, 41)),
    "steps_max": (Steps(nn.MaxPool1d(2)), (9, 5)),
    "steps_max_padding": (Steps(nn.MaxPool1d(3, stride=2, padding=1)), (12, 20)),
    "steps_max_dilated": (Steps(nn.MaxPool1d(3, stride=1, dilation=2)), (13, 17)),
    "steps_max_ceil": (Steps(nn.MaxPool1d(4, stride=3, padding=1, ceil_mode=True)), (13, 3)),
    "steps_max_one": (Steps(nn.MaxPool1d(20, stride=15)), (50, 1)),
    "steps_avg": (Steps(nn.AvgPool1d(2)), (9, 5)),
    "steps_avg_padding": (Steps(nn.AvgPool1d(3, stride=2, padding=1)), (12, 100)),
    "steps_avg_without_padding": (Steps(nn.AvgPool1d(3, stride=1, padding=1, count_include_pad=False)), (12, 18)),
    "steps_avg_ceil": (Steps(nn.AvgPool1d(4, stride=3, padding=1, ceil_mode=True)), (13, 3)),
    "steps_avg_all_arguments": (
        Steps(nn.AvgPool1d(4, stride=3, padding=2, ceil_mode=True, count_include_pad=False)),
        (11, 17),
    ),
    "steps_max_all_arguments": (Steps(nn.MaxPool1d(3, stride=4, padding=1, dilation=2, ceil_mode=True)), (15, 18)),
    "steps_avg_long": (Steps(nn.AvgPool1d(90, stride=50)), (200, 2)),
    "steps_adaptive_avg": (Steps(nn.AdaptiveAvgPool1d(4)), (11, 33)),
    "steps_adaptive_max": (Steps(nn.AdaptiveMaxPool1d(4)), (11, 6)),
    "steps_adaptive_more": (Steps(nn.AdaptiveMaxPool1d(8)), (3, 6)),
    "steps_global_avg": (Apply(lambda x: x.mean(1)), (150, 18)),
    "steps_global_max": (Apply(lambda x: x.max(1).values), (150, 18)),
    "conv_then_max_ceil": (nn.Sequential(nn.Conv2d(3, 18, 3, bias=False), nn.ReLU(), nn.MaxPool2d(2, ceil_mode=True)), (3, 9, 9)),
    "max_then_conv": (nn.Sequential(nn.MaxPool2d(2), nn.Conv2d(17, 5, 3, padding=1)), (17, 8, 8)),
}


def main():
    write("pools", CASES)


if __name__ == "__main__":
    main()
