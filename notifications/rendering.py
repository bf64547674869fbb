"""Texts from templates: one folder per event and language. A value that is missing is found before anything is sent."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError, pass_context, select_autoescape
from jinja2.runtime import Context

from notifications.catalogue import CATALOGUE, Event, Field, FieldValue, Kind
from notifications.ports import Channel
from notifications.sms_text import plain, shorten, shorten_name
from postal_service.kit.text import nfc, squeeze, unaccent

LANGUAGES = ("vi", "en")
TEMPLATES = Path(__file__).parent / "templates"

_BLANK_LINES = re.compile(r"\n{3,}")  # what is left where an optional value was left out
_MONTHS_EN = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_PART_OF_DAY = {
    "vi": {"morning": "buổi sáng", "afternoon": "buổi chiều", "day": "trong"},
    "en": {"morning": "morning", "afternoon": "afternoon", "day": "any time"},
}


class RenderingError(ValueError):
    """A text cannot be made: unknown event or language, or values that are missing, unknown or of the wrong kind."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A text ready to be sent. An SMS has neither subject nor HTML."""

    subject: str | None
    text: str
    html: str | None


def render(
    event: str, language: str, channel: Channel, fields: Mapping[str, FieldValue], *, accented: bool = False
) -> Rendered:
    """Return what to send about `event`.

    An SMS is one line without tone marks unless `accented` (three times the price); its words and names are cut to the
    longest real values of the catalogue, its codes and links never are. Raises `RenderingError`.
    """
    known = CATALOGUE.get(event)
    if known is None or language not in LANGUAGES or channel not in known.channels:
        raise RenderingError(f"there is no text for {event} in {language} by {channel}")
    values = _checked(known, fields)
    if channel is Channel.SMS:
        values = {name: _for_sms(known.fields[name], value, accented=accented) for name, value in values.items()}
        text = squeeze(_fill(event, language, "sms.txt", values))
        return Rendered(subject=None, text=text if accented else unaccent(text), html=None)
    return Rendered(
        subject=squeeze(_fill(event, language, "subject.txt", values)),
        text=_fill(event, language, "body.txt", values),
        html=_fill(event, language, "body.html", values),
    )


def _checked(event: Event, fields: Mapping[str, FieldValue]) -> dict[str, FieldValue]:
    unknown = fields.keys() - event.fields.keys()
    if unknown:
        raise RenderingError(f"{event.name} has no field {', '.join(sorted(unknown))}")
    return {name: _clean(event, field, fields.get(name)) for name, field in event.fields.items()}


def _clean(event: Event, field: Field, value: FieldValue) -> FieldValue:
    # One line per value: nothing a person typed can begin a new header, line or paragraph.
    if value is None and field.optional:
        return None
    match field.kind, value:
        case Kind.DAY, date() if not isinstance(value, datetime):
            return value
        case Kind.CHOICE, str() | bool() if value in field.choices:
            return value
        case Kind.LIST, [*items] if items and all(isinstance(item, str) and item.strip() for item in items):
            return [squeeze(item) for item in items]
        case ((Kind.EXACT | Kind.WORDS | Kind.NAME), str()) if value.strip():
            return squeeze(value)
    raise RenderingError(f"{event.name} needs {field.name} ({field.kind})")


def _for_sms(field: Field, value: FieldValue, *, accented: bool) -> FieldValue:
    if field.kind not in (Kind.WORDS, Kind.NAME) or not isinstance(value, str):
        return value
    words = value if accented else plain(value)
    cut = shorten_name if field.kind is Kind.NAME else shorten
    return cut(words, len(str(field.longest)))


def _fill(event: str, language: str, part: str, values: Mapping[str, FieldValue]) -> str:
    try:
        filled = _environment().get_template(f"{event}/{language}/{part}").render(language=language, **values)
    except TemplateError as error:
        raise RenderingError(f"{event}/{language}/{part}: {error}") from error
    return _BLANK_LINES.sub("\n\n", nfc(filled).strip()) + "\n"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        autoescape=select_autoescape(["html"]),
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters["day"] = _day
    environment.filters["part_of_day"] = _part_of_day
    return environment


@pass_context
def _day(context: Context, value: date) -> str:
    if context["language"] == "vi":
        return f"{value:%d/%m/%Y}"
    return f"{value.day} {_MONTHS_EN[value.month - 1]} {value.year}"


@pass_context
def _part_of_day(context: Context, part: str) -> str:
    return _PART_OF_DAY[context["language"]][part]
