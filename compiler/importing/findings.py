"""What an import can find."""

from __future__ import annotations

from compiler.diagnostics import Code, Severity

UNREADABLE = Code(
    "VN711", "unreadable-import", "The file to import cannot be read", "give an openclaw.json, a LiteLLM config.yaml "
    "or a track skeleton that its own program accepts",
    "Nothing is guessed from a file that cannot be parsed.",
)  # fmt: skip
INCLUDE = Code(
    "VN712", "include-in-import", "The file to import includes another file",
    "write the included content in its place, and import that",
    "What lies in another file may name models; an import that does not see it could not promise equal reach.",
)  # fmt: skip
NOTHING = Code(
    "VN713", "nothing-to-import", "No route could be carried over", "see what was left out and why; write the first "
    "scenario by hand (docs/policies.md)",
    "Policies need at least one scenario with a model at OpenRouter or on an MLX server.",
)  # fmt: skip
EXISTS = Code(
    "VN714", "policies-exist", "There are policies already", "choose another folder with -o, or replace them with "
    "--force",
    "An import writes a first set of policies. It does not merge, and never replaces reviewed ones unasked.",
)  # fmt: skip
LEFT_OUT = Code(
    "VN715", "not-carried-over", "A model or an agent could not be carried over",
    "route the work to a model at OpenRouter or on an MLX server",
    "Routes lead to OpenRouter or to MLX on a Mac. What went elsewhere is named in a comment, and no longer reached.",
    Severity.WARNING,
)  # fmt: skip
LITERAL_KEY = Code(
    "VN716", "literal-key", "The imported file holds a credential",
    "take a new key, revoke this one, and put the new one into the Mac's environment",
    "Policies name no keys, so it was not carried over; but it stands in a file that may have been copied.",
    Severity.WARNING,
)  # fmt: skip
REACH_DIFFERS = Code(
    "VN717", "reach-differs", "The imported policies would reach other models than the file did",
    "this is a fault of the import: please report it with the message",
    "The result is compiled in memory and read back; nothing is written unless every agent reaches what it reached.",
)  # fmt: skip
NO_PLACE = Code(
    "VN718", "no-place-in-policies", "A setting has no place in the policies", "look at the comments in tracks.yaml, "
    "and set up by hand what you still need",
    "Policies hold routes. Channels, tools and the like are other people's business, and are named in a comment.",
    Severity.NOTE,
)  # fmt: skip
CODES = (UNREADABLE, INCLUDE, NOTHING, EXISTS, LEFT_OUT, LITERAL_KEY, REACH_DIFFERS, NO_PLACE)
