"""Attacks beyond those on the sandbox itself, and right answers that were lost: none may gain, hang, or be told a lie."""

# ruff: noqa: E501

import csv
import dataclasses
import json
import re
import time

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from nnjax.exercises import get
from nnjax.grading import gradebook, marking, running
from nnjax.grading.answer_key import plan
from nnjax.grading.judging import RIGHT, WRONG, judge
from nnjax.grading.loading import load
from nnjax.grading.outcomes import unpack
from nnjax.grading.sandbox import box, compiled
from nnjax.grading.submissions import students

DENSE = 'def dense(params, x):\n    return x @ params["W"] + params["b"]\n'
# Sends empty frames, or a header in which nothing is found, and waits.
SEND = """
import json, os, signal, time
signal.setitimer(signal.ITIMER_REAL, 0)
def send(data):
    for fd in range(3, 64):
        try: os.write(fd, len(data).to_bytes(8, "big") + data)
        except OSError: pass
"""
DRIPS = SEND + """
def neuron(params, x):
    signal.setitimer(signal.ITIMER_REAL, 0)
    while time.time() < START + 25:
        send(b"")
        time.sleep(0.5)
    return 0
START = time.time()
"""  # fmt: skip
FINDS_NOTHING = SEND + """
header = json.dumps({"dict": [["found", {"tuple": []}], ["problem", {"value": ""}]]}).encode()
send(len(header).to_bytes(8, "big") + header)
time.sleep(1000)
neuron = 1
"""  # fmt: skip
OPTAX = """
import jax
import optax

def softmax_cross_entropy_gradient(logits, labels):
    return (jax.nn.softmax(logits) - jax.nn.one_hot(labels, logits.shape[-1])) / len(labels)

def cross_entropy(logits, labels):
    return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()
"""


def mark(sandbox, folder, files, *exercises):
    """Mark one student who hands in the files."""
    own = folder / "class" / "eve"
    own.mkdir(parents=True)
    for name, source in files.items():
        (own / name).write_text(source)
    (student,) = students(own.parent)

    def run(kind, work, limits, cpu):
        return box.run(sandbox[kind], work, limits, cpu)

    return marking.mark(student, exercises, 1, run)


def outcomes(name, body, seed=0):
    exercise = get(name)
    cases, calls = plan(exercise, seed)
    return running.run(body, cases, calls, exercise.seconds, by_hand=exercise.by_hand)


def notebook(*cells):
    made = [{"cell_type": "code", "metadata": {}, "source": cell} for cell in cells]
    return json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


# Out of the sandbox.


def test_a_file_called_like_a_module_is_not_run_outside_when_marking_starts_in_its_folder(tmp_path, monkeypatch):
    here = tmp_path / "submissions"
    here.mkdir()
    for name in ("nnjax", "jax", "subprocess"):
        (here / f"{name}.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    started, popen = [], compiled.subprocess.Popen

    def starting(*args, **kwargs):
        started.append(popen(*args, **kwargs))
        return started[-1]

    monkeypatch.setattr(compiled.subprocess, "Popen", starting)
    monkeypatch.chdir(here)
    with compiled.filling(tmp_path / "compiled", []):
        started[0].wait(timeout=120)
    assert not (tmp_path / "ran").exists()


# Hanging and filling the batch.


def test_arrays_that_lie_in_the_same_bytes_are_refused_before_they_are_copied():
    header = json.dumps({"tuple": [{"array": ["uint8", [1000], 0]}] * 100}).encode()
    with pytest.raises(ValueError, match="cannot be read"):
        unpack(len(header).to_bytes(8, "big") + header + bytes(1000))


@pytest.mark.slow
@pytest.mark.parametrize(
    "files", [{"a.py": DRIPS}, {f"{n}.py": FINDS_NOTHING for n in range(6)}], ids=["drips", "finds nothing"]
)
def test_frames_without_an_answer_buy_no_time(files, sandbox, tmp_path, monkeypatch):
    monkeypatch.setattr(marking, "GRACE", 1)
    start = time.monotonic()
    found = mark(sandbox, tmp_path, files, dataclasses.replace(get("neuron"), seconds=1))
    assert time.monotonic() - start < 15
    assert not any(verdict.points for verdict in found.verdicts)
    assert found.verdicts or found.problems


def test_an_answer_of_thousands_of_names_is_said_in_a_sentence():
    def linear_gradient(params, x, d):
        return {f"W{number}" + "k" * 30: 1.0 for number in range(1500)}

    verdict = judge("linear_gradient", 0, outcomes("linear_gradient", linear_gradient))
    assert verdict.status == WRONG
    assert len(verdict.sentence) < 1000
    assert all(len(text) < 2000 for _, text in verdict.example)


# Marks for what is not right.


@pytest.mark.slow
def test_what_is_left_of_the_rules_of_differentiation_does_not_derive_by_hand(sandbox, tmp_path):
    answer = """
import jax
from jax._src.interpreters import ad

def conv(x, W, stride, padding):
    return jax.lax.conv_general_dilated(x, W, (stride, stride), [(padding, padding)] * 2, dimension_numbers=("NHWC", "HWIO", "NHWC"))

def transposed(x, W, dy, stride, padding, place):
    (eqn,) = jax.make_jaxpr(lambda x, W: conv(x, W, stride, padding))(x, W).eqns
    args = [x, W]
    args[place] = ad.UndefinedPrimal(eqn.invars[place].aval)
    return ad.primitive_transposes[eqn.primitive](dy, *args, **eqn.params)[place]

def conv2d_backward(params, x, dy, stride, padding):
    W = params["W"]
    dx, dW = (transposed(x, W, dy, stride, padding, place) for place in (0, 1))
    return dx, {"W": dW, "b": dy.sum((0, 1, 2))}
"""
    (verdict,) = mark(sandbox, tmp_path, {"a.py": answer}, get("conv2d_backward")).verdicts
    assert verdict.status == WRONG


def test_each_of_several_largest_pixels_must_not_take_the_whole_gradient():
    def max_pool_backward(x, dy, size):
        _, rows, columns, channels = dy.shape
        windows = x[:, : rows * size, : columns * size].reshape(len(x), rows, size, columns, size, channels)
        dx = (windows == windows.max((2, 4), keepdims=True)) * dy[:, :, None, :, None]
        dx = dx.reshape(len(x), rows * size, columns * size, channels)
        return jnp.pad(dx, ((0, 0), (0, x.shape[1] - rows * size), (0, x.shape[2] - columns * size), (0, 0)))

    assert judge("max_pool_backward", 0, outcomes("max_pool_backward", max_pool_backward)).status == WRONG


def test_dropout_of_two_axes_only_is_not_dropout_of_any_shape():
    def dropout(key, x, rate):
        if key is None:
            return x
        rows, columns = x.shape
        return jnp.where(jax.random.bernoulli(key, 1 - rate, (rows, columns)), x / (1 - rate), 0.0)

    assert judge("dropout", 0, outcomes("dropout", dropout)).status == WRONG


def test_weights_of_another_distribution_with_the_right_deviation_are_not_normal():
    def he_normal(key, shape):
        return np.sqrt(1 / np.prod(shape[:-1])) * jax.random.laplace(key, shape)

    assert judge("he_normal", 0, outcomes("he_normal", he_normal)).status == WRONG


# Right answers that were lost.


@pytest.mark.parametrize(
    "cell",
    [
        DENSE.rstrip() + "  # is this the column form?\n",
        DENSE.replace(":\n", ":\n# why not W @ x?\n", 1),
        DENSE.replace("return ", "return (").replace(
            ' + params["b"]', '\n        # and the bias?\n        + params["b"])'
        ),
        DENSE.replace("    return", "    assert (x.ndim\n        % 7)\n    return"),
        DENSE.replace("    return", "    assert (x.ndim\n        != 7)\n    return"),
        "%%time\n" + DENSE,
        '%time dense = lambda params, x: x @ params["W"] + params["b"]\n',
        "!pip install -q \\\n    einops \\\n    tqdm\n" + DENSE,
        "%matplotlib inline\n" + DENSE + "print('%s'\n      % 3)\n",
        "for name in ['dense']:\n    globals()[name] = lambda params, x: x @ params['W'] + params['b']\n",
    ],
    ids=[
        "a question behind the code",
        "a question in a line",
        "a question in brackets",
        "a rest",
        "unequal",
        "timed",
        "a timed line",
        "a command over three lines",
        "a remainder below a magic",
        "bound in a loop",
    ],
)
def test_a_cell_keeps_what_is_python(cell):
    loaded = load(notebook(cell), ".ipynb", ["dense"])
    assert loaded.problem == ""
    params = {"W": np.eye(2), "b": np.ones(2)}
    assert np.array_equal(loaded.names["dense"](params, np.ones(2)), [2, 2])


@pytest.mark.parametrize("suffix", [".py", ".ipynb"])
def test_annotations_that_are_not_evaluated_need_not_exist(suffix):
    cells = ["from __future__ import annotations\n", DENSE.replace("x):", "x: Array) -> Array:")]
    loaded = load("".join(cells).encode() if suffix == ".py" else notebook("".join(cells)), suffix, ["dense"])
    assert "dense" in loaded.names
    assert loaded.problem == ""


def test_every_failed_import_is_reported():
    loaded = load(b"1 / 0\nimport nowhere\nundefined\nfrom numpy import nothing", ".py", [])
    assert re.findall(r"line (\d) raised (\w+)", loaded.problem) == [
        ("1", "ZeroDivisionError"), ("2", "ModuleNotFoundError"), ("4", "ImportError"),
    ]  # fmt: skip


@pytest.mark.slow
def test_an_answer_may_use_optax(sandbox, tmp_path):
    names = ("softmax_cross_entropy_gradient", "cross_entropy")  # by hand, and not
    found = mark(sandbox, tmp_path, {"a.py": OPTAX}, *map(get, names))
    assert [verdict.status for verdict in found.verdicts] == [RIGHT, RIGHT], found
    assert found.problems == []


@pytest.mark.slow
def test_a_stub_in_an_earlier_file_does_not_hide_the_answer(sandbox, tmp_path):
    files = {"a.py": "def dense(params, x):\n    raise NotImplementedError\n", "b.py": DENSE}
    (verdict,) = mark(sandbox, tmp_path, files, get("dense")).verdicts
    assert verdict.status == RIGHT


@pytest.mark.slow
def test_three_answers_that_end_the_process_do_not_take_the_others_with_them(sandbox, tmp_path):
    names = ("neuron", "hebb_update", "sigmoid")
    ending = "".join(f"def {name}(*_):\n    import os\n    os._exit(3)\n" for name in names)
    found = mark(sandbox, tmp_path, {"a.py": ending + DENSE}, *map(get, (*names, "dense")))
    assert [verdict.status for verdict in found.verdicts] == [WRONG, WRONG, WRONG, RIGHT]


def test_nobody_is_given_the_login_of_another(tmp_path):
    for name in ("muller", "müller", "ann.smith", "ann-smith", "李雷", "韩梅"):
        (tmp_path / f"{name}.py").touch()
    rows = [gradebook.Row(student, marking.Marked([], [])) for student in students(tmp_path)]
    table = list(csv.reader(gradebook.marks(rows, []).splitlines()))[2:]
    logins = {name: login for name, _, login, *_ in table if login}
    assert len(set(logins.values())) == len(logins)
    assert logins.get("müller") != "muller"
