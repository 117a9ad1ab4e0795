"""The tour: what a stop says, the page that is written, and (slow) the whole of it with the claims of the course."""

import re

import jax
import numpy as np
import pytest

from nnjax import tour
from nnjax.models import linear
from nnjax.tour import networks, neurons
from nnjax.tour.stop import Stop, cells, worst_gradient_error


def keys(count=3):
    return jax.random.split(jax.random.key(0), count)


def stop(**changes):
    given = {
        "lesson": "05", "network": "a <b> net", "data": "digits", "measure": "accuracy",
        "scores": np.array([0.5, 1.0]), "gradient_error": 2e-15, "pictures": {},
    }  # fmt: skip
    return Stop(**given | changes)


def test_the_result_is_the_mean_and_population_deviation_over_seeds():
    assert stop().result == "75.0 ± 25.0 %"
    assert stop(measure="R² ", scores=np.array([0.25, 0.75])).result == "R² 0.500 ± 0.250"
    assert stop(measure="E = ", scores=np.full(3, 0.2983711087600027), places=9).result == "E = 0.298371109"
    assert cells(stop(seconds=1.26))[-2:] == ("2e-15", "1.3 s")


def test_the_worked_example_gives_the_printed_total_error():
    assert networks.worked_example(keys()).result == "E = 0.298371109"


def test_the_perceptron_learns_and_or_but_never_xor():
    for name in ("and", "or"):
        assert neurons.gate(keys(), name).scores.tolist() == [1, 1, 1]
    assert (neurons.gate(keys(), "xor").scores <= 0.75).all()


def test_worst_gradient_error_finds_the_one_wrong_network():
    rng = np.random.default_rng(0)
    x, d = rng.normal(size=(5, 2)).astype(np.float32), rng.normal(size=5).astype(np.float32)
    params = {"W": rng.normal(size=(3, 2)), "b": np.array([0.0, 1.0, 7.0])}

    def by_hand(params, x, d):
        error = x @ params["W"] + params["b"] - d
        factor = 1.01 if params["b"] == 7 else 1.0
        return np.mean(error**2) / 2, {"W": factor * x.T @ error / len(x), "b": error.mean()}

    worst = worst_gradient_error(linear.loss, by_hand, params, x, d)
    assert worst == pytest.approx(0.01, rel=0.02)
    right = jax.tree.map(lambda leaf: leaf[:2], params)
    assert worst_gradient_error(linear.loss, by_hand, right, x, d) < 1e-12


@pytest.fixture
def short_tour(monkeypatch):
    names = ("perceptron on AND", "worked example")
    monkeypatch.setattr(tour, "STOPS", {name: tour.STOPS[name] for name in names})


def test_a_short_tour_writes_its_pictures_and_one_page(short_tour, tmp_path, capsys):
    stops = tour.run(tmp_path / "new" / "out", seeds=2)
    assert [s.network for s in stops] == ["perceptron", "MLP 2-2-2 sigmoid"]
    page = (tmp_path / "new" / "out" / "index.html").read_text(encoding="utf-8")
    assert (tmp_path / "new" / "out" / "perceptron_and.gif").read_bytes()[:6] == b"GIF89a"
    assert page.count("<tr>") == 3
    assert page.count("<img") == 1
    assert "data:image/gif;base64," in page
    assert not re.search(r'(src|href)="(?!data:)', page)
    assert "E = 0.298371109" in page
    assert "index.html" in capsys.readouterr().out


def test_the_same_seed_gives_the_same_scores_and_another_does_not(short_tour):
    runs = [[s.scores.tolist() for s in tour.run(seeds=2, seed=seed, progress=False)] for seed in (3, 3)]
    assert runs[0] == runs[1]


def test_the_page_escapes_what_it_shows(tmp_path):
    tour.page.write(tmp_path, [stop()], 2)
    assert "a &lt;b&gt; net" in (tmp_path / "index.html").read_text(encoding="utf-8")


def test_what_cannot_be_done_is_said_before_anything_is_trained(monkeypatch, tmp_path):
    monkeypatch.setattr(tour, "STOPS", {"never": lambda keys: pytest.fail("trained")})
    with pytest.raises(ValueError, match="seeds is 1; it must be at least 2"):
        tour.run(seeds=1)
    with pytest.raises(ValueError, match=r"seed is 1000+; it must be at least -2\^63 and below 2\^63"):
        tour.run(seed=10**23)
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match=r"cannot write the tour into .*file"):
        tour.run(tmp_path / "file", progress=False)


def test_a_full_disk_is_found_before_anything_is_trained(monkeypatch, tmp_path):
    resource = pytest.importorskip("resource", reason="file size limits are of Unix")
    monkeypatch.setattr(tour, "STOPS", {"never": lambda keys: pytest.fail("trained")})
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, limits[1]))
        with pytest.raises(OSError, match=f"cannot write the tour into {tmp_path}"):
            tour.run(tmp_path, progress=False)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.mark.parametrize(("seconds", "shown"), [(24.1, "24.1 s"), (99.96, "100 s"), (103.9, "104 s")])
def test_the_table_fits_a_terminal_of_eighty_columns(seconds, shown):
    from rich.console import Console

    console = Console(width=80, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    with console.file:
        text = {"data": "character names", "measure": "loss ", "places": 2, "seconds": seconds}
        console.print(tour.table([stop(network="MLP 64-64-10, momentum", **text), stop(data="iris: virginica")]))
    row = [line for line in console.export_text().splitlines() if "momentum" in line]
    assert len(row) == 1
    for cell in ("05", "MLP 64-64-10, momentum", "character names", "loss 0.75 ± 0.25", "2e-15", shown):
        assert cell in row[0]


@pytest.mark.slow
def test_the_whole_tour_keeps_what_the_course_promises(tmp_path):
    stops = dict(zip(tour.STOPS, tour.run(tmp_path, seeds=8, progress=False), strict=True))
    assert max(s.gradient_error for s in stops.values()) <= 1e-10
    assert all(len(s.scores) == 8 for s in stops.values())
    for name in ("perceptron on AND", "perceptron on OR", "perceptron on iris", "MADALINE on XOR", "MLP on XOR"):
        assert stops[name].mean == 1, name
    assert stops["perceptron on XOR"].scores.max() <= 0.75
    least = {
        "logistic regression on breast cancer": 0.96, "MLP on moons": 0.97, "MLP on circles": 0.97,
        "MLP on spirals": 0.98, "sigmoid MLP on digits": 0.965, "MLP on digits": 0.97, "dropout on digits": 0.97,
        "CNN on digits": 0.985, "CNN on the names of letters": 0.88, "Elman network on digits": 0.95,
        "LSTM on digits": 0.95, "GRU on digits": 0.95, "vision transformer on digits": 0.9,
        "Hopfield network on digits": 0.95, "GAN on digits": 0.8, "self-play on tic-tac-toe": 0.99,
    }  # fmt: skip
    for name, wanted in least.items():
        assert stops[name].mean >= wanted, name
    # A table of pairs of letters, the best that knows no more than the last letter, is at 2.38.
    assert stops["LSTM on character names"].mean < 1.7
    assert stops["transformer on character names"].mean < 2.3
    pictures = {path.name for path in tmp_path.iterdir()}
    assert pictures >= {"perceptron_and.gif", "boundary_moons.png", "digits_loss.svg", "digits_confusion.svg",
                        "optimizer_race.gif", "learning_rates.svg", "cnn_maps.png", "attention.png",
                        "gradients_over_time.svg", "hopfield_capacity.svg", "gan_digits.png", "index.html"}  # fmt: skip
