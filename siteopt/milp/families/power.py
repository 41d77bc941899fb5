"""IT power fits the modules, facility power fits the firm headroom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from siteopt.milp.model import linear

if TYPE_CHECKING:
    from siteopt.instance import Instance
    from siteopt.milp.model import SitingModel


def add_power(model: SitingModel, instance: Instance) -> None:
    r"""Make the design that stands at a site carry the power of its replicas, at peak and on average.

    .. math::
        \sum_{p \in P(j)} w_p n_p &\le \sum_{o \in O(j)} e_o &&\forall j \quad\text{(it\_power)} \\
        e_o &\le m_o (z_o - r_o y_o) &&\forall o \quad\text{(module\_power)} \\
        e_o &\le \min(m_o (\bar z_o - r_o),\, H_o / \mathrm{PUE}_o)\, y_o &&\forall o \quad\text{(headroom)} \\
        \underline z_o\, y_o \le z_o &\le \bar z_o\, y_o
            &&\forall o \quad\text{(modules\_min, \_max)} \\
        \sum_{p} w_p \Big(\iota_p n_p + (1-\iota_p) \tfrac{\bar\lambda_p(x)}{\mu_k}\Big)
            &\le \sum_{o} \bar e_o, \quad \bar e_o \le e_o &&\forall j \quad\text{(mean\_power, \_link)}

    MW of IT throughout: :math:`w` power of a replica, :math:`m` usable power of a counted module (2N counts
    half of each), :math:`z` modules, :math:`r` the spare ones (N+1), :math:`H` the lesser of the site's headroom
    and the connection (facility MW), :math:`\iota` the idle fraction. An option o is a design on a connection: a
    site with steps of connection chooses among more options, each with its own :math:`H`. Splitting :math:`e` by
    option keeps PUE linear: as at most one stands at a site, the parts of all others are zero. The dual of
    ``headroom`` is the worth of headroom: USD per MW of IT.
    """
    _add_peak(model, instance)
    _add_modules(model, instance)
    _add_mean(model, instance)


def _add_peak(model: SitingModel, instance: Instance) -> None:
    sites, pools = instance.sites, instance.pools
    power = instance.variants.replica_mw[pools.variant].tolist()
    first_pool, first_option = sites.pool_ptr.tolist(), sites.option_ptr.tolist()

    def row(j: int) -> Any:
        p, o = slice(first_pool[j], first_pool[j + 1]), slice(first_option[j], first_option[j + 1])
        carried = model.it_mw[o]
        return linear([*([-1.0] * len(carried)), *power[p]], [*carried, *model.replicas[p]]) <= 0.0

    used = [j for j in range(len(sites.id)) if first_pool[j] < first_pool[j + 1]]
    model.add_rows("it_power", [sites.id[j] for j in used], map(row, used))


def _add_modules(model: SitingModel, instance: Instance) -> None:
    options, names = instance.options, model.names["option"]
    capacity, module_mw = instance.option_capacity_mw.tolist(), options.module_mw.tolist()
    least, most = options.min_modules.tolist(), options.max_modules.tolist()
    variables = list(zip(model.it_mw, model.modules, model.build, strict=True))
    rows = range(len(variables))
    spare_mw = (options.module_mw * options.spare_modules).tolist()
    fed = ([1.0, -module_mw[o], spare_mw[o]] if spare_mw[o] else [1.0, -module_mw[o]] for o in rows)
    model.add_rows(
        "module_power", names, (linear(c, variables[o][: len(c)]) <= 0.0 for o, c in enumerate(fed))
    )
    model.add_rows("headroom", names, (linear([1.0, -capacity[o]], variables[o][::2]) <= 0.0 for o in rows))
    model.add_rows("modules_max", names, (linear([1.0, -most[o]], variables[o][1:]) <= 0.0 for o in rows))
    model.add_rows("modules_min", names, (linear([-1.0, least[o]], variables[o][1:]) <= 0.0 for o in rows))


def _add_mean(model: SitingModel, instance: Instance) -> None:
    sites, pools, variants, arcs = instance.sites, instance.pools, instance.variants, instance.arcs
    replica_mw = variants.replica_mw[pools.variant]
    idle = (replica_mw * variants.idle_fraction[pools.variant]).tolist()
    per_call = replica_mw * (1.0 - variants.idle_fraction[pools.variant]) / variants.rps[pools.variant]
    busy = (per_call[arcs.pool] * instance.demands.mean_rps[arcs.demand]).tolist()
    first_pool, first_option = sites.pool_ptr.tolist(), sites.option_ptr.tolist()
    first_arc, arc = pools.arc_ptr.tolist(), pools.arc.tolist()

    def row(j: int) -> Any:
        p, o = slice(first_pool[j], first_pool[j + 1]), slice(first_option[j], first_option[j + 1])
        carried, flows = model.mean_mw[o], arc[first_arc[p.start] : first_arc[p.stop]]
        terms = [*carried, *model.replicas[p], *(model.share[a] for a in flows)]
        return linear([*([-1.0] * len(carried)), *idle[p], *(busy[a] for a in flows)], terms) <= 0.0

    used = [j for j in range(len(sites.id)) if first_pool[j] < first_pool[j + 1]]
    model.add_rows("mean_power", [sites.id[j] for j in used], map(row, used))
    pairs = zip(model.mean_mw, model.it_mw, strict=True)
    model.add_rows("mean_link", model.names["option"], (linear([1.0, -1.0], v) <= 0.0 for v in pairs))
