"""Times the networks of `sweep` in kiln, PyTorch and ONNX Runtime, and draws docs/performance.svg.

    python3 benches/sweep.py SEED [--count 60] [--rounds 5] [--only NAME ..] [--page]

Needs what rivals.py needs. The networks of a seed come after the known ones; each is measured in five interleaved rounds,
and what is kept is the median of each. Results go to target/sweep-SEED.json; `--page` draws them into docs. The machine
should be idle. The layout of memory in which a rival is fastest is found first, and used in all rounds.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import time
import warnings

import page
import rivals
import torch

ROOT = pathlib.Path(__file__).resolve().parent.parent
KNOWN = 27
# Networks of one build: rustc holds all of a crate in memory.
PORTION = 10
# A cell is a kind of call and a number of threads.
CELLS = [("one", 1), ("batch", 1), ("train", 1), ("batch", 2), ("train", 2)]


class Kiln:
    """The bench's own process: one line asks, one line answers."""

    def __init__(self, program):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, question):
        self.process.stdin.write(question + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().strip()
        if not answer or answer.startswith("error"):
            raise RuntimeError(f"{question}: {answer or 'no answer'}")
        return answer

    def describe(self):
        self.process.stdin.write("describe\n")
        self.process.stdin.flush()
        lines = iter(self.process.stdout.readline, "\n")
        return json.loads("".join(lines))


def build(seed, first, count):
    """The program that measures so many networks."""
    target = ROOT / "target" / "sweep"
    program = target / f"sweep-{seed}-{first}-{count}"
    sizes = {"KILN_SWEEP_SEED": seed, "KILN_SWEEP_FIRST": first, "KILN_SWEEP_COUNT": count}
    environment = os.environ | {name: str(value) for name, value in sizes.items()}
    command = ["cargo", "build", "--quiet", "--release", "-p", "kiln-sweep", "--target-dir", str(target)]
    subprocess.run(command, check=True, env=environment, cwd=ROOT)
    (target / "release" / "kiln-sweep").replace(program)
    return program


def seconds(call):
    """One call, the best of three repetitions of some ten milliseconds, as kiln's bench measures."""
    start = time.perf_counter()
    call()
    repeats = max(1, min(100_000, int(0.01 / max(time.perf_counter() - start, 1e-9))))
    best = float("inf")
    for _ in range(3):
        start = time.perf_counter()
        for _ in range(repeats):
            call()
        best = min(best, (time.perf_counter() - start) / repeats)
    return best


def rest(threads):
    """Waits until the threads of a rival's pool no longer spin, on the cores of whoever is next."""
    time.sleep(0.25 if threads > 1 else 0.01)


def best_of_each(calls):
    """The fastest call of each rival."""
    best = {}
    for name, call in calls.items():
        seconds(call)
        spent, rival = seconds(call), name.rsplit(" torch", 1)[0]
        if rival not in best or spent < best[rival][0]:
            best[rival] = (spent, call)
    return {rival: call for rival, (_, call) in best.items()}


def measure(kiln, index, description, kind, threads, rounds):
    """Medians of seconds for kiln and each rival, by name."""
    torch.set_num_threads(threads)
    if kind == "train":
        calls = rivals.training(description)
    else:
        calls = rivals.answering(description, 1 if kind == "one" else description["batch"], threads)
    calls = best_of_each(calls)
    spent = {name: [] for name in ["kiln", *calls]}
    rest(threads)
    for _ in range(rounds):
        spent["kiln"].append(float(kiln.ask(f"{kind} {index} {threads}")))
        for name, call in calls.items():
            spent[name].append(seconds(call))
            rest(threads)
    return {name: statistics.median(values) for name, values in spent.items()}


def label(layers):
    """A network's layers in short."""
    words = []
    for kind, *sizes in layers:
        match kind:
            case "dense":
                words.append(str(sizes[0]))
            case "conv" | "conv1d" | "conv_transpose":
                channels, kernel, stride, _, groups, _ = sizes
                stride = f"/{stride}" if stride > 1 else ""
                sign = {"conv": "k", "conv1d": "l", "conv_transpose": "t"}[kind]
                words.append(f"{channels}{sign}{kernel}{stride}" + (f"g{groups}" if groups > 1 else ""))
            case "lstm":
                words.append(f"{sizes[1]} x LSTM {sizes[0]}")
            case "residual":
                words.append(f"({label(sizes[0])})")
            case "max_pool" | "avg_pool":
                words.append("pool")
            case "norm" | "group_norm" | "layer_norm":
                words.append("n")
            case "upsample":
                words.append("up")
            case "average":
                words.append("mean")
    return " ".join(words)


def run(arguments):
    """Measures all networks; a list of what was found, saved after each."""
    results, path = [], ROOT / "target" / f"sweep-{arguments.seed}.json"
    total = KNOWN + arguments.count
    for first in range(arguments.first, total, PORTION):
        program = build(arguments.seed, first, min(PORTION, total - first))
        kiln = Kiln(program)
        for index, description in enumerate(kiln.describe()):
            if arguments.only and description["name"] not in arguments.only:
                continue
            operations, parameters = map(int, kiln.ask(f"cost {index}").split())
            peak, reading = map(float, kiln.ask("machine").split())
            text = "x".join(map(str, description["input"])) + ": " + label(description["layers"])
            print(f"\n{description['name']}  {text}  batch {description['batch']}", flush=True)
            for kind, threads in CELLS:
                spent = measure(kiln, index, description, kind, threads, arguments.rounds)
                rows = 1 if kind == "one" else description["batch"]
                passes = 3 if kind == "train" else 1
                share = operations * rows * passes / spent["kiln"] / (peak * threads)
                ratio = min(value for name, value in spent.items() if name != "kiln") / spent["kiln"]
                shown = "  ".join(f"{name} {value * 1e6 / rows:.2f}" for name, value in spent.items())
                print(f"  {kind:<5} {threads}  {ratio:6.2f}  {share:4.0%} of peak  us a sample: {shown}", flush=True)
                results.append({
                    "name": description["name"], "network": text, "kind": kind, "threads": threads, "rows": rows,
                    "spent": spent, "ratio": ratio, "share": share, "operations": operations, "parameters": parameters,
                    "peak": peak, "reading": reading, "description": description,
                })
                path.write_text(json.dumps(results, indent=1))
        kiln.process.kill()
        kiln.process.wait()
    return results


def main():
    warnings.filterwarnings("ignore")
    torch.set_flush_denormal(True)
    parser = argparse.ArgumentParser()
    parser.add_argument("seed", type=int)
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--page", action="store_true")
    arguments = parser.parse_args()
    results = run(arguments)
    if arguments.page:
        page.write(results, arguments.seed, ROOT / "docs")


if __name__ == "__main__":
    main()
