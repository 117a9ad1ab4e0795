"""The figures of lesson 10's deck: the line of years, the tests at its stones, Hopfield's energy, a GAN, self-play."""

from collections.abc import Iterator

from matplotlib.figure import Figure

from nnjax.slides import sketch
from nnjax.slides.figures import fitted
from nnjax.slides.lesson_10_milestones import games, parts, plots, runs, scenes
from nnjax.slides.lesson_10_milestones import hopfield as memory
from nnjax.slides.lesson_10_milestones import ledger as ledger_of
from nnjax.slides.lesson_10_milestones import players as drawings
from nnjax.viz import board_policy, canvas, capacity_curve, style

WALK = (
    (1943, 1949, 1958, 1959), (1969,), (1974, 1986, 1989), (1982,), (1997,), (1998, 2012), (2014,), (2016, 2017),
    (2017,),
)  # fmt: skip
ASKED = ((1982,), (2014,), (2016, 2017))
"""These stand on slides that put a question, where there is less room."""


@style.context()
def years() -> Figure:
    """All stones on a line of years, named; those that the lesson builds itself in another colour."""
    figure, axes = sketch.sheet(8.5, 3.38)
    parts.years(figure, axes)
    return figure


def walk() -> Iterator[Figure]:
    """The line of years, small, on which stone after stone lights up."""
    for lit in WALK:
        with style.context():
            figure, axes = sketch.sheet(7.1 if lit in ASKED else 8.4, 0.58)
            parts.strip(figure, axes, lit)
            yield figure


@style.context()
def beginnings() -> Figure:
    """A net of 1943, the bell of Pavlov's dog, the perceptron's mistakes on digits, and ADALINE's largest rate."""
    figure, (net, bell, mistakes, wall) = canvas.blank(3.2, 1, 4, width_ratios=(1.12, 1, 1, 1.05))
    corners, _ = runs.tables(3)
    parts.corners_net(net, corners, corners.sum(axis=1) >= 2)
    right, all_of_them = runs.logic()
    net.set_title(f"1943: {right} of {all_of_them}", fontsize=13)
    plots.dog(bell)
    plots.mistakes(mistakes)
    plots.wall(wall)
    return fitted(figure, 8.5, 3.12)


@style.context()
def limits() -> Figure:
    """All functions of two inputs and all of three: which of them one neuron can do."""
    figure, axes = sketch.sheet(8.4, 2.66)
    plots.tables(figure, axes)
    return figure


@style.context()
def middle() -> Figure:
    """A hundred networks learning XOR, and the error of a curve made of more and more hidden neurons."""
    figure, (xor, width) = canvas.blank(2.9, 1, 2)
    plots.xor(xor)
    plots.width(width)
    return fitted(figure, 8.4, 2.66)


@style.context()
def neurons() -> Figure:
    """A Hopfield network of six neurons: all are joined, and one adds up what reaches it."""
    figure, axes = sketch.sheet(4.4, 3.7)
    drawings.joined(axes)
    return figure


@style.context()
def recall() -> Figure:
    """Three digits: stored, spoiled, recalled neuron by neuron, and the energy of each as it falls."""
    figure, _ = sketch.sheet(8.4, 3.75)
    plots.recall(figure)
    return figure


@style.context()
def falling() -> Figure:
    """The energy of a network with random symmetric weights, from 1000 random starts."""
    figure, (axes,) = canvas.blank(3.8)
    plots.falling(axes)
    return fitted(figure, 4.5)


@style.context()
def crosstalk() -> Figure:
    """What reaches a neuron of a stored pattern, at three loads: the part below zero turns over."""
    figure, panels = canvas.blank(3.0, 1, 3, sharex=True)
    plots.crosstalk(panels)
    return fitted(figure, 8.4, 2.9)


def capacity() -> Figure:
    """The share of bits that stay, against patterns a neuron, for a small and a large network."""
    return fitted(capacity_curve(memory.LOADS, memory.capacity()), 8.4, 3.75)


@style.context()
def gap() -> Figure:
    """Thirty symbols, of which the first is asked for, and how often two kinds of network know it."""
    figure, axes = sketch.sheet(8.4, 3.1)
    drawings.sequence(axes, runs.symbols(1, 5)[0][0])
    plots.dots(parts.at(figure, 1.5, 0.5, 5.9, 1.35), {name: runs.gap()[name] for name in ("plain", "LSTM")}, 25)
    return figure


@style.context()
def seeing() -> Figure:
    """Filters against dense layers on digits anywhere on a sheet, and the same filters on more and more images."""
    figure, (kinds, counts) = canvas.blank(2.9, 1, 2, sharey=True)
    plots.kinds(kinds)
    plots.counts(counts)
    return fitted(figure, 8.4, 3.0)


def players() -> Iterator[Figure]:
    """The forger and the detective: the way forward, and the two ways back."""
    for back in (False, True):
        with style.context():
            figure, axes = sketch.sheet(8.4, 2.38)
            drawings.players(figure, axes, back=back)
            yield figure


@style.context()
def slopes() -> Figure:
    """The slopes of the forger's two possible losses, against the logit of a forgery."""
    figure, (axes,) = canvas.blank(3.4)
    plots.slopes(axes)
    return fitted(figure, 8.4)


@style.context()
def belief() -> Figure:
    """How often a value is real and how often forged, and what the best detective believes of it."""
    figure, panels = canvas.blank(3.85, 2, 1, sharex=True)
    plots.belief(panels)
    return fitted(figure, 4.6)


@style.context()
def forging() -> Figure:
    """The losses of a GAN over its training, and what one and the same noise becomes on the way."""
    figure, _ = sketch.sheet(8.5, 3.85)
    scenes.forging(figure)
    return figure


@style.context()
def judged() -> Figure:
    """Forgeries beside the nearest real digits, which digits they are, and whether the detective is deceived."""
    figure, _ = sketch.sheet(8.5, 3.75)
    scenes.judged(figure)
    return figure


@style.context()
def minimax() -> Figure:
    """A tree of the last moves of a game, with the value of each position."""
    figure, axes = sketch.sheet(8.4, 3.35)
    drawings.tree(axes)
    return figure


@style.context()
def thinking() -> Figure:
    """A position, the network's first thought after a few rounds, and how the search divides its tries."""
    figure, axes = sketch.sheet(4.7, 3.3)
    drawings.thinking(axes)
    return figure


@style.context()
def learning() -> Figure:
    """The exact share of games lost, against two opponents, round after round."""
    figure, (axes,) = canvas.blank(3.17)
    scenes.learning(axes)
    return fitted(figure, 4.3)


def head() -> Figure:
    """What the trained network thinks of the position in which a corner loses."""
    figure = fitted(board_policy(games.TRAP, *games.mind(games.ROUNDS[-1])), 4.2, 3.17)
    number = figure.axes[1].texts[0]
    number.set(position=(0, games.mind(games.ROUNDS[-1])[1] + 0.04), verticalalignment="bottom")
    return figure


@style.context()
def circle() -> Figure:
    """The task of 1997 with a transformer, and ten stored digits recalled in the way of 1982 and by attention."""
    figure, _ = sketch.sheet(8.4, 2.64)
    scenes.circle(figure)
    return figure


@style.context()
def ledger() -> Figure:
    """All claims in the order of their years, what was found, and whether they hold."""
    figure, axes = sketch.sheet(7.15, 3.72)
    drawings.ledger(axes, ledger_of.tests())
    return figure


@style.context()
def wrong() -> Figure:
    """Two neurons that change places for ever, digits that spoil each other's memory, and a forger of one thing."""
    figure, axes = sketch.sheet(8.5, 2.9)
    scenes.wrong(figure, axes)
    return figure
