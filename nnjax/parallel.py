"""The same step of training on many devices: each holds all parameters and a piece of the batch.

A loss that is a mean over m samples is, cut into k equal pieces S_1, ..., S_k, the mean of the pieces' own losses, and
the same holds for the gradient::

    C = 1/m sum_i C_i = 1/k sum_j C_j',    C_j' = k/m sum_{i in S_j} C_i

So each device works on its own piece, and only gradients travel: their mean is taken over all devices (an
"all-reduce"), and every device makes the same update. The answer is that of one device, but for the order in which
numbers are added. ::

    mesh = parallel.data_mesh()                                     # all devices, along one axis called "data"
    params, state = parallel.replicate(mesh, (params, optimizer.init(params)))
    batch = parallel.scatter(mesh, (x, labels))
    params, state, value = parallel.step(mesh, loss, optimizer, params, state, batch)

With several processes, each of which has called ``jax.distributed.initialize``, all of them run these lines, and each
scatters the rows that it holds itself.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import numpy as np
import optax
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec
from jaxtyping import Array, Float, PyTree

AXIS = "data"
"""The name of the mesh's axis, along which the batch is cut."""


def data_mesh(devices: int | None = None) -> Mesh:
    """Return the mesh of the first ``devices`` devices of all processes, by default all, along the axis "data".

    Raises ValueError for fewer devices than one, or more than there are.
    """
    there = jax.device_count()
    count = there if devices is None else devices
    if not 1 <= count <= there:
        raise ValueError(f"devices is {count}; JAX sees {there} here")
    return jax.make_mesh((count,), (AXIS,), axis_types=(AxisType.Auto,), devices=jax.devices()[:count])


def scatter(mesh: Mesh, batch: PyTree) -> PyTree:
    """Return the batch with its rows cut into equal pieces, one for each device of the mesh.

    ``batch`` is a pytree of arrays, each (rows, ...), such as (x, labels): the whole batch where there is one process,
    else this process's own part, as large as that of the others. An array of the answer is (rows of all, ...).
    Raises ValueError where a leaf has no rows, or a number of rows that the devices of this process do not divide.
    """
    pieces = _local_devices(mesh)
    for path, leaf in jax.tree_util.tree_leaves_with_path(batch):
        shape = np.shape(leaf)
        if not shape or shape[0] == 0 or shape[0] % pieces:
            name = f"batch{jax.tree_util.keystr(path)}"
            raise ValueError(f"{name} has shape {shape}; its first axis cannot be cut into {pieces} equal pieces")
    return _put(NamedSharding(mesh, PartitionSpec(AXIS)), batch)


def replicate(mesh: Mesh, tree: PyTree) -> PyTree:
    """Return a pytree of arrays, all of them on every device of the mesh; all processes give the same numbers."""
    _local_devices(mesh)
    return _put(NamedSharding(mesh, PartitionSpec()), tree)


@partial(jax.jit, static_argnames=("mesh", "loss", "optimizer"))
def step(
    mesh: Mesh,
    loss: Callable[[Any, Any], Any],
    optimizer: optax.GradientTransformation,
    params: PyTree,
    state: PyTree,
    batch: PyTree,
) -> tuple[PyTree, PyTree, Float[Array, ""]]:
    """Return (params, state, loss) after one step of the optimizer on the gradient of the whole batch.

    With plain descent: w <- w - eta/m sum_i dC_i/dw over the m rows of all devices. ``loss(params, batch)`` is any mean
    over the rows of the batch; it is written for one device, and each device calls it with its own piece (so batch
    normalisation takes the statistics of a piece). ``params`` and ``state`` (that of the optimizer) come from
    ``replicate`` or from the step before, ``batch`` from ``scatter``. The value is that of the loss before the step.
    ``loss`` and ``optimizer`` must be the same objects at every step, or it is compiled anew.
    """

    # Left to cut the whole batch by itself, XLA gathers it on every device wherever a loop walks over its rows. With
    # check_vma, grad would insert the sum over devices itself, but not through our custom_vjp.
    def mean_gradient(params: PyTree, piece: PyTree) -> tuple[Any, PyTree]:
        return jax.lax.pmean(jax.value_and_grad(loss)(params, piece), AXIS)

    everywhere = PartitionSpec()
    value, grads = jax.shard_map(
        mean_gradient, mesh=mesh, in_specs=(everywhere, PartitionSpec(AXIS)), out_specs=everywhere, check_vma=False
    )(params, batch)
    updates, state = optimizer.update(grads, state, params)
    new = optax.apply_updates(params, updates)
    return jax.lax.with_sharding_constraint((new, state, value), NamedSharding(mesh, everywhere))


def _local_devices(mesh: Mesh) -> int:
    count = sum(device.process_index == jax.process_index() for device in mesh.devices.flat)
    if not count:
        raise ValueError(f"the mesh has no device of this process, which is number {jax.process_index()}")
    return count


def _put(sharding: NamedSharding, tree: PyTree) -> PyTree:
    return jax.tree.map(lambda leaf: jax.make_array_from_process_local_data(sharding, np.asarray(leaf)), tree)
