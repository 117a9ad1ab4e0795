"""Mutants of right answers, each changed in one place (DeMillo, Lipton and Sayward, 1978): which are judged right?

``python -m tests.exercises.mutants sigmoid elu`` prints them; without names, those of all exercises.
Most differ in words only, such as >= where two sides are equal; any other is a wrong answer that passes.
"""

import ast
import inspect
import sys
import textwrap
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import jax

from nnjax import compiling
from nnjax.exercises import all_exercises, get
from nnjax.exercises.exercise import Exercise
from nnjax.grading import running
from nnjax.grading.answer_key import plan
from nnjax.grading.judging import RIGHT, judge
from tests.exercises.judged import answers

SECONDS = 4
SEEDS = (0, 1)
OPERATORS = {
    ast.Add: [ast.Sub], ast.Sub: [ast.Add], ast.Mult: [ast.Div, ast.Add], ast.Div: [ast.Mult], ast.Pow: [ast.Mult],
    ast.FloorDiv: [ast.Mult], ast.Mod: [ast.FloorDiv], ast.Gt: [ast.GtE, ast.Lt], ast.GtE: [ast.Gt, ast.LtE],
    ast.Lt: [ast.LtE, ast.Gt], ast.LtE: [ast.Lt, ast.GtE], ast.Eq: [ast.NotEq, ast.LtE], ast.NotEq: [ast.Eq],
}  # fmt: skip
PAIRS = (
    ("sum", "mean"), ("max", "min"), ("maximum", "minimum"), ("argmax", "argmin"), ("zeros", "ones"), ("exp", "expm1"),
    ("zeros_like", "ones_like"), ("log", "log1p"), ("sqrt", "abs"), ("sigmoid", "tanh"), ("normal", "uniform"),
    ("softmax", "log_softmax"), ("var", "std"), ("dot", "multiply"), ("cumsum", "sort"),
)  # fmt: skip
OTHER = {**dict(PAIRS), **{b: a for a, b in PAIRS}}


def changed(node: ast.AST, **fields: Any) -> Any:
    """Return a copy of a node with other fields."""
    return type(node)(**{**dict(ast.iter_fields(node)), **fields})


def variants(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what may stand in the place of a node: another operator, number, order, or a part of it alone."""
    if isinstance(node, (ast.Assign, ast.AugAssign, ast.For, ast.If)):
        yield ast.Pass()
    elif isinstance(node, ast.BinOp):
        yield from (node.left, node.right, changed(node, left=node.right, right=node.left))
        yield from (changed(node, op=other()) for other in OPERATORS.get(type(node.op), []))
    elif isinstance(node, ast.Compare):
        yield from (changed(node, ops=[other(), *node.ops[1:]]) for other in OPERATORS.get(type(node.ops[0]), []))
    elif isinstance(node, ast.UnaryOp):
        yield node.operand
    elif isinstance(node, ast.BoolOp):
        yield from node.values
    elif isinstance(node, ast.IfExp):
        yield from (node.body, node.orelse)
    elif isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        value = node.value
        others = [not value] if isinstance(value, bool) else [value + 1, value - 1, -value, 1.01 * value, 2 * value]
        yield from (ast.Constant(other) for other in others if other != value)
    elif isinstance(node, ast.Call):
        yield from (argument for argument in node.args if not isinstance(argument, ast.Starred))
        if len(node.args) > 1:
            yield changed(node, args=[node.args[1], node.args[0], *node.args[2:]])
        yield from (changed(node, keywords=[k for k in node.keywords if k is not one]) for one in node.keywords)
        if isinstance(node.func, ast.Attribute) and node.func.attr in OTHER:
            yield changed(node, func=changed(node.func, attr=OTHER[node.func.attr]))
    elif isinstance(node, ast.Subscript) or (isinstance(node, ast.Attribute) and node.attr in ("T", "mT")):
        yield node.value
    elif isinstance(node, ast.Slice):
        yield from (changed(node, **{end: None}) for end in ("lower", "upper", "step") if getattr(node, end))


def places(root: ast.AST) -> Iterator[tuple[ast.AST, Callable[[Any], None]]]:
    """Yield each expression and statement below a node, and what puts another one into its place."""
    for parent in list(ast.walk(root)):
        for field, value in ast.iter_fields(parent):
            parts = enumerate(value) if isinstance(value, list) else [(None, value)]
            for index, part in parts:
                put = partial(setattr, parent, field) if index is None else partial(value.__setitem__, index)
                yield part, put


def mutants(function: Callable[..., Any]) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Yield what was changed, in words, and the changed function, each once."""
    function = inspect.unwrap(function)
    (definition,) = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    definition.decorator_list = []
    seen = {ast.unparse(definition)}
    for node, put in list(places(definition)):
        for variant in variants(node):
            put(variant)
            source = ast.unparse(definition)
            put(node)
            if source not in seen:
                seen.add(source)
                names = dict(function.__globals__)
                exec(compile(source, "a mutant", "exec"), names)
                yield f"{ast.unparse(node)}  ->  {ast.unparse(variant)}", names[definition.name]


def is_right(exercise: Exercise, body: Callable[..., Any]) -> bool:
    """Tell whether an answer is judged right on every one of a few seeds."""
    for seed in SEEDS:
        cases, calls = plan(exercise, seed)
        outcomes = running.run(body, cases, calls, SECONDS, by_hand=exercise.by_hand)
        if judge(exercise.name, seed, outcomes).status != RIGHT:
            return False
    return True


def survivors(exercise: Exercise) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Yield the mutants of the reference and of the right answers beside it that are judged right."""
    for function in (exercise.reference, *answers(exercise)):
        for words, mutant in mutants(function):
            if is_right(exercise, mutant):
                yield f"{function.__name__}: {words}", mutant
        jax.clear_caches()


if __name__ == "__main__":
    compiling.quickly()
    for name in sys.argv[1:] or [name for name, exercise in all_exercises().items() if not exercise.score]:
        print(name, flush=True)
        for words, _ in survivors(get(name)):
            print("   ", words, flush=True)
