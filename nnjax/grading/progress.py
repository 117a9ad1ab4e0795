"""What a learner has solved on this machine: one small JSON file in the user's state folder."""

import contextlib
import json
import os
from pathlib import Path
from typing import Any

import platformdirs

from nnjax import files
from nnjax.grading.judging import RIGHT, Verdict

State = dict[str, dict[str, Any]]


def path() -> Path:
    """Return where the file lies: in ``$NNJAX_STATE`` if that is set, else in the user's state folder."""
    folder = os.environ.get("NNJAX_STATE")
    return (Path(folder) if folder else platformdirs.user_state_path("nnjax")) / "progress.json"


def read() -> State:
    """Return status, points and number of hints seen of each exercise tried; nothing where the file cannot be read."""
    try:
        state = json.loads(path().read_text(encoding="utf-8"))
        return {str(name): dict(entry) for name, entry in state.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}


def record(verdict: Verdict) -> None:
    """Keep a verdict; one that was right before stays right."""
    state = read()
    entry = state.setdefault(verdict.name, {})
    if entry.get("status") != RIGHT or verdict.points > entry.get("points", 0):
        entry |= {"status": verdict.status, "points": verdict.points}
        _write(state)


def next_hint(name: str, count: int) -> int:
    """Return the number of the next hint to an exercise that has ``count``, and remember that it was seen."""
    state = read()
    entry = state.setdefault(name, {})
    seen = entry.get("hints", 0)
    entry["hints"] = min(seen + 1, count)
    _write(state)
    return min(seen, count - 1)


def _write(state: State) -> None:
    """Replace the file at one stroke; a folder that cannot be written costs the memory, not the check."""
    with contextlib.suppress(OSError):
        files.write(path(), json.dumps(state, indent=1, sort_keys=True))
