"""Optimizers against optax's own, bit for bit, and against the textbook's formulas in NumPy float64."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from nnjax import optimizers

STEPS = 50
OURS = {
    "sgd": optimizers.sgd,
    "momentum": optimizers.sgd,
    "rmsprop": optimizers.rmsprop,
    "rmsprop_textbook": partial(optimizers.rmsprop, eps_in_sqrt=False),
    "adam": optimizers.adam,
}
THEIRS = {
    "sgd": optax.sgd,
    "momentum": optax.sgd,
    "rmsprop": optax.rmsprop,
    "rmsprop_textbook": partial(optax.rmsprop, eps_in_sqrt=False),
    "adam": optax.adam,
}
rates = st.floats(1e-4, 1.0)
decays = st.floats(0.0, 0.999)
epsilons = st.sampled_from([1e-8, 1e-6, 1e-3])
SETTINGS = {
    "sgd": st.fixed_dictionaries({}),
    "momentum": st.fixed_dictionaries({"momentum": st.floats(0.01, 0.99)}),
    "rmsprop": st.fixed_dictionaries({"decay": decays, "eps": epsilons}),
    "rmsprop_textbook": st.fixed_dictionaries({"decay": decays, "eps": epsilons}),
    "adam": st.fixed_dictionaries({"b1": decays, "b2": st.floats(0.5, 0.9999), "eps": epsilons}),
}
DEFAULTS = {name: {"momentum": 0.9} if name == "momentum" else {} for name in OURS}
TREES = [
    {"W": (3, 2), "b": (2,)},
    [{"W": (3, 2), "b": ()}, ({"slope": (2,)}, (1, 3, 2))],
    (),
]


def drawn(tree, seed, steps=None):
    """Return a pytree of normal numbers whose sizes span eight decades, the more so from step to step."""
    rng = np.random.default_rng(seed)
    lead = () if steps is None else (steps,)

    def leaf(shape):
        size = 10.0 ** rng.uniform(-6, 2, lead + (1,) * len(shape))
        return (size * rng.normal(size=lead + shape)).astype(np.float32)

    is_shape = lambda node: isinstance(node, tuple) and all(isinstance(n, int) for n in node)  # noqa: E731
    return jax.tree.map(leaf, tree, is_leaf=is_shape)


def eager(optimizer, params, gradients):
    params = jax.tree.map(jnp.asarray, params)
    state, path = optimizer.init(params), []
    for n in range(STEPS):
        gradient = jax.tree.map(lambda g, n=n: jnp.asarray(g[n]), gradients)
        updates, state = optimizer.update(gradient, state, params)
        params = optax.apply_updates(params, updates)
        path.append((updates, params))
    return path


def scanned(optimizer, params, gradients):
    def step(carry, gradient):
        params, state = carry
        updates, state = optimizer.update(gradient, state, params)
        params = optax.apply_updates(params, updates)
        return (params, state), (updates, params)

    return jax.lax.scan(step, (params, optimizer.init(params)), gradients)[1]


def assert_identical(a, b):
    assert jax.tree.structure(a) == jax.tree.structure(b)
    for x, y in zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True):
        assert x.dtype == y.dtype
        np.testing.assert_array_equal(x, y)


def assert_close(a, b):
    """Assert equality to a few units in the last place: how products and sums are fused is the compiler's choice."""
    assert jax.tree.structure(a) == jax.tree.structure(b)
    for x, y in zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True):
        assert x.dtype == y.dtype == np.float32
        np.testing.assert_allclose(x, y, rtol=0, atol=4 * np.finfo(np.float32).eps * np.abs(y).max())


@pytest.mark.parametrize("name", OURS)
@given(data=st.data(), tree=st.sampled_from(TREES), rate=rates, seed=st.integers(0, 999))
@settings(max_examples=4, deadline=None, phases=[Phase.generate])
def test_fifty_steps_are_those_of_optax_to_the_last_bit(name, data, tree, rate, seed):
    setting = data.draw(SETTINGS[name])
    params, gradients = drawn(tree, seed), drawn(tree, seed + 1, STEPS)
    ours, theirs = OURS[name](rate, **setting), THEIRS[name](rate, **setting)
    assert_identical(eager(ours, params, gradients), eager(theirs, params, gradients))


@pytest.mark.parametrize("name", OURS)
def test_compiled_steps_are_those_of_optax_to_the_last_bits(name):
    params, gradients = drawn(TREES[1], 0), drawn(TREES[1], 1, STEPS)

    @jax.jit
    def run(params, gradients):
        optimizers = OURS[name](0.03, **DEFAULTS[name]), THEIRS[name](0.03, **DEFAULTS[name])
        return [scanned(optimizer, params, gradients) for optimizer in optimizers]

    assert_close(*run(params, gradients))


@pytest.mark.parametrize("name", OURS)
def test_under_vmap_over_learning_rates(name):
    params, gradients = drawn(TREES[0], 0), drawn(TREES[0], 1, STEPS)
    rates = np.array([1e-3, 0.1, 0.7], np.float32)

    @jax.jit
    def many(rates):
        def run(make):
            return jax.vmap(lambda rate: scanned(make(rate, **DEFAULTS[name]), params, gradients))(rates)

        return run(OURS[name]), run(THEIRS[name])

    ours, theirs = many(rates)
    assert_close(ours, theirs)
    # One of them on its own: the same to a few roundings, for it is compiled otherwise.
    alone = eager(OURS[name](0.1, **DEFAULTS[name]), params, gradients)
    last = jax.tree.map(lambda leaf: np.asarray(leaf)[1, -1], ours[1])
    for x, y in zip(jax.tree.leaves(alone[-1][1]), jax.tree.leaves(last), strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-4, atol=1e-5)


SCHEDULES = [
    optax.exponential_decay(0.1, 10, 0.5),
    optax.warmup_cosine_decay_schedule(0.0, 0.1, 10, 40),
    optax.piecewise_constant_schedule(0.1, {5: 0.1}),
]


@pytest.mark.parametrize("name", ["momentum", "rmsprop", "adam"])
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_schedules_are_those_of_optax_to_the_last_bit(name, schedule):
    params, gradients = drawn(TREES[0], 2), drawn(TREES[0], 3, STEPS)
    ours, theirs = (make[name](schedule, **DEFAULTS[name]) for make in (OURS, THEIRS))
    assert_identical(eager(ours, params, gradients), eager(theirs, params, gradients))


@pytest.mark.parametrize("name", OURS)
def test_a_schedule_is_asked_for_the_count_of_updates_made(name):
    seen = []
    optimizer = OURS[name](lambda t: seen.append(int(t)) or 0.1, **DEFAULTS[name])
    state = optimizer.init({"w": jnp.ones(2)})
    for _ in range(3):
        _, state = optimizer.update({"w": jnp.ones(2)}, state)
    assert seen == [0, 1, 2]


@pytest.mark.parametrize("name", ["sgd", "adam"])
def test_inside_optax_chain(name):
    params, gradients = drawn(TREES[0], 4), drawn(TREES[0], 5, STEPS)

    @jax.jit
    def run(params, gradients):
        def chained(make):
            return optax.chain(optax.clip_by_global_norm(0.5), optax.add_decayed_weights(0.01), make[name](0.1))

        return [scanned(chained(make), params, gradients) for make in (OURS, THEIRS)]

    assert_close(*run(params, gradients))


@pytest.mark.parametrize("tree", TREES)
@pytest.mark.parametrize("limit", [0.5, 100.0, 0.0])
def test_clipped_gradients_are_those_of_optax_to_the_last_bit(tree, limit):
    gradients = drawn(tree, 6, STEPS)
    ours, theirs = optimizers.clip_by_global_norm(limit), optax.clip_by_global_norm(limit)
    clipped = 0
    for n in range(STEPS):
        gradient = jax.tree.map(lambda g, n=n: jnp.asarray(g[n]), gradients)
        mine, state = ours.update(gradient, ours.init(gradient))
        yours, _ = theirs.update(gradient, theirs.init(gradient))
        assert_identical(mine, yours)
        assert jax.tree.leaves(state) == []
        length = np.sqrt(sum(np.sum(np.asarray(g, np.float64) ** 2) for g in jax.tree.leaves(mine)))
        assert length <= limit * (1 + 1e-6)
        clipped += bool(jax.tree.leaves(gradient)) and not np.array_equal(
            jax.tree.leaves(mine)[0], jax.tree.leaves(gradient)[0]
        )
    assert clipped < STEPS if limit == 100.0 else clipped > 0 or not tree


def test_clipping_keeps_the_direction_and_zeros_and_goes_before_an_optimizer():
    clip = optimizers.clip_by_global_norm(2.5)
    clipped, _ = clip.update({"w": jnp.array([3.0, 0.0]), "b": jnp.array(-4.0)}, clip.init(None))
    np.testing.assert_allclose(clipped["w"], [1.5, 0])
    np.testing.assert_allclose(clipped["b"], -2)
    assert clip.update({"w": jnp.zeros(2)}, clip.init(None))[0]["w"].tolist() == [0, 0]

    params, gradients = drawn(TREES[0], 4), drawn(TREES[0], 5, STEPS)

    @jax.jit
    def run(params, gradients):
        def chained(clip):
            return optax.chain(clip(0.5), optimizers.adam(0.1))

        clips = optimizers.clip_by_global_norm, optax.clip_by_global_norm
        return [scanned(chained(clip), params, gradients) for clip in clips]

    assert_close(*run(params, gradients))


def test_inject_hyperparams_sees_the_learning_rate():
    optimizer = optax.inject_hyperparams(optimizers.adam)(learning_rate=0.5)
    state = optimizer.init({"w": jnp.ones(2)})
    assert float(state.hyperparams["learning_rate"]) == 0.5
    state.hyperparams["learning_rate"] = jnp.float32(0.25)
    updates, _ = optimizer.update({"w": jnp.array([3.0, -3.0])}, state)
    np.testing.assert_allclose(updates["w"], [-0.25, 0.25], rtol=1e-5)


def textbook(name, gradients, rate):
    """Return the path of one weight that starts at 0, in plain Python floats, formulas as printed."""
    w, m, v, path = 0.0, 0.0, 0.0, []
    for t, g in enumerate(gradients, start=1):
        if name == "sgd":
            w -= rate * g
        elif name == "momentum":
            v = 0.9 * v + g
            w -= rate * v
        elif name.startswith("rmsprop"):
            v = 0.9 * v + 0.1 * g * g
            w -= rate * g / ((v + 1e-8) ** 0.5 if name == "rmsprop" else v**0.5 + 1e-8)
        else:
            m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
            w -= rate * (m / (1 - 0.9**t)) / ((v / (1 - 0.999**t)) ** 0.5 + 1e-8)
        path.append(w)
    return path


@pytest.mark.parametrize("name", OURS)
def test_the_formulas_of_the_textbook(name):
    gradients = np.random.default_rng(0).normal(size=STEPS)
    optimizer = OURS[name](0.1, **DEFAULTS[name])
    with jax.enable_x64(True):
        _, path = jax.jit(partial(scanned, optimizer))({"w": jnp.zeros(())}, {"w": jnp.asarray(gradients)})
        path = np.asarray(path["w"])
    assert path.dtype == np.float64
    np.testing.assert_allclose(path, textbook(name, gradients, 0.1), rtol=1e-9)


def test_where_eps_stands_matters_for_small_gradients():
    g = {"w": jnp.array(1e-5)}
    inside, outside = optimizers.rmsprop(1.0, 0.9, 1e-8), optimizers.rmsprop(1.0, 0.9, 1e-8, eps_in_sqrt=False)
    s = 0.1 * 1e-10
    assert float(inside.update(g, inside.init(g))[0]["w"]) == pytest.approx(-1e-5 / (s + 1e-8) ** 0.5, rel=1e-5)
    assert float(outside.update(g, outside.init(g))[0]["w"]) == pytest.approx(-1e-5 / (s**0.5 + 1e-8), rel=1e-5)


def test_the_state_counts_updates_and_is_shaped_like_the_parameters():
    params = {"W": jnp.ones((3, 2)), "b": jnp.ones(2)}
    zeros = jax.tree.map(np.zeros_like, params)
    for optimizer, moments in (
        (optimizers.sgd(0.1, 0.9), "v"),
        (optimizers.rmsprop(0.1), "s"),
        (optimizers.adam(0.1), "mv"),
    ):
        state = optimizer.init(params)
        assert int(state.t) == 0
        for moment in moments:
            assert_identical(getattr(state, moment), zeros)
        _, state = optimizer.update(params, state)
        assert int(state.t) == 1
    assert optimizers.sgd(0.1).init(params).v is None


def test_the_two_moments_of_adam_do_not_share_memory():
    params = {"W": jnp.ones((3, 2))}
    state = optimizers.adam(0.1).init(params)
    step = jax.jit(lambda state: optimizers.adam(0.1).update({"W": jnp.ones((3, 2))}, state)[1], donate_argnums=0)
    np.testing.assert_allclose(step(state).m["W"], 0.1, rtol=1e-6)


def test_a_gradient_of_zero_moves_nothing():
    zeros = {"w": jnp.zeros((3, 2))}
    for name in OURS:
        optimizer = OURS[name](0.5, **DEFAULTS[name])
        updates, _ = optimizer.update(zeros, optimizer.init(zeros))
        assert not np.any(updates["w"]), name


@pytest.mark.parametrize("dtype", [jnp.bfloat16, jnp.float16])
@pytest.mark.parametrize("name", OURS)
def test_low_precision_is_kept(name, dtype):
    optimizer = OURS[name](0.1, **DEFAULTS[name])
    params = {"w": jax.ShapeDtypeStruct((2,), dtype)}
    updates, state = jax.eval_shape(lambda g: optimizer.update(g, optimizer.init(g)), params)
    assert updates["w"].dtype == dtype
    assert {leaf.dtype for leaf in jax.tree.leaves(state)} <= {jnp.dtype(dtype), jnp.dtype(jnp.int32)}


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: optimizers.sgd(-0.1), "learning_rate is -0.1; it must be at least 0 and finite"),
        (lambda: optimizers.adam(float("nan")), "learning_rate is nan"),
        (lambda: optimizers.rmsprop(float("inf")), "learning_rate is inf"),
        (lambda: optimizers.sgd(0.1, 1.0), "momentum is 1; it must be at least 0 and below 1"),
        (lambda: optimizers.sgd(0.1, -0.5), "momentum is -0.5"),
        (lambda: optimizers.rmsprop(0.1, 1.0), "decay is 1"),
        (lambda: optimizers.adam(0.1, b1=1.5), "b1 is 1.5"),
        (lambda: optimizers.adam(0.1, b2=-1.0), "b2 is -1"),
        (lambda: optimizers.adam(0.1, eps=-1.0), "eps is -1; it must be at least 0 and finite"),
        (lambda: optimizers.rmsprop(0.1, eps=-1.0), "eps is -1"),
        (lambda: optimizers.clip_by_global_norm(-1.0), "limit is -1; it must be at least 0 and finite"),
    ],
)
def test_impossible_settings_are_named(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_the_names():
    assert list(optimizers.BY_NAME) == ["sgd", "rmsprop", "adam"]
    assert all(optimizers.BY_NAME[name] is getattr(optimizers, name) for name in optimizers.BY_NAME)
