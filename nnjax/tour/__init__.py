"""The tour: the course in one run, every network trained on real data, every gradient certified."""

import time
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from pathlib import Path

import jax
from jaxtyping import Array
from rich import box
from rich.console import Console
from rich.live import Live
from rich.table import Table

from nnjax import optimizers
from nnjax.checks import require_between, require_seed
from nnjax.tour import history, images, networks, neurons, page, sequences
from nnjax.tour.stop import HEADINGS, Stop, cells, summary

__all__ = ["STOPS", "Stop", "run", "summary", "table"]

STOPS: dict[str, Callable[[Array], Stop]] = {
    "perceptron on AND": partial(neurons.gate, name="and"),
    "perceptron on OR": partial(neurons.gate, name="or"),
    "perceptron on XOR": partial(neurons.gate, name="xor"),
    "perceptron on iris": neurons.iris_perceptron,
    "ADALINE on iris": neurons.iris_adaline,
    "MADALINE on XOR": neurons.xor_madaline,
    "linear regression on diabetes": neurons.diabetes_linear,
    "logistic regression on breast cancer": neurons.breast_cancer_logistic,
    "MLP on XOR": networks.xor,
    "MLP on moons": partial(networks.plane, name="moons", hidden=(16,), epochs=100),
    "MLP on circles": partial(networks.plane, name="circles", hidden=(16,), epochs=100),
    "MLP on spirals": partial(networks.plane, name="spirals", hidden=(32, 32), epochs=200),
    "worked example": networks.worked_example,
    "sigmoid MLP on digits": networks.digits_sigmoid,
    "MLP on digits": networks.digits,
    "SGD on digits": partial(networks.raced, name="SGD", optimizer=optimizers.sgd(0.05)),
    "momentum on digits": partial(networks.raced, name="momentum", optimizer=optimizers.sgd(0.05, 0.9)),
    "RMSProp on digits": partial(networks.raced, name="RMSProp", optimizer=optimizers.rmsprop(0.003)),
    "Adam on digits": partial(networks.raced, name="Adam", optimizer=optimizers.adam(0.003)),
    "dropout on digits": networks.digits_dropout,
    "64 learning rates on digits": networks.learning_rates,
    "CNN on digits": images.digits_cnn,
    "CNN on the names of letters": images.scripts_cnn,
    "Elman network on digits": partial(sequences.digits_rows, cell="elman"),
    "LSTM on digits": partial(sequences.digits_rows, cell="lstm"),
    "GRU on digits": partial(sequences.digits_rows, cell="gru"),
    "LSTM on character names": sequences.names_lstm,
    "transformer on character names": sequences.names_transformer,
    "vision transformer on digits": sequences.digits_patches,
    "Hopfield network on digits": history.hopfield_digits,
    "GAN on digits": history.gan_digits,
    "self-play on tic-tac-toe": history.tic_tac_toe,
}
"""Every stop by name: a function from random keys, one for each seed, to what it found."""


def run(
    out: Path | str | None = None,
    *,
    seeds: int = 8,
    seed: int = 0,
    progress: bool = True,
    console: Console | None = None,
) -> list[Stop]:
    """Take the tour: train the network of every stop from ``seeds`` keys made from ``seed``, and return the stops.

    With ``out``, the pictures and one page, index.html, are written into that folder, which is made if need be.
    With ``progress`` the table grows on the console while the tour goes on. The same arguments give the same numbers.
    Raises ValueError for fewer than two seeds or a seed that is no 64-bit number, OSError when ``out`` cannot be
    written, before anything is trained.
    """
    require_between("seeds", seeds, 2, float("inf"))
    require_seed(seed)
    console = console or Console()
    if out is not None:
        page.prepare(Path(out))
    keys = jax.random.split(jax.random.key(seed), seeds)
    stops: list[Stop] = []
    live = Live(table(stops), console=console, refresh_per_second=4) if progress else nullcontext()
    with live as display:
        for place, (name, stop_at) in enumerate(STOPS.items(), 1):
            if display is not None:
                display.update(table(stops, f"{place} of {len(STOPS)}: {name} ..."))
            began = time.perf_counter()
            stop = stop_at(keys)
            stops.append(stop._replace(seconds=time.perf_counter() - began))
        if display is not None:
            display.update(table(stops))
    if out is not None:
        written = page.write(Path(out), stops, seeds)
        if progress:
            console.print(f"Pictures and the whole tour on one page: {written}", soft_wrap=True)
    return stops


def table(stops: list[Stop], now: str | None = None) -> Table:
    """Return the table of the stops so far; ``now`` says below it which is being trained."""
    seconds = sum(stop.seconds for stop in stops)
    rows = Table(caption=now or f"{len(stops)} networks in {seconds:.0f} s", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    # A terminal of 80 columns holds every row on one line.
    for heading in HEADINGS:
        number, wrap = heading in ("result", "gradient error", "time"), heading == "gradient error"
        title = "" if heading == "lesson" else heading
        rows.add_column(title, justify="right" if number else "left", no_wrap=not wrap, min_width=8 * wrap)
    for stop in stops:
        rows.add_row(*cells(stop))
    return rows
