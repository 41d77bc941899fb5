"""The scenario file: schema, checks, reading and writing."""

from siteopt.scenario.io import as_scenario, dump_scenario, json_schema, load_scenario
from siteopt.scenario.schema import Scenario

__all__ = ["Scenario", "as_scenario", "dump_scenario", "json_schema", "load_scenario"]
