"""Layer and batch normalisation against Flax: outputs, gradients and running statistics."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen

from nnjax.layers import normalization


def drawn(*shape, seed=0):
    return np.random.default_rng(seed).normal(2.0, 3.0, shape).astype(np.float32)


PARAMS = {"scale": drawn(4, seed=1), "bias": drawn(4, seed=2)}


@jax.jit
def layer_norms(params, x):
    def theirs(params, x):
        return linen.LayerNorm(epsilon=1e-5, use_fast_variance=False).apply({"params": params}, x)

    return [
        (f(params, x), jax.grad(lambda params, x, f=f: jnp.sum(jnp.sin(f(params, x))), (0, 1))(params, x))
        for f in (normalization.layer_norm_apply, theirs)
    ]


@pytest.mark.parametrize("batch", [(5,), (2, 3)])
def test_layer_norm_is_that_of_flax_forward_and_backward(batch):
    ours, theirs = layer_norms(PARAMS, drawn(*batch, 4))
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=2e-5), ours, theirs)


def test_layer_norm_of_each_example_has_mean_0_and_variance_1():
    x = drawn(5, 4)
    plain = {"scale": np.ones(4, np.float32), "bias": np.zeros(4, np.float32)}
    y = np.asarray(layer_norms(plain, x)[0][0])
    np.testing.assert_allclose(y.mean(axis=1), 0, atol=1e-6)
    np.testing.assert_allclose(y.var(axis=1), 1, rtol=1e-4)
    expected = (x[0] - x[0].mean()) / np.sqrt(x[0].var() + 1e-5)
    np.testing.assert_allclose(y[0], expected, rtol=1e-4, atol=1e-6)


def test_a_constant_example_is_finite_forward_and_backward():
    (y, (grads, dx)), _ = layer_norms(PARAMS, np.full((5, 4), 7, np.float32))
    np.testing.assert_allclose(y, np.tile(PARAMS["bias"], (5, 1)), rtol=1e-6)
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves((grads, dx)))


@pytest.mark.parametrize("batch", [(6,), (2, 3)])
def test_batch_norm_is_that_of_flax_with_running_statistics(batch):
    module = linen.BatchNorm(momentum=0.9, epsilon=1e-5, use_fast_variance=False)
    state = normalization.batch_norm_init(4)[1]
    stats = {"mean": state["mean"], "var": state["var"]}

    @jax.jit
    def train(params, state, stats, x):
        def ours(params, x):
            y, new = normalization.batch_norm_apply(params, state, x, train=True)
            return jnp.sum(jnp.sin(y)), (y, new)

        def theirs(params, x):
            variables = {"params": params, "batch_stats": stats}
            y, new = module.apply(variables, x, use_running_average=False, mutable=["batch_stats"])
            return jnp.sum(jnp.sin(y)), (y, new["batch_stats"])

        return [jax.value_and_grad(f, (0, 1), has_aux=True)(params, x) for f in (ours, theirs)]

    for step in range(4):
        ours, theirs = train(PARAMS, state, stats, drawn(*batch, 4, seed=step))
        jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=2e-4, atol=5e-5), ours, theirs)
        state, stats = ours[0][1][1], theirs[0][1][1]

    @jax.jit
    def evaluate(params, x):
        y, same = normalization.batch_norm_apply(params, state, x, train=False)
        assert same is state
        return y, module.apply({"params": params, "batch_stats": stats}, x, use_running_average=True)

    ours, theirs = evaluate(PARAMS, drawn(*batch, 4, seed=9))
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


def test_batch_norm_by_hand():
    params, state = normalization.batch_norm_init(2)
    x = jnp.array([[1.0, 10.0], [3.0, 30.0]])
    y, new = normalization.batch_norm_apply(params, state, x, train=True, momentum=0.75)
    np.testing.assert_allclose(y, [[-1, -1], [1, 1]], rtol=1e-4)
    np.testing.assert_allclose(new["mean"], [0.25 * 2, 0.25 * 20], rtol=1e-6)
    np.testing.assert_allclose(new["var"], [0.75 + 0.25 * 1, 0.75 + 0.25 * 100], rtol=1e-6)
    assert state["mean"].tolist() == [0, 0]


def test_init():
    params, state = normalization.batch_norm_init(3)
    assert jax.tree.map(lambda leaf: leaf.tolist(), (params, state)) == (
        {"scale": [1, 1, 1], "bias": [0, 0, 0]},
        {"mean": [0, 0, 0], "var": [1, 1, 1]},
    )
    with pytest.raises(ValueError, match="features holds 0"):
        normalization.layer_norm_init(0)


def test_float64_is_kept():
    def run(x):
        params, state = normalization.batch_norm_init(4)
        return normalization.layer_norm_apply(params, x), normalization.batch_norm_apply(params, state, x, train=True)

    with jax.enable_x64(True):
        outputs = jax.eval_shape(run, jax.ShapeDtypeStruct((5, 4), np.float64))
    assert {leaf.dtype for leaf in jax.tree.leaves(outputs)} == {np.dtype(np.float64)}


@pytest.mark.parametrize("dtype", [jnp.bfloat16, np.float16])
@pytest.mark.parametrize("of_params", [None, np.float32])
def test_half_precision_is_that_of_flax(dtype, of_params):
    x = jnp.asarray(170 * drawn(5, 4), dtype)
    params = {name: jnp.asarray(leaf, of_params or dtype) for name, leaf in PARAMS.items()}
    ours, theirs = layer_norms(params, x)
    assert [leaf.dtype for leaf in jax.tree.leaves(ours)] == [leaf.dtype for leaf in jax.tree.leaves(theirs)]

    def compare(a, b):
        np.testing.assert_allclose(a.astype(np.float32), b.astype(np.float32), rtol=0.05, atol=0.05)

    jax.tree.map(compare, ours, theirs)


@pytest.mark.parametrize("train", [True, False])
@pytest.mark.parametrize("of_params", [np.float16, np.float32])
def test_batch_norm_in_half_precision_is_that_in_single(train, of_params):
    x = jnp.asarray(500 * drawn(5, 4), np.float16)  # squares overflow in float16
    params = {name: jnp.asarray(leaf, of_params) for name, leaf in PARAMS.items()}
    state = {"mean": jnp.ones(4, of_params), "var": jnp.full(4, 3e4, of_params)}
    apply = partial(normalization.batch_norm_apply, params, state, train=train, momentum=0.99)
    (y, new), (expected, single) = apply(x), apply(x.astype(np.float32))
    assert {leaf.dtype for leaf in jax.tree.leaves((y, new))} == {np.dtype(of_params)}
    np.testing.assert_allclose(y.astype(np.float32), expected, rtol=0.01, atol=0.01)
    jax.tree.map(partial(np.testing.assert_allclose, rtol=0.01, atol=0.01), new, single)


@pytest.mark.usefixtures("unchecked")
def test_errors():
    params, state = normalization.batch_norm_init(3)
    with pytest.raises(ValueError, match=r"x has shape \(5, 4\); layer normalisation wants 3 features"):
        normalization.layer_norm_apply(params, jnp.zeros((5, 4)))
    for train in (True, False):
        with pytest.raises(ValueError, match=r"x has shape \(5, 4\); batch normalisation wants 3 features"):
            normalization.batch_norm_apply(params, state, jnp.zeros((5, 4)), train=train)
    with pytest.raises(ValueError, match="momentum is 5; it must be at least 0 and at most 1"):
        normalization.batch_norm_apply(params, state, jnp.zeros((5, 3)), train=True, momentum=5.0)
    for norm in (normalization.layer_norm_apply, partial(normalization.batch_norm_apply, state=state, train=True)):
        with pytest.raises(ValueError, match="eps is -1; it must be at least 0 and finite"):
            norm(params, x=jnp.zeros((5, 3)), eps=-1.0)
    with pytest.raises(ValueError, match=r"x is empty: shape \(0, 3\)"):
        normalization.batch_norm_apply(params, state, jnp.zeros((0, 3)), train=True)
    with pytest.raises(ValueError, match=r"x has 1 axes, shape \(3,\); it must have at least 2"):
        normalization.batch_norm_apply(params, state, jnp.zeros(3), train=True)
