"""Recurrent layers over padded sequences; `make.py` calls it, and `python tests/golden/lengths.py` writes this file alone.

PyTorch packs a batch of such sequences, so that its layers never see the padding. The names are those of `tokens.py`.
"""

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from make import save
from recurrent import GruResetBefore
from states import learnt
from tokens import Length, Net, Numbers, Tokens, case, pooled


class PackedGruResetBefore(GruResetBefore):
    """The same for sequences one by one, without their padding."""

    def forward(self, packed, h0=None):
        x, lengths = pad_packed_sequence(packed, batch_first=True)
        each = [
            super(PackedGruResetBefore, self).forward(x[i : i + 1, :n], None if h0 is None else h0[:, i : i + 1])
            for i, n in enumerate(lengths)
        ]
        y = nn.utils.rnn.pad_sequence([y[0] for y, _ in each], batch_first=True)
        packed = pack_padded_sequence(y, lengths, batch_first=True, enforce_sorted=False)
        return packed, torch.cat([h for _, h in each], 1)


def over(layer, x, n, *given):
    """The steps of a layer, zeros behind those that count, and its states behind the last."""
    packed = pack_padded_sequence(x, n, batch_first=True, enforce_sorted=False)
    given = [state.transpose(0, 1).contiguous() for state in given]
    y, last = layer(packed, *([given[0] if len(given) == 1 else tuple(given)] if given else []))
    y, _ = pad_packed_sequence(y, batch_first=True, total_length=x.shape[1])
    last = last if isinstance(last, tuple) else (last,)
    return y, *(state.transpose(0, 1) for state in last)


def joined(parts):
    return torch.cat([part.flatten(1) for part in parts], 1)


def alone(layer, features, steps):
    """A layer whose steps and states are all of the answer."""
    net = Net(lambda m, x, n: joined(over(m.layer, m.before(x), n)), before=nn.Linear(features, features), layer=layer)
    return net, Numbers(steps, features), Length(steps)


def given(layer, features, steps, states, units, count=1):
    """The same with states before the first step."""
    net = Net(
        lambda m, x, n, *given: joined(over(m.layer, m.before(x), n, *(m.state(state) for state in given))),
        before=nn.Linear(features, features),
        state=nn.Linear(units, units),
        layer=layer,
    )
    return net, Numbers(steps, features), Length(steps), *[Numbers(count, units)] * states


def learning(kind, *sizes, **arguments):
    """A layer that begins with states of its own."""

    def forward(m, x, n):
        every = [torch.stack([getattr(m.layer, name) for name in names]) for names in m.layer.states]
        given = [state.expand(len(x), *state.shape) for state in every]
        return joined(over(lambda *x: kind.forward(m.layer, *x), x, n, *given))

    return Net(forward, layer=learnt(kind)(*sizes, **arguments))


def words(m, words, n):
    """The mean of the upper level's steps, and what all directions end with."""
    y, h = over(m.layer, m.embed(words), n)
    return m.fc(joined((pooled(y, n), h)))


def many(kind, name, **arguments):
    """Every way that one kind of cell is told a length."""
    states = 2 if kind is nn.LSTM else 1
    make = lambda inputs, hidden, **others: kind(inputs, hidden, **arguments, **others)
    batch = {} if kind is PackedGruResetBefore else {"batch_first": True}
    both = batch | {"bidirectional": True}
    return {
        f"{name}": alone(make(6, 9, **batch), 6, 7),
        f"{name}_one_step": alone(make(5, 6, **batch), 5, 1),
        f"{name}_blocks": alone(make(5, 20, bias=False, **batch), 5, 3),
        f"{name}_both": alone(make(5, 7, **both), 5, 6),
        f"{name}_both_layers": alone(make(4, 6, num_layers=2, **both), 4, 5),
        f"{name}_given": given(make(5, 7, **batch), 5, 6, states, 7),
        f"{name}_given_both": given(make(5, 18, **both), 5, 6, states, 18, 2),
    }


CASES = {
    **many(nn.RNN, "rnn_tanh"),
    **many(nn.RNN, "rnn_relu", nonlinearity="relu"),
    **many(nn.LSTM, "lstm"),
    **many(nn.GRU, "gru"),
    **many(PackedGruResetBefore, "gru_before"),
    "lstm_learnt": (learning(nn.LSTM, 5, 6, bidirectional=True), Numbers(4, 5), Length(4)),
    "gru_learnt": (learning(nn.GRU, 5, 18, num_layers=2), Numbers(4, 5), Length(4)),
    "text": (
        Net(
            words,
            embed=nn.Embedding(20, 10),
            layer=nn.GRU(10, 8, num_layers=2, bidirectional=True, batch_first=True),
            fc=nn.Linear(48, 3),
        ),
        Tokens(20, 9),
        Length(9),
    ),
}


def main():
    tensors = {}
    for name, entry in CASES.items():
        tensors |= {f"{name}/{key}": value for key, value in case(*entry).items()}
    save("family_lengths", tensors)


if __name__ == "__main__":
    main()
