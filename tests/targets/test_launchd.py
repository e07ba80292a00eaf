"""The launchd target: what it writes, what its check refuses, what its reader sees, and the launcher run for real."""

from __future__ import annotations

import json
import os
import plistlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler.cli import parser
from compiler.plan import MachinePlan, MlxServer, Schedule
from compiler.targets import Reach
from compiler.targets.launchd import TARGET
from compiler.targets.launchd.check import check
from compiler.targets.launchd.emit import Account, Job, emit, launcher, render
from compiler.targets.launchd.read import read
from tests.plans import BIG_MLX, HOSTILE, SMALL_MLX, gateway_plan, laptop_plan

PLANS = {"gateway": gateway_plan(), "laptop": laptop_plan()}
GATEWAY = "launchd/ai.openclaw.gateway.plist"
MLX = "launchd/ai.weathervane.mlx.plist"
DEPLOY = "launchd/ai.weathervane.deploy.plist"
HARNESS = "launchd/ai.weathervane.harness.plist"
#: what a property list can hold as text: XML 1.0 without the carriage return, which plistlib writes as a newline
TEXT = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), include_characters="\n\t", exclude_characters="\ufffe\uffff")
)


def emitted(plan: MachinePlan) -> dict[str, bytes]:
    return {artifact.path: artifact.content for artifact in emit(plan)}


def job(path: str, plan: MachinePlan = PLANS["gateway"]) -> dict[str, Any]:
    data: dict[str, Any] = plistlib.loads(emitted(plan)[path])
    return data


def command(data: dict[str, Any]) -> list[str]:
    """The program and its arguments, without the launcher."""
    arguments: list[str] = data["ProgramArguments"]
    assert arguments[:4] == ["/bin/sh", "-c", launcher(), data["Label"]]
    return arguments[4:]


@pytest.mark.parametrize("name", PLANS)
def test_emitted_files(name: str, golden: Callable[[str, bytes], None]) -> None:
    for path, content in emitted(PLANS[name]).items():
        golden(f"targets/launchd/{name}/{path.removeprefix('launchd/')}", content)


@pytest.mark.parametrize("name", PLANS)
def test_emitted_files_pass_their_check_and_repeat(name: str) -> None:
    artifacts = emitted(PLANS[name])
    assert [problem for path, content in artifacts.items() for problem in check(path, content)] == []
    assert emitted(PLANS[name]) == artifacts
    assert all(artifact.sources == PLANS[name].places for artifact in emit(PLANS[name]))


def test_each_role_has_its_job() -> None:
    assert sorted(emitted(PLANS["gateway"])) == [GATEWAY, DEPLOY, HARNESS, MLX]
    assert sorted(emitted(PLANS["laptop"])) == [DEPLOY, MLX]
    bare = replace(PLANS["laptop"], roles=("cursor",), mlx=None)
    assert sorted(emitted(bare)) == [DEPLOY]


def test_commands() -> None:
    assert command(job(GATEWAY)) == [
        "/opt/weathervane/bin/node", "/opt/weathervane/openclaw/node_modules/openclaw/dist/index.js",
        "gateway", "--port", "18789",
    ]  # fmt: skip
    assert command(job(MLX))[:8] == [
        "/opt/weathervane/venv/bin/python3", "-m", "mlx_lm", "server",
        "--model", "mlx-community/Qwen3-30B-A3B-4bit", "--host", "127.0.0.1",
    ]  # fmt: skip
    assert command(job(DEPLOY)) == ["/opt/weathervane/bin/vane-agent", "run", "--jitter", "--user", "vane"]
    assert command(job(DEPLOY, PLANS["laptop"])) == ["/opt/weathervane/bin/vane-agent", "run", "--jitter"]
    week = ["/opt/weathervane/venv/bin/vane", "week", "-C", "/opt/weathervane/project", "--commit", "--push"]
    assert command(job(HARNESS)) == week
    parser().parse_args(week[1:])  # the tool takes it


def test_daemons_name_their_user_and_only_the_deploy_agent_is_root() -> None:
    for path in (GATEWAY, MLX, HARNESS):
        data = job(path)
        assert (data["UserName"], data["EnvironmentVariables"]["HOME"]) == ("vane", "/Users/vane")
        assert "LimitLoadToSessionType" not in data
    assert (job(DEPLOY)["UserName"], job(DEPLOY)["EnvironmentVariables"]["HOME"]) == ("root", "/var/root")
    assert job(GATEWAY)["EnvironmentVariables"]["OPENCLAW_CONFIG_PATH"] == "/Users/vane/.openclaw/openclaw.json"


def test_agents_name_nobody() -> None:
    plan = replace(PLANS["laptop"], roles=("cursor", "gateway", "mlx"), harness=Schedule(7, 0, 0))
    artifacts = emitted(plan)
    assert len(artifacts) == 4
    for path, content in artifacts.items():
        data = plistlib.loads(content)
        assert list(check(path, content)) == []
        assert data["LimitLoadToSessionType"] == ["Aqua", "Background"]
        assert not {"UserName", "SessionCreate"} & set(data)
        assert b"/Users/" not in content


def test_who_is_kept_alive_and_who_has_a_clock() -> None:
    assert [job(path).get("KeepAlive") for path in (GATEWAY, MLX, DEPLOY, HARNESS)] == [True, True, None, None]
    assert job(DEPLOY)["StartInterval"] == 300
    assert job(HARNESS)["StartCalendarInterval"] == {"Weekday": 1, "Hour": 6, "Minute": 17}
    assert "RunAtLoad" not in job(HARNESS)
    assert job(GATEWAY)["SoftResourceLimits"] == {"NumberOfFiles": 8192}


def test_root_finds_no_program_in_a_folder_that_others_may_write() -> None:
    assert "homebrew" not in job(DEPLOY)["EnvironmentVariables"]["PATH"]
    assert "/usr/local" not in job(DEPLOY)["EnvironmentVariables"]["PATH"]


def test_an_always_on_mac_without_user_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a user"):
        list(emit(replace(PLANS["gateway"], user=None)))


# ---- text


def a_job(text: str) -> Job:
    return Job(
        "ai.weathervane.any", text, ("/bin/echo", text), (("ANY", text),), "Standard", "always", 10, 20
    )  # fmt: skip


@given(TEXT)
def test_any_text_survives_the_template(text: str) -> None:
    data = plistlib.loads(render(a_job(text), Account("vane", text)))
    assert (data["Comment"], data["ProgramArguments"][-1], data["EnvironmentVariables"]["ANY"]) == (text, text, text)


def test_hostile_text_survives_the_template() -> None:
    assert plistlib.loads(render(a_job(HOSTILE), None))["Comment"] == HOSTILE


def test_text_that_a_property_list_cannot_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="carriage return"):
        render(a_job("a\rb"), None)


# ---- check: each case breaks one thing of a good file, whose own check is silent (see above)


def edit(path: str, **changes: Any) -> list[str]:
    """Problems of an emitted file after keys were set, or removed where the value is None."""
    data = {key: value for key, value in (job(path) | changes).items() if value is not None}
    return list(check(path, plistlib.dumps(data)))


def with_environment(path: str, **variables: str) -> list[str]:
    return edit(path, EnvironmentVariables=job(path)["EnvironmentVariables"] | variables)


def with_arguments(path: str, *more: str) -> list[str]:
    return edit(path, ProgramArguments=[*job(path)["ProgramArguments"], *more])


SHAPES: tuple[tuple[dict[str, Any], str], ...] = (
    ({"ExitTimeOut": None, "ExitTimeout": 20}, "ExitTimeout (did you mean ExitTimeOut?)"),
    ({"ExitTimeOut": None}, "lacks ExitTimeOut"),
    ({"ExitTimeOut": 0}, "ExitTimeOut must be a whole number of seconds above 0"),
    ({"Umask": 77}, "octal 022, 027 and 077"),
    ({"Umask": "077"}, "Umask must be 18, 23 or 63"),
    ({"ProcessType": "interactive"}, "ProcessType must be one of Background, Standard, Adaptive, Interactive"),
    ({"KeepAlive": "true"}, "KeepAlive must be true, false or a dictionary"),
    ({"KeepAlive": {"Succesful": True}}, "KeepAlive has keys that launchd ignores: Succesful (did you mean Succ"),
    ({"RunAtLoad": "yes"}, "RunAtLoad must be true or false"),
    ({"ThrottleInterval": 10.0}, "ThrottleInterval must be a whole number of seconds"),
    ({"ThrottleInterval": True}, "ThrottleInterval must be a whole number of seconds"),
    ({"StartCalendarInterval": {"Hour": 25}}, "StartCalendarInterval.Hour must be a whole number from 0 to 23"),
    ({"StartCalendarInterval": {"Weekday": 8}}, "1 is Monday, and both 0 and 7 are Sunday"),
    ({"Program": "bin/node"}, "Program must be an absolute path"),
    ({"StandardOutPath": "~/Library/Logs/a.log"}, "StandardOutPath must be an absolute path; launchd expands"),
    ({"WorkingDirectory": "/Users/$USER"}, "WorkingDirectory must be an absolute path; launchd expands"),
    ({"WatchPaths": ["~/x"]}, "WatchPaths.0 must be an absolute path"),
    ({"ProgramArguments": ["bin/node"]}, "ProgramArguments.0 must be an absolute path"),
    ({"ProgramArguments": []}, "ProgramArguments must be a list of strings"),
    ({"ProgramArguments": ["/bin/x", 8080]}, "ProgramArguments.1 must be a string"),
    ({"EnvironmentVariables": {"PORT": 1}}, "EnvironmentVariables.PORT must be a string"),
    ({"EnvironmentVariables": {"DYLD_INSERT_LIBRARIES": "/x"}}, "DYLD_*, which loads foreign code"),
    ({"EnvironmentVariables": {"A B": "x"}}, "EnvironmentVariables.A B must be named like"),
    ({"LimitLoadToSessionType": ["aqua"]}, "LimitLoadToSessionType.0 must be one of Aqua"),
    ({"SoftResourceLimits": {"Files": 1}}, "SoftResourceLimits has keys that launchd ignores: Files"),
    ({"Label": "gateway"}, "Label must be a name in reverse-domain order"),
    ({"Comment": b"bytes"}, "Comment must be a string"),
)


@pytest.mark.parametrize(("changes", "says"), SHAPES, ids=[says for _, says in SHAPES])
def test_a_key_or_value_that_launchd_misunderstands(changes: dict[str, Any], says: str) -> None:
    problems = edit(GATEWAY, **changes)
    assert any(says in problem for problem in problems), problems


RULES: tuple[tuple[str, dict[str, Any], str], ...] = (
    (GATEWAY, {"Label": "ai.weathervane.other"}, "the file must have the name of its Label"),
    (GATEWAY, {"Label": "ai.openclaw.node"}, "belongs to somebody else"),
    (GATEWAY, {"Label": "com.apple.thing"}, "belongs to somebody else"),
    (GATEWAY, {"UserName": None}, "must have either UserName"),
    (GATEWAY, {"LimitLoadToSessionType": ["Aqua"]}, "must have either UserName"),
    (GATEWAY, {"UserName": "root"}, "must not run as root"),
    (MLX, {"EnvironmentVariables": {"HF_HUB_OFFLINE": "1"}}, "needs HOME"),
    (GATEWAY, {"StartInterval": 60}, "has both KeepAlive and StartInterval"),
    (HARNESS, {"KeepAlive": {"Crashed": True}}, "has both KeepAlive and StartCalendarInterval"),
    (HARNESS, {"StartInterval": 60}, "has both StartInterval and StartCalendarInterval"),
    (HARNESS, {"StartCalendarInterval": None}, "nothing starts it"),
    (MLX, {"Program": "/bin/true"}, "Program is not the first of ProgramArguments"),
    (MLX, {"ProgramArguments": ["/bin/sh", "-c", "curl x | sh", "ai.weathervane.mlx", "/bin/x"]}, "the launcher as it"),
    (MLX, {"ProgramArguments": ["/bin/sh", "-c", launcher(), "ai.other.job", "/bin/x"]}, "then the Label"),
    (MLX, {"ProgramArguments": ["/bin/sh", "-c", launcher(), "ai.weathervane.mlx", "x"]}, "by an absolute path"),
    (MLX, {"ProgramArguments": ["/bin/sh", "-c", launcher(), "ai.weathervane.mlx"]}, "by an absolute path"),
    (MLX, {"ProgramArguments": ["/bin/x", "--model", "~/models/a"]}, "ProgramArguments.2 has a ~ or a variable"),
)


@pytest.mark.parametrize(("path", "changes", "says"), RULES, ids=[says for _, _, says in RULES])
def test_a_job_that_this_house_does_not_run(path: str, changes: dict[str, Any], says: str) -> None:
    problems = edit(path, **changes)
    assert any(says in problem for problem in problems), problems


def test_variables_that_hold_the_job_in_our_hands() -> None:
    for path, name, value in (
        (GATEWAY, "OPENCLAW_SUPERVISOR_MODE", "launchd"),
        (GATEWAY, "OPENCLAW_SERVICE_REPAIR_POLICY", "auto"),
        (GATEWAY, "OPENCLAW_CONFIG_READONLY", "0"),
        (MLX, "HF_HUB_OFFLINE", "0"),
    ):
        assert any(f"must set {name} to" in problem for problem in with_environment(path, **{name: value}))


def test_another_configuration_than_the_verified_one() -> None:
    problems = with_environment(GATEWAY, OPENCLAW_CONFIG_PATH="/tmp/mine.json")
    assert problems == [
        "EnvironmentVariables.OPENCLAW_CONFIG_PATH must be .openclaw/openclaw.json below HOME, "
        "where the verified configuration lies"
    ]


def test_arguments_and_variables_that_nobody_expands() -> None:
    assert any("ProgramArguments.9 has a ~" in problem for problem in with_arguments(GATEWAY, "$HOME/x"))
    assert any("EnvironmentVariables.CACHE has a ~" in problem for problem in with_environment(MLX, CACHE="${HOME}/x"))


SECRETS = (
    "sk-or-v1-0123456789abcdef", "sk-ant-0123456789abcdef", "ghp_0123456789abcdefghij", "hf_0123456789abcdefghij",
    "Bearer abcdefghijklmnop", "https://user:pass@example.net/", "-----BEGIN OPENSSH PRIVATE KEY-----",
)  # fmt: skip


@pytest.mark.parametrize("secret", SECRETS)
def test_secrets_are_found_wherever_they_are_and_never_repeated(secret: str) -> None:
    for problems in (
        edit(GATEWAY, Comment=secret),
        with_environment(GATEWAY, HARMLESS=secret),
        with_arguments(GATEWAY, secret),
    ):
        assert any("looks like a secret" in problem for problem in problems)
        assert not any(secret in problem for problem in problems)


def test_secrets_are_found_by_their_name() -> None:
    for name in ("OPENROUTER_API_KEY", "GH_TOKEN", "CLIENT_SECRET", "KEY"):
        assert any(f"{name} has a value" in problem for problem in with_environment(GATEWAY, **{name: "x"}))
        assert with_environment(GATEWAY, **{name: ""}) == []
    assert with_environment(GATEWAY, KEYBOARD="us", MONKEY_BARS="2") == []
    assert any("passes a secret" in problem for problem in with_arguments(GATEWAY, "--token", "abc"))
    assert with_arguments(GATEWAY, "--token-file", "/x") == with_arguments(GATEWAY, "--max-tokens", "9") == []


def xml(text: str) -> list[str]:
    return list(check(MLX, text.encode()))


def test_broken_xml() -> None:
    good = emitted(PLANS["gateway"])[MLX].decode()
    assert xml(good) == []
    assert any("is not XML" in problem for problem in xml(good.replace("</dict>", "</dit>")))
    assert any("is not XML" in problem for problem in check(MLX, plistlib.dumps({"a": 1}, fmt=plistlib.FMT_BINARY)))
    assert any("is not XML" in problem for problem in xml(""))
    assert xml('<plist version="1.0"><dict><key>Label</key></dict></plist>') == ["is not a property list: ValueError"]
    assert xml('<plist version="1.0"></plist>') == ["the job must be a dictionary"]


def test_repeated_keys_at_any_level() -> None:
    good = emitted(PLANS["gateway"])[MLX].decode()
    outer = good.replace("<key>Label</key>", "<key>Label</key><string>ai.other.job</string>\n<key>Label</key>")
    inner = good.replace("<key>PATH</key>", "<key>PATH</key><string>/tmp</string>\n<key>PATH</key>")
    assert ["'Label' stands twice" in problem for problem in xml(outer)] == [True]
    assert ["'PATH' stands twice" in problem for problem in xml(inner)] == [True]


def test_entities_are_refused() -> None:
    good = emitted(PLANS["gateway"])[MLX].decode()
    declared = good.replace('"http://www.apple.com/DTDs/PropertyList-1.0.dtd">', '"x" [<!ENTITY who "root">]>')
    assert any("XML entities of its own" in problem and "who" in problem for problem in xml(declared))
    skipped = good.replace("<string>vane</string>", "<string>va&unknown;ne</string>")
    assert any("XML entities of its own" in problem and "unknown" in problem for problem in xml(skipped))


VALUES = st.recursive(
    st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False) | TEXT | st.binary(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
KEYS = st.sampled_from(sorted(set(job(GATEWAY)) | {"Program", "StartCalendarInterval", "KeepAlive"})) | TEXT


@given(st.dictionaries(KEYS, VALUES, max_size=4))
def test_check_has_an_answer_to_any_property_list(changes: dict[str, Any]) -> None:
    problems = list(check(GATEWAY, plistlib.dumps(job(GATEWAY) | changes)))
    assert all(isinstance(problem, str) and problem for problem in problems)
    assert problems or set(changes) <= set(job(GATEWAY)) | {"Program", "KeepAlive"}


# ---- read


def reached(path: str, plan: MachinePlan = PLANS["gateway"], **changes: Any) -> list[tuple[str, str]]:
    content = plistlib.dumps(job(path, plan) | changes)
    return [(reach.scenario, reach.model) for reach in read({path: content})]


def mlx_with(*options: str) -> list[str]:
    arguments = job(MLX)["ProgramArguments"]
    return [model for _, model in reached(MLX, ProgramArguments=[*arguments[:8], *options])]


def test_read_sees_the_model_of_the_mlx_server() -> None:
    assert list(TARGET.read(emitted(PLANS["gateway"]))) == [
        Reach("machine:mlx", BIG_MLX.slug, f"{MLX}#ProgramArguments", {})
    ]
    assert [reach.model for reach in read(emitted(PLANS["laptop"]))] == [SMALL_MLX.slug]


def test_read_follows_the_command_line_and_not_the_plan() -> None:
    assert mlx_with("--model", "other/model") == ["mlx/other/model"]
    assert mlx_with("--model=a/b", "--draft-model", "c/d", "--port", "1") == ["mlx/a/b", "mlx/c/d"]
    assert mlx_with("--model", "a/b", "--model", "c/d") == ["mlx/a/b", "mlx/c/d"]
    assert mlx_with("--model", "a/b", "--host", "0.0.0.0") == ["mlx/a/b", "0.0.0.0"]
    assert mlx_with("--model", "a/b", "--host", "localhost") == mlx_with("--model", "a/b", "--host=::1") == ["mlx/a/b"]
    assert mlx_with("--model", "a/b", "--host") == ["mlx/a/b", "*"]
    assert mlx_with("--port", "1") == ["*"]
    assert mlx_with("--model", "a/b", "--mod", "c/d") == ["mlx/a/b", "*"]
    assert mlx_with("--model", "a/b", "--adapter-path", "x") == ["mlx/a/b", "*"]


@pytest.mark.parametrize(
    "start", [["/v/bin/mlx_lm.server"], ["/v/bin/python3", "-m", "mlx_lm.server"], ["/v/bin/mlx_lm", "server"]]
)
def test_read_knows_every_way_to_start_the_server(start: list[str]) -> None:
    assert reached(MLX, ProgramArguments=[*start, "--model", "a/b"]) == [("machine:mlx", "mlx/a/b")]


def test_read_sees_calls_to_somebody_else() -> None:
    base = job(GATEWAY)["EnvironmentVariables"]
    redirected = base | {"HTTPS_PROXY": "proxy.example.net:3128", "ANTHROPIC_BASE_URL": "https://evil.example/v1"}
    assert reached(GATEWAY, EnvironmentVariables=redirected) == [
        ("machine:gateway", "https://evil.example/v1"),
        ("machine:gateway", "proxy.example.net:3128"),
    ]
    assert reached(GATEWAY, EnvironmentVariables=base | {"OPENAI_BASE_URL": "http://127.0.0.1:8080/v1"}) == []
    more = [*job(HARNESS)["ProgramArguments"], "--api=https://evil.example", "http://[::1"]
    assert reached(HARNESS, ProgramArguments=more) == [
        ("machine:harness", "https://evil.example"),
        ("machine:harness", "http://[::1"),
    ]


@pytest.mark.parametrize("content", [b"", b"<plist/>", plistlib.dumps([]), plistlib.dumps({"ProgramArguments": 1})])
def test_read_takes_what_it_cannot_read_for_anything(content: bytes) -> None:
    assert [reach.model for reach in read({MLX: content})] == ["*"]
    assert list(read({"openclaw.json": content})) == []


def test_a_plan_for_another_model_changes_what_is_read() -> None:
    plan = replace(PLANS["laptop"], mlx=MlxServer("mlx/acme/tuned", 4096, 9000))
    assert [reach.model for reach in read(emitted(plan))] == ["mlx/acme/tuned"]


# ---- the launcher, run by the real /bin/sh

REPORT = "import json, os, sys; json.dump([sys.argv[1:], dict(os.environ)], open(sys.argv[1], 'w')); print('said')"
LABEL = "ai.weathervane.test"


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "a home"
    (folder / ".config/weathervane").mkdir(parents=True)
    yield folder


def launch(home: Path, *arguments: str, tools: str = "/usr/bin:/bin") -> tuple[int, list[str], dict[str, str]]:
    """Exit status, arguments and environment of a program that the launcher started."""
    report = home / "report.json"
    run = subprocess.run(
        ["/bin/sh", "-c", launcher(), LABEL, sys.executable, "-c", REPORT, str(report), *arguments],
        env={"HOME": str(home), "PATH": tools}, capture_output=True, check=False,
    )  # fmt: skip
    assert (run.stdout, run.stderr) == (b"", b"")
    if not report.exists():
        return run.returncode, [], {}
    argv, environment = json.loads(report.read_text())
    return run.returncode, argv[1:], environment


def secrets(home: Path, text: str, mode: int = 0o600, name: str = "env") -> Path:
    file = home / ".config/weathervane" / name
    file.write_text(text)
    file.chmod(mode)
    return file


def log(home: Path) -> str:
    file = home / "Library/Logs/weathervane" / f"{LABEL}.log"
    assert file.stat().st_mode & 0o077 == 0
    return file.read_text()


def test_launcher_passes_arguments_intact(home: Path) -> None:
    arguments = [HOSTILE, "two words", "'\"`$(id)`", "line\nbreak\n", "", "*", "-n"]
    status, argv, environment = launch(home, *arguments)
    assert (status, argv) == (0, arguments)
    assert not {"logs", "secrets", "safe"} & set(environment)
    assert log(home) == "said\n"


def test_launcher_reads_secrets_of_the_owner_alone(home: Path) -> None:
    secrets(home, "A_KEY='one two'\nB_KEY=shared\n")
    secrets(home, "B_KEY=own\n", name=f"env.{LABEL}")
    secrets(home, "C_KEY=another job's\n", name="env.ai.weathervane.other")
    status, _, environment = launch(home)
    assert (status, environment["A_KEY"], environment["B_KEY"]) == (0, "one two", "own")
    assert "C_KEY" not in environment


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o620, 0o602, 0o604])
@pytest.mark.parametrize("name", ["env", f"env.{LABEL}"])
def test_launcher_refuses_secrets_that_others_may_touch(home: Path, mode: int, name: str) -> None:
    file = secrets(home, "A_KEY=x\n", mode, name)
    assert launch(home) == (78, [], {})
    assert f"{LABEL}: refusing to start: {file} must be a file of mode 600" in log(home)


def test_launcher_refuses_what_is_no_file(home: Path) -> None:
    link = home / ".config/weathervane/env"
    link.symlink_to(home / "nowhere")
    assert launch(home)[0] == 78
    link.unlink()
    link.mkdir(mode=0o700)
    assert launch(home)[0] == 78


def test_launcher_follows_a_link_to_a_safe_file(home: Path) -> None:
    real = secrets(home, "A_KEY=x\n", name="real")
    (home / ".config/weathervane/env").symlink_to(real)
    assert launch(home)[2]["A_KEY"] == "x"
    real.chmod(0o644)
    assert launch(home)[0] != 0


def test_launcher_refuses_a_file_of_somebody_else(home: Path) -> None:
    secrets(home, "A_KEY=x\n")
    # giving a file away needs root; to the launcher it is the same when another account runs it
    other = home / "id"
    other.write_text(f"#!/bin/sh\necho {os.getuid() + 1}\n")
    other.chmod(0o755)
    assert launch(home, tools=f"{home}:/usr/bin:/bin") == (78, [], {})


def test_launcher_adds_to_its_log(home: Path) -> None:
    launch(home)
    launch(home)
    assert log(home) == "said\nsaid\n"


def test_launcher_stops_without_a_home() -> None:
    run = subprocess.run(["/bin/sh", "-c", launcher(), LABEL, "/bin/true"], env={}, capture_output=True, check=False)
    assert run.returncode != 0
    assert b"HOME" in run.stderr
