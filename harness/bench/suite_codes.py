"""What can be wrong with a suite beyond its form. Apart from it, so that `vane rules` reads no suite."""

from __future__ import annotations

from compiler.diagnostics import Code

NO_SUITE = Code(
    "VB101", "no-suite", "A folder is no suite", "give a folder that holds suite.yaml and files of cases",
    "A suite says by its name and release what a run was made with.",
)  # fmt: skip
NO_CASES = Code(
    "VB102", "no-cases", "A suite has no case", "write one; docs/suite.md shows how",
    "A run of nothing would say that everything is well.",
)  # fmt: skip
CASE_TWICE = Code(
    "VB103", "case-twice", "Two cases have the same id", "rename one of them",
    "Results are joined by the id of their case, this week's with last week's.",
)  # fmt: skip
UNKNOWN_TOOL = Code(
    "VB104", "unknown-tool", "A case names a tool that it does not have", "correct the name, or describe the tool",
    "No model can call what it is not offered.",
)  # fmt: skip
BAD_SCHEMA = Code(
    "VB105", "bad-schema", "A JSON Schema cannot be used", "mend the schema (draft 7)",
    "By OpenRouter's definition a broken schema is violated by nothing: errors would go uncounted.",
)  # fmt: skip
VALUE_OFF_SCHEMA = Code(
    "VB106", "value-off-schema", "An accepted call does not fit its tool's schema", "mend the value or the schema",
    "A model that answers right would be counted as one that breaks the protocol.",
)  # fmt: skip
ONE_EXPECTATION = Code(
    "VB107", "one-expectation", "A case needs exactly one expectation",
    "keep one of calls, no_call, any_call, contains, matches, fits, patch",
    "With none nothing is graded; with two nobody could say which one failed.",
)  # fmt: skip
BAD_PATTERN = Code(
    "VB108", "bad-pattern", "A regular expression cannot be used", "mend it",
    "A pattern that needs exponential time would stop the run at the first odd answer.",
)  # fmt: skip
WRONG_KIND = Code(
    "VB109", "wrong-kind", "A case is not of the kind that it says", "correct `kind`",
    "Reports compare kinds: single, parallel and multi-turn calls, no tool needed, text.",
)  # fmt: skip
BAD_MESSAGES = Code(
    "VB110", "bad-messages", "The messages of a case cannot be sent", "mend the message",
    "Providers refuse such requests, and the case would count as a fault of the model.",
)  # fmt: skip
BAD_IMAGE = Code(
    "VB111", "bad-image", "An image cannot be drawn", "use capitals, digits and simple punctuation",
    "What is not in the picture cannot be read from it.",
)  # fmt: skip
BAD_PATCH = Code(
    "VB112", "bad-patch", "An expected diff does not apply to its file", "mend the diff or the file",
    "Nobody could give the right answer.",
)  # fmt: skip
CODES = (
    NO_SUITE, NO_CASES, CASE_TWICE, UNKNOWN_TOOL, BAD_SCHEMA, VALUE_OFF_SCHEMA, ONE_EXPECTATION, BAD_PATTERN,
    WRONG_KIND, BAD_MESSAGES, BAD_IMAGE, BAD_PATCH,
)  # fmt: skip
