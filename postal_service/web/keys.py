"""What hangs on the application and on a request, under typed keys."""

import asyncio

from aiohttp import web

from postal_service.web.callers import Caller
from postal_service.web.metrics import Metrics
from postal_service.web.pages import Pages

CALLER = web.RequestKey("caller", Caller)
REQUEST_ID = web.RequestKey("request_id", str)
METRICS = web.AppKey("metrics", Metrics)
PAGES = web.AppKey("pages", Pages)
STOPPING = web.AppKey("stopping", asyncio.Event)
"""Set when the server begins to stop: long answers (live updates) end themselves then."""
TRUSTED_PROXIES = web.AppKey("trusted_proxies", frozenset[str])
