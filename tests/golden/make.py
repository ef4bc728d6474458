"""Writes the golden files beside this script: what PyTorch computes, to hold kiln against.

    python tests/golden/make.py

Needs torch, numpy and safetensors. All is computed in float64, from numbers that float32 holds exactly, and stored as
float32, so that the files hold the true values as well as float32 can say them.

A file holds, as far as it applies:

    weights.NAME          parameters by their names in a state_dict
    inputs, targets       a batch; targets are numbers for the squared error, classes for the cross-entropy
    outputs, loss         of the batch
    gradients.NAME        of the loss by the parameters
    gradients.input       of the loss by the inputs
    OPTIMIZER.losses      the loss before each of ten steps
    OPTIMIZER.NAME        parameters after them

The full-size networks' weights and inputs are not stored but given by a formula (`numbers` and `fill_parameters` below),
and of large gradients every n-th number is stored (`thinned`).
"""

import pathlib

import numpy as np
import torch
from safetensors.numpy import save_file
from torch import nn
from torch.nn import functional as F

HERE = pathlib.Path(__file__).parent
STEPS = 10
INPUT_STREAM = 1000
TARGET_STREAM = 1001


def numbers(stream, shape):
    """Numbers from -1 to 1: SplitMix64 whose state is a multiple of the stream, its upper 24 bits as a fraction."""
    count = int(np.prod(shape))
    with np.errstate(over="ignore"):
        x = np.uint64(stream << 32) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        x = x ^ (x >> np.uint64(31))
    unit = (x >> np.uint64(40)).astype(np.float64) / 2**23 - 1
    return torch.from_numpy(unit).reshape(shape)


def fill_parameters(module):
    """Parameter number i gets the numbers of stream i, scaled by the power of two near 1 / sqrt(fan_in)."""
    with torch.no_grad():
        for index, parameter in enumerate(module.parameters()):
            fan_in = int(np.prod(parameter.shape[1:]))
            parameter.copy_(numbers(index, parameter.shape) * 2.0 ** -(fan_in.bit_length() // 2))


def thinned(tensor):
    """At most about 512 numbers of a tensor, an odd number of places apart."""
    flat = tensor.detach().flatten()
    return flat if flat.numel() <= 512 else flat[:: -(-flat.numel() // 512) | 1]


def save(name, tensors):
    """Numbers as float32, classes as they are."""
    arrays = {key: value.detach().contiguous().numpy() for key, value in tensors.items()}
    arrays = {key: array.astype(np.float32) if array.dtype == np.float64 else array for key, array in arrays.items()}
    save_file(arrays, HERE / f"{name}.safetensors")


class Sequence(nn.Module):
    """The hidden states of an LSTM, without its final state."""

    def __init__(self, *sizes, **arguments):
        super().__init__()
        self.lstm = nn.LSTM(*sizes, batch_first=True, **arguments)

    def forward(self, x):
        return self.lstm(x)[0]


# Name: the layer and the shape of its input.
LAYERS = {
    "dense": (nn.Linear(7, 19), (7,)),
    "dense_no_bias": (nn.Linear(33, 5, bias=False), (33,)),
    "dense_sequence": (nn.Linear(5, 18), (3, 5)),
    "conv2d": (nn.Conv2d(3, 18, 3), (3, 6, 7)),
    "conv2d_stride": (nn.Conv2d(2, 5, (3, 2), stride=(2, 3)), (2, 9, 8)),
    "conv2d_padding": (nn.Conv2d(17, 4, 3, padding=(1, 2)), (17, 4, 5)),
    "conv2d_dilation": (nn.Conv2d(1, 3, (2, 3), dilation=(3, 2), padding=2), (1, 8, 7)),
    "conv2d_same": (nn.Conv2d(3, 7, (4, 3), padding="same"), (3, 5, 6)),
    "conv2d_no_bias": (nn.Conv2d(5, 33, 1, bias=False), (5, 3, 4)),
    "max_pool2d": (nn.MaxPool2d(2), (3, 6, 5)),
    "max_pool2d_padding": (nn.MaxPool2d(3, stride=2, padding=1), (17, 7, 6)),
    "max_pool2d_overlap": (nn.MaxPool2d((3, 2), stride=1), (2, 5, 4)),
    "lstm": (Sequence(5, 9), (4, 5)),
    "lstm_layers": (Sequence(6, 17, num_layers=2), (5, 6)),
    "lstm_no_bias": (Sequence(3, 4, bias=False), (6, 3)),
    "relu": (nn.ReLU(), (2, 3, 5)),
    "sigmoid": (nn.Sigmoid(), (2, 3, 5)),
    "tanh": (nn.Tanh(), (17,)),
    "softmax": (nn.Softmax(dim=-1), (19,)),
    "log_softmax": (nn.LogSoftmax(dim=-1), (3, 5)),
}


def layer(name, module, shape, batch=3):
    """A layer under the name `layer`, judged by the squared error."""
    module = module.double()
    fill_parameters(module)
    inputs = numbers(INPUT_STREAM, (batch, *shape)).requires_grad_()
    outputs = module(inputs)
    targets = numbers(TARGET_STREAM, outputs.shape)
    loss = F.mse_loss(outputs, targets)
    loss.backward()
    tensors = {"inputs": inputs, "targets": targets, "outputs": outputs, "loss": loss, "gradients.input": inputs.grad}
    for key, parameter in module.named_parameters():
        key = f"layer.{key.removeprefix('lstm.')}"
        tensors[f"weights.{key}"] = parameter
        tensors[f"gradients.{key}"] = thinned(parameter.grad)
    save(name, tensors)


OPTIMIZERS = {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.1),
    "sgd_momentum": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9),
    "sgd_nesterov": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True),
    "sgd_weight_decay": lambda p: torch.optim.SGD(p, lr=0.1, weight_decay=0.01),
    "adam": lambda p: torch.optim.Adam(p),
    "adam_weight_decay": lambda p: torch.optim.Adam(p, lr=0.01, weight_decay=0.01),
}


def training(name, loss_of, targets, batch=5):
    """Ten steps of every optimizer on a small network and one batch."""
    inputs = numbers(INPUT_STREAM, (batch, 6))
    tensors = {"inputs": inputs, "targets": targets}
    for optimizer_name, make in OPTIMIZERS.items():
        net = nn.Sequential(nn.Linear(6, 21), nn.Tanh(), nn.Linear(21, 4)).double()
        fill_parameters(net)
        tensors |= {f"weights.{key}": value.clone() for key, value in net.state_dict().items()}
        optimizer, losses = make(net.parameters()), []
        for _ in range(STEPS):
            optimizer.zero_grad()
            loss = loss_of(net(inputs), targets)
            loss.backward()
            optimizer.step()
            losses.append(loss.detach())
        tensors[f"{optimizer_name}.losses"] = torch.stack(losses)
        tensors |= {f"{optimizer_name}.{key}": value for key, value in net.state_dict().items()}
    save(name, tensors)


class Mnist(nn.Module):
    """Keras' quickstart classifier."""

    shape = (1, 28, 28)

    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(784, 128)
        self.logits = nn.Linear(128, 10)

    def forward(self, image):
        return self.logits(F.relu(self.hidden(image.flatten(1))))


class MnistCnn(nn.Module):
    """Keras' convolutional classifier."""

    shape = (1, 28, 28)

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, 3)
        self.conv2 = nn.Conv2d(32, 64, 3)
        self.logits = nn.Linear(1600, 10)

    def forward(self, image):
        x = F.max_pool2d(F.relu(self.conv1(image)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        return self.logits(x.flatten(1))


class RowLstm(nn.Module):
    """PyTorch's two levels of LSTM over the rows of an image."""

    shape = (28, 28)

    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(28, 128, num_layers=2, batch_first=True)
        self.fc = nn.Linear(128, 10)

    def forward(self, rows):
        return self.fc(self.lstm(rows)[0][:, -1])


def network(name, module, batch):
    """A full-size network whose weights and inputs are the formula's; without dropout."""
    module = module.double()
    fill_parameters(module)
    outputs = module(numbers(INPUT_STREAM, (batch, *module.shape)))
    targets = torch.arange(batch) * 3 % 10
    loss = F.cross_entropy(outputs, targets)
    loss.backward()
    tensors = {"targets": targets, "outputs": outputs, "loss": loss}
    tensors |= {f"gradients.{key}": thinned(value.grad) for key, value in module.named_parameters()}
    save(name, tensors)


def main():
    for name, (module, shape) in LAYERS.items():
        layer(name, module, shape)
    training("train_mse", F.mse_loss, numbers(TARGET_STREAM, (5, 4)))
    training("train_cross_entropy", F.cross_entropy, torch.tensor([2, 0, 3, 3, 1]))
    network("mnist", Mnist(), batch=5)
    network("mnist_cnn", MnistCnn(), batch=2)
    network("row_lstm", RowLstm(), batch=2)


if __name__ == "__main__":
    main()
