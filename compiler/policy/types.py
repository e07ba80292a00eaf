"""Field types that several policy kinds share: names, model slugs, shares, money, text that people wrote."""

from __future__ import annotations

import datetime
import re
import unicodedata
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StrictInt
from pydantic_core import PydanticCustomError

from compiler.patterns import fault_of

#: Becomes a file name on case-insensitive file systems, a URL part and a launchd label part: hence so narrow.
NAME_PATTERN = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"
MODEL_PATTERN = r"^(mlx/[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*|[a-z0-9~][\w.-]*/[a-z0-9][\w.-]*(:[a-z0-9-]+)?)$"

# Characters that XML 1.0 cannot hold at all, or that would let text rearrange a line on a reviewer's screen.
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)


# Devices of Windows: no clone of the repository there could hold a folder of that name.
_RESERVED = re.compile("(con|prn|aux|nul|(com|lpt)[0-9])")


def is_safe_name(value: str) -> bool:
    """Whether a name can be a file, a part of a URL and a launchd label everywhere."""
    return bool(re.fullmatch(NAME_PATTERN[1:-1], value)) and len(value) <= 63 and not _RESERVED.fullmatch(value)


def _name(value: str) -> str:
    if not is_safe_name(value):
        raise PydanticCustomError("unsafe_name", "{shown} is not a safe file name", {"shown": repr(value)})
    return value


def _model(value: str) -> str:
    if not re.fullmatch(MODEL_PATTERN[1:-1], value):
        said = "{shown} is neither an OpenRouter slug (author/model) nor mlx/<author>/<repository>"
        raise PydanticCustomError("model_form", said, {"shown": repr(value)})
    return value


def _text(value: str) -> str:
    if found := _FORBIDDEN.search(value):
        code = f"U+{ord(found.group()):04X}"
        raise PydanticCustomError("control_character", "text holds the control character {code}", {"code": code})
    return value


def seen(value: str) -> str:
    """Text in which every character shows. What is compared must not hold what no reviewer can see."""
    if found := next((c for c in value if unicodedata.category(c) in ("Cf", "Zl", "Zp", "Cc")), None):
        said = "text holds the invisible character {code}"
        raise PydanticCustomError("control_character", said, {"code": f"U+{ord(found):04X}"})
    return value


def _version(value: Any) -> Any:
    if type(value) is not int:  # True and 1.0 are equal to 1
        raise PydanticCustomError("int_type", "expected a whole number")
    return value


def _number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise PydanticCustomError("number", "expected a number, not {shown}", {"shown": repr(value)})
    return Decimal(value)


def _ticket_pattern(value: str) -> str:
    if fault := fault_of(value, anchors=True):
        raise PydanticCustomError("ticket_pattern", "{why}", {"why": fault.why})
    return value


def _text_pattern(value: str) -> str:
    if fault := fault_of(value, anchors=False):
        raise PydanticCustomError("text_pattern", "{why}", {"why": fault.why})
    return value


def _machine_absolute(value: str) -> str:
    if not re.fullmatch(r"(/[A-Za-z0-9][A-Za-z0-9._-]*)+", value):
        said = "{shown} is not an absolute path of plain names (launchd expands neither ~ nor $HOME)"
        raise PydanticCustomError("absolute_path", said, {"shown": repr(value)})
    return value


def says_why(reason: str) -> bool:
    """Whether a reason is one: two words at least, so that a dot or a blank answers for nothing."""
    return len(re.findall(r"[^\W_]{2,}", reason)) >= 2


def _reason(value: str) -> str:
    if not says_why(value):
        raise PydanticCustomError("reason", "say why, in words: {shown}", {"shown": repr(value[:40])})
    return value


def _week(value: str) -> str:
    year, _, number = value.partition("-W")
    try:
        datetime.date.fromisocalendar(int(year), int(number), 1)
    except ValueError:
        said = "{year} has no week {number}"
        raise PydanticCustomError("week", said, {"year": year, "number": number}) from None
    return value


Name = Annotated[str, Field(json_schema_extra={"pattern": NAME_PATTERN, "maxLength": 63}), AfterValidator(_name)]
ModelSlug = Annotated[str, Field(max_length=200, json_schema_extra={"pattern": MODEL_PATTERN}), AfterValidator(_model)]
Text = Annotated[str, Field(min_length=1, max_length=2000), AfterValidator(_text)]
Reason = Annotated[Text, AfterValidator(_reason)]
#: An ISO 8601 week, Monday to Sunday in UTC: 2026-W23
IsoWeek = Annotated[str, Field(pattern=r"^20[0-9]{2}-W[0-9]{2}$"), AfterValidator(_week)]
_Pattern = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(seen)]
#: A regular expression for one word, and one that is looked for anywhere in a text: see `compiler.patterns`.
TicketPattern = Annotated[_Pattern, AfterValidator(_ticket_pattern)]
TextPattern = Annotated[_Pattern, AfterValidator(_text_pattern)]
AbsolutePath = Annotated[str, AfterValidator(_machine_absolute)]
_Number = Annotated[Decimal, BeforeValidator(_number, json_schema_input_type=float)]
#: A part of a whole, 0 to 1
Share = Annotated[_Number, Field(ge=0, le=1)]
#: US dollars
Usd = Annotated[_Number, Field(gt=0, le=1_000_000)]
Percent = Annotated[_Number, Field(ge=0, le=1000)]
Count = Annotated[StrictInt, Field(ge=0, le=10**15)]
Positive = Annotated[StrictInt, Field(ge=1, le=10**15)]
Port = Annotated[StrictInt, Field(ge=1024, le=65535)]
Flag = StrictBool
LanguageVersion = Annotated[Literal[1], BeforeValidator(_version, json_schema_input_type=Literal[1])]
TrackName = Literal["token", "dollar", "gray"]


class Policy(BaseModel):
    """What all parts of policies have in common: unknown keys are errors, and nothing changes after loading."""

    # pydantic's own regular expressions, not Python's: there `$` also matches before a last newline, and the deny
    # class "free\n" would be accepted and deny nothing
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class PolicyFile(Policy):
    """The top of each policy file."""

    version: LanguageVersion
    """Version of the policy language."""
    acknowledge: Reason | None = None
    """Why this change may go beyond the thresholds of market.yaml. Counts in the change that adds or rewords it."""
