"""``python -m nnjax.course [LESSON ...]``: make lessons/NN_name/lesson.ipynb from lesson.md, executed."""

import sys
import time

import nbformat

from nnjax.course.executing import LARGEST, execute
from nnjax.course.source import FOLDER, build, built
from nnjax.exercises import full_name

for lesson in [full_name(name) for name in sys.argv[1:]] or built():
    start = time.perf_counter()
    text = nbformat.writes(execute(build(lesson))) + "\n"
    size = len(text.encode())
    if size > LARGEST:
        raise SystemExit(f"{lesson}: the notebook holds {size:,} bytes; at most {LARGEST:,} are allowed")
    (FOLDER / lesson / "lesson.ipynb").write_text(text, encoding="utf-8")
    print(f"{lesson}: {size / 1000:.0f} KB in {time.perf_counter() - start:.0f} s")
