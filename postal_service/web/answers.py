"""Turning what handlers return and refuse into HTTP responses."""

from typing import Any

from aiohttp import web
from pydantic_core import to_json

from postal_service.kit.problems import Problem
from postal_service.web.endpoints import HTML, Answer, Call
from postal_service.web.keys import PAGES
from postal_service.web.language import Language, language_of

PROBLEM_JSON = "application/problem+json"


def respond(answer: Answer) -> web.Response:
    """Write an answer out."""
    body = answer.body
    if body is not None and not isinstance(body, bytes):
        body = to_json(body)
    response = web.Response(status=answer.status, body=body, headers=answer.headers)
    if body is not None:
        response.content_type = answer.media_type
        if answer.media_type.startswith("text/"):
            response.charset = "utf-8"
    return response


def page(source: web.Request | Call[Any, Any], template: str, /, *, status: int = 200, **values: Any) -> web.Response:
    """Return the rendered page in the language of the request."""
    request, language = _request_and_language(source)
    return web.Response(
        text=request.app[PAGES].render(language, template, **values), status=status, content_type=HTML, charset="utf-8"
    )


def problem_document(problem: Problem, language: Language) -> web.Response:
    """Return the refusal as application/problem+json (RFC 9457)."""
    return web.Response(
        status=problem.status,
        body=to_json(problem.body(language)),
        content_type=PROBLEM_JSON,
        headers={**problem.headers, "Content-Language": language},
    )


def problem_page(request: web.Request, problem: Problem, request_id: str) -> web.Response:
    """Return the refusal as a page for people."""
    response = page(request, "error.html", status=problem.status, problem=problem, request_id=request_id)
    response.headers.update(problem.headers)
    return response


def _request_and_language(source: web.Request | Call[Any, Any]) -> tuple[web.Request, Language]:
    if isinstance(source, Call):
        return source.request, source.language
    return source, language_of(source)
