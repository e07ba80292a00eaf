"""`vane fleet push` up to SSH; tests/contract has the real pyinfra and a real sshd."""

from __future__ import annotations

import json
import plistlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from compiler.cli import main
from deploy.fleet import push as pushing
from deploy.release.rings import PATH
from tests.deploy.desk import plist
from tests.deploy.fleet import rings

AGENT = "ai.weathervane.deploy"
MACS = ("air-ana", "air-ben", "studio")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A compile, its bundles, and a pyinfra that is said to be there."""
    generated = tmp_path / "generated"
    (generated / "rollout").mkdir(parents=True)
    (generated / "manifest.json").write_text(json.dumps({"machines": dict.fromkeys(MACS, "policies/fleet.yaml:3")}))
    (generated / PATH).write_bytes(rings(("canary", ("studio",), 1, 1)))
    (tmp_path / "dist").mkdir()
    for number, machine in enumerate(MACS):
        (tmp_path / f"dist/{machine}.latest").write_text(f"{number}" * 64)
        for suffix in ("tar", "tar.sig"):
            (tmp_path / f"dist/{str(number) * 64}.{suffix}").write_text("")
        file = generated / f"machines/{machine}/launchd/{AGENT}.plist"
        file.parent.mkdir(parents=True)
        root = {"UserName": "root"} if machine == "studio" else {}
        command = ["/bin/sh", "-c", "…", AGENT, "/opt/vane agent", "run"]
        file.write_bytes(plist(AGENT, ProgramArguments=command, **root))
    monkeypatch.setattr(pushing, "find_spec", lambda name: name)
    return tmp_path


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Sequence[Mapping[str, Any]]]:
    """The jobs of each ring. A Mac called `bad` in its host does not end well."""
    heard: list[Sequence[Mapping[str, Any]]] = []

    def ask(jobs: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
        heard.append(jobs)
        answers: dict[str, dict[str, Any]] = {
            "bad": {"code": 1, "said": ["VD307 \x1b[1m"]},
            "lost": {"problem": "no route"},
            "none": {"code": 127},
        }
        return {job["machine"]: answers.get(job["host"], {"code": 0, "said": []}) for job in jobs}

    monkeypatch.setattr(pushing, "_asked", ask)
    return heard


def push(project: Path, *destinations: str) -> int:
    return main(["fleet", "push", "-C", str(project), "--bundles", str(project / "dist"), *destinations])


def test_ring_by_ring_each_with_its_own(project: Path, asked: list[Sequence[Mapping[str, Any]]]) -> None:
    assert push(project, "air-ana=ana@a.local:2222", "studio=s.local", "air-ben=[::1]:22") == 0
    (canary,), (ana, ben) = asked
    assert canary["agent"] == ["sudo", "-n", "/opt/vane agent", "run"], "an always-on Mac's agent is root"
    assert (ana["host"], ana["user"], ana["port"]) == ("a.local", "ana", 2222)
    assert (ben["host"], ben["user"], ben["port"]) == ("::1", None, 22)
    assert ana["agent"] == ["/opt/vane agent", "run"]
    assert [Path(file).name for file in ana["files"]] == ["air-ana.latest", f"{'0' * 64}.tar", f"{'0' * 64}.tar.sig"]


@pytest.mark.parametrize(("host", "words"), [("bad", "VD307 \\x1b"), ("lost", "VD503 no route"), ("none", "VD504")])
def test_the_first_bad_ring_ends_it(
    project: Path, asked: list[Any], host: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert push(project, f"studio={host}", "air-ben=b", "air-ana=a") == 1
    said = capsys.readouterr().out
    assert len(asked) == 1
    assert words in said
    assert "studio  canary  not done\n" in said
    assert said.endswith("stopped at ring canary; not touched: air-ana, air-ben\n")


@pytest.mark.parametrize(
    ("destination", "code"),
    [
        ("air-ana", "VD502"), ("=a", "VD502"), ("air-ana=a:b", "VD502"), ("air-ana=-oProxyCommand=x", "VD502"),
        ("air-ana=a b", "VD502"), ("air-zoe=a.local", "VD502"),
    ],
)  # fmt: skip
def test_destinations_that_are_none(
    project: Path, asked: list[Any], destination: str, code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert push(project, destination) == 1
    assert code in capsys.readouterr().err
    assert asked == []


def test_what_is_missing_is_said_before_anything_is_sent(
    project: Path, asked: list[Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / f"dist/{'1' * 64}.tar.sig").unlink()
    assert push(project, "studio=s", "air-ben=b") == 1
    assert f"{'1' * 64}.tar.sig VD502" in capsys.readouterr().err
    file = project / f"generated/machines/air-ana/launchd/{AGENT}.plist"
    file.write_bytes(plistlib.dumps({"ProgramArguments": ["/bin/sh"]}))
    assert push(project, "studio=s", "air-ana=a") == 1
    assert "VD101" in capsys.readouterr().err
    monkeypatch.setattr(pushing, "find_spec", lambda name: None)
    assert push(project, "studio=s") == 1
    assert "fix: pip install 'weathervane[push]'" in capsys.readouterr().err
    assert asked == []
