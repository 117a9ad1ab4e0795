"""What an answer's program, its jaxpr, tells beside its values: its largest array, and what is cut over devices."""

import math
from collections.abc import Iterator
from typing import Any

import jax
from jax.sharding import NamedSharding, PartitionSpec, SingleDeviceSharding

from nnjax import flops

# jax.pmap before it became a shard_map.
OVER_DEVICES = "xla_pmap"


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


def is_cut(jaxpr: Any) -> bool:
    """Tell whether a program cuts an array over the devices of a mesh, or sends pieces to devices one by one."""
    places: list[Any] = []
    single: set[jax.Device] = set()
    for equation in equations(jaxpr):
        if equation.primitive.name == OVER_DEVICES:
            return True
        places += _placements(list(equation.params.values()))
    for place in places:
        if isinstance(place, PartitionSpec):
            if any(axis is not None for axis in place):
                return True
        else:
            single.add(place)
    return len(single) >= min(2, jax.device_count())


def _placements(value: Any) -> Iterator[PartitionSpec | jax.Device]:
    """Yield the specifications and the single devices that stand among the parameters of an equation."""
    if isinstance(value, PartitionSpec):
        yield value
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from _placements(part)
    elif isinstance(value, NamedSharding):
        yield value.spec
    elif isinstance(value, SingleDeviceSharding):
        yield from value.device_set
    elif isinstance(value, jax.Device):
        yield value
