"""Remarks on places outside the country that their jurisdiction is named after: a lost sign, lat and lon swapped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siteopt.diagnose.remarks.country_boxes import country_boxes
from siteopt.formatting import counted, listed, named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from siteopt.scenario.schema import NetworkNode, Region, Scenario, Site

    Place = Site | Region | NetworkNode

#: Places off the coast, and jurisdictions that reach a little beyond a border, degrees.
MARGIN_DEGREES = 1.0
#: Codes in use beside those of ISO 3166-1.
ALIASES = {"UK": "GB", "EL": "GR"}


def countries(scenario: Scenario) -> Iterator[str]:
    """Yield a remark on each table whose places do not lie in the countries of their jurisdictions.

    Jurisdictions whose id is no ISO 3166-1 code, with or without a subdivision (``DE-HE``), are not looked at.
    """
    for kind, places in (
        ("site", scenario.sites),
        ("region", scenario.regions),
        ("network node", scenario.network.nodes),
    ):
        outside = [place for place in places if not _lies_in(place, place.lat, place.lon)]
        if outside:
            codes = dict.fromkeys(place.jurisdiction for place in outside)
            are = "lies" if len(outside) == 1 else "lie"
            what = f"{counted(len(outside), kind)} ({listed([named(place) for place in outside])})"
            first = outside[0]
            where = f"{named(first)} at lat {first.lat:g}, lon {first.lon:g}"
            is_swapped = all(_lies_in(place, place.lon, place.lat) for place in outside)
            hint = "lat and lon look swapped" if is_swapped else "check lat, lon and jurisdiction"
            yield f"{what} {are} outside of {listed(list(codes))}, such as {where}: {hint}."


def _lies_in(place: Place, lat: float, lon: float) -> bool:
    """Whether a place would lie in its country at a latitude and longitude; yes where the country is not known."""
    code = place.jurisdiction.partition("-")[0]
    boxes = country_boxes().get(ALIASES.get(code, code))
    return boxes is None or any(box.holds(lat, lon, MARGIN_DEGREES) for box in boxes)
