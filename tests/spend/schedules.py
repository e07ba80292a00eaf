"""Syncs without a network: the fake account answers the client's questions itself, so that a test can make hundreds."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.answer_json import parsed
from harness.market.spend.account import Asking, Said
from harness.market.spend.booking import book, enter
from harness.market.spend.ledger import writing
from harness.openrouter import Answer
from tests.fakes import openrouter_spend as fake


@dataclass
class Direct:
    """In the place of `harness.openrouter.OpenRouter`, for one account."""

    account: fake.Account

    def get(self, path: str, query: Mapping[str, str | int] | None = None) -> Answer:
        asked = {name: str(value) for name, value in (query or {}).items()}
        said = self.account.answer("GET", path, asked, fake.MANAGEMENT, None)
        return Answer(f"GET {path}", parsed(json.dumps(said).encode()), "", self.account.now)


def said(account: fake.Account) -> Said:
    """What a sync learns now."""
    client = Direct(account)
    return Asking(client, lambda _: None, lambda *_: None).ask({})  # type: ignore[arg-type]


def sync(account: fake.Account, file: Path) -> None:
    """A whole sync."""
    learnt = said(account)
    with writing(file) as ledger:
        enter(book(learnt, ledger), ledger)


def world(days: int, scale: int = 1) -> fake.Account:
    """An account with spend on each of some days from NOW on; the clock stands at their beginning."""
    account = fake.Account()
    keys = [account.add_key("vane-token"), account.add_key("vane-dollar", "800", "monthly"), account.add_key("other")]
    models = list(fake.MODELS)
    for number in range(days):
        at = fake.NOW + datetime.timedelta(days=number)
        for place, key in enumerate(keys):
            for more in range((number + place) % 3):
                prompt = 1000 * scale * (1 + number + 7 * more)
                account.spend(key, models[(number + place + more) % len(models)], prompt, prompt // 9, at=at)
    return account
