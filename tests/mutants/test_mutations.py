"""Faults are put in and taken out again, in decorated functions and in methods too."""

from __future__ import annotations

from typing import Any

from tests.mutants.mutations import mutants

SOURCE = """\
@rule("left alone")
def some(values, most=3):
    for value in values:
        if value > 2 and value is not None:
            yield value

class Kept:
    def names(self):
        return [name for name in self.all if name]
"""


def test_each_fault_by_itself() -> None:
    found = [(mutant.function, mutant.line, mutant.now) for mutant in mutants(SOURCE, "some.py")]
    assert found == [
        ("some", 4, "if not (value > 2 and value is not None):\n    yield value"),
        ("some", 4, "value > 2 or value is not None"),
        ("some", 4, "True and value is not None"),
        ("some", 4, "value > 2 and True"),
        ("some", 5, "yield from ()"),
        ("some", 4, "value >= 2"),
        ("some", 4, "value is None"),
        ("some", 4, "3"),
        ("Kept.names", 9, "return None"),
        ("Kept.names", 9, " for name in self.all"),
        ("Kept.names", 9, " for name in self.all if not name"),
    ]


def test_the_code_has_the_fault_and_no_other() -> None:
    def kept(code: object) -> list[int]:
        names: dict[str, Any] = {}
        exec("def some(values, most=3): yield", names)
        some = names["some"]
        some.__code__ = code
        return list(some([1, 2, 3]))

    by_fault = {mutant.now: mutant.code for mutant in mutants(SOURCE, "some.py")}
    assert kept(by_fault["value >= 2"]) == [2, 3]
    assert kept(by_fault["yield from ()"]) == []
    assert kept(by_fault["value > 2 and True"]) == [3]
