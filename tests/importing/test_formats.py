"""The other two formats, files that cannot be imported, and what the command does with the folder."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler.cli import main
from compiler.codes import codes
from compiler.importing.findings import CODES
from compiler.importing.found import Found, Wanted, Work
from compiler.importing.names import safe_name, title_of
from compiler.importing.places import place_of
from compiler.importing.policies import write_policies
from compiler.importing.proof import differences
from compiler.importing.slugs import Catalogue, corrected, settle, settle_direct
from compiler.importing.source import literal_keys
from compiler.importing.yaml_text import comment, scalar
from compiler.policy import KINDS
from compiler.policy.scenario import Scenario
from compiler.yaml_text import parse
from tests.importing.shapes import FLASH, HY3, MINIMAX, MLX, OPUS, OWL, answer, lock_with_mlx
from tests.importing.test_openclaw import policies, reach_after

SKELETON = """{
  // the article's own
  token_track: {primary: "deepseek/deepseek-v4-flash", fallback: ["tencent/hy3-preview", "minimax/m2.7"]},
  dollar_track: {primary: "anthropic/claude-opus-4.7", budget_cap_usd: 800},
  gray_pool: {models: ["openrouter/owl-alpha"], max_share: "10%", exclude: "sensitive"},
}
"""
LITELLM = """
model_list:
  - model_name: fast
    litellm_params: {model: openrouter/deepseek/deepseek-v4-flash, api_key: os.environ/OPENROUTER_API_KEY, rpm: 60}
  - model_name: fast
    litellm_params: {model: openrouter/tencent/hy3-preview, api_key: sk-or-v1-abcdefabcdefabcdefabcdef}
  - model_name: Claude (big)
    litellm_params: {model: openrouter/anthropic/claude-opus-4.7, extra_body: {provider: {zdr: true}}}
  - model_name: private
    litellm_params: {model: openai/mlx-community/Large-4bit, api_base: 'http://127.0.0.1:8081/v1', api_key: none}
  - model_name: azure
    litellm_params: {model: azure/gpt, api_base: 'https://acme.openai.azure.com'}
  - model_name: anything/*
    litellm_params: {model: openrouter/*}
router_settings:
  fallbacks: [{'Claude (big)': [fast]}, {azure: [fast]}]
  routing_strategy: usage-based-routing
litellm_settings:
  context_window_fallbacks: [{fast: [minimax]}]
  max_budget: 100.5
general_settings: {master_key: sk-1234}
"""


def run(project: Path, name: str, text: str, *options: str) -> int:
    for file, content in ((name, text), ("models-2026-05-22.json", json.dumps(answer())), ("f.json", lock_with_mlx())):
        (project / file).write_text(content, "utf-8")
    known = ["--from-models", str(project / "models-2026-05-22.json"), "--lock-from", str(project / "f.json")]
    return main(["import", str(project / name), "-C", str(project), *known, *options])


def test_the_articles_skeleton(tmp_path: Path) -> None:
    assert run(tmp_path, "skeleton.json", SKELETON) == 0
    token = {FLASH, HY3, MINIMAX}
    assert reach_after(tmp_path) == {"token-work": token, "dollar-work": token | {OPUS}, "gray-trials": {OWL}}
    written = policies(tmp_path)
    assert "- minimax/minimax-m2.7 # the file says minimax/m2.7, which OpenRouter does not serve" in written
    assert "limit_usd: 800\n" in written
    assert "max_share: 0.1\n" in written
    assert "# - gray_pool.exclude:" in written


def test_a_skeleton_as_yaml_without_a_lock_keeps_its_slugs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "skeleton.yaml"
    file.write_text("token_track: {primary: minimax/m2.7}\n")
    assert main(["import", str(file), "-C", str(tmp_path)]) == 0
    assert "primary: minimax/m2.7\n" in (tmp_path / "policies/tracks.yaml").read_text()
    assert not (tmp_path / "policies/models.lock.json").exists()
    assert "`vane lock`" in capsys.readouterr().err


def test_a_litellm_proxy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, "config.yaml", LITELLM) == 0
    expected = {"fast": {FLASH, HY3}, "claude-big": {OPUS, FLASH, HY3}, "private": {MLX}, "azure": {FLASH, HY3}}
    assert reach_after(tmp_path) == expected
    written, said = policies(tmp_path), capsys.readouterr().err
    assert "sk-or" not in written + said
    assert "sk-1234" not in written + said
    for comment_text in (
        "acme.openai.azure.com", "# - model_list[anything/*]: a pattern", "# - router_settings.routing_strategy:",
        "# - litellm_settings.max_budget: budgets are caps", "litellm_params rpm", "2 deployments shared the load",
        "It was called 'Claude (big)' there.", "provider: {zdr: true}", "port: 8081",
    ):  # fmt: skip
        assert comment_text in written


BAD = {
    "an include": ("openclaw.json", '{agents: {$include: "./agents.json5"}}', "VN712"),
    "an include in a list": ("openclaw.json", '{"agents": {"list": [{"$include": ["a"]}]}}', "VN712"),
    "broken JSON5": ("openclaw.json", "{agents: {\n  defaults: }", "VN711"),
    "a list": ("openclaw.json", "[1]", "VN711"),
    "another program's file": ("settings.json", '{"editor": 1}', "VN711"),
    "no UTF-8": ("openclaw.json", "\udcff", "VN711"),
    "nested too deeply": ("openclaw.json", '{"agents": ' + "[" * 90 + "]" * 90 + "}", "VN711"),
    "nested much too deeply": ("openclaw.json", "[" * 9000, "VN711"),
    "broken YAML": ("config.yaml", "model_list: [\n", "VN711"),
    "deep YAML": ("config.yaml", "model_list: " + "[" * 9000, "VN711"),
    "a bomb of aliases": (
        "config.yaml",
        "a: &a [x,x,x,x,x,x,x,x,x]\n"
        + "".join(f"{n}: &{n} [{','.join(['*' + p] * 9)}]\n" for p, n in zip("abcdefg", "bcdefgh", strict=True)),
        "VN711",
    ),
    "no agents": ("openclaw.json", '{"gateway": {"mode": "remote"}}', "VN713"),
    "only foreign models": ("openclaw.json", '{"agents": {"defaults": {"model": "ollama/llama3"}}}', "VN713"),
    "no model list": ("config.yaml", "model_list: []\n", "VN713"),
    "empty tracks": ("skeleton.json", '{"token_track": {}}', "VN713"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_imported_is_said_and_nothing_is_written(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, text, code = BAD[name]
    (tmp_path / file).write_bytes(text.encode("utf-8", "surrogateescape"))
    assert main(["import", str(tmp_path / file), "-C", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert f"{file}:" in said
    assert code in said
    assert not (tmp_path / "policies").exists()


def test_policies_that_are_there_stay(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine = tmp_path / "policies" / "scenarios" / "mine.yaml"
    mine.parent.mkdir(parents=True)
    mine.write_text("version: 1\n")
    assert run(tmp_path, "skeleton.json", SKELETON) == 1
    assert "VN714" in capsys.readouterr().err
    assert [file.name for file in (tmp_path / "policies").rglob("*") if file.is_file()] == ["mine.yaml"]
    assert run(tmp_path, "skeleton.json", SKELETON, "--force") == 0
    assert "VN714 warning: 'policies/scenarios/mine.yaml' stays" in capsys.readouterr().err
    assert mine.read_text() == "version: 1\n"
    assert run(tmp_path, "skeleton.json", SKELETON, "-o", str(tmp_path / "elsewhere")) == 0
    assert (tmp_path / "elsewhere" / "tracks.yaml").is_file()


def test_an_unwritten_link_is_not_followed(tmp_path: Path) -> None:
    victim, planted = tmp_path / "victim", tmp_path / "policies" / ".tracks.yaml.vane-new"
    victim.write_text("mine")
    planted.parent.mkdir()
    planted.symlink_to(victim)
    assert run(tmp_path, "skeleton.json", SKELETON) == 0
    assert victim.read_text() == "mine"


def test_unequal_reach_is_an_error() -> None:
    work = Work("a b", "t", (Wanted(FLASH, "k"),))
    found = Found("openclaw", (work,), (), {"a b": frozenset({FLASH, HY3})})
    written = write_policies(found, Catalogue(), "openclaw.json")
    (finding,) = differences(found, written, {"a-b": frozenset({FLASH, OWL})}, "openclaw.json")
    assert finding.code == "VN717"
    assert finding.message == f"'a b' would reach no longer {HY3} and also {OWL}"


def test_every_finding_is_listed() -> None:
    assert {code.code for code in CODES} <= {code.code for code in codes()}


def test_slugs_are_put_right_only_where_one_can_be_meant() -> None:
    known = Catalogue(frozenset({OPUS, MINIMAX, "a/x-one", "a/y-one", "a/v1.0", "a/v1-0"}))
    assert corrected("anthropic/claude-opus-4-7", known) == OPUS
    assert corrected("minimax/m2.7", known) == MINIMAX
    assert corrected("a/one", known) is None
    assert corrected("a/v1_0", known) is None
    assert settle("no/such", known).slug == "no/such"
    assert settle("openrouter/auto", known).slug is None
    assert settle_direct("acme-cloud/x", Catalogue()).slug is None
    assert settle_direct("anthropic/claude-opus-4-7", Catalogue()).slug == "anthropic/claude-opus-4-7"


def test_variables_are_no_credentials() -> None:
    data = {
        "apiKey": "${KEY}", "api_key": "os.environ/KEY", "token": {"source": "env", "id": "KEY"}, "maxTokens": "5",
        "botToken": "123:abc", "headers": {"Authorization": "Basic eA=="}, "note": ["sk-or-v1-0123456789abcdef0123"],
    }  # fmt: skip
    assert literal_keys(data) == ("botToken", "headers.Authorization", "note[0]")


@given(st.text(max_size=80), st.text(max_size=300))
def test_any_name_and_title_make_a_scenario_that_loads(name: str, title: str) -> None:
    work = Work(name, title, (Wanted(FLASH, title, title),), remarks=(title,))
    found = Found(title, (work, work), (), {})
    written = write_policies(found, Catalogue(), name)
    assert len([path for path in written.texts if path.startswith("scenarios/")]) == 2
    for path, text in written.texts.items():
        document, problems = parse(text, path)
        assert problems == ()
        kind = Scenario if path.startswith("scenarios/") else KINDS[path]
        kind.model_validate(document.data)


@given(
    st.text(max_size=40)
    | st.integers(-(10**15), 10**15)
    | st.booleans()
    | st.decimals(0, 1000, places=3)
    | st.lists(st.text("a:,]}#"))
)
def test_a_scalar_reads_as_what_it_was(value: str | int | bool | Decimal | list[str]) -> None:
    text = "".join(c for c in value if c.isprintable()) if isinstance(value, str) else value
    document, _ = parse(f"key: {scalar(text)}\n", "x.yaml")
    assert document.data["key"] == text


@given(st.text(max_size=400))
def test_a_comment_stays_one(text: str) -> None:
    document, _ = parse("\n".join([*comment(text), "key: 1"]), "x.yaml")
    assert document.data == {"key": 1}


def test_names_are_short_and_unlike() -> None:
    taken: list[str] = []
    for name in ("Ä", "A", "a", "com1", "-", "9", "x" * 200):
        taken.append(safe_name(name, taken))
    assert taken == ["a", "a-2", "a-3", "com1-agent", "agent", "agent-9", "x" * 56]
    assert title_of("\x1b[31m", "fallback") == "[31m"
    assert title_of("\n", "fallback") == "fallback"


def test_litellm_fallback_to_nobody_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(
        "model_list:\n"
        f"  - {{model_name: fast, litellm_params: {{model: openrouter/{FLASH}}}}}\n"
        "router_settings: {fallbacks: [{fast: [nope]}]}\n",
        "utf-8",
    )
    assert main(["import", str(config), "-C", str(tmp_path), "--dry-run"]) == 0
    printed = capsys.readouterr()
    assert "no model_name 'nope' in model_list" in printed.out + printed.err


def test_a_budget_whose_track_has_no_model_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = SKELETON.replace('primary: "anthropic/claude-opus-4.7"', 'primary: "some-model-of-ours"')
    assert run(tmp_path, "skeleton.json", text) == 0
    told = "dollar_track.budget_cap_usd: 800 limits a track without a model"
    assert told in capsys.readouterr().err
    assert told in " ".join((tmp_path / "policies/tracks.yaml").read_text("utf-8").replace("\n#", "").split())


def test_litellm_files_that_include_others_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, "config.yaml", LITELLM + "include: [other.yaml]\n") == 1
    assert "VN712 include: another file's content" in capsys.readouterr().err
    assert not (tmp_path / "policies").exists()


def test_findings_stand_where_the_file_says_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, "config.yaml", LITELLM) == 0
    err = capsys.readouterr().err
    line = next(n for n, text in enumerate(LITELLM.split("\n"), 1) if "model_name: azure" in text)
    assert f"config.yaml:{line + 1}:5 VN715" in err
    assert "before, but for what is named above" in err
    budget = next(n for n, text in enumerate(LITELLM.split("\n"), 1) if "max_budget" in text)
    assert f"config.yaml:{budget}:3 VN718" in err


def test_a_place_is_found_in_json5_too() -> None:
    text = '{ // ops\n  agents: {\n    "entries": {ops: {model: {fallbacks: []}}}}}'
    assert str(place_of(text, "f.json", "agents.entries.ops.model")) == "f.json:3:23"
    assert str(place_of(text, "f.json", "elsewhere.x")) == "f.json:1:1"
