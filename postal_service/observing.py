"""What the program counts about itself beside the web's own numbers."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Gauge, Histogram
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from postal_service.outbox import service as outbox
from postal_service.shipments.inbox import Inbox


class Observations:
    """Metrics of carriers, hooks and the outbox on one registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        self._calls = Histogram(
            "postal_carrier_call_seconds", "Calls to carriers", ("carrier", "call", "outcome"), registry=registry
        )
        self._backlog = Gauge("postal_outbox_jobs", "Work not done yet", ("topic", "state"), registry=registry)

    def carrier_called(self, carrier: str, call: str, outcome: str, seconds: float) -> None:
        """Note one call to a carrier."""
        self._calls.labels(carrier, call, outcome).observe(seconds)

    async def count_backlog(self) -> None:
        """Note how much work waits, runs and is dead."""
        self._backlog.clear()
        for (topic, state), count in (await outbox.backlog()).items():
            self._backlog.labels(topic, state).set(count)

    def count_verdicts_of(self, inbox: Inbox) -> None:
        """Show how carriers' messages proved themselves."""
        self.registry.register(_Verdicts(inbox))


class _Verdicts(Collector):
    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox

    def collect(self) -> Iterator[CounterMetricFamily]:
        family = CounterMetricFamily("postal_carrier_hooks", "Carriers' messages", labels=("carrier", "verdict"))
        for (carrier, verdict), count in self._inbox.verdicts.items():
            family.add_metric([carrier, verdict], count)
        yield family
