"""What the ledger can find. `harness/codes.py` shows them to `vane rules`; nothing heavy is imported here."""

from __future__ import annotations

from compiler.diagnostics import Code, Severity

_UNCHANGED = "the ledger was not changed; ask or export again, and if it stays, look at openrouter.ai/activity"

NO_MANAGEMENT_KEY = Code(
    "VM201", "no-management-key", "The account's spend is asked for without a management key",
    "set OPENROUTER_MANAGEMENT_KEY, from openrouter.ai/settings/management-keys; it is only read from the environment",
    "Keys that call models may not read the account's activity and credits.",
)  # fmt: skip
NOT_A_MANAGEMENT_KEY = Code(
    "VM202", "not-a-management-key", "OpenRouter refuses the key that asks for the account's spend",
    "put a management key into OPENROUTER_MANAGEMENT_KEY: openrouter.ai/settings/management-keys",
    "A key for inference gets 403 for /credits, /keys and /activity. A ledger without them would be a guess.",
)  # fmt: skip
UNANSWERED = Code(
    "VM203", "spend-unanswered", "OpenRouter did not answer a question about spend", _UNCHANGED,
    "A sync is whole or not at all: a part of the keys would look like a fall of the bill.",
)  # fmt: skip
ODD_ANSWER = Code(
    "VM204", "odd-spend-answer", "An answer about spend does not have its documented form", _UNCHANGED,
    "What is not understood is not booked.",
)  # fmt: skip
ODD_AMOUNT = Code(
    "VM205", "odd-amount", "An amount of money or tokens is negative, absurd or no number", _UNCHANGED,
    "One such row spoils a month: a negative one hides spend, and one in another unit passes every cap.",
)  # fmt: skip
ODD_DAY = Code(
    "VM206", "odd-day", "A row is of a day that is not over, or that was not asked for", _UNCHANGED,
    "Only completed UTC days are billed rows; a day in the future is a wrong clock or another time zone.",
)  # fmt: skip
DUPLICATE_ROW = Code(
    "VM207", "duplicate-spend-row", "The same spend is listed twice", "remove one of the two rows",
    "It would count twice; which of two rows is true cannot be known.",
)  # fmt: skip
KEYS_EXCEED_TOTAL = Code(
    "VM208", "keys-exceed-total", "The keys of a day come to more than the account's total", _UNCHANGED,
    "The day was revised between two answers, or they do not belong together.",
)  # fmt: skip
VANISHED_DAY = Code(
    "VM209", "vanished-day", "A day with spend in the ledger has none in OpenRouter's answer", _UNCHANGED,
    "An empty answer in a full one's place must never turn spend into nothing.",
)  # fmt: skip
OLDER_ANSWER = Code(
    "VM210", "older-spend-answer", "An answer is older than the ledger, or midnight fell between two", _UNCHANGED,
    "A cached answer would take back what is known of newer days.",
)  # fmt: skip
COUNTER_UNREAD = Code(
    "VM211", "counter-unread", "A track's live counter was not read",
    "set the key's variable, as generated/openrouter/keys.json names it, where this runs",
    "Activity ends yesterday; only the key itself says what today has cost so far. The rest of the sync is whole.",
    Severity.WARNING,
)  # fmt: skip
NO_LEDGER = Code(
    "VM220", "no-ledger", "There is no ledger, or nothing in it", "fill it: vane spend sync",
    "Missing evidence is said to be missing; it is not a month without spend.",
)  # fmt: skip
NOT_A_LEDGER = Code(
    "VM221", "not-a-ledger", "A database is not a ledger of this version",
    "name another file with --ledger, or move this one away and run vane spend sync",
    "The tables are held against the columns that sync, import and every question agree on.",
)  # fmt: skip
LEDGER_IN_USE = Code(
    "VM222", "ledger-in-use", "Another process works on the ledger", "wait until it is done, and run it again",
    "One writer at a time: so a killed one leaves the old ledger or the new one.",
)  # fmt: skip
ENGINE = Code(
    "VM223", "ledger-engine", "The ledger's engine cannot do this",
    "sync and import into DuckDB; hand over with vane spend export --out FOLDER",
    "Another engine answers questions about a ledger; only DuckDB's file is written, in one transaction.",
)  # fmt: skip
NO_KEYS_FILE = Code(
    "VM224", "no-keys-file", "generated/openrouter/keys.json does not say which key is which track's",
    "write it: vane compile",
    "Spend is a track's by the name of its key.",
)  # fmt: skip
NOT_AN_EXPORT = Code(
    "VM230", "not-an-export", "A file is none that `vane spend import` knows",
    "take the CSV export of openrouter.ai/activity, answers of GET /generation, or with `guard-log` a guard's log",
    "What a file means is known by its columns, never guessed.",
)  # fmt: skip
ODD_ROW = Code(
    "VM231", "odd-spend-row", "A row of an answer or of an import is cut off, or not as its kind must be",
    "ask or export again; nothing of it was taken",
    "What is broken in one place is not trusted in the others.",
)  # fmt: skip
OTHER_CURRENCY = Code(
    "VM232", "other-currency", "An amount is not in USD", "export in USD; no rate is guessed here",
    "Every cap, price and bill of OpenRouter is in USD. Another currency's number would be booked as dollars.",
)  # fmt: skip
MIXED_TIME_ZONES = Code(
    "VM233", "mixed-time-zones", "Times of an import are not all in UTC", "export in UTC",
    "A row whose time is local lies on another UTC day, and is then billed twice or not at all.",
)  # fmt: skip
NOT_A_MONTH = Code(
    "VM234", "not-a-month", "A month without any row in the ledger", "sync it, or import an export that has it",
    "No rows is not the same as no spend.",
)  # fmt: skip
CUT_OFF = Code(
    "VM235", "cut-off-line", "A line of a guard's log is unfinished",
    "nothing has to be done: a guard that was killed while it wrote goes on behind it",
    "One decision of one turn is missing then; every whole line is taken.",
    Severity.WARNING,
)  # fmt: skip
CODES: tuple[Code, ...] = (
    NO_MANAGEMENT_KEY, NOT_A_MANAGEMENT_KEY, UNANSWERED, ODD_ANSWER, ODD_AMOUNT, ODD_DAY, DUPLICATE_ROW,
    KEYS_EXCEED_TOTAL, VANISHED_DAY, OLDER_ANSWER, COUNTER_UNREAD, NO_LEDGER, NOT_A_LEDGER, LEDGER_IN_USE, ENGINE,
    NO_KEYS_FILE, NOT_AN_EXPORT, ODD_ROW, OTHER_CURRENCY, MIXED_TIME_ZONES, NOT_A_MONTH, CUT_OFF,
)  # fmt: skip
