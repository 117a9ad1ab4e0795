"""What a program tells: the size of its largest array, also inside loops, and whether it cuts arrays over devices."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import NamedSharding
from jax.sharding import PartitionSpec as P

from nnjax.grading import programs

MESH = jax.make_mesh((1,), ("data",), axis_types=(jax.sharding.AxisType.Auto,))
ROWS, EVERYWHERE = NamedSharding(MESH, P("data")), NamedSharding(MESH, P())
DEVICES = set(MESH.devices.flat)
X = np.ones((6, 5), np.float32)


@pytest.mark.parametrize(
    ("function", "size"),
    [
        (lambda x: x, 0),
        (lambda x: x + 1, 30),
        (lambda x: jnp.sum(x @ x.T), 36),
        (lambda x: jax.lax.scan(lambda total, row: (total + jnp.sum(jnp.outer(row, row)), None), 0.0, x)[0], 25),
        (lambda x: jax.lax.map(lambda row: jnp.outer(row, row), x), 150),
        (jax.jit(lambda x: jnp.sum(jnp.concatenate([x, x, x]))), 90),
        (lambda x: jax.lax.cond(x[0, 0] > 0, lambda: jnp.sum(jnp.tile(x, 4)), lambda: 0.0), 120),
    ],
)
def test_the_largest_array_is_found_wherever_it_is_computed(function, size):
    assert programs.largest(jax.make_jaxpr(function)(X).jaxpr) == size


@pytest.mark.parametrize(
    ("function", "size"),
    [
        (lambda x: x + 1, 30),
        (lambda x: jnp.asarray(np.concatenate([x, x])) + 1, 60),
        (lambda x: np.asarray(jnp.outer(x[0], x[0])), 25),
        (lambda x: np.asarray(jnp.sum(x @ x.T)), 36),
        (lambda x: float(jnp.sum(jnp.tile(x, 4))), 120),
        (lambda x: np.sum(np.tile(x, 4)), 0),
    ],
)
def test_numpy_inside_hides_only_what_it_does_itself(function, size):
    assert programs.largest_of(function, jnp.asarray(X)) == size


@pytest.mark.parametrize(
    "function",
    [
        lambda x: jax.device_put(x, ROWS),
        lambda x: jax.device_put({"x": x}, NamedSharding(MESH, P(None, "data"))),
        jax.jit(jnp.sin, in_shardings=ROWS),
        lambda x: jax.lax.with_sharding_constraint(x, ROWS) + 1,
        jax.shard_map(jnp.sin, mesh=MESH, in_specs=P("data"), out_specs=P("data")),
        jax.jit(lambda x: jnp.sum(jax.lax.with_sharding_constraint(x, ROWS))),
        lambda x: jax.grad(lambda w: jnp.sum(w * jax.device_put(x, ROWS)))(3.0),
        lambda x: 1.0,
        lambda x: [jax.device_put(piece, device) for piece, device in zip([x], MESH.devices.flat, strict=True)],
    ],
)
def test_an_array_is_cut_in_every_way_of_saying_it(function):
    assert programs.cuts_all(jax.make_jaxpr(function)(X).jaxpr, DEVICES)


@pytest.mark.parametrize(
    "function",
    [
        jnp.sin,
        jax.jit(jnp.sin),
        lambda x: jax.device_put(x),
        lambda x: jax.device_put(x, EVERYWHERE),
        jax.jit(jnp.sin, in_shardings=EVERYWHERE, out_shardings=EVERYWHERE),
        jax.shard_map(jnp.sin, mesh=MESH, in_specs=P(), out_specs=P()),
        lambda x: (jax.device_put(x, ROWS), jnp.sin(x))[1],
        lambda x: jax.device_put(x, ROWS) + x,
        lambda x: jax.lax.scan(lambda total, row: (total + jnp.sum(row), None), 0.0, x)[0],
        lambda x: jax.lax.cond(x[0, 0] > 0, lambda: jnp.sum(x), lambda: 0.0),
    ],
)
def test_what_is_whole_on_every_device_is_not_cut(function):
    assert not programs.cuts_all(jax.make_jaxpr(function)(X).jaxpr, DEVICES)


def test_every_input_is_to_be_cut():
    def one_of_two(x, y):
        return jax.device_put(x, ROWS) @ y.T

    def both(x, y):
        return jax.device_put(x, ROWS) @ jax.device_put(y, ROWS).T

    assert not programs.cuts_all(jax.make_jaxpr(one_of_two)(X, X).jaxpr, DEVICES)
    assert programs.cuts_all(jax.make_jaxpr(both)(X, X).jaxpr, DEVICES)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: jax.device_put(x, ROWS),
        lambda x: jax.lax.with_sharding_constraint(x, ROWS) + 1,
        jax.shard_map(jnp.sin, mesh=MESH, in_specs=P("data"), out_specs=P("data")),
    ],
)
def test_what_is_cut_over_other_devices_is_not_cut_over_those_asked_for(function):
    program = jax.make_jaxpr(function)(X).jaxpr
    assert programs.cuts_all(program, DEVICES)
    assert not programs.cuts_all(program, set())
