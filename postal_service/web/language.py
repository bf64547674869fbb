"""Vietnamese unless English is asked for: by `?lang=` first, then by Accept-Language."""

from functools import lru_cache
from typing import Final, Literal

from aiohttp import web

Language = Literal["vi", "en"]
_DEFAULT: Final[Language] = "vi"
_LONGEST_HEADER = 200


def language_of(request: web.BaseRequest) -> Language:
    """Return the language to answer in."""
    # Parsing the query costs more than the rest of a hot request, so look before doing it.
    if "lang=" in request.raw_path:
        asked = request.query.get("lang")
        if asked == "vi":
            return "vi"
        if asked == "en":
            return "en"
    header = request.headers.get("Accept-Language")
    return _preferred(header) if header and len(header) <= _LONGEST_HEADER else _DEFAULT


@lru_cache(maxsize=256)
def _preferred(header: str) -> Language:
    weights = {"vi": 0.0, "en": 0.0}
    for entry in header.split(","):
        tag, _, parameter = entry.strip().partition(";")
        language = tag.split("-")[0].strip().lower()
        if language in weights:
            weights[language] = max(weights[language], _quality(parameter))
    return "en" if weights["en"] > weights["vi"] else _DEFAULT


def _quality(parameter: str) -> float:
    _, _, value = parameter.replace(" ", "").partition("q=")
    try:
        return float(value) if value else 1.0
    except ValueError:
        return 0.0
