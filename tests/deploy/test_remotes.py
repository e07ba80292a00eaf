"""The three kinds of remote, each with the real thing behind it, and with what goes wrong there."""

from __future__ import annotations

import http.client
import http.server
import io
import os
import shutil
import socket
import threading
import urllib.request
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


@pytest.mark.parametrize("lock", ["config.lock", "shallow.lock"])
def test_a_git_that_was_killed_leaves_locks_behind(mac: Rehearsal, desk: Desk, tmp_path: Path, lock: str) -> None:
    desk.publish(FIRST)
    push(desk, tmp_path / "remote.git")
    at = mac.having(remote={"git": f"file://{tmp_path}/remote.git", "branch": "releases"})
    at.run()
    digest = desk.publish(SECOND)
    push(desk, tmp_path / "remote.git")
    (mac.state_folder / "remote.git" / lock).touch()
    assert at.run().sync == "unreachable"
    assert (at.run().sync, at.state.current) == ("in-sync", digest)


def test_a_git_remote_that_gives_too_much(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Git writes first and tells the size later."""
    desk.publish(FIRST)
    (desk.out / "air-ana.latest").write_bytes(os.urandom(1 << 20))
    push(desk, tmp_path / "remote.git")
    remote = Git(f"file://{tmp_path}/remote.git", "releases", tmp_path / "bare")
    with pytest.raises(Refusal, match="VD202"):
        remote.file("air-ana.latest", 65)
    monkeypatch.setattr(remotes, "_MOST_BLOCKS", 512)
    with pytest.raises(Refusal, match="VD201"):
        remote.file("air-ana.latest", 65)
    assert not (tmp_path / "bare").exists(), "and half of it is not left lying"


def test_git_stays_out_of_the_repository_that_a_hook_runs_in(
    mac: Rehearsal, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = desk.publish(FIRST)
    push(desk, tmp_path / "remote.git")
    before = sorted(tmp_path.joinpath("clone/.git").rglob("*"))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "clone/.git"))
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(tmp_path / "clone/.git/objects"))
    at = mac.having(remote={"git": f"file://{tmp_path}/remote.git", "branch": "releases"})
    assert at.run().state.current == digest
    assert sorted(tmp_path.joinpath("clone/.git").rglob("*")) == before


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/r.git", "git://127.0.0.1:9/r.git"])
def test_git_speaks_no_protocol_that_anybody_may_change(address: str, tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="not allowed"):
        Git(address, "main", tmp_path / "bare").file("x", 1)


def test_a_password_in_an_address_is_in_no_report(mac: Rehearsal, capsys: pytest.CaptureFixture[str]) -> None:
    for remote in (
        {"https": "https://ana:hunter2@127.0.0.1:9/"},
        {"git": "https://ana:hunter2@127.0.0.1:9/r", "branch": "b"},
    ):
        assert mac.having(remote=remote).run().sync == "unreachable"
        for file in ("status.json", "agent.log", "state.json"):
            assert "hunter2" not in (mac.state_folder / file).read_text()


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


@pytest.mark.parametrize("target", ["http://releases.acme.example/x", "http://127.0.0.1/x", "http://localhost/x"])
def test_tls_leads_to_no_door_of_this_mac(target: str) -> None:
    """Whoever answers must not have the agent ask what only listens here."""
    request = urllib.request.Request("https://releases.acme.example/x")
    with pytest.raises(Refusal, match="not https"):
        remotes._Redirects().redirect_request(request, io.BytesIO(), 302, "", http.client.HTTPMessage(), target)


def test_no_way_out_of_tls(tmp_path: Path) -> None:
    with serving(tmp_path, LeadsAway) as address, pytest.raises(Refusal, match="not https"):
        Https(address).file("x", 10)
