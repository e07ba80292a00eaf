"""Who holds how much of a week: vendors, countries, concentration. All of it over listed models, so lower bounds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from harness.market.numbers import change, share
from harness.market.rankings import Section
from harness.market.vendors import UNKNOWN, Vendor, vendor


@dataclass(frozen=True, slots=True)
class VendorShare:
    """A vendor's listed tokens in two weeks. None: none of its models is listed."""

    vendor: Vendor
    now: int | None
    then: int | None
    #: part of the platform, at least; None where the platform's total is not known
    share: Fraction | None

    @property
    def change(self) -> Fraction | None:
        """The change of its listed tokens; it means something where both weeks list to the same depth."""
        return change(self.now, self.then)


@dataclass(frozen=True, slots=True)
class Origins:
    """Listed tokens by country. Each share is a lower bound: nobody knows whose the unlisted ones are."""

    #: two letters, or `unknown` → tokens
    tokens: Mapping[str, int]
    unlisted: int | None
    total: int | None

    def share(self, country: str) -> Fraction | None:
        """At least this part of the platform."""
        return share(self.tokens.get(country, 0), self.total)


def vendor_shares(now: Section, then: Section) -> tuple[VendorShare, ...]:
    """The largest vendor first."""
    new, old = _by_vendor(now), _by_vendor(then)
    found = (
        VendorShare(vendor(slug), new.get(slug), old.get(slug), share(new.get(slug, 0), now.total))
        for slug in new.keys() | old.keys()
    )
    return tuple(sorted(found, key=lambda each: (-(each.now or 0), -(each.then or 0), each.vendor.slug)))


def origins(section: Section) -> Origins:
    """Tokens by the country of the vendor's head office."""
    tokens: Counter[str] = Counter()
    for row in section.models:
        tokens[vendor(row.permaslug).country] += row.tokens
    known = sorted(tokens, key=lambda country: (country == UNKNOWN, -tokens[country], country))
    return Origins({country: tokens[country] for country in known}, section.other, section.total)


def concentration(tokens: Sequence[int], total: int | None) -> Mapping[str, Fraction | None]:
    """Shares of the largest one, five and ten, and the Herfindahl index (0 to 10,000) as far as it is listed."""
    largest = {f"top{count}": share(sum(tokens[:count]), total) for count in (1, 5, 10)}
    index = None if not total else Fraction(10_000 * sum(count * count for count in tokens), total * total)
    return {**largest, "hhi": index}


def _by_vendor(section: Section) -> Mapping[str, int]:
    tokens: Counter[str] = Counter()
    for row in section.models:
        tokens[row.permaslug.partition("/")[0]] += row.tokens
    return tokens
