"""Networks that take tokens; `make.py` calls it, and `python tests/golden/tokens.py` writes this file alone.

    NAME/inputs.N                   a batch of five of input N, tokens and lengths as numbers
    NAME/outputs, deltas            the output, and the gradients of a loss by it
    NAME/weights.P, gradients.P     parameters by the names in a state_dict, and the gradients by them
    NAME/labels, step_weights       of each step, and `loss`, where a loss over steps is meant
"""

import torch
from torch import nn
from torch.nn import functional

from make import INPUT_STREAM, TARGET_STREAM, fill_parameters, numbers, save

BATCH = 5


class Net(nn.Module):
    """Layers by their names, and a function of them and the inputs; without one, a chain."""

    def __init__(self, forward=None, **layers):
        super().__init__()
        for name, layer in layers.items():
            self.add_module(name, layer)
        self.function = forward

    def forward(self, *x):
        if self.function is not None:
            return self.function(self, *x)
        (y,) = x
        for layer in self.children():
            y = layer(y)
        return y


class Tokens:
    """An input of tokens below a bound; `shape` is empty for one alone."""

    def __init__(self, vocabulary, *shape):
        self.vocabulary = vocabulary
        self.shape = shape

    def draw(self, stream):
        drawn = (numbers(stream, (BATCH, *self.shape)) + 1) / 2 * self.vocabulary
        return drawn.long().clamp(0, self.vocabulary - 1)


class Numbers:
    """An input of numbers."""

    def __init__(self, *shape):
        self.shape = shape

    def draw(self, stream):
        return numbers(stream, (BATCH, *self.shape)).float().double()


class Length:
    """An input of one length of at most so many steps."""

    def __init__(self, steps):
        self.steps = steps

    def draw(self, stream):
        return Tokens(self.steps).draw(stream) + 1


class Positions(nn.Module):
    """A learnt vector for each step."""

    def __init__(self, steps, features):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(steps, features))

    def forward(self, x):
        return x + self.weight


class Frozen(nn.Embedding):
    """A table that is not learnt."""

    def __init__(self, vocabulary, features):
        super().__init__(vocabulary, features)
        self.weight.requires_grad = False


def lstm(layer, x):
    return layer(x)[0]


def conv(layer, x):
    return layer(x.transpose(1, 2)).transpose(1, 2)


def sinusoidal(x):
    """Vaswani et al. 2017, section 3.5."""
    _, steps, features = x.shape
    t = torch.arange(steps, dtype=torch.float64)[:, None]
    i = torch.arange(features, dtype=torch.float64)[None, :]
    angle = t / 10_000 ** ((i // 2 * 2) / features)
    return x + torch.where(i % 2 == 0, angle.sin(), angle.cos())


def each(function):
    """A function of a sequence without its padding."""
    return lambda x, lengths: torch.stack([function(x[:n]) for x, n in zip(x, lengths)])


last = each(lambda x: x[-1])
pooled = each(lambda x: x.mean(0))
largest = each(lambda x: x.amax(0))
least = each(lambda x: x.amin(0))


def attend(m, x):
    """Logits by the vectors of an embedding."""
    return functional.linear(x, m.embed.weight)


def together(m, words, n):
    h = m.fc(m.embed(words))
    return torch.cat([pool(h, n) for pool in (pooled, largest, last, least)], 1)


CASES = {
    "embed": (Net(embed=nn.Embedding(50, 18)), Tokens(50, 7)),
    "embed_one_step": (Net(embed=nn.Embedding(9, 16)), Tokens(9, 1)),
    "embed_scalar": (Net(embed=nn.Embedding(9, 33)), Tokens(9)),
    "embed_padding": (Net(embed=nn.Embedding(6, 5, padding_idx=0)), Tokens(6, 40)),
    "embed_padding_last": (Net(embed=nn.Embedding(4, 70, padding_idx=3)), Tokens(4, 20)),
    "embed_narrow": (Net(embed=nn.Embedding(300, 1)), Tokens(300, 17)),
    "embed_many": (
        Net(lambda m, x: m.fc(m.embed(x))[:, -1], embed=nn.Embedding(500, 24), fc=nn.Linear(24, 8)),
        Tokens(500, 100),
    ),
    "embed_sum": (Net(lambda m, x: m.embed(x).sum(1), embed=nn.Embedding(11, 12)), Tokens(11, 30)),
    "embed_mean": (
        Net(lambda m, x: m.fc(m.embed(x).mean(1)), embed=nn.Embedding(40, 20), fc=nn.Linear(20, 3)),
        Tokens(40, 30),
    ),
    "embed_flatten": (
        Net(lambda m, x: m.fc(m.embed(x).flatten(1)), embed=nn.Embedding(30, 7), fc=nn.Linear(35, 4)),
        Tokens(30, 5),
    ),
    "embed_lstm": (
        Net(
            lambda m, x: m.fc(lstm(m.lstm, m.embed(x))[:, -1]),
            embed=nn.Embedding(40, 10),
            lstm=nn.LSTM(10, 17, batch_first=True),
            fc=nn.Linear(17, 4),
        ),
        Tokens(40, 12),
    ),
    "embed_conv": (
        Net(lambda m, x: conv(m.conv, m.embed(x)), embed=nn.Embedding(40, 10), conv=nn.Conv1d(10, 6, 3)),
        Tokens(40, 12),
    ),
    "embed_relu_norm": (
        Net(lambda m, x: m.norm(m.embed(x)).relu(), embed=nn.Embedding(40, 10), norm=nn.LayerNorm(10)),
        Tokens(40, 6),
    ),
    "embed_twice": (
        Net(lambda m, a, b: m.embed(a) * m.embed(b), embed=nn.Embedding(20, 10)),
        Tokens(20, 6),
        Tokens(20, 6),
    ),
    "embed_twice_unlike": (
        Net(lambda m, a, b: torch.cat([m.embed(a), m.embed(b)], 1), embed=nn.Embedding(20, 21)),
        Tokens(20, 6),
        Tokens(20, 9),
    ),
    "embed_one_input_twice": (
        Net(lambda m, a: m.left(a) + m.right(a), left=nn.Embedding(20, 10), right=nn.Embedding(25, 10)),
        Tokens(20, 6),
    ),
    "embed_and_numbers": (
        Net(
            lambda m, words, x: m.fc(torch.cat([m.embed(words), x], 2)),
            embed=nn.Embedding(20, 8),
            fc=nn.Linear(11, 11),
        ),
        Tokens(20, 6),
        Numbers(6, 3),
    ),
    "embed_and_scalar": (
        Net(lambda m, x, kind: m.fc(x) + m.kinds(kind), kinds=nn.Embedding(4, 9), fc=nn.Linear(9, 9)),
        Numbers(9),
        Tokens(4),
    ),
    "embed_under_a_mask": (
        Net(lambda m, words, mask: m.fc(m.embed(words) * mask), embed=nn.Embedding(20, 18), fc=nn.Linear(18, 18)),
        Tokens(20, 6),
        Numbers(6, 1),
    ),
    "embed_frozen": (Net(embed=Frozen(20, 18), fc=nn.Linear(18, 4)), Tokens(20, 6)),
    "positions": (Net(fc=nn.Linear(20, 20), positions=Positions(6, 20)), Numbers(6, 20)),
    "positions_one_step": (Net(positions=Positions(1, 3)), Numbers(1, 3)),
    "positions_between": (
        Net(
            embed=nn.Embedding(30, 33),
            positions=Positions(9, 33),
            norm=nn.LayerNorm(33),
            fc=nn.Linear(33, 5),
        ),
        Tokens(30, 9),
    ),
    "positions_shared": (
        Net(lambda m, x: m.positions(m.fc(m.positions(x))), positions=Positions(6, 20), fc=nn.Linear(20, 20)),
        Numbers(6, 20),
    ),
    "sinusoidal": (Net(lambda m, x: sinusoidal(m.fc(x)), fc=nn.Linear(20, 20)), Numbers(50, 20)),
    "sinusoidal_odd": (Net(lambda m, x: sinusoidal(m.embed(x)), embed=nn.Embedding(30, 7)), Tokens(30, 9)),
    "sinusoidal_far": (Net(lambda m, x: sinusoidal(x)), Numbers(200, 2)),
    "last_length": (Net(lambda m, x, n: last(m.fc(x), n), fc=nn.Linear(18, 20)), Numbers(7, 18), Length(7)),
    "last_length_of_one": (Net(lambda m, x, n: last(m.fc(x), n), fc=nn.Linear(18, 20)), Numbers(1, 18), Length(1)),
    "mean_length": (Net(lambda m, x, n: pooled(m.fc(x), n), fc=nn.Linear(18, 20)), Numbers(7, 18), Length(7)),
    "mean_length_kept": (Net(lambda m, x, n: pooled(m.fc(x), n)[:, None], fc=nn.Linear(18, 20)), Numbers(7, 18), Length(7)),
    "sum_length": (
        Net(lambda m, x, n: each(lambda x: x.sum(0))(m.fc(x), n), fc=nn.Linear(18, 1)),
        Numbers(7, 18),
        Length(7),
    ),
    "max_length": (Net(lambda m, x, n: largest(m.fc(x), n), fc=nn.Linear(18, 20)), Numbers(7, 18), Length(7)),
    "min_length": (Net(lambda m, x, n: least(m.fc(x), n), fc=nn.Linear(3, 33)), Numbers(40, 3), Length(40)),
    "tied": (
        Net(lambda m, x: attend(m, m.fc(m.embed(x)).tanh()), embed=nn.Embedding(20, 12), fc=nn.Linear(12, 12)),
        Tokens(20, 6),
    ),
    "tied_padding": (
        Net(
            lambda m, x: attend(m, m.fc(m.embed(x)).relu()),
            embed=nn.Embedding(37, 18, padding_idx=3),
            fc=nn.Linear(18, 18),
        ),
        Tokens(37, 20),
    ),
    "tied_of_one": (
        Net(lambda m, x, kind: attend(m, m.embed(x).mean(1) * m.embed(kind)), embed=nn.Embedding(33, 7)),
        Tokens(33, 9),
        Tokens(33),
    ),
    "tied_twice": (
        Net(
            lambda m, a, b: attend(m, torch.cat([m.fc(m.embed(a)), m.embed(b)], 1)),
            embed=nn.Embedding(17, 16),
            fc=nn.Linear(16, 16),
        ),
        Tokens(17, 5),
        Tokens(17, 9),
    ),
    "tied_attends_first": (
        Net(lambda m, x, words: torch.cat([attend(m, x).softmax(2), m.embed(words)], 2), embed=nn.Embedding(20, 12)),
        Numbers(4, 12),
        Tokens(20, 4),
    ),
    "tied_attends_twice": (
        Net(
            lambda m, x: attend(m, m.fc(m.embed(x))) * attend(m, m.embed(x)).sigmoid(),
            embed=nn.Embedding(20, 12),
            fc=nn.Linear(12, 12),
        ),
        Tokens(20, 4),
    ),
    "tied_alone": (Net(lambda m, x: attend(m, x), embed=nn.Embedding(20, 12)), Numbers(4, 12)),
    "tied_frozen": (
        Net(lambda m, x: attend(m, m.fc(m.embed(x))), embed=Frozen(20, 12), fc=nn.Linear(12, 12)),
        Tokens(20, 4),
    ),
    "tied_wide": (
        Net(lambda m, x: attend(m, m.fc(m.embed(x))[:, -1]), embed=nn.Embedding(90, 70), fc=nn.Linear(70, 70)),
        Tokens(90, 30),
    ),
    "lengths_together": (
        Net(together, embed=nn.Embedding(20, 10), fc=nn.Linear(10, 10)),
        Tokens(20, 12),
        Length(12),
    ),
}


def case(module, *given):
    """The tensors of one case."""
    module = module.double().eval()
    fill_parameters(module)
    inputs = [part.draw(INPUT_STREAM + 2 * n) for n, part in enumerate(given)]
    outputs = module(*inputs)
    deltas = numbers(TARGET_STREAM, outputs.shape)
    if outputs.requires_grad:
        (outputs * deltas).sum().backward()
    tensors = {f"inputs.{n}": x.double() for n, x in enumerate(inputs)}
    tensors |= {"outputs": outputs, "deltas": deltas}
    tensors |= {f"weights.{name}": value for name, value in module.state_dict().items()}
    learnt = [(name, value) for name, value in module.named_parameters() if value.requires_grad]
    return tensors | {f"gradients.{name}": value.grad for name, value in learnt}


CLASS_WEIGHTS = torch.tensor([1.0, 2.0, 0.5, 4.0, 1.5], dtype=torch.float64)


def losses(logits, labels, weights=None, **options):
    """The loss of every step, by the weights of classes."""
    return functional.cross_entropy(logits.flatten(0, 1), labels.flatten(), weight=weights, reduction="none", **options)


def weighed(logits, labels, steps, weights=None):
    """The mean over steps that count by weights of their own."""
    count = torch.ones(5, dtype=torch.float64) if weights is None else weights
    count = count[labels.flatten()] * steps.flatten()
    return (losses(logits, labels, weights) * steps.flatten()).sum() / count.sum()


def mean(logits, labels, **options):
    return functional.cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=-100, **options)


STEPS = {
    "steps_ignored": lambda y, labels, _: mean(y, labels),
    "steps_ignored_weighed": lambda y, labels, _: mean(y, labels, weight=CLASS_WEIGHTS, label_smoothing=0.1),
    "steps_weights": lambda y, labels, steps: weighed(y, labels, steps),
    "steps_weights_nll": lambda y, labels, steps: weighed(y.log_softmax(2), labels, steps),
    "steps_weights_classes": lambda y, labels, steps: weighed(y, labels, steps, CLASS_WEIGHTS),
}


def steps(name, loss):
    """A batch of sequences with a label and a weight for each step, of which some are left out."""
    module = Net(embed=nn.Embedding(9, 12), fc=nn.Linear(12, 5)).double()
    fill_parameters(module)
    words, labels = Tokens(9, 6).draw(INPUT_STREAM), Tokens(5, 6).draw(TARGET_STREAM)
    weights = (numbers(TARGET_STREAM + 2, labels.shape).float().double() + 1) * 2
    left_out = torch.arange(6)[None, :] >= torch.tensor([[6], [2], [5], [1], [3]])
    if "ignored" in name:
        labels = labels.masked_fill(left_out, -100)
    weights = weights.masked_fill(left_out, 0)
    value = loss(module(words), labels, weights)
    value.backward()
    tensors = {"inputs.0": words.double(), "labels": labels.double(), "step_weights": weights, "loss": value[None]}
    tensors |= {f"weights.{key}": tensor for key, tensor in module.state_dict().items()}
    return tensors | {f"gradients.{key}": tensor.grad for key, tensor in module.named_parameters()}


def main():
    tensors = {}
    for name, loss in STEPS.items():
        tensors |= {f"{name}/{key}": value for key, value in steps(name, loss).items()}
    for name, entry in CASES.items():
        tensors |= {f"{name}/{key}": value for key, value in case(*entry).items()}
    save("family_tokens", tensors)


if __name__ == "__main__":
    main()
