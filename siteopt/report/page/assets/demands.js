"use strict";
// The certificate's search: one row per demand, one column per rule, a page at a time.

const DEMANDS = (() => {
  const SHOWN = 15, box = document.getElementById("demands"), { rules, applies, demands, failed, complete } = DATA.certificate;
  const wrong = new Map(failed.map(([demand, rule, words]) => [demand * rules.length + rule, words]));
  const search = element("input", { type: "search", placeholder: "Region", "aria-label": "Region" });
  const only = element("input", { type: "checkbox", id: "only-failures" }), count = element("span", {}), table = element("div", { class: "table" });
  const back = element("button", { type: "button" }, "‹"), next = element("button", { type: "button" }, "›");
  let first = 0;

  function chosen() {
    const wanted = search.value.trim().toLowerCase(), broken = new Set(failed.map(([demand]) => demand));
    return demands.map((_, n) => n).filter((n) => {
      const [region, workload] = demands[n];
      const named = `${DATA.regions.id[region]} ${DATA.regions.name[region]}`.toLowerCase();
      return (STATE.workload < 0 || workload === STATE.workload) && named.includes(wanted) && (!only.checked || broken.has(n));
    });
  }

  function cell(demand, rule, workload) {
    const words = wrong.get(demand * rules.length + rule);
    if (words !== undefined) return element("span", { class: "fail", title: words }, "✗");
    if (!applies[workload][rule]) return element("span", { class: "none", title: "the scenario has no such rule" }, "–");
    return complete ? element("span", { class: "pass", title: rules[rule][1] }, "✓") : element("span", { class: "fail", title: "not checked" }, "?");
  }

  function draw(start = 0) {
    const rows = chosen();
    first = Math.max(0, Math.min(start, rows.length - 1));
    const page = rows.slice(first, first + SHOWN), last = first + page.length;
    count.textContent = page.length ? `${first + 1} to ${last} of ${rows.length.toLocaleString("en")} demands` : "no demand found";
    const head = element("tr", {}, element("th", {}, "Region"), element("th", {}, "Workload"), ...rules.map(([id, words]) => element("th", { class: "turned", title: words }, element("span", {}, id))));
    const body = page.map((n) => {
      const [region, workload] = demands[n];
      return element("tr", {}, element("td", {}, regionLabel(region)), element("td", {}, DATA.workloads[workload].id), ...rules.map((_, rule) => element("td", {}, cell(n, rule, workload))));
    });
    table.replaceChildren(element("table", {}, element("thead", {}, head), element("tbody", {}, ...body)));
    back.disabled = first === 0;
    next.disabled = last >= rows.length;
  }

  search.addEventListener("input", () => draw());
  only.addEventListener("change", () => draw());
  back.addEventListener("click", () => draw(first - SHOWN));
  next.addEventListener("click", () => draw(first + SHOWN));
  box.append(element("div", { class: "tools" }, search, element("label", {}, only, " only failures"), back, count, next), table);
  return { draw };
})();
