"""Every code with which a bundle is refused, or an agent stops."""

from __future__ import annotations

from collections.abc import Mapping

#: VD1xx making a bundle, VD2xx taking one in, VD3xx applying it, VD4xx the agent's own setup,
#: VD5xx pushing.
CODES: Mapping[str, str] = {
    "VD101": "generated/ is not a clean, committed compile",
    "VD102": "the repository cannot say which release this is",
    "VD103": "a file does not belong in a bundle",
    "VD104": "a bundle would carry a secret",
    "VD105": "the bundle cannot be signed",
    "VD201": "the remote cannot be reached",
    "VD202": "what the remote gave is damaged",
    "VD203": "the signature does not hold",
    "VD204": "the release is for another Mac",
    "VD205": "the release is older than one that this Mac had",
    "VD206": "the release does not follow from one that this Mac had",
    "VD207": "the release waits for the rings before this Mac's",
    "VD208": "the place of reports cannot be read or written",
    "VD301": "something stands in a file's place",
    "VD302": "a folder cannot be written",
    "VD303": "OpenClaw refuses its configuration",
    "VD304": "another owner runs the same launchd label",
    "VD305": "launchctl failed",
    "VD306": "a property list asks for more than the agent may give",
    "VD307": "health did not come within the limit",
    "VD308": "Cursor's settings cannot be written",
    "VD309": "applying a release failed",
    "VD310": "a guard has never started",
    "VD311": "a guard cannot work",
    "VD312": "a guard goes by another policy than the release's",
    "VD313": "a guard's state cannot be read",
    "VD401": "agent.json is missing or wrong",
    "VD402": "the agent runs as the wrong account",
    "VD403": "the agent's own files are damaged",
    "VD404": "there is no release to go back to",
    "VD501": "pushing needs pyinfra",
    "VD502": "there is nothing to push, or nowhere",
    "VD503": "a Mac cannot be reached",
    "VD504": "a Mac has no agent that runs",
}
