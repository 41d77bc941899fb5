"""Pools are trimmed to what their flows need, never below what is known to be needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.documents.llm_document import llm_document

from siteopt.compile import compile_instance
from siteopt.evaluate import solution_of, trimmed
from siteopt.physics.serving.pool import ModelQueue
from siteopt.plan.file import load_plan
from siteopt.scenario import load_scenario

if TYPE_CHECKING:
    import pytest

CHAT = {"workload": "chat", "accelerator": "L40S"}


def chat_replicas() -> int:
    """What is left of 9 replicas, of which 2 would do."""
    scenario = load_scenario(llm_document())
    document = {
        "sites": [{"id": "main-taunus", "design": "module", "modules": 1}],
        "pools": [CHAT | {"site": "main-taunus", "replicas": 9}],
        "flows": [CHAT | {"site": "main-taunus", "region": "frankfurt", "share": 1.0}],
    }
    instance = compile_instance(scenario)
    solution = trimmed(instance, solution_of(instance, scenario, load_plan(document)))
    return int(solution.replicas.sum())


def test_replicas_that_no_flow_needs_go() -> None:
    assert chat_replicas() == 2


def test_a_pool_beyond_what_the_queue_counts_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """-1, "more than 10,000", was taken for a number: the pool was cut to its cap and its queue grew without end."""
    monkeypatch.setattr(ModelQueue, "replicas_needed", lambda *_: -1)
    assert chat_replicas() == 9
