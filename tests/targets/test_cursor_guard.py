"""The guard as Cursor runs it: a process that gets an event and answers."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from compiler.plan import Label, MachinePlan
from compiler.targets.cursor import TARGET
from tests.plans import HOSTILE, LABELS, laptop_plan, place

SECRET_PROMPT = "the-customer-said-something-private"


@dataclass(frozen=True)
class Answer:
    code: int
    reply: dict[str, Any]
    error: str

    @property
    def allowed(self) -> bool:
        return self.code == 0 and (self.reply.get("continue") is True or self.reply.get("permission") == "allow")

    @property
    def message(self) -> str:
        return str(self.reply.get("user_message", ""))


def write_guard(folder: Path, plan: MachinePlan) -> Path:
    for artifact in TARGET.emit(plan):
        if artifact.path in ("cursor/vane-cursor-guard", "cursor/guard.json"):
            (folder / artifact.path.removeprefix("cursor/")).write_bytes(artifact.content)
    return folder / "vane-cursor-guard"


def run(guard: Path, event: object) -> Answer:
    raw = event if isinstance(event, bytes) else json.dumps(event).encode()
    home = guard.parent / "home"
    home.mkdir(exist_ok=True)
    done = subprocess.run(
        [sys.executable, str(guard)],
        input=raw,
        capture_output=True,
        check=False,
        timeout=60,
        env={"HOME": str(home), "PATH": os.environ["PATH"]},
    )
    assert SECRET_PROMPT.encode() not in done.stdout + done.stderr
    return Answer(done.returncode, json.loads(done.stdout) if done.stdout else {}, done.stderr.decode())


@pytest.fixture
def guard(tmp_path: Path) -> Path:
    return write_guard(tmp_path, laptop_plan())


def git(folder: Path, *arguments: str) -> None:
    settings = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "protocol.file.allow=always")
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    subprocess.run(["git", *settings, *arguments], cwd=folder, check=True, capture_output=True, env=environment)


def checkout(folder: Path, *urls: str) -> Path:
    folder.mkdir(parents=True)
    git(folder, "init", "-q")
    for number, url in enumerate(urls):
        git(folder, "remote", "add", f"r{number}", url)
    return folder


def event(kind: str, root: Path, model: str | None = "@preset/vane-ide-assist", **more: object) -> dict[str, object]:
    common = {"conversation_id": "c", "hook_event_name": kind, "workspace_roots": [str(root)], "user_email": None}
    named = {} if model is None else {"model": model}
    own: dict[str, object] = {"prompt": SECRET_PROMPT} if kind == "beforeSubmitPrompt" else {}
    return {**common, **named, **own, **more}


def prompt(root: Path, model: str | None = "@preset/vane-ide-assist", **more: object) -> dict[str, object]:
    return event("beforeSubmitPrompt", root, model, **more)


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/acme/crm.git",
        "https://github.com/acme/crm",
        "https://user:pw@GitHub.com:443/acme/crm.git/",
        "ssh://git@github.com:22/acme/crm.git",
        "ssh://git@ssh.github.com:443/acme/crm.git",
        "git@github.com:acme/crm.git",
        "git@github.com:/acme/crm",
        "github.com:acme/crm.git",
        "[git@github.com:22]:acme/crm.git",
        "git://github.com//acme/CRM.git",
        "git+ssh://git@github.com/acme/crm",
    ],
)
def test_every_spelling_of_a_remote_is_recognised(guard: Path, tmp_path: Path, url: str) -> None:
    root = checkout(tmp_path / "x", url)
    assert run(guard, prompt(root)).allowed
    refused = run(guard, prompt(root, "gemini-3-pro"))
    assert refused.reply["continue"] is False
    assert '"customer-data" (Customer data; contract with customers)' in refused.message
    assert '"gemini-3-pro" is not cleared' in refused.message
    assert "Choose @preset/vane-ide-assist." in refused.message


@pytest.mark.parametrize(
    "url",
    ["https://github.com/acme-other/crm.git", "git@gitlab.com:acme/crm.git", "../crm", "/srv/github.com/acme/crm"],
)
def test_other_repositories_are_free(guard: Path, tmp_path: Path, url: str) -> None:
    assert run(guard, prompt(checkout(tmp_path / "x", url), "gemini-3-pro")).allowed


def test_without_a_remote_or_without_git_nothing_is_labelled(guard: Path, tmp_path: Path) -> None:
    assert run(guard, prompt(checkout(tmp_path / "bare"), "gemini-3-pro")).allowed
    plain = tmp_path / "plain"
    plain.mkdir()
    assert run(guard, prompt(plain, None)).allowed
    assert run(guard, {**prompt(plain, "auto"), "workspace_roots": []}).allowed


def test_all_labels_of_a_place_must_clear_the_model(guard: Path, tmp_path: Path) -> None:
    crm = checkout(tmp_path / "crm", "https://github.com/acme/crm.git")
    tool = checkout(tmp_path / "tool", "https://github.com/acme/tool.git")
    ticket = f"SEC-12 {SECRET_PROMPT}"
    assert run(guard, prompt(tool, "@preset/vane-design-review", prompt=ticket)).allowed
    refused = run(guard, prompt(crm, "@preset/vane-design-review", prompt=ticket))
    assert not refused.allowed
    assert "source-code" not in refused.message  # that label does clear it
    both = {**prompt(tool, "@preset/vane-design-review", prompt=ticket), "workspace_roots": [str(tool), str(crm)]}
    assert not run(guard, both).allowed


@pytest.mark.parametrize("model", ["vane-ide-assist", "@preset/vane-ide-assist"])
def test_an_alias_counts_with_and_without_its_prefix(guard: Path, tmp_path: Path, model: str) -> None:
    assert run(guard, prompt(checkout(tmp_path / "crm", "git@github.com:acme/crm.git"), model)).allowed


@pytest.mark.parametrize(
    "model", [None, "", "auto", "composer-1", "vane-ide-assist2", "@preset/@preset/vane-ide-assist"]
)
def test_any_other_model_is_refused(guard: Path, tmp_path: Path, model: str | None) -> None:
    root = checkout(tmp_path / "crm", "git@github.com:acme/crm.git")
    assert run(guard, prompt(root, model)).reply["continue"] is False
    assert run(guard, event("beforeShellExecution", root, model, command="ls", cwd="")).reply["permission"] == "deny"
    assert run(guard, event("beforeMCPExecution", root, model, tool_name="t", tool_input="{}")).reply["agent_message"]


def test_worktrees_submodules_subfolders_and_links_belong_to_their_repository(guard: Path, tmp_path: Path) -> None:
    library = checkout(tmp_path / "library")
    git(library, "commit", "-q", "--allow-empty", "-m", "one")
    crm = checkout(tmp_path / "crm", "git@github.com:acme/crm.git")
    git(crm, "commit", "-q", "--allow-empty", "-m", "one")
    git(crm, "worktree", "add", "-q", "../tree")
    outside = checkout(tmp_path / "outside", "git@github.com:free/outside.git")
    git(outside, "submodule", "add", "-q", str(library), "module")
    git(outside / "module", "remote", "set-url", "origin", "git@github.com:acme/crm.git")
    nested = checkout(crm / "nested")
    (tmp_path / "link").symlink_to(crm)
    for root in (tmp_path / "tree", outside / "module", nested, tmp_path / "link", crm / "not" / "there"):
        assert not run(guard, prompt(root, "auto")).allowed, root
    assert run(guard, prompt(outside, "auto")).allowed
    inside = str(outside / "module" / "a.py")
    assert not run(guard, event("beforeReadFile", outside, "auto", file_path=inside)).allowed


def test_short_remotes_and_ssh_aliases_are_followed(guard: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / ".ssh").mkdir(parents=True)
    (home / ".ssh" / "config").write_text("Host other\n  HostName x\nHost work-*\n\tUser git\n\tHostName=github.com\n")
    (home / ".gitconfig").write_text('[url "https://github.com/"]\n\tinsteadOf = "gh:" ; short\n')
    for number, url in enumerate(("git@work-hub:acme/crm.git", "gh:acme/crm")):
        assert not run(guard, prompt(checkout(tmp_path / str(number), url), "auto")).allowed, url


def test_included_and_quoted_git_settings_are_read(guard: Path, tmp_path: Path) -> None:
    root = checkout(tmp_path / "x")
    with (root / ".git" / "config").open("a") as config:
        config.write("[include] path = more # later\n")
    (root / ".git" / "more").write_text('[Remote "a \\"b\\""]\n  URL = "git@github.com:acme/\\\ncrm.git" # ours\n')
    assert not run(guard, prompt(root, "auto")).allowed


def test_settings_that_include_themselves_or_have_no_end_are_read_once_or_not(guard: Path, tmp_path: Path) -> None:
    root = checkout(tmp_path / "x")
    config = root / ".git" / "config"
    with config.open("a") as file:
        file.write("[include]\n" + "path = config\npath = ../.git/config\n" * 9 + "path = pipe\n")
    os.mkfifo(root / ".git" / "pipe")
    assert run(guard, prompt(root, "auto")).allowed
    with config.open("a") as file:
        file.write('[remote "late"]\n  url = git@github.com:acme/crm.git\n')
    assert not run(guard, prompt(root, "auto")).allowed
    for number in range(100):
        (root / ".git" / f"more{number}").write_text(f"[include] path = more{number + 1}\n")
    config.write_text("[include] path = more0\n")
    assert "too many files" in run(guard, prompt(root, "auto")).error


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        (".env", False),
        ("deep/er/.env", False),
        ("deep/../.ENV", False),
        ("keys/a.pem", False),
        ("a.pem/inside.txt", False),
        ("env", True),
        (".env.example", True),
        ("a.pem.txt", True),
    ],
)
def test_a_labelled_path_is_closed_where_no_route_carries_its_label(
    guard: Path, tmp_path: Path, path: str, allowed: bool
) -> None:
    root = tmp_path / "free"
    answer = run(guard, event("beforeReadFile", root, file_path=str(root / path), content=SECRET_PROMPT))
    assert answer.allowed is allowed
    assert allowed or "No model in Cursor is." in answer.message
    attached = prompt(root, attachments=[{"type": "file", "filePath": str(root / path)}, {"type": "rule"}])
    assert run(guard, attached).allowed is allowed
    shell = event("beforeShellExecution", root, command=f"cat '{path}'|wc", cwd=str(root))
    assert run(guard, shell).allowed is allowed
    tool = event("beforeMCPExecution", root, tool_name="read", tool_input={"p": [path]})
    assert run(guard, tool).allowed is allowed


def test_a_labelled_path_asks_for_a_model_that_is_cleared_for_it(guard: Path, tmp_path: Path) -> None:
    path = str(tmp_path / "free" / "src" / "Customers" / "a.csv")
    for model, allowed in (("vane-ide-assist", True), ("vane-design-review", False), ("auto", False)):
        assert run(guard, event("beforeReadFile", tmp_path / "free", model, file_path=path)).allowed is allowed
    assert run(guard, event("beforeReadFile", tmp_path / "free", "auto", file_path=path + "/../../../x")).allowed
    Path(path).parent.mkdir(parents=True)
    assert not run(guard, prompt(Path(path).parent, "auto")).allowed
    assert run(guard, prompt(Path(path).parent.parent, "auto")).allowed
    there = str(Path(path).parent)
    assert not run(guard, event("beforeShellExecution", tmp_path, "auto", command="ls", cwd=there)).allowed


def test_tab_reads_nothing_labelled(guard: Path, tmp_path: Path) -> None:
    crm = checkout(tmp_path / "crm", "git@github.com:acme/crm.git")
    for model in ("tab", "@preset/vane-ide-assist"):
        answer = run(guard, event("beforeTabFileRead", crm, model, file_path=str(crm / "a.py"), content="x"))
        assert answer.reply["permission"] == "deny"
    free = tmp_path / "free"
    assert not run(guard, event("beforeTabFileRead", free, "tab", file_path=str(free / "customers" / "a"))).allowed
    assert run(guard, event("beforeTabFileRead", free, "tab", file_path=str(free / "a.py"))).allowed


def test_a_subagent_is_judged_by_its_own_model(guard: Path, tmp_path: Path) -> None:
    crm = checkout(tmp_path / "crm", "git@github.com:acme/crm.git")
    for own, allowed in (("composer-1", False), ("@preset/vane-ide-assist", True), ("inherit", True), (7, False)):
        assert run(guard, event("subagentStart", crm, subagent_model=own)).allowed is allowed
    assert run(guard, event("subagentStart", crm, None, subagent_model="inherit")).allowed
    assert not run(guard, event("subagentStart", crm, "auto", subagent_model="inherit")).allowed
    assert not run(guard, event("subagentStart", crm, None)).allowed


@pytest.mark.parametrize(
    ("words", "allowed"),
    [
        ("SEC-1 please", True),
        ("for\nARCH-22", True),
        ("(see SEC-9).", True),
        ("please", False),
        ("SEC-", False),
        ("xSEC-1", False),
        ("", False),
    ],
)
def test_a_dollar_route_asks_for_its_ticket(guard: Path, tmp_path: Path, words: str, allowed: bool) -> None:
    text = f"{words} {SECRET_PROMPT}"
    for model in ("vane-design-review", "@preset/vane-design-review"):
        answer = run(guard, prompt(tmp_path, model, prompt=text))
        assert answer.allowed is allowed
        assert allowed or r"^(SEC|ARCH)-\d+$" in answer.message
    assert run(guard, prompt(tmp_path, "vane-ide-assist", prompt=text)).allowed


@pytest.mark.parametrize(
    "bad",
    [
        b"",
        b"{",
        b"\xff{}",
        b"[]",
        b"null",
        b'"' + SECRET_PROMPT.encode() + b'"',
        b"[" * 100_000,
        {},
        {"hook_event_name": "afterFileEdit", "workspace_roots": []},
        {"hook_event_name": ["beforeSubmitPrompt"], "workspace_roots": []},
        {"hook_event_name": "beforeSubmitPrompt", "prompt": SECRET_PROMPT},
        {"hook_event_name": "beforeSubmitPrompt", "prompt": SECRET_PROMPT, "workspace_roots": ["relative"]},
        {"hook_event_name": "beforeSubmitPrompt", "prompt": SECRET_PROMPT, "workspace_roots": [SECRET_PROMPT + "\0"]},
        {"hook_event_name": "beforeSubmitPrompt", "prompt": [SECRET_PROMPT], "workspace_roots": []},
        {"hook_event_name": "beforeSubmitPrompt", "prompt": "x", "workspace_roots": [], "attachments": [SECRET_PROMPT]},
        {"hook_event_name": "beforeReadFile", "workspace_roots": []},
        {"hook_event_name": "beforeTabFileRead", "workspace_roots": [], "file_path": "/a\0b"},
    ],
)
def test_what_cannot_be_judged_is_blocked(guard: Path, bad: object) -> None:
    answer = run(guard, bad)
    assert answer.code == 2
    assert not answer.reply
    assert answer.error.startswith("vane-cursor-guard blocked this")
    assert len(answer.error.splitlines()) == 1


def test_a_checkout_that_points_nowhere_is_blocked(guard: Path, tmp_path: Path) -> None:
    for number, content in enumerate(("gitdir: /not/there\n", "", "nonsense")):
        root = tmp_path / str(number)
        root.mkdir()
        (root / ".git").write_text(content)
        assert run(guard, prompt(root)).code == 2


def hostile_plan() -> MachinePlan:
    label = Label("odd", HOSTILE, ('*/acme/it\'s "odd"',), ("a'b\"/*\n?", "[!a]#/**"), place("x.yaml", 1), (HOSTILE,))
    return replace(laptop_plan(), labels=(*LABELS, label))


def test_hostile_text_reaches_the_reader_as_it_was_written(tmp_path: Path) -> None:
    guard = write_guard(tmp_path, hostile_plan())
    root = checkout(tmp_path / "r", 'git@host.example:acme/it\'s "odd".git')
    answer = run(guard, prompt(root, "auto"))
    assert answer.message.count(HOSTILE) == 2
    assert not run(guard, event("beforeReadFile", tmp_path, file_path=str(tmp_path / "a'b\"" / "x\ny"))).allowed
    assert run(guard, event("beforeReadFile", tmp_path, file_path=str(tmp_path / "a'b\"" / "xy"))).allowed


def test_the_guard_runs_on_the_oldest_python_that_it_promises(guard: Path) -> None:
    source = guard.read_text()
    tree = ast.parse(source, feature_version=(3, 11))
    modules = {name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in (a.name for a in node.names)}
    modules |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in modules} <= sys.stdlib_module_names
    assert source.isascii()


@pytest.fixture
def module(guard: Path) -> ModuleType:
    loader = SourceFileLoader("vane_cursor_guard", str(guard))
    spec = spec_from_loader(loader.name, loader)
    assert spec is not None
    loaded = module_from_spec(spec)
    loader.exec_module(loaded)
    return loaded


GLOBS = (
    "**", "*", "*.pem", "a/*", "a/**", "**/a", "**/a/**", "a/**/b", "a/**/**/b", "**/**/b", "a?b", "[ab]/c", "[!a]/c",
    "/a/b", "x**y", "a/[b-d]*", "[]]x", "[a", "[]/b", "[!]x", "#a", "!a", "**/a/*/b", "*/*",
)  # fmt: skip
PATHS = (
    "a", "b", "a/b", "a/c", "b/c", "c/c", "a/x/b", "a/x/y/b", "x/a", "x/a/y", "x/a/y/b", "k.pem", "d/k.pem", "a/b/z",
    "x12y", "x/1y", "#a", "!a", "]x", "[a", "aab", "q/a/b/c/b",
)  # fmt: skip


def test_globs_mean_what_cursorignore_means_by_them(module: ModuleType, tmp_path: Path) -> None:
    glob: Callable[[str], Any] = module.glob
    repository = checkout(tmp_path / "r")
    for pattern in GLOBS:
        plan = replace(laptop_plan(), labels=(Label("odd", "Odd", (), (pattern,), place("x.yaml", 1)),))
        (ignore,) = (artifact.content for artifact in TARGET.emit(plan) if artifact.path == "cursor/cursorignore")
        (repository / ".gitignore").write_bytes(ignore)
        done = subprocess.run(
            ["git", "check-ignore", "--no-index", "--stdin"],
            cwd=repository,
            input="\n".join(PATHS),
            text=True,
            capture_output=True,
            check=False,
        )
        ignored = {path.strip('"') for path in done.stdout.splitlines()}
        assert {path for path in PATHS if glob(pattern).fullmatch(path)} == ignored, pattern


def test_names_match_as_a_mac_compares_them(module: ModuleType) -> None:
    assert module.glob("**/Geheim\u00e9/**").fullmatch(module.fold("x/GEHEIME\u0301/y"))
    assert module.glob("[z-a]x").fullmatch("qx")  # a set that is written wrong hides more, not less
    assert module.glob("a/b/").fullmatch("a/b/c")
