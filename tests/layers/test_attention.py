"""Attention against jax.nn and Flax, forward and backward; masks, causality, long sequences, dtypes and errors."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen
from hypothesis import given, settings
from hypothesis import strategies as st

from nnjax import certify, flops
from nnjax.layers import attention, weighted_mean

RNG = np.random.default_rng(0)


def drawn(*shape):
    return jnp.asarray(RNG.normal(size=shape), jnp.float32)


PARAMS = {name: drawn(8, 8) / 2 for name in ("Wq", "Wk", "Wv", "Wo")}
CAUSAL = np.tril(np.ones((5, 5), bool))
# Every query may look at itself at least: what Flax and jax.nn do with a row of nothing is not what we do.
ONE_EACH = RNG.integers(0, 2, (3, 1, 5, 5)).astype(bool) | np.eye(5, dtype=bool)
MASKS = {"none": None, "one for all": CAUSAL, "one for each": ONE_EACH}


def close(ours, theirs, rtol=2e-5, atol=2e-6):
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=rtol, atol=atol), ours, theirs)


def outputs_and_gradients(functions, *arguments):
    """Return, for each function, its output and the gradient of a sum of cosines, all from one compilation."""

    def each(*arguments):
        found = []
        for f in functions:
            places = tuple(range(len(arguments)))
            grads = jax.grad(lambda *a, f=f: jnp.sum(jnp.cos(f(*a))), places)(*arguments)
            found.append((f(*arguments), grads))
        return found

    return jax.jit(each)(*arguments)


@pytest.mark.parametrize("name", MASKS)
def test_attention_and_its_gradients_are_those_of_jax_nn(name):
    mask = MASKS[name]
    q, k, v = drawn(3, 2, 5, 4), drawn(3, 2, 5, 4), drawn(3, 2, 5, 4)

    def theirs(q, k, v):
        swapped = [jnp.swapaxes(a, 1, 2) for a in (q, k, v)]
        wide = None if mask is None else jnp.broadcast_to(mask, (3, 2, 5, 5))
        return jnp.swapaxes(jax.nn.dot_product_attention(*swapped, mask=wide), 1, 2)

    close(*outputs_and_gradients([lambda q, k, v: attention.dot_product_attention(q, k, v, mask), theirs], q, k, v))


@pytest.mark.parametrize("heads", [1, 4])
@pytest.mark.parametrize("name", MASKS)
def test_heads_and_their_gradients_are_those_of_flax(name, heads):
    mask = MASKS[name]

    def ours(params, x):
        return attention.multi_head_apply(params, x, heads=heads, mask=mask)

    def theirs(params, x):
        cut = {"query": "Wq", "key": "Wk", "value": "Wv"}
        named = {theirs: {"kernel": params[ours].reshape(8, heads, 8 // heads)} for theirs, ours in cut.items()}
        named["out"] = {"kernel": params["Wo"].reshape(heads, 8 // heads, 8)}
        module = linen.MultiHeadDotProductAttention(heads, qkv_features=8, use_bias=False)
        return module.apply({"params": named}, x, mask=None if mask is None else jnp.asarray(mask))

    close(*outputs_and_gradients([ours, theirs], PARAMS, drawn(3, 5, 8)), rtol=1e-4, atol=1e-5)


@given(
    batch=st.lists(st.integers(1, 3), max_size=2),
    queries=st.integers(1, 5),
    keys=st.integers(1, 5),
    width=st.integers(1, 4),
    values=st.integers(1, 3),
)
@settings(max_examples=6)
def test_each_output_is_the_weighted_mean_written_as_loops(batch, queries, keys, width, values):
    q, k, v = drawn(*batch, queries, width), drawn(*batch, keys, width), drawn(*batch, keys, values)
    mask = RNG.integers(0, 2, (queries, keys)).astype(bool)
    y = jax.jit(attention.dot_product_attention)(q, k, v, mask)
    weights = jax.jit(attention.attention_weights)(q, k, mask)
    q, k, v, y, weights = (np.asarray(a) for a in (q, k, v, y, weights))
    for place in np.ndindex(*batch):
        for i in range(queries):
            fits = [np.exp(np.dot(q[place][i], k[place][j]) / np.sqrt(width)) if mask[i, j] else 0 for j in range(keys)]
            expected = np.array(fits) / (sum(fits) or 1)
            np.testing.assert_allclose(weights[place][i], expected, rtol=1e-4, atol=1e-6)
            np.testing.assert_allclose(y[place][i], expected @ v[place], rtol=1e-4, atol=1e-5)


def test_the_causal_jacobian_is_exactly_zero_above_the_diagonal():
    x = drawn(5, 8)

    def causal(x):
        return attention.multi_head_apply(PARAMS, x, heads=2, mask=attention.causal_mask(5))

    jacobian = np.asarray(jax.jit(jax.jacrev(causal))(x))  # (place out, entry, place in, entry)
    size = np.abs(jacobian).max(axis=(1, 3))
    assert not size[np.triu_indices(5, 1)].any()
    assert size[np.tril_indices(5)].all()


def test_causal_mask():
    assert attention.causal_mask(3).tolist() == [[True, False, False], [True, True, False], [True, True, True]]
    assert attention.causal_mask(1).tolist() == [[True]]


def test_a_query_that_may_look_at_nothing_gets_zeros_and_moves_nothing():
    q, k, v = drawn(2, 3, 4), drawn(2, 3, 4), drawn(2, 3, 4)
    mask = jnp.array([[False] * 3, [True, False, True], [True] * 3])

    def attend(q, k, v):
        return attention.dot_product_attention(q, k, v, mask)

    (y, (dq, dk, dv)), (others, (_, dk_others, dv_others)) = outputs_and_gradients(
        [attend, lambda q, k, v: attention.dot_product_attention(q[:, 1:], k, v, mask[1:])], q, k, v
    )
    assert not y[:, 0].any()
    assert not dq[:, 0].any()
    close((y[:, 1:], dk, dv), (others, dk_others, dv_others))
    assert not attention.attention_weights(q, k, mask)[:, 0].any()


def test_large_scores_neither_overflow_nor_lose_the_largest():
    q, k, v = 1e4 * drawn(4, 2), 1e4 * drawn(4, 2), drawn(4, 2)
    y = attention.dot_product_attention(q, k, v)
    np.testing.assert_allclose(y, v[np.argmax(q @ k.T, axis=1)], rtol=1e-6)


@pytest.mark.parametrize("at_once", [True, False])
def test_half_precision_is_as_good_as_its_numbers_though_the_scores_overflow(at_once, monkeypatch):
    monkeypatch.setattr(weighted_mean, "LARGE", 2**17 if at_once else 1)
    q, k, v = (x.astype(jnp.float16) for x in (300 * drawn(2, 5, 64), 300 * drawn(2, 5, 64), drawn(2, 5, 64)))
    assert jnp.isinf(q @ jnp.swapaxes(k, 1, 2)).any()
    (ours,) = outputs_and_gradients([attention.dot_product_attention], q, k, v)
    (wide,) = outputs_and_gradients([attention.dot_product_attention], *(x.astype(jnp.float32) for x in (q, k, v)))
    assert {leaf.dtype for leaf in jax.tree.leaves(ours)} == {np.dtype(np.float16)}
    close(ours, wide, rtol=1e-2, atol=1e-2)
    weights = attention.attention_weights(q, k)
    assert weights.dtype == np.float16
    np.testing.assert_allclose(weights.sum(axis=-1), 1, rtol=1e-3)


@pytest.mark.usefixtures("unchecked")
def test_a_mask_may_be_a_list():
    x = drawn(1, 2, 8)
    for f in (attention.multi_head_apply, attention.multi_head_weights):
        np.testing.assert_array_equal(
            f(PARAMS, x, heads=2, mask=[[True, False], [True, True]]),
            f(PARAMS, x, heads=2, mask=attention.causal_mask(2)),
        )


@pytest.mark.parametrize("name", ["layers.dot_product_attention", "layers.multi_head"])
def test_long_sequences_in_turn_pass_the_same_certificate(name, monkeypatch):
    monkeypatch.setattr(weighted_mean, "LARGE", 1)
    (certificate,) = certify.run([name])
    assert certificate.passed


@pytest.mark.parametrize(
    "mask",
    [
        np.tril(np.ones((9, 9), bool)),
        np.tril(np.ones((9, 9), bool), -3),  # the first queries see nothing
        RNG.integers(0, 2, (3, 1, 9, 9)).astype(bool),
        RNG.integers(0, 2, (2, 1, 9)).astype(bool),
        np.zeros((9, 9), bool),
        np.array([True] * 4 + [False] * 5),
    ],
    ids=["causal", "nothing at first", "one for each", "the same for all queries", "nothing", "one axis"],
)
def test_a_long_one_with_a_known_mask_leaves_out_only_what_nobody_sees(mask, monkeypatch):
    q, k, v = drawn(3, 2, 9, 4), drawn(3, 2, 9, 4), drawn(3, 2, 9, 4)

    def known(q, k, v):
        return attention.dot_product_attention(q, k, v, mask)

    def traced(q, k, v):
        return attention.dot_product_attention(q, k, v, jnp.asarray(mask))

    expected = outputs_and_gradients([traced], q, k, v)
    monkeypatch.setattr(weighted_mean, "LARGE", 1)
    close(outputs_and_gradients([known], q, k, v), expected, atol=1e-5)


def test_a_long_causal_one_costs_little_more_than_half():
    q = jax.ShapeDtypeStruct((3, 4, 512, 32), np.float32)

    def flops_of(mask):
        return flops.count(jax.grad(lambda q: jnp.sum(attention.dot_product_attention(q, q, q, mask))), q)

    assert 0.5 < flops_of(attention.causal_mask(512)) / flops_of(None) < 0.6


def test_long_sequences_are_handled_one_after_the_other():
    def weights_at_once(batch, time):
        shape = jax.ShapeDtypeStruct((batch, 2, time, 4), np.float32)
        text = jax.jit(jax.grad(lambda q: attention.dot_product_attention(q, q, q).sum())).lower(shape).as_text()
        return f"{batch}x2x{time}x{time}x" in text

    assert weights_at_once(3, 64)
    assert not weights_at_once(3, 512)


def test_under_vmap_scan_and_twice_in_reverse():
    x = drawn(3, 4, 8)
    mask = attention.causal_mask(4)

    def f(x):
        return attention.multi_head_apply(PARAMS, x, heads=2, mask=mask)

    def plain(x):
        q, k, v = (jnp.swapaxes((x @ PARAMS[n]).reshape(4, 2, 4), 0, 1) for n in ("Wq", "Wk", "Wv"))
        scores = jnp.where(mask, q @ jnp.swapaxes(k, 1, 2) / 2, -1e30)
        return jnp.swapaxes(jax.nn.softmax(scores) @ v, 0, 1).reshape(4, 8) @ PARAMS["Wo"]

    def curvature(f):
        return jax.grad(lambda x: jnp.sum(jnp.sin(jax.grad(lambda x: jnp.sum(f(x) ** 2))(x))))

    @jax.jit
    def all_ways(x):
        scanned = jax.lax.scan(lambda carry, row: (carry, f(row)), 0, x)[1]
        return (jax.vmap(f)(x), scanned, curvature(f)(x[0])), (f(x), f(x), curvature(plain)(x[0]))

    close(*all_ways(x), rtol=1e-3, atol=1e-4)


def output_and_gradients(params, x):
    y, pull_back = jax.vjp(partial(attention.multi_head_apply, heads=2), params, x)
    return y, pull_back(y)


def test_float64_is_kept_and_half_precision_too():
    for dtype in (np.float64, jnp.bfloat16, np.float16):
        params = {name: jax.ShapeDtypeStruct((8, 8), dtype) for name in PARAMS}
        with jax.enable_x64(True):
            shapes = jax.eval_shape(output_and_gradients, params, jax.ShapeDtypeStruct((2, 4, 8), dtype))
        assert {leaf.dtype for leaf in jax.tree.leaves(shapes)} == {np.dtype(dtype)}


def test_init():
    params = attention.multi_head_init(jax.random.key(0), 6)
    assert jax.tree.map(jnp.shape, params) == dict.fromkeys(("Wk", "Wo", "Wq", "Wv"), (6, 6))
    assert len(np.unique(np.stack(list(params.values())))) == 4 * 36


@pytest.mark.parametrize(
    ("heads", "shape", "mask", "sentence"),
    [
        (3, (2, 4, 8), None, "heads is 3, which does not divide the width 8"),
        (0, (2, 4, 8), None, "heads holds 0"),
        (2, (2, 4, 6), None, r"x has shape \(2, 4, 6\); the attention wants 8 features"),
        (2, (2, 0, 8), None, r"x is empty: shape \(2, 0, 8\)"),
        (2, (8,), None, r"x has 1 axes, shape \(8,\); it must have at least 2"),
        (2, (2, 4, 8), np.ones((4, 4)), "mask has dtype float64; it must be boolean"),
        (2, (2, 4, 8), np.ones((3, 4), bool), r"mask has shape \(3, 4\); it must broadcast .* \(2, 2, 4, 4\)"),
        (
            2,
            (2, 4, 8),
            np.ones((2, 4, 4), bool),
            r"mask has shape \(2, 4, 4\); it must be \(time, time\) or all of \(\*batch, heads, time, time\)",
        ),
        (2, (2, 4, 8), np.ones((3, 1, 4, 4), bool), r"mask has shape \(3, 1, 4, 4\); it must broadcast"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_bad_input_is_named_also_under_jit(heads, shape, mask, sentence):
    def apply(params, x):
        return attention.multi_head_apply(params, x, heads=heads, mask=mask)

    for f in (apply, jax.jit(apply)):
        with pytest.raises(ValueError, match=sentence):
            f(PARAMS, jnp.zeros(shape))


@pytest.mark.parametrize(
    ("q", "k", "v", "mask", "sentence"),
    [
        (
            (2, 3, 4),
            (2, 3, 5),
            (2, 3, 4),
            None,
            r"q has shape \(2, 3, 4\) and k \(2, 3, 5\); only their numbers of places",
        ),
        ((2, 3, 4), (3, 4), (3, 4), None, "only their numbers of places"),
        ((3, 4), (5, 4), (3, 4), None, "the keys k .* and the values v"),
        ((3, 4), (0, 4), (0, 4), None, "k is empty"),
        ((3, 4), (5, 4), (5, 4), (1, 1, 3, 5), r"mask has shape \(1, 1, 3, 5\); it must broadcast"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_queries_keys_and_values_that_do_not_fit_are_named(q, k, v, mask, sentence):
    mask = None if mask is None else jnp.ones(mask, bool)
    with pytest.raises(ValueError, match=sentence):
        attention.dot_product_attention(jnp.zeros(q), jnp.zeros(k), jnp.zeros(v), mask)


def test_a_mask_of_no_time_is_refused():
    with pytest.raises(ValueError, match="time holds 0"):
        attention.causal_mask(0)
