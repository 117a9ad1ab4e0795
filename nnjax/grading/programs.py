"""What an answer's program, its jaxpr, tells beside its values: its largest array, and what is cut over devices."""

import math
from collections.abc import Callable, Iterator, Sequence, Set
from typing import Any, NamedTuple

import jax
from jax.extend.core import Literal
from jax.sharding import Mesh, NamedSharding, PartitionSpec, SingleDeviceSharding

from nnjax import flops

# Primitives with a sharding for each of their operands.
FOR_EACH = ("devices", "in_shardings", "in_specs", "in_names")
# jax.pmap before it became a shard_map.
PMAP = "xla_pmap"


class Asked(NamedTuple):
    """The devices over which is to be cut, and whether a program sends something to each one of them by itself."""

    devices: Set[jax.Device]
    one_by_one: bool


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


def largest_of(function: Callable[[Any], Any], argument: Any) -> int:
    """Return the numbers in the largest array that a function computes from its argument.

    Where the function cannot be traced, since it uses NumPy or float(), what that does with the argument itself shows
    in no program; what JAX makes of it does, up to the first result of JAX that NumPy or float() takes.
    """
    try:
        return largest(jax.make_jaxpr(function)(argument).jaxpr)
    except Exception:
        # Equations last as long as something holds their results: here, the frames of the error.
        held: list[Any] = []

        def until_it_fails() -> None:
            try:
                held.append(function(argument))
            except Exception as error:
                held.append(error)

        return largest(jax.make_jaxpr(until_it_fails)().jaxpr)


def cuts_all(jaxpr: Any, devices: Set[jax.Device]) -> bool:
    """Tell whether a program uses each of its inputs only after it was cut over the devices.

    Cut is what a sharding splits along an axis of their mesh, and what is sent to single devices, if to each of them.
    """
    single = {place for equation in equations(jaxpr) for place in _devices(list(equation.params.values()))}
    asked = Asked(devices, single >= devices)
    return not any(
        any(_whole(jaxpr, [other is variable for other in jaxpr.invars], asked)) for variable in jaxpr.invars
    )


def _whole(jaxpr: Any, whole: Sequence[bool], asked: Asked) -> list[bool]:
    """Return on which outputs an input that is marked as whole has an effect without having been cut."""
    reached = dict(zip(jaxpr.invars, whole, strict=True))

    def is_reached(variable: Any) -> bool:
        return not isinstance(variable, Literal) and reached.get(variable, False)

    for equation in jaxpr.eqns:
        came = [is_reached(variable) for variable in equation.invars]
        reached.update(zip(equation.outvars, _after(equation, came, asked), strict=True))
    return [is_reached(variable) for variable in jaxpr.outvars]


def _after(equation: Any, came: list[bool], asked: Asked) -> list[bool]:
    """Return on which outputs of an equation the marked ones of its operands have an effect without being cut."""
    params, outputs = equation.params, len(equation.outvars)
    elsewhere = _elsewhere(params.get("mesh"), asked)
    for name in FOR_EACH:
        if isinstance(params.get(name), (list, tuple)) and len(params[name]) == len(came):
            came = [
                one and (elsewhere or not _cuts(place, asked)) for one, place in zip(came, params[name], strict=True)
            ]
            if name == "devices":
                return came
    if not any(came) or equation.primitive.name == PMAP or _cuts(params.get("sharding"), asked):
        return [False] * outputs
    inner = flops.inside(params)
    if len(inner) == 1 and (len(inner[0].invars), len(inner[0].outvars)) == (len(came), outputs):
        return _whole(inner[0], came, asked)
    return [True] * outputs


def _elsewhere(mesh: Any, asked: Asked) -> bool:
    """Tell whether a mesh, if it is one of devices, is not of those that are asked for."""
    return isinstance(mesh, Mesh) and set(mesh.devices.flat) != asked.devices


def _cuts(place: Any, asked: Asked) -> bool:
    """Tell whether a sharding, or what stands for one, splits an array; a dict names the axes of shard_map."""
    if isinstance(place, NamedSharding):
        return not _elsewhere(place.mesh, asked) and _cuts(place.spec, asked)
    if isinstance(place, PartitionSpec):
        return any(axis is not None for axis in place)
    return bool(place) if isinstance(place, dict) else asked.one_by_one and bool(list(_devices(place)))


def _devices(value: Any) -> Iterator[jax.Device]:
    """Yield the single devices that stand among the parameters of an equation."""
    if isinstance(value, (list, tuple)):
        for part in value:
            yield from _devices(part)
    elif isinstance(value, SingleDeviceSharding):
        yield from value.device_set
    elif isinstance(value, jax.Device):
        yield value
