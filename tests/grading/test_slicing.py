"""A slice of a notebook gives the answers that the whole notebook gives, and leaves out what costs time."""

import ast

import nbformat
import pytest

from nnjax.course.source import FOLDER
from nnjax.course.teaching import solve
from nnjax.exercises import LESSONS, of_lesson
from nnjax.grading.loading import as_python
from nnjax.grading.slicing import DEFINITIONS, slice_of

# After "# not" stands what must be left out.
NOTEBOOKS = {
    "a loop fills a list": """
table = []
for i in range(3):
    table.append(i)
def answer(): return table
""",
    "a loop writes elements": """
table = {}
for i in range(3):
    table[i] = i * i
answer = lambda: table
""",
    "a loop binds": """
for answer in [lambda: 3]: pass
""",
    "a loop fills what is imported": """
from copyreg import dispatch_table
for kind in (complex, bytes):
    dispatch_table.update({kind: len})
def answer(): return [kind in dispatch_table for kind in (complex, bytes)]
""",
    "a path is added where it is missing": """
import sys
if "/elsewhere" not in sys.path:
    sys.path.append("/elsewhere")
def answer(): return "/elsewhere" in sys.path
""",
    "what trains is seeded in a loop, and its warnings are not shown": """
import random, warnings
def train(): raise AssertionError("this takes minutes")  # not
def answer(): return 3
for seed in range(3):  # not
    random.seed(seed)  # not
    train()  # not
with warnings.catch_warnings():  # not
    warnings.simplefilter("ignore")  # not
    result = train()  # not
""",
    "a while loop counts": """
n = 0
while n < 5:
    n += 1
def answer(): return n
""",
    "in a with block": """
import contextlib
with contextlib.nullcontext(4) as four:
    def answer(): return four
""",
    "a walrus": """
(answer := lambda: 5)
""",
    "a walrus in a comprehension": """
[last := i for i in range(3)]
def answer(): return last
""",
    "exec": """
exec("def answer(): return 6")
""",
    "globals, from a loop": """
def seven(): return 7
for name in ["answer"]:
    globals()[name] = seven
""",
    "globals().update": """
def eight(): return 8
globals().update(answer=eight)
""",
    "a helper looks in globals": """
hidden = len("nine")
def find(name): return globals()[name]
def answer(): return find("hidden")
""",
    "a function binds as global": """
def make():
    global answer
    answer = lambda: 9
make()
""",
    "a function that calls one that does": """
def inner():
    global answer
    answer = lambda: 10
def outer(): inner()
outer()
""",
    "a function fills its argument": """
def fill(d): d["a"] = 1
table = {}
fill(table)
def answer(): return table
""",
    "a decorator registers": """
TABLE = {}
def register(f):
    TABLE[f.__name__] = f
    return f
@register
def one(): return 1
@register
def two(): return 2
def answer(): return TABLE["one"]() + TABLE["two"]() + len(TABLE)
""",
    "a lambda registers": """
TABLE = {}
add = lambda k, v: TABLE.update({k: v})
add("a", 1)
def answer(): return TABLE
""",
    "an alias is changed": """
table = {"a": []}
part = table["a"]
part.append(1)
def answer(): return table
""",
    "a part that was made when asked for": """
table = {}
part = table.setdefault("a", [])
part.append(1)
def answer(): return table
""",
    "an element and an attribute": """
class Box: pass
box, table = Box(), {}
box.size = 2
table["x"], table["y"] = 1, 2
def answer(): return box.size, table
""",
    "a method of the notebook's own class": """
class Counter:
    def __init__(self): self.n = 0
    def add(self): self.n += 1
counter = Counter()
counter.add()
def answer(): return counter.n
""",
    "an attribute of the answer": """
def answer(): return answer.scale
answer.scale = 3
""",
    "a method of what wraps the answer": """
class Wrapped:
    def __init__(self, f): self.f = f
    def define(self, g): self.g = g
    def __call__(self): return self.g(self.f())
@Wrapped
def answer(): return 2
answer.define(lambda x: x + 1)
""",
    "shuffled in place": """
import random
order = list(range(20))
random.seed(3)
random.shuffle(order)
def answer(): return order
""",
    "set up before": """
import decimal
decimal.getcontext().prec = 5
decimal.getcontext()  # not
def answer(): return decimal.Decimal(1) / 3
""",
    "match": """
match (1, 2):
    case (first, second):
        def answer(): return second
""",
    "try, and delete": """
try:
    import nowhere
except ImportError:
    nowhere = None
table = {"a": 1, "b": 2}
del table["a"]
def answer(): return nowhere, table
""",
    "what is defined twice counts as it was last": """
def helper(): return 1
def answer(): return helper()
def helper(): return 2
""",
    "a default is taken when the function is defined": """
n = 1
def answer(k=n): return k
n = 2
""",
    "added to in place": """
rows = [1]
rows += [2]
rows *= 2
def answer(): return rows
""",
    "a decorator that is a method of the answer": """
class Wrapped:
    def __init__(self, f): self.f = f
    def define(self, g):
        self.g = g
        return g
    def __call__(self): return self.g(self.f())
@Wrapped
def answer(): return 2
@answer.define
def more(x): return x + 1
""",
    "registered by type": """
from functools import singledispatch
@singledispatch
def size(x): return 0
@size.register(list)
def _(x): return len(x)
@size.register
def _(x: dict): return 10 * len(x)
def answer(): return size([1]), size({1: 2}), size(3)
for _ in range(3): print("training")  # not
""",
    "added to a class by a decorator": """
def add_to(cls):
    def add(f): setattr(cls, f.__name__, f)
    return add
class Net: pass
@add_to(Net)
def forward(self, x): return x + 1
def answer(): return Net().forward(1)
""",
    "a class is registered": """
import copyreg
class State: pass
copyreg.pickle(State, lambda s: (State, ()))
def answer(): return State in copyreg.dispatch_table
""",
    "setattr on a class": """
class Net: pass
setattr(Net, "size", 3)
def answer(): return Net.size
""",
    "a wrapped answer does not keep what trains": """
import functools
def train(f): raise AssertionError("this takes minutes")  # not
def answer(x=1): return x
answer = functools.partial(answer, 2)
for step in range(3):  # not
    params = train(answer)  # not
print(answer())  # not
""",
    "imported where it is there": """
try:
    import math
except ImportError:
    math = None
def answer(): return math.sin(1)
params = math.floor(1 / 0)  # not
""",
    "parts of modules under names of one's own": """
import os, math
path, sep = os.path, os.sep
sine = math.sin
def answer(): return sine(1), path.join("a", sep)
lost = path.join(sine(1 / 0))  # not
""",
    "a function of one's own called eval": """
def eval(x): return 2 * x
def answer(): return eval(2)
print(eval(1 / 0))  # not
""",
    "what trains is left out": """
EPS = 0.5
def train(x): raise AssertionError("this takes minutes")  # not
def answer(x=1): return x + EPS
result = train(answer)  # not
for step in range(3):  # not
    params = train(params, EPS)  # not
train(EPS)  # not
print(f"{train(3)} {EPS}", answer())  # not
assert train(3)  # not
if result: train(result)  # not
""",
    "the names of a comprehension are its own": """
table = [i * i for i in range(3)]
def answer(): return table
for i in range(2):  # not
    params = {k: i / 0 for k in "ab"}  # not
""",
    "local names are not the notebook's": """
def train(): raise AssertionError("this takes minutes")  # not
def answer():
    params = {"W": 1}
    params["W"] = [params for params in [2]]
    return params
params = train()  # not
params["W"] = train()  # not
""",
}


def run(statements):
    names = {"__name__": "notebook"}
    exec(compile(ast.Module(statements, []), "notebook", "exec"), names)
    return names["answer"]()


@pytest.mark.parametrize("source", NOTEBOOKS.values(), ids=NOTEBOOKS)
def test_a_slice_answers_as_the_whole_and_leaves_out_what_trains(source):
    statements = ast.parse(source).body
    chosen = slice_of(statements, ["answer"])
    lines = source.split("\n")
    left_out = {line for line, text in enumerate(lines, 1) if text.endswith("# not")}
    assert not left_out & {line for one in chosen for line in range(one.lineno, one.end_lineno + 1)}
    whole = [one for one in statements if one.lineno not in left_out]
    assert run(chosen) == run(whole)


def test_nothing_but_imports_is_run_for_a_name_that_is_not_bound():
    statements = ast.parse("import math\nx = math.sin(1)\ndef f(): return x\nf()").body
    assert slice_of(statements, ["answer"]) == statements[:1]


@pytest.mark.parametrize("lesson", LESSONS)
def test_of_a_lesson_nothing_is_run_but_definitions_and_settings(lesson):
    cells = solve(nbformat.read(FOLDER / lesson / "lesson.ipynb", 4)).cells
    sources = [as_python(cell.source) for cell in cells if cell.cell_type == "code"]
    statements = [statement for source in sources for statement in ast.parse(source).body]
    chosen = slice_of(statements, [exercise.name for exercise in of_lesson(lesson)])
    others = [ast.unparse(statement) for statement in chosen if not isinstance(statement, DEFINITIONS)]
    assert not [text for text in others if not text.startswith(("jax.config.update(", "plt.rcParams"))]
    assert {exercise.name for exercise in of_lesson(lesson)} <= {getattr(one, "name", "") for one in chosen}
