"""As much of GitHub's REST API as our workflows use, on 127.0.0.1, after docs.github.com/en/rest (version 2022-11-28).

Comments of issues, pull requests, runs of a workflow (the newest first) and their artifacts. Like the real one it wants
a token, pages its lists, refuses a comment above 65,536 characters and hands out artifacts from another host, which
wants no token.
"""

from __future__ import annotations

import io
import json
import re
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

REPOSITORY = "acme/routes"
TOKEN = "a-token-for-tests"
BOT = "github-actions[bot]"


@dataclass
class State:
    """What GitHub holds, and what it was asked."""

    pulls: dict[int, dict[str, Any]] = field(default_factory=dict)
    comments: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    #: workflow's file → its runs
    runs: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    #: run → its artifacts
    artifacts: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    archives: dict[int, bytes] = field(default_factory=dict)
    #: method and path of each request, as it came in
    asked: list[str] = field(default_factory=list)
    #: path → status to answer with instead
    broken: dict[str, int] = field(default_factory=dict)

    def open_pull(self, number: int, *, sha: str, branch: str, repository: int) -> None:
        head = {"sha": sha, "ref": branch, "repo": {"id": repository, "full_name": "fork/routes"}}
        self.pulls[number] = {"number": number, "state": "open", "head": head}
        self.comments.setdefault(number, [])

    def add_comment(self, number: int, body: str, login: str = BOT) -> dict[str, Any]:
        user = {"login": login, "type": "Bot" if login.endswith("[bot]") else "User"}
        some = {"id": 100 + sum(map(len, self.comments.values())), "user": user, "body": body}
        self.comments[number].append(some)
        return some

    def add_artifact(self, run: int, archive: bytes, name: str = "route-diff", size: int | None = None) -> None:
        number = 1000 + len(self.archives)
        self.archives[number] = archive
        about = {"id": number, "name": name, "size_in_bytes": len(archive) if size is None else size, "expired": False}
        self.artifacts.setdefault(run, []).append(about)

    @property
    def writes(self) -> list[str]:
        return [asked for asked in self.asked if not asked.startswith("GET ")]


def archive(text: str | bytes, number: str | None = "12\n", **more: str) -> bytes:
    """What check.yml leaves, by default for pull request 12."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as files:
        files.writestr("comment.md", text)
        if number is not None:
            files.writestr("pull-request", number)
        for name, other in more.items():
            files.writestr(name, other)
    return content.getvalue()


class _Handler(BaseHTTPRequestHandler):
    state: State

    def do_GET(self) -> None:
        self._answer("GET")

    def do_POST(self) -> None:
        self._answer("POST")

    def do_PATCH(self) -> None:
        self._answer("PATCH")

    def log_message(self, format: str, *args: Any) -> None:
        """Keeps the output of tests clean."""

    def _answer(self, method: str) -> None:
        url = urlsplit(self.path)
        sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.state.asked.append(f"{method} {url.path}")
        if stored := re.fullmatch(r"/elsewhere/(\d+)", url.path):
            self._store(int(stored[1]))
            return
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self._json(401, {"message": "Bad credentials"})
            return
        path = url.path.removeprefix(f"/repos/{REPOSITORY}")
        if path in self.state.broken:
            self._json(self.state.broken[path], {"message": "Resource not accessible by integration"})
            return
        self._json(*self._api(method, path, parse_qs(url.query), json.loads(sent) if sent else {}))

    def _store(self, number: int) -> None:
        """The storage: a second kind of authorization beside the signed address is an error there."""
        if "Authorization" in self.headers:
            self._json(400, {"message": "InvalidAuthenticationInfo"})
        else:
            self._bytes(200, "application/zip", self.state.archives[number])

    def _api(self, method: str, path: str, query: dict[str, list[str]], sent: dict[str, Any]) -> tuple[int, Any]:
        state = self.state
        if method == "GET" and (found := re.fullmatch(r"/pulls/(\d+)", path)) and int(found[1]) in state.pulls:
            return 200, state.pulls[int(found[1])]
        if method == "GET" and (found := re.fullmatch(r"/actions/(runs|workflows)/([\w.]+)/(?:artifacts|runs)", path)):
            return 200, self._runs(found[2], query) if found[1] == "workflows" else self._artifacts(found[2], query)
        if method == "GET" and (found := re.fullmatch(r"/actions/artifacts/(\d+)/zip", path)):
            return 302, f"/elsewhere/{found[1]}"
        if (found := re.fullmatch(r"/issues/(\d+)/comments", path)) and int(found[1]) in state.comments:
            return self._comments(method, int(found[1]), query, sent)
        if method == "PATCH" and (found := re.fullmatch(r"/issues/comments/(\d+)", path)):
            return self._update(int(found[1]), sent)
        return 404, {"message": "Not Found"}

    def _runs(self, workflow: str, query: dict[str, list[str]]) -> Any:
        of_branch = [run for run in self.state.runs.get(workflow, []) if run["head_branch"] in query["branch"]]
        newest = sorted(of_branch, key=lambda run: -run["id"])[: int(query["per_page"][0])]
        return {"total_count": len(of_branch), "workflow_runs": newest}

    def _artifacts(self, run: str, query: dict[str, list[str]]) -> Any:
        wanted = query.get("name")
        some = [each for each in self.state.artifacts.get(int(run), []) if wanted is None or each["name"] in wanted]
        return {"total_count": len(some), "artifacts": some}

    def _comments(self, method: str, number: int, query: dict[str, list[str]], sent: dict[str, Any]) -> tuple[int, Any]:
        if method == "POST":
            return self._refusal(sent) or (201, self.state.add_comment(number, sent["body"]))
        size, page = (int(query.get(name, [default])[0]) for name, default in (("per_page", "30"), ("page", "1")))
        return 200, self.state.comments[number][size * (page - 1) : size * page]

    def _update(self, identity: int, sent: dict[str, Any]) -> tuple[int, Any]:
        for comment in (comment for comments in self.state.comments.values() for comment in comments):
            if comment["id"] == identity:
                if refused := self._refusal(sent):
                    return refused
                comment["body"] = sent["body"]
                return 200, comment
        return 404, {"message": "Not Found"}

    @staticmethod
    def _refusal(sent: dict[str, Any]) -> tuple[int, Any] | None:
        body = sent.get("body", "")
        if not body or "\0" in body:
            return 422, {"message": "Validation Failed"}
        if len(body.encode("utf-16-le")) // 2 > 65_536:
            return 422, {"message": "Body is too long (maximum is 65536 characters)"}
        return None

    def _json(self, status: int, content: Any) -> None:
        if status == 302:
            self._bytes(status, "text/plain", b"", location=content)
        else:
            self._bytes(status, "application/json", json.dumps(content).encode())

    def _bytes(self, status: int, kind: str, content: bytes, location: str | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        if location:
            self.send_header("Location", f"http://{self.headers['Host']}{location}")
        self.end_headers()
        self.wfile.write(content)


@contextmanager
def serving(state: State) -> Iterator[str]:
    """The address of a server with that state."""
    handler = type("Handler", (_Handler,), {"state": state})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
