"use strict";
// The panel beside the map: the legend and a summary of what is shown, or the selected site or region.

const PANEL = (() => {
  const panel = document.getElementById("panel");

  function swatch(colour, words) {
    const dot = element("span", { class: "swatch" });
    dot.style.background = colour;
    return element("span", {}, dot, words);
  }

  function legend() {
    if (MAP.options.colour === "tier") {
      const busy = chosenPower(), rows = [];
      for (const tier of TIERS) {
        const at = busy.map((_, n) => n).filter((n) => DATA.sites.tier[n] === tier && DATA.sites.open[n] && (STATE.workload < 0 || busy[n] > 0));
        if (at.length) rows.push([swatch(TINT[tier], tier), String(at.length), mw(at.reduce((sum, n) => sum + busy[n], 0))]);
      }
      return tableOf(["Tier", ">Sites", ">IT MW"], rows);
    }
    const names = ["below 50%", "50 to 80%", "80 to 95%", "95% and more"];
    const what = MAP.options.colour === "grid" ? "Fullest grid limit of the site" : "Own headroom";
    const rows = MAP.STEPS.map(([, colour], n) => [swatch(colour, names[n])]);
    return tableOf([what], [...rows, [swatch("#b4bdc8", "no limit")]]);
  }

  function overview() {
    const total = chosenPower().reduce((sum, mw) => sum + mw, 0);
    const flows = chosenFlows(), asked = new Set(flows.map((n) => DATA.flows.region[n]));
    const at = new Set(flows.map((n) => DATA.flows.site[n]));
    const title = STATE.workload < 0 ? "All workloads" : DATA.workloads[STATE.workload].id;
    const left = DATA.unserved.filter(([, workload]) => STATE.workload < 0 || workload === STATE.workload).length;
    const words = [`${power(total)} of IT at ${at.size} sites for ${asked.size} regions, in ${flows.length.toLocaleString("en")} flows.`];
    if (left) words.push(` ${left} demand${left === 1 ? " is" : "s are"} not served in full.`);
    const square = element("span", {}, "▪ region   ");
    const closed = element("span", {}, "○ candidate not built");
    return [element("h3", {}, title), element("p", {}, ...words), legend(), element("p", { style: "margin-top:12px" }, square, closed)];
  }

  /** Workloads in some flows, with power, slowest latency and limit. */
  function workloadsOf(rows) {
    const found = new Map();
    for (const n of rows) {
      const workload = DATA.flows.workload[n], entry = found.get(workload) || { kw: 0, slowest: null };
      entry.kw += DATA.flows.kw[n];
      const ms = DATA.flows[reported(workload)][n];
      if (ms !== null && (entry.slowest === null || ms > entry.slowest)) entry.slowest = ms;
      found.set(workload, entry);
    }
    return [...found].sort((a, b) => b[1].kw - a[1].kw).map(([workload, { kw, slowest }]) => {
      const slo = DATA.workloads[workload].slo;
      return [DATA.workloads[workload].id, mw(kw / 1000), duration(slowest), slo === null ? "–" : duration(slo)];
    });
  }

  function ofSite(site) {
    const sites = DATA.sites, open = sites.open[site], lines = [`${sites.id[site]}, ${sites.tier[site]}, ${sites.status[site]}`];
    const rows = chosenFlows().filter((n) => DATA.flows.site[n] === site);
    const content = [element("h3", {}, siteLabel(site)), element("p", {}, lines.join(""))];
    const facts = open
      ? [["Design", `${sites.modules[site]} × ${sites.design[site]}`], ["IT / facility", `${power(sites.it[site])} / ${power(sites.facility[site])}`], ["Headroom", power(sites.headroom[site])], ["Capital", money(sites.capex[site])]]
      : [["Headroom", power(sites.headroom[site])], ["", "not built in this plan"]];
    if (sites.ready[site] > 0) facts.push(["Ready", `month ${sites.ready[site]}`]);
    for (const n of sites.limits[site].slice(0, 6)) facts.push([DATA.limits[n].id, `${mw(DATA.limits[n].used)} of ${mw(DATA.limits[n].limit)} MW`]);
    content.push(tableOf(["", ">"], facts));
    if (rows.length) content.push(tableOf(["Serves", ">IT MW", ">Slowest", ">Limit"], workloadsOf(rows)));
    return content;
  }

  function ofRegion(region) {
    const rows = chosenFlows().filter((n) => DATA.flows.region[n] === region), kw = new Map();
    for (const n of rows) kw.set(DATA.flows.site[n], (kw.get(DATA.flows.site[n]) || 0) + DATA.flows.kw[n]);
    const at = [...kw].sort((a, b) => b[1] - a[1]).map(([site, used]) => [siteLabel(site), mw(used / 1000)]);
    return [element("h3", {}, regionLabel(region)), element("p", {}, `${DATA.regions.id[region]}, region`), tableOf(["Asks for", ">IT MW", ">Slowest", ">Limit"], workloadsOf(rows)), tableOf(["Served at", ">IT MW"], at)];
  }

  function draw() {
    const kept = STATE.site >= 0 ? ofSite(STATE.site) : STATE.region >= 0 ? ofRegion(STATE.region) : overview();
    panel.replaceChildren(...kept);
    if (STATE.site >= 0 || STATE.region >= 0) {
      const back = element("button", { type: "button" }, "Back to all");
      back.addEventListener("click", () => PAGE.keep());
      panel.append(back);
    }
  }

  return { draw };
})();
