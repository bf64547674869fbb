"""How many requests, how they ended, how long they took; by route template, so that no code ends up in a label."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

Count = Callable[[int, float], None]
"""Takes the HTTP status and the seconds it took."""


class Metrics:
    """The web's own metrics, on a registry that rooms may share."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        self._requests = Counter(
            "postal_http_requests", "Requests answered", ("method", "route", "status"), registry=registry
        )
        self._seconds = Histogram(
            "postal_http_request_seconds", "Time to the answer", ("method", "route"), buckets=_SECONDS, registry=registry
        )

    def counting(self, method: str, route: str) -> Count:
        """Return what counts the requests of one route; the label look-ups are done here, once."""
        by_class = {n: self._requests.labels(method, route, f"{n}xx") for n in range(1, 6)}
        seconds = self._seconds.labels(method, route)

        def count(status: int, took: float) -> None:
            by_class[status // 100].inc()
            seconds.observe(took)

        return count

    def render(self) -> bytes:
        """Return everything on the registry in Prometheus' text format."""
        return generate_latest(self.registry)
