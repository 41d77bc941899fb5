"""The report: one self-contained HTML page that opens offline and prints, made from a scenario and a plan."""

from siteopt.report.page.document import page
from siteopt.report.page.subject import Subject

__all__ = ["Subject", "page"]
