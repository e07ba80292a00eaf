"""Other people's targets: what they may not do, and that an error names them."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

import pytest

from compiler.cli import INTERNAL, main
from compiler.compile import compile_policies
from compiler.diagnostics import PolicyError
from compiler.plan import MachinePlan
from compiler.targets import ENTRY_POINT_GROUP, Artifact, Target, installed
from tests.samples import write_policies


def target(*artifacts: object) -> Target:
    def emit(plan: MachinePlan) -> Iterable[Artifact]:
        return artifacts  # type: ignore[return-value]  # what a careless author may do

    return Target("zed", emit, lambda path, content: (), lambda files: ())


STRANGE = {
    "outside": Artifact("../../../evil", b"", ()),
    "outside by the middle": Artifact("zed/../../evil", b"", ()),
    "absolute": Artifact("/etc/zed", b"", ()),
    "empty": Artifact("", b"", ()),
    "a folder": Artifact("zed/", b"", ()),
    "a line end": Artifact("zed\n.json", b"", ()),
    "our temporary name": Artifact("zed/.vane-x", b"", ()),
    "of another target": Artifact("OpenClaw.json", b"", ()),
    "text": Artifact("zed.json", "{}", ()),  # type: ignore[arg-type]
    "no artifact": "zed.json",
}


@pytest.mark.parametrize("artifact", STRANGE.values(), ids=STRANGE)
def test_what_cannot_be_written_is_refused_and_names_the_target(artifact: object, tmp_path: Path) -> None:
    policies = write_policies(tmp_path)
    with pytest.raises(PolicyError) as refused:
        compile_policies(policies, [*installed(), target(artifact)])
    assert {finding.code for finding in refused.value.findings} == {"VN602"}
    assert all("'zed'" in finding.message for finding in refused.value.findings)


def test_a_plain_artifact_of_another_target_is_compiled(tmp_path: Path) -> None:
    compiled = compile_policies(
        write_policies(tmp_path), [*installed(), target(Artifact("zed/settings.json", b"{}", ()))]
    )
    assert any(path.endswith("/zed/settings.json") for path, _ in compiled.files())


def broken(plan: MachinePlan) -> Iterable[Artifact]:
    raise ValueError("no idea")


BROKEN = Target("zed", broken, lambda path, content: (), lambda files: ())
NO_TARGET = "settings"


@pytest.mark.parametrize("name", ["BROKEN", "NO_TARGET", "MISSING"])
def test_an_error_in_a_target_names_it(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    entry = metadata.EntryPoint("zed", f"tests.test_strange_targets:{name}", ENTRY_POINT_GROUP)
    monkeypatch.setattr(metadata, "entry_points", lambda group: [entry])
    write_policies(tmp_path)
    assert main(["compile", "-C", str(tmp_path)]) == INTERNAL
    assert "in target 'zed'" in capsys.readouterr().err
    assert not (tmp_path / "generated").exists()
