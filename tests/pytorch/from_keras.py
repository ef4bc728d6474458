#!/usr/bin/env python3
"""Turns a `.weights.h5` of Keras 3 into the safetensors of PyTorch's names and layouts, which kiln loads.

    python3 from_keras.py NET.weights.h5                                    lists the file's layers
    python3 from_keras.py NET.weights.h5 NET.safetensors KERAS=KILN ...     converts them under kiln's names

`dense=fc:4x4x32` says that `dense` reads an image of 4 x 4 pixels and 32 channels through a Flatten: Keras has the
channels last, kiln and PyTorch first. Dense, Conv1D, Conv2D, depthwise convolutions, Embedding,
BatchNormalization, LayerNormalization, SimpleRNN, LSTM, GRU (`reset_after=True`, the default) and Bidirectional are
known. A layer of another kind, or of no known shape, is an error.

Needs numpy, h5py and safetensors.
"""

import sys

import h5py
import numpy as np
from safetensors.numpy import save_file


def variables(group):
    """The numbers of one layer, in Keras' order."""
    held = group["vars"]
    return [np.array(held[str(index)], dtype=np.float32) for index in range(len(held))]


def layers(path):
    """The groups of a file that hold numbers, by their paths below `layers`."""
    found = {}

    def visit(name, item):
        if isinstance(item, h5py.Group) and name.endswith("/vars") and len(item):
            found[name.removeprefix("layers/").removesuffix("/vars")] = variables(item.parent)

    with h5py.File(path) as file:
        file.visititems(visit)
    return {name: held for name, held in found.items() if not name.startswith("optimizer")}


def dense(held, image):
    kernel, *bias = held
    if image:
        high, wide, channels = image
        kernel = kernel.reshape(high, wide, channels, -1).transpose(2, 0, 1, 3).reshape(kernel.shape)
    return {"weight": kernel.T} | ({"bias": bias[0]} if bias else {})


def convolution(held):
    kernel, *bias = held
    # [.., inputs, outputs] -> [outputs, inputs, ..]; a depthwise one has [.., channels, multiplier].
    kernel = np.moveaxis(kernel, [-1, -2], [0, 1])
    return {"weight": kernel} | ({"bias": bias[0]} if bias else {})


def depthwise(held):
    kernel, *bias = held
    *taps, channels, multiplier = kernel.shape
    kernel = np.moveaxis(kernel, [-2, -1], [0, 1]).reshape(channels * multiplier, 1, *taps)
    return {"weight": kernel} | ({"bias": bias[0]} if bias else {})


def batch_norm(held):
    weight, bias, mean, variance = held
    return {"weight": weight, "bias": bias, "running_mean": mean, "running_var": variance,
            "num_batches_tracked": np.array(0, dtype=np.int64)}


def recurrent(held, suffix):
    kernel, recurrent, *bias = held
    units = recurrent.shape[0]
    gates = kernel.shape[1] // units
    # Keras' GRU has z, r, h, PyTorch's r, z, n; the gates of an LSTM, i, f, g, o, are the same.
    order = [1, 0, 2] if gates == 3 else range(gates)

    def gated(values):
        return np.concatenate([np.split(values, gates, -1)[gate] for gate in order], -1)

    tensors = {f"weight_ih_l0{suffix}": gated(kernel).T, f"weight_hh_l0{suffix}": gated(recurrent).T}
    if bias:
        if gates == 3 and bias[0].ndim != 2:
            raise SystemExit("a GRU with reset_after=False has one bias: Gru(.., reset_after = false) is not converted")
        both = bias[0] if bias[0].ndim == 2 else np.stack([bias[0], np.zeros_like(bias[0])])
        tensors |= {f"bias_ih_l0{suffix}": gated(both[0]), f"bias_hh_l0{suffix}": gated(both[1])}
    return tensors


def convert(path, names):
    """The tensors of a file: `names` gives kiln's name for every layer of Keras, and maybe the image it flattens."""
    found = layers(path)
    tensors = {}
    for keras, (name, image) in names.items():
        parts = {key: held for key, held in found.items() if key.split("/")[0] == keras}
        if not parts:
            raise SystemExit(f"{path} has no layer `{keras}`; it has {', '.join(sorted({key.split('/')[0] for key in found}))}")
        for key, held in parts.items():
            shapes = [value.ndim for value in held]
            if "cell" in key.split("/"):
                converted = recurrent(held, "_reverse" if "backward_layer" in key else "")
            elif keras.startswith("depthwise"):
                converted = depthwise(held)
            elif shapes[0] > 2:
                converted = convolution(held)
            elif shapes == [1] * 4:
                converted = batch_norm(held)
            elif shapes == [1, 1]:
                converted = {"weight": held[0], "bias": held[1]}
            elif shapes == [2] and keras.startswith("embedding"):
                converted = {"weight": held[0]}
            elif shapes in ([2], [2, 1]):
                converted = dense(held, image)
            else:
                raise SystemExit(f"`{key}` holds {[value.shape for value in held]}, which is of no known layer")
            tensors |= {f"{name}.{part}": np.array(value, order="C") for part, value in converted.items()}
    left = sorted({key.split("/")[0] for key in found} - set(names))
    if left:
        raise SystemExit(f"no name for {', '.join(left)}")
    return tensors


def main():
    path, *rest = sys.argv[1:]
    if not rest:
        for key, held in layers(path).items():
            print(key, *[value.shape for value in held])
        return
    out, *pairs = rest
    names = {}
    for pair in pairs:
        keras, _, name = pair.partition("=")
        name, _, image = name.partition(":")
        names[keras] = (name, [int(size) for size in image.split("x")] if image else None)
    save_file(convert(path, names), out)


if __name__ == "__main__":
    main()
