"""Coverage-guided fuzzing (`make fuzz`): three targets, each a set of doors by which text from outside comes in.

An input's first byte says which door, the rest is what comes in there. A target holds a promise: whatever comes in is
taken, or refused in the way that the door documents; nothing else is raised. `make test` replays what is kept.
"""
