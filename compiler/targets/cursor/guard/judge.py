"""The answer to an event: what the policies have against it, and how to go on."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from typing import Any

from .decisions import decided, ready, unready
from .events import COMMANDS, EVENTS, PROMPT, SUBAGENT, TAB, WIRE, NoRules, Unclear, models, texts
from .labels import labels
from .rules import cursor

#: What a guard in another language takes for white space as well.
WHITE = re.compile(r"[ \t\n\r\f\v]+")
AROUND_A_TICKET = ".,:;!?()[]<>\"'`"


def label_objections(kind: str, asked: list[str], applying: dict[str, dict[str, Any]]) -> Iterator[str]:
    """Why the labels forbid the event; no sentence where they do not."""
    cleared = cursor()["cleared"]
    closed = [name for name in applying if kind == TAB or any(model not in cleared[name] for model in asked)]
    for name in closed:
        label = applying[name]
        yield 'This is labelled "' + name + '" (' + "; ".join([label["title"], *label["reasons"]]) + ")."
    if closed and kind == TAB:
        yield "Tab completion is not cleared for it."
    elif closed:
        common = [alias for alias in cursor()["aliases"] if all(alias in cleared[name] for name in applying)]
        named = " and ".join('"' + model + '"' if model else "A model without a name" for model in asked)
        yield named + " is not cleared for it."
        yield "Choose " + " or ".join(WIRE + alias for alias in common) + "." if common else "No model in Cursor is."


def pause_objections(kind: str, asked: list[str]) -> Iterator[str]:
    """Why a model is not to be had for now, whatever the data; no sentence where it is."""
    for model in asked if kind in (PROMPT, SUBAGENT) else ():
        why = cursor()["paused"].get(model)
        if why is not None:
            yield WIRE + model + " is paused: " + why + "."


def ticket_objections(asked: list[str], found: dict[str, str | None]) -> Iterator[str]:
    """Why a request lacks its ticket; no sentence where it needs none or has one."""
    for model in asked:
        if model in found and found[model] is None:
            ticket = cursor()["tickets"][model]
            yield "A request to " + WIRE + model + " must name its ticket: a word that matches " + ticket + "."


def tickets(event: dict[str, Any], kind: str, asked: list[str]) -> dict[str, str | None]:
    """For each model that asks for a ticket the one that a prompt names, or None."""
    if kind != PROMPT:
        return {}
    (prompt,) = texts(event, kind)
    wanted = cursor()["tickets"]
    return {model: ticket_in(prompt, wanted[model]) for model in asked if model in wanted}


def ticket_in(prompt: str, ticket: str) -> str | None:
    """The first word that is a ticket, also at the end of a sentence or in brackets."""
    expression = re.compile(ticket, re.ASCII)
    for word in WHITE.split(prompt):
        bare = word.strip(AROUND_A_TICKET)
        if any(spelling and expression.search(spelling) for spelling in (word, bare)):
            return bare or word
    return None


def answer(kind: str, message: str) -> dict[str, Any]:
    """What Cursor expects back."""
    if kind == PROMPT:
        return {"continue": False, "user_message": message} if message else {"continue": True}
    if not message:
        return {"permission": "allow"}
    reply = {"permission": "deny", "user_message": message}
    return {**reply, "agent_message": message} if kind in COMMANDS else reply


def judge(event: Any) -> dict[str, Any]:
    """The answer to one event."""
    kind = event.get("hook_event_name") if isinstance(event, dict) else None
    if kind not in EVENTS:
        raise Unclear("this is no event that the guard knows")
    asked = models(event, kind)
    applying, found = labels(event, kind), tickets(event, kind, asked)
    objections = {
        "cap": [*pause_objections(kind, asked)],
        "label": [*label_objections(kind, asked, applying)],
        "ticket": [*ticket_objections(asked, found)],
    }
    reason = next((reason for reason, said in objections.items() if said), None)
    if kind == PROMPT or reason:
        ticket = next((each for each in found.values() if each), None)
        decided(event, asked, list(applying), ticket, reason)
    ready()
    return answer(kind, " ".join(sentence for said in objections.values() for sentence in said))


def main() -> int:
    """Judge the event on standard input."""
    try:
        reply = json.dumps(judge(json.loads(sys.stdin.buffer.read().decode("utf-8"))))
    except Exception as error:  # whatever it was, data that could not be judged must not go out
        # only our own words: another error's text might repeat the prompt
        cause = str(error) if isinstance(error, Unclear) else type(error).__name__
        print("vane-cursor-guard blocked this, because it could not judge it: " + cause, file=sys.stderr)
        if isinstance(error, NoRules):
            unready(cause)
        return 2
    print(reply)
    return 0


if __name__ == "__main__":
    sys.exit(main())
