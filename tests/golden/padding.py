"""Padding, as a layer and of convolutions; `make.py` calls it, and `python tests/golden/padding.py` writes this file alone."""

from torch import nn
from torch.nn import functional as F

from cases import write


def time_first(layer):
    """The layer over `[steps, channels]`, where PyTorch's is over `[channels, steps]`."""
    layer.register_forward_pre_hook(lambda _, x: x[0].transpose(1, 2), prepend=True)
    layer.register_forward_hook(lambda _, __, y: y.transpose(1, 2))
    return layer


def vector(layer):
    """The layer over a vector."""
    layer.register_forward_pre_hook(lambda _, x: x[0][:, None])
    layer.register_forward_hook(lambda _, __, y: y[:, 0])
    return layer


def around(sides, layer, mode="constant"):
    """The convolution behind zeros on each side, or another mode, in the order of `torch.nn.functional.pad`."""
    layer.register_forward_pre_hook(lambda _, x: F.pad(x[0], sides, mode))
    return layer


def same(layer, mode="constant"):
    """The convolution behind the padding of TensorFlow's `SAME`: ceil(size / stride) outputs, what is odd at the end."""

    def pad(_, x):
        sides = []
        for size, kernel, stride, dilation in zip(x[0].shape[2:], layer.kernel_size, layer.stride, layer.dilation):
            outputs = -(-size // stride)
            total = max((outputs - 1) * stride + dilation * (kernel - 1) + 1 - size, 0)
            sides = [total // 2, total - total // 2, *sides]
        return F.pad(x[0], sides, mode)

    layer.register_forward_pre_hook(pad)
    return layer


CASES = {
    "zeros": (nn.ZeroPad2d(2), (3, 4, 5)),
    "zeros_pair": (nn.ZeroPad2d((2, 2, 1, 1)), (5, 4, 3)),
    "zeros_sides": (nn.ZeroPad2d((0, 3, 1, 2)), (17, 4, 5)),
    "zeros_mixed": (nn.ZeroPad2d((0, 1, 2, 2)), (2, 3, 4)),
    "none": (nn.ZeroPad2d(0), (3, 4, 5)),
    "constant": (nn.ConstantPad2d(1, -1.5), (3, 4, 5)),
    "constant_sides": (nn.ConstantPad2d((3, 0, 0, 2), 0.25), (18, 3, 2)),
    "constant_zero": (nn.ConstantPad2d(1, 0.0), (2, 3, 2)),
    "reflect": (nn.ReflectionPad2d(2), (3, 4, 5)),
    "reflect_most": (nn.ReflectionPad2d((4, 4, 3, 3)), (17, 4, 5)),
    "reflect_sides": (nn.ReflectionPad2d((0, 3, 4, 1)), (16, 5, 4)),
    "replicate": (nn.ReplicationPad2d(2), (3, 4, 5)),
    "replicate_far": (nn.ReplicationPad2d((2, 9, 7, 0)), (20, 2, 3)),
    "replicate_pixel": (nn.ReplicationPad2d(3), (5, 1, 1)),
    "circular": (nn.CircularPad2d(2), (3, 4, 5)),
    "circular_most": (nn.CircularPad2d((4, 4, 3, 3)), (17, 3, 4)),
    "circular_sides": (nn.CircularPad2d((5, 1, 0, 4)), (33, 4, 5)),
    "wide": (nn.ReflectionPad2d((17, 3, 1, 0)), (1, 2, 40)),
    "steps": (time_first(nn.ZeroPad1d(2)), (6, 5)),
    "steps_sides": (time_first(nn.ZeroPad1d((3, 0))), (6, 17)),
    "steps_constant": (time_first(nn.ConstantPad1d((1, 2), 2.0)), (5, 3)),
    "steps_reflect": (time_first(nn.ReflectionPad1d((5, 2))), (6, 20)),
    "steps_replicate": (time_first(nn.ReplicationPad1d((6, 9))), (4, 1)),
    "steps_circular": (time_first(nn.CircularPad1d((4, 3))), (4, 33)),
    "vector": (nn.ZeroPad1d((3, 2)), (7,)),
    "vector_constant": (nn.ConstantPad1d(1, -3.0), (20,)),
    "vector_reflect": (nn.ReflectionPad1d((16, 4)), (17,)),
    "vector_replicate": (nn.ReplicationPad1d(5), (1,)),
    "vector_circular": (vector(nn.CircularPad1d((5, 16))), (16,)),
    "between_convolutions": (
        nn.Sequential(nn.Conv2d(3, 18, 3), nn.ReLU(), nn.ReflectionPad2d((2, 0, 1, 2)), nn.Conv2d(18, 5, 3, padding=1)),
        (3, 6, 5),
    ),
    "before_dense": (
        nn.Sequential(nn.Linear(9, 18), nn.Tanh(), vector(nn.CircularPad1d((0, 3))), nn.Linear(21, 4)),
        (9,),
    ),
    "before_recurrence": (nn.Sequential(time_first(nn.ReplicationPad1d((2, 0))), nn.Linear(3, 4)), (5, 3)),
    "behind_norm": (
        nn.Sequential(nn.Conv2d(16, 20, 1), nn.ReplicationPad2d(1), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(180, 3)),
        (16, 4, 4),
    ),
    "conv_sides": (around((0, 3, 1, 2), nn.Conv2d(3, 18, 3)), (3, 5, 6)),
    "conv_sides_strided": (around((4, 1, 0, 3), nn.Conv2d(17, 5, (3, 2), stride=(2, 3))), (17, 7, 6)),
    "conv_sides_dilated": (around((2, 5, 4, 1), nn.Conv2d(4, 20, 3, dilation=(2, 3))), (4, 5, 5)),
    "conv_one_side": (around((0, 0, 6, 0), nn.Conv2d(16, 16, (4, 1))), (16, 3, 4)),
    "conv_beyond_the_kernel": (around((4, 0, 0, 5), nn.Conv2d(5, 7, 2)), (5, 2, 3)),
    "conv_small_image": (around((6, 2, 3, 4), nn.Conv2d(3, 17, 7)), (3, 2, 1)),
    "conv_pooled": (nn.Sequential(around((0, 2, 2, 1), nn.Conv2d(3, 18, 3)), nn.ReLU(), nn.MaxPool2d(2)), (3, 6, 7)),
    "same_2_3": (same(nn.Conv2d(3, 6, 3, stride=2)), (3, 7, 8)),
    "same_2_4": (same(nn.Conv2d(17, 6, 4, stride=2)), (17, 8, 7)),
    "same_3_5": (same(nn.Conv2d(5, 6, 5, stride=3)), (5, 10, 9)),
    "same_3_2": (same(nn.Conv2d(4, 6, 2, stride=3)), (4, 7, 7)),
    "same_2_3_2": (same(nn.Conv2d(16, 6, 3, stride=2, dilation=2)), (16, 9, 6)),
    "same_5_3": (same(nn.Conv2d(2, 6, 3, stride=5)), (2, 11, 10)),
    "same_pair": (same(nn.Conv2d(3, 17, (5, 2), stride=(1, 2))), (3, 7, 9)),
    "same_small": (same(nn.Conv2d(4, 5, 7, stride=2)), (4, 2, 3)),
    "same_steps": (time_first(same(nn.Conv1d(5, 18, 4, stride=3))), (11, 5)),
    "steps_before": (time_first(around((4, 0), nn.Conv1d(3, 5, 3))), (7, 3)),
    "steps_behind": (time_first(around((0, 3), nn.Conv1d(17, 16, 3, stride=2))), (7, 17)),
    "causal": (time_first(around((2, 0), nn.Conv1d(3, 18, 3))), (8, 3)),
    "causal_dilated": (time_first(around((8, 0), nn.Conv1d(17, 4, 3, dilation=4))), (9, 17)),
    "causal_strided": (time_first(around((3, 0), nn.Conv1d(2, 5, 4, stride=2))), (9, 2)),
    "conv_reflect": (nn.Conv2d(3, 18, 3, padding=1, padding_mode="reflect"), (3, 5, 6)),
    "conv_reflect_pair": (nn.Conv2d(17, 5, (3, 5), padding=(4, 2), stride=2, padding_mode="reflect"), (17, 5, 4)),
    "conv_reflect_same": (
        nn.Conv2d(16, 20, 4, padding="same", dilation=(1, 2), bias=False, padding_mode="reflect"),
        (16, 6, 6),
    ),
    "steps_conv_reflect": (time_first(nn.Conv1d(5, 17, 3, padding=2, padding_mode="reflect")), (7, 5)),
    "conv_replicate": (nn.Conv2d(3, 18, 3, padding=1, padding_mode="replicate"), (3, 5, 6)),
    "conv_replicate_pair": (nn.Conv2d(17, 5, (3, 5), padding=(4, 2), stride=2, padding_mode="replicate"), (17, 5, 4)),
    "conv_replicate_same": (
        nn.Conv2d(16, 20, 4, padding="same", dilation=(1, 2), bias=False, padding_mode="replicate"),
        (16, 6, 6),
    ),
    "steps_conv_replicate": (time_first(nn.Conv1d(5, 17, 3, padding=2, padding_mode="replicate")), (7, 5)),
    "conv_circular": (nn.Conv2d(3, 18, 3, padding=1, padding_mode="circular"), (3, 5, 6)),
    "conv_circular_pair": (nn.Conv2d(17, 5, (3, 5), padding=(4, 2), stride=2, padding_mode="circular"), (17, 5, 4)),
    "conv_circular_same": (
        nn.Conv2d(16, 20, 4, padding="same", dilation=(1, 2), bias=False, padding_mode="circular"),
        (16, 6, 6),
    ),
    "steps_conv_circular": (time_first(nn.Conv1d(5, 17, 3, padding=2, padding_mode="circular")), (7, 5)),
    # PyTorch's layers take these modes with equal sides alone.
    "conv_reflect_sides": (around((0, 3, 2, 1), nn.Conv2d(3, 18, 3), "reflect"), (3, 5, 6)),
    "conv_replicate_sides": (around((4, 1, 0, 3), nn.Conv2d(17, 5, (3, 2), stride=(2, 3)), "replicate"), (17, 7, 6)),
    "conv_circular_sides": (around((2, 5, 4, 1), nn.Conv2d(4, 20, 3, dilation=(2, 3)), "circular"), (4, 5, 5)),
    "conv_reflect_groups": (nn.Conv2d(20, 20, 3, padding=1, groups=20, padding_mode="reflect"), (20, 5, 6)),
    "same_reflect": (same(nn.Conv2d(3, 6, 4, stride=2), "reflect"), (3, 7, 8)),
    "same_circular": (same(nn.Conv2d(17, 6, (3, 5), stride=(2, 1)), "circular"), (17, 8, 6)),
    "causal_replicate": (time_first(around((4, 0), nn.Conv1d(3, 18, 3, dilation=2), "replicate")), (7, 3)),
    "causal_reflect": (time_first(around((3, 0), nn.Conv1d(17, 5, 4), "reflect")), (7, 17)),
    "steps_conv_circular_before": (time_first(around((3, 0), nn.Conv1d(5, 6, 3, stride=2), "circular")), (7, 5)),
    "conv_modes_in_turn": (
        nn.Sequential(
            nn.Conv2d(2, 18, 3, padding=1, padding_mode="reflect"),
            nn.ReLU(),
            nn.Conv2d(18, 17, 3, padding=2, padding_mode="circular"),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(17, 3, 3, padding=1, padding_mode="replicate"),
        ),
        (2, 5, 5),
    ),
}


def main():
    write("padding", CASES)


if __name__ == "__main__":
    main()
