"""Right answers to lesson 07, written otherwise than the references: by loops, with NumPy, by XLA's own operations."""

import math

import jax
import jax.numpy as jnp
import numpy as np


def size_floor(n, kernel, stride, padding, dilation):
    return math.floor((n + 2 * padding - dilation * (kernel - 1) - 1) / stride + 1)


def size_counted(n, kernel, stride, padding, dilation):
    starts = range(-padding, n + padding, stride)
    return len([start for start in starts if start + dilation * (kernel - 1) < n + padding])


def conv_loops(params, x, stride, padding, dilation):
    W, b, x = np.asarray(params["W"], np.float64), np.asarray(params["b"], np.float64), np.asarray(x, np.float64)
    batch, height, width, _ = x.shape
    rows = size_counted(height, W.shape[0], stride, padding, dilation)
    columns = size_counted(width, W.shape[1], stride, padding, dilation)
    y = np.tile(b, (batch, rows, columns, 1))
    for p in range(rows):
        for q in range(columns):
            for i in range(W.shape[0]):
                for j in range(W.shape[1]):
                    down, across = p * stride + i * dilation - padding, q * stride + j * dilation - padding
                    if 0 <= down < height and 0 <= across < width:
                        y[:, p, q] += x[:, down, across] @ W[i, j]
    return y


def conv_xla(params, x, stride, padding, dilation):
    y = jax.lax.conv_general_dilated(
        x,
        params["W"],
        window_strides=(stride, stride),
        padding=[(padding, padding)] * 2,
        rhs_dilation=(dilation, dilation),
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
    )
    return y + params["b"]


def conv_patches(params, x, stride, padding, dilation):
    W = params["W"]
    patches = jax.lax.conv_general_dilated_patches(
        x, W.shape[:2], (stride, stride), [(padding, padding)] * 2, rhs_dilation=(dilation, dilation),
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
    )  # fmt: skip
    return patches @ W.transpose(2, 0, 1, 3).reshape(-1, W.shape[-1]) + params["b"]


def conv_backward_loops(params, x, dy, stride, padding):
    W, dy, x = np.asarray(params["W"], np.float64), np.asarray(dy, np.float64), np.asarray(x, np.float64)
    dx, dW, db = np.zeros(x.shape), np.zeros(W.shape), np.zeros(W.shape[-1])
    for p in range(dy.shape[1]):
        for q in range(dy.shape[2]):
            db += dy[:, p, q].sum(0)
            for i in range(W.shape[0]):
                for j in range(W.shape[1]):
                    down, across = p * stride + i - padding, q * stride + j - padding
                    if 0 <= down < x.shape[1] and 0 <= across < x.shape[2]:
                        dW[i, j] += x[:, down, across].T @ dy[:, p, q]
                        dx[:, down, across] += dy[:, p, q] @ W[i, j].T
    return dx, {"W": dW, "b": db}


def conv_backward_xla(params, x, dy, stride, padding):
    W = params["W"]
    height, width = W.shape[:2]
    left_down = x.shape[1] + 2 * padding - (dy.shape[1] - 1) * stride - height
    left_across = x.shape[2] + 2 * padding - (dy.shape[2] - 1) * stride - width
    dx = jax.lax.conv_general_dilated(
        dy,
        W[::-1, ::-1].swapaxes(2, 3),
        (1, 1),
        [
            (height - 1 - padding, height - 1 - padding + left_down),
            (width - 1 - padding, width - 1 - padding + left_across),
        ],
        lhs_dilation=(stride, stride),
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
    )
    dW = jax.lax.conv_general_dilated(
        x,
        dy,
        (1, 1),
        [(padding, padding - left_down), (padding, padding - left_across)],
        rhs_dilation=(stride, stride),
        dimension_numbers=("CHWN", "IHWO", "HWNC"),
    )
    return dx, {"W": dW, "b": jnp.einsum("npqo->o", dy)}


def _by_loops(x, size, of_window):
    x = np.asarray(x, np.float64)
    rows, columns = x.shape[1] // size, x.shape[2] // size
    return [
        [
            [of_window(image[p * size : (p + 1) * size, q * size : (q + 1) * size]) for q in range(columns)]
            for p in range(rows)
        ]
        for image in x
    ]


def max_pool_loops(x, size):
    return _by_loops(x, size, lambda window: [max(map(float, window[..., c].ravel())) for c in range(window.shape[-1])])


def max_pool_xla(x, size):
    return jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, size, size, 1), (1, size, size, 1), "VALID")


def max_pool_views(x, size):
    down, across = x.shape[1] // size * size, x.shape[2] // size * size
    y = jnp.full((), -jnp.inf)
    for i in range(size):
        for j in range(size):
            y = jnp.maximum(y, x[:, i:down:size, j:across:size])
    return y


def max_pool_backward_loops(x, dy, size):
    x, dy = np.asarray(x), np.asarray(dy)
    dx = np.zeros(x.shape)
    for n, p, q, c in np.ndindex(dy.shape):
        window = x[n, p * size : (p + 1) * size, q * size : (q + 1) * size, c]
        i, j = divmod(int(np.argmax(window)), size)
        dx[n, p * size + i, q * size + j, c] = dy[n, p, q, c]
    return dx


def max_pool_backward_repeat(x, dy, size):
    def as_image(pooled):
        large = jnp.repeat(jnp.repeat(pooled, size, axis=1), size, axis=2)
        return jnp.pad(large, [(0, whole - part) for whole, part in zip(x.shape, large.shape, strict=True)])

    winners = jnp.where(x == as_image(max_pool_xla(x, size)), 1.0, 0.0)
    number = average_pool_xla(winners, size) * size**2
    return winners * as_image(dy / number)


def average_pool_loops(x, size):
    return _by_loops(x, size, lambda window: [float(np.mean(window[..., c])) for c in range(window.shape[-1])])


def average_pool_xla(x, size):
    sums = jax.lax.reduce_window(x, 0.0, jax.lax.add, (1, size, size, 1), (1, size, size, 1), "VALID")
    return sums / size**2


def average_pool_filter(x, size):
    kernel = jnp.ones((size, size, 1, 1)) / size**2

    def one(channel):
        return conv_xla({"W": kernel, "b": 0.0}, channel[..., None], size, 0, 1)[..., 0]

    return jax.vmap(one, in_axes=-1, out_axes=-1)(x)


def global_loops(x):
    count = x.shape[1] * x.shape[2]
    return [[sum(map(float, image[..., c].ravel())) / count for c in range(x.shape[3])] for image in x]


def global_vmap(x):
    return jax.vmap(lambda image: jnp.mean(image.reshape(-1, image.shape[-1]), axis=0))(x)


ANSWERS = {
    "conv_output_size": [size_floor, size_counted],
    "conv2d": [conv_loops, conv_xla, conv_patches],
    "conv2d_backward": [conv_backward_loops, conv_backward_xla],
    "max_pool": [max_pool_loops, max_pool_xla, max_pool_views],
    "max_pool_backward": [max_pool_backward_loops, max_pool_backward_repeat],
    "average_pool": [average_pool_loops, average_pool_xla, average_pool_filter],
    "global_average_pool": [global_loops, global_vmap],
}
