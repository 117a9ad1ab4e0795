"""Certificates drawn: where each error stands, what is said, and what is refused."""

import numpy as np
import pytest

from nnjax import certify, viz
from nnjax.certify import engine
from nnjax.viz import certificates


def certificate(name="layers.dense", forward=1e-16, gradient=2e-15, differences=3e-9, passed=True):
    return certify.Certificate(name, 4, forward, gradient, differences, passed)


def test_each_error_stands_in_its_row_and_a_zero_at_the_left_end(well_made):
    figure = viz.certificate_errors([certificate(), certificate("losses.huber_loss", forward=0.0)])
    texts = well_made(figure)
    (axes,) = figure.axes
    points = [line.get_xydata() for line in axes.lines if len(line.get_xdata()) == 2 and line.get_marker() != "None"]
    np.testing.assert_allclose(points[0], [(1e-16, 0), (1e-17, 1)])
    np.testing.assert_allclose(points[1], [(2e-15, 0), (2e-15, 1)])
    np.testing.assert_allclose(points[2], [(3e-9, 0), (3e-9, 1)])
    assert {"dense", "huber loss", "0"} <= set(texts)
    assert figure.get_suptitle() == "2 certificates, all hold"


def test_the_limits_are_those_by_which_certificates_are_judged():
    limits = {
        "forward": engine.FORWARD_LIMIT,
        "gradient": engine.GRADIENT_LIMIT,
        "differences": engine.DIFFERENCES_LIMIT,
    }
    assert {field: limit for field, _, limit in certificates.KINDS} == limits


def test_real_ones_and_those_that_fail(well_made):
    well_made(viz.certificate_errors(certify.run(["layers.dense"])))
    failed = viz.certificate_errors([certificate(), certificate("layers.lstm", gradient=np.inf, passed=False)])
    well_made(failed)
    assert failed.get_suptitle() == "1 of 2 certificates hold"
    many = viz.certificate_errors(
        [certificate(f"layers.layer_of_the_longest_name_{k}") for k in range(16)], title="All"
    )
    well_made(many)
    assert many.get_suptitle() == "All"


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ([], "there are 0 certificates; this picture has room for 1 to 16"),
        ([certificate()] * 17, "there are 17 certificates"),
        ([certificate(gradient=float("nan"))], "layers.dense: gradient is nan; a relative error is at least 0"),
        ([certificate(forward=-1.0)], "layers.dense: forward is -1"),
    ],
)
def test_bad_certificates(given, sentence):
    with pytest.raises(ValueError, match=sentence):
        viz.certificate_errors(given)
