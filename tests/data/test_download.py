"""Downloads from servers on this machine: a closed one, a silent one, one that stops half way, one that works."""

import http.server
import socket
import threading

import pytest

from nnjax import data
from nnjax.data import download, registry

pytest.importorskip("tensorflow_datasets", reason="TensorFlow Datasets is not installed")


def point_at(monkeypatch, name, port):
    spec = registry.SPECS[name]
    files = tuple(file._replace(url=f"http://127.0.0.1:{port}/{file.name}") for file in spec.files)
    monkeypatch.setitem(registry.SPECS, name, spec._replace(files=files))


@pytest.fixture
def serve(monkeypatch):
    """serve(name, answer): a server on this machine, where answer(handler, file) meets each request for a file."""
    servers = []

    def start(name, answer):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                answer(self, self.path.lstrip("/"))

            def log_message(self, *arguments):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads, server.block_on_close = True, False
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        point_at(monkeypatch, name, server.server_port)

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def send(handler, content, status=200):
    handler.send_response(status)
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content)


def leaves_nothing(tmp_path):
    return not (tmp_path / "cache").exists() or list((tmp_path / "cache").iterdir()) == []


@pytest.mark.parametrize("ask", [lambda: data.get("mnist"), lambda: data.load("mnist", download=True)])
def test_no_connection_is_said_at_once_with_what_to_try(monkeypatch, tmp_path, ask):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    point_at(monkeypatch, "mnist", port)
    with pytest.raises(ConnectionError) as caught:
        ask()
    message = str(caught.value)
    assert message.startswith(
        f"could not download mnist: no connection to 127.0.0.1:{port} (ConnectionError). Try again"
    )
    assert "put them in DIR/mnist/, and run: nnjax data get mnist --originals DIR. Looked on this machine" in message
    assert ". The files: http://127" in message
    assert leaves_nothing(tmp_path)
    with pytest.raises(ConnectionError) as caught:
        data.get("mnist", originals=tmp_path, cache=tmp_path / "other")
    message = str(caught.value)
    assert f"Looked on this machine in vain: {tmp_path} holds none of its original files (train-images" in message
    assert f"Try again with: nnjax data get mnist --cache {tmp_path}/other. Or" in message
    assert f"run: nnjax data get mnist --cache {tmp_path}/other --originals DIR. " in message


def test_a_silent_server_is_given_up(serve, monkeypatch, tmp_path):
    silence = threading.Event()
    serve("tiny_shakespeare", lambda handler, file: silence.wait(60))
    monkeypatch.setattr(download, "CONNECT", 0.5)
    with pytest.raises(ConnectionError, match=r"no connection to 127\.0\.0\.1:\d+ \(ReadTimeout\)"):
        data.get("tiny_shakespeare")
    silence.set()
    assert leaves_nothing(tmp_path)


def test_a_transfer_that_stops_is_given_up(serve, monkeypatch, tmp_path):
    silence = threading.Event()

    def half(handler, file):
        handler.send_response(200)
        handler.send_header("Content-Length", "1000000")
        handler.end_headers()
        handler.wfile.write(b"x" * 1000)
        silence.wait(60)

    serve("tiny_shakespeare", half)
    monkeypatch.setattr(download, "PATIENCE", 1.0)
    with pytest.raises(ConnectionError, match="could not download tiny_shakespeare: nothing arrived for 1 seconds"):
        data.get("tiny_shakespeare")
    silence.set()
    assert leaves_nothing(tmp_path)


def test_a_missing_page_is_said(serve, tmp_path):
    serve("tiny_shakespeare", lambda handler, file: send(handler, b"gone", 404))
    with pytest.raises(ConnectionError, match=r"http://127\.0\.0\.1:\d+/input\.txt answers with status 404"):
        data.get("tiny_shakespeare")
    assert leaves_nothing(tmp_path)


def test_what_is_not_the_original_is_refused(serve, tmp_path):
    serve("tiny_shakespeare", lambda handler, file: send(handler, b"<html>please log in</html>"))
    with pytest.raises(ConnectionError, match=r"what arrived is not the original \(.*input\.txt is not the original"):
        data.get("tiny_shakespeare")
    assert leaves_nothing(tmp_path)


def test_a_download_ends_in_the_cache(serve, small, tmp_path):
    serve("fashion_mnist", lambda handler, file: send(handler, small.files["fashion_mnist"][file]))
    dataset = data.load("fashion_mnist", download=True)
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["fashion_mnist.npz"]
    assert dataset.y.tolist() == small.arrays["fashion_mnist"][1].tolist()
    assert data.load("fashion_mnist").y_test.tolist() == small.arrays["fashion_mnist"][3].tolist()


def test_the_cache_is_tried_before_the_network(small, tmp_path):
    (tmp_path / "cache").write_text("a file in the way")
    with pytest.raises(OSError, match=r"cannot write .*/cache"):
        data.get("mnist")
