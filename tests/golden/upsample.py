"""Resampling; `make.py` calls it, and `python tests/golden/upsample.py` writes this file alone."""

from torch import nn

from cases import Steps, write

CASES = {
    "nearest2": (nn.Upsample(scale_factor=2), (3, 4, 5)),
    "nearest2_one_channel": (nn.Upsample(scale_factor=2), (1, 3, 4)),
    "nearest3": (nn.Upsample(scale_factor=3), (17, 3, 4)),
    "nearest_pair": (nn.Upsample(scale_factor=(2, 3)), (18, 4, 3)),
    "nearest_fraction": (nn.Upsample(scale_factor=2.3), (5, 7, 9)),
    "nearest_little_more": (nn.Upsample(scale_factor=1.05), (5, 4, 7)),
    "nearest_about_twice": (nn.Upsample(scale_factor=2.05), (5, 4, 7)),
    "nearest_down": (nn.Upsample(scale_factor=0.5), (20, 9, 7)),
    "nearest_size": (nn.Upsample(size=(13, 8)), (33, 5, 6)),
    "nearest_size_down": (nn.Upsample(size=4), (4, 9, 10)),
    "nearest_to_one": (nn.Upsample(size=1), (4, 9, 10)),
    "nearest_of_one": (nn.Upsample(size=(7, 9)), (70, 1, 1)),
    "exact2": (nn.Upsample(scale_factor=2, mode="nearest-exact"), (3, 4, 5)),
    "exact_size": (nn.Upsample(size=(12, 7), mode="nearest-exact"), (17, 5, 6)),
    "exact_down": (nn.Upsample(scale_factor=0.5, mode="nearest-exact"), (3, 9, 7)),
    "bilinear2": (nn.Upsample(scale_factor=2, mode="bilinear"), (3, 4, 5)),
    "bilinear2_panels": (nn.Upsample(scale_factor=2, mode="bilinear"), (100, 4, 5)),
    "bilinear_pair": (nn.Upsample(scale_factor=(2, 3), mode="bilinear"), (17, 4, 3)),
    "bilinear_fraction": (nn.Upsample(scale_factor=2.3, mode="bilinear"), (5, 7, 9)),
    "bilinear_little_more": (nn.Upsample(scale_factor=1.05, mode="bilinear"), (5, 4, 7)),
    "bilinear_down": (nn.Upsample(scale_factor=0.5, mode="bilinear"), (20, 9, 7)),
    "bilinear_size": (nn.Upsample(size=(13, 8), mode="bilinear"), (33, 5, 6)),
    "bilinear_size_down": (nn.Upsample(size=(4, 3), mode="bilinear"), (4, 9, 10)),
    "bilinear_of_one": (nn.Upsample(size=(7, 70), mode="bilinear"), (3, 1, 1)),
    "bilinear_wide": (nn.Upsample(size=(5, 150), mode="bilinear"), (2, 3, 75)),
    "bilinear_tall": (nn.Upsample(size=(200, 3), mode="bilinear"), (2, 3, 2)),
    "corners2": (nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True), (3, 4, 5)),
    "corners_size": (nn.Upsample(size=(13, 8), mode="bilinear", align_corners=True), (18, 5, 6)),
    "corners_down": (nn.Upsample(size=(4, 1), mode="bilinear", align_corners=True), (5, 9, 10)),
    "corners_of_one": (nn.Upsample(size=(4, 5), mode="bilinear", align_corners=True), (5, 1, 2)),
    "steps_nearest2": (Steps(nn.Upsample(scale_factor=2)), (5, 3)),
    "steps_nearest_fraction": (Steps(nn.Upsample(scale_factor=2.3)), (7, 20)),
    "steps_nearest_size": (Steps(nn.Upsample(size=12)), (7, 33)),
    "steps_exact": (Steps(nn.Upsample(size=12, mode="nearest-exact")), (7, 3)),
    "steps_linear2": (Steps(nn.Upsample(scale_factor=2, mode="linear")), (5, 3)),
    "steps_linear_size": (Steps(nn.Upsample(size=12, mode="linear")), (7, 100)),
    "steps_linear_down": (Steps(nn.Upsample(scale_factor=0.4, mode="linear")), (20, 17)),
    "steps_linear_long": (Steps(nn.Upsample(scale_factor=2, mode="linear")), (150, 2)),
    "steps_corners": (Steps(nn.Upsample(size=12, mode="linear", align_corners=True)), (7, 18)),
    "nearest_then_conv": (nn.Sequential(nn.Upsample(scale_factor=2), nn.Conv2d(17, 3, 3, padding=1)), (17, 4, 5)),
    "conv_then_bilinear": (nn.Sequential(nn.Conv2d(3, 17, 3), nn.Upsample(scale_factor=2, mode="bilinear")), (3, 5, 5)),
}


def main():
    write("upsample", CASES)


if __name__ == "__main__":
    main()
