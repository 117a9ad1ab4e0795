"""A run that is broken off and goes on ends where the unbroken run ends, bit for bit."""

import gc
import os
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import nnjax
from nnjax.training import checkpoints, fit, single

KEY = jax.random.key(3)

# What the child processes run, and this one to compare.
PROGRAM = """
import sys
from types import SimpleNamespace
import jax, jax.numpy as jnp, numpy as np, optax
from nnjax.training import fit

def apply(params, state, x, *, key):
    if key is not None:
        x = x + 0.1 * jax.random.normal(key, x.shape)
        state = {"mean": 0.9 * state["mean"] + 0.1 * jnp.mean(x, axis=0)}
    return jnp.tanh((x - state["mean"]) @ params["W"]) @ params["V"], state

rng = np.random.default_rng(0)
x, y = rng.normal(size=(60, 6)).astype(np.float32), rng.integers(0, 3, 60).astype(np.int32)
data = SimpleNamespace(x=x[:40], y=y[:40], x_test=x[40:], y_test=y[40:])
params = {"W": jax.random.normal(jax.random.key(1), (6, 8)), "V": jax.random.normal(jax.random.key(2), (8, 3))}
optimizer = optax.chain(optax.clip_by_global_norm(1.0), optax.adamw(1e-2))

def run(directory, epochs, resume):
    return fit(apply, params, data, epochs=epochs, key=jax.random.key(3), optimizer=optimizer, batch_size=8,
               state={"mean": jnp.zeros(6)}, progress=False, directory=directory, resume=resume)

if __name__ == "__main__":
    run(sys.argv[1], int(sys.argv[2]), resume=True)
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """The file that child processes run, and its function ``run(directory, epochs, resume)``."""
    file = tmp_path_factory.mktemp("program") / "program.py"
    file.write_text(PROGRAM)
    names = {"__name__": "program"}
    exec(compile(PROGRAM, str(file), "exec"), names)
    return file, names["run"]


def child(file, directory, epochs):
    paths = [str(Path(nnjax.__file__).parents[1]), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths), "JAX_PLATFORMS": "cpu"}
    return subprocess.Popen([sys.executable, str(file), str(directory), str(epochs)], env=environment)


def wait_for(condition, process, seconds=120.0):
    end = time.monotonic() + seconds
    while not condition() and process.poll() is None and time.monotonic() < end:
        time.sleep(0.002)


def simple(blobs, init, apply, **settings):
    return fit(
        apply, init(jax.random.key(1)), blobs(40, 9),
        **({"key": KEY, "batch_size": 8, "progress": False, "optimizer": OPTIMIZER} | settings),
    )  # fmt: skip


OPTIMIZER = optax.adam(1e-2)


def test_saving_changes_nothing_and_a_longer_run_goes_on(tmp_path, program, same):
    _, run = program
    whole = run(None, 7, False)
    first = run(tmp_path / "new" / "run", 3, False)
    assert same(first.history, {name: values[:3] for name, values in whole.history.items()})
    assert checkpoints.epochs_done(tmp_path / "new" / "run") == [1, 2, 3]
    rest = run(tmp_path / "new" / "run", 7, True)
    assert same(rest.params, whole.params)
    assert same(rest.history, whole.history)
    assert list(rest.history) == list(whole.history)
    assert checkpoints.epochs_done(tmp_path / "new" / "run") == [5, 6, 7]
    again = run(tmp_path / "new" / "run", 7, True)  # nothing is left to do
    assert same(again.params, whole.params)
    assert same(again.history, whole.history)


def test_resume_with_nothing_there_starts(tmp_path, blobs, init, apply, same):
    assert same(
        simple(blobs, init, apply, epochs=2, directory=tmp_path, resume=True).params,
        simple(blobs, init, apply, epochs=2).params,
    )


def test_refuses_to_overwrite_a_run(tmp_path, blobs, init, apply):
    simple(blobs, init, apply, epochs=2, directory=tmp_path)
    with pytest.raises(ValueError, match=r"holds a run of 2 epochs; give resume=True"):
        simple(blobs, init, apply, epochs=2, directory=tmp_path)
    with pytest.raises(ValueError, match="has 2 epochs already; epochs=1 is fewer"):
        simple(blobs, init, apply, epochs=1, directory=tmp_path, resume=True)


def test_says_what_differs(tmp_path, blobs, init, apply):
    simple(blobs, init, apply, epochs=1, directory=tmp_path)
    go_on = partial(simple, init=init, apply=apply, epochs=2, directory=tmp_path, resume=True)
    with pytest.raises(ValueError, match=r"other settings: batch_size was 8, now 5$"):
        go_on(blobs, batch_size=5)
    with pytest.raises(ValueError, match=r"settings: key was \[0, 3\], now \[0, 4\]$"):
        go_on(blobs, key=jax.random.key(4))
    with pytest.raises(
        ValueError, match=r"dataset.x was float32\[40, 4\] \w+, now float32\[40, 4\] \w+; dataset.x_test"
    ):
        go_on(partial(blobs, seed=1))
    with pytest.raises(ValueError, match=r"settings: optimizer was .*count.*mu.*, now $"):
        go_on(blobs, optimizer=optax.sgd(0.1))
    with pytest.raises(ValueError, match=r"params was \[0\]\['W'\]:float32\[4, 8\].*now \[0\]\['W'\]:float32\[4, 5\]"):
        go_on(blobs, init=partial(init, sizes=(4, 5, 3)))
    assert checkpoints.epochs_done(tmp_path) == [1]


def test_random_keys_in_the_state_of_an_optimizer(tmp_path, blobs, init, apply, same):
    optimizer = optax.chain(optax.add_noise(0.1, 0.5, jax.random.key(9)), optax.sgd(0.1))
    run = partial(simple, blobs, init, apply, optimizer=optimizer)
    run(epochs=1, directory=tmp_path)
    assert same(run(epochs=3, directory=tmp_path, resume=True).params, run(epochs=3).params)


@pytest.fixture
def interruptible():
    """Ctrl-C interrupts, also where the tests run in the background of a shell, which has it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


# An interrupt between the making of a coroutine of Orbax's and its start leaves it to the garbage collector.
@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")
@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("when", ["first epoch", "third epoch", "while saving"])
def test_ctrl_c(monkeypatch, tmp_path, blobs, init, apply, same, when):
    closed = []

    @contextmanager
    def interrupting(epochs, steps, **settings):
        def report(epoch, step, numbers):
            if (when, epoch) in (("first epoch", 1), ("third epoch", 3)):
                signal.raise_signal(signal.SIGINT)

        try:
            yield report
        finally:
            closed.append(True)

    with monkeypatch.context() as patch:
        patch.setattr(single, "reporter", interrupting)
        if when == "while saving":
            import orbax.checkpoint as ocp

            def save(self, epoch, args):
                if epoch == 3:
                    signal.setitimer(signal.ITIMER_REAL, 0.01)
                return original(self, epoch, args=args)

            original = ocp.CheckpointManager.save
            patch.setattr(ocp.CheckpointManager, "save", save)
            before = signal.signal(signal.SIGALRM, signal.default_int_handler)
        try:
            with pytest.raises(KeyboardInterrupt):
                simple(blobs, init, apply, epochs=5, directory=tmp_path)
        finally:
            if when == "while saving":
                signal.setitimer(signal.ITIMER_REAL, 0)
                signal.signal(signal.SIGALRM, before)
    gc.collect()
    assert closed == [True]
    assert checkpoints.epochs_done(tmp_path) == ([] if when == "first epoch" else [1, 2])
    resumed = simple(blobs, init, apply, epochs=5, directory=tmp_path, resume=True)
    unbroken = simple(blobs, init, apply, epochs=5)
    assert same(resumed.params, unbroken.params)
    assert same(resumed.history, unbroken.history)


def test_half_deleted_old_checkpoints_and_leftovers_do_not_matter(tmp_path, blobs, init, apply, same):
    """SIGKILL may strike while an old checkpoint is being deleted, or a new one written."""
    simple(blobs, init, apply, epochs=3, directory=tmp_path)
    shutil.rmtree(tmp_path / "1" / "learner")
    for file in (tmp_path / "2").iterdir():
        if file.is_file():
            file.unlink()
    half = tmp_path / "4.orbax-checkpoint-tmp"
    shutil.copytree(tmp_path / "3", half)
    shutil.rmtree(half / "learner" / "d")
    (tmp_path / "notes.txt").write_text("mine")
    resumed = simple(blobs, init, apply, epochs=5, directory=tmp_path, resume=True)
    assert same(resumed.params, simple(blobs, init, apply, epochs=5).params)
    assert not half.exists()
    assert (tmp_path / "notes.txt").read_text() == "mine"


def shorten(file):
    file.write_bytes(file.read_bytes()[:20])


@pytest.mark.parametrize(
    "harm",
    [
        lambda last: shorten(last / "record" / "metadata"),
        lambda last: shutil.rmtree(last / "record"),
        lambda last: (last / "record" / "metadata").write_text("{}"),
        lambda last: [file.write_bytes(b"") for file in (last / "learner" / "d").iterdir()],
        lambda last: (last / "learner" / "_METADATA").unlink(),
    ],
    ids=["short record", "no record", "empty record", "empty arrays", "no structure"],
)
def test_a_damaged_checkpoint_is_named_and_without_it_the_run_goes_on(
    tmp_path, blobs, init, apply, same, capfd, harm, request
):
    simple(blobs, init, apply, epochs=2, directory=tmp_path)
    harm(tmp_path / "2")
    sentence = (
        rf"the checkpoint {tmp_path / '2'} is damaged \(.*\); remove that folder, and the run goes on from epoch 1$"
    )
    with pytest.raises(ValueError, match=sentence):
        simple(blobs, init, apply, epochs=3, directory=tmp_path, resume=True)
    assert "Traceback" not in capfd.readouterr().err
    shutil.rmtree(tmp_path / "2")
    resumed = simple(blobs, init, apply, epochs=3, directory=tmp_path, resume=True)
    assert same(resumed.params, simple(blobs, init, apply, epochs=3).params)


def test_without_an_earlier_checkpoint_a_run_goes_on_from_the_beginning(tmp_path, blobs, init, apply):
    simple(blobs, init, apply, epochs=1, directory=tmp_path)
    shorten(tmp_path / "1" / "record" / "metadata")
    with pytest.raises(ValueError, match=r"goes on from the beginning$"):
        simple(blobs, init, apply, epochs=2, directory=tmp_path, resume=True)


def test_threads_of_an_interrupted_save_may_still_be_writing(tmp_path, blobs, init, apply, same):
    simple(blobs, init, apply, epochs=2, directory=tmp_path)
    half = tmp_path / "3.orbax-checkpoint-tmp"
    half.mkdir()

    def write():
        for number in range(3000):
            try:
                (half / str(number)).write_text("late")
            except OSError:  # the folder is gone
                return

    with ThreadPoolExecutor(1) as writers:
        writers.submit(write)
        resumed = simple(blobs, init, apply, epochs=3, directory=tmp_path, resume=True)
    assert same(resumed.params, simple(blobs, init, apply, epochs=3).params)
    assert not half.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits are of Unix")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # a late thread of TensorStore's
@pytest.mark.parametrize("saved", [0, 2])
def test_a_full_disk(tmp_path, capfd, saved, same):
    import resource

    rng = np.random.default_rng(0)
    data = SimpleNamespace(x=rng.normal(size=(40, 100)).astype(np.float32), y=rng.integers(0, 300, 40))
    params = {"W": jnp.asarray(rng.normal(size=(100, 300)), jnp.float32)}  # 120 kB that do not compress

    def apply(params, x):
        return x @ params["W"]

    run = partial(fit, apply, params, data, key=KEY, progress=False, optimizer=optax.sgd(0.1))
    if saved:
        run(epochs=saved, directory=tmp_path)
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, limit[1]))
        with pytest.raises(OSError, match=f"epoch {saved + 1} could not be saved in {tmp_path}; ") as caught:
            run(epochs=saved + 2, directory=tmp_path, resume=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    last = "epoch 2 is the last complete one there" if saved else "there is no complete one there yet"
    assert last in str(caught.value)
    assert sorted(path.name for path in tmp_path.iterdir()) == [str(epoch + 1) for epoch in range(saved)]
    assert "Traceback" not in capfd.readouterr().err
    resumed = run(epochs=saved + 2, directory=tmp_path, resume=True)
    assert same(resumed.params, run(epochs=saved + 2).params)


def test_a_directory_that_cannot_be_made(tmp_path, blobs, init, apply):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="cannot be used for checkpoints"):
        simple(blobs, init, apply, epochs=1, directory=tmp_path / "file" / "run")


@pytest.mark.slow
def test_sigkill_again_and_again(tmp_path, program, same):
    """Kill the run at three moments after it has saved something, each time later in an epoch or in a save."""
    file, run = program
    epochs = 60
    delays = np.random.default_rng(int(time.time())).uniform(0, 0.25, 3)
    for delay in delays:
        done = checkpoints.epochs_done(tmp_path)
        process = child(file, tmp_path, epochs)
        try:
            wait_for(lambda done=done: checkpoints.epochs_done(tmp_path)[-1:] > done[-1:], process)
            time.sleep(delay)
        finally:
            process.kill()
            process.wait()
        assert process.returncode == -signal.SIGKILL, f"not killed (delays {delays})"
    assert 3 <= checkpoints.epochs_done(tmp_path)[-1] < epochs
    resumed, unbroken = run(tmp_path, epochs, True), run(None, epochs, False)
    assert same(resumed.params, unbroken.params), delays
    assert same(resumed.history, unbroken.history), delays
