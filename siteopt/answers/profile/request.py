"""A request to profile options, a workload of a scenario or a class of the catalogue, as a scenario of its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from siteopt.errors import Problem, ScenarioError
from siteopt.scenario.catalogue import ANY, load_catalogue
from siteopt.scenario.io import dump_scenario, load_scenario
from siteopt.scenario.names import similar

if TYPE_CHECKING:
    from siteopt.scenario.schema import Scenario, Workload

#: Keys of a workload that say where it may run, which means nothing to a profile: it has one place.
PLACE = ("jurisdictions", "sovereign_route", "tiers", "splittable")
#: Keys of a workload that are dropped once a model is named.
STATED = ("service", "replica")
#: The option that sets each key of a workload.
OPTIONS = {
    "model": "--model",
    "accelerators": "--accelerator",
    "input_tokens": "--input-tokens",
    "output_tokens": "--output-tokens",
    "precisions": "--precision",
    "network_share": "--network-share",
    "engine": "--engine",
}
#: A place for the workload, since a scenario must have one. None of its figures is read.
SOMEWHERE: dict[str, Any] = {
    "schema_version": 1,
    "jurisdictions": [{"id": "here"}],
    "sites": [
        {
            **{"id": "here", "lat": 0.0, "lon": 0.0, "tier": "micro", "jurisdiction": "here"},
            **{"headroom_mw": 1.0, "designs": ["here"], "price_usd_per_mwh": 0.0},
        }
    ],
    "designs": [
        {
            **{"id": "here", "tiers": ["micro"], "module_mw": 1.0, "max_modules": 1, "pue": 1.0},
            **{"fixed_usd": 0.0, "usd_per_module": 0.0},
        }
    ],
    "regions": [{"id": "here", "lat": 0.0, "lon": 0.0, "jurisdiction": "here"}],
}


@dataclass(frozen=True, slots=True)
class Request:
    """What to profile; whatever is None or empty stays as the workload has it.

    Attributes
    ----------
    workload : str or None
        A workload of the scenario; a class of the catalogue where there is no scenario.
    model, engine : str or None
    accelerators, precisions : tuple of str
    input_tokens, output_tokens : float or None
    limits_ms : dict of str to float
        Limit by metric: ``ttft``, ``tpot``, ``e2e``. The workload's limits on other metrics are kept.
    percentile : float or None
        Percentile of every SLO.
    network_share : float or None
    """

    workload: str | None = None
    model: str | None = None
    accelerators: tuple[str, ...] = ()
    input_tokens: float | None = None
    output_tokens: float | None = None
    limits_ms: dict[str, float] = field(default_factory=dict)
    percentile: float | None = None
    engine: str | None = None
    precisions: tuple[str, ...] = ()
    network_share: float | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """A scenario with one workload, which is sized by its tail.

    Attributes
    ----------
    scenario : Scenario
        Its hardware and policy are those that were given.
    total_rps : float or None
        Calls per second of all its demand at peak; None where it does not come from a scenario.
    """

    scenario: Scenario
    total_rps: float | None

    @property
    def workload(self) -> Workload:
        """The only workload of the scenario."""
        return self.scenario.workloads[0]


def case_of(request: Request, base: Scenario | None = None) -> Case:
    """Put the workload that a request describes into a scenario of its own.

    Parameters
    ----------
    request : Request
    base : Scenario, optional
        Its workloads, hardware and policy are used.

    Raises
    ------
    ScenarioError
        If the request is incomplete, or names something that neither scenario nor catalogue has.
    """
    document = _workload(request, base)
    demand = {"region": "here", "workload": document["id"], "peak_rps": 1.0, "mean_rps": 1.0}
    given = {} if base is None else dump_scenario(base)
    hardware = {key: given[key] for key in ("accelerators", "models", "policy") if key in given}
    lone = SOMEWHERE | hardware | {"workloads": [document], "demand": [demand]}
    try:
        scenario = load_scenario(lone)
    except ScenarioError as error:
        raise ScenarioError([_in_options(p) for p in error.problems], "profile") from None
    total = 0.0
    if base is not None and request.workload is not None:
        total = sum(d.peak_rps for d in base.demand if d.workload == request.workload)
    return Case(scenario, total * scenario.workloads[0].calls_per_request or None)


def _workload(request: Request, base: Scenario | None) -> dict[str, Any]:
    """Return the workload as a JSON object, with the values of the request in place of its own."""
    known = _known_workload(request, base)
    if request.model is not None:
        known = {key: value for key, value in known.items() if key not in STATED}
    plain = ("model", "accelerators", "input_tokens", "output_tokens", "engine", "precisions")
    said = {key: getattr(request, key) for key in (*plain, "network_share")}
    document = known | {key: value for key, value in said.items() if value not in (None, ())}
    slo = {row["metric"]: row for row in document.get("slo", ())}
    slo |= {metric: {"metric": metric, "ms": ms} for metric, ms in request.limits_ms.items()}
    percentile = {} if request.percentile is None else {"percentile": request.percentile}
    document |= {"sizing": "tail", "tiers": ["micro"], "slo": [row | percentile for row in slo.values()]}
    _check_complete(request, document)
    return {key: list(value) if isinstance(value, tuple) else value for key, value in document.items()}


def _known_workload(request: Request, base: Scenario | None) -> dict[str, Any]:
    if request.workload is None:
        return {"id": request.model or "workload"}
    if base is None:
        entry = load_catalogue().workload(request.workload, "--workload")
        slo = [
            {"metric": o.metric, "ms": o.limit_ms.value, "percentile": o.percentile} for o in entry.objectives
        ]
        return {"id": entry.id, "slo": slo} | ({"model": entry.model} if entry.model else {})
    rows = {row["id"]: row for row in dump_scenario(base)["workloads"]}
    if request.workload not in rows:
        near = similar(request.workload, rows, 3) or sorted(rows)[:8]
        message = f"the scenario has no workload {request.workload!r}; it has {', '.join(near)}"
        raise ScenarioError([Problem("--workload", message)], "profile")
    return {key: value for key, value in rows[request.workload].items() if key not in PLACE}


def _check_complete(request: Request, document: dict[str, Any]) -> None:
    """Raise an error that names the option of everything that is missing."""
    problems = []
    if "model" not in document and "service" not in document:
        which = f"the class {request.workload!r} names no model" if request.workload else "nothing to profile"
        cure = "name a --model, or a --workload of a --scenario"
        problems.append(Problem("", f"{which}; {cure}"))
    elif "model" in document:
        needed = ("accelerators", "input_tokens", "output_tokens")
        missing = [OPTIONS[key] for key in needed if key not in document]
        if missing:
            problems.append(Problem("", f"the model {document['model']!r} also needs {', '.join(missing)}"))
    engines = sorted({entry.engine for entry in load_catalogue().engines} - {ANY})
    if request.engine is not None and request.engine not in engines:
        message = f"no engine {request.engine!r} in the catalogue; known: {', '.join(engines)}"
        problems.append(Problem("--engine", message))
    if problems:
        raise ScenarioError(problems, "profile")


def _in_options(problem: Problem) -> Problem:
    """Return the same problem under the name of the option that it came from."""
    key = problem.path.removeprefix("workloads[0].").split("[")[0]
    message = problem.message.rsplit(' (in "', 1)[0]  # the row of a table, of which there is only one
    if problem.path.startswith("workloads[0].slo"):
        return Problem("--ttft-ms, --tpot-ms, --e2e-ms", message)
    return Problem(OPTIONS.get(key, "" if key.startswith("workloads") else problem.path), message)
