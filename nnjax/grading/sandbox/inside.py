"""What is done inside the sandbox: it loads a learner's file, calls its functions, and sends back numbers.

What arrives on standard input is the file, the learner's modules that it may import, for each exercise inputs and
calls, and the names of others that the file perhaps defines; no right answer is among them. What is sent are frames,
each with its length before it: first what was found, then the outcomes of each exercise.
"""

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from nnjax.exercises.laws import Call
from nnjax.grading import running
from nnjax.grading.loading import load
from nnjax.grading.outcomes import limited, pack, unpack


def main(fd: int) -> None:
    """Do the work that standard input describes, and send the frames to the file descriptor ``fd``."""
    work = unpack(sys.stdin.buffer.read(), inputs=True)
    # Last, so that no file of a learner's stands in for a module that is there.
    sys.path.append(tempfile.mkdtemp(dir=os.environ["HOME"]))
    for name, source in work["beside"].items():
        Path(sys.path[-1], f"{name}.py").write_bytes(source.tobytes())
    answers = [*(job["name"] for job in work["jobs"]), *work["others"]]
    loaded = load(work["source"].tobytes(), work["suffix"], answers, work["seconds"])
    found = {name: loaded.names.get(name) for name in answers}
    send(fd, {"problem": loaded.problem, "found": tuple(name for name in found if callable(found[name]))})
    for job in work["jobs"]:
        function = found[job["name"]]
        if callable(function):
            calls = [Call(*call) for call in job["calls"]]
            outcomes = running.run(function, job["cases"], calls, job["seconds"], by_hand=job["by_hand"])
            send(fd, {"name": job["name"], "outcomes": tuple(map(limited, outcomes))})
    os._exit(0)


def send(fd: int, tree: Any) -> None:
    """Write one frame."""
    data = pack(tree)
    data = len(data).to_bytes(8, "big") + data
    while data:
        data = data[os.write(fd, data) :]
