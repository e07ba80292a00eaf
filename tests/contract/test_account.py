"""`vane account` and our fake of the management API, with OpenRouter's own description between them.

Prism refuses a call that the description does not allow (4xx) and an answer that it does not allow (500), so a cycle
that passes is right on both sides. Run by `make contract`; the first run installs Prism below .cache/contract.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from compiler.targets.openrouter.emit import emit
from deploy.account import api
from tests.account.conftest import Desk
from tests.contract.gateway import free_port
from tests.contract.prism import prism
from tests.fakes.openrouter_management import MANAGEMENT_KEY, ROUTES, Fault, Management, Server
from tests.targets.test_openrouter import PLAN

AUTHORIZED = {"Authorization": f"Bearer {MANAGEMENT_KEY}"}


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory, specification: Path) -> Iterator[tuple[Management, str]]:
    """The fake account, and the address of the Prism in front of it."""
    folder = tmp_path_factory.mktemp("prism")
    with Server() as account:
        upstream = account.address.removesuffix("/api/v1")
        with prism(specification, upstream, free_port(), folder / "prism.log") as address:
            yield account, address


@pytest.fixture
def desk(
    proxied: tuple[Management, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Desk]:
    """`vane account` that speaks with the account through Prism alone."""
    account, address = proxied
    for artifact in emit(PLAN):
        file = tmp_path / "project" / "generated" / artifact.path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(artifact.content)
    monkeypatch.setenv(api.VARIABLE, MANAGEMENT_KEY)
    monkeypatch.setattr(api, "PAUSES", ())
    direct, account.address = account.address, address
    account.page = 2
    yield Desk(tmp_path / "project", account, capsys)
    account.address = direct
    for held in (account.keys, account.guardrails, account.assigned, account.presets, account.asked, account.faults):
        held.clear()


def test_a_whole_life_of_an_account_breaks_the_contract_nowhere(desk: Desk, tmp_path: Path) -> None:
    for number in range(3):
        hash, _ = desk.account.add_key(f"other-{number}", disabled=True, expires_at="2027-01-01T00:00:00Z")
        desk.account.assigned[hash] = desk.account.add_guardrail(f"other-{number}")
    file = tmp_path / "account.plan"
    assert desk("plan", "--out", str(file)).err == ""
    first = desk("apply", str(file), "--secrets-to", str(desk.secrets))
    assert (first.code, first.err) == (0, "")
    assert desk("plan", "--check").code == 0

    desk.account.key("vane-dollar").update(limit=1.5, limit_reset="weekly")
    desk.account.guardrail("vane-token").update(enforce_zdr_google=False)
    desk.account.assigned[desk.account.key("vane-gray")["hash"]] = desk.account.guardrail("other-0")["id"]
    desk.account.add_preset("vane-ide-assist", model="openai/gpt-4o")
    second = desk.apply()
    assert (second.code, second.err) == (0, "")
    assert "Plan: 0 to create, 4 to change, 0 to delete." in second.out

    desk.edit("guardrails", lambda found: found.pop())
    desk.edit("keys", lambda found: found.pop())
    third = desk.apply("--allow-delete")
    assert (third.code, third.err) == (0, "")
    assert "Plan: 0 to create, 0 to change, 2 to delete." in third.out
    assert desk("plan", "--check").code == 0
    asked = {(method, path.partition("?")[0]) for method, path, _ in desk.account.asked}
    unseen = [
        (method, pattern)
        for method, pattern, _ in ROUTES
        if not any(method == other and re.fullmatch(pattern, path) for other, path in asked)
    ]
    assert unseen == []


def test_errors_of_the_account_are_errors_of_the_contract_too(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(api.VARIABLE, "sk-or-v1-nobody")
    assert "GET /keys VA201 HTTP 401: Invalid API key" in desk("plan").err
    monkeypatch.setenv(api.VARIABLE, MANAGEMENT_KEY)
    desk.account.faults.append(Fault("POST", "/keys", 403, "Only management keys can perform this operation"))
    assert "POST /keys VA201 HTTP 403: Only management keys" in desk.apply().err


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("/keys", {"name": "vane-token", "limit": "800"}, "limit"),
        ("/keys", {"limit": 800}, "name"),
        ("/keys", {"name": "vane-token", "limit_reset": "yearly"}, "limit_reset"),
        ("/guardrails", {"name": "vane-token", "allowed_models": []}, "allowed_models"),
        ("/guardrails/no-uuid/assignments/keys", {"key_hashes": []}, "key_hashes"),
        ("/presets/a/chat/completions", {"model": "a/b"}, "messages"),
        (
            "/presets/a/chat/completions",
            {"messages": [{"role": "user", "content": "."}], "provider": {"max_price": {"prompt": 5}}},
            "max_price",
        ),
    ],
)
def test_a_wrong_call_does_not_pass(desk: Desk, path: str, body: object, said: str) -> None:
    """The gate can close: else the cycle above would prove nothing."""
    answer = httpx.post(f"{desk.account.address}{path}", json=body, headers=AUTHORIZED)
    assert answer.status_code == 422
    assert said in str(answer.json()["validation"])
    assert desk.account.asked == []


def test_a_wrong_answer_does_not_pass(desk: Desk) -> None:
    desk.account.faults.append(Fault("GET", "/keys", 200, body=b'{"data": [{"hash": "a", "name": "b"}]}'))
    answer = httpx.get(f"{desk.account.address}/keys", headers=AUTHORIZED)
    assert answer.status_code == 500
    assert "data" in answer.headers["sl-violations"]


def test_a_call_that_the_description_does_not_know_does_not_pass(desk: Desk) -> None:
    assert httpx.get(f"{desk.account.address}/keychains", headers=AUTHORIZED).status_code == 404
    assert httpx.put(f"{desk.account.address}/keys", json={}, headers=AUTHORIZED).status_code == 405
    assert desk.account.asked == []
