"""Laws: what any right answer satisfies, whatever it looks like inside.

A law asks for more calls of the learner's function and says one sentence when what they give is not what it must be. It
judges from what came back alone, so that it can be judged outside the process in which the function ran.
"""

from typing import Any, NamedTuple

Case = tuple[Any, ...]


class Call(NamedTuple):
    """One call of a learner's function: ``kind`` says in what manner, ``case`` which inputs, ``detail`` what of them.

    Kinds: "plain"; "jit" (traced over the arrays); "again" (called twice: the second result, and the arguments as they
    are then); "vmap" (over the first axis of argument ``detail``); "gradient" (of the sum of the outputs, with respect
    to argument ``detail``); "flops" (floating-point operations, counted from the jaxpr); "largest" (the numbers in the
    largest array computed from argument ``detail``); "cut" (whether all arrays of argument ``detail`` are cut over
    devices); "predictions" (a network is trained and asked about inputs that it has not seen); "total" (the sum of the
    answer where argument ``detail`` holds nothing but zeros, and where it holds its own signs).
    """

    kind: str
    case: int
    detail: int = 0


class Law(NamedTuple):
    """A law: the kind of its calls, on which cases, and the sentence said where it is broken.

    ``cases`` are numbers of cases (negative from the end); ``sentence`` may hold ``{}``, where the failure is put.
    ``marks`` tells whether breaking it costs the points.
    """

    kind: str
    sentence: str
    cases: tuple[int, ...] = (0,)
    detail: int = 0
    factor: float = 1
    marks: bool = True

    def on(self, *cases: int) -> "Law":
        """Return the law, asked of other cases."""
        return self._replace(cases=cases)


JIT = Law(
    "jit",
    "The values are right, but the function does not give them under jax.jit: {}. Use jnp.where instead of if, and "
    "jnp functions instead of float() or numpy on traced arrays.",
    cases=(-1,),
)
SLOW_TO_COMPILE = (
    "The values are right, but under jax.jit the function takes too long: a loop of Python is written out there, turn "
    "by turn. Let jnp functions work on whole arrays, or write the loop as jax.lax.scan or jax.lax.fori_loop."
)
PURE = Law(
    "again",
    "The function is not pure: called twice with the same arguments, it {}. Build new values, never change the old.",
)


def vmap(argument: int) -> Law:
    """Return the law vmap(f) = f on each row, over the first axis of one argument."""
    return Law("vmap", "The values are right, but under jax.vmap they are not those of a loop: {}.", (-1,), argument)


NOT_FINITE = " In jnp.where both branches are differentiated; keep the one that is not taken finite as well."


def gradient(argument: int, *cases: int) -> Law:
    """Return the law that jax.grad of the outputs' sum is finite and right, with respect to one argument."""
    return Law(
        "gradient",
        "The values are right, but their gradient by jax.grad is not: {}.",
        cases or (-1,),
        argument,
    )


def total(argument: int, sentence: str) -> Law:
    """Return the law that the answer's sum is right where numbers of an argument are equal, and answers differ."""
    return Law("total", sentence, (-1,), argument)


def largest(argument: int, factor: float, sentence: str) -> Law:
    """Return the law that no array computed from an argument is over ``factor`` times the reference's largest."""
    return Law("largest", sentence, (-1,), argument, factor)


def cut(argument: int, sentence: str) -> Law:
    """Return the law that every array of an argument is cut over all devices of the case's mesh before it is used.

    It is read from the program, so it is broken too where NumPy inside leaves none.
    """
    return Law("cut", sentence, (-1,), argument)


def flops(factor: float) -> Law:
    """Return the law that the answer costs at most ``factor`` times the reference's floating-point operations.

    The count is made where the learner's code runs, so it is a remark that costs no points.
    """
    return Law("flops", "Right, but wasteful: it takes {}.", (-1,), factor=factor, marks=False)
