"""The declaration of an exercise: a function with its reference body, and beside it how a teacher judges answers to it.

@exercise("03_mlp", draw=layers, points=2, laws=[laws.JIT, laws.PURE], hints=["...", "..."])
def dense(params, x):
    \"\"\"Return ``x @ W + b`` ... the statement ...\"\"\"
    return x @ params["W"] + params["b"]

dense.mistake("The bias is missing: add b to every row.", lambda params, x: x @ params["W"])
"""

import ast
import inspect
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from nnjax.exercises.laws import JIT, Law

# Letters of a line in a statement; indented by 4, it fits the cell of a notebook beside the list of files.
WIDTH = 84
UNDER_JIT = "Written in JAX, it must give the same under jax.jit; written in NumPy, it need not."
IN_JAX = "It must give the same under jax.jit: let JAX do all of it, not NumPy."
Case = tuple[Any, ...]
Body = Callable[..., Any]
Draw = Callable[[np.random.Generator], list[Case]]
Holds = Callable[[list[Case], list[Any]], bool]


class Mistake(NamedTuple):
    """A wrong body that learners write, and the sentence that a teacher says to it."""

    sentence: str
    body: Body


class Rule(NamedTuple):
    """What holds of every right answer, where right answers may differ (random draws, open exercises)."""

    sentence: str
    holds: Holds


class Loss(NamedTuple):
    """The number whose gradient an exercise asks for: ``value(case, point)``, NumPy float64, at ``point(case)``."""

    value: Callable[[Case, Any], float]
    point: Callable[[Case], Any]
    answer: Callable[[Any], Any] = lambda answer: answer


@dataclass
class Exercise:
    """An exercise: statement and reference, how inputs are drawn, laws, rules, known mistakes, hints."""

    name: str
    lesson: str
    reference: Body
    draw: Draw
    points: float
    difficulty: int
    hints: Sequence[str]
    laws: Sequence[Law]
    by_hand: bool
    library: bool
    loss: Loss | None
    score: Callable[[list[Case], list[Any]], float] | None
    manner: str
    seconds: float
    tolerance: float
    mistakes: list[Mistake] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)

    def mistake(self, sentence: str, *bodies: Body) -> None:
        """Declare wrong bodies to which a teacher says ``sentence``."""
        self.mistakes += [Mistake(sentence, body) for body in bodies]

    def rule(self, sentence: str, holds: Holds, *bodies: Body) -> None:
        """Declare what ``holds(cases, answers)`` for right answers; ``sentence`` is said when it does not.

        Where an exercise has rules, answers are judged by them and by their shapes, not by the reference's values.
        The bodies are wrong answers that this rule, and none declared before, finds.
        """
        self.rules.append(Rule(sentence, holds))
        self.mistake(sentence, *bodies)

    @property
    def signature(self) -> str:
        """The call that a learner completes, such as ``dense(params, x)``."""
        return f"{self.name}{inspect.signature(self.reference)}"

    @property
    def parameters(self) -> list[str]:
        """The names of the arguments."""
        return list(inspect.signature(self.reference).parameters)

    @property
    def statement(self) -> str:
        """What is asked: the docstring of the reference, and that the answer can be compiled, where that is judged."""
        kinds = {law.kind for law in self.laws}
        more = IN_JAX if "cut" in kinds else UNDER_JIT if JIT.kind in kinds else ""
        return f"{inspect.getdoc(self.reference) or ''}\n\n{more}".rstrip()

    @property
    def stub(self) -> str:
        """The source that a learner starts from: signature and statement, nothing done."""
        return f"{self.parts[0]}\n    raise NotImplementedError\n"

    @property
    def solution(self) -> str:
        """The source of the reference solution, with the statement."""
        return "\n".join(self.parts) + "\n"

    @property
    def parts(self) -> tuple[str, str]:
        """The source of the reference in two parts: its head, with the statement in short lines, and its body."""
        source = textwrap.dedent(inspect.getsource(self.reference))
        (node,) = ast.parse(source).body
        if not isinstance(node, ast.FunctionDef):
            raise TypeError(f"the reference of {self.name} is not a function")
        lines = source.splitlines()
        head = "\n".join(lines[node.lineno - 1 : node.body[0].lineno - 1])
        return f"{head}\n{textwrap.indent(self._docstring, '    ')}", "\n".join(lines[node.body[1].lineno - 1 :])

    @property
    def _docstring(self) -> str:
        """The statement in quotes; its paragraphs, but not its formulas, are broken to lines that a notebook shows."""
        paragraphs = [
            paragraph
            if paragraph.startswith(" ")
            else textwrap.fill(paragraph, WIDTH, break_on_hyphens=False, break_long_words=False)
            for paragraph in f'"""{self.statement}'.split("\n\n")
        ]
        text = "\n\n".join(paragraphs)
        return f'{text}\n"""' if "\n" in text else f'{text}"""'


def in_words(points: float) -> str:
    """Return a number of points in words, such as "1 point"."""
    return f"{points:g} {'point' if points == 1 else 'points'}"


def exercise(
    lesson: str,
    *,
    draw: Draw,
    hints: Sequence[str],
    points: float = 1,
    difficulty: int = 1,
    laws: Sequence[Law] = (),
    by_hand: bool = False,
    library: bool = False,
    loss: Loss | None = None,
    score: Callable[[list[Case], list[Any]], float] | None = None,
    manner: str = "plain",
    seconds: float = 20,
    tolerance: float = 1e-4,
) -> Callable[[Body], Exercise]:
    """Make an exercise of the function below it, which is the reference solution and whose docstring is the statement.

    Args:
        lesson: such as "03_mlp".
        draw: returns the cases, tuples of arguments, from a NumPy generator; the smallest first. The shapes
            are the same for every seed, and for several cases where they are not the point: JAX compiles each anew.
        hints: in steps, from a nudge to nearly the answer.
        points: what a right answer earns.
        difficulty: 1 (a line), 2 (a few lines), 3 (think first).
        laws: what any right answer satisfies beside having the right values.
        by_hand: the learner differentiates; JAX's autodiff is switched off while the answer runs.
        library: the answer may use nnjax's own layers and models (open exercises only).
        loss: where the answer is a gradient, the number that it is the gradient of.
        score: for open exercises, the share of the points in 0..1 that the answers earn.
        manner: the kind of the calls that give the answers, for open exercises not "plain".
        seconds: how long all calls together may take.
        tolerance: largest difference allowed, as a share of the largest number of the right answer.
    """

    def declare(reference: Body) -> Exercise:
        return Exercise(
            reference.__name__, lesson, reference, draw, points, difficulty, hints, laws, by_hand, library, loss, score,
            manner, seconds, tolerance,
        )  # fmt: skip

    return declare
