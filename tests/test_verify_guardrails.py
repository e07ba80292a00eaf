"""What a key's guardrail admits is held against the routes on that key: it is the last gate behind all Macs."""

from __future__ import annotations

from pathlib import Path

import pytest

from compiler import load
from compiler.compile import check
from compiler.plan import AccountPlan
from compiler.policy import FILES, Policies
from compiler.targets import Reach
from compiler.verify import violations
from tests.samples import write_policies

FLASH, OPUS = "deepseek/deepseek-v4-flash", "anthropic/claude-opus-4.7"


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Policies, AccountPlan]:
    policies, plans, _ = check(load.load(write_policies(tmp_path_factory.mktemp("project")), FILES))
    return policies, plans[0].account


def found(compiled: tuple[Policies, AccountPlan], key: str, model: str, *, zdr: bool) -> list[str]:
    policies, plan = compiled
    reach = Reach(f"key:{key}", model, "openrouter/guardrails.json guardrails[0]", {"zdr": zdr})
    return [f"{code.code} {why}" for code, why in violations(reach, plan, policies)]


def test_what_the_sample_makes_of_its_keys(compiled: tuple[Policies, AccountPlan]) -> None:
    """The other tests rest on it: customer data asks for zero retention on the token key alone."""
    keys = {key.key: (key.models, key.zdr_models) for key in compiled[1].keys}
    assert FLASH in keys["token"][1]
    assert keys["dollar"][1] == () and OPUS in keys["dollar"][0]


def test_what_a_route_asks_for_is_admitted(compiled: tuple[Policies, AccountPlan]) -> None:
    assert found(compiled, "token", FLASH, zdr=True) == []
    assert found(compiled, "dollar", OPUS, zdr=False) == []


@pytest.mark.parametrize(("key", "model"), [("token", OPUS), ("dollar", FLASH), ("nobody's", FLASH), ("token", "*")])
def test_what_no_route_on_the_key_asks_for(compiled: tuple[Policies, AccountPlan], key: str, model: str) -> None:
    assert found(compiled, key, model, zdr=True) == ["VN903 no route on this key holds it"]


def test_retention_that_is_not_enforced(compiled: tuple[Policies, AccountPlan]) -> None:
    (said,) = found(compiled, "token", FLASH, zdr=False)
    assert said == "VN902 calls with blocked labels use it, and zero retention is not enforced"


def test_a_mac_has_no_keys_of_the_account(compiled: tuple[Policies, AccountPlan], tmp_path: Path) -> None:
    policies, plans, _ = check(load.load(write_policies(tmp_path), FILES))
    reach = Reach("key:token", FLASH, "somewhere", {"zdr": True})
    assert [code.code for code, _ in violations(reach, plans[0].machines["studio"], policies)] == ["VN903"]


def test_a_machines_own_server_may_hold_its_own_model_alone(tmp_path: Path) -> None:
    policies, plans, _ = check(load.load(write_policies(tmp_path), FILES))
    studio = plans[0].machines["studio"]
    wants = {"machine:mlx": [], "machine:other": ["VN903"]}
    for subject, codes in wants.items():
        reach = Reach(subject, "mlx/acme/Large-4bit", "somewhere", {})
        assert [code.code for code, _ in violations(reach, studio, policies)] == codes, subject
    reach = Reach("machine:mlx", "mlx/acme/Large-4bit", "somewhere", {})
    assert [code.code for code, _ in violations(reach, plans[0].account, policies)] == ["VN903"]
