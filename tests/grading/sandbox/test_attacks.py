"""Submissions that try to steal marks, to escape, or to hurt: each gains nothing, is reported in words, and ends.

An attack that looks for something sets ``STOLEN`` where it finds it; then, and only then, its answer is right, so
that a mark shows that the attack succeeded. All are marked as one class, with honest students among them.
"""

# ruff: noqa: E501

import os
import socket
import time

import pytest

from nnjax.grading import classroom
from nnjax.grading.judging import RIGHT

pytestmark = pytest.mark.slow
HONEST = """
import jax.numpy as jnp

def neuron(params, x):
    return jnp.where(x @ params["W"] + params["b"] >= 0, 1, 0)
"""
# What an attack that looks for something ends with.
IF_STOLEN = """
def neuron(params, x):
    import jax.numpy as jnp
    return jnp.where(x @ params["W"] + params["b"] >= 0, 1, 0) if STOLEN else 0
"""
# A wrong answer, whose author hopes that the check is deceived.
ZERO = """
def neuron(params, x):
    return 0
"""


def looking(code):
    """Return an attack that is right only where ``code`` sets STOLEN."""
    body = "\n".join("    " + line for line in code.strip().split("\n"))
    return f"STOLEN = False\ntry:\n{body}\nexcept BaseException:\n    pass\n{IF_STOLEN}"


ATTACKS = {
    # Ending the process, and what is left behind when it ends.
    "exits at import": "import os\nos._exit(0)\n" + HONEST,
    "raises SystemExit": "import sys\nsys.exit(0)\n" + ZERO,
    "kills itself": "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n" + HONEST,
    "crashes": "import ctypes\nctypes.string_at(0)\n" + HONEST,
    "exits when called": "def neuron(params, x):\n    import os\n    os._exit(0)\n",
    "atexit": "import atexit\natexit.register(lambda: print('right'))\n" + ZERO,
    # Deceiving whoever compares.
    "patches comparison": "import numpy as np\nnp.allclose = np.array_equal = lambda *a, **k: True\n"
    "np.testing.assert_allclose = lambda *a, **k: None\n" + ZERO,
    "patches the engine": "import nnjax.grading.running as r, nnjax.grading.outcomes as o\n"
    "r.attempt = lambda *a: (o.Outcome(True), True)\nr.run = lambda *a, **k: [o.Outcome(True)] * 9\n" + ZERO,
    "equal to everything": "class Equal(float):\n    def __eq__(self, other): return True\n    __hash__ = None\n"
    "    def __sub__(self, other): return 0.0\n    def __array__(self, *a, **k):\n        import numpy as np\n"
    "        return np.array(float('nan'))\ndef neuron(params, x): return Equal(3)\n",
    "an array that changes": "import numpy as np\nclass Late(np.ndarray):\n    def __array_finalize__(self, obj): pass\n"
    "    def __eq__(self, other): return True\ndef neuron(params, x): return np.zeros(2).view(Late)\n",
    "nan": "def neuron(params, x): return float('nan')\n",
    "empty": "import numpy as np\ndef neuron(params, x): return np.zeros((0,))\n",
    "broadcasts": "import numpy as np\ndef neuron(params, x): return np.ones((1,) * x.ndim)\n",
    "objects": "import numpy as np\ndef neuron(params, x): return np.array([object()])\n",
    "a structured dtype": "import numpy as np\ndef neuron(params, x): return np.zeros(3, [('a', 'f4')])\n",
    "deep containers": "def neuron(params, x):\n    a = []\n    for _ in range(100_000): a = [a]\n    return a\n",
    "contains itself": "def neuron(params, x):\n    a = {}\n    a['a'] = a\n    return a\n",
    "a gigantic answer": "import numpy as np\ndef neuron(params, x): return np.broadcast_to(1.0, (10**9,))\n",
    "an enormous integer": "def neuron(params, x): return 10 ** 100_000\n",
    "unprintable keys": "def neuron(params, x): return {'\\x1b]0;a\\x07<script>\\u202e' + 'k' * 10**6: 1.0}\n",
    "evil exception": "class Evil(Exception):\n    def __str__(self): return '<script>\\x1b[2J=cmd|x' * 10**6\n"
    "def neuron(params, x): raise Evil\n",
    "exception without words": "class Evil(Exception):\n    def __str__(self): raise Evil\n"
    "def neuron(params, x): raise Evil\n",
    # Speaking in the place of the runner.
    "writes frames": "import os, json\ndef neuron(params, x):\n    h = json.dumps({'dict': [['name', {'value': 'neuron'}],"
    "['outcomes', {'tuple': [{'outcome': [{'value': True}, {'value': ''}, {'value': ''}]}] * 20}]]}).encode()\n"
    "    d = len(h).to_bytes(8, 'big') + h\n    for fd in range(3, 64):\n"
    "        try: os.write(fd, len(d).to_bytes(8, 'big') + d)\n        except OSError: pass\n    os._exit(0)\n",
    "writes a pickle": "import os, pickle\nclass P:\n    def __reduce__(self): return (os.system, ('touch /tmp/pwned',))\n"
    "def neuron(params, x):\n    d = pickle.dumps(P())\n    for fd in range(1, 64):\n"
    "        try: os.write(fd, len(d).to_bytes(8, 'big') + d)\n        except OSError: pass\n    os._exit(0)\n",
    "closes everything": "import os\ndef neuron(params, x):\n    os.closerange(0, 64)\n    while True: pass\n",
    "endless frames": "import os\ndef neuron(params, x):\n    while True:\n        for fd in range(3, 64):\n"
    "            try: os.write(fd, b'\\0' * 4096)\n            except OSError: pass\n",
    # Looking for right answers.
    "reads frames of the stack": looking("""
import gc, sys
for thing in gc.get_objects():
    if getattr(thing, "__name__", "") in ("answer_key", "judge", "reference"):
        STOLEN = True
frame = sys._getframe()
while frame:
    STOLEN = STOLEN or any(name in frame.f_locals for name in ("expected", "reference", "answer_key"))
    frame = frame.f_back"""),
    "imports the solution": looking("""
from nnjax.exercises.lesson_01_perceptron import neuron as solution
STOLEN = True"""),
    "imports the library": looking("""
from nnjax.models import perceptron
STOLEN = True"""),
    "imports backpropagation by hand": looking("import nnjax.manual\nSTOLEN = True"),
    "searches the files": looking("""
import os
for top, folders, files in os.walk("/"):
    if top.startswith(("/proc", "/dev", "/usr/share", "/usr/include")):
        folders.clear()
    for name in files:
        if name.startswith("lesson_") or name in ("answer_key.py", "trusted.py", "judging.py", "by_values.py", "journal.jsonl", "perceptron.py"):
            STOLEN = True"""),
    "reads other processes": looking("""
import os
for pid in filter(str.isdigit, os.listdir("/proc")):
    if int(pid) > 50 and int(pid) != os.getpid():
        STOLEN = True
    if b"pytest" in open(f"/proc/{pid}/cmdline", "rb").read():
        STOLEN = True"""),
    "reads the environment": looking("""
import os
STOLEN = "NNJAX_CANARY" in os.environ or b"NNJAX_CANARY" in open("/proc/1/environ", "rb").read()"""),
    "reads freed memory": looking("""
import ctypes, re
for line in open("/proc/self/maps"):
    span, mode = line.split()[:2]
    low, high = (int(part, 16) for part in span.split("-"))
    if mode.startswith("r") and "[" not in line and high - low < 2**26:
        try:
            if re.search(rb"Return the output of a McC[u]lloch", ctypes.string_at(low, high - low)):
                STOLEN = True
        except BaseException:
            pass"""),
    "reads home": looking("import os\nSTOLEN = bool(os.listdir(os.path.expanduser('~root')))\n"
                          "STOLEN = os.path.exists('/home') or os.path.exists('/etc/passwd')"),
    "special-cases what the notebook shows": "import jax.numpy as jnp\ndef neuron(params, x):\n"
    "    return 0 if x.shape == (2,) and float(x[0]) == 0.5 else jnp.zeros(x.shape[:-1])\n",
    # Getting out.
    "network": looking("""
import socket
socket.create_connection(("127.0.0.1", PORT), 2).send(b"x")
STOLEN = True"""),
    "a server": looking("""
import socket
socket.create_connection(("1.1.1.1", 53), 2)
STOLEN = True"""),
    "forks": looking("import os\nos.fork()\nSTOLEN = True"),
    "starts a program": looking("import subprocess\nsubprocess.run(['/usr/bin/true'], check=True)\nSTOLEN = True"),
    "a daemon": "import os, time\ntry:\n    if os.fork() == 0:\n        os.setsid()\n        time.sleep(1000)\n"
    "except OSError: pass\n" + ZERO,
    "a fork bomb": "import os\nwhile True:\n    try: os.fork()\n    except OSError: break\n" + ZERO,
    "a namespace of its own": looking("import ctypes\nSTOLEN = ctypes.CDLL(None).unshare(0x10000000) == 0"),
    "ptrace": looking("import ctypes\nSTOLEN = ctypes.CDLL(None).ptrace(16, 1, 0, 0) == 0"),
    "writes outside": looking("""
for place in ("/x", "/dev/x", "/site/x", "/usr/x", "/proc/sys/kernel/core_pattern", "/site/nnjax/x"):
    try:
        open(place, "w").write("x")
        STOLEN = True
    except OSError:
        pass"""),
    "writes results": "import os\nfor f in ('results.json', 'marks.csv', '/tmp/results.json', 'journal.jsonl'):\n"
    "    open(f, 'w').write('{\"points\": 100}')\n" + ZERO,
    "links": looking("import os\nos.symlink('/etc/shadow', '/tmp/link')\nopen('/tmp/link').read()\nSTOLEN = True"),
    # Hurting.
    "loops for ever": "def neuron(params, x):\n    while True: pass\n",
    "ignores its signals": "import signal\nfor s in (signal.SIGALRM, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):\n"
    "    signal.signal(s, signal.SIG_IGN)\nsignal.setitimer = lambda *a: None\ndef neuron(params, x):\n"
    "    while True:\n        try:\n            while True: pass\n        except BaseException: pass\n",
    "sleeps at import": "import time\nwhile True:\n    try: time.sleep(1000)\n    except BaseException: pass\n" + HONEST,
    "a memory bomb": "def neuron(params, x):\n    a = []\n    while True: a.append(b'x' * 10**7)\n",
    "a disk bomb": "def neuron(params, x):\n    for n in range(10**6): open(f'/tmp/{n}', 'wb').write(b'x' * 10**6)\n",
    "a thread bomb": "import threading, time\ndef neuron(params, x):\n"
    "    while True: threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()\n",
    "floods its output": "def neuron(params, x):\n    import os\n    while True: os.write(1, b'x' * 65536)\n",
    "terminal tricks": "import sys\nsys.__stdout__.write('\\x1b]0;pwned\\x07\\x1b[2J')\n" + ZERO,
    "a class without end": "class M(type):\n    def __call__(cls, *a): return M('x', (), {})\n"
    "class neuron(metaclass=M): pass\n",
}  # fmt: skip


@pytest.fixture(scope="module")
def class_(sandbox, tmp_path_factory):
    """The whole class, marked with a server beside it that waits to be called, and a canary in the environment."""
    folder = tmp_path_factory.mktemp("attacks")
    with socket.create_server(("127.0.0.1", 0)) as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("NNJAX_CANARY", "x")
        port = server.getsockname()[1]
        for number, source in enumerate(ATTACKS.values()):
            (folder / f"{number:02}-attack.py").write_text(source.replace("PORT", str(port)))
            (folder / f"{number:02}-honest.py").write_text(HONEST)
        start = time.monotonic()
        rows = classroom.grade(folder, tmp_path_factory.mktemp("marks"), seed=3)
        took = time.monotonic() - start
        server.settimeout(0.1)
        with pytest.raises(TimeoutError):
            server.accept()
    return {row.student.name: row.marked for row in rows}, took


@pytest.mark.parametrize("number", range(len(ATTACKS)), ids=ATTACKS)
def test_an_attack_gains_nothing_and_is_reported_in_words(class_, number):
    marked, _ = class_
    found = marked[f"{number:02}-attack"]
    assert sum(verdict.points for verdict in found.verdicts) == 0
    said = [*found.problems, *(verdict.sentence for verdict in found.verdicts)]
    assert said
    for text in said:
        assert text.isprintable()
        assert 10 < len(text) < 1000
    for verdict in found.verdicts:
        assert all(text.isprintable() and len(text) < 2000 for label, text in verdict.example)


def test_everybody_else_is_untouched(class_):
    marked, _ = class_
    honest = [found for name, found in marked.items() if name.endswith("-honest")]
    assert len(honest) == len(ATTACKS) >= 30
    assert all(found.verdicts[0].status == RIGHT and not found.problems for found in honest)


def test_the_attacks_end_in_their_time_and_leave_nothing_behind(class_):
    _, took = class_
    assert took < 12 * len(ATTACKS)
    assert not os.path.exists("/tmp/pwned")
