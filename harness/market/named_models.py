"""Which models a team's policies name, wherever they name them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from compiler.diagnostics import PolicyError
from compiler.load import Documents, load
from compiler.policy import FILES, LOCK_FILE
from compiler.policy.types import MODEL_PATTERN

_MODEL = re.compile(MODEL_PATTERN)
#: Keys whose values name models, in any policy file.
_MODEL_KEYS = frozenset({"primary", "fallbacks", "models", "watch", "model", "never"})


def documents_of(project: Path) -> Documents:
    """Every policy file but the lock. Raises PolicyError: a file that cannot be read may name models too."""
    documents = load(project / "policies", FILES - {LOCK_FILE})
    if documents.findings:
        raise PolicyError(documents.findings)
    return documents


def named_models(documents: Documents) -> frozenset[str]:
    """Every model that a policy file names. The policies need not be right otherwise: a lock may be what they lack."""
    return frozenset(slug for document in documents.files.values() for slug in _models(document.data))


def _models(data: Any, key: str = "") -> set[str]:
    if isinstance(data, str):
        return {data} if key in _MODEL_KEYS and _MODEL.match(data) else set()
    if isinstance(data, dict):
        return {slug for below, value in data.items() for slug in _models(value, below)}
    if isinstance(data, list):
        return {slug for value in data for slug in _models(value, key)}
    return set()
