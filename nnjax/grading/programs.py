"""What an answer's program, its jaxpr, tells beside its values: its largest array, and what is cut over devices."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import jax
from jax.extend.core import Literal
from jax.sharding import NamedSharding, PartitionSpec, SingleDeviceSharding

from nnjax import flops

# Primitives with a sharding for each of their operands.
FOR_EACH = ("devices", "in_shardings", "in_specs", "in_names")
# jax.pmap before it became a shard_map.
PMAP = "xla_pmap"


def equations(jaxpr: Any) -> Iterator[Any]:
    """Yield the equations of a jaxpr and of those inside it: bodies of loops, branches, what is under jit."""
    for equation in jaxpr.eqns:
        yield equation
        for inner in flops.inside(equation.params):
            yield from equations(inner)


def largest(jaxpr: Any) -> int:
    """Return the numbers in the largest array that a program computes."""
    sizes = [math.prod(out.aval.shape) for equation in equations(jaxpr) for out in equation.outvars]
    return max(sizes, default=0)


def cuts_all(jaxpr: Any) -> bool:
    """Tell whether a program uses each of its inputs only after it was cut over devices.

    Cut is what a sharding with an axis of a mesh splits, and what is sent to single devices, if these are several.
    """
    single = {place for equation in equations(jaxpr) for place in _devices(list(equation.params.values()))}
    several = len(single) >= min(2, jax.device_count())
    return not any(
        any(_whole(jaxpr, [other is variable for other in jaxpr.invars], several)) for variable in jaxpr.invars
    )


def _whole(jaxpr: Any, whole: Sequence[bool], several: bool) -> list[bool]:
    """Return on which outputs an input that is marked as whole has an effect without having been cut."""
    reached = dict(zip(jaxpr.invars, whole, strict=True))

    def is_reached(variable: Any) -> bool:
        return not isinstance(variable, Literal) and reached.get(variable, False)

    for equation in jaxpr.eqns:
        came = [is_reached(variable) for variable in equation.invars]
        reached.update(zip(equation.outvars, _after(equation, came, several), strict=True))
    return [is_reached(variable) for variable in jaxpr.outvars]


def _after(equation: Any, came: list[bool], several: bool) -> list[bool]:
    """Return on which outputs of an equation the marked ones of its operands have an effect without being cut."""
    params, outputs = equation.params, len(equation.outvars)
    for name in FOR_EACH:
        if isinstance(params.get(name), (list, tuple)) and len(params[name]) == len(came):
            came = [one and not _cuts(place, several) for one, place in zip(came, params[name], strict=True)]
            if name == "devices":
                return came
    if not any(came) or equation.primitive.name == PMAP or _cuts(params.get("sharding"), several):
        return [False] * outputs
    inner = flops.inside(params)
    if len(inner) == 1 and (len(inner[0].invars), len(inner[0].outvars)) == (len(came), outputs):
        return _whole(inner[0], came, several)
    return [True] * outputs


def _cuts(place: Any, several: bool) -> bool:
    """Tell whether a sharding, or what stands for one, splits an array; a dict names the axes of shard_map."""
    if isinstance(place, NamedSharding):
        place = place.spec
    if isinstance(place, PartitionSpec):
        return any(axis is not None for axis in place)
    return bool(place) if isinstance(place, dict) else several and bool(list(_devices(place)))


def _devices(value: Any) -> Iterator[jax.Device]:
    """Yield the single devices that stand among the parameters of an equation."""
    if isinstance(value, (list, tuple)):
        for part in value:
            yield from _devices(part)
    elif isinstance(value, SingleDeviceSharding):
        yield from value.device_set
    elif isinstance(value, jax.Device):
        yield value
