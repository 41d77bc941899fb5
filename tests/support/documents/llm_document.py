"""A scenario of which one workload is a model, and whose pools are sized by their tails."""

from __future__ import annotations

from typing import Any

from support.documents.small_document import small_document


def llm_document() -> dict[str, Any]:
    """``small_document`` with pools sized by their tails: chat is a model, vision a queue of two slots per replica.

    The load of either is small against its replicas, so that waiting decides how many there are, not the cap.
    """
    document = small_document()
    chat, vision, _ = document["workloads"]
    for stated in ("service", "replica"):
        del chat[stated]
    chat |= {
        **{"sizing": "tail", "model": "meta-llama/Meta-Llama-3.1-8B", "accelerators": ["L40S", "H100_SXM"]},
        **{"input_tokens": 24000.0, "output_tokens": 200.0, "network_share": 0.1, "burst_factor": 1.25},
        "slo": [
            {"metric": "ttft", "ms": 4000.0, "percentile": 0.99},
            {"metric": "e2e", "ms": 90000.0, "percentile": 0.95},
            {"metric": "tpot", "ms": 500.0},
        ],
    }
    vision |= {"sizing": "tail", "service": {"ms": 20.0, "scv": 0.25, "slots": 2}, "calls_per_request": 2.0}
    vision["slo"] = [{"metric": "e2e", "ms": 85.0, "percentile": 0.95}]
    document["policy"]["dispatch_efficiency"] = 0.95
    for row, peak in zip(document["demand"], (0.8, 0.5, 0.3, 60.0, 45.0, 500.0), strict=True):
        row |= {"peak_rps": peak, "mean_rps": 0.4 * peak}
    return document
