"""The article's case, computed: what $3,200 a month on Sonnet would cost under its split of tokens. See README.md.

`python docs/examples/case-study/case_study.py` prints the page.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from compiler.policy.lock import Pricing
from compiler.yaml_text import parse
from harness.bench.page import Block, Heading, Sentence, Table, as_text
from harness.market.numbers import tokens, unsigned
from harness.market.simulate.tariff import Condition, Tariff
from harness.market.spend.money import shown_usd

DATA = Path(__file__).with_name("case.yaml")
_SHORT = Condition(Decimal(0), None)


@dataclass(frozen=True, slots=True)
class Mix:
    """How tokens split: completion of all of them; read from a cache, and written to one, of the prompt."""

    name: str
    completion: Fraction
    cached: Fraction
    written: Fraction

    def price(self, tariff: Tariff) -> Fraction:
        """USD of one token of this mix."""
        rates = tariff.rates(_SHORT)
        plain = 1 - self.cached - self.written
        parts = (plain, rates.prompt), (self.cached, rates.cache_read), (self.written, rates.cache_write)
        prompt = sum((part * Fraction(rate) for part, rate in parts), Fraction(0))
        return (1 - self.completion) * prompt + self.completion * Fraction(rates.completion)


@dataclass(frozen=True, slots=True)
class Case:
    """What the article says, and the prices of its week."""

    before_usd: Fraction
    after_usd: Fraction
    before: str
    after: Mapping[str, Fraction]
    tariffs: Mapping[str, Tariff]
    mixes: tuple[Mix, ...]

    def volume(self, mix: Mix) -> Fraction:
        """The tokens that the bill before buys."""
        return self.before_usd / mix.price(self.tariffs[self.before])

    def bill(self, mix: Mix) -> Mapping[str, Fraction]:
        """The bill of the same tokens after, model by model."""
        volume = self.volume(mix)
        return {model: share * volume * mix.price(self.tariffs[model]) for model, share in self.after.items()}

    def total(self, mix: Mix) -> Fraction:
        """All of it."""
        return sum(self.bill(mix).values(), Fraction(0))

    def share_needed(self, mix: Mix) -> Fraction:
        """Which part of the same tokens the dearest model would have to take, the others in proportion."""
        dearest = max(self.after, key=lambda model: mix.price(self.tariffs[model]))
        dear = mix.price(self.tariffs[dearest])
        rest = {model: share for model, share in self.after.items() if model != dearest}
        parts = (share * mix.price(self.tariffs[model]) for model, share in rest.items())
        cheap = sum(parts, Fraction(0)) / sum(rest.values(), Fraction(0))
        return (self.after_usd / self.volume(mix) - cheap) / (dear - cheap)


def read(file: Path = DATA) -> Case:
    """The case from its file."""
    data: Any = parse(file.read_text("utf-8"), file.name)[0].data
    case = data["case"]
    return Case(
        before_usd=Fraction(case["before_usd"]),
        after_usd=Fraction(case["after_usd"]),
        before=case["before"],
        after={model: Fraction(share) for model, share in case["after"].items()},
        tariffs={model: Tariff(Pricing.model_validate(prices)) for model, prices in data["prices"].items()},
        mixes=tuple(
            Mix(mix["name"], *(Fraction(mix[part]) for part in ("completion", "cached", "written")))
            for mix in data["mixes"]
        ),
    )


def page(case: Case) -> Iterator[Block]:
    """The computed bills beside the article's, and what the difference means."""
    yield Heading(f"{_usd(case.before_usd)} a month on Sonnet, split as the article says", 1)
    yield Table(
        ("mix of tokens", "tokens a month", *(model.partition("/")[2] for model in case.after), "computed", "article"),
        tuple(_line(case, mix) for mix in case.mixes),
    )
    yield Heading("Why they differ")
    yield from (Sentence(words, is_item=True) for words in reasons(case))


def reasons(case: Case) -> Iterator[str]:
    """What would have to be so for the article's bill."""
    totals = sorted(case.total(mix) for mix in case.mixes)
    growths = sorted(case.after_usd / total for total in totals)
    shares = sorted(case.share_needed(mix) for mix in case.mixes)
    cut = [unsigned(1 - total / case.before_usd) for total in (*totals, case.after_usd)]
    yield (
        f"The same tokens at list prices come to {_usd(totals[0])} to {_usd(totals[-1])}: {cut[-2]} to {cut[0]} less. "
        f"The article reports {_usd(case.after_usd)}, {cut[-1]} less, which no mix of prompt and cache gives."
    )
    yield (
        "The mix matters little, because it is the same on both sides. Opus alone is the same under any: each of its "
        "prices is five thirds of Sonnet's, and 8 % of the tokens at five thirds of the price are 13.3 % of the bill."
    )
    yield (
        f"The tokens would have to grow to {_times(growths[0])} to {_times(growths[-1])} times as many: cheap models "
        "invite more work, longer loops and retries. The article does not say how its volume moved."
    )
    yield (
        f"Or Opus would have to take {unsigned(shares[0])} to {unsigned(shares[-1])} of the tokens, not 8 %: parts of "
        "calls or of people are not parts of tokens, and an audit reads more than a chat."
    )
    yield (
        "Or the same work is not as many tokens: models count text differently and think at different length. Here "
        "every model uses as many as Sonnet (factor 1), which is an assumption."
    )
    yield "Or the bill holds more than tokens at list price: seats, web search, fees, dearer providers, the remote Mac."
    yield "Nothing was adjusted to come closer. What a change does to a team's own bill, `vane simulate` tells."


def _line(case: Case, mix: Mix) -> tuple[str, ...]:
    amounts = (*case.bill(mix).values(), case.total(mix), case.after_usd)
    return mix.name, tokens(round(case.volume(mix))), *map(_usd, amounts)


def _usd(amount: Fraction) -> str:
    return shown_usd(Decimal(round(amount * 100)) / 100)


def _times(ratio: Fraction) -> str:
    return f"{Decimal(round(ratio * 10)) / 10}"


if __name__ == "__main__":
    sys.stdout.write(as_text(tuple(page(read()))))
