"""The mechanism that runs the pages: what it refuses, what it notices, and what it writes anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.fences import Kind, blocks, prose
from tests.docs.parsed import refusal, spans, typed
from tests.docs.shown import agrees, asserts, normalised, refreshed
from tests.docs.walk import Walk, carry_out, rewrite

KINDS = {
    "```console\n$ vane rules\n```": Kind.RUN,
    '```sh title="on the Mac"\nvane-agent run\n```': Kind.ELSEWHERE,
    "```sh\n# slow\nmake contract\nA=b make test\n```": Kind.ELSEWHERE,
    "```yaml\nversion: 1\n```": Kind.SHOWN,
    '```yaml title="policies/caps.yaml"\nversion: 1\n```': Kind.FILE,
    '```diff title="policies/caps.yaml"\n@@ -1 +1 @@\n```': Kind.CHANGE,
    "````markdown\n```sh\nvane rules\n```\n````": Kind.SHOWN,
    "  ~~~text\n  a picture\n  ~~~": Kind.SHOWN,
}
LOOSE = {
    "no language": "```\nvane rules\n```",
    "no place": "```sh\nvane rules\n```",
    "another place": '```sh title="on the moon"\nvane rules\n```',
    "another shell": '```bash title="on the Mac"\nvane rules\n```',
    "another form of a title": "```yaml policies/caps.yaml\nversion: 1\n```",
    "a command among data": "```text\n$ vane rules\n```",
    "ours among data": "```yaml\n  vane rules\n```",
    "a title on what is run": '```console title="here"\n$ vane rules\n```',
}


@pytest.fixture
def page(tmp_path: Path) -> Path:
    return tmp_path / "page.md"


@pytest.mark.parametrize(("text", "kind"), KINDS.items())
def test_each_block_has_its_class(page: Path, text: str, kind: Kind) -> None:
    page.write_text(f"Before.\n\n{text}\n\nBehind.\n")
    (block,) = blocks(page)
    assert block.kind is kind
    assert prose(page) == "Before.\n\n\nBehind.\n"


@pytest.mark.parametrize("text", LOOSE.values(), ids=LOOSE)
def test_a_block_of_no_class_is_told(page: Path, text: str) -> None:
    page.write_text(text)
    (block,) = blocks(page)
    assert block.kind is None


def test_a_block_without_an_end_is_refused(page: Path) -> None:
    page.write_text("```console\n$ vane rules\n")
    with pytest.raises(ValueError, match=r"page.md:1: the block does not end"):
        blocks(page)


def test_what_is_said_otherwise_is_noticed_and_written(page: Path, walk: Walk) -> None:
    page.write_text(
        '```yaml title="notes/a.yaml"\na: 1\n```\n'
        '```diff title="notes/a.yaml"\n@@ -1 +1 @@\n-a: 1\n+a: 2\n```\n'
        "- item\n\n  ```console\n  $ cat notes/a.yaml | tr a b\n  old\n  $ vane rule nonsense-in-a-name\n  ```\n"
    )
    with pytest.raises(AssertionError, match=r"`vane rule nonsense-in-a-name` ended with 2"):
        carry_out(page, walk, {})
    text = page.read_text().replace("vane rule nonsense-in-a-name", "vane rule VN401 | head -1")
    page.write_text(text)
    other = carry_out(page, walk, {})
    assert [each.step.command for each in other] == ["cat notes/a.yaml | tr a b", "vane rule VN401 | head -1"]
    assert rewrite(page, other) == ()
    written = page.read_text().partition("  ```console\n")[2].splitlines()
    assert written[:2] == ["  $ cat notes/a.yaml | tr a b", "  b: 2"]
    assert written[2:] == ["  $ vane rule VN401 | head -1", "  VN401 dollar-without-cap (error)", "  ```"]
    assert carry_out(page, walk, {}) == ()


def test_a_change_that_does_not_fit_is_refused(page: Path, walk: Walk) -> None:
    page.write_text('```diff title="policies/caps.yaml"\n@@ -1 +1 @@\n-nothing of it\n+more\n```\n')
    with pytest.raises(AssertionError, match="does not apply"):
        carry_out(page, walk, {})


def test_a_file_stays_in_the_clone(page: Path, walk: Walk) -> None:
    page.write_text('```yaml title="../../elsewhere.yaml"\na: 1\n```\n')
    with pytest.raises(AssertionError, match="leaves the clone"):
        carry_out(page, walk, {})
    assert not (walk.project / "../../elsewhere.yaml").exists()


def test_a_place_has_another_name_on_the_page(walk: Walk) -> None:
    walk.stand_ins["/Volumes/team"] = str(walk.project)
    assert walk.type("cd /Volumes/team && pwd") == (0, "/Volumes/team\n")


@pytest.mark.parametrize(
    ("shown", "said", "is_so"),
    [
        ("a\nb\n", "a\nb\n", True),
        ("a\n", "a\nb\n", False),
        ("a\n…\n", "a\nb\nc\n", True),
        ("…\nc\n", "a\nb\nc\n", True),
        ("a\n…\nc\n", "a\nc\n", True),
        ("a\n…\nd\n", "a\nb\nc\n", False),
        ("a.c\n", "abc\n", False),
        ("took 1.2 s at 3f2a91c\n", "took 88 ms at 00de5f7\n", True),
        ("7 machines, 90 files\n", "8 machines, 90 files\n", False),
        ("face of 1234567 tokens\n", "face of 7654321 tokens\n", False),
    ],
)
def test_what_agrees(shown: str, said: str, is_so: bool) -> None:
    assert agrees(shown, said) is is_so


def test_an_excerpt_is_whole_lines_somewhere() -> None:
    assert agrees("b\n", "a\nb\nc\n", excerpt=True)
    assert not agrees("b\nd\n", "a\nb\nc\n", excerpt=True)


def test_only_what_is_named_is_normalised() -> None:
    assert normalised(f"{'a1' * 32} in 3 s") == "<digest> in <duration>"
    assert normalised("decade, 3 sides, 12345678") == "decade, 3 sides, 12345678"


def test_a_page_keeps_its_shape_when_it_is_written_anew() -> None:
    assert refreshed("a\n…\nc\n", "A\nB\nC\nD\n") == "A\n…\nD\n"
    assert refreshed("old\n", "new\n") == "new\n"
    assert refreshed("a\n…\nb\n…\nc\n", "A\nB\nC\n") is None
    assert refreshed("a\nb\n…\nc\n", "A\n") is None


def test_lines_left_out_alone_show_nothing() -> None:
    assert not asserts("…\n")
    assert asserts("…\nend\n")
    assert asserts("")


def test_commands_of_a_script_are_found() -> None:
    script = (
        "A=1 vane compile --check && vane test; sudo true  # vane nonsense\n$to/bin/vane-agent run \\\n  --dry-run\n"
    )
    assert [*typed(script)] == [["vane", "compile", "--check"], ["vane", "test"], ["vane-agent", "run", "--dry-run"]]


def test_commands_that_the_parser_does_not_know_are_told() -> None:
    assert refusal(["vane", "compile", "--check"]) is None
    assert "--chek" in (refusal(["vane", "compile", "--chek"]) or "")
    assert "invalid choice" in (refusal(["vane-agent", "walk"]) or "")
    assert refusal(["vane", "why", "openclaw.json"]) is not None
    assert refusal(["vane", "why", "openclaw.json"], whole=False) is None
    assert [*spans("Run `vane account plan | apply`, not `vane` or `make test`.")] == [["vane", "account", "plan"]]
