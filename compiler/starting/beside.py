"""What a team's repository has beside policies: workflows and their scripts, owners, editor settings, the tool itself.

Workflows and scripts are this project's own, which tests carry out step by step. They begin with `script/bootstrap`,
and only that differs: a team installs a release.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from compiler import VERSION
from compiler.shipped import shipped

HOME = "https://github.com/weathervane/weathervane"
WORKFLOWS = ("check.yml", "comment.yml", "weekly.yml", "deploy.yml")
SCRIPTS = (
    "close-silently", "last_weekly_run.py", "publish-release", "route-diff", "sticky_comment.py", "weekly_words.py",
    "with-token", "withdraw-auto-merge",
)  # fmt: skip
_GITHUB = ".github"
#: The job of check.yml that tests the tool itself.
_OWN_JOB = re.compile(r"^  test:\n(?:(?:    .*)?\n)+", re.MULTILINE)
_OWN_SETTING = re.compile(r'^  "files\.associations".*\n', re.MULTILINE)
#: Lines of CODEOWNERS about folders that a team does not have.
_OWN_CODE = re.compile(r"^/(?:compiler/|\.ci/|Makefile).*\n", re.MULTILINE)
_DOCS = re.compile(r"(?<![\w/])docs/(?:decisions/[0-9]+|[\w/-]+\.md)")
_IGNORED = (
    ".venv/\n.cache/\n# runs of the harness and the ledger: neither is committed\n.vane/\n__pycache__/\n.DS_Store\n"
)
_REQUIREMENTS = f"""\
# The tool, at one release. For a newer one put both versions here, and review what `vane compile` changes.
weathervane[harness] @ {HOME}/releases/download/v{VERSION}/weathervane-{VERSION}-py3-none-any.whl
"""


def beside_policies(owner: str) -> Mapping[str, bytes]:
    """Path in the repository → content."""
    workflows = {f"{_GITHUB}/workflows/{name}": _workflow(name) for name in WORKFLOWS}
    scripts = {f"{_GITHUB}/scripts/{name}": _own(f"{_GITHUB}/scripts/{name}") for name in SCRIPTS}
    texts = {
        **workflows,
        **scripts,
        f"{_GITHUB}/zizmor.yml": _own(f"{_GITHUB}/zizmor.yml"),
        f"{_GITHUB}/CODEOWNERS": _OWN_CODE.sub("", _own(f"{_GITHUB}/CODEOWNERS")).replace("@your-org/", f"@{owner}/"),
        ".vscode/settings.json": _OWN_SETTING.sub("", _own(".vscode/settings.json")),
        ".gitignore": _IGNORED,
        "requirements.txt": _REQUIREMENTS,
        "script/bootstrap": Path(__file__).with_name("bootstrap.sh").read_text("utf-8"),
    }
    return {path: text.encode("utf-8") for path, text in texts.items()}


def _own(path: str) -> str:
    return shipped(path).read_text("utf-8")


def _workflow(name: str) -> str:
    """A decision is named by its number alone, under which GitHub finds nothing: the folder is."""
    text = _OWN_JOB.sub("", _own(f"{_GITHUB}/workflows/{name}"))
    return _DOCS.sub(lambda found: f"{HOME}/blob/main/{re.sub('/[0-9]+$', '', found[0])}", text)
