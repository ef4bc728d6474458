"""Writes the golden files in `data`, beside this script: what PyTorch computes, to hold kiln against.

    python tests/golden/make.py

Needs torch, torchvision, numpy and safetensors. All is computed in float64, from numbers that float32 holds exactly, and stored as
float32, so that the files hold the true values as well as float32 can say them.

A file holds, as far as it applies:

    weights.NAME          parameters by their names in a state_dict
    inputs, targets       a batch; targets are numbers for the squared error, classes for the cross-entropy
    inputs.NAME           a batch of the input of that name
    targets.N             of output N, where there are several
    outputs, loss         of the batch; a sample's outputs one after another, and the loss without penalties
    gradients.NAME        of the loss, penalties included, by the parameters and inputs
    after.NAME            parameters and statistics after three steps on the batch, the inputs growing
    after.outputs         outputs in inference after them
    OPTIMIZER.losses      the loss before each of twenty steps, without penalties
    OPTIMIZER.NAME        parameters after them

The full-size networks' weights and inputs are not stored but given by a formula (`numbers` and `fill_parameters` below),
and of large gradients every n-th number is stored (`thinned`).
"""

import importlib
import pathlib
import re

import distributions
import each_gradient
import initialisers
import losses
import noise
import numpy as np
import torch
import torchvision
from safetensors.numpy import save_file
from torch import nn
from torch.nn import functional as F

HERE = pathlib.Path(__file__).parent
STEPS = 20
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
    save_file(arrays, HERE / "data" / f"{name}.safetensors")


class Sequence(nn.Module):
    """The hidden states of an LSTM, without its final state."""

    def __init__(self, *sizes, **arguments):
        super().__init__()
        self.lstm = nn.LSTM(*sizes, batch_first=True, **arguments)

    def forward(self, x):
        return self.lstm(x)[0]


class Apply(nn.Module):
    """A function of tensors that learns nothing."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


def penalised(module, l1, l2):
    """A module whose weights, and not its biases, cost l1 |w| + l2 w^2, as Keras' regularizers."""
    module.penalty = lambda: sum(
        l1 * p.abs().sum() + l2 * p.square().sum() for name, p in module.named_parameters() if "weight" in name
    )
    return module


# Name: the layer and the shape of its input.
LAYERS = {
    "dense": (nn.Linear(7, 19), (7,)),
    "dense_no_bias": (nn.Linear(33, 5, bias=False), (33,)),
    "dense_sequence": (nn.Linear(5, 18), (3, 5)),
    "dense_relu": (nn.Sequential(nn.Linear(18, 21), nn.ReLU()), (18,)),
    "dense_sigmoid": (nn.Sequential(nn.Linear(5, 17), nn.Sigmoid()), (5,)),
    "dense_tanh": (nn.Sequential(nn.Linear(4, 5), nn.Tanh()), (3, 4)),
    "dense_penalties": (penalised(nn.Linear(17, 6), 0.03125, 0.0625), (17,)),
    "conv2d": (nn.Conv2d(3, 18, 3), (3, 6, 7)),
    "conv2d_stride": (nn.Conv2d(2, 5, (3, 2), stride=(2, 3)), (2, 9, 8)),
    "conv2d_padding": (nn.Conv2d(17, 4, 3, padding=(1, 2)), (17, 4, 5)),
    "conv2d_dilation": (nn.Conv2d(1, 3, (2, 3), dilation=(3, 2), padding=2), (1, 8, 7)),
    "conv2d_all": (nn.Conv2d(4, 6, (3, 2), stride=(2, 1), padding=(2, 1), dilation=(2, 2)), (4, 9, 7)),
    "conv2d_same": (nn.Conv2d(3, 7, (4, 3), padding="same"), (3, 5, 6)),
    "conv2d_no_bias": (nn.Conv2d(5, 33, 1, bias=False), (5, 3, 4)),
    "conv2d_valid": (nn.Conv2d(2, 3, (2, 5), padding="valid"), (2, 5, 6)),
    "conv2d_penalties": (penalised(nn.Conv2d(2, 3, 3), 0.0625, 0.03125), (2, 4, 5)),
    "conv2d_tanh": (nn.Sequential(nn.Conv2d(1, 17, 3), nn.Tanh()), (1, 5, 6)),
    "conv2d_pool": (nn.Sequential(nn.Conv2d(3, 18, 3), nn.ReLU(), nn.MaxPool2d(2)), (3, 7, 8)),
    "max_pool2d": (nn.MaxPool2d(2), (3, 6, 5)),
    "max_pool2d_padding": (nn.MaxPool2d(3, stride=2, padding=1), (17, 7, 6)),
    "max_pool2d_overlap": (nn.MaxPool2d((3, 2), stride=1), (2, 5, 4)),
    "avg_pool2d": (nn.AvgPool2d(2), (3, 6, 5)),
    "avg_pool2d_padding": (nn.AvgPool2d(3, stride=2, padding=1), (17, 7, 6)),
    "avg_pool2d_no_pad": (nn.AvgPool2d((3, 2), stride=(2, 1), padding=(1, 1), count_include_pad=False), (2, 5, 4)),
    "avg_pool2d_ceil": (nn.AvgPool2d(3, stride=2, padding=1, ceil_mode=True), (18, 6, 8)),
    "avg_pool2d_ceil_no_pad": (nn.AvgPool2d(2, stride=3, ceil_mode=True, count_include_pad=False), (4, 7, 9)),
    "adaptive_avg_pool2d": (nn.AdaptiveAvgPool2d((2, 3)), (5, 6, 9)),
    "global_avg_pool": (Apply(lambda x: x.mean((-2, -1))), (19, 7, 5)),
    "lstm": (Sequence(5, 9), (4, 5)),
    "lstm_layers": (Sequence(6, 17, num_layers=2), (5, 6)),
    "lstm_no_bias": (Sequence(3, 4, bias=False), (6, 3)),
    "lstm_penalties": (penalised(Sequence(4, 5), 0.03125, 0.0625), (3, 4)),
    "lstm_last": (nn.Sequential(Sequence(5, 6), Apply(lambda y: y[:, -1])), (4, 5)),
    "last": (Apply(lambda x: x[:, -1]), (4, 18)),
    "flatten": (nn.Flatten(), (2, 3, 5)),
    "reshape": (Apply(lambda x: x.reshape(-1, 5, 6)), (2, 3, 5)),
    "slice": (Apply(lambda x: x[:, 1:4]), (5, 4)),
    "slice_axis": (Apply(lambda x: x[:, :, :, 2:17]), (2, 5, 18)),
    "dropout": (nn.Dropout(0), (2, 9)),
    "factor": (Apply(lambda x: x * -0.75), (2, 3, 5)),
    "relu": (nn.ReLU(), (2, 3, 5)),
    "sigmoid": (nn.Sigmoid(), (2, 3, 5)),
    "tanh": (nn.Tanh(), (17,)),
    "softmax": (nn.Softmax(dim=-1), (19,)),
    "softmax_rows": (nn.Softmax(dim=-1), (3, 5)),
    "log_softmax": (nn.LogSoftmax(dim=-1), (3, 5)),
    "log_softmax_vector": (nn.LogSoftmax(dim=-1), (19,)),
}


def layer(name, module, shape, batch=3):
    """A layer under the name `layer`, judged by the squared error."""
    module = module.double()
    fill_parameters(module)
    inputs = numbers(INPUT_STREAM, (batch, *shape)).requires_grad_()
    outputs = module(inputs)
    targets = numbers(TARGET_STREAM, outputs.shape)
    loss = F.mse_loss(outputs, targets)
    parameters = {f"layer.{re.sub(r'^(0[.])?(lstm[.])?', '', key)}": p for key, p in module.named_parameters()}
    tensors = judged({"input": inputs}, parameters, outputs, loss, getattr(module, "penalty", float)())
    save(name, tensors | {"targets": targets})


class ChannelsLast(nn.Module):
    """A norm over the last axis of sequences, where PyTorch has channels second."""

    def __init__(self, norm):
        super().__init__()
        self.norm = norm

    def forward(self, x):
        return self.norm(x.transpose(1, 2)).transpose(1, 2)


# Name: the norm and what stands around it, and the shape of its input.
NORMS = {
    "batch_norm": (nn.BatchNorm1d(19), (19,)),
    "batch_norm_steps": (ChannelsLast(nn.BatchNorm1d(5)), (4, 5)),
    "batch_norm_image": (nn.BatchNorm2d(18), (18, 4, 5)),
    "batch_norm_fixed": (nn.BatchNorm2d(3, affine=False), (3, 5, 2)),
    "batch_norm_momentum": (nn.BatchNorm2d(2, momentum=0.375, eps=0.0625), (2, 3, 9)),
    "batch_norm_relu": (nn.Sequential(nn.BatchNorm2d(17), nn.ReLU()), (17, 3, 3)),
    "batch_norm_sigmoid": (nn.Sequential(nn.BatchNorm1d(7), nn.Sigmoid()), (7,)),
    "batch_norm_features_all": (
        nn.Sequential(nn.BatchNorm1d(21, momentum=0.25, eps=0.125, affine=False), nn.Sigmoid()),
        (21,),
    ),
    "batch_norm_steps_all": (ChannelsLast(nn.BatchNorm1d(18, momentum=0.75, eps=0.25)), (7, 18)),
    "batch_norm_steps_fixed": (nn.Sequential(ChannelsLast(nn.BatchNorm1d(33, affine=False)), nn.ReLU()), (3, 33)),
    "instance_norm": (nn.InstanceNorm2d(18, track_running_stats=True), (18, 4, 5)),
    "instance_norm_all": (
        nn.Sequential(
            nn.InstanceNorm2d(5, eps=0.0625, momentum=0.375, affine=True, track_running_stats=True), nn.Sigmoid()
        ),
        (5, 3, 4),
    ),
    "instance_norm_steps": (
        nn.Sequential(ChannelsLast(nn.InstanceNorm1d(17, affine=True, track_running_stats=True)), nn.ReLU()),
        (6, 17),
    ),
    "batch_norm_far": (nn.Sequential(nn.BatchNorm2d(4), nn.Tanh()), (4, 6, 6)),
}


def norm(name, module, shape, batch=3):
    """A norm in training and in inference, its statistics moving on through three steps of gradient descent."""
    module = module.double()
    with torch.no_grad():
        for index, parameter in enumerate(module.parameters()):
            parameter.copy_(numbers(index, parameter.shape) + 0.25)
        for key, statistic in module.named_buffers():
            if "running" in key:
                statistic.copy_(numbers(100 + len(key), statistic.shape) / 2 + 1)
    inputs = numbers(INPUT_STREAM, (batch, *shape))
    if name.endswith("_far"):
        # Single precision holds what is left of them: a thousand deviations from zero.
        inputs = (inputs / 2 + 500).to(torch.float32).double()
    inputs.requires_grad_()
    plain = lambda key: f"layer.{re.sub(r'^(0[.])?(norm[.])?', '', key)}"
    state = lambda: {plain(key): value.clone().double() for key, value in module.state_dict().items()}
    before = state()
    with torch.no_grad():
        outputs = module.eval()(inputs)
    module.train()
    targets = numbers(TARGET_STREAM, outputs.shape)
    loss = F.mse_loss(module(inputs), targets)
    loss.backward()
    tensors = {"inputs.input": inputs, "gradients.input": inputs.grad, "targets": targets, "outputs": outputs, "loss": loss}
    tensors |= {f"gradients.{plain(key)}": p.grad.clone() for key, p in module.named_parameters()}
    tensors |= {f"weights.{key}": value for key, value in before.items()}
    # From the beginning again: the loss above has moved the statistics.
    module.load_state_dict({key: before[plain(key)].to(value.dtype) for key, value in module.state_dict().items()})
    parameters = list(module.parameters())
    optimizer = torch.optim.SGD(parameters or [torch.zeros(1)], lr=0.125)
    for step in range(3):
        optimizer.zero_grad()
        F.mse_loss(module(inputs.detach() * (1 + step)), targets).backward() if parameters else module(inputs * (1 + step))
        optimizer.step()
    tensors |= {f"after.{key}": value for key, value in state().items()}
    # PyTorch counts the batches of no instance norm.
    tensors |= {f"after.{key}": value + 3 for key, value in before.items() if key.endswith("tracked")}
    with torch.no_grad():
        tensors["after.outputs"] = module.eval()(inputs)
    save(name, tensors)


def judged(inputs, parameters, outputs, loss, penalty=0.0):
    """What a file says of a batch, whose gradients are taken here."""
    (loss + penalty).backward()
    tensors = {"outputs": outputs, "loss": loss}
    for key, value in inputs.items():
        tensors |= {f"inputs.{key}": value, f"gradients.{key}": value.grad}
    for key, value in parameters.items():
        tensors |= {f"weights.{key}": value, f"gradients.{key}": thinned(value.grad)}
    return tensors


class Siamese(nn.Module):
    """One embedding of two inputs, compared."""

    inputs = {"left": (7,), "right": (7,)}

    def __init__(self):
        super().__init__()
        self.embed = penalised(nn.Linear(7, 19), 0.03125, 0.0625)
        self.decide = nn.Linear(38, 3)

    def forward(self, left, right):
        a, b = torch.tanh(self.embed(left)), F.relu(self.embed(right))
        return a + b, self.decide(torch.cat([a * b, a - b], dim=1))

    def penalty(self):
        return self.embed.penalty()


class Images(nn.Module):
    """Joined channels, a convolution applied twice, a part of the image."""

    inputs = {"image": (3, 6, 5), "mask": (2, 6, 5)}

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(5, 6, 1)
        self.conv = nn.Conv2d(6, 6, 3, padding=1)
        self.head = nn.Linear(72, 4)

    def forward(self, image, mask):
        joined = self.stem(torch.cat([image, mask], dim=1))
        h = F.relu(self.conv(joined))
        again = self.conv(h) + h * joined
        return (self.head(again[:, :, 1:5, 2:5].flatten(1)),)


class Sequences(nn.Module):
    """An LSTM applied twice, features joined step by step, and two steps compared."""

    inputs = {"a": (4, 6), "b": (4, 3)}

    def __init__(self):
        super().__init__()
        self.lstm = Sequence(6, 6)
        self.each = nn.Linear(9, 9)
        self.head = nn.Linear(9, 5)

    def forward(self, a, b):
        again = self.lstm(torch.sigmoid(self.lstm(a)))
        both = torch.cat([again, b], dim=2)
        late = both[:, 1:3]
        return self.head(both[:, -1] - late[:, -1]), F.log_softmax(self.each(both), dim=-1)


class UnlikeImages(nn.Module):
    """A convolution called on the input, before a pool, and on a smaller image."""

    inputs = {"image": (5, 6, 5)}

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(5, 5, 3, padding=1)
        self.head = nn.Linear(180, 3)

    def forward(self, image):
        h = torch.tanh(self.conv(image))
        again = self.conv(F.max_pool2d(F.relu(self.conv(h)), 2))
        return (self.head(torch.cat([h.flatten(1), again.flatten(1)], dim=1)),)


class UnlikeSequences(nn.Module):
    """An LSTM called on sequences of two lengths."""

    inputs = {"steps": (7, 5)}

    def __init__(self):
        super().__init__()
        self.lstm = Sequence(5, 5)
        self.head = nn.Linear(5, 3)

    def forward(self, steps):
        h = self.lstm(steps)
        return (self.head(h[:, -1] + self.lstm(h[:, :4])[:, -1]),)


def classes(*shape, of):
    """Classes that follow no order."""
    return (torch.arange(int(np.prod(shape))) * 5 % 7 % of).reshape(shape)


def dataflow(name, module, targets):
    """A model of several inputs and outputs: the sum of its outputs' losses, that of classes being the cross-entropy."""
    module = module.double()
    fill_parameters(module)
    inputs = {
        key: numbers(INPUT_STREAM + index, (3, *shape)).requires_grad_()
        for index, (key, shape) in enumerate(module.inputs.items())
    }
    outputs = module(*inputs.values())
    loss = sum(
        F.mse_loss(y, t) if t.is_floating_point() else F.cross_entropy(y.movedim(-1, 1), t)
        for y, t in zip(outputs, targets)
    )
    parameters = {key.replace("lstm.lstm.", "lstm."): value for key, value in module.named_parameters()}
    together = torch.cat([y.flatten(1) for y in outputs], dim=1)
    tensors = judged(inputs, parameters, together, loss, getattr(module, "penalty", float)())
    save(name, tensors | {f"targets.{index}": target for index, target in enumerate(targets)})


OPTIMIZERS = {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.1),
    "sgd_momentum": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9),
    "sgd_nesterov": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True),
    "sgd_dampening": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, dampening=0.25),
    "sgd_all": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01),
    "sgd_weight_decay": lambda p: torch.optim.SGD(p, lr=0.1, weight_decay=0.01),
    "adam": lambda p: torch.optim.Adam(p),
    "adam_weight_decay": lambda p: torch.optim.Adam(p, lr=0.01, weight_decay=0.01),
    "adam_all": lambda p: torch.optim.Adam(p, lr=0.01, betas=(0.75, 0.875), eps=1e-3, weight_decay=0.01),
}

# For one of the losses.
MORE_OPTIMIZERS = {
    "sgd_penalties": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9),
    "adam_penalties": lambda p: torch.optim.Adam(p),
    "adamw": lambda p: torch.optim.AdamW(p),
    "adamw_all": lambda p: torch.optim.AdamW(p, lr=0.01, betas=(0.75, 0.875), eps=1e-3, weight_decay=0.1),
}


def training(name, optimizers, loss_of, targets, batch=5):
    """Twenty steps of every optimizer on a small network and one batch."""
    inputs = numbers(INPUT_STREAM, (batch, 6))
    tensors = {"inputs": inputs, "targets": targets}
    for optimizer_name, make in optimizers.items():
        net = nn.Sequential(nn.Linear(6, 21), nn.Tanh(), nn.Linear(21, 4)).double()
        fill_parameters(net)
        penalty = penalised(net[0], 0.03125, 0.0625).penalty if optimizer_name.endswith("_penalties") else float
        tensors |= {f"weights.{key}": value.clone() for key, value in net.state_dict().items()}
        optimizer, losses = make(net.parameters()), []
        for _ in range(STEPS):
            optimizer.zero_grad()
            loss = loss_of(net(inputs), targets)
            (loss + penalty()).backward()
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


def torchvision_network(name, module, side):
    """torchvision's network on a small image, its weights and statistics the formula's; with all its names."""
    module = module.double().eval()
    fill_parameters(module)
    with torch.no_grad():
        followed = [buffer for key, buffer in module.named_buffers() if "running" in key]
        for index, statistic in enumerate(followed):
            # Means about 0, variances about 1.
            statistic.copy_(numbers(500 + index, statistic.shape) / 2 + index % 2)
        outputs = module(numbers(INPUT_STREAM, (1, 3, side, side)))
    names = "\n".join(module.state_dict()).encode()
    save(name, {"outputs": outputs, "names": torch.frombuffer(bytearray(names), dtype=torch.uint8)})


# Families of layers, whose modules have their tables.
FAMILIES = [
    "activations",
    "arithmetic",
    "conv1d",
    "conv_transpose",
    "groups",
    "lengths",
    "moves",
    "norms",
    "padding",
    "pools",
    "recurrent",
    "reductions",
    "shapes",
    "states",
    "tokens",
    "upsample",
]


def main():
    import limits  # They need what stands above.
    import steps

    for name, (module, shape) in LAYERS.items():
        layer(name, module, shape)
    for name, (module, shape) in NORMS.items():
        norm(name, module, shape)
    dataflow("siamese", Siamese(), [numbers(TARGET_STREAM, (3, 19)), classes(3, of=3)])
    dataflow("images", Images(), [classes(3, of=4)])
    dataflow("unlike_images", UnlikeImages(), [classes(3, of=3)])
    dataflow("unlike_sequences", UnlikeSequences(), [classes(3, of=3)])
    dataflow("sequences", Sequences(), [numbers(TARGET_STREAM, (3, 5)), classes(3, 4, of=9)])
    training("train_mse", OPTIMIZERS | MORE_OPTIMIZERS, F.mse_loss, numbers(TARGET_STREAM, (5, 4)))
    training("train_cross_entropy", OPTIMIZERS, F.cross_entropy, torch.tensor([2, 0, 3, 3, 1]))
    network("mnist", Mnist(), batch=5)
    network("mnist_cnn", MnistCnn(), batch=2)
    network("row_lstm", RowLstm(), batch=2)
    torchvision_network("resnet18", torchvision.models.resnet18(), 64)
    torchvision_network("mobilenet", torchvision.models.mobilenet_v2(), 96)
    losses.write(numbers, fill_parameters, save)
    steps.write()
    limits.write()
    distributions.make(numbers, save)
    each_gradient.write(numbers, save)
    noise.make(numbers, save)
    initialisers.write()
    for family in FAMILIES:
        importlib.import_module(family).main()


if __name__ == "__main__":
    main()
