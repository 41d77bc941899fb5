"use strict";
// Strips of latency over limit: each percentile of a workload is one path of dots, so that thousands cost nothing.

const LATENCY = (() => {
  const WIDTH = 1180, LEFT = 190, RIGHT = 300, LANE = 13, GAP = 16, TOP = 30;
  const LANES = [["p50", "#9db9d8"], ["p95", "#4f84bd"], ["p99", "#16365f"]];
  const box = document.getElementById("strips"), list = document.getElementById("slowest");

  function rows() {
    const flows = new Map();
    for (const n of chosenFlows()) {
      if (DATA.flows.p99[n] === null) continue;
      const workload = DATA.flows.workload[n];
      if (!flows.has(workload)) flows.set(workload, []);
      flows.get(workload).push(n);
    }
    return [...flows].sort((a, b) => a[0] - b[0]);
  }

  function text(svg, x, y, words, attributes) { shape("text", { x, y, ...attributes }, svg).textContent = words; }

  function draw() {
    const found = rows(), height = TOP + found.length * (3 * LANE + GAP) + 6;
    const svg = shape("svg", { viewBox: `0 0 ${WIDTH} ${height}`, role: "img", "aria-label": "Latency of every flow as a share of its limit" });
    let most = 1;
    for (const [workload, flows] of found) {
      const slo = DATA.workloads[workload].slo;
      if (slo !== null) for (const n of flows) most = Math.max(most, DATA.flows.p99[n] / slo);
    }
    const scale = (WIDTH - LEFT - RIGHT) / Math.min(1.06 * most, 3), at = (share) => LEFT + Math.min(share, 3) * scale;
    for (const share of [0, 0.25, 0.5, 0.75, 1]) {
      shape("line", { x1: at(share), x2: at(share), y1: TOP - 8, y2: height, stroke: share === 1 ? "#c0392b" : "#e1e6ec", "stroke-width": share === 1 ? 1.5 : 1 }, svg);
      text(svg, at(share), 14, share === 1 ? "limit" : `${100 * share}%`, { "text-anchor": "middle", class: "soft" });
    }
    found.forEach(([workload, flows], row) => strip(svg, workload, flows, TOP + row * (3 * LANE + GAP), at));
    box.replaceChildren(svg);
    slowest(found);
  }

  function strip(svg, workload, flows, top, at) {
    const { id, metric, slo, percentile } = DATA.workloads[workload], column = reported(workload);
    text(svg, 0, top + LANE + 1, id.slice(0, 26), { "font-weight": 600 });
    text(svg, 0, top + 2 * LANE + 4, `${flows.length.toLocaleString("en")} flows`, { class: "soft" });
    const worst = Math.max(...flows.map((n) => DATA.flows[column][n]));
    const words = slo === null ? `no limit; slowest p99 ${duration(worst)}` : `${metric} p${100 * percentile} within ${duration(slo)}; slowest ${duration(worst)}`;
    text(svg, WIDTH - RIGHT + 22, top + 1.5 * LANE + 3, words);
    if (slo === null) { text(svg, at(0) + 8, top + 1.5 * LANE + 3, "no limit to compare with", { class: "soft" }); return; }
    LANES.forEach(([name, colour], lane) => {
      const y = top + (lane + 0.5) * LANE;
      shape("line", { x1: at(0), x2: at(1), y1: y, y2: y, stroke: "#edf0f4" }, svg);
      const dots = new Set(flows.map((n, k) => `M${at(DATA.flows[name][n] / slo).toFixed(1)} ${(y + ((k * 7) % 5) - 2).toFixed(1)}h0`));
      shape("path", { d: [...dots].join(""), stroke: colour, "stroke-width": 4.2, "stroke-linecap": "round", "stroke-opacity": 0.55, fill: "none", "data-lane": name, "data-workload": workload }, svg);
      text(svg, at(0) - 6, y + 4, name, { "text-anchor": "end", class: "soft", style: "font-size:10.5px" });
    });
  }

  /** The flows of the chosen workload that come nearest to their limit. */
  function slowest(found) {
    list.replaceChildren();
    if (STATE.workload < 0 || !found.length) return;
    const column = reported(STATE.workload), flows = [...found[0][1]].sort((a, b) => DATA.flows[column][b] - DATA.flows[column][a]).slice(0, 8);
    const rows = flows.map((n) => [regionLabel(DATA.flows.region[n]), siteLabel(DATA.flows.site[n]), percent(DATA.flows.share[n]), ...LANES.map(([name]) => duration(DATA.flows[name][n]))]);
    list.append(element("h3", {}, `Slowest flows of ${DATA.workloads[STATE.workload].id}`), tableOf(["From", "Served at", ">Share", ">p50", ">p95", ">p99"], rows));
  }

  return { draw };
})();
