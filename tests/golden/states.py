"""States of recurrent layers; `make.py` calls it, and `python tests/golden/states.py` writes this file alone.

A sample's states are `[layers * directions, hidden]`, or `[hidden]` where there is one; PyTorch has the batch behind
the first axis. A learnt state is a parameter that every sample begins with.
"""

import torch
from torch import nn

from cases import write
from recurrent import GruResetBefore


def rows(state):
    """A state of a batch as PyTorch has it."""
    return (state.unsqueeze(1) if state.dim() == 2 else state).transpose(0, 1).contiguous()


def states(kind):
    """A recurrent layer that takes a batch of states, if any, and gives them."""

    class States(kind):
        def __init__(self, *sizes, **arguments):
            super().__init__(*sizes, **arguments if kind is GruResetBefore else arguments | {"batch_first": True})

        def forward(self, x, *given):
            given = tuple(rows(state) for state in given)
            y, last = super().forward(x, *([given[0] if len(given) == 1 else given] if given else []))
            return y, *(state.transpose(0, 1) for state in (last if isinstance(last, tuple) else (last,)))

    return States


def only_states(kind):
    """The states alone."""

    class Only(states(kind)):
        def forward(self, x):
            last = super().forward(x)[1:]
            return last if len(last) > 1 else last[0]

    return Only


def learnt(kind):
    """A recurrent layer that learns the states before the first step."""

    class Learnt(states(kind)):
        def __init__(self, inputs, hidden, **arguments):
            super().__init__(inputs, hidden, **arguments)
            endings = [name[len("weight_ih") :] for name, _ in self.named_parameters() if name.startswith("weight_ih")]
            self.states = [[f"{of}{end}" for end in endings] for of in ("hc" if issubclass(kind, nn.LSTM) else "h")]
            self.states = [[name.replace("_", "0_", 1) for name in names] for names in self.states]
            for name in sum(self.states, []):
                self.register_parameter(name, nn.Parameter(torch.zeros(hidden)))

        def forward(self, x):
            every = [torch.stack([getattr(self, name) for name in names]) for names in self.states]
            return super().forward(x, *(state.expand(len(x), *state.shape) for state in every))

    return Learnt


def again(kind, function):
    """A recurrent layer that is called several times, or whose results are not all taken."""

    class Again(states(kind)):
        def forward(self, *x):
            return function(super().forward, *x)

    return Again


def lstm_again(layer, x):
    _, h, c = layer(x)
    y, _, d = layer(x, torch.tanh(h), c)
    return y, d


def gru_again(layer, x):
    y, h = layer(x)
    z, g = layer(x, h + h)
    return y + z, g


class Chain(nn.Sequential):
    """A chain whose first layer takes the state, too."""

    def __init__(self):
        super().__init__(states(nn.GRU)(5, 6), nn.Identity(), nn.Linear(6, 3))

    def forward(self, x, h):
        return self[2](self[0](x, h)[0][:, -1])


CASES = {
    "rnn_tanh_given": (states(nn.RNN)(6, 9), [(4, 6), (1, 9)]),
    "rnn_tanh_given_vector": (states(nn.RNN)(5, 18, bias=False), [(3, 5), (18,)]),
    "rnn_tanh_given_both": (states(nn.RNN)(5, 6, bidirectional=True), [(4, 5), (2, 6)]),
    "rnn_tanh_given_layers": (states(nn.RNN)(4, 17, num_layers=2), [(3, 4), (2, 17)]),
    "rnn_tanh_given_both_layers": (states(nn.RNN)(6, 5, num_layers=2, bidirectional=True), [(4, 6), (4, 5)]),
    "rnn_tanh_given_one_step": (states(nn.RNN)(4, 7, bidirectional=True), [(1, 4), (2, 7)]),
    "rnn_tanh_final": (states(nn.RNN)(4, 20, bidirectional=True), (5, 4)),
    "rnn_tanh_only_final": (only_states(nn.RNN)(7, 6, num_layers=2, bidirectional=True), (4, 7)),
    "rnn_tanh_learnt": (learnt(nn.RNN)(5, 18), (4, 5)),
    "rnn_tanh_learnt_both_layers": (learnt(nn.RNN)(5, 6, num_layers=2, bidirectional=True), (3, 5)),
    "rnn_relu_given": (states(nn.RNN)(6, 9, nonlinearity="relu"), [(4, 6), (1, 9)]),
    "rnn_relu_given_vector": (states(nn.RNN)(5, 18, nonlinearity="relu", bias=False), [(3, 5), (18,)]),
    "rnn_relu_given_both": (states(nn.RNN)(5, 6, nonlinearity="relu", bidirectional=True), [(4, 5), (2, 6)]),
    "rnn_relu_given_layers": (states(nn.RNN)(4, 17, nonlinearity="relu", num_layers=2), [(3, 4), (2, 17)]),
    "rnn_relu_given_both_layers": (
        states(nn.RNN)(6, 5, nonlinearity="relu", num_layers=2, bidirectional=True),
        [(4, 6), (4, 5)],
    ),
    "rnn_relu_given_one_step": (states(nn.RNN)(4, 7, nonlinearity="relu", bidirectional=True), [(1, 4), (2, 7)]),
    "rnn_relu_final": (states(nn.RNN)(4, 20, nonlinearity="relu", bidirectional=True), (5, 4)),
    "rnn_relu_only_final": (only_states(nn.RNN)(7, 6, nonlinearity="relu", num_layers=2, bidirectional=True), (4, 7)),
    "rnn_relu_learnt": (learnt(nn.RNN)(5, 18, nonlinearity="relu"), (4, 5)),
    "rnn_relu_learnt_both_layers": (
        learnt(nn.RNN)(5, 6, nonlinearity="relu", num_layers=2, bidirectional=True),
        (3, 5),
    ),
    "lstm_given": (states(nn.LSTM)(6, 9), [(4, 6), (1, 9), (1, 9)]),
    "lstm_given_vector": (states(nn.LSTM)(5, 18, bias=False), [(3, 5), (18,), (18,)]),
    "lstm_given_both": (states(nn.LSTM)(5, 6, bidirectional=True), [(4, 5), (2, 6), (2, 6)]),
    "lstm_given_layers": (states(nn.LSTM)(4, 17, num_layers=2), [(3, 4), (2, 17), (2, 17)]),
    "lstm_given_both_layers": (states(nn.LSTM)(6, 5, num_layers=2, bidirectional=True), [(4, 6), (4, 5), (4, 5)]),
    "lstm_given_one_step": (states(nn.LSTM)(4, 7, bidirectional=True), [(1, 4), (2, 7), (2, 7)]),
    "lstm_final": (states(nn.LSTM)(4, 20, bidirectional=True), (5, 4)),
    "lstm_only_final": (only_states(nn.LSTM)(7, 6, num_layers=2, bidirectional=True), (4, 7)),
    "lstm_learnt": (learnt(nn.LSTM)(5, 18), (4, 5)),
    "lstm_learnt_both_layers": (learnt(nn.LSTM)(5, 6, num_layers=2, bidirectional=True), (3, 5)),
    "gru_given": (states(nn.GRU)(6, 9), [(4, 6), (1, 9)]),
    "gru_given_vector": (states(nn.GRU)(5, 18, bias=False), [(3, 5), (18,)]),
    "gru_given_both": (states(nn.GRU)(5, 6, bidirectional=True), [(4, 5), (2, 6)]),
    "gru_given_layers": (states(nn.GRU)(4, 17, num_layers=2), [(3, 4), (2, 17)]),
    "gru_given_both_layers": (states(nn.GRU)(6, 5, num_layers=2, bidirectional=True), [(4, 6), (4, 5)]),
    "gru_given_one_step": (states(nn.GRU)(4, 7, bidirectional=True), [(1, 4), (2, 7)]),
    "gru_final": (states(nn.GRU)(4, 20, bidirectional=True), (5, 4)),
    "gru_only_final": (only_states(nn.GRU)(7, 6, num_layers=2, bidirectional=True), (4, 7)),
    "gru_learnt": (learnt(nn.GRU)(5, 18), (4, 5)),
    "gru_learnt_both_layers": (learnt(nn.GRU)(5, 6, num_layers=2, bidirectional=True), (3, 5)),
    "gru_before_given": (states(GruResetBefore)(6, 9), [(4, 6), (1, 9)]),
    "gru_before_given_vector": (states(GruResetBefore)(5, 18, bias=False), [(3, 5), (18,)]),
    "gru_before_given_both": (states(GruResetBefore)(5, 6, bidirectional=True), [(4, 5), (2, 6)]),
    "gru_before_given_layers": (states(GruResetBefore)(4, 17, num_layers=2), [(3, 4), (2, 17)]),
    "gru_before_given_both_layers": (states(GruResetBefore)(6, 5, num_layers=2, bidirectional=True), [(4, 6), (4, 5)]),
    "gru_before_given_one_step": (states(GruResetBefore)(4, 7, bidirectional=True), [(1, 4), (2, 7)]),
    "gru_before_final": (states(GruResetBefore)(4, 20, bidirectional=True), (5, 4)),
    "gru_before_only_final": (only_states(GruResetBefore)(7, 6, num_layers=2, bidirectional=True), (4, 7)),
    "gru_before_learnt": (learnt(GruResetBefore)(5, 18), (4, 5)),
    "gru_before_learnt_both_layers": (learnt(GruResetBefore)(5, 6, num_layers=2, bidirectional=True), (3, 5)),
    "lstm_only_cells": (again(nn.LSTM, lambda layer, x: layer(x)[2])(5, 6, bidirectional=True), (4, 5)),
    "lstm_only_steps": (again(nn.LSTM, lambda layer, *x: layer(*x)[0])(5, 6), [(4, 5), (1, 6), (1, 6)]),
    "gru_first_of_a_chain": (Chain(), [(4, 5), (6,)]),
    "lstm_again": (again(nn.LSTM, lstm_again)(5, 6), (4, 5)),
    "gru_again": (again(nn.GRU, gru_again)(5, 18), (3, 5)),
    "gru_before_again": (
        again(GruResetBefore, lambda layer, x: layer(x, layer(x)[1]))(5, 6, bidirectional=True),
        (3, 5),
    ),
}


def main():
    write("states", CASES)


if __name__ == "__main__":
    main()
