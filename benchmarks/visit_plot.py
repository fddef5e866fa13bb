"""The table of benchmarks/visits.py as a picture: false transitions and missed stays, by class and engine."""

from collections.abc import Mapping
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from benchmarks.scoring import Score
from benchmarks.tracks.labels import Kind

INK, FAINT, GROUND = "#1f2933", "#9aa5b1", "#ffffff"
# Ours first and strong; the peers in quiet colours that differ in lightness too.
COLOURS = ("#2563eb", "#f2b279", "#d97757", "#9c6b98")
BAR = 0.19
# Even up to one a track, by ratio beyond: few must be seen beside many.
LINEAR_UP_TO = 1.0


def save(table: Mapping[str, Mapping[Kind, Score]], *, to: Path, tracks: int) -> None:
    plt.rcParams.update({"font.family": "DejaVu Sans", "font.size": 10, "text.color": INK, "axes.labelcolor": INK})
    kinds = list(next(iter(table.values())))
    figure, (left, right) = plt.subplots(
        1,
        2,
        figsize=(12, 0.78 * len(kinds) + 1.9),
        facecolor=GROUND,
        gridspec_kw={"width_ratios": [3, 2], "wspace": 0.06},
    )
    _bars(
        left,
        kinds,
        {name: [scores[kind].false / max(scores[kind].tracks, 1) for kind in kinds] for name, scores in table.items()},
        said={name: [f"{scores[kind].false:,}" for kind in kinds] for name, scores in table.items()},
    )
    left.set_xscale("symlog", linthresh=LINEAR_UP_TO)
    left.set_xlim(0, 1.7 * max(left.get_xlim()[1], LINEAR_UP_TO))
    left.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    left.set_title(f"False transitions a track (their number in {tracks} tracks)", loc="left", fontsize=11, pad=10)
    left.set_yticks(range(len(kinds)), [kind.replace("_", " ") for kind in kinds], fontsize=11)
    shares = {
        name: [100 * scores[kind].missed / scores[kind].stays if scores[kind].stays else 0.0 for kind in kinds]
        for name, scores in table.items()
    }
    said = {
        name: [f"{scores[kind].missed} of {scores[kind].stays}" if scores[kind].missed else "" for kind in kinds]
        for name, scores in table.items()
    }
    _bars(right, kinds, shares, said=said)
    for place, kind in enumerate(kinds):
        stays = next(iter(table.values()))[kind].stays
        if not stays:
            right.text(0.012, place, "no stay to miss", transform=right.get_yaxis_transform(), va="center", color=FAINT)
        elif not any(scores[kind].missed for scores in table.values()):
            text = f"none of {stays} missed by anybody"
            right.text(0.012, place, text, transform=right.get_yaxis_transform(), va="center", color=FAINT)
    right.set_xlim(0, max(5.0, 1.3 * max(max(each) for each in shares.values())))
    right.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g} %"))
    right.set_title("Missed stays", loc="left", fontsize=11, pad=10)
    right.set_yticks([])
    handles, names = left.get_legend_handles_labels()
    figure.legend(
        handles, names, loc="upper left", bbox_to_anchor=(0.118, 0.975), ncols=len(names), frameon=False, fontsize=11
    )
    figure.savefig(to, dpi=150, bbox_inches="tight", facecolor=GROUND)
    plt.close(figure)


def _bars(axes: Axes, kinds: list[Kind], lengths: dict[str, list[float]], *, said: dict[str, list[str]]) -> None:
    middle = (len(lengths) - 1) / 2
    for number, (name, values) in enumerate(lengths.items()):
        at = [place + (number - middle) * BAR for place in range(len(kinds))]
        axes.barh(at, values, height=0.88 * BAR, color=COLOURS[number % len(COLOURS)], label=name, zorder=2)
        for y, value, text in zip(at, values, said[name], strict=True):
            weight = "bold" if number == 0 else "normal"
            axes.annotate(
                text, (value, y), xytext=(4, 0), textcoords="offset points", va="center", fontsize=8, weight=weight
            )
    axes.set_ylim(len(kinds) - 0.45, -0.55)
    for place in range(len(kinds) - 1):
        axes.axhline(place + 0.5, color="#e4e7eb", linewidth=0.8, zorder=1)
    axes.grid(axis="x", color="#eef1f4", zorder=0)
    axes.set_facecolor(GROUND)
    axes.tick_params(length=0, colors=INK)
    for side in ("top", "right", "bottom"):
        axes.spines[side].set_visible(False)
    axes.spines["left"].set_color(FAINT)
