"""The comment on a pull request: one, whole, of that pull request, and nobody's else."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.github import BOT, REPOSITORY, TOKEN, State, archive, serving

SCRIPT = Path(__file__).parents[1] / ".github" / "scripts" / "sticky_comment.py"
MARKER = "<!-- weathervane: route-diff -->"
RUN, NUMBER, FORK = 77, 12, 4242
SHA = "1234567890abcdef1234567890abcdef12345678"
BRANCH = "cheaper-loops"


@dataclass
class Scene:
    """A fake GitHub with one open pull request from a fork, and the script that comments there."""

    state: State
    address: str
    folder: Path

    def comment(self, **event: Any) -> subprocess.CompletedProcess[str]:
        run = {
            "id": RUN,
            "event": "pull_request",
            "html_url": f"https://github.com/{REPOSITORY}/actions/runs/{RUN}",
            "head_sha": SHA,
            "head_branch": BRANCH,
            "head_repository": {"id": FORK},
            "pull_requests": [],
        }
        payload = self.folder / "event.json"
        payload.write_text(json.dumps({"workflow_run": run | event}))
        environment = {
            "GITHUB_EVENT_PATH": str(payload),
            "GITHUB_API_URL": self.address,
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_TOKEN": TOKEN,
        }
        command = [sys.executable, "-I", str(SCRIPT)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
        assert TOKEN not in done.stdout + done.stderr
        return done

    @property
    def bodies(self) -> list[str]:
        return [comment["body"] for comment in self.state.comments[NUMBER]]


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    state = State()
    state.open_pull(NUMBER, sha=SHA, branch=BRANCH, repository=FORK)
    with serving(state) as address:
        yield Scene(state, address, tmp_path)


def test_a_first_comment(scene: Scene) -> None:
    scene.state.add_artifact(RUN, archive("- **agent-loops** on studio: model a → b\n"))
    done = scene.comment()
    assert (done.returncode, done.stdout) == (0, f"commented on pull request {NUMBER}\n"), done.stderr
    (body,) = scene.bodies
    assert body.startswith(f"{MARKER}\nRoutes of this pull request, as [its own check](https://github.com/acme/routes/")
    assert body.endswith("of `1234567` found them.\n\n- **agent-loops** on studio: model a → b")


def test_there_is_never_a_second(scene: Scene) -> None:
    for text in ("first", "second", "second"):
        scene.state.add_artifact(RUN, archive(text))
        assert scene.comment().returncode == 0
    (body,) = scene.bodies
    assert body.endswith("second")
    assert [write.split()[0] for write in scene.state.writes] == ["POST", "PATCH"], "an equal text is not written again"


def test_ours_is_found_on_a_later_page(scene: Scene) -> None:
    for number in range(230):
        scene.state.add_comment(NUMBER, f"talk {number}", login="alice")
    ours = scene.state.add_comment(NUMBER, f"{MARKER}\nold")
    scene.state.add_artifact(RUN, archive("new"))
    assert scene.comment().returncode == 0
    assert ours["body"].endswith("new")
    assert len(scene.bodies) == 231


def test_a_comment_that_only_looks_like_ours_is_left_alone(scene: Scene) -> None:
    copied = f"{MARKER}\ncopied by a person"
    scene.state.add_comment(NUMBER, copied, login="mallory")
    scene.state.add_comment(NUMBER, f"about {MARKER}", login=BOT)
    scene.state.add_artifact(RUN, archive("ours"))
    assert scene.comment().returncode == 0
    assert scene.bodies[:2] == [copied, f"about {MARKER}"]
    assert len(scene.bodies) == 3


def test_no_policy_changes(scene: Scene) -> None:
    scene.state.add_artifact(RUN, archive(""))
    done = scene.comment()
    assert (done.returncode, scene.bodies) == (0, [])
    assert "changes no policy" in done.stdout
    scene.state.add_comment(NUMBER, f"{MARKER}\nold")
    assert scene.comment().returncode == 0
    assert scene.bodies[0].endswith("\n\nNo policy changes any more.")


def test_an_artifact_for_another_pull_request_is_refused(scene: Scene) -> None:
    scene.state.open_pull(13, sha="f" * 40, branch="main", repository=1)
    scene.state.add_artifact(RUN, archive("spoof", number="13"))
    done = scene.comment()
    assert done.returncode == 1
    assert done.stdout.startswith("::error title=no comment::run 77 was not for pull request 13")
    assert scene.state.writes == []


@pytest.mark.parametrize(
    "head", [{"repository": 1}, {"branch": "other"}, {"repository": 1, "sha": SHA}, {"branch": "other", "sha": SHA}]
)
def test_equal_commits_do_not_make_it_the_same_pull_request(scene: Scene, head: dict[str, Any]) -> None:
    same: dict[str, Any] = {"sha": SHA, "branch": BRANCH, "repository": FORK}
    scene.state.open_pull(13, **(same | head))
    scene.state.add_artifact(RUN, archive("spoof", number="13"))
    assert scene.comment().returncode == 1
    assert scene.state.writes == []


def test_a_fork_that_is_gone_matches_nothing(scene: Scene) -> None:
    scene.state.pulls[NUMBER]["head"]["repo"] = None
    scene.state.add_artifact(RUN, archive("text"))
    assert scene.comment(head_repository=None).returncode == 1
    assert scene.state.writes == []


def test_an_older_push_does_not_overwrite_a_newer(scene: Scene) -> None:
    scene.state.pulls[NUMBER]["head"]["sha"] = "f" * 40
    scene.state.add_artifact(RUN, archive("old"))
    done = scene.comment()
    assert (done.returncode, scene.state.writes) == (0, [])
    assert "has moved on from 1234567" in done.stdout


@pytest.mark.parametrize(
    ("event", "pull", "said"),
    [({"event": "push"}, {}, "not for a pull request"), ({}, {"state": "closed"}, "pull request 12 is closed")],
)
def test_nothing_to_comment_on(scene: Scene, event: dict[str, str], pull: dict[str, str], said: str) -> None:
    scene.state.pulls[NUMBER] |= pull
    scene.state.add_artifact(RUN, archive("text"))
    done = scene.comment(**event)
    assert (done.returncode, scene.state.writes) == (0, [])
    assert said in done.stdout


def test_a_check_that_left_nothing(scene: Scene) -> None:
    scene.state.add_artifact(RUN, archive("text"), name="other")
    done = scene.comment()
    assert (done.returncode, scene.state.writes) == (0, [])
    assert "left no route-diff" in done.stdout


def test_the_newest_attempt_counts(scene: Scene) -> None:
    scene.state.add_artifact(RUN, archive("first attempt"))
    scene.state.add_artifact(RUN, archive("second attempt"))
    assert scene.comment().returncode == 0
    assert scene.bodies[0].endswith("second attempt")


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"no zip at all", id="no zip"),
        pytest.param(archive("text")[:-40], id="cut off"),
        pytest.param(archive("text", number=None), id="no number"),
        pytest.param(archive("text", number="12; rm -rf /"), id="no number but a command"),
        pytest.param(archive("text", number="12\n::set-env name=X::y"), id="a workflow command"),
        pytest.param(archive("text", number="../../issues/1"), id="a path"),
        pytest.param(archive(b"\0" * 2_000_000), id="a bomb"),
    ],
)
def test_a_bad_archive_is_refused(scene: Scene, content: bytes) -> None:
    assert len(content) < 100_000
    scene.state.add_artifact(RUN, content)
    done = scene.comment()
    assert (done.returncode, scene.state.writes) == (1, []), done.stderr
    assert done.stdout.startswith("::error title=no comment::")
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""


def test_a_large_archive_is_not_even_fetched(scene: Scene) -> None:
    scene.state.add_artifact(RUN, archive("text"), size=50_000_000)
    assert scene.comment().returncode == 1
    assert not any("/zip" in asked or "elsewhere" in asked for asked in scene.state.asked)


def test_no_name_in_the_archive_becomes_a_file(scene: Scene) -> None:
    scene.state.add_artifact(RUN, archive("text", **{"../../escaped": "x", "/tmp/escaped": "x"}))
    assert scene.comment().returncode == 0
    assert [file.name for file in scene.folder.rglob("*")] == ["event.json"]


def test_a_long_text_is_cut_where_nothing_stays_open(scene: Scene) -> None:
    diff = "\n".join(f"+ line {number} 🧭" for number in range(20_000))
    scene.state.add_artifact(
        RUN, archive(f"intro\n\n<details><summary>x</summary>\n\n````diff\n{diff}\n````\n</details>")
    )
    assert scene.comment().returncode == 0
    (body,) = scene.bodies
    assert 64_000 < len(body.encode("utf-16-le")) // 2 <= 65_536
    assert body.endswith("🧭\n````\n</details>\n\n*Cut: `vane diff` shows all of it.*")


@pytest.mark.parametrize("text", ["x" * 200_000, "<details>\n" * 60_000, "`" * 70_000, "🧭" * 40_000])
def test_any_long_text_fits(scene: Scene, text: str) -> None:
    scene.state.add_artifact(RUN, archive(text))
    done = scene.comment()
    assert done.returncode == 0, done.stdout
    assert scene.bodies[0].endswith("*Cut: `vane diff` shows all of it.*")


def test_a_text_is_cut_from_the_first_character_too_many(scene: Scene) -> None:
    scene.state.add_artifact(RUN, archive("x"))
    assert scene.comment().returncode == 0
    longest = "y" * (65_536 - len(scene.bodies[0]) + 1)
    scene.state.add_artifact(RUN, archive(longest))
    assert scene.comment().returncode == 0
    assert len(scene.bodies[0]) == 65_536
    assert scene.bodies[0].endswith(longest)
    scene.state.add_artifact(RUN, archive(f"{longest}y"))
    assert scene.comment().returncode == 0
    assert scene.bodies[0].endswith("*Cut: `vane diff` shows all of it.*")


def test_text_stays_what_it_is(scene: Scene) -> None:
    text = (
        'says "a & b" ]]> {{ x }} ${{ secrets.A }} <b> \\* 🧭👩‍💻\n\n```diff\n+ "@preset/x"\n@@ -1 +1 @@\n```\n\ttabbed'
    )
    scene.state.add_artifact(RUN, archive(text))
    assert scene.comment().returncode == 0
    assert scene.bodies[0].endswith(f"\n\n{text}")


def test_nobody_is_notified_by_a_name_in_a_policy(scene: Scene) -> None:
    scene.state.add_artifact(
        RUN, archive("ask @alice or \\@acme/team\n```\n@in-code\n``` not closed\n```\n@bob\r\n@@ 1 @@")
    )
    assert scene.comment().returncode == 0
    said = scene.bodies[0].partition("\n\n")[2]
    assert said == ("ask @\u200balice or \\@\u200bacme/team\n```\n@in-code\n``` not closed\n```\n@\u200bbob\n@@ 1 @@")


def test_control_characters_go(scene: Scene) -> None:
    scene.state.add_artifact(RUN, archive(b"a\x00b\x1b[31mc\xff\xe2\x80\xaed"))
    assert scene.comment().returncode == 0
    assert scene.bodies[0].endswith("\n\nab[31mc\ufffdd")


def test_our_words_stand_before_a_text_that_leaves_something_open(scene: Scene) -> None:
    scene.state.add_artifact(RUN, archive(f"{MARKER}\n<!-- <details> ```"))
    assert scene.comment().returncode == 0
    assert scene.bodies[0].startswith(f"{MARKER}\nRoutes of this pull request, as ")


@pytest.mark.parametrize("path", [f"/pulls/{NUMBER}", f"/issues/{NUMBER}/comments", f"/actions/runs/{RUN}/artifacts"])
def test_github_refuses(scene: Scene, path: str) -> None:
    scene.state.add_artifact(RUN, archive("text"))
    scene.state.broken[path] = 403
    done = scene.comment()
    assert (done.returncode, done.stderr) == (1, "")
    assert f"GitHub answered 403 to GET {path}" in done.stdout


def test_a_pull_request_that_does_not_exist(scene: Scene) -> None:
    scene.state.add_artifact(RUN, archive("text", number="999"))
    done = scene.comment()
    assert (done.returncode, scene.state.writes) == (1, [])
    assert "GitHub answered 404 to GET /pulls/999" in done.stdout


def test_outside_of_actions_it_says_what_is_missing() -> None:
    command = [sys.executable, "-I", str(SCRIPT)]
    done = subprocess.run(command, env={}, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (
        2,
        "sticky_comment: 'GITHUB_EVENT_PATH' is not set; this runs in comment.yml\n",
    )
