"""`vane-agent` as launchd and people start it."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from deploy.account.refusal import Refusal
from deploy.agent import command
from deploy.agent.command import main
from deploy.agent.lock import alone
from deploy.agent.place import Place
from deploy.agent.settings import FILE, read_settings
from deploy.agent.site import STATE, Person, acting_for, site_of
from deploy.agent.work import Agent
from deploy.release.codes import CODES
from tests.deploy.accounts import IS_PYTHON_FOR_EVERYBODY, NOBODY, PYTHON, as_owner
from tests.deploy.desk import Desk, make_key, openclaw, plist
from tests.deploy.rehearsal import Rehearsal

FIRST = {"openclaw.json": openclaw(agents={"a": 1}), "policy.jsonc": b"{}\n"}
SECOND = {"openclaw.json": openclaw(agents={"a": 2})}
IS_ROOT = os.geteuid() == 0


def settings(mac: Rehearsal, **more: Any) -> Path:
    """agent.json as its owner writes it."""
    file = mac.home / FILE
    file.parent.mkdir(parents=True, exist_ok=True)
    data = {
        "machine": mac.settings.machine,
        "remote": dict(mac.settings.remote),
        "allowed_signers": str(mac.settings.allowed_signers),
        "prefix": str(mac.prefix),
        **more,
    }
    file.write_text(json.dumps(data))
    file.chmod(0o600)
    return file


@pytest.fixture
def laptop(mac: Rehearsal, monkeypatch: pytest.MonkeyPatch) -> Rehearsal:
    """A Mac whose owner calls the agent, also where the tests run as root."""
    settings(mac)
    monkeypatch.setenv("HOME", str(mac.home))
    monkeypatch.setattr(command, "site_of", lambda user, prefix: replace(mac.site, state=mac.home / STATE))
    return mac


def test_run_status_and_the_exit_code(laptop: Rehearsal, desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status"]) == 1
    assert "VD404" in capsys.readouterr().err
    digest = desk.publish(FIRST)
    capsys.readouterr()
    assert main(["run"]) == 0
    said = capsys.readouterr().out
    assert f"air-ana: release 1 ({digest[:12]}" in said
    assert "sync    in-sync\n" in said
    assert main(["status"]) == 0
    assert capsys.readouterr().out == said
    assert main(["status", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["release"]["digest"] == digest
    (desk.out / "air-ana.latest").unlink()
    assert main(["run"]) == 1
    said = capsys.readouterr().out
    assert "sync    unreachable\n  VD201 " in said
    assert "\n  fix: nothing was changed" in said
    assert main(["status"]) == 1


def test_plan_and_dry_run_show_and_change_nothing(
    laptop: Rehearsal, desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = "sk-or-v1-0123456789abcdef0123456789abcdef"
    (laptop.home / ".openclaw").mkdir()
    (laptop.home / ".openclaw/openclaw.json").write_text(f'{{"apiKey": "{secret}"}}\n')
    desk.publish(FIRST)
    capsys.readouterr()
    assert main(["plan"]) == 0
    said = capsys.readouterr().out
    assert f"change {laptop.home}/.openclaw/openclaw.json" in said
    assert f"add {laptop.home}/.openclaw/policy.jsonc" in said
    assert main(["run", "--dry-run", "--diff"]) == 0
    said = capsys.readouterr().out
    assert '+    "a": 1' in said
    assert secret not in said
    assert not (laptop.home / ".openclaw/policy.jsonc").exists()
    assert main(["run"]) == 0
    capsys.readouterr()
    assert main(["plan"]) == 0
    assert "nothing to do" in capsys.readouterr().out


def test_suspend_resume_rollback(laptop: Rehearsal, desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.publish(FIRST)
    assert main(["run"]) == 0
    assert main(["rollback"]) == 1
    assert "VD404" in capsys.readouterr().err
    desk.publish(SECOND)
    assert main(["suspend", "a demo today"]) == 0
    assert main(["run"]) == 0
    assert laptop.file(".openclaw/openclaw.json") == FIRST["openclaw.json"]
    assert main(["resume"]) == 0
    assert main(["run"]) == 0
    assert laptop.file(".openclaw/openclaw.json") == SECOND["openclaw.json"]
    assert main(["rollback"]) == 0
    assert laptop.file(".openclaw/openclaw.json") == FIRST["openclaw.json"]
    assert "a demo today" in (laptop.home / STATE / "agent.log").read_text()


def test_what_somebody_brought(laptop: Rehearsal, desk: Desk, tmp_path: Path) -> None:
    """From another folder than agent.json's, and by its signature all the same."""
    desk.publish(FIRST)
    assert main(["run"]) == 0
    shutil.copytree(desk.out, tmp_path / "brought")
    desk.commit(SECOND)
    assert replace(desk, out=tmp_path / "brought").bundle(key=make_key(tmp_path, "stranger")) == 0
    assert main(["run", "--from", str(tmp_path / "brought")]) == 1
    assert laptop.file(".openclaw/openclaw.json") == FIRST["openclaw.json"]
    assert replace(desk, out=tmp_path / "brought").bundle() == 0
    assert main(["run", "--from", str(tmp_path / "brought")]) == 0
    assert laptop.file(".openclaw/openclaw.json") == SECOND["openclaw.json"]


def test_a_second_one_says_so(laptop: Rehearsal, desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    (laptop.home / STATE).mkdir(parents=True)
    with alone(laptop.home / STATE, wait=False):
        assert main(["run"]) == 0
    assert "another one is at work" in capsys.readouterr().out


def test_status_tells_of_a_change_that_was_cut_off(
    laptop: Rehearsal, desk: Desk, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.publish(FIRST)
    assert main(["run"]) == 0
    new = desk.publish(SECOND)

    def cut_off(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("deploy.agent.transition.wait_until_well", cut_off)
        with pytest.raises(KeyboardInterrupt):
            main(["run"])
    capsys.readouterr()
    main(["status"])
    assert f"at work, or cut off: applying {new[:12]}, coming from" in capsys.readouterr().err
    assert main(["run"]) == 0
    assert laptop.file(".openclaw/openclaw.json") == SECOND["openclaw.json"]


def test_our_own_faults_are_told_as_such(
    laptop: Rehearsal, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: Agent, *, is_scheduled: bool) -> None:
        raise ZeroDivisionError("Bearer 0123456789abcdef0123456789")

    monkeypatch.setattr(Agent, "run", broken)
    assert main(["run"]) == 3
    said = capsys.readouterr().err
    assert "ZeroDivisionError" in said
    assert "0123456789abcdef" not in said


@pytest.mark.parametrize("arguments", [[], ["runn"], ["run", "--now"], ["rollback", "--diff"]])
def test_wrong_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "usage: vane-agent" in capsys.readouterr().err


# ---- agent.json


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"keeep": 3}, "unknown key 'keeep'"),
        ({"keep": -1}, "'keep' is out of range"),
        ({"keep": True}, "'keep' is not of type int"),
        ({"health_seconds": "60"}, "'health_seconds' is not of type int"),
        ({"cursor_settings": "no"}, "'cursor_settings' is not of type bool"),
        ({"machine": "../x"}, "no name of a Mac"),
        ({"remote": {"folder": "/a", "https": "b"}}, "'remote' is one of"),
        ({"remote": {"ftp": "a"}}, "'remote' is one of"),
        ({"remote": {"git": "--upload-pack=x", "branch": "main"}}, "'remote' holds"),
        ({"allowed_signers": "relative"}, "no absolute path"),
        ({"checkouts": "/a"}, "'checkouts' is not a list"),
        ({"checkouts": ["a"]}, "no absolute path"),
        ({"probe": 7}, "'probe' is not of type str"),
        ({"reports": {"https": "https://a.example"}}, "'reports' is one of"),
        ({"reports": {"git": "-x"}}, "'reports' holds"),
        ({"reports": "here"}, "'reports' is one of"),
    ],
)
def test_settings_that_are_wrong(mac: Rehearsal, more: dict[str, Any], words: str) -> None:
    with pytest.raises(Refusal, match="VD401") as refused:
        read_settings(settings(mac, **more))
    assert words in refused.value.message


def test_settings_that_others_may_write(mac: Rehearsal) -> None:
    file = settings(mac)
    assert read_settings(file).machine == mac.settings.machine
    file.chmod(0o622)
    with pytest.raises(Refusal, match="others may write it"):
        read_settings(file)
    file.chmod(0o600)
    file.write_text("[]")
    with pytest.raises(Refusal, match="no JSON object"):
        read_settings(file)
    file.unlink()
    with pytest.raises(Refusal, match="VD401"):
        read_settings(file)


def test_every_code_is_in_the_table() -> None:
    sources = (Path(command.__file__).parents[1]).rglob("*.py")
    used = {
        word for file in sources for word in file.read_text().split('"') if word.startswith("VD") and len(word) == 5
    }
    assert used == set(CODES)


# ---- accounts


def test_a_laptops_files_are_never_roots(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(Refusal, match="VD402"):
        site_of(None, Path("/opt/weathervane"))
    for user in ("root", "no-such-account"):
        with pytest.raises(Refusal, match="VD402"):
            site_of(user, Path("/opt/weathervane"))
    assert site_of(pwd.getpwuid(NOBODY).pw_name, Path("/opt/x")).domains == ("system",)
    monkeypatch.setattr(os, "geteuid", lambda: 501)
    assert site_of(None, Path("/opt/x")).domains == ("gui/501", "user/501")
    with pytest.raises(Refusal, match="VD402"):
        site_of("nobody", Path("/opt/x"))


@pytest.mark.skipif(IS_ROOT and not IS_PYTHON_FOR_EVERYBODY, reason="no Python that an ordinary account may run")
def test_the_one_file_runs_for_an_ordinary_account(open_mac: Rehearsal) -> None:
    """The zipapp, a real process, the real site, as launchd would start it."""
    mac = open_mac
    settings(mac)
    mac.desk.publish({**FIRST, "launchd/ai.weathervane.server.plist": plist("ai.weathervane.server", KeepAlive=True)})
    (mac.root / "vane-agent").write_bytes((mac.desk.out / "vane-agent.pyz").read_bytes())

    def started() -> None:
        environment = {"HOME": str(mac.home), "PATH": os.environ["PATH"], "FAKE_LAUNCHD": os.environ["FAKE_LAUNCHD"]}
        done = subprocess.run(
            [PYTHON, "-ISB", mac.root / "vane-agent", "run"],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    assert as_owner(mac.root, started) == 0
    assert mac.file(".openclaw/openclaw.json") == FIRST["openclaw.json"]
    domain = f"gui/{NOBODY if IS_ROOT else os.geteuid()}"
    assert mac.loaded("ai.weathervane.server", domain) == mac.job_file("ai.weathervane.server")


@pytest.mark.skipif(not IS_ROOT, reason="only root can act for another account")
def test_root_writes_a_persons_files_with_that_persons_rights(open_mac: Rehearsal) -> None:
    """A link that the person planted leads root nowhere that the person could not go."""
    mac = open_mac
    os.chown(mac.home, NOBODY, NOBODY)
    person = Person(pwd.getpwuid(NOBODY).pw_name, NOBODY, NOBODY)
    place = Place(mac.home, ".openclaw/openclaw.json", person)
    place.prepare(b"{}", 0o600)
    place.commit()
    found = (mac.home / ".openclaw/openclaw.json").stat()
    assert (found.st_uid, found.st_gid, found.st_mode & 0o777) == (NOBODY, NOBODY, 0o600)
    (mac.root / "roots").mkdir(mode=0o700)
    with pytest.raises(Refusal, match="VD302"):
        Place(mac.root / "roots", "x", person).prepare(b"{}", 0o600)
    with acting_for(person):
        assert os.geteuid() == NOBODY
    assert os.geteuid() == 0


@pytest.mark.skipif(not IS_ROOT, reason="only root can act for another account")
def test_an_always_on_mac(open_mac: Rehearsal) -> None:
    mac = open_mac
    os.chown(mac.home, NOBODY, NOBODY)
    user = pwd.getpwuid(NOBODY).pw_name
    launch = mac.root / "Library/LaunchDaemons"
    launch.mkdir(parents=True)
    daemons = replace(
        mac.site, launch=launch, domains=("system",), person=Person(user, NOBODY, NOBODY)
    )  # fmt: skip
    agent = Agent(replace(mac.mac, site=daemons, launchctl=type(mac.mac.launchctl)(("system",))))
    label = "ai.weathervane.server"
    for account in (None, "root", "other"):
        keys = {"UserName": account} if account else {}
        mac.desk.publish({f"launchd/{label}.plist": plist(label, KeepAlive=True, **keys)})
        report = agent.run()
        assert report.refusal is not None
        assert report.refusal.code == "VD306"
    mac.desk.publish({**FIRST, f"launchd/{label}.plist": plist(label, KeepAlive=True, UserName=user)})
    assert agent.run().sync == "in-sync"
    assert (launch / f"{label}.plist").stat().st_uid == 0
    assert mac.loaded(label, "system") == (launch / f"{label}.plist").read_bytes()
    assert (mac.home / ".openclaw/openclaw.json").stat().st_uid == NOBODY
    theirs = mac.home / f"Library/LaunchAgents/{label}.plist"
    theirs.parent.mkdir(parents=True)
    theirs.write_bytes(plist(label))
    mac.desk.publish({f"launchd/{label}.plist": plist(label, KeepAlive=True, UserName=user, Nice=1)})
    report = agent.run()
    assert report.refusal is not None
    assert report.refusal.code == "VD304"
