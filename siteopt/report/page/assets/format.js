"use strict";
// Numbers in words, as siteopt's tables write them, and small helpers to build elements.

const DATA = JSON.parse(document.getElementById("data").textContent);
const TIERS = ["hyperscale", "regional", "micro", "enclosure", "device"];
const STYLE = getComputedStyle(document.documentElement);
const TINT = Object.fromEntries(TIERS.map((tier) => [tier, STYLE.getPropertyValue("--" + tier).trim()]));

/** What the page shows now: a workload (-1: all), and the selected site or region (-1: none). */
const STATE = { workload: -1, site: -1, region: -1 };

function duration(ms) {
  if (ms === null) return "–";
  const value = ms < 1000 ? ms : ms / 1000;
  const digits = value < 10 ? 2 : value < 100 ? 1 : 0;
  const text = value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return text.replace(/\.0+$/, "") + (ms < 1000 ? " ms" : " s");
}

function mw(value) {
  if (value < 1) return String(Number(value.toPrecision(3)));
  const digits = value < 9.995 ? 2 : value < 999.95 ? 1 : 0;
  return value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

function power(megawatts) {
  return megawatts >= 0.1 || megawatts <= 0 ? mw(megawatts) + " MW" : mw(1000 * megawatts) + " kW";
}

function percent(share) {
  const value = 100 * share;
  if (value > 0 && value < 0.005) return "<0.01%";
  const digits = value < 0.995 && value > 0 ? 2 : value < 9.95 ? 1 : 0;
  const text = (value >= 99.5 && value < 100 - 1e-7 ? Math.min(value, 99.9).toFixed(1) : value.toFixed(digits));
  return (digits ? text.replace(/\.0+$/, "") : text) + "%";
}

function money(usd) {
  const size = Math.abs(usd), sign = usd < 0 ? "-" : "";
  if (size < 999500) return sign + "$" + Math.round(size).toLocaleString("en");
  if (size < 999.95e6) return sign + "$" + (size / 1e6).toFixed(size < 9.995e6 ? 2 : 1) + "M";
  return sign + "$" + (size / 1e9).toFixed(size < 99.95e9 ? 2 : 0) + "B";
}

/** An HTML element; text is always text, never markup. */
function element(name, attributes, ...content) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) made.setAttribute(key, value);
  made.append(...content.filter((part) => part !== null));
  return made;
}

/** An SVG element. */
function shape(name, attributes, parent) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes || {})) made.setAttribute(key, value);
  if (parent) parent.append(made);
  return made;
}

/** A table from a list of heads (">" aligns a column to the right) and rows of texts or elements. */
function tableOf(heads, rows) {
  const side = heads.map((head) => (head.startsWith(">") ? { class: "r" } : {}));
  const head = element("tr", {}, ...heads.map((name, k) => element("th", side[k], name.replace(/^>/, ""))));
  const body = rows.map((row) => element("tr", {}, ...row.map((cell, k) => element("td", side[k], cell))));
  const named = heads.some((name) => name.replace(/^>/, ""));
  return element("table", {}, named ? element("thead", {}, head) : "", element("tbody", {}, ...body));
}

function siteLabel(site) { return DATA.sites.name[site] || DATA.sites.id[site]; }
function regionLabel(region) { return DATA.regions.name[region] || DATA.regions.id[region]; }

/** Rows of the flows of the chosen workload, all of them where none is chosen. */
function chosenFlows() {
  const rows = [], workload = DATA.flows.workload;
  for (let n = 0; n < workload.length; n++) {
    if (STATE.workload < 0 || workload[n] === STATE.workload) rows.push(n);
  }
  return rows;
}

/** IT power of each site, MW: of the chosen workload, or of all. */
function chosenPower() {
  const power = new Array(DATA.sites.id.length).fill(0);
  for (const [site, workload, mw] of DATA.pools) {
    if (STATE.workload < 0 || workload === STATE.workload) power[site] += mw;
  }
  return power;
}

/** The percentile column that stands for that of a workload's SLO. */
function reported(workload) {
  return { 0.5: "p50", 0.95: "p95" }[DATA.workloads[workload].percentile] || "p99";
}
