"""What a learner sees: the verdict on an answer, on a file, at each save; the card; the progress that is kept."""

import json
import os
import re

import jax.numpy as jnp
import numpy as np
import pytest

import nnjax
from nnjax.exercises import laws
from nnjax.grading import cards, checking, progress
from nnjax.grading.answer_key import answer_key
from nnjax.grading.judging import NOT_YET, RIGHT, WRONG, Verdict, judge
from nnjax.grading.loading import load
from nnjax.grading.outcomes import Outcome

RIGHT_NEURON = """
import jax.numpy as jnp

def neuron(params, x):
    return jnp.where(x @ params["W"] + params["b"] >= 0, 1, 0)
"""


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("NNJAX_STATE", str(tmp_path / "state"))


def neuron(params, x):
    return jnp.where(x @ params["W"] + params["b"] >= 0, 1.0, 0.0)


def verdict(body):
    return checking.verdict(body, "neuron")


def test_right_wrong_and_not_yet():
    def stub(params, x):
        raise NotImplementedError

    assert checking.verdict(neuron)[:3] == ("neuron", RIGHT, "Right.")
    found = verdict(lambda params, x: jnp.where(x @ params["W"] >= 0, 1.0, 0.0))
    assert (found.status, found.sentence) == (WRONG, "The bias is missing: add b to the weighted sum.")
    assert dict(found.example)["came"] == "1"
    assert verdict(stub).status == NOT_YET


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (lambda params, x: None, "It returned None: is the return missing?"),
        (lambda params, x: 3 * neuron(params, x), "Your answer is 3 times the right one."),
        (lambda params, x: "0", "The answer is text; a number is wanted."),
        (lambda params, x: neuron(params, x)[None], "Your answer is right but for its shape."),
        (lambda params, x: jnp.nan * x[..., 0], "The answer is nan; 0 is right."),
        (lambda params, x: {"y": neuron(params, x)}, "The answer is a dict with the keys ['y']; a number is wanted."),
        (lambda params, x: params["w"], "It raised KeyError in line"),
        (lambda params, x: neuron(params, x) if x.ndim == 1 else 1, "The answer has shape (); (3,) is wanted."),
    ],
)
def test_accidents_get_a_sentence(body, sentence):
    found = verdict(body)
    assert found.status == WRONG
    assert found.sentence.startswith(sentence)
    assert "\n" not in found.sentence


@pytest.mark.parametrize("raised", [GeneratorExit, SystemExit(0), BaseExceptionGroup("", [GeneratorExit()])], ids=str)
def test_whatever_a_function_raises_gets_a_sentence(raised):
    def body(params, x):
        raise raised

    assert verdict(body).sentence.startswith(f"It raised {getattr(raised, '__name__', type(raised).__name__)} in line")


def test_a_broken_law_is_named():
    def impure(params, x):
        result = neuron(params, x)
        params["b"] = params["b"] + 1
        return result

    found = verdict(impure)
    assert found.sentence.startswith("The function is not pure")
    assert [label for label, _ in found.example] == ["input"]  # the values are right

    def untraceable(params, x):
        total = x @ params["W"] + params["b"]
        return jnp.array([1.0 if one >= 0 else 0.0 for one in jnp.atleast_1d(total)]).reshape(total.shape)

    assert "under jax.jit" in verdict(untraceable).sentence


def test_check_shows_and_keeps_the_best(capsys):
    nnjax.check(lambda params, x: 0, "neuron")
    assert re.match("✗ neuron: wrong, 0 of 1 point", capsys.readouterr().out)
    assert progress.read() == {"neuron": {"status": WRONG, "points": 0}}
    nnjax.check(neuron)
    assert capsys.readouterr().out == "✓ neuron: right, 1 of 1 point.\n"
    nnjax.check(lambda params, x: 0, "neuron")
    assert progress.read()["neuron"] == {"status": RIGHT, "points": 1}


def test_what_cannot_be_checked_is_refused_in_words(unchecked):
    with pytest.raises(TypeError, match=r"wants the function itself, .* this is a int"):
        nnjax.check(3)
    with pytest.raises(ValueError, match="has no name; say which exercise"):
        nnjax.check(lambda x: x)
    with pytest.raises(ValueError, match=r"^unknown exercise 'neuronn'; did you mean 'neuron'\?$"):
        nnjax.check(neuron, "neuronn")


def test_hints_come_one_after_the_other():
    first, second = nnjax.hint("neuron"), nnjax.hint("neuron")
    assert first.startswith("neuron, hint 1 of 2: ")
    assert second.startswith("neuron, hint 2 of 2: ")
    assert nnjax.hint("neuron") == second
    with pytest.raises(ValueError, match="unknown exercise"):
        nnjax.hint("nothing")


def test_a_torn_progress_file_is_begun_anew():
    progress.path().parent.mkdir(parents=True)
    progress.path().write_text("{")
    assert progress.read() == {}
    progress.record(Verdict("neuron", RIGHT, "Right.", 1, 1))
    assert json.loads(progress.path().read_text())["neuron"]["points"] == 1


def test_cards_escape_everything():
    evil = "<script>alert(1)</script>\x1b[31m & 'x'"
    found = Verdict(evil, WRONG, evil, 0, 2, (("input", evil), ("came", evil)), evil)
    html = cards.as_html(found)
    assert "<script" not in html
    assert "\x1b" not in html + cards.as_text(found)
    assert html.count("&lt;script&gt;") == 6
    assert html.count("<div") == html.count("</div>")


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("a.txt", "", "ends in .txt; a .py or .ipynb file can be checked"),
        ("a.py", "x = 1", "it defines no function that is called like an exercise"),
        ("a.py", "def neuron(:", "there is a syntax error in line 1"),
        ("a.ipynb", "{", "is not a Jupyter notebook"),
        ("a.ipynb", '{"cells": 3}', "is not a Jupyter notebook"),
        ("a.py", "\0", "the file is binary"),
        ("missing.py", None, "does not exist"),
    ],
)
def test_files_that_cannot_be_checked(tmp_path, name, text, sentence):
    file = tmp_path / name
    if text is not None:
        file.write_text(text)
    with pytest.raises(ValueError, match=re.escape(sentence)):
        list(checking.check_file(file))


def test_a_script_and_a_notebook_are_checked_alike(tmp_path):
    script, notebook = tmp_path / "a.py", tmp_path / "a.ipynb"
    script.write_text(RIGHT_NEURON)
    cells = [
        {"cell_type": "markdown", "source": "def neuron(): pass"},
        {"cell_type": "code", "source": ["%matplotlib inline\n", "import jax\n", "!pip install nnjax\n", "jax?\n"]},
        {"cell_type": "code", "source": "%%time\nraise ValueError"},
        {"cell_type": "code", "source": "raise RuntimeError('plots and training are not run')"},
        {"cell_type": "code", "source": RIGHT_NEURON.splitlines(keepends=True)},
    ]
    notebook.write_text(json.dumps({"cells": cells, "nbformat": 4}))
    for file in (script, notebook):
        (found,) = checking.check_file(file)
        assert found.status == RIGHT


def test_what_a_notebook_does_to_what_it_defined_is_done_as_well(tmp_path, capfd):
    file = tmp_path / "a.ipynb"
    source = """
import jax, jax.numpy as jnp
table = []
table.append(1)
class Trainer:
    def run(self): print("trained")
Trainer().run()
trainer = Trainer()
trainer.run()
jax.debug.print("nobody's")
@jax.custom_vjp
def step(z): return jnp.where(z >= 0, table[0], 0)
step.defvjp(lambda z: (step(z), z), lambda z, g: (0 * z,))
def neuron(params, x): return jax.vjp(step, x @ params["W"] + params["b"])[0]
"""
    file.write_text(json.dumps({"cells": [{"cell_type": "code", "source": source}]}))
    (found,) = checking.check_file(file)
    assert found.status == RIGHT
    assert capfd.readouterr().out == ""


def test_a_statement_that_raises_is_passed_over_and_reported(tmp_path, capsys):
    file = tmp_path / "a.py"
    file.write_text("import no_such_module\nclass Odd(BaseException): pass\nraise Odd\n" + RIGHT_NEURON)
    (found,) = checking.check_file(file)
    assert found.status == RIGHT
    assert "line 1 raised ModuleNotFoundError: No module named 'no_such_module'; the rest" in capsys.readouterr().err


@pytest.mark.parametrize("call", ["os._exit(3)", "sys.exit(3)", "raise SystemExit"])
def test_a_function_that_ends_the_process_is_wrong_and_ends_nothing(tmp_path, capsys, call):
    file = tmp_path / "a.py"
    file.write_text(f"import os, sys\ndef neuron(params, x):\n    {call}\n")
    (found,) = checking.check_file(file)
    assert (found.status, found.points) == (WRONG, 0)
    assert "raised SystemExit in line 3" in found.sentence
    file.write_text(f"import os, sys\n{RIGHT_NEURON}\n{call}")
    (found,) = checking.check_file(file)
    assert found.status == RIGHT
    assert "raised SystemExit" in capsys.readouterr().err


def test_too_slow_under_jit_is_said_as_that():
    key = answer_key("dense", 0)
    slow = [Outcome(failure="slow") if call.kind == "jit" else right for call, right in zip(*key[1:], strict=True)]
    found = judge("dense", 0, slow)
    assert (found.status, found.sentence) == (WRONG, laws.SLOW_TO_COMPILE)


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "koi8-r", "utf-8-sig"])
def test_a_script_is_read_in_the_encoding_that_it_names(encoding):
    word = "\u0442" if encoding == "koi8-r" else "\xe9"
    source = f"#!/usr/bin/env python3\n# vim: set fileencoding={encoding} :\nword = '{word}'\n"
    loaded = load(source.encode(encoding), ".py", ["word"])
    assert (loaded.names["word"], loaded.problem) == (word, "")


@pytest.mark.parametrize("name", ["hex", "rot13", "klingon", "utf-16"])
def test_an_encoding_that_is_none_of_texts_is_said(name):
    loaded = load(f"# coding: {name}\nneuron = '\xe9'".encode("latin-1"), ".py", ["neuron"])
    assert re.fullmatch(r"the file is not text in [A-Z0-9-]+( \(byte \d+\))?", loaded.problem)


@pytest.mark.parametrize("suffix", [".py", ".ipynb"])
def test_a_definition_that_cannot_be_compiled_is_said(suffix):
    source = "def neuron(params, params):\n    return 1\n"
    data = source if suffix == ".py" else json.dumps({"cells": [{"cell_type": "code", "source": source}]})
    assert "raised SyntaxError: duplicate argument 'params'" in load(data.encode(), suffix, ["neuron"]).problem


@pytest.mark.parametrize("suffix", [".py", ".ipynb"])
def test_what_stands_below_a_loop_that_never_ends_is_found(suffix):
    source = "rows = []\nwhile True:\n    rows.append(1)\n    rows.pop()\n" + RIGHT_NEURON
    source = source.replace("return ", "rows\n    return ")
    data = source if suffix == ".py" else json.dumps({"cells": [{"cell_type": "code", "source": source}]})
    loaded = load(data.encode(), suffix, ["neuron"], seconds=2)
    assert loaded.problem == "running the file took longer than 2 seconds"
    assert "neuron" in loaded.names


def test_modules_beside_a_file_are_imported_as_they_stand_now(tmp_path):
    file, helper = tmp_path / "a.py", tmp_path / "beside.py"
    file.write_text("from beside import neuron")
    for place, (text, status) in enumerate([(RIGHT_NEURON, RIGHT), (RIGHT_NEURON.replace(">=", "  >"), WRONG)]):
        helper.write_text(text)
        os.utime(helper, (place, place))
        (found,) = checking.check_file(file)
        assert found.status == status


def test_watch_checks_now_and_after_each_save(tmp_path):
    file = tmp_path / "a.py"
    file.write_text(RIGHT_NEURON)
    seen = checking.watch(file, seconds=0.01)
    assert next(seen)[0].status == RIGHT
    file.write_text(RIGHT_NEURON.replace(">=", ">"))
    assert next(seen)[0].sentence.startswith("At 0 the step must give 1")
    file.unlink()
    assert "does not exist" in next(seen)


def test_the_same_answer_gets_the_same_verdict():
    def guess(params, x):
        return jnp.where(x @ params["W"] + np.float32(0.1) >= 0, 1.0, 0.0)

    assert verdict(guess) == verdict(guess)


def test_the_same_key_must_give_the_same_also_where_right_answers_differ():
    import itertools

    import jax

    count = itertools.count()

    def random_walk(key, steps):
        return jnp.cumsum(jnp.where(jax.random.bernoulli(jax.random.fold_in(key, next(count)), 0.5, (steps,)), 1, -1))

    found = checking.verdict(random_walk)
    assert found.status == WRONG
    assert "same key" in found.sentence or "not pure" in found.sentence
