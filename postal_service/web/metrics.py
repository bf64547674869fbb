"""How many requests, how they ended, how long they took; by route template, so that no code ends up in a label.

The numbers are kept as plain integers and handed over when asked: the event loop is one thread and needs none of the locks
of prometheus-client's own counters, which cost as much as the rest of a hot request.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import accumulate

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_BUCKETS = (*map(str, _SECONDS), "+Inf")
_STATUS_CLASSES = 6

Count = Callable[[int, float], None]
"""Takes the HTTP status and the seconds it took."""


@dataclass(slots=True)
class _Tally:
    method: str
    route: str
    by_class: list[int] = field(default_factory=lambda: [0] * _STATUS_CLASSES)
    by_bucket: list[int] = field(default_factory=lambda: [0] * len(_BUCKETS))
    seconds: float = 0.0

    def count(self, status: int, seconds: float) -> None:
        self.by_class[status // 100] += 1
        self.by_bucket[bisect_left(_SECONDS, seconds)] += 1
        self.seconds += seconds


class Metrics(Collector):
    """The web's own metrics, on a registry that rooms may share."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry
        self._tallies: list[_Tally] = []
        registry.register(self)

    def counting(self, method: str, route: str) -> Count:
        """Return what counts the requests of one route."""
        tally = _Tally(method, route)
        self._tallies.append(tally)
        return tally.count

    def collect(self) -> Iterator[CounterMetricFamily | HistogramMetricFamily]:
        """Hand the numbers over (prometheus-client calls this)."""
        requests = CounterMetricFamily("postal_http_requests", "Requests answered", labels=("method", "route", "status"))
        seconds = HistogramMetricFamily("postal_http_request_seconds", "Time to the answer", labels=("method", "route"))
        for tally in self._tallies:
            labels = (tally.method, tally.route)
            for status_class, number in enumerate(tally.by_class):
                if number:
                    requests.add_metric((*labels, f"{status_class}xx"), number)
            buckets = list(zip(_BUCKETS, accumulate(tally.by_bucket), strict=True))
            seconds.add_metric(labels, buckets, sum_value=tally.seconds)
        yield requests
        yield seconds

    def render(self) -> bytes:
        """Return everything on the registry in Prometheus' text format."""
        return generate_latest(self._registry)
