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
    for name, nets in SIZES.items():
        makers = {peer: partial(at_all_sizes, file, name, examples[name]) for peer, file in LIBRARIES.items()}
        _, returned = in_turns_apart(makers, rounds)
        curves[name] = {peer: np.array(values) for peer, values in returned.items()}
        work = np.array([net.flops() / net.batch for net in nets.values()])
        first, *_, last = nets
        grown = curves[name]["nnjax"][:, -1] / curves[name]["nnjax"][:, 0] / (work[-1] / work[0])
        what = {"cnn": f"CNN, batch {last}: time an example", "gpt": f"GPT, block {last}: time an example"}[name]
        rows.append((f"{what} per FLOP, times that at {first}", spread(grown), "at most 1"))
    draw(curves, picture)
    return rows


def at_all_sizes(library: str, name: str, examples: int) -> Callable[[], list[float]]:
    """Return the task that gives the seconds an example takes at each size."""
    tasks = []
    for net in SIZES[name].values():
        steps = max(1, examples // net.batch)
        tasks.append((contestant(library, name, net, steps), steps * net.batch))
    return lambda: [seconds(task) / count for task, count in tasks]


@style.context()
def draw(curves: dict[str, dict[str, np.ndarray]], path: Path) -> None:
    """Write the picture: median times an example, (rounds, sizes) of each library, and the work, as times the first."""
    figure, panels = canvas.blank(4.0, columns=2)
    for axes, (name, nets) in zip(panels, SIZES.items(), strict=True):
        sizes = list(nets)
        work = np.array([net.flops() / net.batch for net in nets.values()])
        handles = axes.plot(sizes, work / work[0], color=style.palette["grey"], linewidth=6, alpha=0.35)
        for index, values in enumerate(curves[name].values()):
            middle = np.median(values, axis=0)
            handles += axes.plot(sizes, middle / middle[0], **style.series(index))
        axes.set_xscale("log", base=2)
        axes.set_xticks(sizes, labels=map(str, sizes))
        axes.minorticks_off()
        axes.set_ylim(bottom=0)
        axes.set_xlabel(AXES[name])
    panels[0].set_ylabel("for an example, times the first")
    canvas.legend(figure, handles, ["work in FLOPs", *(f"time, {library}" for library in LIBRARIES)])
    canvas.headline(figure, "The time of a training step grows no faster than its work")
    save(figure, path)
