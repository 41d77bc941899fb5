"""Candidate places and grid limits from the SimBench grids of Germany.

Transmission places come from ``1-EHV-mixed--0-no_sw`` (380 and 220 kV, the whole country), HV/MV places
from the MV grids of ``1-complete_data-mixed-all-0-sw``, and the limits of the two 110 kV grids above them
from ``1-HV-mixed--0-no_sw`` and ``1-HV-urban--0-no_sw``.
"""

from __future__ import annotations

import json
import math
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from dcflow import BASE_MVA, THRESHOLD, Grid, Screening, group_limit_mw, headroom_mw, screen

if TYPE_CHECKING:
    from numpy.typing import NDArray

POWER_FACTOR = 0.95
"""MW of firm transformer capacity per MVA (assumption)."""
OPERATING_CASES = ("hL", "hW")
"""SimBench load cases that headroom has to hold in: peak load without and with full wind."""
HV_GRIDS = {"HV1": "1-HV-mixed--0-no_sw", "HV2": "1-HV-urban--0-no_sw"}


@dataclass(frozen=True, slots=True)
class Place:
    """A candidate substation.

    Attributes
    ----------
    id, name : str
    lat, lon : float
    level : str
        ``EHV`` or the HV grid that feeds it (``HV1``, ``HV2``).
    headroom_mw : float
    buses : tuple of int
        Its rows in the EHV grid; empty for an HV/MV place.
    """

    id: str
    name: str
    lat: float
    lon: float
    level: str
    headroom_mw: float
    buses: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Transmission:
    """The EHV places, and what limits several of them at once."""

    places: list[Place]
    headroom_mw: NDArray[np.float64]
    screening: Screening
    branches: list[str]

    def zone_limit_mw(self, group: list[Place]) -> float:
        """New load that a group of places takes at once at best, MW."""
        buses = np.array([place.buses[0] for place in group])
        return group_limit_mw(self.screening, buses, self.headroom_mw[buses])[0]

    def branch_limits(self, buses: dict[str, int], most_mw: dict[str, float]) -> list[dict[str, Any]]:
        """A grid limit for each branch that several sites, all at their most, would overload together.

        Parameters
        ----------
        buses : dict
            Row of the bus that each site draws from, by site id.
        most_mw : dict
            Most that each site draws alone.

        Returns
        -------
        list of dict
            Entries of ``grid_limits``; coefficients are MW on the branch per MW at the site.
        """
        change = self.screening.change[:, list(buses.values())]
        most = np.array([most_mw[site] for site in buses])
        limits = []
        for row, branch in enumerate(self.branches):
            for sign, room in (
                (1.0, self.screening.room_up_mw[row]),
                (-1.0, self.screening.room_down_mw[row]),
            ):
                factors = np.where(sign * change[row] > THRESHOLD, sign * change[row], 0.0)
                # One site alone is held by its own headroom.
                if factors @ most > room and np.count_nonzero(factors) > 1:
                    named = {
                        site: round(float(f), 4) for site, f in zip(buses, factors, strict=True) if f > 0
                    }
                    limits.append({"id": branch, "limit_mw": round(float(room), 2), "coefficients": named})
        return limits


def load_net(code: str) -> Any:
    """A SimBench grid by its code; its deprecation warnings are of no concern here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import simbench

        return simbench.get_simbench_net(code)


def transmission() -> Transmission:
    """EHV places with the headroom of their better busbar."""
    net = load_net("1-EHV-mixed--0-no_sw")
    index = {bus: i for i, bus in enumerate(net.bus.index)}
    grid = _grid(net, index, len(index))
    screening = screen(grid)
    headroom = headroom_mw(screening)
    by_coordinates: dict[tuple[float, float], list[int]] = {}
    for bus, i in index.items():
        by_coordinates.setdefault(coordinates(net, bus), []).append(i)
    places = []
    for number, (position, buses) in enumerate(
        sorted(by_coordinates.items(), key=lambda item: item[0]), start=1
    ):
        # The busbar with most headroom comes first: it is the one that the planner asks for.
        buses.sort(key=lambda i: (-headroom[i], i))
        volts = "/".join(sorted({f"{net.bus.vn_kv.iat[i]:.0f}" for i in buses}, reverse=True))
        name = f"EHV substation {number} ({volts} kV)"
        places.append(
            Place(f"ehv-{number:03d}", name, *position, "EHV", float(headroom[buses[0]]), tuple(buses))
        )

    branches = [name.lower().replace(" ", "-") for name in [*net.line.name, *net.trafo.name]]
    return Transmission(places, headroom, screening, branches)


def distribution() -> tuple[list[Place], dict[str, float]]:
    """HV/MV places with firm rating less peak load, and what each 110 kV grid feeds at once, MW."""
    net = load_net("1-complete_data-mixed-all-0-sw")
    peaks = _peak_by_mv_grid(net)
    by_grid: dict[str, list[int]] = {}
    for row in net.trafo.index[net.trafo.vn_hv_kv == 110.0]:
        by_grid.setdefault(net.trafo.subnet.at[row], []).append(row)
    places = []
    for number, (subnet, rows) in enumerate(sorted(by_grid.items()), start=1):
        ratings = [net.trafo.sn_mva.at[row] for row in rows]
        firm_mva = sum(ratings) - max(ratings)
        lat, lon = coordinates(net, net.trafo.hv_bus.at[rows[0]])
        level = net.trafo.name.at[rows[0]].split("-")[0]
        name = f"{level} {subnet} ({len(rows)} x {ratings[0]:.0f} MVA)"
        spare_mw = max(0.0, POWER_FACTOR * firm_mva - peaks[subnet])
        places.append(Place(f"hvmv-{number:02d}", name, lat, lon, level, spare_mw))
    limits = {
        level: _hv_limit_mw(code, [p for p in places if p.level == level]) for level, code in HV_GRIDS.items()
    }
    return places, limits


def coordinates(net: Any, bus: int) -> tuple[float, float]:
    """Latitude and longitude of a bus, rounded to about ten metres."""
    lon, lat = json.loads(net.bus.geo.at[bus])["coordinates"]
    return round(float(lat), 4), round(float(lon), 4)


def _peak_by_mv_grid(net: Any) -> dict[str, float]:
    """Coincident peak of each MV grid over a year of quarter-hours, MW.

    Only loads of voltage level 5 count: they hold the LV grids as equivalents, so that the LV grids that
    the data set also carries in full would count twice.
    """
    profiles = net.profiles["load"]
    loads = net.load[net.load.voltLvl == 5]
    peaks = {}
    for subnet, group in loads.groupby(loads.subnet.str.split("_").str[0]):
        by_profile = group.groupby("profile").p_mw.sum()
        series = sum(profiles[f"{profile}_pload"].to_numpy() * mw for profile, mw in by_profile.items())
        peaks[subnet] = float(series.max())
    return peaks


def _hv_limit_mw(code: str, places: list[Place]) -> float:
    """What the HV/MV places of one 110 kV grid take at once, all in proportion, MW."""
    net = load_net(code)
    feeding = set(net.ext_grid.bus)
    index: dict[int, int] = dict.fromkeys(feeding, 0)
    for bus in net.bus.index:
        if bus not in feeding:
            index[bus] = len(set(index.values()))
    screening = screen(_grid(net, index, len(set(index.values()))))
    at: dict[tuple[float, float], int] = {}
    for bus in net.bus.index[net.bus.vn_kv == 110.0]:
        at.setdefault(coordinates(net, bus), index[bus])
    buses = np.array([_nearest(at, place) for place in places])
    return group_limit_mw(screening, buses, np.array([p.headroom_mw for p in places]))[1]


def _nearest(at: dict[tuple[float, float], int], place: Place) -> int:
    shrink = math.cos(math.radians(place.lat))
    return at[min(at, key=lambda xy: (xy[0] - place.lat) ** 2 + ((xy[1] - place.lon) * shrink) ** 2)]


def _grid(net: Any, index: dict[int, int], n_bus: int) -> Grid:
    """A SimBench grid without switches as a DC model; several buses may share an index (one feeding node)."""
    line, trafo = net.line, net.trafo
    volts = net.bus.vn_kv[line.from_bus].to_numpy()
    line_x = line.x_ohm_per_km * line.length_km / line.parallel
    trafo_x = (
        np.sqrt(trafo.vk_percent**2 - trafo.vkr_percent**2) / 100 * BASE_MVA / (trafo.sn_mva * trafo.parallel)
    )
    return Grid(
        sending=np.array([index[b] for b in [*line.from_bus, *trafo.hv_bus]]),
        receiving=np.array([index[b] for b in [*line.to_bus, *trafo.lv_bus]]),
        reactance_pu=np.concatenate((line_x.to_numpy() * BASE_MVA / volts**2, trafo_x.to_numpy())),
        rating_mw=np.concatenate(
            (
                (math.sqrt(3) * volts * line.max_i_ka * line.df * line.parallel).to_numpy(),
                (trafo.sn_mva * trafo.df * trafo.parallel).to_numpy(),
            )
        ),
        injections_mw=tuple(
            _injections(net, index, n_bus, net.loadcases.loc[case]) for case in OPERATING_CASES
        ),
        balancing=_capacity_shares(net, index, n_bus),
    )


def _capacity_shares(net: Any, index: dict[int, int], n_bus: int) -> NDArray[np.float64]:
    """Shares of dispatchable capacity by bus; of the feeding node where the grid has no power plant."""
    capacity = np.zeros(n_bus)
    if len(net.gen) == 0:
        capacity[[index[b] for b in net.ext_grid.bus]] = 1.0
    else:
        for table, column in ((net.gen, "max_p_mw"), (net.ext_grid, "max_p_mw")):
            np.add.at(capacity, [index[b] for b in table.bus], table[column].to_numpy(dtype=float))
    return np.asarray(capacity / capacity.sum())


def _injections(net: Any, index: dict[int, int], n_bus: int, case: Any) -> NDArray[np.float64]:
    """Generation less load by bus in one load case; power plants share the rest by capacity, MW."""
    injection = np.zeros(n_bus)
    np.subtract.at(injection, [index[b] for b in net.load.bus], case.pload * net.load.p_mw.to_numpy())
    kind = net.sgen.type.astype(str).str.lower()
    factor = np.where(
        kind.str.startswith("wind"), case.Wind_p, np.where(kind.str.startswith("pv"), case.PV_p, case.RES_p)
    )
    np.add.at(injection, [index[b] for b in net.sgen.bus], factor * net.sgen.p_mw.to_numpy())
    return np.asarray(injection - injection.sum() * _capacity_shares(net, index, n_bus))
