"""Recurrent layers; `make.py` calls it, and `python tests/golden/recurrent.py` writes this file alone.

PyTorch has no GRU whose reset gate comes before the product: it is written out here, under the names of `nn.GRU`.
"""

import torch
from torch import nn

from cases import Apply, Steps, write


class GruResetBefore(nn.Module):
    """Gated recurrent units as ONNX has them by default: n = tanh(W x + b + U (r h) + c)."""

    def __init__(self, inputs, hidden, num_layers=1, bidirectional=False, bias=True):
        super().__init__()
        self.endings = [
            [f"_l{level}{ending}" for ending in ("", "_reverse")[: 2 if bidirectional else 1]]
            for level in range(num_layers)
        ]
        for level, endings in enumerate(self.endings):
            features = inputs if level == 0 else hidden * len(endings)
            for ending in endings:
                self.register_parameter(f"weight_ih{ending}", nn.Parameter(torch.zeros(3 * hidden, features)))
                self.register_parameter(f"weight_hh{ending}", nn.Parameter(torch.zeros(3 * hidden, hidden)))
                for of in ("ih", "hh") if bias else ():
                    self.register_parameter(f"bias_{of}{ending}", nn.Parameter(torch.zeros(3 * hidden)))

    def direction(self, x, h, ending):
        """The hidden state of every step, in the order of the steps that are given."""
        get = lambda name: getattr(self, f"{name}{ending}", 0)
        hidden = get("weight_hh").shape[1]
        shares = x @ get("weight_ih").T + get("bias_ih")
        recurrent, bias = get("weight_hh"), get("bias_hh")
        bias = bias if isinstance(bias, torch.Tensor) else torch.zeros(3 * hidden).to(x)
        states = []
        for share in shares.unbind(1):
            gates = share[:, : 2 * hidden] + h @ recurrent[: 2 * hidden].T + bias[: 2 * hidden]
            r, z = torch.sigmoid(gates).chunk(2, 1)
            n = torch.tanh(share[:, 2 * hidden :] + (r * h) @ recurrent[2 * hidden :].T + bias[2 * hidden :])
            h = (1 - z) * n + z * h
            states.append(h)
        return torch.stack(states, 1)

    def forward(self, x, h0=None):
        hidden = self.weight_hh_l0.shape[1]
        states = sum(self.endings, [])
        h0 = torch.zeros(len(states), len(x), hidden).to(x) if h0 is None else h0
        last = {}
        for endings in self.endings:
            ways = []
            for ending in endings:
                back = (lambda x: x.flip(1)) if ending.endswith("reverse") else (lambda x: x)
                way = self.direction(back(x), h0[states.index(ending)], ending)
                last[ending] = way[:, -1]
                ways.append(back(way))
            x = torch.cat(ways, 2)
        return x, torch.stack([last[ending] for ending in states])


def first(kind):
    """A recurrent layer of PyTorch's whose result is every step's hidden state."""

    class First(kind):
        def __init__(self, *sizes, **arguments):
            super().__init__(*sizes, **arguments if kind is GruResetBefore else arguments | {"batch_first": True})

        def forward(self, x):
            return super().forward(x)[0]

    return First


def again(kind, function):
    """A recurrent layer that is called several times."""

    class Again(first(kind)):
        def forward(self, x):
            return function(super().forward, x)

    return Again


CASES = {
    "rnn_tanh": (first(nn.RNN)(7, 9), (5, 7)),
    "rnn_tanh_no_bias": (first(nn.RNN)(6, 17, bias=False), (4, 6)),
    "rnn_tanh_one_step": (first(nn.RNN)(5, 6), (1, 5)),
    "rnn_tanh_block": (first(nn.RNN)(16, 16), (3, 16)),
    "rnn_tanh_blocks": (first(nn.RNN)(20, 35), (3, 20)),
    "rnn_tanh_many_blocks": (first(nn.RNN)(3, 50, bias=False), (2, 3)),
    "rnn_tanh_long": (first(nn.RNN)(3, 5), (60, 3)),
    "rnn_tanh_layers": (first(nn.RNN)(6, 7, num_layers=2), (5, 6)),
    "rnn_tanh_layers_no_bias": (first(nn.RNN)(4, 18, num_layers=3, bias=False), (3, 4)),
    "rnn_tanh_both": (first(nn.RNN)(6, 7, bidirectional=True), (5, 6)),
    "rnn_tanh_both_no_bias": (first(nn.RNN)(5, 16, bidirectional=True, bias=False), (4, 5)),
    "rnn_tanh_both_one_step": (first(nn.RNN)(3, 4, bidirectional=True), (1, 3)),
    "rnn_tanh_both_layers": (first(nn.RNN)(5, 6, num_layers=2, bidirectional=True), (4, 5)),
    "rnn_tanh_both_layers_blocks": (first(nn.RNN)(17, 20, num_layers=2, bidirectional=True, bias=False), (3, 17)),
    "rnn_relu": (first(nn.RNN)(7, 9, nonlinearity="relu"), (5, 7)),
    "rnn_relu_no_bias": (first(nn.RNN)(6, 17, nonlinearity="relu", bias=False), (4, 6)),
    "rnn_relu_one_step": (first(nn.RNN)(5, 6, nonlinearity="relu"), (1, 5)),
    "rnn_relu_block": (first(nn.RNN)(16, 16, nonlinearity="relu"), (3, 16)),
    "rnn_relu_blocks": (first(nn.RNN)(20, 35, nonlinearity="relu"), (3, 20)),
    "rnn_relu_many_blocks": (first(nn.RNN)(3, 50, nonlinearity="relu", bias=False), (2, 3)),
    "rnn_relu_long": (first(nn.RNN)(3, 5, nonlinearity="relu"), (60, 3)),
    "rnn_relu_layers": (first(nn.RNN)(6, 7, nonlinearity="relu", num_layers=2), (5, 6)),
    "rnn_relu_layers_no_bias": (first(nn.RNN)(4, 18, nonlinearity="relu", num_layers=3, bias=False), (3, 4)),
    "rnn_relu_both": (first(nn.RNN)(6, 7, nonlinearity="relu", bidirectional=True), (5, 6)),
    "rnn_relu_both_no_bias": (first(nn.RNN)(5, 16, nonlinearity="relu", bidirectional=True, bias=False), (4, 5)),
    "rnn_relu_both_one_step": (first(nn.RNN)(3, 4, nonlinearity="relu", bidirectional=True), (1, 3)),
    "rnn_relu_both_layers": (first(nn.RNN)(5, 6, nonlinearity="relu", num_layers=2, bidirectional=True), (4, 5)),
    "rnn_relu_both_layers_blocks": (
        first(nn.RNN)(17, 20, nonlinearity="relu", num_layers=2, bidirectional=True, bias=False),
        (3, 17),
    ),
    "lstm": (first(nn.LSTM)(7, 9), (5, 7)),
    "lstm_no_bias": (first(nn.LSTM)(6, 17, bias=False), (4, 6)),
    "lstm_one_step": (first(nn.LSTM)(5, 6), (1, 5)),
    "lstm_block": (first(nn.LSTM)(16, 16), (3, 16)),
    "lstm_blocks": (first(nn.LSTM)(20, 35), (3, 20)),
    "lstm_many_blocks": (first(nn.LSTM)(3, 50, bias=False), (2, 3)),
    "lstm_long": (first(nn.LSTM)(3, 5), (60, 3)),
    "lstm_layers": (first(nn.LSTM)(6, 7, num_layers=2), (5, 6)),
    "lstm_layers_no_bias": (first(nn.LSTM)(4, 18, num_layers=3, bias=False), (3, 4)),
    "lstm_both": (first(nn.LSTM)(6, 7, bidirectional=True), (5, 6)),
    "lstm_both_no_bias": (first(nn.LSTM)(5, 16, bidirectional=True, bias=False), (4, 5)),
    "lstm_both_one_step": (first(nn.LSTM)(3, 4, bidirectional=True), (1, 3)),
    "lstm_both_layers": (first(nn.LSTM)(5, 6, num_layers=2, bidirectional=True), (4, 5)),
    "lstm_both_layers_blocks": (first(nn.LSTM)(17, 20, num_layers=2, bidirectional=True, bias=False), (3, 17)),
    "gru": (first(nn.GRU)(7, 9), (5, 7)),
    "gru_no_bias": (first(nn.GRU)(6, 17, bias=False), (4, 6)),
    "gru_one_step": (first(nn.GRU)(5, 6), (1, 5)),
    "gru_block": (first(nn.GRU)(16, 16), (3, 16)),
    "gru_blocks": (first(nn.GRU)(20, 35), (3, 20)),
    "gru_many_blocks": (first(nn.GRU)(3, 50, bias=False), (2, 3)),
    "gru_long": (first(nn.GRU)(3, 5), (60, 3)),
    "gru_layers": (first(nn.GRU)(6, 7, num_layers=2), (5, 6)),
    "gru_layers_no_bias": (first(nn.GRU)(4, 18, num_layers=3, bias=False), (3, 4)),
    "gru_both": (first(nn.GRU)(6, 7, bidirectional=True), (5, 6)),
    "gru_both_no_bias": (first(nn.GRU)(5, 16, bidirectional=True, bias=False), (4, 5)),
    "gru_both_one_step": (first(nn.GRU)(3, 4, bidirectional=True), (1, 3)),
    "gru_both_layers": (first(nn.GRU)(5, 6, num_layers=2, bidirectional=True), (4, 5)),
    "gru_both_layers_blocks": (first(nn.GRU)(17, 20, num_layers=2, bidirectional=True, bias=False), (3, 17)),
    "gru_before": (first(GruResetBefore)(7, 9), (5, 7)),
    "gru_before_no_bias": (first(GruResetBefore)(6, 17, bias=False), (4, 6)),
    "gru_before_one_step": (first(GruResetBefore)(5, 6), (1, 5)),
    "gru_before_block": (first(GruResetBefore)(16, 16), (3, 16)),
    "gru_before_blocks": (first(GruResetBefore)(20, 35), (3, 20)),
    "gru_before_many_blocks": (first(GruResetBefore)(3, 50, bias=False), (2, 3)),
    "gru_before_long": (first(GruResetBefore)(3, 5), (60, 3)),
    "gru_before_layers": (first(GruResetBefore)(6, 7, num_layers=2), (5, 6)),
    "gru_before_layers_no_bias": (first(GruResetBefore)(4, 18, num_layers=3, bias=False), (3, 4)),
    "gru_before_both": (first(GruResetBefore)(6, 7, bidirectional=True), (5, 6)),
    "gru_before_both_no_bias": (first(GruResetBefore)(5, 16, bidirectional=True, bias=False), (4, 5)),
    "gru_before_both_one_step": (first(GruResetBefore)(3, 4, bidirectional=True), (1, 3)),
    "gru_before_both_layers": (first(GruResetBefore)(5, 6, num_layers=2, bidirectional=True), (4, 5)),
    "gru_before_both_layers_blocks": (
        first(GruResetBefore)(17, 20, num_layers=2, bidirectional=True, bias=False),
        (3, 17),
    ),
    "stated": (first(nn.GRU)(9, 5), (4, 9)),
    "last": (
        nn.Sequential(first(nn.GRU)(4, 11, bidirectional=True), Apply(lambda x: x[:, -1]), nn.Linear(22, 3)),
        (6, 4),
    ),
    "stacked": (
        nn.Sequential(first(nn.RNN)(4, 18), first(nn.LSTM)(18, 6, bidirectional=True), first(nn.GRU)(12, 7)),
        (5, 4),
    ),
    "behind": (
        nn.Sequential(Steps(nn.Conv1d(5, 18, 3, stride=2, padding=1)), nn.ReLU(), first(GruResetBefore)(18, 5)),
        (7, 5),
    ),
    "between": (
        nn.Sequential(
            nn.Linear(3, 17), first(nn.RNN)(17, 20, nonlinearity="relu", bidirectional=True), nn.Linear(40, 6)
        ),
        (4, 3),
    ),
    "normal": (nn.Sequential(first(nn.GRU)(6, 15, bidirectional=True), nn.LayerNorm(30)), (5, 6)),
    "twice": (again(nn.GRU, lambda layer, x: layer(layer(x)) + x)(6, 6), (4, 6)),
    "twice_both": (again(nn.RNN, lambda layer, x: layer(layer(x)))(8, 4, bidirectional=True), (3, 8)),
    "twice_before": (again(GruResetBefore, lambda layer, x: layer(layer(x)))(5, 5), (3, 5)),
}


def main():
    write("recurrent", CASES)


if __name__ == "__main__":
    main()
