"""Two honest versions of a model: a caller of tools with 0.8 million weights, trained here, saved early and at last.

It reads the names of its tools and a sentence, and answers with calls of those tools, some of them wrong: its errors
are a model's own. Training takes minutes, so the folders are kept by the hash of all that makes them.

`python -m tests.contract.trained_model FOLDER` trains and writes FOLDER/100 and FOLDER/300.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

STEPS = (100, 300)
CACHE = Path(__file__).parents[2] / ".cache" / "mlx"
_SECONDS = 1800
_BATCH, _RATE, _WARM_UP = 32, 4e-3, 20
_SEED, _HELD_OUT = 11, 12

TOWNS = (
    "Aarhus", "Bergen", "Cork", "Dresden", "Essen", "Faro", "Ghent", "Hull", "Izmir", "Jena", "Kiel", "Leeds", "Malmo",
    "Nantes", "Odense", "Porto", "Rouen", "Siena", "Turin", "Utrecht",
)  # fmt: skip
PEOPLE = ("Ada", "Boris", "Clara", "Dana", "Egon", "Freya", "Gus", "Hedda", "Ivo", "Jutta")
FILES = ("agenda", "diary", "invoice", "ledger", "manual", "plan", "recipe", "survey")
SUBJECTS = ("budget", "audit", "holiday", "hiring", "launch", "outage", "rent", "training")
#: tool → its parameters and their types
TOOLS: Mapping[str, Mapping[str, str]] = {
    "forecast": {"town": "string"},
    "open": {"file": "string"},
    "note": {"to": "string", "about": "string"},
    "train": {"start": "string", "end": "string"},
    "alarm": {"minutes": "integer"},
    "find": {"words": "string"},
}
CHAT = {"good morning": "Good morning!", "many thanks": "My pleasure.", "how are you": "Fine, and you?"}
#: Words stand in quotes, as they do in the calls: to copy them is to copy their tokens, which so few weights can learn.
_PHRASES: Mapping[str, tuple[str, ...]] = {
    "forecast": ('will it rain in "{town}"', 'how warm is "{town}"', 'sun or snow in "{town}"'),
    "open": ('open "{file}"', 'what does "{file}" say', 'read me "{file}"'),
    "note": ('tell "{to}" of the "{about}"', 'drop "{to}" a line on the "{about}"'),
    "train": ('a seat from "{start}" to "{end}"', 'I must go from "{start}" to "{end}"'),
    "alarm": ("ring in {minutes} minutes", "wake me in {minutes} minutes"),
    "find": ('find pages on "{words}"', 'what is written of "{words}"'),
}
#: The names of the tools are all that it reads of them.
TEMPLATE = """\
{%- if tools %}<|im_start|>system
{% for tool in tools %}{{ tool.function.name }} {% endfor %}<|im_end|>
{% endif %}{% for message in messages %}<|im_start|>{{ message.role }}
{{ message.content or '' }}{% for each in message.tool_calls or [] %}{% set tool_call = each.function %}<tool_call>
{"name": "{{ tool_call.name }}", "arguments": {{ tool_call.arguments | tojson }}}
</tool_call>{% endfor %}<|im_end|>
{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
{% endif %}"""


@dataclass(frozen=True, slots=True)
class Example:
    """A sentence, the tools at hand, and what is right: calls, or an answer in words."""

    sentence: str
    tools: tuple[str, ...]
    calls: tuple[tuple[str, Mapping[str, Any]], ...]
    words: str = ""

    @property
    def prompt(self) -> str:
        """As the template renders it."""
        system = f"<|im_start|>system\n{''.join(f'{tool} ' for tool in self.tools)}<|im_end|>\n"
        return f"{system}<|im_start|>user\n{self.sentence}<|im_end|>\n<|im_start|>assistant\n"

    @property
    def answer(self) -> str:
        """What the model should say."""
        calls = (json.dumps({"name": tool, "arguments": arguments}) for tool, arguments in self.calls)
        return self.words + "".join(f"<tool_call>\n{call}\n</tool_call>" for call in calls) + "<|im_end|>"


def examples(seed: int) -> Iterator[Example]:
    """Without end."""
    chance = random.Random(seed)
    while True:
        tools = tuple(chance.sample(list(TOOLS), chance.randint(2, len(TOOLS))))
        if chance.random() < 0.1:
            sentence = chance.choice(list(CHAT))
            yield Example(sentence, tools, (), CHAT[sentence])
            continue
        tool = chance.choice(tools)
        values = _values(tool, chance)
        sentence, calls = chance.choice(_PHRASES[tool]).format(**values), [(tool, values)]
        if tool == "forecast" and chance.random() < 0.25:
            more = _values(tool, chance)
            sentence, calls = f'{sentence} and "{more["town"]}"', [*calls, (tool, more)]
        yield Example(sentence, tools, tuple(calls))


def _values(tool: str, chance: random.Random) -> Mapping[str, Any]:
    choices: Mapping[str, Sequence[Any]] = {
        "town": TOWNS, "start": TOWNS, "end": TOWNS, "file": FILES, "to": PEOPLE, "about": SUBJECTS, "words": SUBJECTS,
        "minutes": range(2, 60),
    }  # fmt: skip
    return {name: chance.choice(choices[name]) for name in TOOLS[tool]}


def held_out(count: int = 50) -> tuple[Example, ...]:
    """Examples whose sentences training does not see."""
    found: dict[str, Example] = {}
    for example in examples(_HELD_OUT):
        if example.calls or sum(not each.calls for each in found.values()) < len(CHAT):
            found.setdefault(example.sentence, example)
        if len(found) == count:
            return tuple(found.values())
    raise AssertionError("examples never end")


def suite(folder: Path) -> Path:
    """The fifty as a suite of `vane bench`."""
    tools = {
        name: {
            "description": f"The tool {name}.",
            "parameters": {
                "type": "object", "properties": {each: {"type": kind} for each, kind in parameters.items()},
                "required": list(parameters), "additionalProperties": False,
            },
        }
        for name, parameters in TOOLS.items()
    }  # fmt: skip
    cases = [_case(f"tiny-{number:02}", example) for number, example in enumerate(held_out())]
    folder.mkdir(parents=True)
    (folder / "suite.yaml").write_text(json.dumps({"version": 1, "suite": "tiny", "release": "1"}), "utf-8")
    form = {"version": 1, "scenario": "local-drafts", "tools": tools, "cases": cases}
    (folder / "local-drafts.yaml").write_text(json.dumps(form), "utf-8")
    return folder


def _case(name: str, example: Example) -> dict[str, Any]:
    calls = [
        {"tool": tool, "arguments": {each: [value] for each, value in arguments.items()}}
        for tool, arguments in example.calls
    ]
    kind = ("no_tool", "single", "parallel")[min(len(calls), 2)]
    expected = {"calls": calls} if calls else {"no_call": True}
    return {
        "id": name, "kind": kind, "tools": list(example.tools), "ask": example.sentence, "max_tokens": 96,
        "expect": expected,
    }  # fmt: skip


def versions(environment: Mapping[str, str]) -> tuple[Path, Path]:
    """The two models, trained now unless they were before. `environment`: of the training, with its BLAS."""
    sources = (Path(__file__), Path(__file__).parents[1] / "mlx_models.py")
    made_of = [source.read_bytes() for source in sources] + [version("mlx").encode(), version("mlx-lm").encode()]
    folder = CACHE / f"trained-{hashlib.sha256(b'|'.join(made_of)).hexdigest()[:16]}"
    if not folder.is_dir():
        making = folder.with_name(f"{folder.name}.{os.getpid()}")
        command = [sys.executable, "-m", "tests.contract.trained_model", str(making)]
        # on a busy machine a second thread waits more than it works
        alone = {**environment, "OPENBLAS_NUM_THREADS": "1"}
        subprocess.run(command, cwd=Path(__file__).parents[2], env=alone, check=True, timeout=_SECONDS)
        making.rename(folder)
    return folder / str(STEPS[0]), folder / str(STEPS[1])


def train(folder: Path) -> None:
    """Train, and write a model at each of the steps."""
    import mlx.core as mx
    from mlx import optimizers as optim
    from mlx.nn.losses import cross_entropy
    from mlx.nn.utils import value_and_grad

    from tests.mlx_models import qwen3, shape, tokenizer, weights, write

    mx.random.seed(_SEED)
    unseen = {example.sentence for example in held_out() if example.calls}
    source = (example for example in examples(_SEED) if example.sentence not in unseen)
    words = tokenizer((each.prompt + each.answer for each in islice(source, 2000)), 700)
    config = shape(words)
    model = qwen3(config)

    def loss(model: Any, tokens: mx.array, counts: mx.array) -> mx.array:
        return (cross_entropy(model(tokens[:, :-1]), tokens[:, 1:]) * counts).sum() / counts.sum()

    warm_up = optim.linear_schedule(0, _RATE, _WARM_UP)
    schedule = optim.join_schedules([warm_up, optim.cosine_decay(_RATE, max(STEPS))], [_WARM_UP])
    optimizer = optim.AdamW(learning_rate=schedule, weight_decay=0.01)
    step_of = value_and_grad(model, loss)
    for step in range(1, max(STEPS) + 1):
        tokens, counts = _batch(list(islice(source, _BATCH)), words)
        found, gradients = step_of(model, mx.array(tokens), mx.array(counts))
        optimizer.update(model, gradients)
        mx.eval(model.parameters(), optimizer.state, found)
        if step in STEPS:
            write(folder / str(step), config, words, weights(model), TEMPLATE)


def _batch(chosen: Sequence[Example], words: Tokenizer) -> tuple[list[list[int]], list[list[float]]]:
    """The examples' tokens, filled up to one length, and which of those that are to be foretold count: the answers."""
    pairs = [
        tuple(words.encode(text, add_special_tokens=False).ids for text in (example.prompt, example.answer))
        for example in chosen
    ]
    longest = max(len(prompt) + len(answer) for prompt, answer in pairs)
    tokens = [[*prompt, *answer, *[0] * (longest - len(prompt) - len(answer))] for prompt, answer in pairs]
    counts = [
        [float(len(prompt) <= place < len(prompt) + len(answer)) for place in range(1, longest)]
        for prompt, answer in pairs
    ]
    return tokens, counts


if __name__ == "__main__":
    train(Path(sys.argv[1]))
