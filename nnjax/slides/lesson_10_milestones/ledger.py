"""The ledger of lesson 10's deck: every claim, what was found when it was tested, and whether it holds."""

from functools import cache

import numpy as np

from nnjax.slides.lesson_10_milestones import games, runs
from nnjax.slides.lesson_10_milestones import hopfield as memory
from nnjax.slides.lesson_10_milestones.runs import Test, spread


@cache
def tests() -> tuple[Test, ...]:
    """Return all tests in the order of their years."""
    return tuple(sorted((*_one_neuron(), *_hopfield(), *_layers(), *_gan(), *_game()), key=lambda test: test.year))


def _one_neuron() -> list[Test]:
    right, functions = runs.logic()
    mistakes, bound = runs.line()
    below, above = (path[-1] for path in runs.rates().values())
    can = runs.one_neuron(3)
    _, alone = runs.dog()
    return [
        Test(1943, "nets compute every logical function", f"{right} of {functions}", right == functions),
        Test(1949, "what is active together, is associated", f"after {alone.argmax()} meals", bool(alone[-1])),
        Test(1958, "a perceptron finds a line if there is one", f"{mistakes.sum()} mistakes, at most {bound:,.0f}",
             mistakes[-1] == 0 and mistakes.sum() <= bound),
        Test(1959, "ADALINE is stable up to the rate 2/λ", f"loss {below:.2f}, {above:.0e}",
             below < 0.1 < above),
        Test(1969, "one neuron can do little, and no XOR", f"{can.sum()} of {can.size}", not runs.one_neuron(2)[6]),
    ]  # fmt: skip


def _hopfield() -> list[Test]:
    rises = np.diff(memory.falling(), axis=0) > 1e-4
    right = 100 * memory.capacity()[memory.SIZES[-1]].mean(axis=0)
    below, above = right[memory.LOADS.index(0.12)], right[memory.LOADS.index(0.2)]
    found = f"{below:.1f} %, beyond {above:.1f} %"
    return [
        Test(
            1982, "a Hopfield network's energy never rises", f"{rises.sum()} rises in {rises.size:,}", not rises.any()
        ),
        Test(1985, "memory breaks down near a load of 0.138", found, below > 98 and above < 95),
    ]


def _layers() -> list[Test]:
    _, solved = runs.hidden()
    errors = runs.wide()[0].mean(axis=1)
    right, (seen, _), counts = runs.gap(), runs.moved(), runs.more_data().mean(axis=1)
    filters, dense = seen["filters"], seen["dense layers"]
    curve = f"error {errors[0]:.2f}, then {errors[-1]:.3f}"
    gap = f"{right['LSTM'].mean():.0f} %, plain {right['plain'].mean():.0f} %"
    sheets = f"{filters.mean():.0f} %, dense layers {dense.mean():.0f} %"
    grows = bool(np.all(np.diff(counts) > 0))
    return [
        Test(
            1986, "backpropagation teaches hidden neurons XOR", f"{solved.sum()} of {solved.size}", solved.mean() > 0.9
        ),
        Test(1989, "one hidden layer comes near any curve", curve, bool(np.all(np.diff(errors) < 0))),
        Test(1997, "an LSTM remembers sooner than a plain net", gap, right["LSTM"].mean() > right["plain"].mean() + 10),
        Test(1998, "shared filters find a digit anywhere", sheets, filters.min() > dense.max()),
        Test(2012, "more data, more right", f"{counts[0]:.0f} %, then {counts[-1]:.0f} %", grows),
        Test(
            2017,
            "attention reaches far in one step",
            f"{spread(right['transformer'])} %",
            right["transformer"].min() > 99,
        ),
    ]


def _gan() -> list[Test]:
    kinds = games.kinds(games.forging().forged[games.LOOKS[-1]])
    told = 100 * games.forging().history["accuracy"][-20:].mean()
    return [
        Test(2014, "a forger learns to make all ten digits", f"{kinds.min()} or more of each in {kinds.sum()}",
             kinds.min() > 20),
        Test(2014, "in the end nobody can tell forgeries", f"told in {told:.0f} % of cases", told < 55),
    ]  # fmt: skip


def _game() -> list[Test]:
    perfect, anyone = games.lost()["perfect play"][-1], games.lost()["a random player"][-1]
    return [
        Test(2017, "from the rules: perfect play never beats it", f"{100 * perfect:g} % lost", perfect == 0),
        Test(2017, "and no sequence of moves can beat it", f"{100 * anyone:g} % lost", anyone == 0),
    ]
