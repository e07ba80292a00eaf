"""`vane account apply`: does what the plan said and nothing else, loses no secret, stops where it should."""

from __future__ import annotations

import io
import json
import os
import pty
import signal
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from tests.account.conftest import Desk, Done
from tests.fakes.openrouter_management import INFERENCE_KEY, MANAGEMENT_KEY, Fault

EVERYTHING = [
    ("POST", "/keys"), ("POST", "/keys"), ("POST", "/keys"),
    ("POST", "/guardrails"), ("POST", "/guardrails"), ("POST", "/guardrails"),
]  # fmt: skip


def plan_file(desk: Desk) -> str:
    file = desk.project.parent / "account.plan"
    assert desk("plan", "--out", str(file)).code == 0
    return str(file)


def secrets(desk: Desk) -> dict[str, str]:
    return dict(line.split("=", 1) for line in desk.secrets.read_text("utf-8").splitlines())


def refused(done: Done, code: str) -> str:
    """What was said; nothing else went wrong."""
    assert done.code in (1, 2)
    assert f" {code} " in done.err
    assert "\n  fix: " in done.err
    return done.err


# ---- the good way


def test_everything_in_order_and_then_nothing(desk: Desk) -> None:
    done = desk.apply()
    assert done.code == 0
    assert done.out.endswith("  done: + preset vane-ide-assist\nApplied: 11 done.\n")
    changes = desk.account.changes
    assert changes[:6] == EVERYTHING
    assert all(path.endswith("/assignments/keys") for _, path in changes[6:9])
    assert [path.rpartition("/presets/")[2] for _, path in changes[9:]] == [
        "vane-design-review/chat/completions", "vane-ide-assist/chat/completions",
    ]  # fmt: skip
    second = desk("apply", "--yes")
    assert (second.code, second.out) == (0, "No changes. The account holds what generated/openrouter says.\n")
    assert len(desk.account.changes) == 11


def test_what_is_sent(desk: Desk) -> None:
    assert desk.apply().code == 0
    sent = [(path, body) for method, path, body in desk.account.asked if method != "GET"]
    assert sent[1][1] == {
        "name": "vane-dollar", "limit": Decimal("800.1"), "limit_reset": "monthly", "include_byok_in_limit": True,
    }  # fmt: skip
    assert sent[4][1]["allowed_models"] == ["anthropic/claude-4.7-opus-20260416"]
    assert sent[4][1]["enforce_zdr_anthropic"] is True
    assert sent[9][1]["provider"]["max_price"] == {"completion": "25", "prompt": "5"}
    assert sent[9][1]["model"] == "anthropic/claude-opus-4.7"
    assert "model" not in sent[10][1]
    key, guardrail = desk.account.key("vane-token"), desk.account.guardrail("vane-token")
    assert desk.account.assigned[key["hash"]] == guardrail["id"]


def test_only_what_differs_is_sent(desk: Desk) -> None:
    assert desk.apply().code == 0
    desk.account.key("vane-dollar").update(limit=1)
    desk.account.guardrail("vane-gray").update(enforce_zdr_xai=True)
    del desk.account.asked[:]
    assert desk("apply", "--yes").code == 0
    bodies = [body for method, _, body in desk.account.asked if method == "PATCH"]
    assert bodies == [{"limit": Decimal("800.1")}, {"enforce_zdr_xai": False}]


def test_a_plan_file_is_applied_as_it_stands_without_a_question(desk: Desk) -> None:
    file = plan_file(desk)
    assert desk("apply", file, "--secrets-to", str(desk.secrets)).code == 0
    assert desk("plan", "--check").code == 0
    assert "the account changed since the plan" in refused(desk("apply", file), "VA304")


# ---- stops


def test_a_plan_stops_when_the_account_changed(desk: Desk) -> None:
    file = plan_file(desk)
    desk.account.add_key("vane-gray")
    refused(desk("apply", file, "--secrets-to", str(desk.secrets)), "VA304")
    assert desk.account.changes == []


def test_a_plan_stops_when_the_desired_state_changed(desk: Desk) -> None:
    file = plan_file(desk)
    desk.edit("keys", lambda keys: keys[1].update(limit=900))
    refused(desk("apply", file, "--secrets-to", str(desk.secrets)), "VA303")
    assert desk.account.changes == []


def test_a_plan_that_somebody_edited_is_refused(desk: Desk) -> None:
    file = Path(plan_file(desk))
    data = json.loads(file.read_text("utf-8"))
    data["actions"][1]["body"]["limit"] = 1_000_000
    file.write_text(json.dumps(data), "utf-8")
    refused(desk("apply", str(file), "--secrets-to", str(desk.secrets)), "VA302")
    assert desk.account.changes == []


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"format": "weathervane/account-plan/2"}', b"\xff\xfe"])
def test_what_is_no_plan_is_refused(desk: Desk, content: bytes) -> None:
    file = desk.project.parent / "account.plan"
    refused(desk("apply", str(file)), "VA302")
    file.write_bytes(content)
    refused(desk("apply", str(file)), "VA302")
    assert desk.account.asked == []


def test_deletions_want_their_own_word(desk: Desk) -> None:
    assert desk.apply().code == 0
    desk.edit("guardrails", lambda found: found.pop())
    desk.edit("keys", lambda found: found.pop())
    del desk.account.asked[:]
    done = desk("apply", "--yes")
    assert "2 deletions" in refused(done, "VA305")
    assert "  - key vane-gray\n" in done.out
    refused(desk("apply", plan_file(desk)), "VA305")
    assert desk.account.changes == []
    assert desk("apply", "--yes", "--allow-delete").code == 0
    assert [method for method, _ in desk.account.changes] == ["DELETE", "DELETE"]
    assert [key["name"] for key in desk.account.keys.values()] == ["vane-token", "vane-dollar"]


def test_foreign_things_survive_every_apply(desk: Desk) -> None:
    hash, _ = desk.account.add_key("Bob's laptop")
    desk.account.assigned[hash] = id = desk.account.add_guardrail("Bob's", limit_usd=5)
    preset = desk.account.add_preset("bobs", model="openai/gpt-4o")
    before = json.dumps([desk.account.keys[hash], desk.account.guardrails[id], preset])
    assert desk.apply("--allow-delete").code == 0
    assert json.dumps([desk.account.keys[hash], desk.account.guardrails[id], desk.account.presets["bobs"]]) == before
    assert desk.account.assigned[hash] == id


def test_without_a_terminal_it_wants_yes(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("yes\n"))
    done = desk("apply", "--secrets-to", str(desk.secrets))
    assert done.code == 2
    refused(done, "VA307")
    assert desk.account.changes == []
    assert not desk.secrets.exists()


def answered(desk: Desk, monkeypatch: pytest.MonkeyPatch, answer: bytes) -> Done:
    """A run whose question somebody answers at a terminal."""
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "r") as terminal:
        monkeypatch.setattr(sys, "stdin", terminal)
        os.write(ours, answer)
        done = desk("apply", "--secrets-to", str(desk.secrets))
    os.close(ours)
    return done


def test_at_a_terminal_only_yes_counts(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    for answer in (b"y\n", b"no\n", b"\n"):
        done = answered(desk, monkeypatch, answer)
        assert (done.code, done.out.endswith("Do this? Only `yes` counts: Nothing was changed.\n")) == (1, True)
        assert desk.account.changes == []
        assert not desk.secrets.exists()
    assert answered(desk, monkeypatch, b"yes\n").code == 0
    assert len(secrets(desk)) == 3


def test_an_account_that_changes_during_the_question_stops_it(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    class Slow:
        def isatty(self) -> bool:
            return True

        def readline(self) -> str:
            desk.account.add_key("vane-token")
            return "yes\n"

    monkeypatch.setattr(sys, "stdin", Slow())
    refused(desk("apply", "--secrets-to", str(desk.secrets)), "VA304")
    assert desk.account.changes == []


# ---- secrets


def test_secrets_go_to_a_file_of_their_owner_and_nowhere_else(desk: Desk) -> None:
    done = desk.apply()
    assert secrets(desk) == dict(
        zip(("OPENROUTER_TOKEN_KEY", "OPENROUTER_DOLLAR_KEY", "OPENROUTER_GRAY_KEY"), desk.account.told, strict=True)
    )
    assert desk.secrets.stat().st_mode & 0o777 == 0o600
    everything = done.out + done.err + "".join(
        file.read_text("utf-8") for file in desk.project.rglob("*") if file.is_file()
    )  # fmt: skip
    assert not any(secret in everything for secret in (*desk.account.told, MANAGEMENT_KEY))


def test_secrets_on_standard_output_stand_alone_there(desk: Desk) -> None:
    done = desk("apply", "--yes", "--secrets-to", "-")
    assert done.code == 0
    assert [line.partition("=")[2] for line in done.out.splitlines()] == desk.account.told
    assert "Applied: 11 done." in done.err
    assert not any(secret in done.err for secret in desk.account.told)


def test_a_plan_that_makes_a_key_wants_a_place_for_its_secret(desk: Desk) -> None:
    refused(desk("apply", "--yes"), "VA306")
    assert desk.account.changes == []


@pytest.mark.parametrize("where", ["here.env", "generated/openrouter/here.env"])
def test_a_secret_never_lies_in_a_repository(desk: Desk, where: str, tmp_path: Path) -> None:
    refused(desk("apply", "--yes", "--secrets-to", str(desk.project / where)), "VA306")
    other = tmp_path / "other"
    (other / "deep").mkdir(parents=True)
    (other / ".git").write_text("gitdir: elsewhere\n", "utf-8")
    (tmp_path / "link").symlink_to(other / "deep")
    refused(desk("apply", "--yes", "--secrets-to", str(tmp_path / "link" / "here.env")), "VA306")
    assert desk.account.changes == []


def test_a_file_that_is_there_is_never_written_into(desk: Desk, tmp_path: Path) -> None:
    desk.secrets.write_text("mine", "utf-8")
    refused(desk("apply", "--yes", "--secrets-to", str(desk.secrets)), "VA306")
    assert desk.secrets.read_text("utf-8") == "mine"
    link = tmp_path / "link.env"
    link.symlink_to(tmp_path / "target.env")
    refused(desk("apply", "--yes", "--secrets-to", str(link)), "VA306")
    refused(desk("apply", "--yes", "--secrets-to", str(tmp_path / "no" / "folder.env")), "VA306")
    assert desk.account.changes == []


class Full(io.StringIO):
    """A disk that is full."""

    def write(self, text: str) -> int:
        raise OSError(28, "No space left on device")


def test_a_key_whose_secret_cannot_be_written_is_deleted_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", Full())
    err = refused(desk("apply", "--yes", "--secrets-to", "-"), "VA308")
    assert "No space left on device), so the key was deleted again" in err
    assert desk.account.keys == {}
    assert "Stopped: 0 done, 1 failed, 10 not done.\n" in err


def test_a_key_that_can_neither_be_told_nor_deleted_is_named(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", Full())
    desk.account.after_change = lambda: desk.account.faults.extend(
        Fault("DELETE", f"/keys/{hash}", 500) for hash in desk.account.keys
    )
    err = refused(desk("apply", "--yes", "--secrets-to", "-"), "VA308")
    assert f"delete the key {desk.account.key('vane-token')['hash']} at openrouter.ai/settings/keys" in err
    assert desk.account.told[0] not in err


def test_an_interruption_waits_until_the_secret_is_safe(desk: Desk) -> None:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
    try:
        _interrupted(desk)
    finally:
        signal.signal(signal.SIGINT, before)


def _interrupted(desk: Desk) -> None:
    desk.account.after_change = lambda: os.kill(os.getpid(), signal.SIGINT)
    done = desk.apply()
    assert done.code == 130
    assert list(secrets(desk).values()) == desk.account.told
    assert len(desk.account.told) == 1


# ---- on the way


def test_the_first_error_stops_it_and_tells_what_was_done(desk: Desk) -> None:
    desk.account.faults.append(Fault("POST", "/guardrails", 400, "Invalid models: openrouter/owl-alpha"))
    done = desk.apply()
    assert "POST /guardrails VA202 HTTP 400: Invalid models: openrouter/owl-alpha\n" in done.err
    assert done.out.endswith("""\
  done: + key vane-token
  done: + key vane-dollar
  done: + key vane-gray
  FAILED + guardrail vane-token
  not done: + guardrail vane-dollar
  not done: + guardrail vane-gray
  not done: + assignment vane-token
  not done: + assignment vane-dollar
  not done: + assignment vane-gray
  not done: + preset vane-design-review
  not done: + preset vane-ide-assist
Stopped: 3 done, 1 failed, 7 not done.
""")
    assert len(secrets(desk)) == 3
    assert desk("apply", "--yes").code == 0  # the rest, without a new key
    assert desk("plan", "--check").code == 0


@pytest.mark.parametrize("status", [None, 500, 502])
def test_a_key_that_was_made_without_an_answer_is_found_and_said(desk: Desk, status: int | None) -> None:
    desk.account.faults.append(Fault("POST", "/keys", status, is_done=True))
    err = refused(desk.apply(), "VA205")
    assert f"the key was made ({desk.account.key('vane-token')['hash']}), but its secret was never told" in err
    assert desk.account.changes == [("POST", "/keys")]
    assert not desk.secrets.exists()


def test_a_key_that_was_not_made_is_said_too(desk: Desk) -> None:
    desk.account.faults.append(Fault("POST", "/keys", None))
    assert "the key was not made\n" in refused(desk.apply(), "VA205")
    assert desk.account.changes == [("POST", "/keys")]


def test_a_key_that_nobody_can_tell_about(desk: Desk) -> None:
    desk.account.after_change = lambda: desk.account.faults.append(Fault("GET", "/keys", 500, times=9))
    desk.account.faults.append(Fault("POST", "/keys", None, is_done=True))
    assert "whether the key was made cannot be read either" in refused(desk.apply(), "VA205")


@pytest.mark.parametrize("body", [b"{}", b"[]", b"{", b'{"data": {}}'])
def test_an_answer_without_the_secret_is_no_success(desk: Desk, body: bytes) -> None:
    desk.account.faults.append(Fault("POST", "/keys", 201, is_done=True, body=body))
    err = refused(desk.apply(), "VA205")
    assert f"the key was made ({desk.account.key('vane-token')['hash']}), but its secret was never told" in err
    assert len(desk.account.changes) == 1


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/guardrails"), ("POST", "/presets/vane-ide-assist/chat/completions")]
)
def test_other_changes_without_an_answer_are_sent_once(desk: Desk, method: str, path: str) -> None:
    desk.account.faults.append(Fault(method, path, None, is_done=True))
    assert "it may have been done all the same" in refused(desk.apply(), "VA205")
    before = desk.account.changes.count((method, path))
    assert desk("apply", "--yes").code == 0
    assert desk("plan", "--check").code == 0
    assert before == 1


def test_what_the_account_does_not_keep_is_an_error(desk: Desk) -> None:
    body = {"data": {**desk.account.guardrails[desk.account.add_guardrail("vane-token")], "enforce_zdr_other": True}}
    desk.account.guardrails.clear()
    desk.account.faults.append(Fault("POST", "/guardrails", 201, is_done=True, body=json.dumps(body).encode()))
    assert "guardrail vane-token VA206 allowed_models is None, not (" in desk.apply().err


def test_an_assignment_that_binds_nothing_is_an_error(desk: Desk) -> None:
    assert desk.apply().code == 0
    desk.account.assigned.clear()
    id = desk.account.guardrail("vane-token")["id"]
    desk.account.faults.append(Fault("POST", f"/guardrails/{id}/assignments/keys", 200, body=b'{"assigned_count": 0}'))
    assert "assigned_count is 0, not 1" in refused(desk("apply", "--yes"), "VA206")


def test_a_key_for_inference_changes_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENROUTER_MANAGEMENT_KEY", INFERENCE_KEY)
    err = refused(desk.apply(), "VA201")
    assert "must be a management key" in err
    assert INFERENCE_KEY not in err
