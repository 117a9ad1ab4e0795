"""Convolution against XLA's own and Flax's, forward and backward, in every setting; its arithmetic; its errors."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen
from hypothesis import given, settings
from hypothesis import strategies as st
from jax import lax

from nnjax import initializers
from nnjax.layers import conv
from nnjax.manual import conv as by_hand

KEY = jax.random.key(0)


def drawn(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def gradients(f, params, x):
    return f(params, x), jax.grad(lambda params, x: jnp.sum(jnp.sin(f(params, x))), (0, 1))(params, x)


def assert_equal(ours, theirs):
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=2e-5, atol=2e-5), ours, theirs)


@pytest.mark.parametrize(
    ("kernel", "shape", "setting"),
    [
        ((5, 5), (3, 8, 9, 2), {}),
        ((3, 2), (2, 7, 8, 4), {"stride": (2, 3), "padding": "SAME", "groups": 2}),
        ((2, 3), (1, 9, 9, 3), {"padding": ((2, 0), (1, 3)), "dilation": (3, 2), "groups": 3}),
        ((3,), (2, 9, 4), {"stride": 2, "padding": 2, "dilation": 2}),
        ((4,), (3, 6, 2), {"padding": "SAME", "groups": 2}),
    ],
)
def test_outputs_and_gradients_are_those_of_flax(kernel, shape, setting):
    groups = setting.get("groups", 1)
    params = {"W": drawn(*kernel, shape[-1] // groups, 6), "b": drawn(6, seed=1)}
    padding = setting.get("padding", "VALID")
    module = linen.Conv(
        6, kernel, setting.get("stride", 1), padding, kernel_dilation=setting.get("dilation", 1),
        feature_group_count=groups,
    )  # fmt: skip

    @jax.jit
    def both(params, x):
        def theirs(params, x):
            return module.apply({"params": {"kernel": params["W"], "bias": params["b"]}}, x)

        ours = partial(conv.conv1d_apply if len(kernel) == 1 else conv.conv2d_apply, **setting)
        return gradients(ours, params, x), gradients(theirs, params, x)

    assert_equal(*both(params, drawn(*shape, seed=2)))


@settings(max_examples=8)
@given(st.data())
def test_any_setting_is_that_of_xla(data):
    """Sizes, strides, paddings and dilations of both axes, drawn apart; each example compiles, so there are few."""
    axis = st.tuples(st.integers(1, 7), st.integers(1, 3), st.integers(1, 3), st.integers(0, 2), st.integers(0, 2),
                     st.integers(1, 2)).filter(lambda a: a[0] + a[3] + a[4] > a[5] * (a[1] - 1))  # fmt: skip
    rows, columns = data.draw(axis), data.draw(axis)
    n, kernel, stride, before, after, dilation = zip(rows, columns, strict=True)
    batch, inputs, outputs = (data.draw(st.integers(1, 3)) for _ in range(3))
    x, W = drawn(batch, *n, inputs), drawn(*kernel, inputs, outputs, seed=1)
    padding = tuple(zip(before, after, strict=True))

    @jax.jit
    def both(W, x):
        def ours(W, x):
            params = {"W": W, "b": jnp.zeros(W.shape[-1])}
            return conv.conv2d_apply(params, x, stride=stride, padding=padding, dilation=dilation)

        def theirs(W, x):
            numbers = ("NHWC", "HWIO", "NHWC")
            return lax.conv_general_dilated(x, W, stride, padding, None, dilation, numbers)

        return gradients(ours, W, x), gradients(theirs, W, x)

    ours, theirs = both(W, x)
    assert_equal(ours, theirs)
    setting = {"stride": stride, "padding": padding, "dilation": dilation}
    y, _ = by_hand.forward({"W": W, "b": np.zeros(outputs)}, x.astype(float), **setting)
    np.testing.assert_allclose(y, ours[0], rtol=1e-4, atol=1e-5)


@settings(max_examples=200)
@given(
    n=st.integers(1, 40), kernel=st.integers(1, 9), stride=st.integers(1, 5), dilation=st.integers(1, 4),
    padding=st.sampled_from(["VALID", "SAME", 0, 2, (3, 0), (0, 1)]),
)  # fmt: skip
def test_the_output_size_is_that_of_xla(n, kernel, stride, dilation, padding):
    reach = dilation * (kernel - 1) + 1
    pair = (padding, padding) if isinstance(padding, int) else padding
    pads = lax.padtype_to_pads([n], [reach], [stride], padding) if isinstance(padding, str) else [pair]
    if n + sum(pads[0]) < reach:
        with pytest.raises(ValueError, match="does not fit into an axis of"):
            conv.output_size(n, kernel, stride, padding, dilation)
        return
    size = conv.output_size(n, kernel, stride, padding, dilation)
    assert size == lax.conv_general_shape_tuple((1, 1, n), (1, 1, reach), [stride], pads, ("NCH", "OIH", "NCH"))[2]


def test_same_gives_as_many_stops_as_strides_begin_and_valid_only_whole_windows():
    assert [conv.output_size(n, 3, 2, "SAME") for n in (1, 2, 3, 4, 5)] == [1, 1, 2, 2, 3]
    assert [conv.output_size(n, 3, 2) for n in (3, 4, 5)] == [1, 1, 2]
    assert conv.output_size(32, 5) == 28
    assert conv.output_size(32, 5, padding=2) == 32
    assert conv.output_size(224, 11, 4, 2) == 55  # AlexNet's first layer


def test_a_batch_too_large_for_the_cache_is_cut_and_nothing_changes(monkeypatch):
    params = {"W": drawn(3, 3, 2, 4), "b": drawn(4, seed=1)}
    x = drawn(6, 5, 5, 2, seed=2)
    whole, grads = jax.jit(partial(gradients, conv.conv2d_apply))(params, x)
    for of_one in (0.5, 2.5, 5.5):  # one example at a time, two, three
        monkeypatch.setattr(conv, "CACHE_BYTES", int(of_one * 9 * 9 * 2 * 4))
        cut, cut_grads = jax.jit(partial(gradients, conv.conv2d_apply))(params, x)
        assert_equal((cut, cut_grads), (whole, grads))
    jaxpr = str(jax.make_jaxpr(conv.conv2d_apply)(params, x))
    assert "scan" in jaxpr
    assert "conv_general_dilated" in jaxpr  # on accelerators


def test_vmap_jit_and_the_second_derivative(monkeypatch):
    monkeypatch.setattr(conv, "CACHE_BYTES", 1)
    params = {"W": jnp.asarray(drawn(2, 3, 1, 2)), "b": jnp.asarray(drawn(2, seed=1))}
    many = jax.tree.map(lambda leaf: jnp.stack([leaf, 2 * leaf]), params)
    x = jnp.asarray(drawn(2, 4, 4, 1, seed=2))

    def plain(params, x):
        return _xla(params["W"], x) + params["b"]

    def slope(f, params, x):
        return jax.grad(lambda x: jnp.sum(jax.grad(lambda x: jnp.sum(f(params, x) ** 3))(x) ** 2))(x)

    @jax.jit
    def computed(params, many, x):
        return [(jax.vmap(f, (0, None))(many, x), slope(f, params, x)) for f in (conv.conv2d_apply, plain)]

    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-3), *computed(params, many, x))


def _xla(W, x):
    return lax.conv_general_dilated(x, W, (1, 1), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC"))


def test_a_shifted_image_gives_shifted_maps():
    params = conv.conv2d_init(KEY, 3, 1, 4)
    x = np.zeros((1, 12, 12, 1), np.float32)
    x[0, 3:7, 2:6, 0] = drawn(4, 4)
    moved = np.roll(x, (2, 3), (1, 2))
    maps, moved_maps = (
        np.asarray(conv.conv2d_apply(params, jnp.asarray(image), padding="SAME")) for image in (x, moved)
    )
    np.testing.assert_allclose(np.roll(maps, (2, 3), (1, 2)), moved_maps, atol=1e-6)


def test_one_dimension_is_two_of_which_one_has_a_single_place():
    params = {"W": jnp.asarray(drawn(3, 2, 4)), "b": jnp.asarray(drawn(4, seed=1))}
    x = jnp.asarray(drawn(2, 7, 2, seed=2))
    setting = {"stride": 2, "dilation": 2}
    as_image = {"W": params["W"][None], "b": params["b"]}
    wide = conv.conv2d_apply(as_image, x[:, None], stride=(1, 2), dilation=(1, 2), padding=((0, 0), (1, 2)))
    for padding in ((1, 2), [(1, 2)]):
        line = conv.conv1d_apply(params, x, padding=padding, **setting)
        np.testing.assert_allclose(line, wide[:, 0], rtol=1e-6)


def test_init():
    plain, square = conv.conv2d_init(KEY, (3, 2), 4, 6, groups=2), conv.conv2d_init(KEY, 5, 1, 6)
    assert jax.tree.map(jnp.shape, plain) == {"W": (3, 2, 2, 6), "b": (6,)}
    assert square["W"].shape == (5, 5, 1, 6)
    np.testing.assert_array_equal(plain["W"], initializers.he_normal(KEY, (3, 2, 2, 6)))
    assert not plain["b"].any()
    line = conv.conv1d_init(KEY, 3, 2, 4, initializer=initializers.glorot_normal)
    np.testing.assert_array_equal(line["W"], initializers.glorot_normal(KEY, (3, 2, 4)))


@pytest.mark.parametrize(
    ("arguments", "setting", "words"),
    [
        ((0, 1, 2), {}, "kernel holds 0"),
        (((3, 3, 3), 1, 2), {}, r"kernel is \(3, 3, 3\); it must be one whole number or 2, one for each axis"),
        ((3, 1, -2), {}, r"\(inputs, outputs, groups\) holds -2"),
        ((3, 4, 3), {"groups": 2}, "groups is 2; it must divide both inputs, 4, and outputs, 3"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_init_names_what_is_wrong(arguments, setting, words):
    with pytest.raises(ValueError, match=words):
        conv.conv2d_init(KEY, *arguments, **setting)


@pytest.mark.parametrize("groups", [1, 2])
def test_of_an_empty_batch_there_are_no_maps(groups):
    params = {"W": jnp.zeros((3, 3, 4 // groups, 6)), "b": jnp.zeros(6)}
    assert conv.conv2d_apply(params, jnp.zeros((0, 5, 6, 4)), groups=groups).shape == (0, 3, 4, 6)


@pytest.mark.parametrize(
    ("shape", "setting", "words"),
    [
        ((2, 2, 9, 4), {}, "kernel of 3 places does not fit into an axis of 2 places, 2 when padded"),
        (
            (2, 4, 4, 4),
            {"dilation": 3, "padding": 1},
            "kernel of 3 places with dilation 3 reaches over 7 and does not fit into an axis of 4 places, 6 when",
        ),
        ((2, 0, 9, 4), {"padding": 3}, "does not fit into an axis of 0 places"),
        ((2, 8, 8, 3), {}, r"x has shape \(2, 8, 8, 3\); conv2d wants 4 features on the last axis"),
        ((8, 8, 4), {}, r"x has shape \(8, 8, 4\); conv2d wants \(batch, height, width, channels\)"),
        ((2, 8, 8, 4), {"stride": 0}, "stride holds 0"),
        ((2, 8, 8, 4), {"dilation": (1, 2, 3)}, "dilation is"),
        ((2, 8, 8, 4), {"padding": "FULL"}, "unknown padding 'FULL'"),
        ((2, 8, 8, 4), {"padding": -1}, "padding is -1; it must be 'VALID', 'SAME', a whole number"),
        ((2, 8, 8, 4), {"padding": (1, 2)}, r"padding is \(1, 2\); it must be .*, or 2 pairs \(before, after\)"),
        ((2, 8, 8, 12), {"groups": 3}, "groups is 3; it must divide the 8 outputs"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_apply_names_what_is_wrong_also_under_jit(shape, setting, words):
    params = {"W": jnp.zeros((3, 3, 4, 8)), "b": jnp.zeros(8)}
    apply = partial(conv.conv2d_apply, **setting)
    for f in (apply, jax.jit(apply)):
        with pytest.raises(ValueError, match=words):
            f(params, jnp.zeros(shape))


@pytest.mark.usefixtures("unchecked")
def test_a_sequence_is_not_an_image():
    params = {"W": jnp.zeros((3, 3, 4, 8)), "b": jnp.zeros(8)}
    with pytest.raises(ValueError, match=r"params\['W'\] has shape \(3, 3, 4, 8\); conv1d wants 3 axes"):
        conv.conv1d_apply(params, jnp.zeros((2, 9, 4)))
    with pytest.raises(ValueError, match=r"padding is \(1,\); .*, or a pair \(before, after\)"):
        conv.conv1d_apply({"W": jnp.zeros((3, 4, 8)), "b": jnp.zeros(8)}, jnp.zeros((2, 9, 4)), padding=(1,))


def test_float64_is_kept():
    with jax.enable_x64(True):
        out = jax.eval_shape(lambda key, x: conv.conv2d_apply(conv.conv2d_init(key, 3, 1, 2), x), KEY,
                             jax.ShapeDtypeStruct((2, 4, 4, 1), np.float64))  # fmt: skip
    assert out.dtype == np.float64
