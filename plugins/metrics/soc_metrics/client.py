"""Writes samples the way Prometheus reads them; the one place that knows its library."""

from collections.abc import Iterable, Iterator

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from soc_metrics.samples import Sample

CONTENT_TYPE = CONTENT_TYPE_LATEST


def page(samples: Iterable[Sample]) -> bytes:
    """The samples and the state of this process as Prometheus text."""
    registry = CollectorRegistry()
    registry.register(_Samples(tuple(samples)))
    ProcessCollector(registry=registry)
    return generate_latest(registry)


class _Samples(Collector):
    def __init__(self, samples: tuple[Sample, ...]) -> None:
        self._samples = samples

    def describe(self) -> Iterator[Metric]:
        """Nothing: the registry need not ask twice."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """One family for each metric that has samples."""
        families: dict[str, GaugeMetricFamily] = {}
        for sample in self._samples:
            metric = sample.metric
            if metric.name not in families:
                families[metric.name] = GaugeMetricFamily(metric.name, metric.text, labels=metric.labels)
            families[metric.name].add_metric(sample.labels, sample.value)
        return iter(families.values())
