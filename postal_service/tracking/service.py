"""Looking a code up, and keeping what it shows ready."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Protocol

from pydantic_core import to_json

from postal_service.intake.story import Story
from postal_service.outbox import queries as changes
from postal_service.shipments.views import ShipmentView
from postal_service.storage.transactions import Listener
from postal_service.tracking import queries
from postal_service.tracking.queries import View
from postal_service.tracking.readers import Reader
from postal_service.tracking.rules import document, tracking_page
from postal_service.web.language import Language

Legs = Callable[[str], Awaitable[Sequence[ShipmentView]]]
"""Returns the shipments of a request."""
Views = Mapping[Language, View]

_BATCH = 200


class Stories(Protocol):
    """Where requests are told."""

    async def story(self, request_id: str) -> Story | None:
        """Return the request of that id."""

    async def story_by_code(self, code: str) -> Story | None:
        """Return the request of that tracking code, written in groups of four."""


class Tracking:
    """What every code shows. A view is a copy: it is sent while it is current, and made anew when it is not."""

    def __init__(self, reader: Reader, stories: Stories, legs: Legs) -> None:
        self._reader = reader
        self._stories = stories
        self._legs = legs
        self._making: dict[str, asyncio.Task[Views | None]] = {}

    @property
    def heard(self) -> Listener:
        """Return what has to listen to every signal for the views to be right."""
        return self._reader.heard

    async def view(self, code: str, language: Language) -> View | None:
        """Return the current view of a code written in groups of four, or None for a code nobody has."""
        stored = await self._reader.read(code, language)
        if stored is not None and stored.current:
            return stored
        if stored is not None:
            made = await self._make_at_least(stored.request_id, stored.head)
        else:
            story = await self._stories.story_by_code(code)
            made = await self._make_at_least(story.request_id, 0) if story else None
        return made[language] if made else None

    async def refresh(self, request_id: str) -> Views | None:
        """Make the view of a request anew, so that it is ready before somebody looks; None for an unknown request."""
        # The version is read first: what changes while the story is read leaves the view outdated, never wrongly current.
        version = (await changes.versions([request_id])).get(request_id, 0)
        story = await self._stories.story(request_id)
        if story is None:
            return None
        page = tracking_page(story, await self._legs(request_id))
        vi, en = (
            View(story.tracking_code, request_id, version, version, to_json(document(page, language)))
            for language in ("vi", "en")
        )
        await queries.store(vi, en)
        return {"vi": vi, "en": en}

    async def rebuild_all(self) -> int:
        """Make every stored view anew, say after the words changed; returns how many there were."""
        count, last_code = 0, ""
        while batch := await queries.requests_after(last_code, _BATCH):
            for _, request_id in batch:
                await self.refresh(request_id)
            count += len(batch)
            last_code, _ = batch[-1]
        return count

    async def _make_at_least(self, request_id: str, version: int) -> Views | None:
        """Return views of at least `version`; whoever asks for the same request meanwhile shares the work."""
        while True:
            making = self._making.get(request_id)
            if making is None or making.done():
                making = self._making[request_id] = asyncio.create_task(self.refresh(request_id))
                making.add_done_callback(partial(self._made, request_id))
            made = await asyncio.shield(making)
            # What was already being made may be of an older version than the one asked for.
            if made is None or made["vi"].version >= version:
                return made

    def _made(self, request_id: str, task: asyncio.Task[Views | None]) -> None:
        if self._making.get(request_id) is task:
            del self._making[request_id]
