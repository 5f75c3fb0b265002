"""Draws what the benches measured as one picture for docs/performance.md.

    python bench/plot.py [--out docs/performance.png]

Reads bench/results; needs matplotlib (bench/requirements.txt). A bench without a result is left
out.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

HERE = Path(__file__).parent
PARTS = ("pause noticed", "words known", "first token", "first clause", "first audio")
COLOURS = ("#9db4c0", "#5c6b73", "#c2dfe3", "#e0a458", "#a4243b", "#419d78")
OURS, THEIRS, GOAL = "#419d78", "#a4243b", "#253237"


def main() -> None:
    """Draw one picture of six fields."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    default = HERE.parent / "docs" / "performance.png"
    parser.add_argument("--out", type=Path, default=default, metavar="FILE")
    options = parser.parse_args()
    results = {path.stem: json.loads(path.read_text()) for path in HERE.glob("results/*.json")}
    figure, fields = plt.subplots(2, 3, figsize=(15, 8), layout="constrained")
    draw_parts(fields[0, 0], results)
    draw_spread(fields[0, 1], results)
    draw_pipecat(fields[0, 2], results.get("versus_pipecat"))
    draw_box(fields[1, 0], results)
    draw_four(fields[1, 1], results)
    draw_long(fields[1, 2], results.get("long_call"))
    machines = {found["machine"]["cpu"] for found in results.values()}
    cores = {str(found["machine"]["cores"]) for found in results.values()}
    figure.suptitle(f"ThunderBox on {', '.join(machines)}, {', '.join(cores)} cores")
    figure.savefig(options.out, dpi=80)
    print(options.out)


def draw_parts(field: Axes, results: dict[str, Any]) -> None:
    """Where the time of an answer goes, at the median."""
    field.set_title("Parts of an answer (p50)")
    names = []
    for row, models in enumerate(("starter", "real_size")):
        if (found := results.get(f"voice_to_voice_{models}")) is None:
            continue
        begin = 0.0
        for part, colour in zip(PARTS, COLOURS, strict=False):
            end = found["parts_ms"][part]["p50"] or begin
            label = part if not names else None
            field.barh(row, max(0.0, end - begin), left=begin, color=colour, label=label)
            begin = max(begin, end)
        whole = found["voice_to_voice_ms"]["p50"]
        field.barh(
            row,
            max(0.0, whole - begin),
            left=begin,
            color=COLOURS[5],
            label=None if names else "on the wire",
        )
        names.append((row, found["models"]))
    field.set_yticks([row for row, _ in names], [name for _, name in names])
    field.set_xlabel("ms after the caller's last voiced packet")
    if names:
        field.legend(fontsize="small")


def draw_spread(field: Axes, results: dict[str, Any]) -> None:
    """All answers, sorted."""
    field.set_title("Voice to voice, every turn")
    for models, colour in (("starter", OURS), ("real_size", COLOURS[3])):
        if (found := results.get(f"voice_to_voice_{models}")) is None:
            continue
        values = sorted(found["all_ms"])
        share = [100 * (index + 0.5) / len(values) for index in range(len(values))]
        field.plot(values, share, color=colour, label=found["models"])
        for percent, name in ((50, "p50"), (95, "p95")):
            field.plot(found["goal_ms"][name], percent, "x", color=colour)
    field.set_xlabel("ms (crosses: the goals)")
    field.set_ylabel("% of the turns")
    field.set_xlim(left=0)
    field.legend(fontsize="small")


def draw_pipecat(field: Axes, found: dict[str, Any] | None) -> None:
    """Both, side by side."""
    field.set_title("Same weights, same machine, same run")
    if found is None:
        return
    rows = [("ThunderBox", found["thunderbox"], OURS)]
    rows += [(f"Pipecat, {turn}", one, THEIRS) for turn, one in found["pipecat"].items()]
    for row, (_, one, colour) in enumerate(rows):
        times = one["voice_to_voice_ms"]
        if times["p50"] is None:
            continue
        field.barh(row, times["p50"], color=colour)
        field.plot([times["p50"], times["p95"]], [row, row], color=GOAL, marker="|")
        field.text(times["p50"] / 2, row, f"{times['p50']:.0f}", ha="center", va="center")
    field.set_yticks(range(len(rows)), [name for name, _, _ in rows])
    field.set_xlabel("ms, p50 (line: to p95)")


def draw_box(field: Axes, results: dict[str, Any]) -> None:
    """What is the box's own, against its goals."""
    field.set_title("The box's own share (p95)")
    rows: list[tuple[str, float, float]] = []
    if (found := results.get("overhead")) is not None:
        goal = found["goal_ms"]["p95"]
        rows.append(("overhead", found["detector_of_the_box"]["overhead_ms"]["p95"], goal))
    if (found := results.get("interruption")) is not None:
        rule = found["interrupt_ms"]
        rows.append(
            ("interruption", found["stop_ms"]["p95"] - rule, found["goal_ms"]["p95"] - rule)
        )
    for row, (_, value, goal) in enumerate(rows):
        field.barh(row, value, color=OURS)
        field.plot([goal, goal], [row - 0.4, row + 0.4], color=GOAL, linewidth=2)
        field.text(value / 2, row, f"{value:.0f}", ha="center", va="center")
    field.set_yticks(range(len(rows)), [name for name, _, _ in rows])
    field.set_xlabel("ms beside the configured pause (line: goal)")


def draw_four(field: Axes, results: dict[str, Any]) -> None:
    """Four calls against one."""
    field.set_title("Four calls at once")
    column = 0
    ticks: list[str] = []
    for models in ("starter", "real_size"):
        if (found := results.get(f"four_calls_{models}")) is None:
            continue
        for calls, colour in (("one_call", COLOURS[0]), ("four_calls", OURS)):
            times = found[calls]["voice_to_voice_ms"]
            if times["p95"] is None:
                continue
            field.bar(column, times["p95"], color=colour)
            field.text(column, times["p95"], f"{times['p95']:.0f}", ha="center", va="bottom")
            ticks.append(f"{found['models']}\n{calls.replace('_', ' ')}")
            column += 1
    field.set_xticks(range(len(ticks)), ticks, fontsize="small")
    field.set_ylabel("voice to voice p95, ms")


def draw_long(field: Axes, found: dict[str, Any] | None) -> None:
    """Memory over a long call."""
    field.set_title("A long call")
    if found is None:
        return
    minutes = [second / 60 for second, _ in found["memory_by_second"]]
    field.plot(minutes, [memory for _, memory in found["memory_by_second"]], color=OURS)
    field.set_ylim(bottom=0)
    field.set_xlabel("minutes")
    field.set_ylabel("memory, MB")


if __name__ == "__main__":
    main()
