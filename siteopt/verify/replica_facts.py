"""What the rules need to know of a replica, whatever says how it performs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from siteopt.scenario.schema import Metric
    from siteopt.verify.queue import Tail


class ReplicaFacts(Protocol):
    """How much a replica does, what it draws and costs, how long a call takes, and how its pool queues."""

    @property
    def calls(self) -> float:
        """Calls that a request makes one after the other."""

    @property
    def rps(self) -> float:
        """Calls per second at saturation."""

    @property
    def kw(self) -> float:
        """IT power at saturation, kW."""

    @property
    def idle_fraction(self) -> float:
        """Share of that power without load."""

    @property
    def usd(self) -> float:
        """Purchase, USD."""

    @property
    def rack_kw(self) -> float:
        """Lowest rack power at which it can be installed, kW."""

    @property
    def cooling(self) -> str:
        """Cooling that it needs: ``air`` or ``liquid``."""

    @property
    def life_years(self) -> float | None:
        """Years until it is bought again; None for never."""

    @property
    def salvage_fraction(self) -> float:
        """Share of its price that it is worth at the end of its life."""

    def service_ms(self, metric: Metric, p: float) -> float:
        """Return the ``p`` quantile of the time in service in terms of a metric, all its calls included, ms."""

    def tail(self, replicas: float, rate_rps: float) -> Tail:
        """Return the waiting time of a number of them at a rate of calls per second."""
