"""What pooling costs: replicas of one pool against many, by the queue and by the utilisation cap."""

from __future__ import annotations

import io
from dataclasses import replace
from math import ceil

import pytest
from rich.console import Console
from support.documents.small_document import small_document
from support.documents.small_document_plan import hand_made_plan

from siteopt.answers.pooling import Need, PoolingLine, pooling, replicas_needed
from siteopt.compile.variants import Room, resolve_variants
from siteopt.evaluate import evaluate
from siteopt.physics.serving.pool import ServiceQueue
from siteopt.physics.serving.queueing import wait_tail
from siteopt.plan import Plan
from siteopt.plan.file import load_plan
from siteopt.report.console import print_plan
from siteopt.scenario import Scenario, load_scenario


def tail_scenario(**changes: object) -> Scenario:
    """The small document with chat and vision sized by their tails."""
    document = small_document()
    for workload in document["workloads"][:2]:
        workload["sizing"] = "tail"
    document["workloads"][0] |= changes
    return load_scenario(document)


def spread_plan(scenario: Scenario) -> Plan:
    """The hand-made plan, evaluated: chat at two sites or more, as the file has it."""
    return evaluate(scenario, load_plan(hand_made_plan()))


@pytest.mark.parametrize(("sites", "servers"), [(1, 118), (5, 150), (10, 180), (20, 220), (50, 350)])
def test_the_vector_of_a_hundred_erlangs(sites: int, servers: int) -> None:
    """100 erlangs, P(wait > 0.1 service) < 1 %: exact Erlang-C (PARAMETERS section 0)."""
    queue, rooms = ServiceQueue(100.0, 1.0, 1), [Room(10.0, 0.99)]
    need = replicas_needed(queue, rooms, 1000.0 / sites, 10.0)
    assert sites * need.tail == servers


def test_fewest_replicas_are_the_fewest() -> None:
    """One replica less misses the SLO; the round trip is taken off the room, the burst put on the rate."""
    queue = ServiceQueue(20.0, 1.0, 2)
    need = replicas_needed(queue, [Room(30.0, 0.95)], 900.0, 80.0, rtt_ms=10.0, burst_factor=1.2)
    load = 900.0 * 1.2 * 0.020
    assert wait_tail(2 * need.tail, load, 20.0, 20.0, 1.0) <= 0.05
    assert wait_tail(2 * need.tail - 2, load, 20.0, 20.0, 1.0) > 0.05
    assert need.cap == ceil(900.0 / 80.0)
    assert need.replicas == max(need.tail, need.cap)


def test_the_tightest_slo_decides() -> None:
    """Each SLO has a room of its own; where nothing waits only the cap is left."""
    queue = ServiceQueue(100.0, 1.0, 1)
    loose, tight = Room(1000.0, 0.9), Room(1.0, 0.999)
    both = replicas_needed(queue, [loose, tight], 200.0, 8.0)
    assert both == replicas_needed(queue, [tight], 200.0, 8.0)
    assert replicas_needed(None, [], 80.0, 8.0) == Need(0, 10)
    assert replicas_needed(queue, [], 80.0, 8.0) == Need(0, 10)


def test_a_load_beyond_the_tables_is_split() -> None:
    """120,000 erlangs are more than the queue's 100,000 servers: two halves, which is safe and hardly more."""
    need = replicas_needed(ServiceQueue(1000.0, 1.0, 1), [Room(100.0, 0.99)], 120_000.0, 1.0)
    assert 120_000 < need.tail < 1.01 * 120_000


def test_lines_of_a_plan() -> None:
    """Workloads with tails only, replicas as in the plan, and never fewer than one pool needs at the load."""
    scenario = tail_scenario()
    plan = spread_plan(scenario)
    lines = {line.workload: line for line in pooling(scenario, plan)}
    assert set(lines) == {"chat", "vision"}
    for name, line in lines.items():
        pools = [pool for pool in plan.pools if pool.workload == name]
        assert (line.pools, line.replicas) == (len(pools), sum(pool.replicas for pool in pools))
        busy = sum(pool.load_erlang for pool in pools)
        assert line.in_one_pool >= busy / scenario.policy.utilisation_cap - 1e-9
        assert 0 < line.for_its_tail <= line.in_one_pool
        assert line.extra == pytest.approx(line.replicas / line.in_one_pool - 1.0)


def test_extra_is_what_two_pools_need_more() -> None:
    """Two pools of 9 for 20 erlangs of cap that one pool of 13 serves: 38 % more."""
    assert PoolingLine("chat", 2, 18, 13, 13).extra == pytest.approx(18 / 13 - 1)


def test_one_pool_answers_to_the_longest_round_trip() -> None:
    """The rule, worked out anew from the variant and the flows' round trips in the plan's latencies."""
    scenario = tail_scenario(slo=[{"metric": "ttft", "ms": 90.0}])
    plan = spread_plan(scenario)
    chat = next(line for line in pooling(scenario, plan) if line.workload == "chat")
    variant = resolve_variants(scenario)[0]
    workload = scenario.workloads[0]
    flows = [flow for flow in plan.flows if flow.workload == "chat"]
    peak = {d.region: d.peak_rps for d in scenario.demand if d.workload == "chat"}
    rate = sum(flow.share * peak[flow.region] for flow in flows)
    # Where most requests do not wait, the median latency is round trip and median service.
    rtt = max(f.latency_ms.p50 for f in flows if f.latency_ms) - variant.times.quantile_ms("ttft", 0.5)
    queue = variant.queue
    assert queue is not None
    slack = variant.largest_rtt_ms(workload) - rtt
    cap = ceil(rate / (scenario.policy.utilisation_cap * variant.rps) - 1e-9)
    assert chat.in_one_pool == max(queue.replicas_needed(rate, slack, 0.99), cap)


def test_no_tails_no_lines(small: Scenario) -> None:
    """Sized by utilisation alone, nothing pools; nor does a plan that serves nothing."""
    assert pooling(small, Plan()) == ()
    scenario = tail_scenario()
    assert pooling(scenario, Plan()) == ()
    nothing = replace(spread_plan(scenario), flows=())
    assert pooling(scenario, nothing) == ()


def test_solve_tables_show_deployments_and_pooling() -> None:
    """Beside the result: how each model is deployed, and what its pools cost against one pool."""
    document = small_document()
    model = {"model": "llama-3.1-8b", "accelerators": ["H100_SXM"], "input_tokens": 800, "output_tokens": 200}
    kept = {key: document["workloads"][0][key] for key in ("id", "tiers", "gb_in", "gb_out")}
    slo = [{"metric": "ttft", "ms": 500.0}, {"metric": "tpot", "ms": 30.0}]
    document["workloads"][0] = {**kept, **model, "sizing": "tail", "slo": slo}
    scenario, decided = load_scenario(document), hand_made_plan()
    for row in (*decided["pools"], *decided["flows"]):
        if row["workload"] == "chat":
            row["accelerator"] = "H100_SXM"
    plan, stream = evaluate(scenario, load_plan(decided)), io.StringIO()
    print_plan(Console(file=stream, width=100), scenario, plan)
    lines = stream.getvalue().splitlines()
    assert max(map(len, lines)) <= 100
    chat = next(pool for pool in plan.pools if pool.workload == "chat")
    deployment = f"H100_SXM {chat.precision} TP{chat.tensor_parallel}, batch {chat.batch}"
    models = lines[lines.index("Models: how they are deployed") + 2]
    assert models.startswith("chat ")
    assert deployment in models
    line = next(line for line in pooling(scenario, plan) if line.workload == "chat")
    row = lines[next(n for n, text in enumerate(lines) if text.startswith("Pooling loss")) + 2].split()
    assert row[:4] == ["chat", f"{line.pools}", f"{line.replicas:,}", f"{line.in_one_pool:,}"]
    assert row[-1] == f"{line.for_its_tail:,}"
