"""``siteopt schema``: the JSON Schema of the scenario file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from siteopt.cli.terminal import results
from siteopt.scenario import json_schema

if TYPE_CHECKING:
    import argparse


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command, of which there are none."""


def run(_args: argparse.Namespace) -> int:
    """Print the schema."""
    with results():
        print(json.dumps(json_schema(), indent=1))
    return 0
