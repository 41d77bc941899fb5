"use strict";
// What connects the parts: the workload filter, the selected place, and tables that unfold.

const PAGE = (() => {
  const select = document.getElementById("workload");
  DATA.workloads.forEach((workload, n) => select.append(element("option", { value: n }, workload.id)));

  function draw() {
    MAP.draw();
    PANEL.draw();
    LATENCY.draw();
    DEMANDS.draw();
    const chosen = STATE.workload < 0 ? null : DATA.workloads[STATE.workload].id;
    const heads = [...document.querySelectorAll(".matrix th")];
    const dim = heads.map((head) => chosen !== null && head.dataset.workload !== undefined && head.dataset.workload !== chosen);
    for (const row of document.querySelectorAll(".matrix tr")) [...row.children].forEach((cell, n) => cell.classList.toggle("dim", dim[n]));
  }

  /** Select a site or a region, or neither if both are absent; selecting the same one again clears it. */
  function keep(site, region) {
    const wanted = site === undefined ? -1 : Number(site), other = region === undefined ? -1 : Number(region);
    STATE.region = other >= 0 && other !== STATE.region ? other : -1;
    STATE.site = wanted >= 0 && wanted !== STATE.site ? wanted : -1;
    MAP.draw();
    PANEL.draw();
  }

  select.addEventListener("change", () => { STATE.workload = Number(select.value); draw(); });
  for (const button of document.querySelectorAll(".unfold")) {
    button.addEventListener("click", () => { button.parentElement.classList.remove("folded"); button.remove(); });
  }
  MAP.start();
  draw();
  return { keep };
})();
