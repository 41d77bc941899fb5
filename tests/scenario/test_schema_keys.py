"""Every key of the scenario file by hand: a new one, or one that is gone, has to pass here before anything else."""

from __future__ import annotations

from siteopt.scenario import json_schema

KEYS: dict[str, str] = {
    "Scenario": "schema_version name horizon jurisdictions network sites grid_limits designs accelerators models"
    " workloads regions demand policy rules",
    "Horizon": "years discount_rate",
    "Jurisdiction": "id groups",
    "Network": "nodes links latency",
    "NetworkNode": "id lat lon jurisdiction",
    "NetworkLink": "from to km latency_ms capacity_gbps",
    "Latency": "us_per_km route_factor per_hop_ms access_ms",
    "Site": "id name lat lon tier jurisdiction zone node status existing headroom_mw designs pue uplink_gbps"
    " price_usd_per_mwh demand_charge_usd_per_mw_year coincident_charge_usd_per_mw_year carbon_g_per_kwh"
    " connection_usd connection_steps land_usd egress_usd_per_gb",
    "Existing": "design modules",
    "ConnectionStep": "up_to_mw months usd",
    "GridLimit": "id limit_mw zone jurisdiction coefficients",
    "Design": "id tiers module_mw max_modules pue redundancy usable_fraction rack_kw cooling fixed_usd"
    " usd_per_module scale_exponent build_months life_years salvage_fraction staff_usd_per_year",
    "AcceleratorEntry": "id family memory_gb bandwidth_tb_s bf16_tflops fp8_tflops fp4_tflops link_gb_s tdp_w"
    " server_factor idle_fraction max_tp price_usd rack_kw cooling life_years salvage_fraction",
    "ModelEntry": "id params_b active_params_b layers hidden heads attention_dim kv_values_per_token kv_shards"
    " max_context experts experts_per_token",
    "Workload": "id sizing service replica model accelerators engine precisions input_tokens output_tokens"
    " network_share calls_per_request burst_factor slo tiers jurisdictions sovereign_route splittable tenant home"
    " replica_gb sync_gb_per_day protect gb_in gb_out revenue_usd_per_1k unserved_usd_per_1k",
    "Service": "ms scv slots",
    "Replica": "rps kw usd idle_fraction rack_kw cooling life_years salvage_fraction",
    "Slo": "metric ms percentile",
    "Home": "node trips_per_call gb_per_call",
    "Protect": "slo_ms",
    "Region": "id name lat lon jurisdiction node population",
    "LinearRule": "id words terms sense value",
    "RuleTerm": "sites zone tier jurisdiction design of coefficient",
    "Demand": "region workload peak_rps mean_rps",
    "Policy": "mode ready_by_month budget_usd max_sites tenant_share tenant_site_mw coincidence refresh"
    " storage_usd_per_gb_year utilisation_cap dispatch_efficiency carbon_usd_per_t egress_usd_per_gb"
    " transit_usd_per_gb server_cost_factor",
}


def test_every_key_is_listed() -> None:
    """Whoever adds a key adds it here, and by then it has a check, an array, a verifier and a test of its own."""
    schema = json_schema()
    objects = {"Scenario": schema} | schema["$defs"]
    found = {name: set(part["properties"]) for name, part in objects.items() if "properties" in part}
    assert found == {name: set(keys.split()) for name, keys in KEYS.items()}
    assert all(part["additionalProperties"] is False for part in objects.values() if "properties" in part)
