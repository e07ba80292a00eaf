"""What a refresh of the market and its archive can find. `harness/codes.py` shows them to `vane rules`."""

from __future__ import annotations

from compiler.diagnostics import Code

_AGAIN = "try again later; if it stays, look at openrouter.ai/rankings and at the data set's description"

NO_KEY = Code(
    "VM101", "no-openrouter-key", "The data sets are asked for without a key",
    "set OPENROUTER_API_KEY to any key of the account; it is free, and only read from the environment",
    "OpenRouter's data sets take any key and no question without one.",
)  # fmt: skip
UNANSWERED = Code(
    "VM102", "unanswered", "OpenRouter did not answer a question of the refresh", _AGAIN,
    "A week is archived whole or not at all: a part of it would look like a fall of the market.",
)  # fmt: skip
NOT_THE_DATA_SET = Code(
    "VM103", "not-the-data-set", "An answer does not have the data set's form",
    "take rankings from GET /datasets/rankings-daily alone; a page or its frontend is no source",
    "Scrapers of the public page went on for months with empty lists and with another section's numbers.",
)  # fmt: skip
ODD_PERMASLUG = Code(
    "VM104", "odd-permaslug", "A model's permanent name is not one", _AGAIN,
    "It becomes a part of addresses, file names and reports: author/model[:variant] in plain letters, and no more.",
)  # fmt: skip
ODD_COUNT = Code(
    "VM105", "odd-count", "A count of tokens is not a whole number of 64 bits, written as a string", _AGAIN,
    "The data set writes counts as decimal strings because a JSON number passes through floats and loses tokens.",
)  # fmt: skip
DUPLICATE_ROW = Code(
    "VM106", "duplicate-row", "A model is listed twice on one day", _AGAIN,
    "Its tokens would count twice; which of the rows is true cannot be known.",
)  # fmt: skip
DISORDER = Code(
    "VM107", "disorder", "Rows are not in the data set's order", _AGAIN,
    "Days ascend, tokens descend within a day, and `other` is last: rows out of order were put together by somebody.",
)  # fmt: skip
EMPTY_RANKING = Code(
    "VM108", "empty-ranking", "A ranking holds no model", _AGAIN,
    "Missing evidence must be said to be missing. It never becomes a week of zeros.",
)  # fmt: skip
FEW_MODELS = Code(
    "VM109", "few-models", "A ranking holds fewer models than the data set lists", _AGAIN,
    "The data set lists fifty models a day. A short list is a page's excerpt or a broken answer.",
)  # fmt: skip
MISSING_DAYS = Code(
    "VM110", "missing-days", "Days that are over are missing in an answer, or days that were not asked for are in it",
    "try again in an hour: the data set may not have the newest day yet",
    "A week with a hole would look like a fall of a seventh.",
)  # fmt: skip
FALLEN_TOTAL = Code(
    "VM111", "fallen-total", "A total fell by more than half against the archive", _AGAIN,
    "The platform's total has not halved in any week on record. Such a fall is a broken answer until somebody looked.",
)  # fmt: skip
WRONG_UNIT = Code(
    "VM112", "wrong-unit", "Numbers are in another unit than tokens", _AGAIN,
    "Counts are single tokens. Thousands, billions, requests or rounded numbers in their place spoil every comparison.",
)  # fmt: skip
AS_OF_BACKWARDS = Code(
    "VM113", "as-of-backwards", "An answer is older than what it reports or than the archive, or of the future", _AGAIN,
    "An older answer in a newer one's place (a cache, a replay) would take back what is archived.",
)  # fmt: skip
WRONG_SECTION = Code(
    "VM114", "wrong-section", "A ranking holds the numbers of another one", _AGAIN,
    "A filter that was ignored, or sections that were swapped, look like a market that turned over in a week.",
)  # fmt: skip
ODD_PRICE = Code(
    "VM115", "odd-price", "A price is not in USD per token", _AGAIN,
    "Prices are decimal strings per token. A price per million in their place is a million times too high.",
)  # fmt: skip
ODD_APPS = Code(
    "VM116", "odd-apps", "The ranking of apps does not have the data set's form", _AGAIN,
    "A week is archived whole or not at all.",
)  # fmt: skip
NO_DAY_YET = Code(
    "VM117", "no-day-yet", "A week has no day that is over", "ask again on the day after its Monday",
    "The data set holds completed UTC days. There is nothing to archive yet.",
)  # fmt: skip
BROKEN_WEEK = Code(
    "VM150", "broken-week", "A file of the archive is not what `vane market refresh` writes",
    "restore it: git checkout generated/weeks",
    "The archive is evidence for years. A file that was edited or cut off must not be read as a quiet week.",
)  # fmt: skip
NO_SUCH_WEEK = Code(
    "VM151", "no-such-week", "A week is not in the archive", "fetch it: vane market refresh --week WEEK",
    "Missing evidence is said to be missing; no other week stands in for it.",
)  # fmt: skip
LINKED_ARCHIVE = Code(
    "VM152", "linked-archive", "Something else stands where the archive's folder must be", "remove it",
    "Writing through a link would change files outside generated/.",
)  # fmt: skip
CODES: tuple[Code, ...] = (
    NO_KEY, UNANSWERED, NOT_THE_DATA_SET, ODD_PERMASLUG, ODD_COUNT, DUPLICATE_ROW, DISORDER, EMPTY_RANKING, FEW_MODELS,
    MISSING_DAYS, FALLEN_TOTAL, WRONG_UNIT, AS_OF_BACKWARDS, WRONG_SECTION, ODD_PRICE, ODD_APPS, NO_DAY_YET,
    BROKEN_WEEK, NO_SUCH_WEEK, LINKED_ARCHIVE,
)  # fmt: skip
