"""Downloads by TFDS's DownloadManager, without TensorFlow, in a process of its own that is ended when nothing arrives
any more.

TFDS tries an address that does not answer for minutes and cannot be told to stop; a process can.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

from nnjax.data.registry import Spec

PATIENCE = 60.0  # seconds without a new byte after which a download is given up
CONNECT = 10.0  # seconds a server has to answer
_ANSWER = "answer.json"


def fetch(spec: Spec, folder: Path) -> None:
    """Downloads the original files of ``spec`` into the existing ``folder``. TFDS shows its progress on the terminal.

    Raises ConnectionError that says what failed: at once when there is no connection, after ``PATIENCE`` seconds when
    nothing more arrives.
    """
    order = {
        "name": spec.name,
        "folder": str(folder),
        "files": {file.name: file.url for file in spec.files},
        "connect": CONNECT,
    }
    command = [sys.executable, "-P", "-c", "from nnjax.data import download; download.main()", json.dumps(order)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path or os.getcwd() for path in sys.path)}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    size, changed = -1, time.monotonic()
    try:
        while process.poll() is None:
            now = _size(folder)
            if now != size:
                size, changed = now, time.monotonic()
            elif time.monotonic() - changed > PATIENCE:
                raise ConnectionError(f"nothing arrived for {PATIENCE:.0f} seconds")
            time.sleep(0.1)
    finally:
        process.kill()
        process.wait()
    answer = folder / _ANSWER
    if not answer.is_file():
        raise ConnectionError(f"the downloading process ended with status {process.returncode}")
    reason = json.loads(answer.read_text())
    if reason is not None:
        raise ConnectionError(reason)


def _size(folder: Path) -> int:
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.stat(os.path.join(parent, name)).st_size
            except FileNotFoundError:  # TFDS has just renamed it
                continue
    return total


def _probe(urls: list[str], seconds: float) -> str | None:
    """Why one of the servers does not answer, or None: TFDS itself would try again for minutes before it said so."""
    import requests

    for url in urls:
        host = urlsplit(url).netloc
        try:
            with requests.get(url, stream=True, timeout=seconds) as response:
                if not response.ok:
                    return f"{url} answers with status {response.status_code}"
        except requests.RequestException as error:
            return f"no connection to {host} ({type(error).__name__})"
    return None


def _work(name: str, folder: Path, files: dict[str, str], connect: float) -> str | None:
    """Puts every file into ``folder`` under its own name; returns what went wrong, or None."""
    try:
        reason = _probe(list(files.values()), connect)
        if reason is not None:
            return reason
        import tensorflow_datasets as tfds

        manager = tfds.download.DownloadManager(
            download_dir=str(folder / "tfds"), url_infos=tfds.builder_cls(name).url_infos, dataset_name=name
        )
        for file, path in manager.download(files).items():
            os.replace(path, folder / file)
    except Exception as error:  # whatever it is, the parent tells the user
        lines = str(error).strip().splitlines() or [""]
        return f"{type(error).__name__}: {lines[0][:300]}"
    return None


def main() -> None:
    """What the process of its own runs: carries out the order in its first argument, and leaves an answer file."""
    order = json.loads(sys.argv[1])
    folder = Path(order["folder"])
    reason = _work(order["name"], folder, order["files"], order["connect"])
    part = folder / f"{_ANSWER}.part"
    part.write_text(json.dumps(reason))
    os.replace(part, folder / _ANSWER)
