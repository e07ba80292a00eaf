"""The bootout, enable, bootstrap dance with launchd's real traps, as the stand-in has them."""

from __future__ import annotations

import pytest

from deploy.agent import launchctl
from tests.deploy.desk import Desk, plist
from tests.deploy.rehearsal import GUI, Rehearsal

SERVER, TIMER, AGENT = "ai.weathervane.server", "ai.weathervane.timer", "ai.weathervane.deploy"
GATEWAY = "ai.openclaw.gateway"


def release(nice: int = 0, more: dict[str, bytes] | None = None) -> dict[str, bytes]:
    files = {
        f"launchd/{SERVER}.plist": plist(SERVER, KeepAlive=True, Nice=nice),
        f"launchd/{TIMER}.plist": plist(TIMER, StartInterval=300),
    }
    return {**files, **(more or {})}


def test_an_unchanged_list_is_not_touched(mac: Rehearsal, desk: Desk) -> None:
    desk.publish(release())
    mac.run()
    mac.calls()
    desk.publish(release(nice=1))
    assert mac.run().sync == "in-sync"
    assert not [call for call in mac.calls() if TIMER in call]


def test_a_bootout_that_takes_its_time_and_error_5(mac: Rehearsal, desk: Desk) -> None:
    desk.publish(release())
    mac.run()
    mac.set_launchd(bootout_seconds=0.3, errors_5=3)
    mac.calls()
    desk.publish(release(nice=1))
    assert mac.run().sync == "in-sync"
    assert mac.loaded(SERVER) == mac.job_file(SERVER)
    verbs = [call.split()[0] for call in mac.calls()]
    assert verbs == ["bootout", "enable", *["bootstrap"] * 4]


def test_error_5_that_does_not_end_goes_back(mac: Rehearsal, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    old = desk.publish(release())
    mac.run()
    before = mac.job_file(SERVER)
    monkeypatch.setattr(launchctl, "_RETRY_SECONDS", 0)
    mac.set_launchd(errors_5=1)
    desk.publish(release(nice=1))
    report = mac.run()
    assert (report.sync, report.state.current) == ("rolled-back", old)
    assert report.refusal is not None
    assert report.refusal.code == "VD305"
    assert mac.job_file(SERVER) == before == mac.loaded(SERVER)
    assert report.state.given_up == {}, "it need not be the release's fault"
    assert mac.run().sync == "in-sync", "so the next pass tries again"


def test_three_failures_are_enough(mac: Rehearsal, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.publish(release())
    mac.run()
    monkeypatch.setattr(launchctl, "_RETRY_SECONDS", 0)
    bad = desk.publish(release(nice=1))
    for _ in range(3):
        mac.set_launchd(errors_5=1)
        assert mac.run().sync == "rolled-back"
    assert bad in mac.state.given_up


def test_without_a_login_at_the_screen(mac: Rehearsal, desk: Desk) -> None:
    """Over SSH there is no gui domain: error 125, and the background domain of the account takes the jobs."""
    mac.set_launchd(screen=False)
    desk.publish(release())
    assert mac.run().sync == "in-sync"
    assert mac.loaded(SERVER, "user/501") == mac.job_file(SERVER)
    mac.set_launchd(screen=True)
    mac.calls()
    assert mac.run().sync == "in-sync"
    assert mac.calls() == [], "loaded is loaded, in whichever domain"
    desk.publish(release(nice=1))
    mac.run()
    assert mac.loaded(SERVER) == mac.job_file(SERVER)
    assert mac.loaded(SERVER, "user/501") is None, "one label, one job"


def test_a_disabled_job_is_enabled_first(mac: Rehearsal, desk: Desk) -> None:
    mac.set_launchd(disabled=[f"{GUI}/{SERVER}"])
    desk.publish(release())
    assert mac.run().sync == "in-sync"
    assert mac.loaded(SERVER) == mac.job_file(SERVER)


def test_registered_and_not_spawned(mac: Rehearsal, desk: Desk) -> None:
    mac.set_launchd(not_spawned=[SERVER])
    desk.publish(release())
    assert mac.run().sync == "in-sync"
    calls = mac.calls()
    assert f"kickstart {GUI}/{SERVER}" in calls
    assert not [call for call in calls if "kickstart -k" in call]


def test_somebody_booted_a_job_out(mac: Rehearsal, desk: Desk) -> None:
    desk.publish(release())
    mac.run()
    mac.set_launchd(jobs={})
    report = mac.run()
    assert (report.sync, report.drift) == ("mended", (SERVER, TIMER))
    assert mac.loaded(SERVER) == mac.job_file(SERVER)


@pytest.mark.parametrize("label", [SERVER, GATEWAY])
def test_a_system_daemon_has_the_label(mac: Rehearsal, desk: Desk, label: str) -> None:
    job = {"path": "/Library", "content": "", "state": "running", "pid": 7, "ends": None}
    mac.set_launchd(jobs={f"system/{label}": job})
    desk.publish({f"launchd/{label}.plist": plist(label, KeepAlive=True)})
    report = mac.run()
    assert report.refusal is not None
    assert (report.sync, report.refusal.code) == ("refused", "VD304")
    assert mac.calls() == []
    assert not (mac.home / f"Library/LaunchAgents/{label}.plist").exists()


def test_openclaws_own_gateway_agent_is_not_fought_over(mac: Rehearsal, desk: Desk) -> None:
    theirs = plist(GATEWAY, KeepAlive=True, Comment="OpenClaw Gateway")
    file = mac.home / f"Library/LaunchAgents/{GATEWAY}.plist"
    file.parent.mkdir(parents=True)
    file.write_bytes(theirs)
    desk.publish({f"launchd/{GATEWAY}.plist": plist(GATEWAY, KeepAlive=True)})
    report = mac.run()
    assert report.refusal is not None
    assert (report.sync, report.refusal.code) == ("refused", "VD304")
    assert "openclaw gateway uninstall" in report.refusal.fix
    assert file.read_bytes() == theirs


@pytest.mark.parametrize(
    "content",
    [plist(SERVER, UserName="root"), plist(SERVER, UserName="other"), plist("ai.weathervane.another"), b"<plist>"],
    ids=["root", "another-account", "another-label", "no-list"],
)
def test_a_list_that_asks_for_more(mac: Rehearsal, desk: Desk, content: bytes) -> None:
    desk.publish({f"launchd/{SERVER}.plist": content})
    report = mac.run()
    assert report.refusal is not None
    assert (report.sync, report.refusal.code) == ("refused", "VD306")
    assert mac.calls() == []


@pytest.mark.parametrize("path", [f"launchd/more/{SERVER}.plist", "launchd/readme", f"launchd/{SERVER}.plist.old"])
def test_a_list_in_an_odd_place(mac: Rehearsal, desk: Desk, path: str) -> None:
    """Two lists of one label would take turns."""
    desk.publish({f"launchd/{SERVER}.plist": plist(SERVER), path: plist(SERVER, Nice=5)})
    report = mac.run()
    assert report.refusal is not None
    assert (report.sync, report.refusal.code, report.refusal.place) == ("refused", "VD306", path)
    assert mac.calls() == []


def test_the_agent_never_boots_itself_out(mac: Rehearsal, desk: Desk) -> None:
    """Booted out, it could not load itself again; and without its list nobody would mend this Mac any more."""
    file = mac.home / f"Library/LaunchAgents/{AGENT}.plist"
    file.parent.mkdir(parents=True)
    file.write_bytes(plist(AGENT, StartInterval=300))
    desk.publish(release(more={f"launchd/{AGENT}.plist": plist(AGENT, StartInterval=300)}))
    mac.run()
    desk.publish(release(more={f"launchd/{AGENT}.plist": plist(AGENT, StartInterval=600)}))
    report = mac.run()
    assert report.pending == (f"{AGENT}: its new property list holds from the next login or start",)
    assert mac.job_file(AGENT) == plist(AGENT, StartInterval=600)
    desk.publish(release(nice=1))
    assert mac.run().sync == "in-sync"
    assert file.exists()
    assert not [call for call in mac.calls() if AGENT in call]


def test_launchctl_is_broken(mac: Rehearsal, desk: Desk) -> None:
    old = desk.publish(release())
    mac.run()
    mac.set_launchd(broken=True)
    desk.publish(release(nice=1))
    report = mac.run()
    assert report.sync in ("interrupted", "rolled-back")
    assert report.refusal is not None
    assert report.refusal.code == "VD305"
    mac.set_launchd(broken=False)
    assert mac.run().state.current == old, "first it goes back to where it was"
    assert mac.loaded(SERVER) == mac.job_file(SERVER)
    report = mac.run()
    assert report.sync == "in-sync"
    assert report.state.current != old
    assert mac.loaded(SERVER) == mac.job_file(SERVER)
