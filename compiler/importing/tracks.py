"""Which key pays for which scenario, so that no track's downgrade or pool makes a scenario reach what it did not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from compiler.importing.found import Prices, Work
from compiler.plan import MLX_PREFIX, Track

#: USD per million completion tokens from which a model counts as dear (Opus-class output costs about 25).
DEAR = Decimal(10)
Models = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tracks:
    """The models of each track, and each scenario's track and route."""

    token: Models
    dollar: Models
    gray: Models
    of: Mapping[str, Track]
    routes: Mapping[str, Models]
    #: scenarios whose primary is dear and that could not have the dollar track
    dear_on_token: frozenset[str]

    def usual(self, name: str) -> Models:
        """The route that a scenario has without one of its own."""
        return {"token": self.token, "dollar": self.dollar, "gray": self.gray}[self.of[name]]


@dataclass(frozen=True, slots=True)
class Chooser:
    """Works by their new names, and what is known of prices."""

    works: Mapping[str, Work]
    prices: Mapping[str, Prices]

    def tracks(self) -> Tracks:
        """The tracks that keep every scenario's reach as it was."""
        gray, pool = self._gray()
        dear = {name for name in self.works.keys() - gray if self._wants_dollar(self.works[name])}
        token, dollar = self._token_track(dear, self.works.keys() - gray - dear, pool)
        of: dict[str, Track] = {
            name: "gray" if name in gray else "dollar" if name in dollar else "token" for name in self.works
        }
        routes = {name: self._route(name, of[name], token) for name in self.works}
        first = next((routes[name] for name in self.works if name in dollar), ())
        return Tracks(token, first, pool, of, routes, frozenset(dear - dollar))

    def _is_free(self, slug: str) -> bool:
        price = self.prices.get(slug)
        return slug.endswith(":free") or (price is not None and price.prompt == price.completion == 0)

    def _is_dear(self, slug: str) -> bool:
        price = self.prices.get(slug)
        return price is not None and price.completion >= DEAR

    def _wants_dollar(self, work: Work) -> bool:
        if work.track is not None:
            return work.track == "dollar"
        return self._is_dear(work.slugs[0])

    def _gray(self) -> tuple[set[str], Models]:
        """Scenarios of the gray pool, and its models: those that no other scenario names (VN305 holds that)."""
        gray = {
            name
            for name, work in self.works.items()
            if work.track == "gray" or (work.track is None and self._is_free(work.slugs[0]))
        }
        while gray and gray != self.works.keys():
            off = {slug for name, work in self.works.items() if name not in gray for slug in work.slugs}
            pool = dict.fromkeys(
                slug
                for name, work in self.works.items()
                if name in gray
                for slug in work.slugs
                if slug not in off and (self._is_free(slug) or work.track == "gray" or slug == work.slugs[0])
            )
            leaving = {name for name in gray if self.works[name].slugs[0] not in pool}
            if not leaving:
                return gray, tuple(pool)
            gray -= leaving
        return set(), ()

    def _token_track(self, dear: set[str], plain: set[str], pool: Models) -> tuple[Models, set[str]]:
        """The token track, and the scenarios whose reach holds all of it: only they may have a cap that leads there."""
        best: tuple[Models, set[str]] | None = None
        for candidate in self._candidates(dear, plain):
            if set(candidate) & set(pool):
                continue
            fitting = {
                name for name in dear if set(candidate) < set(self.works[name].slugs)
                and self.works[name].slugs[0] not in candidate
            }  # fmt: skip
            if best is None or len(fitting) > len(best[1]):
                best = candidate, fitting
        if best is None:
            raise ValueError("no scenario is left for the token track")
        return best

    def _candidates(self, dear: set[str], plain: set[str]) -> Iterator[Models]:
        """Routes that could be the token track, the best first: one that is in use, then any cheap model alone."""
        written = [work for name, work in self.works.items() if name in plain]
        for work in written:
            if work.track == "token":
                yield work.slugs
        cloud = [work.slugs for work in written if not work.is_seat and not _local(work.slugs)]
        yield from (route for route, _ in Counter(cloud).most_common())
        spare = [slug for name, work in self.works.items() if name in dear for slug in work.slugs[1:]]
        for slug in dict.fromkeys(spare):
            if not self._is_dear(slug) and not slug.startswith(MLX_PREFIX):
                yield (slug,)
        yield from (work.slugs for name, work in self.works.items() if name in plain | dear)

    def _route(self, name: str, track: Track, token: Models) -> Models:
        """A scenario's models; on the dollar track without the token track's at the end, which its cap adds."""
        slugs = self.works[name].slugs
        cut = len(slugs) - len(token)
        return slugs[:cut] if track == "dollar" and cut > 0 and slugs[cut:] == token else slugs


def _local(slugs: Sequence[str]) -> bool:
    return any(slug.startswith(MLX_PREFIX) for slug in slugs)
