"""How the time of an example grows: the CNN with the batch, the GPT with the length, beside the work in FLOPs."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from nnjax.viz import canvas, save, style
from tests.benchmarks import networks
from tests.benchmarks.measure import contestant, in_turns_apart, seconds, spread
from tests.benchmarks.steps import Rows

PICTURE = Path(__file__).parents[2] / ".github" / "pictures" / "scaling.png"
LIBRARIES = {"nnjax": "own", "PyTorch": "torch_peers"}
EXAMPLES = {"cnn": 2048, "gpt": 96}
"""The examples of one measurement."""

SIZES: dict[str, dict[int, Any]] = {
    "cnn": {batch: networks.CNN(batch=batch) for batch in (32, 64, 128, 256, 512, 1024)},
    "gpt": {time: networks.GPT(time=time) for time in (64, 128, 256, 512)},
}
AXES = {"cnn": "CNN: images in a mini-batch", "gpt": "GPT: characters in a text"}


def run(rounds: int = 5, examples: dict[str, int] = EXAMPLES, picture: Path = PICTURE) -> Rows:
    rows: Rows = []
    curves: dict[str, dict[str, np.ndarray]] = {}
    for name, count in examples.items():
        makers = {peer: partial(at_all_sizes, file, name, count) for peer, file in LIBRARIES.items()}
        _, returned = in_turns_apart(makers, rounds)
        curves[name] = {peer: grown(name, np.array(values)) for peer, values in returned.items()}
        first, *_, last = SIZES[name]
        what = f"CNN, batch {last}" if name == "cnn" else f"GPT, block {last}"
        for peer, curve in curves[name].items():
            wanted = "at most 1" if peer == "nnjax" else ""
            rows.append((f"{what}: time per FLOP, times that at {first}, {peer}", spread(curve[:, -1]), wanted))
    draw(curves, picture)
    return rows


def grown(name: str, seconds_an_example: np.ndarray) -> np.ndarray:
    """Return the time per FLOP at each size, times that at the first: 1 is growth in step with the work."""
    per_flop = seconds_an_example / [net.flops() / net.batch for net in SIZES[name].values()]
    return per_flop / per_flop[:, :1]


def at_all_sizes(library: str, name: str, examples: int) -> Callable[[], list[float]]:
    """Return the task that gives the seconds an example takes at each size."""
    tasks = []
    for net in SIZES[name].values():
        steps = max(1, examples // net.batch)
        tasks.append((contestant(library, name, net, steps), steps * net.batch))
    return lambda: [seconds(task) / count for task, count in tasks]


@style.context()
def draw(curves: dict[str, dict[str, np.ndarray]], path: Path) -> None:
    """Write the picture of what ``grown`` returned, (rounds, sizes) for each network and library: medians, ranges."""
    figure, panels = canvas.blank(3.8, columns=len(curves), sharey=True)
    for axes, (name, libraries) in zip(panels, curves.items(), strict=True):
        sizes = list(SIZES[name])
        handles = axes.plot(sizes, np.ones(len(sizes)), color=style.palette["grey"], linewidth=6, alpha=0.35)
        for index, values in enumerate(libraries.values()):
            look = style.series(index)
            axes.fill_between(sizes, values.min(0), values.max(0), color=look["color"], alpha=0.18, linewidth=0)
            handles += axes.plot(sizes, np.median(values, axis=0), **look)
        axes.set_xscale("log", base=2)
        axes.set_xticks(sizes, labels=map(str, sizes))
        axes.minorticks_off()
        axes.set_xlabel(AXES[name])
    panels[0].set_ylim(0, max(1.1, panels[0].get_ylim()[1]))
    panels[0].set_ylabel("time per FLOP, times the first")
    canvas.legend(figure, handles, ["in step with the work", *libraries])
    kept = all(np.median(curve["nnjax"][:, -1]) <= 1 for curve in curves.values())
    grows = "grows no faster than" if kept else "beside"
    canvas.headline(figure, f"The time of a training step {grows} its work")
    save(figure, path)
