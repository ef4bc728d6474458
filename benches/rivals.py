"""The networks of `networks` in PyTorch and ONNX Runtime, on one thread; and those of `sweep`, of which it makes calls.

Needs torch, torchvision, onnx and onnxruntime. Prints the median of seven repetitions: microseconds of an answer (or of a batch of 64), and
samples per second of training with Adam and cross-entropy. Run it right after `cargo bench`, with the machine idle.
"""

import io
import time
import warnings

import onnxruntime
import torch
import torchvision
from torch import nn

REPETITIONS = 7


class RowLstm(nn.Module):
    """Two levels of LSTM; the last step decides."""

    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(28, 128, 2, batch_first=True)
        self.fc = nn.Linear(128, 10)

    def forward(self, rows):
        return self.fc(self.lstm(rows)[0][:, -1])


class BothGru(nn.Module):
    """Two levels of GRU in both directions; the last step decides."""

    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(64, 128, 2, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(256, 10)

    def forward(self, frames):
        return self.fc(self.gru(frames)[0][:, -1])


def mnist():
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Dropout(0.2), nn.Linear(128, 10))


def mnist_cnn():
    first = [nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2)]
    second = [nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(*first, *second, nn.Flatten(), nn.Dropout(0.5), nn.Linear(1600, 10))


class Basic(nn.Module):
    """Two convolutions around which the input passes, through a projection where the size changes."""

    def __init__(self, inputs, channels):
        super().__init__()
        stride = 1 if inputs == channels else 2
        self.conv1 = nn.Conv2d(inputs, channels, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        projection = nn.Sequential(nn.Conv2d(inputs, channels, 1, stride, bias=False), nn.BatchNorm2d(channels))
        self.downsample = nn.Identity() if stride == 1 else projection

    def forward(self, x):
        h = torch.relu(self.bn1(self.conv1(x)))
        return torch.relu(self.bn2(self.conv2(h)) + self.downsample(x))


def resnet20():
    stem = [nn.Conv2d(1, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16), nn.ReLU()]
    sizes = [(16, 16)] * 3 + [(16, 32)] + [(32, 32)] * 2 + [(32, 64)] + [(64, 64)] * 2
    blocks = [Basic(*size) for size in sizes]
    return nn.Sequential(*stem, *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


def small_mobilenet():
    """The digits' network of examples/mobilenet."""
    unit = torchvision.ops.Conv2dNormActivation
    block = torchvision.models.mobilenetv2.InvertedResidual
    sizes = [(16, 24, 2), (24, 24, 1), (24, 32, 2), (32, 32, 1)]
    separable = [unit(16, 16, 3, groups=16, activation_layer=nn.ReLU6), nn.Conv2d(16, 16, 1, bias=False), nn.BatchNorm2d(16)]
    features = [unit(1, 16, 3, 2, activation_layer=nn.ReLU6), *separable]
    features += [block(inputs, channels, stride, 6) for inputs, channels, stride in sizes]
    features.append(unit(32, 128, 1, activation_layer=nn.ReLU6))
    return nn.Sequential(*features, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.2), nn.Linear(128, 10))


def seconds(call, times):
    """Median over the repetitions of the time of one call."""
    for _ in range(max(times // 20, 3)):
        call()
    spent = []
    for _ in range(REPETITIONS):
        start = time.perf_counter()
        for _ in range(times):
            call()
        spent.append((time.perf_counter() - start) / times)
    return sorted(spent)[REPETITIONS // 2]


def onnx_runtime(network, example, threads=1):
    """A call of the network in ONNX Runtime, its input and output bound."""
    file = io.BytesIO()
    torch.onnx.export(network, (example,), file, input_names=["x"], output_names=["y"], dynamo=False)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(file.getvalue(), options, providers=["CPUExecutionProvider"])
    binding = session.io_binding()
    binding.bind_cpu_input("x", example.numpy())
    binding.bind_output("y")
    return lambda: session.run_with_iobinding(binding)


class Residual(nn.Module):
    """The body's result and its input, added."""

    def __init__(self, body):
        super().__init__()
        self.body = body

    def forward(self, x):
        return torch.relu(self.body(x) + x)


class Lstm(nn.Module):
    """The hidden states of the last level."""

    def __init__(self, inputs, hidden, levels):
        super().__init__()
        self.lstm = nn.LSTM(inputs, hidden, levels, batch_first=True)

    def forward(self, x):
        return self.lstm(x)[0]


class Last(nn.Module):
    """The last step along an axis."""

    def __init__(self, axis):
        super().__init__()
        self.axis = axis

    def forward(self, x):
        return x.select(self.axis, -1)


class ChannelNorm(nn.Module):
    """Each step of `[channels, steps]` normalised."""

    def __init__(self, channels):
        super().__init__()
        self.norm = nn.LayerNorm(channels)

    def forward(self, x):
        return self.norm(x.transpose(1, 2)).transpose(1, 2)


ACTIVATIONS = {
    "relu": nn.ReLU, "relu6": nn.ReLU6, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid, "silu": nn.SiLU, "gelu": nn.GELU
}


def convolves(layers):
    """Whether layers are convolutions over steps: PyTorch has channels before them."""
    return any(layer[0] == "conv1d" for layer in layers)


def input_shape(description):
    """The shape of a sample as PyTorch takes it."""
    shape = tuple(description["input"])
    return shape[::-1] if convolves(description["layers"]) else shape


def described(layers, shape):
    """The layers of a description of `sweep` over samples of a shape, as a network and the shape of its answer."""
    network = nn.Sequential()
    for kind, *sizes in layers:
        match kind:
            case "dense":
                layer = nn.Linear(shape[-1], sizes[0])
            case "relu" | "relu6" | "tanh" | "sigmoid" | "silu" | "gelu":
                layer = ACTIVATIONS[kind]()
            case "conv" | "conv1d" | "conv_transpose":
                channels, kernel, stride, padding, groups, bias = sizes
                layer = {"conv": nn.Conv2d, "conv1d": nn.Conv1d, "conv_transpose": nn.ConvTranspose2d}[kind]
                layer = layer(shape[0], channels, kernel, stride, padding, groups=groups, bias=bias)
            case "norm":
                layer = nn.BatchNorm2d(shape[0]) if len(shape) == 3 else nn.BatchNorm1d(shape[0])
            case "group_norm":
                layer = nn.GroupNorm(sizes[0], shape[0])
            case "layer_norm":
                layer = ChannelNorm(shape[0]) if convolves(layers) else nn.LayerNorm(shape[-1])
            case "max_pool":
                layer = nn.MaxPool2d(sizes[0])
            case "avg_pool":
                layer = nn.AvgPool2d(sizes[0])
            case "upsample":
                layer = nn.Upsample(scale_factor=2, mode="bilinear")
            case "average":
                layer = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
            case "flatten":
                layer = nn.Flatten()
            case "lstm":
                layer = Lstm(shape[-1], *sizes)
            case "last":
                layer = Last(-1 if convolves(layers) else 1)
            case "residual":
                layer = Residual(described(sizes[0], shape)[0])
        layer.eval()
        with torch.no_grad():
            shape = tuple(layer(torch.zeros(1, *shape)).shape[1:])
        network.append(layer)
    return network, shape


def formats(network):
    """The layouts of memory that are tried: channels last is often faster for images."""
    both = [torch.contiguous_format, torch.channels_last]
    return both if any(isinstance(layer, nn.Conv2d) for layer in network.modules()) else both[:1]


def answering(description, rows, threads):
    """Calls that answer `rows` samples, by name."""
    calls = {}
    network, _ = described(description["layers"], input_shape(description))
    network.eval()
    example = torch.rand(rows, *input_shape(description)) * 2 - 1
    with torch.no_grad():
        for layout in formats(network):
            traced = torch.jit.freeze(torch.jit.trace(network.to(memory_format=layout), example))
            given = example.to(memory_format=layout)

            def call(traced=traced, given=given):
                with torch.no_grad():
                    traced(given)

            calls[f"PyTorch {layout}"] = call
        network.to(memory_format=torch.contiguous_format)
        calls["ONNX Runtime"] = onnx_runtime(network, example, threads)
    return calls


def training(description):
    """Calls that take a step of training, by name."""
    calls = {}
    rows, shape = description["batch"], input_shape(description)
    _, answer = described(description["layers"], shape)
    inputs = torch.rand(rows, *shape) * 2 - 1
    if description["classifies"]:
        loss, targets = nn.CrossEntropyLoss(), torch.randint(0, 10, (rows,))
    else:
        loss, targets = nn.MSELoss(), torch.rand(rows, *answer) * 2 - 1
    for layout in formats(described(description["layers"], shape)[0]):
        network = described(description["layers"], shape)[0].to(memory_format=layout)
        network.train()
        if description["adam"]:
            optimizer = torch.optim.Adam(network.parameters(), 1e-5, fused=True)
        else:
            optimizer = torch.optim.SGD(network.parameters(), 1e-4, fused=True)
        given = inputs.to(memory_format=layout)

        def call(network=network, optimizer=optimizer, given=given):
            optimizer.zero_grad()
            loss(network(given), targets).backward()
            optimizer.step()

        calls[f"PyTorch {layout}"] = call
    return calls


def infer(name, network, example, times):
    network.eval()
    with torch.no_grad():
        traced = torch.jit.freeze(torch.jit.trace(network, example))
        theirs = seconds(lambda: traced(example), times)
    runtime = seconds(onnx_runtime(network, example), times)
    print(f"{name:<38} ONNX Runtime {runtime * 1e6:8.2f} us   PyTorch {theirs * 1e6:8.2f} us", flush=True)


def train(name, network, inputs, times):
    network.train()
    optimizer = torch.optim.Adam(network.parameters(), fused=True)
    labels = torch.randint(0, 10, (len(inputs),))
    loss = nn.CrossEntropyLoss()

    def step():
        optimizer.zero_grad()
        loss(network(inputs), labels).backward()
        optimizer.step()

    rate = len(inputs) / seconds(step, times)
    print(f"{name:<38} PyTorch {rate:8.0f} samples/s", flush=True)


def main():
    warnings.filterwarnings("ignore")
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    image, rows = torch.rand(64, 1, 28, 28), torch.rand(64, 28, 28)
    infer("mnist, one sample", mnist(), image[:1], 3000)
    infer("mnist, batch 64", mnist(), image, 1000)
    train("mnist, training, batch 32", mnist(), image[:32], 200)
    infer("mnist_cnn, one image", mnist_cnn(), image[:1], 500)
    train("mnist_cnn, training, batch 64", mnist_cnn(), image, 8)
    infer("row_lstm, one sequence", RowLstm(), rows[:1], 200)
    train("row_lstm, training, batch 64", RowLstm(), rows, 8)
    train("bidirectional GRU, training, batch 32", BothGru(), torch.rand(32, 100, 64), 4)
    infer("resnet20, one image", resnet20(), image[:1], 100)
    train("resnet20, training, batch 64", resnet20(), image, 4)
    infer("resnet18, one image 3 x 64 x 64", torchvision.models.resnet18(), torch.rand(1, 3, 64, 64), 30)
    infer("resnet18, batch 16", torchvision.models.resnet18(), torch.rand(16, 3, 64, 64), 6)
    infer("mobilenet, one image 3 x 96 x 96", torchvision.models.mobilenet_v2(), torch.rand(1, 3, 96, 96), 100)
    infer("mobilenet, batch 16", torchvision.models.mobilenet_v2(), torch.rand(16, 3, 96, 96), 10)
    train("small mobilenet, training, batch 64", small_mobilenet(), image, 8)


if __name__ == "__main__":
    main()
