"""Exercises of lesson 07: images."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from nnjax.exercises import drawing, laws
from nnjax.exercises.exercise import Case, Loss, exercise

LESSON = "07_cnn"


def _short(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Return numbers of one digit after the point, easy to read."""
    return np.round(rng.normal(size=shape), 1).astype(np.float32)


def _sizes(rng: np.random.Generator) -> list[Case]:
    def case(kernel: int, stride: int, padding: int, dilation: int, stops: int, left: int) -> Case:
        """Return the arguments of an axis with so many stops, behind the last of which so many places are left."""
        return (
            dilation * (kernel - 1) + 1 + (stops - 1) * stride + left - 2 * padding,
            kernel,
            stride,
            padding,
            dilation,
        )

    stops, kernels, paddings = (rng.permutation(4).tolist() for _ in range(3))
    return [
        (28, 5, 1, 0, 1),
        case(3 + kernels[0], 2, 2 + paddings[0], 1, 9 + stops[0], 1),
        case(3 + kernels[1], 3, 3 + paddings[1], 4, 9 + stops[1], 2),
        case(3 + kernels[2], 3, 3 + paddings[2], 3, 9 + stops[2], 0),
    ]


@exercise(
    LESSON,
    draw=_sizes,
    laws=[laws.PURE],
    hints=[
        "With dilation 1 and stride 1, a kernel of k places finds room at n - k + 1 stops.",
        "Padding lengthens the axis on both sides; a dilated kernel reaches over dilation (kernel - 1) + 1 places.",
        "Between the first stop and the last lie (padded length - reach) places; // stride counts the moves, and one "
        "more stop than moves is made.",
    ],
)
def conv_output_size(n, kernel, stride, padding, dilation):
    """Return the number of stops of a kernel along an axis, floor((n + 2 padding - reach) / stride) + 1.

    All arguments are whole numbers: n places, a kernel of ``kernel`` places that lie ``dilation`` apart, so that its
    reach is dilation (kernel - 1) + 1; it moves by ``stride``, and ``padding`` zeros are added at either end. The
    kernel must stay inside, and it fits at least once. The answer is a whole number.
    """
    reach = dilation * (kernel - 1) + 1
    return (n + 2 * padding - reach) // stride + 1


conv_output_size.mistake(
    "A number of stops is whole, but you return a fraction or a float: round down, with //.",
    lambda n, kernel, stride, padding, dilation: (n + 2 * padding - dilation * (kernel - 1) - 1) / stride + 1,
)
conv_output_size.mistake(
    "You round up: where the last move would lead beyond the end, the kernel does not make it, so round down.",
    lambda n, kernel, stride, padding, dilation: -(-(n + 2 * padding - dilation * (kernel - 1) - 1) // stride) + 1,
)
conv_output_size.mistake(
    "One stop is missing: the formula counts the moves, and the kernel stops once before it moves at all.",
    lambda n, kernel, stride, padding, dilation: (n + 2 * padding - dilation * (kernel - 1) - 1) // stride,
)
conv_output_size.mistake(
    "The padding is counted once, but the zeros stand at both ends of the axis.",
    lambda n, kernel, stride, padding, dilation: (n + padding - dilation * (kernel - 1) - 1) // stride + 1,
)
conv_output_size.mistake(
    "The padding is not counted: it makes the axis longer at both ends.",
    lambda n, kernel, stride, padding, dilation: (n - dilation * (kernel - 1) - 1) // stride + 1,
)
conv_output_size.mistake(
    "The dilation is not counted: places that lie apart make the kernel reach further.",
    lambda n, kernel, stride, padding, dilation: (n + 2 * padding - kernel) // stride + 1,
)
conv_output_size.mistake(
    "The reach is not dilation times kernel: k places have only k - 1 gaps between them, and one place at the end.",
    lambda n, kernel, stride, padding, dilation: (n + 2 * padding - dilation * kernel) // stride + 1,
)
conv_output_size.mistake(
    "The 1 for the first stop stands outside the division: it is a stop, not a place.",
    lambda n, kernel, stride, padding, dilation: (n + 2 * padding - dilation * (kernel - 1)) // stride,
)
conv_output_size.mistake(
    "The stride is not counted: the kernel moves by more than one place at a time, so divide.",
    lambda n, kernel, stride, padding, dilation: n + 2 * padding - dilation * (kernel - 1),
)
conv_output_size.mistake(
    "You divide the whole padded length by the stride and forget the kernel, which needs room for its last stop.",
    lambda n, kernel, stride, padding, dilation: (n + 2 * padding) // stride,
    lambda n, kernel, stride, padding, dilation: (n + 2 * padding) // stride + 1,
    lambda n, kernel, stride, padding, dilation: (n + 2 * padding - 1) // stride + 1,
)


def _filters(rng: np.random.Generator) -> list[Case]:
    tiny = {"W": _short(rng, 2, 2, 1, 1), "b": _short(rng, 1)}
    wide = {"W": drawing.normal(rng, 2, 3, 2, 3), "b": drawing.normal(rng, 3)}
    tall = {"W": drawing.normal(rng, 4, 3, 2, 3), "b": drawing.normal(rng, 3)}
    return [
        (tiny, _short(rng, 1, 3, 3, 1), 1, 0, 1),
        (wide, drawing.normal(rng, 2, 5, 7, 2), 2, 2, 1),
        (tall, drawing.normal(rng, 2, 11, 8, 2), 2, 1, 2),
    ]


@exercise(
    LESSON,
    draw=_filters,
    points=3,
    difficulty=3,
    laws=[laws.PURE, laws.JIT.on(0), laws.flops(3)],
    hints=[
        "Do not loop over the pixels: loop over the places (i, j) of the kernel, which are few.",
        "For one place (i, j), the pixels that it meets at all stops are a slice of the padded image, with the stride "
        "as step, starting at (i dilation, j dilation).",
        "That slice (batch, stops down, stops across, in) times W[i, j] (in, out) is the place's part of the output; "
        "add the parts of all places, then the bias. conv_output_size says where the slice ends.",
    ],
)
def conv2d(params, x, stride, padding, dilation):
    """Return the 2-D convolution of images with filters,

    y[n, p, q, o] = b[o] + sum over i, j, c of W[i, j, c, o] x[n, p stride + i dilation, q stride + j dilation, c],

    where x has been padded with ``padding`` zeros on each of its four sides. The kernel is not turned round.

    params is {"W": (kernel height, kernel width, in, out), "b": (out,)}; x is (batch, height, width, in); stride,
    padding and dilation are whole numbers, the same down and across. The output is (batch, stops down, stops across,
    out), with floor((size + 2 padding - dilation (kernel - 1) - 1) / stride) + 1 stops along an axis.
    """
    W, b = params["W"], params["b"]
    x = jnp.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    moves_down = (x.shape[1] - dilation * (W.shape[0] - 1) - 1) // stride
    moves_across = (x.shape[2] - dilation * (W.shape[1] - 1) - 1) // stride
    y = b
    for i in range(W.shape[0]):
        for j in range(W.shape[1]):
            top, left = i * dilation, j * dilation
            down = slice(top, top + moves_down * stride + 1, stride)
            across = slice(left, left + moves_across * stride + 1, stride)
            y = y + x[:, down, across] @ W[i, j]
    return y


def _conv(x: Any, W: Any, stride: int, padding: int, dilation: int = 1, *, spread: int = 1) -> Any:
    """Return XLA's convolution without a bias; ``spread`` dilates the image instead of the kernel."""
    return jax.lax.conv_general_dilated(
        x,
        W,
        (stride, stride),
        [(padding, padding)] * 2,
        (spread, spread),
        (dilation, dilation),
        ("NHWC", "HWIO", "NHWC"),
    )


def _padded(x: Any, padding: int, mode: str = "constant") -> Any:
    return jnp.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)), mode=mode)


conv2d.mistake(
    "The bias is missing: add b, one number for each filter, to every place of its feature map.",
    lambda params, x, stride, padding, dilation: _conv(x, params["W"], stride, padding, dilation),
)
conv2d.mistake(
    "The bias is subtracted: add it.",
    lambda params, x, stride, padding, dilation: _conv(x, params["W"], stride, padding, dilation) - params["b"],
)
conv2d.mistake(
    "You turn the kernel round, as mathematicians do; here W[0, 0] meets the top left pixel of the window.",
    lambda params, x, stride, padding, dilation: (
        _conv(x, params["W"][::-1, ::-1], stride, padding, dilation) + params["b"]
    ),
)
conv2d.mistake(
    "The padding is missing: put zeros around each image before the kernel moves.",
    lambda params, x, stride, padding, dilation: _conv(x, params["W"], stride, 0, dilation) + params["b"],
)
conv2d.mistake(
    "The padding repeats the pixels of the edge; it is made of zeros here.",
    lambda params, x, stride, padding, dilation: (
        _conv(_padded(x, padding, "edge"), params["W"], stride, 0, dilation) + params["b"]
    ),
)
conv2d.mistake(
    "The padding stands above and to the left alone; zeros belong on all four sides.",
    lambda params, x, stride, padding, dilation: (
        _conv(_padded(x, padding)[:, : x.shape[1] + padding, : x.shape[2] + padding], params["W"], stride, 0, dilation)
        + params["b"]
    ),
)
conv2d.mistake(
    "The stride is not used: from one stop to the next the kernel moves by stride pixels.",
    lambda params, x, stride, padding, dilation: _conv(x, params["W"], 1, padding, dilation) + params["b"],
)
conv2d.mistake(
    "The dilation is not used: neighbouring places of the kernel meet pixels that lie dilation apart.",
    lambda params, x, stride, padding, dilation: _conv(x, params["W"], stride, padding) + params["b"],
)
conv2d.mistake(
    "You spread out the pixels of the image; dilation spreads out the places of the kernel.",
    lambda params, x, stride, padding, dilation: _conv(x, params["W"], stride, padding, spread=dilation) + params["b"],
)
conv2d.mistake(
    "You take the mean over the channels or the places of the kernel; a convolution is their weighted sum.",
    lambda params, x, stride, padding, dilation: (
        _conv(x, params["W"], stride, padding, dilation) / x.shape[-1] + params["b"]
    ),
    lambda params, x, stride, padding, dilation: (
        _conv(x, params["W"], stride, padding, dilation) / params["W"][:, :, 0, 0].size + params["b"]
    ),
    lambda params, x, stride, padding, dilation: (
        _conv(x, params["W"], stride, padding, dilation) / params["W"][..., 0].size + params["b"]
    ),
)
conv2d.mistake(
    "Only the first channel of the image is used: sum over all input channels.",
    lambda params, x, stride, padding, dilation: (
        _conv(x[..., :1], params["W"][:, :, :1], stride, padding, dilation) + params["b"]
    ),
)
conv2d.mistake(
    "Height and width of the kernel are exchanged: the first axis of W goes down, the second across.",
    lambda params, x, stride, padding, dilation: (
        _conv(x, params["W"].swapaxes(0, 1), stride, padding, dilation) + params["b"]
    ),
)


def _first_stops(params, x, stride, padding, dilation):
    y = _conv(x, params["W"], 1, padding, dilation) + params["b"]
    return y[:, : -(-y.shape[1] // stride), : -(-y.shape[2] // stride)]


conv2d.mistake(
    "There are as many stops as there should be, but the kernel still moves by one pixel from each to the next: stop p "
    "begins at pixel p times stride.",
    _first_stops,
)


def _filters_and_slopes(rng: np.random.Generator) -> list[Case]:
    tiny = {"W": _short(rng, 2, 2, 1, 1), "b": _short(rng, 1)}
    wide = {"W": drawing.normal(rng, 2, 3, 2, 4), "b": drawing.normal(rng, 4)}
    tall = {"W": drawing.normal(rng, 3, 2, 3, 2), "b": drawing.normal(rng, 2)}
    return [
        (tiny, _short(rng, 1, 3, 4, 1), _short(rng, 1, 1, 2, 1), 2, 0),
        (wide, drawing.normal(rng, 3, 5, 6, 2), drawing.normal(rng, 3, 4, 4, 4), 1, 0),
        (tall, drawing.normal(rng, 2, 6, 7, 3), drawing.normal(rng, 2, 4, 5, 2), 2, 2),
    ]


def _filtered_sum(case: Case, point: Any) -> float:
    """Return sum(dy * conv2d(params, x)): its gradient is what the backward pass gives."""
    _, _, dy, stride, padding = case
    x, params = point
    x = np.pad(np.float64(x), ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    seen = np.lib.stride_tricks.sliding_window_view(x, params["W"].shape[:2], (1, 2))[:, ::stride, ::stride]
    return float(np.sum(dy * (np.einsum("npqcij,ijco->npqo", seen, params["W"]) + params["b"])))


@exercise(
    LESSON,
    draw=_filters_and_slopes,
    points=3,
    difficulty=3,
    by_hand=True,
    laws=[laws.PURE, laws.JIT.on(0), laws.flops(3)],
    loss=Loss(_filtered_sum, lambda case: (case[1], case[0])),
    hints=[
        "Loop over the places (i, j) of the kernel, as in conv2d. For one place the forward pass is a dense layer: a "
        "slice of the padded x, times W[i, j], is added to y.",
        "So W[i, j] gets the product of that slice with dy, summed over the batch and all stops; b gets dy, summed "
        "alike.",
        "The slice itself gets dy times the transpose of W[i, j]. Pixels lie in several slices: add to what is there.",
        "All this is the gradient by the padded x; at the end cut the padding off on all four sides.",
    ],
)
def conv2d_backward(params, x, dy, stride, padding):
    """Return (dx, grads), the gradients of a loss by the input and by the parameters of the convolution

    y[n, p, q, o] = b[o] + sum over i, j, c of W[i, j, c, o] x[n, p stride + i, q stride + j, c],

    where x has been padded with ``padding`` zeros on each of its four sides, from dy, the gradient by y. dx is the
    gradient by x as it was before it was padded. The gradients are sums over the batch: the mean, if the loss has one,
    is in dy already. Derive it by hand: JAX's autodiff is switched off.

    params is {"W": (kernel height, kernel width, in, out), "b": (out,)}, x (batch, height, width, in), dy (batch, stops
    down, stops across, out). dx has the shape of x, and grads is {"W", "b"}, of the shapes of params.
    """
    W = params["W"]
    x = jnp.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    dx, dW = jnp.zeros_like(x), []
    for i in range(W.shape[0]):
        for j in range(W.shape[1]):
            down = slice(i, i + (dy.shape[1] - 1) * stride + 1, stride)
            across = slice(j, j + (dy.shape[2] - 1) * stride + 1, stride)
            dW.append(jnp.tensordot(x[:, down, across], dy, ((0, 1, 2), (0, 1, 2))))
            dx = dx.at[:, down, across].add(dy @ W[i, j].T)
    dx = dx[:, padding : x.shape[1] - padding, padding : x.shape[2] - padding]
    return dx, {"W": jnp.stack(dW).reshape(W.shape), "b": dy.sum((0, 1, 2))}


_right = jax.jit(conv2d_backward.reference, static_argnums=(3, 4))


def _with(answer: Any, dx: Any = None, **grads: Any) -> Any:
    """Return the answer with other parts put in."""
    return answer[0] if dx is None else dx, answer[1] | grads


conv2d_backward.mistake(
    "You divide by the batch size: dy is the gradient by each output already, so sum.",
    lambda params, x, dy, stride, padding: jax.tree.map(
        lambda part: part / len(x), _right(params, x, dy, stride, padding)
    ),
    lambda params, x, dy, stride, padding: (
        _right(params, x, dy, stride, padding)[0],
        _right(params, x, dy / len(x), stride, padding)[1],
    ),
)
conv2d_backward.mistake(
    "One bias serves all stops, so db is the sum over the batch and over both axes of the image, (out,).",
    lambda params, x, dy, stride, padding: _with(_right(params, x, dy, stride, padding), b=dy.sum(0)),
)
conv2d_backward.mistake(
    "db is a sum over all stops, not their mean.",
    lambda params, x, dy, stride, padding: _with(_right(params, x, dy, stride, padding), b=dy.mean((0, 1, 2))),
    lambda params, x, dy, stride, padding: _with(_right(params, x, dy, stride, padding), b=dy.mean((1, 2)).sum(0)),
)
conv2d_backward.mistake(
    "In dx the kernel is turned round: what W[i, j] brought from pixel (p + i, q + j) to stop (p, q) goes back from "
    "that stop to that pixel.",
    lambda params, x, dy, stride, padding: _with(
        _right(params, x, dy, stride, padding),
        _right({"W": params["W"][::-1, ::-1]}, x, dy, stride, padding)[0],
    ),
)
conv2d_backward.mistake(
    "dW is turned round: W[0, 0] met the top left pixel of each window, so dW[0, 0] sums over those.",
    lambda params, x, dy, stride, padding: _with(
        _right(params, x, dy, stride, padding), W=_right(params, x, dy, stride, padding)[1]["W"][::-1, ::-1]
    ),
)
conv2d_backward.mistake(
    "dx still has the padding around it: cut it off, so that dx has the shape of x.",
    lambda params, x, dy, stride, padding: _with(
        _right(params, x, dy, stride, padding), _right(params, _padded(x, padding), dy, stride, 0)[0]
    ),
)
conv2d_backward.mistake(
    "You cut the padding off below and to the right only; dx of the image begins after the padding above and to the "
    "left.",
    lambda params, x, dy, stride, padding: _with(
        _right(params, x, dy, stride, padding),
        _right(params, _padded(x, padding), dy, stride, 0)[0][:, : x.shape[1], : x.shape[2]],
    ),
)
conv2d_backward.mistake(
    "The stride is missing on the way back: stop p met the pixels from p times stride on.",
    lambda params, x, dy, stride, padding: _right(params, x, dy, 1, padding),
)
conv2d_backward.mistake(
    "dW has its last two axes exchanged: they are (in, out), as in W.",
    lambda params, x, dy, stride, padding: _with(
        _right(params, x, dy, stride, padding), W=_right(params, x, dy, stride, padding)[1]["W"].swapaxes(2, 3)
    ),
)
conv2d_backward.mistake(
    "The order is (dx, grads), and you return (grads, dx).",
    lambda params, x, dy, stride, padding: _right(params, x, dy, stride, padding)[::-1],
)


def _overwritten(params, x, dy, stride, padding):
    W, padded = params["W"], jnp.zeros_like(_padded(x, padding))
    for i in range(W.shape[0]):
        for j in range(W.shape[1]):
            down = slice(i, i + (dy.shape[1] - 1) * stride + 1, stride)
            across = slice(j, j + (dy.shape[2] - 1) * stride + 1, stride)
            padded = padded.at[:, down, across].set(dy @ W[i, j].T)
    dx = padded[:, padding : x.shape[1] + padding, padding : x.shape[2] + padding]
    return _with(_right(params, x, dy, stride, padding), dx)


conv2d_backward.mistake(
    "A pixel that several windows see gets a part from each of them: in dx, add to what is there, do not replace it.",
    _overwritten,
)


def _maps(rng: np.random.Generator) -> list[Case]:
    return [
        (_short(rng, 1, 2, 4, 1), 2),
        (-np.float32(1e10) * np.abs(drawing.normal(rng, 2, 5, 7, 3)) - np.float32(1e9), 2),
        (drawing.normal(rng, 2, 6, 8, 2), 3),
    ]


@exercise(
    LESSON,
    draw=_maps,
    points=2,
    difficulty=2,
    laws=[laws.PURE, laws.JIT],
    hints=[
        "First cut off what is left over: keep height // size * size rows, and as many columns.",
        "A reshape cuts an axis of length m size into two of lengths m and size, the windows and the places in each.",
        "Reshape to (batch, rows, size, columns, size, channels) and take the maximum over both axes of length size.",
    ],
)
def max_pool(x, size):
    """Return the largest value of each window of size x size pixels,

    y[n, p, q, c] = max over i, j < size of x[n, p size + i, q size + j, c].

    x is (batch, height, width, channels). The windows lie side by side, beginning at the top left; rows and columns
    that are left over at the end are dropped. The output is (batch, height // size, width // size, channels).
    """
    batch, height, width, channels = x.shape
    rows, columns = height // size, width // size
    windows = x[:, : rows * size, : columns * size].reshape(batch, rows, size, columns, size, channels)
    return windows.max((2, 4))


def _reduced(x: Any, start: float, operation: Any, size: int, step: int, padding: str = "VALID") -> Any:
    """Return XLA's reduction of windows that move by ``step``."""
    return jax.lax.reduce_window(x, start, operation, (1, size, size, 1), (1, step, step, 1), padding)


def _cut(x: Any, size: int) -> Any:
    """Return x without what is left over."""
    return x[:, : x.shape[1] // size * size, : x.shape[2] // size * size]


def _windows(x: Any, size: int) -> Any:
    """Return the windows side by side, (batch, rows, size, columns, size, channels)."""
    x = _cut(x, size)
    return x.reshape(x.shape[0], x.shape[1] // size, size, x.shape[2] // size, size, x.shape[3])


def _far_apart(x: Any, size: int) -> Any:
    """Return windows of pixels that lie far apart: the two axes of each split exchanged."""
    x = _cut(x, size)
    return x.reshape(x.shape[0], size, x.shape[1] // size, size, x.shape[2] // size, x.shape[3])


max_pool.mistake(
    "The windows overlap: they lie side by side, so the next begins size pixels further on.",
    lambda x, size: _reduced(x, -jnp.inf, jax.lax.max, size, 1),
)
max_pool.mistake(
    "That is the mean of each window; the largest value is asked for.", lambda x, size: _windows(x, size).mean((2, 4))
)
max_pool.mistake(
    "That is the smallest value of each window; the largest is asked for.",
    lambda x, size: _windows(x, size).min((2, 4)),
)
max_pool.mistake(
    "Rows and columns that are left over become windows of their own; drop them.",
    lambda x, size: jax.lax.reduce_window(
        x, -jnp.inf, jax.lax.max, (1, size, size, 1), (1, size, size, 1),
        ((0, 0), (0, -x.shape[1] % size), (0, -x.shape[2] % size), (0, 0)),
    ),
)  # fmt: skip
max_pool.mistake(
    "Where all values of a window are negative you give 0: begin with the first value, or with -inf, not with 0.",
    lambda x, size: jnp.maximum(_windows(x, size).max((2, 4)), 0),
)
max_pool.mistake(
    "A window may lie below any number of your choice: begin with its first value, or with -inf.",
    lambda x, size: jnp.maximum(_windows(x, size).max((2, 4)), -10),
    lambda x, size: jnp.maximum(_windows(x, size).max((2, 4)), -1000),
    lambda x, size: jnp.maximum(_windows(x, size).max((2, 4)), -1e9),
)
max_pool.mistake(
    "You compare sizes without signs: the largest value is asked for, and -3 is less than 2.",
    lambda x, size: jnp.abs(_windows(x, size)).max((2, 4)),
)
max_pool.mistake(
    "You take one pixel of each window, the first, instead of the largest.",
    lambda x, size: _cut(x, size)[:, ::size, ::size],
)
max_pool.mistake(
    "The largest over all channels is taken; every channel is pooled for itself.",
    lambda x, size: _windows(x, size).max((2, 4, 5)),
    lambda x, size: _windows(x, size).max((2, 4, 5))[..., None],
)
max_pool.mistake(
    "The reshape gathers pixels that lie far apart: split height into (rows, size), in this order, and width likewise.",
    lambda x, size: _far_apart(x, size).max((1, 3)),
)
max_pool.mistake(
    "You pool along one axis only: a window is size pixels high and size pixels wide.",
    lambda x, size: _windows(x, size).max(2).reshape(len(x), x.shape[1] // size, -1, x.shape[3]),
    lambda x, size: _windows(x, size).max(4).reshape(len(x), -1, x.shape[2] // size, x.shape[3]),
)


def _maps_and_slopes(rng: np.random.Generator) -> list[Case]:
    def distinct(*shape: int) -> np.ndarray:
        """Return values 3 apart, so that no step of the Taylor test makes another one the largest."""
        count = int(np.prod(shape))
        return (3 * rng.permutation(count) - 3 * (count // 2)).astype(np.float32).reshape(shape)

    return [
        (distinct(1, 2, 4, 1), _short(rng, 1, 1, 2, 1), 2),
        (distinct(2, 5, 7, 3) + np.float32(1e7), drawing.normal(rng, 2, 2, 3, 3), 2),
        (distinct(2, 6, 8, 2), drawing.normal(rng, 2, 2, 2, 2), 3),
    ]


TIES = (
    "Where several pixels of a window are the largest, they get its dy once all together: share it equally, or give it "
    "to one of them."
)


def _pooled_sum(case: Case, x: Any) -> float:
    """Return sum(dy * max_pool(x))."""
    _, dy, size = case
    x = np.float64(x)
    return float(
        sum(
            np.sum(dy[:, p, q] * x[:, p * size : (p + 1) * size, q * size : (q + 1) * size].max((1, 2)))
            for p in range(dy.shape[1])
            for q in range(dy.shape[2])
        )
    )


@exercise(
    LESSON,
    draw=_maps_and_slopes,
    points=2,
    difficulty=3,
    by_hand=True,
    laws=[laws.PURE, laws.JIT, laws.total(0, TIES)],
    loss=Loss(_pooled_sum, lambda case: case[0]),
    hints=[
        "A small push on the largest pixel of a window moves the output as much; a push on any other moves nothing.",
        "Cut x into windows as in max_pool, with keepdims=True in the maximum: then == tells the winners.",
        "Where a pixel is the winner it gets the dy of its window, elsewhere 0. Give dy two axes of length 1 so that "
        "it fits; then go back to the shape of the image, with zeros for what was left over.",
    ],
)
def max_pool_backward(x, dy, size):
    """Return dx, the gradient of a loss by the input of max_pool(x, size), from dy, the gradient by its output.

    x is (batch, height, width, channels), dy (batch, height // size, width // size, channels); dx has the shape of x,
    also where rows and columns were left over. Where several pixels of a window are the largest, they may share its dy
    or one of them may take it. Derive it by hand: JAX's autodiff is switched off.
    """
    batch, height, width, channels = x.shape
    rows, columns = height // size, width // size
    windows = x[:, : rows * size, : columns * size].reshape(batch, rows, size, columns, size, channels)
    winners = windows == windows.max((2, 4), keepdims=True)
    shares = winners / winners.sum((2, 4), keepdims=True)
    dx = (shares * dy[:, :, None, :, None]).reshape(batch, rows * size, columns * size, channels)
    return jnp.pad(dx, ((0, 0), (0, height - rows * size), (0, width - columns * size), (0, 0)))


def _handed_back(x: Any, dy: Any, size: int, shares: Any) -> Any:
    """Return dy times the shares (in windows) as an image of the shape of x."""
    dx = (shares * dy[:, :, None, :, None]).reshape(_cut(x, size).shape)
    return jnp.pad(dx, [(0, whole - part) for whole, part in zip(x.shape, dx.shape, strict=True)])


def _winners(x: Any, size: int) -> Any:
    windows = _windows(x, size)
    return windows == windows.max((2, 4), keepdims=True)


def _shared_by_all(winners: Any) -> Any:
    """Return shares that are right where all pixels of a window are the largest, and where one is."""
    count = winners.sum((2, 4), keepdims=True)
    return winners / jnp.where(count == winners.shape[2] ** 2, count, 1)


def _at_corners(x, dy, size):
    down, across = dy.shape[1] * size, dy.shape[2] * size
    return jnp.zeros(x.shape).at[:, :down:size, :across:size].set(dy)


max_pool_backward.mistake(
    "Every pixel of a window gets dy; only the winner moved the output.",
    lambda x, dy, size: _handed_back(x, dy, size, jnp.ones_like(_windows(x, size))),
)
max_pool_backward.mistake(
    "dy is shared by all pixels of its window: that is the gradient of average pooling.",
    lambda x, dy, size: _handed_back(x, dy, size, jnp.ones_like(_windows(x, size)) / size**2),
)
max_pool_backward.mistake(
    "The winner gets its own value; what it must get is the dy of its window.",
    lambda x, dy, size: _handed_back(x, jnp.ones_like(dy), size, _winners(x, size) * _windows(x, size)),
)
max_pool_backward.mistake(
    "The winner gets dy times its own value, but the slope of a maximum by its winner is 1.",
    lambda x, dy, size: _handed_back(x, dy, size, _winners(x, size) * _windows(x, size)),
)
max_pool_backward.mistake(
    "The winner gets 1, the slope alone: multiply it by the dy of its window.",
    lambda x, dy, size: _handed_back(x, jnp.ones_like(dy), size, _winners(x, size)),
)
max_pool_backward.mistake(
    "dx lacks the rows and columns that were left over: they belong to x, with the gradient 0.",
    lambda x, dy, size: (_winners(x, size) * dy[:, :, None, :, None]).reshape(_cut(x, size).shape),
)
max_pool_backward.mistake(
    TIES,
    lambda x, dy, size: _handed_back(x, dy, size, _winners(x, size)),
    lambda x, dy, size: _handed_back(x, dy, size, _shared_by_all(_winners(x, size))),
)
max_pool_backward.mistake(
    "A pixel that comes near the largest is no winner: compare with ==, for the maximum is one of the numbers itself.",
    lambda x, dy, size: _handed_back(
        x, dy, size, jnp.isclose(_windows(x, size), _windows(x, size).max((2, 4), keepdims=True))
    ),
)
max_pool_backward.mistake(
    "The smallest pixel gets dy: look for the largest.",
    lambda x, dy, size: _handed_back(x, dy, size, _winners(-x, size)),
)
max_pool_backward.mistake(
    "The winner is looked for among sizes without signs: -3 is not larger than 2.",
    lambda x, dy, size: _handed_back(x, dy, size, _winners(jnp.abs(x), size)),
)
max_pool_backward.mistake("The first pixel of each window gets dy, whichever it is that won.", _at_corners)
max_pool_backward.mistake(
    "One winner is chosen over all channels; each channel has a winner of its own in each window.",
    lambda x, dy, size: _handed_back(x, dy, size, _windows(x, size) == _windows(x, size).max((2, 4, 5), keepdims=True)),
)
max_pool_backward.mistake(
    "You divide by the batch size: dy is the gradient by each output already.",
    lambda x, dy, size: _handed_back(x, dy / len(x), size, _winners(x, size)),
)


@exercise(
    LESSON,
    draw=_maps,
    laws=[laws.PURE, laws.JIT],
    hints=[
        "It is max_pool with another reduction.",
        "Cut off what is left over, reshape to (batch, rows, size, columns, size, channels), and take the mean over "
        "both axes of length size.",
    ],
)
def average_pool(x, size):
    """Return the mean of each window of size x size pixels,

    y[n, p, q, c] = 1 / size^2 times the sum over i, j < size of x[n, p size + i, q size + j, c].

    x is (batch, height, width, channels). The windows lie side by side, beginning at the top left; rows and columns
    that are left over at the end are dropped. The output is (batch, height // size, width // size, channels).
    """
    batch, height, width, channels = x.shape
    rows, columns = height // size, width // size
    windows = x[:, : rows * size, : columns * size].reshape(batch, rows, size, columns, size, channels)
    return windows.mean((2, 4))


average_pool.mistake(
    "That is the sum of each window: divide by the number of its pixels.",
    lambda x, size: _windows(x, size).sum((2, 4)),
)
average_pool.mistake(
    "A window has size times size pixels, and you divide by size only.",
    lambda x, size: _windows(x, size).sum((2, 4)) / size,
)
average_pool.mistake(
    "That is the largest value of each window; the mean is asked for.", lambda x, size: _windows(x, size).max((2, 4))
)
average_pool.mistake(
    "The windows overlap: they lie side by side, so the next begins size pixels further on.",
    lambda x, size: _reduced(x, 0.0, jax.lax.add, size, 1) / size**2,
)
average_pool.mistake(
    "Rows and columns that are left over become windows of their own, filled up with zeros; drop them.",
    lambda x, size: _windows(jnp.pad(x, ((0, 0), (0, -x.shape[1] % size), (0, -x.shape[2] % size), (0, 0))), size).mean(
        (2, 4)
    ),
)
average_pool.mistake(
    "The mean is taken over all channels as well; every channel is pooled for itself.",
    lambda x, size: _windows(x, size).mean((2, 4, 5)),
    lambda x, size: _windows(x, size).mean((2, 4, 5))[..., None],
)
average_pool.mistake(
    "The reshape gathers pixels that lie far apart: split height into (rows, size), in this order, and width likewise.",
    lambda x, size: _far_apart(x, size).mean((1, 3)),
)
average_pool.mistake(
    "You pool along one axis only: a window is size pixels high and size pixels wide.",
    lambda x, size: _windows(x, size).mean(2).reshape(len(x), x.shape[1] // size, -1, x.shape[3]),
    lambda x, size: _windows(x, size).mean(4).reshape(len(x), -1, x.shape[2] // size, x.shape[3]),
)
average_pool.mistake(
    "You take one pixel of each window, the first, instead of the mean of all.",
    lambda x, size: _cut(x, size)[:, ::size, ::size],
)


def _any_maps(rng: np.random.Generator) -> list[Case]:
    return [(_short(rng, 1, 2, 2, 2),), (drawing.normal(rng, 3, 4, 5, 2),)]


@exercise(
    LESSON,
    draw=_any_maps,
    laws=[laws.PURE, laws.JIT],
    hints=[
        "One number for each image and each channel is left: which axes go?",
        "The mean takes a tuple of axes; height and width are the axes 1 and 2.",
    ],
)
def global_average_pool(x):
    """Return the mean of each channel over the whole image,

    y[n, c] = 1 / (height width) times the sum over p, q of x[n, p, q, c].

    x is (batch, height, width, channels), of any height and width; the output is (batch, channels).
    """
    return x.mean((1, 2))


global_average_pool.mistake(
    "That is the sum over the image: divide by the number of its pixels.", lambda x: x.sum((1, 2))
)
global_average_pool.mistake(
    "That is the largest value of each channel; the mean is asked for.", lambda x: x.max((1, 2))
)
global_average_pool.mistake(
    "The mean is taken over the batch too; each image has its own.", lambda x: x.mean((0, 1, 2))
)
global_average_pool.mistake(
    "The mean is taken over the channels too; each channel has its own.", lambda x: x.mean((1, 2, 3))
)
global_average_pool.mistake(
    "Only one of the two axes of the image is gone: take the mean over height and width.",
    lambda x: x.mean(1),
    lambda x: x.mean(2),
)
global_average_pool.mistake(
    "Height and width are still there, with length 1; the output is (batch, channels).",
    lambda x: x.mean((1, 2), keepdims=True),
)
global_average_pool.mistake(
    "Channels come last here: you take the mean over the last two axes, or reshape as if channels came first.",
    lambda x: x.mean((2, 3)),
    lambda x: x.reshape(x.shape[0], x.shape[3], -1).mean(-1),
)
global_average_pool.mistake(
    "You divide by one side of the image only: it has height times width pixels.",
    lambda x: x.sum((1, 2)) / x.shape[1],
    lambda x: x.sum((1, 2)) / x.shape[2],
)
