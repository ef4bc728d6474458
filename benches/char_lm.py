"""PyTorch on what `examples/char_lm.rs` learns: the same text, split, sizes and steps. Prints bits per character of text
that was not read.

    python3 benches/char_lm.py [--epochs 5]
"""

import argparse
import collections
import math
import pathlib
import time

import torch
from torch import nn

PIECE, CHARACTERS, UNITS, PARTS = 64, 96, 256, 32


def tokens(text):
    """The most frequent characters have a number each, and 0 is any other."""
    counts = collections.Counter(text)
    frequent = sorted(counts, key=lambda character: (-counts[character], character))[: CHARACTERS - 1]
    numbers = {character: place + 1 for place, character in enumerate(frequent)}
    return torch.tensor([numbers.get(character, 0) for character in text])


class Reader(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(CHARACTERS, 32)
        self.lstm = nn.LSTM(32, UNITS, batch_first=True)
        self.fc = nn.Linear(UNITS, CHARACTERS)

    def forward(self, text, state):
        steps, state = self.lstm(self.embed(text), state)
        return self.fc(steps), state


def pieces(text, parts):
    """Pieces of `parts` parts that are read side by side, each with the characters that follow its own."""
    each = (len(text) - 1) // parts // PIECE
    starts = [part * each * PIECE for part in range(parts)]
    for piece in range(each):
        at = [start + piece * PIECE for start in starts]
        yield torch.stack([text[a : a + PIECE] for a in at]), torch.stack([text[a + 1 : a + PIECE + 1] for a in at])


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--epochs", type=int, default=5)
    epochs = arguments.parse_args().epochs
    torch.manual_seed(7)
    torch.set_num_threads(1)
    text = tokens((pathlib.Path(__file__).parent.parent / "examples/data/shakespeare.txt").read_text())
    split = len(text) // 20 * 19
    train, test = text[:split], text[split:]
    net = Reader()
    optimizer = torch.optim.Adam(net.parameters(), 2e-3)
    judge = nn.CrossEntropyLoss()
    for epoch in range(epochs):
        for group in optimizer.param_groups:
            group["lr"] = 2e-3 * (1.0 - 0.9 * epoch / epochs)
        state, total, count, start = None, 0.0, 0, time.time()
        for inputs, targets in pieces(train, PARTS):
            logits, state = net(inputs, state)
            state = tuple(part.detach() for part in state)
            loss = judge(logits.flatten(0, 1), targets.flatten())
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimizer.step()
            total, count = total + loss.item(), count + 1
        print(f"epoch {epoch + 1}: {total / count / math.log(2):.3f} bits, {time.time() - start:.1f} s", flush=True)
    state, total, count = None, 0.0, 0
    with torch.no_grad():
        for inputs, targets in pieces(test, 1):
            logits, state = net(inputs, state)
            total, count = total + judge(logits.flatten(0, 1), targets.flatten()).item(), count + 1
    print(f"{total / count / math.log(2):.3f} bits per character of text that was not read")


main()
