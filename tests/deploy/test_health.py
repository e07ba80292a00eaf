"""A release stays only where it is well; else the one before comes back, by itself."""

from __future__ import annotations

import errno
import json
import os
import time
from itertools import count
from pathlib import Path

import pytest

from deploy.agent import mac as product_mac
from deploy.agent import openclaw as product
from deploy.agent.jobs import jobs_of
from deploy.agent.place import Place
from deploy.agent.weights import weights_of
from tests.deploy.desk import Desk, openclaw, plist
from tests.deploy.rehearsal import Rehearsal
from tests.fakes.gateway import Answer, gateway

GATEWAY, MLX = "ai.openclaw.gateway", "ai.weathervane.mlx"


def release(port: int, nice: int = 0) -> dict[str, bytes]:
    return {
        "openclaw.json": openclaw(gateway={"mode": "local", "port": port}, agents={"nice": nice}),
        f"launchd/{GATEWAY}.plist": plist(GATEWAY, KeepAlive=True, Nice=nice),
    }


@pytest.mark.parametrize(
    ("script", "sync"),
    [
        (["good"], "in-sync"),
        (["bad", "bad", "good"], "in-sync"),
        (["hang", "good"], "in-sync"),
        (["good", "bad"], "rolled-back"),
        (["good", "good", "bad"], "rolled-back"),
        (["bad"], "rolled-back"),
        (["hang"], "rolled-back"),
    ],
    ids=["well", "wakes-slowly", "hangs-once", "lies-once", "lies-twice", "fails", "hangs"],
)
def test_health_decides(
    mac: Rehearsal, desk: Desk, monkeypatch: pytest.MonkeyPatch, script: list[Answer], sync: str
) -> None:
    monkeypatch.setattr(product, "_ASK_SECONDS", 0.1)
    with gateway(["good"]) as before:
        old = desk.publish(release(before.port))
        assert mac.run().sync == "in-sync"
    old_list = mac.job_file(GATEWAY)
    with gateway(script) as after:
        new = desk.publish(release(after.port, nice=1))
        is_new = sync == "in-sync"
        report = (mac if is_new else mac.impatient).run()
    assert report.sync == sync
    assert report.state.current == (new if is_new else old)
    assert (mac.job_file(GATEWAY) == old_list) is not is_new
    assert mac.loaded(GATEWAY) == mac.job_file(GATEWAY)
    if not is_new:
        assert report.refusal is not None
        assert report.refusal.code == "VD307"
        assert f"/healthz at {after.port} not well" in report.refusal.message


def test_a_first_release_that_is_not_well_leaves_what_was_there(mac: Rehearsal, desk: Desk) -> None:
    """Also what a person had there before any agent came."""
    theirs = {".openclaw/openclaw.json": b'{"mine": true}', "Library/LaunchAgents/ai.weathervane.x.plist": b"<mine/>"}
    theirs["Library/LaunchAgents/ai.weathervane.x.plist"] = plist("ai.weathervane.x", RunAtLoad=True)
    for path, content in theirs.items():
        (mac.home / path).parent.mkdir(parents=True)
        (mac.home / path).write_bytes(content)
    (mac.home / ".openclaw/openclaw.json").chmod(0o640)
    with gateway(["bad"]) as never:
        files = {**release(never.port), "launchd/ai.weathervane.x.plist": plist("ai.weathervane.x", KeepAlive=True)}
        desk.publish(files)
        report = mac.impatient.run()
    assert (report.sync, report.state.current) == ("rolled-back", None)
    assert {path: mac.file(path) for path in theirs} == theirs
    assert (mac.home / ".openclaw/openclaw.json").stat().st_mode & 0o777 == 0o640
    assert not (mac.home / f"Library/LaunchAgents/{GATEWAY}.plist").exists()
    assert mac.loaded(GATEWAY) is None
    assert mac.loaded("ai.weathervane.x") == theirs["Library/LaunchAgents/ai.weathervane.x.plist"]


def test_a_disk_that_is_full_at_the_first_release_leaves_a_persons_job_running(
    mac: Rehearsal, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    label = "ai.weathervane.x"
    theirs = plist(label, RunAtLoad=True)
    file = mac.home / f"Library/LaunchAgents/{label}.plist"
    file.parent.mkdir(parents=True)
    file.write_bytes(theirs)
    mac.mac.launchctl.load(label, file)
    desk.publish({f"launchd/{label}.plist": plist(label, KeepAlive=True)})
    prepare = Place.prepare

    def full(place: Place, content: bytes, mode: int) -> None:
        if content:
            raise OSError(errno.ENOSPC, "No space left on device")
        prepare(place, content, mode)

    with monkeypatch.context() as patch:
        patch.setattr(Place, "prepare", full)
        report = mac.run()
    assert report.refusal is not None
    assert (report.sync, report.state.current, report.refusal.code) == ("rolled-back", None, "VD309")
    assert file.read_bytes() == theirs == mac.loaded(label)
    assert mac.run().sync == "in-sync"
    assert mac.loaded(label) == file.read_bytes() != theirs


def test_what_was_given_up_is_not_tried_again(mac: Rehearsal, desk: Desk) -> None:
    with gateway(["good"]) as well:
        old = desk.publish(release(well.port))
        mac.run()
        with gateway(["bad"]) as ill:
            bad = desk.publish(release(ill.port, nice=1))
            mac.impatient.run()
            asked = ill.asked
            report = mac.run()
            assert (report.sync, report.state.current, ill.asked) == ("rolled-back", old, asked)
            assert bad in report.state.given_up
        good = desk.publish(release(well.port, nice=2))
        assert mac.run().state.current == good


def test_a_job_that_is_started_again_and_again_is_not_well(mac: Rehearsal, desk: Desk) -> None:
    server = "ai.weathervane.server"
    old = desk.publish({f"launchd/{server}.plist": plist(server, KeepAlive=True)})
    mac.run()
    mac.set_launchd(crashing=[server])
    desk.publish({f"launchd/{server}.plist": plist(server, KeepAlive=True, Nice=3)})
    report = mac.impatient.run()
    assert (report.sync, report.state.current) == ("rolled-back", old)
    assert report.refusal is not None
    assert "again and again" in report.refusal.message


@pytest.mark.parametrize(("token", "sync"), [("right", "in-sync"), ("wrong", "rolled-back"), (None, "refused")])
def test_the_probe_asks_for_one_token(
    mac: Rehearsal, desk: Desk, monkeypatch: pytest.MonkeyPatch, token: str | None, sync: str
) -> None:
    monkeypatch.delenv("OPENCLAW_GATEWAY_TOKEN", raising=False)
    if token:
        monkeypatch.setenv("OPENCLAW_GATEWAY_TOKEN", token)
    with gateway(["good"], token="right", agents=["batch"]) as asked:
        desk.publish(release(asked.port))
        report = mac.having(probe="batch").run()
        assert report.sync == sync
        assert asked.turns == (1 if sync == "in-sync" else 0)
    log = (mac.state_folder / "agent.log").read_text()
    assert "wrong" not in log


def test_a_clock_that_jumps_harms_nothing(mac: Rehearsal, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Years forward and back between any two looks: waits last as long, and releases keep their order."""
    jumps = count()
    monkeypatch.setattr(time, "time", lambda: 1e9 * (next(jumps) % 4))
    with gateway(["bad", "bad", "good"]) as well:
        first = desk.publish(release(well.port))
        report = mac.run()
        assert (report.sync, report.state.current) == ("in-sync", first)
        os.utime(mac.state_folder / "state.json", (0, 0))
        second = desk.publish(release(well.port, nice=1))
        os.utime(desk.out / f"{second}.tar", (0, 0))
        assert mac.run().state.current == second
    with gateway(["bad"]) as ill:
        desk.publish(release(ill.port, nice=2))
        start = time.monotonic()
        assert mac.impatient.run().sync == "rolled-back"
        assert 1 <= time.monotonic() - start < 120


# ---- the MLX server's model


def served(model: str) -> dict[str, bytes]:
    command = ["/opt/weathervane/venv/bin/python3", "-m", "mlx_lm", "server", "--model", model, "--port", "8080"]
    return {f"launchd/{MLX}.plist": plist(MLX, KeepAlive=True, ProgramArguments=command)}


def weights(folder: Path, *, shards: int, present: int) -> None:
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    names = [f"model-{number}.safetensors" for number in range(shards)]
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {name: name for name in names}}))
    for name in names[:present]:
        (folder / name).write_text("w")


def test_a_missing_model_is_told_and_is_no_fault_of_the_release(mac: Rehearsal, desk: Desk) -> None:
    mac.set_launchd(crashing=[MLX])
    desk.publish(served("mlx-community/Qwen3-4B-4bit"))
    report = mac.run()
    assert report.sync == "in-sync"
    assert report.health["mlx"].verdict == "missing"
    assert report.health["mlx"].words.endswith("hf download mlx-community/Qwen3-4B-4bit")
    snapshot = mac.home / ".cache/huggingface/hub/models--mlx-community--Qwen3-4B-4bit/snapshots/abc"
    weights(snapshot, shards=2, present=1)
    assert mac.run().health["mlx"].verdict == "missing", "a download that broke off"
    (snapshot / "model-1.safetensors").write_text("w")
    mac.set_launchd(crashing=[])
    health = mac.run().health
    assert "mlx" not in health
    assert health[MLX].verdict == "good"


def test_the_cache_may_lie_elsewhere(mac: Rehearsal, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.publish(served("a/b"))
    for number, name in enumerate(("HF_HUB_CACHE", "HF_HOME")):
        hub = mac.root / f"cache-{number}" / ("hub" if name == "HF_HOME" else "")
        monkeypatch.setenv(name, str(mac.root / f"cache-{number}"))
        assert mac.run().health["mlx"].verdict == "missing"
        weights(hub / "models--a--b/snapshots/abc", shards=1, present=1)
        assert "mlx" not in mac.run().health
        monkeypatch.delenv(name)


def test_a_model_in_a_folder(mac: Rehearsal, desk: Desk) -> None:
    desk.publish(served(str(mac.root / "model")))
    assert mac.run().health["mlx"].verdict == "missing"
    (mac.root / "model").mkdir()
    (mac.root / "model/config.json").write_text("{}")
    (mac.root / "model/model.safetensors").write_text("w")
    assert "mlx" not in mac.run().health


def test_a_mac_without_a_model_server(mac: Rehearsal) -> None:
    assert weights_of(jobs_of(None), mac.site) is None


def test_a_later_release_that_is_not_well_gives_back_what_it_replaced(
    mac: Rehearsal, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The Mac is as it was before, and that is more than the release before; also where going back was cut off."""

    def cut_off(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    desk.publish({"policy.jsonc": b"{}\n"})
    mac.run()
    label = "ai.weathervane.x"
    job = f"Library/LaunchAgents/{label}.plist"
    theirs = {".cursor/permissions.json": b'{"mine": true}', job: plist(label, RunAtLoad=True)}
    for path, content in theirs.items():
        (mac.home / path).parent.mkdir(parents=True, exist_ok=True)
        (mac.home / path).write_bytes(content)
    ours = {"cursor/permissions.json": b"{}\n", f"launchd/{label}.plist": plist(label, KeepAlive=True)}
    desk.publish({"policy.jsonc": b"{}\n", **ours})
    mac.set_launchd(crashing=[label])
    with monkeypatch.context() as patch:
        patch.setattr(product_mac, "_load_originals", cut_off)
        assert mac.impatient.run().sync == "interrupted"
    assert mac.impatient.run().sync == "rolled-back"
    assert {path: mac.file(path) for path in theirs} == theirs
    assert mac.loaded(label) == theirs[job], "and a person's job runs again"
    report = mac.impatient.run()
    assert (report.drift, report.left) == ((), ())
    assert {path: mac.file(path) for path in theirs} == theirs
