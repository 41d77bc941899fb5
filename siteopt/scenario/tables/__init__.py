"""Large tables of a scenario kept in files beside it: ``"sites": {"file": "sites.csv"}``.

CSV as spreadsheets write it, and GeoJSON where rows are places. How a file is read is never guessed: what is ambiguous
is refused with its cause, and what differs from plain CSV is said among the remarks of the scenario.
"""

from siteopt.scenario.tables.read import Table, read_table

__all__ = ["Table", "read_table"]
