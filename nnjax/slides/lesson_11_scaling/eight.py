"""What lesson 11's deck shows of eight devices: run as a program of its own, since JAX counts its devices once.

``measure()`` starts it with eight simulated devices and returns what it prints: where the blocks of arrays lie, what
each device says and hears in an all-reduce, and a training on eight devices beside the same on one.
"""

import json
import os
import subprocess
import sys
from functools import cache
from typing import Any

STEPS = 66
SECONDS = 120


@cache
def measure() -> dict[str, Any]:
    """Return layouts, gradients and trainings, measured on eight simulated devices by another process."""
    asked = {"XLA_FLAGS": "--xla_force_host_platform_device_count=8", "JAX_PLATFORMS": "cpu"}
    command = [sys.executable, "-m", __name__]
    done = subprocess.run(
        command, env=dict(os.environ) | asked, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=SECONDS, check=False,
    )  # fmt: skip
    if done.returncode:
        raise OSError(f"the program on eight devices failed: {done.stderr.strip().splitlines()[-1:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _main() -> None:
    import jax
    import jax.numpy as jnp
    import numpy as np
    from jax.sharding import AxisType, NamedSharding
    from jax.sharding import PartitionSpec as P

    from nnjax import certify, data, models, optimizers, parallel

    digits = data.flatten(data.load("digits"))
    x, labels = jnp.asarray(digits.x[:1408]), jnp.asarray(digits.y[:1408])
    params = models.mlp.init(jax.random.key(0), (64, 128, 10))

    def loss(params: Any, batch: Any) -> Any:
        return models.mlp.loss(params, *batch)

    def blocks(array: jax.Array) -> dict[str, Any]:
        held = [
            [shard.device.id, *(cut.indices(size)[:2] for cut, size in zip(shard.index, array.shape, strict=True))]
            for shard in array.addressable_shards
        ]
        return {"shape": array.shape, "held": held}

    mesh = jax.make_mesh((8,), ("data",), axis_types=(AxisType.Auto,))
    grid = jax.make_mesh((4, 2), ("data", "model"), axis_types=(AxisType.Auto,) * 2)
    layouts = []
    for where, columns in ((mesh, P()), (grid, P(None, "model"))):
        held_x = jax.device_put(x[:128], NamedSharding(where, P("data")))
        held_w = jax.device_put(params[0]["W"], NamedSharding(where, columns))
        layouts.append([blocks(array) for array in (held_x, held_w, jax.jit(jnp.matmul)(held_x, held_w))])

    def bias_gradient(params: Any, piece: Any) -> tuple[Any, Any]:
        own = jax.grad(loss)(params, piece)[1]["b"]
        return own[None], jax.lax.pmean(own, "data")[None]

    each = jax.shard_map(
        bias_gradient, mesh=mesh, in_specs=(P(), P("data")), out_specs=(P("data"), P("data")), check_vma=False
    )
    said, heard = each(params, (x[:128], labels[:128]))
    whole = jax.grad(loss)(params, (x[:128], labels[:128]))[1]["b"]

    adam, runs = optimizers.adam(3e-3), []
    for there in (mesh, parallel.data_mesh(1)):
        learner, losses, path = parallel.replicate(there, (params, adam.init(params))), [], []
        for number in range(STEPS):
            take = slice(128 * (number % 11), 128 * (number % 11) + 128)
            batch = parallel.scatter(there, (x[take], labels[take]))
            *learner, value = parallel.step(there, loss, adam, *learner, batch)
            losses.append(float(value))
            path.append(jax.device_get(learner[0]))
        runs.append((losses, path))
    apart = [float(certify.relative_error(a, b)) for a, b in zip(runs[0][1], runs[1][1], strict=True)]
    print(
        json.dumps({
            "layouts": layouts, "said": np.asarray(said).tolist(), "heard": np.asarray(heard).tolist(),
            "whole": np.asarray(whole).tolist(), "eight": runs[0][0], "one": runs[1][0], "apart": apart,
        })
    )  # fmt: skip


if __name__ == "__main__":
    _main()
