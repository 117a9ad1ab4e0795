"""Convolution: the same weighted sum (a filter) of every small window of the input, in one and two dimensions.

With p a place of the output, k of the kernel, c a channel of the input and o of the output, x padded::

    y_po = b_o + sum_k sum_c W_kco x_(p stride + k dilation)c

In two dimensions p and k are pairs. (Fukushima, 1980; LeCun et al., 1989.) What is computed is a cross-correlation,
as everywhere in this field: the kernel is not turned round. ``windows.py`` says where the windows stop.

On a CPU the sum is one matrix product: each window is written out as a row, and the rows times W (places * channels,
outputs) are all outputs at once. The rows hold every pixel as often as windows see it, so they are made for as many
examples at a time as fit in the processor's cache, and made again for the backward pass. Elsewhere the sum is XLA's
own convolution, to which GPUs and TPUs bring kernels of their own.
"""

import math
from collections.abc import Sequence
from functools import partial

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from nnjax.checks import require_last_axis, require_sizes
from nnjax.initializers import Initializer, Key, he_normal
from nnjax.layers.windows import Padding, Sizes, Window, output_size, pad, per_axis, require_axes, sliding, views

__all__ = ["conv1d_apply", "conv1d_init", "conv2d_apply", "conv2d_init", "output_size"]

Params = dict[str, Array]

CACHE_BYTES = 5 * 2**19
"""How large the rows of all windows may be; more are made and used for a few examples at a time."""


def conv1d_init(
    key: Key, kernel: int, inputs: int, outputs: int, *, groups: int = 1, initializer: Initializer = he_normal
) -> Params:
    """Return {"W": (kernel, inputs / groups, outputs), "b": (outputs,)}, random weights and zero biases.

    Raises ValueError for a size below 1, or groups that do not divide both inputs and outputs.
    """
    return _init(key, per_axis("kernel", kernel, 1), inputs, outputs, groups, initializer)


def conv2d_init(
    key: Key, kernel: Sizes, inputs: int, outputs: int, *, groups: int = 1, initializer: Initializer = he_normal
) -> Params:
    """Return {"W": (height, width, inputs / groups, outputs), "b": (outputs,)}, random weights and zero biases.

    ``kernel`` is (height, width) or one number for both. Raises ValueError for a size below 1, or groups that do not
    divide both inputs and outputs.
    """
    return _init(key, per_axis("kernel", kernel, 2), inputs, outputs, groups, initializer)


def conv1d_apply(
    params: Params,
    x: Float[Array, "batch length inputs"],
    *,
    stride: int = 1,
    padding: Padding = "VALID",
    dilation: int = 1,
    groups: int = 1,
) -> Float[Array, "batch stops outputs"]:
    """Return the filtered sequences: (batch, stops, outputs).

    ``padding``: "VALID", "SAME", a number of zeros on both sides, or (before, after). ``groups``: the channels of input
    and output are cut into so many groups, and each group of outputs sees its group of inputs alone.
    Raises ValueError for a wrong shape, a kernel larger than its input, or settings that cannot be right.
    """
    return _apply(params, x, 1, stride, padding, dilation, groups)


def conv2d_apply(
    params: Params,
    x: Float[Array, "batch height width inputs"],
    *,
    stride: Sizes = 1,
    padding: Padding = "VALID",
    dilation: Sizes = 1,
    groups: int = 1,
) -> Float[Array, "batch stops_down stops_across outputs"]:
    """Return the filtered images, the feature maps: (batch, height, width, outputs), sizes as ``output_size`` has them.

    ``stride`` and ``dilation`` are one number or (down, across); ``padding``: "VALID", "SAME", a number of zeros on
    every side, or ((above, below), (left, right)); ``groups`` as in ``conv1d_apply``.
    Raises ValueError for a wrong shape, a kernel larger than its input, or settings that cannot be right.
    """
    return _apply(params, x, 2, stride, padding, dilation, groups)


def _init(
    key: Key, kernel: tuple[int, ...], inputs: int, outputs: int, groups: int, initializer: Initializer
) -> Params:
    require_sizes("(inputs, outputs, groups)", (inputs, outputs, groups))
    if inputs % groups or outputs % groups:
        raise ValueError(f"groups is {groups}; it must divide both inputs, {inputs}, and outputs, {outputs}")
    return {"W": initializer(key, (*kernel, inputs // groups, outputs)), "b": jnp.zeros(outputs)}


def _apply(params: Params, x: Array, axes: int, stride: Sizes, padding: Padding, dilation: Sizes, groups: int) -> Array:
    W, owner = params["W"], f"conv{axes}d"
    require_axes(x, axes, owner)
    if W.ndim != axes + 2:
        raise ValueError(f"params['W'] has shape {W.shape}; {owner} wants {axes + 2} axes")
    require_sizes("groups", [groups])
    require_last_axis("x", x, W.shape[-2] * groups, owner)
    if W.shape[-1] % groups:
        raise ValueError(f"groups is {groups}; it must divide the {W.shape[-1]} outputs")
    windows = sliding(x.shape[1:-1], W.shape[:-2], stride, padding, dilation)
    by_product = partial(_by_product, windows=windows, groups=groups)
    by_xla = partial(_by_xla, windows=windows, groups=groups)
    if not isinstance(x.shape[0], int):  # jax.export for any batch: a symbol cannot be cut into parts
        return by_xla(x, W) + params["b"]
    return jax.lax.platform_dependent(x, W, cpu=by_product, default=by_xla) + params["b"]


def rows(x: Float[Array, "batch *lengths channels"], windows: Sequence[Window]) -> Array:
    """Return every window of the padded x written out, its places in order: (batch, *stops, places * channels).

    Axis after axis, the last first: beside each place come the places that a window starting there sees along the axis.
    """
    for axis, window in reversed(list(enumerate(windows, start=1))):
        x = jnp.concatenate(views(x, window, axis), axis=-1)
    return x


def _by_product(x: Array, W: Array, *, windows: Sequence[Window], groups: int) -> Array:
    def few(x: Array) -> Array:
        written_out = rows(x, windows)
        if groups == 1:
            return written_out @ W.reshape(-1, W.shape[-1])
        # Not -1 for the places: in an empty batch it would be divided by 0.
        split = written_out.reshape(*written_out.shape[:-1], math.prod(W.shape[:-2]), groups, W.shape[-2])
        by_group = W.reshape(-1, W.shape[-2], groups, W.shape[-1] // groups)
        y = jnp.einsum("...kgc,kcgo->...go", split, by_group)
        return y.reshape(*y.shape[:-2], W.shape[-1])

    x = pad(x, windows)
    batch, channels = len(x), x.shape[-1]
    bytes_each = math.prod(w.stops * w.size for w in windows) * channels * x.dtype.itemsize
    most = max(1, CACHE_BYTES // bytes_each)
    if batch <= most:
        return few(x)
    at_once = next(size for size in range(most, 0, -1) if batch % size == 0)
    y = jax.lax.map(jax.checkpoint(few), x.reshape(-1, at_once, *x.shape[1:]))
    return y.reshape(batch, *y.shape[2:])


def _by_xla(x: Array, W: Array, *, windows: Sequence[Window], groups: int) -> Array:
    numbers = ("NWC", "WIO", "NWC") if len(windows) == 1 else ("NHWC", "HWIO", "NHWC")
    return jax.lax.conv_general_dilated(
        x,
        W,
        window_strides=[w.stride for w in windows],
        padding=[(w.before, w.after) for w in windows],
        rhs_dilation=[w.dilation for w in windows],
        dimension_numbers=numbers,
        feature_group_count=groups,
    )
