"""Floating-point operations of a function, counted from its jaxpr, with the lengths of scans multiplied in."""

import math
from collections.abc import Callable
from typing import Any

import jax

# What only moves numbers, makes them or names them.
FREE = {
    "broadcast_in_dim", "concatenate", "convert_element_type", "copy", "copy_p", "device_put", "dynamic_slice",
    "dynamic_update_slice", "gather", "iota", "pad", "reshape", "rev", "slice", "split", "squeeze", "stop_gradient",
    "transpose", "random_seed", "random_wrap", "random_unwrap", "random_split", "random_fold_in", "threefry2x32",
}  # fmt: skip
REDUCTIONS = ("reduce_", "cum", "arg")


def count(function: Callable[..., Any], *args: Any) -> int:
    """Return the floating-point operations of ``function(*args)``: the sum over the equations of its jaxpr.

    A product of matrices (m, k) and (k, n) counts 2 m k n, a convolution 2 times its products, a reduction the entries
    that it reads, any other operation on numbers the entries that it writes, moving numbers nothing. The body of a scan
    counts as often as it runs; that of a ``while_loop``, whose count nobody knows, once; of branches the dearest.
    (XLA's own cost analysis counts the body of every loop once.)
    """
    return _jaxpr(jax.make_jaxpr(function)(*args).jaxpr)


def _jaxpr(jaxpr: Any) -> int:
    return sum(_equation(equation) for equation in jaxpr.eqns)


def _equation(equation: Any) -> int:
    name, params = equation.primitive.name, equation.params
    inner = [_jaxpr(jaxpr) for jaxpr in inside(params)]
    if inner:
        if name == "cond":
            return max(inner)
        return sum(inner) * (params["length"] if name == "scan" else 1)
    out = sum(math.prod(variable.aval.shape) for variable in equation.outvars)
    if name in FREE:
        return 0
    if name == "dot_general":
        (contracted, _), _ = params["dimension_numbers"]
        return 2 * out * math.prod(equation.invars[0].aval.shape[axis] for axis in contracted)
    if name == "conv_general_dilated":
        kernel, numbers = equation.invars[1].aval.shape, params["dimension_numbers"]
        return 2 * out * math.prod(kernel) // kernel[numbers.rhs_spec[0]]
    if name.startswith(REDUCTIONS):
        return math.prod(equation.invars[0].aval.shape)
    return out


def inside(value: Any) -> list[Any]:
    """Return the jaxprs in the parameters of an equation, such as the body of a scan and the branches of a cond."""
    if isinstance(value, (list, tuple, dict)):
        return [jaxpr for part in (value.values() if isinstance(value, dict) else value) for jaxpr in inside(part)]
    value = getattr(value, "jaxpr", value)
    return [value] if hasattr(value, "eqns") else []
