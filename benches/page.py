"""Draws what `sweep.py` found into docs: the picture of all ratios, and the page's table of its worst cells."""

import html
import math
import statistics

COLUMNS = [
    ("one", 1, "one"), ("batch", 1, "batch"), ("train", 1, "train"), ("batch", 2, "batch, 2"), ("train", 2, "train, 2")
]
KINDS = ["Dense", "Convolutions", "Residual convolutions", "Recurrences", "Mobile", "Sequences", "Upward"]
LABEL, CELL, LINE, GAP = 300, 76, 17, 26
LONGEST = 42


def kind(cell):
    """The group that a network stands in."""
    layers = cell["description"]["layers"]
    words = {layer[0] for layer in layers}
    inner = [layer for layer in layers if layer[0] == "residual"]
    inner = layers + [part for layer in inner for part in layer[1]]
    # As many groups as outputs: each channel by itself.
    if any(layer[0] == "conv" and layer[5] == layer[1] and layer[5] > 1 for layer in inner):
        return KINDS[4]
    if "conv1d" in words:
        return KINDS[5]
    if "conv_transpose" in words or "upsample" in words and "residual" not in words:
        return KINDS[6]
    if "residual" in words:
        return KINDS[2]
    if "conv" in words:
        return KINDS[1]
    return KINDS[3] if "lstm" in words else KINDS[0]


def colour(ratio):
    """Red below one, white at one, green above; full at a quarter and at four."""
    depth = max(-1.0, min(1.0, math.log(ratio, 4)))
    towards = (24, 130, 90) if depth > 0 else (200, 40, 40)
    return "#" + "".join(f"{round(255 + (part - 255) * abs(depth)):02x}" for part in towards)


def rows_of(results):
    """A network's cells by kind and threads, network by network."""
    rows = {}
    for cell in results:
        rows.setdefault(cell["name"], {})[cell["kind"], cell["threads"]] = cell
    return list(rows.values())


def block(title, rows, left, top):
    """The picture of one group."""
    parts = [f'<text x="{left}" y="{top + 12}" font-weight="bold">{title}</text>']
    for column, (_, _, name) in enumerate(COLUMNS):
        x = left + LABEL + (column + 0.5) * CELL
        parts.append(f'<text x="{x}" y="{top + 12}" text-anchor="middle">{name}</text>')
    for index, row in enumerate(rows):
        y = top + LINE * (index + 1)
        text = next(iter(row.values()))["network"]
        text = text if len(text) <= LONGEST else text[: LONGEST - 2] + ".."
        parts.append(f'<text x="{left}" y="{y + 13}">{html.escape(text)}</text>')
        for column, (what, threads, _) in enumerate(COLUMNS):
            cell = row.get((what, threads))
            if cell is None:
                continue
            x, ratio = left + LABEL + column * CELL, cell["ratio"]
            ink = "#ffffff" if abs(math.log(ratio, 4)) > 0.7 else "#000000"
            size = f'width="{CELL - 2}" height="{LINE - 2}"'
            parts.append(f'<rect x="{x + 1}" y="{y + 1}" {size} fill="{colour(ratio)}"/>')
            number = f"{ratio:.2f}" if ratio < 10 else f"{ratio:.0f}"
            share = f"{max(limit(cell)) / cell['spent']['kiln']:.0%}"
            parts.append(f'<text x="{x + 36}" y="{y + 13}" text-anchor="end" fill="{ink}">{number}</text>')
            parts.append(f'<text x="{x + CELL - 5}" y="{y + 13}" text-anchor="end" fill="{ink}" font-size="9">{share}</text>')
    return "\n".join(parts)


def picture(results):
    """The heat map, as SVG: two columns of groups."""
    groups = {name: [] for name in KINDS}
    for row in rows_of(results):
        groups[kind(next(iter(row.values())))].append(row)
    width, heights, parts = LABEL + CELL * len(COLUMNS) + GAP, [GAP, GAP], []
    for title, rows in groups.items():
        side = heights.index(min(heights))
        parts.append(block(title, rows, GAP + side * width, heights[side]))
        heights[side] += LINE * (len(rows) + 1) + GAP
    whole, high = 2 * width + GAP, max(heights)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {whole} {high}" font-family="monospace" font-size="11">'
    return "\n".join([head, f'<rect width="{whole}" height="{high}" fill="#ffffff"/>', *parts, "</svg>\n"])


def limit(cell):
    """Seconds that operations take at the core's peak, and that bytes take at the speed of a level-2 cache.

    Bytes are the caller's numbers once, and weights: read once in inference, read and written in training, moments too."""
    description = cell["description"]
    passes = 3 if cell["kind"] == "train" else 1
    touched = passes if not description["adam"] or passes == 1 else 7
    numbers = cell["parameters"] * touched + cell["rows"] * math.prod(description["input"])
    operations = cell["operations"] * cell["rows"] * passes / cell["peak"] / cell["threads"]
    return operations, 4 * numbers / cell["reading"] / cell["threads"]


def summary(results):
    """How many cells are how far ahead, and the five that are furthest behind."""
    lines = ["| cells | median | least | below 0.95 | 1.2 and more |", "| --- | --- | --- | --- | --- |"]
    for what, threads, name in [*COLUMNS, (None, None, "all")]:
        ratios = [cell["ratio"] for cell in results if what is None or (cell["kind"], cell["threads"]) == (what, threads)]
        if ratios:
            below, ahead = sum(ratio < 0.95 for ratio in ratios), sum(ratio >= 1.2 for ratio in ratios)
            lines.append(
                f"| {name} ({len(ratios)}) | {statistics.median(ratios):.2f} | {min(ratios):.2f} | {below} "
                f"| {ahead / len(ratios):.0%} |"
            )
    lines += ["", "| furthest behind | cell | ratio | kiln, us a sample | of it operations at peak | bytes from level 2 |"]
    lines.append("| --- | --- | --- | --- | --- | --- |")
    for cell in sorted(results, key=lambda cell: cell["ratio"])[:5]:
        spent, (operations, bytes_) = cell["spent"]["kiln"], limit(cell)
        name = next(name for what, threads, name in COLUMNS if (what, threads) == (cell["kind"], cell["threads"]))
        lines.append(
            f"| {cell['network']} | {name}, {cell['rows']} rows | {cell['ratio']:.2f} | {spent * 1e6 / cell['rows']:.2f} "
            f"| {operations / spent:.0%} | {bytes_ / spent:.0%} |"
        )
    return "\n".join(lines)


def write(results, seed, docs):
    """Draws the picture, and puts the tables between the page's two marks."""
    (docs / "performance.svg").write_text(picture(results))
    page = docs / "performance.md"
    before, rest = page.read_text().split("<!-- sweep -->\n")[0], page.read_text().split("<!-- /sweep -->")[1]
    peak = statistics.median(cell["peak"] for cell in results) / 1e9
    reading = statistics.median(cell["reading"] for cell in results) / 1e9
    count = len(rows_of(results))
    said = f"Seed {seed}, {count} networks; one core: peak {peak:.0f} GFLOP/s, {reading:.0f} GB/s from level 2.\n\n"
    page.write_text(f"{before}<!-- sweep -->\n\n{said}{summary(results)}\n\n<!-- /sweep -->{rest}")
