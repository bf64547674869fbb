"""The views read last, so that a code asked for again and again costs no look into the database."""

from collections import OrderedDict

from postal_service.outbox.service import CHANGE
from postal_service.storage.listening import RESYNC
from postal_service.tracking.queries import View
from postal_service.web.language import Language

REMEMBERED = 1_000
REMEMBERED_SECONDS = 2.0
"""A view is worth nothing after the signal of its request's change; were signals lost, this is how long it is believed."""


class Remembered:
    """A few views, each with the moment its reading began: a change after that moment makes it worthless.

    Moments are the event loop's.
    """

    def __init__(self) -> None:
        self._views: OrderedDict[tuple[str, Language], tuple[float, View]] = OrderedDict()
        self._changed: OrderedDict[str, float] = OrderedDict()
        self._everything_changed = float("-inf")

    def get(self, code: str, language: Language, now: float) -> View | None:
        """Return the view, if it is still to be believed."""
        began, view = self._views.get((code, language), (float("-inf"), None))
        if view is None or now - began >= REMEMBERED_SECONDS or began <= self._everything_changed:
            return None
        return None if self._changed.get(view.request_id, float("-inf")) >= began else view

    def put(self, view: View, language: Language, began: float) -> None:
        """Remember a view in place of the one remembered longest."""
        key = (view.code, language)
        self._views[key] = (began, view)
        self._views.move_to_end(key)
        if len(self._views) > REMEMBERED:
            self._views.popitem(last=False)

    def heard(self, channel: str, subject: str, now: float) -> None:
        """Take note of a signal."""
        if channel == CHANGE:
            self._changed[subject] = now
            self._changed.move_to_end(subject)
            # What was read before a change this old is no longer believed anyway.
            while now - next(iter(self._changed.values())) > REMEMBERED_SECONDS:
                self._changed.popitem(last=False)
        elif channel == RESYNC:
            self.forget_all(now)

    def forget_all(self, now: float) -> None:
        """Say that anything may have changed."""
        self._everything_changed = now
