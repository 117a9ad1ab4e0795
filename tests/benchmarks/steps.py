"""How fast is a training step: the CNN, the LSTM and the GPT of ``networks``, beside the same in other libraries."""

from functools import partial
from typing import Any

import numpy as np

from tests.benchmarks import networks
from tests.benchmarks.measure import contestant, in_turns_apart, spread

LIBRARIES = {"nnjax": "own", "PyTorch": "torch_peers", "Flax NNX": "flax_peers", "Equinox": "equinox_peers"}
"""The libraries, and the file beside this one that holds their networks; imported only where they run."""

NETWORKS = {"cnn": networks.CNN(), "lstm": networks.LSTM(), "gpt": networks.GPT()}
STEPS = {"cnn": 20, "lstm": 60, "gpt": 30}
"""The steps of one turn: a few seconds."""

WANTED = {"PyTorch": "at least 1", "Flax NNX": "above 1", "Equinox": "above 1"}

Rows = list[tuple[str, str, str]]


def run(rounds: int = 5, steps: dict[str, int] = STEPS) -> Rows:
    rows: Rows = []
    for name, count in steps.items():
        net = NETWORKS[name]
        makers = {peer: partial(contestant, file, name, net, count) for peer, file in LIBRARIES.items()}
        taken, losses = in_turns_apart(makers, rounds)
        for peer, values in losses.items():
            if not np.isfinite(values).all():
                raise ValueError(f"the {name} of {peer} has the losses {values}: what was timed is not a training")
        own = taken["nnjax"] / count
        rows.append((f"{title(name, net)}: ms a training step", spread(1e3 * own, ".1f"), ""))
        rows.append((f"{name.upper()}: GFLOP/s", spread(net.flops() / own / 1e9, ".0f"), ""))
        for peer in WANTED:
            ratio = spread(taken[peer] / taken["nnjax"])
            rows.append((f"{name.upper()}: {peer}, times as long", ratio, WANTED[peer]))
    return rows


def title(name: str, net: Any) -> str:
    if name == "cnn":
        return f"CNN 28x28, two 5x5 convolutions {net.channels[1]}/{net.channels[2]}, {net.hidden}; batch {net.batch}"
    if name == "lstm":
        return f"LSTM of {net.hidden} on an embedding of {net.width}, {net.time} time steps, batch {net.batch}"
    return f"GPT, {net.blocks} blocks of width {net.width}, block {net.time}, batch {net.batch}"
