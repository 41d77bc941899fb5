"""Replicas carry the load, run on hardware that fits the model, and have access to their data."""

from __future__ import annotations

from siteopt.rules.rule import DemandCheck, Rule

CAPACITY = Rule(
    "capacity",
    demand_checks=(
        DemandCheck("capacity", "replicas carry the peak"),
        DemandCheck(
            "utilisation_cap", "below the utilisation cap at peak", lambda _, w: w.sizing != "linear"
        ),
    ),
    figures=("load_erlang", "utilisation"),
)
HARDWARE = Rule(
    "hardware",
    demand_checks=(
        DemandCheck("accelerator", "on an accelerator that it may use", lambda _, w: w.model is not None),
        DemandCheck("deployment", "the model fits as it is deployed", lambda _, w: w.model is not None),
    ),
)
DATA = Rule(
    "data",
    demand_checks=(
        DemandCheck(
            "data_mode", "data at home or in a copy that can be kept", lambda _, w: w.home is not None
        ),
    ),
)
