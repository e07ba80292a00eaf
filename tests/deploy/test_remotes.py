"""The three kinds of remote, each with the real thing behind it, and with what goes wrong there."""

from __future__ import annotations

import http.server
import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploy.account.refusal import Refusal
from deploy.agent import remotes
from deploy.agent.remotes import Git, Https, remote_of
from tests.deploy.desk import Desk, git, openclaw
from tests.deploy.rehearsal import Rehearsal

FIRST = {"openclaw.json": openclaw(agents={"a": 1})}
SECOND = {"openclaw.json": openclaw(agents={"a": 2})}


# ---- git


def push(desk: Desk, remote: Path, branch: str = "releases") -> None:
    """Publish what the desk made, as a branch without anything else."""
    clone = remote.with_name("clone")
    if not remote.exists():
        git(remote.parent, "init", "--quiet", "--bare", f"--initial-branch={branch}", str(remote))
        git(remote.parent, "clone", "--quiet", str(remote), str(clone))
        git(clone, "checkout", "--quiet", "-B", branch)
    for file in desk.out.iterdir():
        shutil.copy(file, clone)
    git(clone, "add", "--all")
    git(clone, "commit", "--quiet", "--message", "release")
    git(clone, "push", "--quiet", "origin", branch)


def test_a_branch_of_a_git_remote(mac: Rehearsal, desk: Desk, tmp_path: Path) -> None:
    remote = tmp_path / "remote.git"
    at = mac.having(remote={"git": f"file://{remote}", "branch": "releases"})
    for files in (FIRST, SECOND):
        digest = desk.publish(files)
        push(desk, remote)
        assert (at.run().sync, at.state.current) == ("in-sync", digest)
    shutil.rmtree(remote)
    report = at.run()
    assert (report.sync, report.state.current) == ("unreachable", digest)


def test_a_branch_that_is_not_there(desk: Desk, tmp_path: Path) -> None:
    desk.publish(FIRST)
    push(desk, tmp_path / "remote.git")
    with pytest.raises(Refusal, match="VD201"):
        Git(f"file://{tmp_path}/remote.git", "other", tmp_path / "bare").file("air-ana.latest", 65)
    with pytest.raises(Refusal, match="VD202"):
        Git(f"file://{tmp_path}/remote.git", "releases", tmp_path / "bare").file("vane-agent.pyz", 65)


def test_an_address_that_is_a_program_is_not_run(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="VD201"):
        Git(f"ext::sh -c touch% {tmp_path}/ran", "main", tmp_path / "bare").file("x", 1)
    assert not (tmp_path / "ran").exists()


# ---- HTTPS


@contextmanager
def serving(folder: Path, handler: type[http.server.SimpleHTTPRequestHandler]) -> Iterator[str]:
    """A server on the loopback, where plain HTTP is allowed."""

    class Quiet(handler):  # type: ignore[misc, valid-type]
        def __init__(self, *arguments: object) -> None:
            super().__init__(*arguments, directory=str(folder))

        def log_message(self, *_: object) -> None:
            return

    class Server(http.server.ThreadingHTTPServer):
        daemon_threads = False  # closed, it has no thread left

        def handle_error(self, *_: object) -> None:
            """Clients that hang up are what these tests are about."""

    server = Server(("127.0.0.1", 0), Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class BreaksOff(http.server.SimpleHTTPRequestHandler):
    """Says how long a bundle is, and gives half of it."""

    def do_GET(self) -> None:
        if not self.path.endswith(".tar"):
            super().do_GET()
            return
        content = Path(self.translate_path(self.path)).read_bytes()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2])
        self.close_connection = True


class Silent(http.server.SimpleHTTPRequestHandler):
    """Takes the question and says nothing."""

    def do_GET(self) -> None:
        self.rfile.read(1)


class LeadsAway(http.server.SimpleHTTPRequestHandler):
    """Sends its guests to a place without TLS."""

    def do_GET(self) -> None:
        self.send_response(302)
        self.send_header("Location", "http://releases.acme.example/x")
        self.end_headers()


def test_releases_over_http(mac: Rehearsal, desk: Desk) -> None:
    digest = desk.publish(FIRST)
    with serving(desk.out, http.server.SimpleHTTPRequestHandler) as address:
        at = mac.having(remote={"https": address})
        assert at.run().state.current == digest
        (desk.out / "air-ana.latest").unlink()
        report = at.run()
        assert report.refusal is not None
        assert (report.sync, report.refusal.message) == ("unreachable", "HTTP 404")


def test_the_network_goes_in_the_middle_of_a_download(mac: Rehearsal, desk: Desk) -> None:
    first = desk.publish(FIRST)
    mac.run()
    second = desk.publish(SECOND)
    with serving(desk.out, BreaksOff) as address:
        report = mac.having(remote={"https": address}).run()
    assert (report.sync, report.state.current) == ("unreachable", first)
    assert mac.file(".openclaw/openclaw.json") == FIRST["openclaw.json"]
    assert [folder.name for folder in (mac.state_folder / "releases").iterdir()] == [first]
    assert mac.run().state.current == second, "and when it is back, it goes on"


def test_a_server_that_says_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remotes, "_SILENCE_SECONDS", 0.05)
    with serving(tmp_path, Silent) as address, pytest.raises(Refusal, match="VD201"):
        Https(address).file("x", 10)


def test_a_server_that_drips(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.publish(FIRST)
    monkeypatch.setattr(remotes, "_FILE_SECONDS", -1)
    with serving(desk.out, http.server.SimpleHTTPRequestHandler) as address, pytest.raises(Refusal, match="not over"):
        Https(address).file("air-ana.latest", 65)


def test_more_than_was_to_be_expected(desk: Desk) -> None:
    desk.publish(FIRST)
    with serving(desk.out, http.server.SimpleHTTPRequestHandler) as address, pytest.raises(Refusal, match="VD202"):
        Https(address).file("vane-agent.pyz", 65)


def test_nobody_is_there(mac: Rehearsal, desk: Desk) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    report = mac.having(remote={"https": f"http://127.0.0.1:{port}"}).run()
    assert report.sync == "unreachable"
    assert report.refusal is not None
    assert report.refusal.code == "VD201"


@pytest.mark.parametrize("address", ["http://releases.acme.example/", "ftp://127.0.0.1/", "file:///etc/"])
def test_only_https(address: str, tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="VD201"):
        remote_of({"https": address}, tmp_path)


def test_no_way_out_of_tls(tmp_path: Path) -> None:
    with serving(tmp_path, LeadsAway) as address, pytest.raises(Refusal, match="not https"):
        Https(address).file("x", 10)
