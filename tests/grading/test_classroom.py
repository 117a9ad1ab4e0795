"""Marking a class from a folder to the gradebook: broken files, interruptions, regrades."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time

import pytest

from nnjax.exercises import get
from nnjax.grading import classroom, gradebook, journal, marking
from nnjax.grading.judging import RIGHT, WRONG, Verdict
from nnjax.grading.marking import Marked
from nnjax.grading.naming import named
from nnjax.grading.outcomes import Outcome, pack, unpack
from nnjax.grading.sandbox import box
from nnjax.grading.sandbox.watching import Ended
from nnjax.grading.submissions import Student, students

RIGHT_NEURON = """
import jax.numpy as jnp

def neuron(params, x):
    return jnp.where(x @ params["W"] + params["b"] >= 0, 1, 0)
"""
ASSIGNED_NEURON = 'neuron = lambda params, x: (x @ params["W"] + params["b"] >= 0) * 1'
LOOP = "for name in 'perceptron_update neuron'.split():\n    globals()[name] = f\n"
WRONG_NEURON = RIGHT_NEURON.replace(">=", ">")


def write(folder, files):
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


@pytest.fixture(scope="module")
def class_(sandbox, tmp_path_factory):
    """A class with every kind of broken submission, marked; the folder of submissions and that of marks."""
    folder = write(tmp_path_factory.mktemp("class"), {
        "good.py": RIGHT_NEURON,
        "wrong.py": WRONG_NEURON,
        "=cmd|calc.py": RIGHT_NEURON,
        "syntax.py": "def neuron(:",
        "binary.py": b"neuron\xff\x00" * 100,
        "corrupt.ipynb": '{"cells": neuron',
        "brackets.ipynb": '{"cells": ' + "[" * 100_000 + " neuron",
        "raises.py": "1 / 0\n" + RIGHT_NEURON,
        "latin1.py": "# -*- coding: latin-1 -*-\n# caf\xe9\n".encode("latin-1") + RIGHT_NEURON.encode(),
        "unsaid.py": "# caf\xe9\n".encode("latin-1") + RIGHT_NEURON.encode(),
        "invented.py": "# coding: klingon\n# caf\xe9\n".encode("latin-1") + RIGHT_NEURON.encode(),
        "surrogate.ipynb": json.dumps({"cells": [{"cell_type": "code", "source": "'\ud800'\n" + RIGHT_NEURON}]}),
        "assigned.ipynb": json.dumps({"cells": [{"cell_type": "code", "source": f"x = 3\n{ASSIGNED_NEURON}"}]}),
        "loop.py": RIGHT_NEURON.replace("neuron", "f") + LOOP,
        "helped/answer.py": "import json\nfrom helper import neuron as right\nplace = __file__\nneuron = right",
        "helped/helper.py": RIGHT_NEURON.replace("neuron", "weighted_sum") + "neuron = weighted_sum",
        "helped/json.py": "raise ValueError",
        "twice/a.py": RIGHT_NEURON,
        "twice/b.py": WRONG_NEURON,
        "other.py": "x = 1",
        "text/text.txt": "neuron",
        "roster.csv": "neuron",
        "stub.py": "def neuron(params, x):\n    raise NotImplementedError",
        "variable.py": "neuron = 3",
        "utf16.py": RIGHT_NEURON.encode("utf-16"),
        "CAPITALS.PY": RIGHT_NEURON,
        "cancelled.py": RIGHT_NEURON + "\nimport asyncio\nraise asyncio.CancelledError",
    })  # fmt: skip
    (folder / "nothing").mkdir()
    with (folder / "huge.py").open("wb") as file:
        file.truncate(2**30)
    out = tmp_path_factory.mktemp("marks")
    rows = classroom.grade(folder, out, seed=1)
    return folder, out, {row.student.name: row.marked for row in rows}


def test_every_broken_submission_is_reported_and_the_batch_goes_on(class_):
    _, _, marked = class_
    right = {name for name, one in marked.items() if any(verdict.status == RIGHT for verdict in one.verdicts)}
    assert right == {
        "good",
        "latin1",
        "=cmd|calc",
        "raises",
        "surrogate",
        "assigned",
        "twice",
        "CAPITALS",
        "cancelled",
        "helped",
        "loop",
    }
    assert marked["wrong"].verdicts[0].sentence == "At 0 the step must give 1: compare with >= 0, not > 0."
    assert marked["stub"].verdicts[0].status == "not yet"
    problems = {name: one.problems[0] for name, one in marked.items() if one.problems}
    assert problems == {
        "syntax": "syntax.py: there is a syntax error in line 1: invalid syntax",
        "binary": "binary.py: the file is not text in UTF-8 (byte 6)",
        "corrupt": "corrupt.ipynb: the file is not a Jupyter notebook of format 4: its JSON cannot be read",
        "brackets": "brackets.ipynb: the file is not a Jupyter notebook of format 4: its JSON cannot be read",
        "cancelled": "cancelled.py: line 8 raised CancelledError",
        "raises": "raises.py: line 1 raised ZeroDivisionError: division by zero",
        "unsaid": "unsaid.py: the file is not text in UTF-8 (byte 5)",
        "invented": "invented.py: the file is not text in UTF-8 (byte 23)",
        "helped": "helper.py: neuron counted as in an earlier file",
        "twice": "b.py: neuron counted as in an earlier file",
        "other": "other.py names no exercise that is marked",
        "text": "text.txt is neither a .py nor an .ipynb file",
        "nothing": "the folder holds no file",
        "variable": "variable.py: it names neuron but defines no function that is called like an exercise",
        "utf16": "utf16.py is not text in UTF-8",
        "huge": "huge.py holds 1,073,741,824 bytes; at most 5,000,000 are read",
    }


@pytest.mark.parametrize(
    "text",
    [
        "def sample(x): pass", "x, sample = 1, 2", r'"source": "return x\nsample = f"', r'"if x:\n\tsample = f"',
        r'"x\u000asample = f"', r'"\fdef sample(): pass"', r"globals()[\u0027sample\u0027] = f", r"'\sample'",
        r"z\u003dsample\u003df", r"\u0073ample = f", r"exec('\x0asample = f')", "\uff53ample = f",
        "for name in 'dense sample'.split(): globals()[name] = f",
    ],
)  # fmt: skip
def test_a_name_that_a_file_may_define_is_found(text):
    likely, perhaps = named(text.encode(), [get("dense"), get("sample")])
    assert "sample" in [exercise.name for exercise in (*likely, *perhaps)]


@pytest.mark.parametrize("text", ["resample = 3", "sample_2 = 3", "a Sample", "sam ple", ""])
def test_a_part_of_another_name_is_not(text):
    assert named(text.encode(), [get("sample")]) == ([], [])


def test_words_of_sentences_wait():
    text = "def dense(x):\n    'x is one sample (in,)'\ny, elu = 1, 2"
    likely, perhaps = named(text.encode(), [get(name) for name in ("sample", "dense", "elu", "relu_backward")])
    assert [exercise.name for exercise in likely] == ["dense", "elu"]
    assert [exercise.name for exercise in perhaps] == ["sample"]
    assert named(b"one sample", [get("sample")]) == ([get("sample")], [])


def test_the_gradebook_holds_everybody(class_):
    _, out, marked = class_
    text = (out / "marks.csv").read_text(encoding="utf-8")
    header, possible, *rows = csv.reader(io.StringIO(text))
    assert header[:4] == ["Student", "ID", "SIS Login ID", "Section"]
    assert "01_perceptron neuron" in header
    assert possible[0] == "    Points Possible"
    assert {row[0] for row in rows} == {*marked, "'=cmd|calc"} - {"=cmd|calc"}
    column = header.index("01_perceptron neuron")
    assert {row[0] for row in rows if row[column] == "1"} == {
        "good", "latin1", "'=cmd|calc", "raises", "surrogate", "assigned", "twice", "CAPITALS", "cancelled",
        "helped", "loop",
    }  # fmt: skip
    found = json.loads((out / "results.json").read_text())
    assert len(found["students"]) == len(marked)
    pages = [(out / student["page"]).read_text() for student in found["students"]]
    assert sum("neuron: right" in page for page in pages) == 11
    assert all("default-src 'none'" in page for page in pages)


def test_regrading_gives_the_same_marks_and_runs_nothing_twice(class_, tmp_path, monkeypatch):
    folder, out, marked = class_
    again = classroom.grade(folder, tmp_path, seed=1)
    assert {row.student.name: row.marked for row in again} == marked
    monkeypatch.setattr(classroom, "mark", lambda *_: pytest.fail("marked again"))
    kept = classroom.grade(folder, out)
    assert {row.student.name: row.marked for row in kept} == marked
    with pytest.raises(ValueError, match="was begun with another seed"):
        classroom.grade(folder, out, seed=2)
    # A corrected exercise changes marks.
    monkeypatch.setattr(classroom, "code_digest", lambda *_: "other")
    with pytest.raises(pytest.fail.Exception, match="marked again"):
        classroom.grade(folder, out)


@pytest.mark.slow
def test_a_killed_run_goes_on_where_it_was(sandbox, tmp_path):
    folder = write(tmp_path / "class", {f"s{number:02}.py": RIGHT_NEURON for number in range(12)})
    main = "from nnjax.cli import main; main()"
    command = [sys.executable, "-c", main, "grade", str(folder), "-o", str(tmp_path / "out"), "--workers", "1"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    file = tmp_path / "out" / journal.NAME
    for _ in range(600):
        time.sleep(0.1)
        if file.exists() and file.read_text().count("digest") >= 3:
            break
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = file.read_text()
    assert 3 <= before.count('"digest"') < 12
    file.write_text(before + '{"digest": "torn')
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, check=True)
    assert "12 students, 1 point, mean" in done.stdout
    lines = [json.loads(line) for line in file.read_text().splitlines() if line and "torn" not in line]
    digests = [line["digest"] for line in lines if "digest" in line]
    assert len(digests) == len(set(digests)) == 12


def test_what_was_damaged_in_a_journal_is_made_again_or_said(tmp_path):
    file = tmp_path / journal.NAME
    lines = [
        '{"secret": 3}',
        '{"digest": "abc"}',
        '{"digest": "d", "verdicts": 3, "problems": []}',
        '{"digest": "e\xe9"',
    ]
    file.write_bytes("\n".join(lines).encode("latin-1"))
    with journal.opened(tmp_path, None) as kept:
        assert (kept.secret, kept.marked) == (3, {})
    file.write_text('{"secret": "abc"}')
    with pytest.raises(ValueError, match="was damaged; mark into another folder"), journal.opened(tmp_path, None):
        pass


def test_two_markers_do_not_write_one_journal(tmp_path):
    with journal.opened(tmp_path, None), pytest.raises(ValueError, match="another process is marking into"):  # noqa: SIM117
        with journal.opened(tmp_path, None):
            pass


def test_a_journal_remembers_and_ignores_a_torn_line(tmp_path):
    marked = Marked([Verdict("neuron", WRONG, "No.", 0, 1, (("came", "1"),), "")], ["x.py: odd \udc80"])
    with journal.opened(tmp_path, None) as kept:
        secret = kept.secret
        kept.add("abc", marked)
    with (tmp_path / journal.NAME).open("a") as file:
        file.write('{"digest": "torn", "verd')
    with journal.opened(tmp_path, None) as kept:
        assert (kept.secret, kept.marked) == (secret, {"abc": marked})
        kept.add("def", marked)
    with journal.opened(tmp_path, secret) as kept:
        assert set(kept.marked) == {"abc", "def"}


def test_without_a_sandbox_it_refuses_and_says_how_to_get_one(tmp_path, monkeypatch):
    folder = write(tmp_path / "class", {"a.py": RIGHT_NEURON})
    monkeypatch.setattr(box.shutil, "which", lambda name: None)
    with pytest.raises(OSError, match=r"apt install bubblewrap.*--no-sandbox"):
        classroom.grade(folder, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("out", [".", "out", "a/out"])
def test_marks_are_not_written_among_the_submissions(tmp_path, out):
    write(tmp_path, {"a.py": RIGHT_NEURON})
    with pytest.raises(ValueError, match="where it would be marked as a student's"):
        classroom.grade(tmp_path, tmp_path / out, sandbox=False)


@pytest.mark.parametrize("taken", ["file", "file/out", "out/feedback", "out/marks.csv", "out/results.json"])
def test_where_marks_cannot_be_written_nothing_is_marked(tmp_path, taken, monkeypatch):
    folder = write(tmp_path / "class", {"a.py": RIGHT_NEURON})
    place = tmp_path / taken
    if place.suffix:
        place.mkdir(parents=True)
    else:
        write(tmp_path, {"file": "", "out/feedback": ""})
    monkeypatch.setattr(classroom, "mark", lambda *_: pytest.fail("marked"))
    with pytest.raises(ValueError, match="choose another folder"):
        classroom.grade(folder, place if taken.startswith("file") else tmp_path / "out", sandbox=False)


def test_a_lesson_named_twice_counts_once(tmp_path):
    folder = write(tmp_path / "class", {"a.py": RIGHT_NEURON})
    classroom.grade(folder, tmp_path / "out", lessons=["1", "01", "perceptron"], sandbox=False)
    header = (tmp_path / "out" / "marks.csv").read_text().splitlines()[0].split(",")
    assert header.count("01_perceptron neuron") == 1


def test_what_a_second_file_hides_is_found_where_all_else_is_counted(tmp_path):
    write(tmp_path / "ann", {"a.py": "neuron = 3", "b.py": "neuron = 3\n'x sample'"})
    asked = []

    def run(kind, work, limits, cpu):
        jobs = unpack(work, inputs=True)["jobs"]
        asked.append([job["name"] for job in jobs])
        wrong = {"name": "neuron", "outcomes": (Outcome(failure="slow", words="1"),)}
        return Ended([pack({"problem": "", "found": ("neuron",)}), pack(wrong)], "")

    (ann,) = students(tmp_path)
    marking.mark(ann, [get("neuron"), get("sample")], 1, run)
    assert asked == [["neuron"], ["sample"]]


def test_of_many_files_only_some_are_run(tmp_path):
    write(tmp_path / "ann", {f"{number:02}.py": "neuron = 3" for number in range(30)})
    runs = []

    def run(kind, work, limits, cpu):
        runs.append(kind)
        return Ended([pack({"problem": "", "found": ()})], "")

    (ann,) = students(tmp_path)
    marked = marking.mark(ann, [get("neuron")], 1, run)
    assert len(runs) == marking.MOST_FILES
    assert marked.problems[-1] == "20.py was not looked at, nor were others: at most 20 files are run"


def test_the_risk_can_be_accepted(tmp_path):
    folder = write(tmp_path / "class", {"a.py": RIGHT_NEURON, "b.py": WRONG_NEURON})
    rows = classroom.grade(folder, tmp_path / "out", sandbox=False)
    assert [row.marked.verdicts[0].status for row in rows] == [RIGHT, WRONG]


def test_inputs_differ_between_students_and_not_between_regrades():
    ann, bob = (Student(name, name, ()) for name in ("ann", "bob"))
    assert marking.seed_of(1, ann) == marking.seed_of(1, ann)
    assert len({marking.seed_of(1, ann), marking.seed_of(2, ann), marking.seed_of(1, bob)}) == 3


def test_names_and_sentences_are_escaped_in_the_gradebook():
    evil = "<img src=x onerror=alert(1)>"
    row = gradebook.Row(Student(evil, "evil-1", ()), Marked([], [evil]))
    assert "<img" not in gradebook.page(row, [])
    for formula in ("=1+1", "+1", "-1", "@x", " =1", "\t=1"):
        student = Student(formula, "x-1", ())
        line = gradebook.marks([gradebook.Row(student, Marked([], []))], []).splitlines()[-1]
        assert next(csv.reader([line]))[0].startswith("'")


def test_results_are_written_at_one_stroke(tmp_path):
    gradebook.write(tmp_path, [], [])
    before = (tmp_path / "marks.csv").stat().st_ino
    gradebook.write(tmp_path, [], [])
    assert (tmp_path / "marks.csv").stat().st_ino != before
    assert sorted(os.listdir(tmp_path)) == ["feedback", "marks.csv", "results.json"]


def test_judging_in_threads_leaves_the_output_where_it_was():
    from concurrent.futures import ThreadPoolExecutor

    from nnjax.grading.judging import judge
    from nnjax.grading.outcomes import Outcome

    before = sys.stdout
    wrong = [Outcome(failure="raised", words="ValueError")] * 9
    with ThreadPoolExecutor(4) as pool:
        statuses = list(pool.map(lambda seed: judge("neuron", seed, wrong).status, range(1000, 1016)))
    assert statuses == [WRONG] * 16
    assert sys.stdout is before
