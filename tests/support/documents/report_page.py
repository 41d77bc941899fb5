"""A page to test, and the parts of it that tests look at."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import Any

from siteopt.plan import COST_LINES, FlowPlan, Percentiles, Plan, PoolPlan, SitePlan
from siteopt.report.page import Subject
from siteopt.scenario import load_scenario
from siteopt.verify import verify
from support.documents.all_rules import full_plan, full_scenario
from support.documents.plans import plan_of
from support.documents.small_document import small_document

#: A name that would run if it were not escaped.
NASTY = "</script><script>alert(1)</script><img src=x onerror=alert(2)>&\"'"


def full_subject(**edits: Any) -> Subject:
    """The full hand-checked scenario with its plan; nothing is broken unless ``edits`` break it."""
    scenario, plan = load_scenario(full_scenario(**edits)), plan_of(full_plan())
    return Subject(scenario, plan, tuple(verify(scenario, plan)))


def large_subject(sites: int = 500, regions: int = 200, workloads: int = 10) -> Subject:
    """A plan of many sites and flows on a grid over Europe, without a solver: every region is served next door."""
    document, row = small_document(), {"design": "module", "modules": 1, "it_mw": 0.5, "facility_mw": 0.6}
    site, region, workload = document["sites"][0], document["regions"][0], document["workloads"][0]
    document["sites"] = [
        site | {"id": f"s{n}", "name": f"Site {n}", "lat": 40.0 + n % 25 * 0.7, "lon": n // 25 * 1.3}
        for n in range(sites)
    ]
    document["regions"] = [
        region | {"id": f"r{n}", "name": f"Region {n}", "lat": 40.0 + n % 20 * 0.9, "lon": n // 20 * 2.6}
        for n in range(regions)
    ]
    document["workloads"] = [workload | {"id": f"w{n}"} for n in range(workloads)]
    pairs = [(f"r{n}", f"w{k}") for n in range(regions) for k in range(workloads)]
    document["demand"] = [{"region": r, "workload": w, "peak_rps": 10.0, "mean_rps": 5.0} for r, w in pairs]
    document["grid_limits"] = []
    place = {pair: f"s{n % sites}" for n, pair in enumerate(pairs)}
    latency = Percentiles(11.0, 12.0, 13.0)
    plan = Plan(
        cost_lines=dict.fromkeys(COST_LINES, 1e6),
        sites=tuple(SitePlan(id=f"s{n}", **row) for n in range(sites)),
        pools=tuple(PoolPlan(s, w, "replica", 1) for s, w in dict.fromkeys((place[p], p[1]) for p in pairs)),
        flows=tuple(FlowPlan(r, w, place[r, w], "replica", 1.0, latency, 100.0) for r, w in pairs),
    )
    return Subject(load_scenario(document), plan)


def page_json(html: str) -> dict[str, Any]:
    """The data that a page carries."""
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', html, re.S)
    assert found is not None
    document: dict[str, Any] = json.loads(found.group(1))
    return document


class Outline(HTMLParser):
    """Elements of a page: names, ids, and whether each that opens is closed in its turn."""

    VOID = {"meta", "link", "br", "input", "img"}

    def __init__(self, html: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.names: list[str] = []
        self.links: list[str] = []
        self.text: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember an element."""
        self.names.append(tag)
        self.ids += [value for key, value in attrs if key == "id" and value is not None]
        self.links += [
            value for key, value in attrs if key in ("href", "src", "action") and value is not None
        ]
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close the one that was opened last."""
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Remember text outside of scripts and styles."""
        if self._open and self._open[-1] not in ("script", "style"):
            self.text.append(data)

    @property
    def words(self) -> str:
        """All text that is shown, in one line."""
        return " ".join(" ".join(self.text).split())
