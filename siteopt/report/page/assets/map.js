"use strict";
// The map: Mercator, drawn in the pixels of its view box; flows share a few paths, whatever their number.

const MAP = (() => {
  const [WIDTH, HEIGHT] = DATA.frame, LARGEST = 26, WIDTHS = [0.5, 0.9, 1.8, 3.2];
  const svg = document.getElementById("map"), tip = document.getElementById("tip");
  svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  const layers = Object.fromEntries(["land", "flows", "regions", "closed", "sites", "labels"].map((name) => [name, shape("g", { class: name }, svg)]));
  const mercator = (lat) => (180 / Math.PI) * Math.asinh(Math.tan((Math.max(-85, Math.min(85, lat)) * Math.PI) / 180));
  const world = (lats, lons) => lats.map((lat, n) => [lons[n], mercator(lat)]);
  const sites = world(DATA.sites.lat, DATA.sites.lon), regions = world(DATA.regions.lat, DATA.regions.lon);
  const focus = fitted(DATA.focus), whole = fitted(DATA.whole);
  let view = focus, outline = null, largestMw = 1, options = { colour: "tier", flows: true, closed: true }, hover = null;

  /** A view with the map's proportions around west, south, east, north: its corner, and pixels per degree. */
  function fitted([west, south, east, north]) {
    const low = mercator(south), high = mercator(north);
    const scale = Math.min(WIDTH / Math.max(1e-4, east - west), HEIGHT / Math.max(1e-4, high - low));
    return { x: (west + east) / 2 - WIDTH / scale / 2, y: (low + high) / 2 + HEIGHT / scale / 2, scale };
  }
  const screen = ([x, y]) => [(x - view.x) * view.scale, (view.y - y) * view.scale];
  const inside = ([x, y]) => x >= 0 && x <= WIDTH && y >= 0 && y <= HEIGHT;

  /** Where a place is drawn: at the edge, on the line to the middle, if it is not in view. */
  function pinned(place) {
    const [x, y] = screen(place);
    if (inside([x, y])) return [x, y, false];
    const dx = x - WIDTH / 2, dy = y - HEIGHT / 2, margin = 16;
    const part = Math.min((WIDTH / 2 - margin) / Math.abs(dx || 1e-9), (HEIGHT / 2 - margin) / Math.abs(dy || 1e-9));
    return [WIDTH / 2 + part * dx, HEIGHT / 2 + part * dy, true];
  }

  /** Outlines are one path in degrees, made once; only its transform follows the view. */
  function drawLand() {
    if (!outline) {
      const ring = (flat) => {
        let x = 0, y = 0, d = "";
        for (let n = 0; n < flat.length; n += 2) {
          x += flat[n];
          y += flat[n + 1];
          d += `${n ? "L" : "M"}${x / DATA.land.steps},${mercator(y / DATA.land.steps).toFixed(3)}`;
        }
        return d + "Z";
      };
      const d = DATA.land.countries.map(([, rings]) => rings.map(ring).join("")).join("");
      outline = shape("path", { d, fill: "#fff", stroke: "#c3ccd6", "stroke-width": 0.9, "stroke-linejoin": "round", "vector-effect": "non-scaling-stroke" }, layers.land);
    }
    outline.setAttribute("transform", `scale(${view.scale} ${-view.scale}) translate(${-view.x} ${-view.y})`);
  }

  /** Use of the fullest grid limit that counts a site, or of its own headroom; null where there is none. */
  function use(site) {
    if (options.colour === "headroom") return DATA.sites.headroom[site] > 0 ? DATA.sites.facility[site] / DATA.sites.headroom[site] : null;
    const shares = DATA.sites.limits[site].map((n) => DATA.limits[n]).map((limit) => (limit.limit > 0 ? limit.used / limit.limit : 1));
    return shares.length ? Math.max(...shares) : null;
  }
  const STEPS = [[0.5, "#9cc3a5"], [0.8, "#e9c46a"], [0.95, "#e2812f"], [Infinity, "#b3261e"]];
  function colour(site) {
    if (options.colour === "tier") return TINT[DATA.sites.tier[site]];
    const share = use(site);
    return share === null ? "#b4bdc8" : STEPS.find(([end]) => share < end)[1];
  }

  function drawFlows() {
    layers.flows.replaceChildren();
    const alone = hover || (STATE.site >= 0 ? { site: STATE.site } : STATE.region >= 0 ? { region: STATE.region } : null);
    if (!options.flows && !alone) return;
    const pairs = new Map(), flows = DATA.flows;
    for (const n of chosenFlows()) {
      if (alone && (alone.site !== undefined ? flows.site[n] !== alone.site : flows.region[n] !== alone.region)) continue;
      const key = flows.region[n] * sites.length + flows.site[n];
      pairs.set(key, (pairs.get(key) || 0) + flows.kw[n]);
    }
    const most = [...pairs.values()].reduce((a, b) => Math.max(a, b), 1e-9), paths = new Map();
    for (const [key, kw] of pairs) {
      const site = key % sites.length, [ax, ay] = pinned(regions[Math.floor(key / sites.length)]), [bx, by] = pinned(sites[site]);
      const bend = 0.12, cx = (ax + bx) / 2 + bend * (by - ay), cy = (ay + by) / 2 - bend * (bx - ax);
      const width = kw < most / 200 ? 0 : kw < most / 25 ? 1 : kw < most / 5 ? 2 : 3;
      const kind = DATA.sites.tier[site] + width;
      paths.set(kind, (paths.get(kind) || "") + `M${ax.toFixed(1)},${ay.toFixed(1)}Q${cx.toFixed(1)},${cy.toFixed(1)} ${bx.toFixed(1)},${by.toFixed(1)}`);
    }
    for (const [kind, d] of [...paths].sort()) {
      const width = Number(kind.slice(-1)), faint = alone ? 0.75 : Math.min(0.45, 4 / Math.sqrt(pairs.size));
      shape("path", { d, fill: "none", stroke: TINT[kind.slice(0, -1)], "stroke-width": WIDTHS[width], "stroke-opacity": width ? faint : faint * 0.6 }, layers.flows);
    }
  }

  const radius = (mw) => Math.max(3, LARGEST * Math.sqrt(mw / largestMw));

  function drawPlaces() {
    for (const name of ["regions", "closed", "sites", "labels"]) layers[name].replaceChildren();
    const busy = chosenPower(), small = sites.length > 200 ? 2.2 : 3;
    largestMw = Math.max(...DATA.sites.it, 1e-9);
    regions.forEach((place, n) => {
      const [x, y] = screen(place);
      if (inside([x, y])) shape("rect", { x: x - 2.2, y: y - 2.2, width: 4.4, height: 4.4, fill: "#5a6675", "data-region": n }, layers.regions);
    });
    if (options.closed) {
      sites.forEach((place, n) => {
        const [x, y] = screen(place);
        if (!DATA.sites.open[n] && inside([x, y])) shape("circle", { cx: x, cy: y, r: small, fill: "#fff", stroke: "#9aa5b1", "stroke-width": 0.9, "data-site": n, class: "site" }, layers.closed);
      });
    }
    const shown = sites.map((_, n) => n).filter((n) => DATA.sites.open[n] && (STATE.workload < 0 || busy[n] > 0));
    shown.sort((a, b) => busy[b] - busy[a]);
    const placed = [];
    for (const n of shown) {
      const [x, y, away] = pinned(sites[n]), r = radius(busy[n]);
      const kept = STATE.site === n ? { stroke: "#16202e", "stroke-width": 2.5 } : { stroke: "#fff", "stroke-width": 1.2 };
      shape("circle", { cx: x, cy: y, r: away ? 7 : r, fill: colour(n), "fill-opacity": 0.92, "data-site": n, class: "site", ...kept }, layers.sites);
      label(n, x, y, away ? 7 : r, away, placed);
    }
  }

  /** The name of a site beside it, unless another name is there already. */
  function label(site, x, y, r, away, placed) {
    if (placed.length > 14 && !away) return;
    const name = siteLabel(site).length > 22 ? DATA.sites.id[site] : siteLabel(site);
    const text = name.slice(0, 26) + (away ? " (off the map)" : ""), width = 6.3 * text.length;
    const right = x + r + 5 + width < WIDTH, left = right ? x + r + 5 : x - r - 5 - width;
    const box = [left, y - 8, left + width, y + 8];
    if (placed.some((b) => box[0] < b[2] && b[0] < box[2] && box[1] < b[3] && b[1] < box[3])) return;
    placed.push(box);
    shape("text", { x: right ? x + r + 5 : x - r - 5, y: y + 4, "text-anchor": right ? "start" : "end" }, layers.labels).textContent = text;
  }

  function draw() { drawFlows(); drawPlaces(); }

  /** Show a view, its middle kept among the places. */
  function move(next) {
    const across = WIDTH / 2 / next.scale, down = HEIGHT / 2 / next.scale, [west, south, east, north] = DATA.whole;
    const x = Math.max(west, Math.min(east, next.x + across)), y = Math.max(mercator(south), Math.min(mercator(north), next.y - down));
    view = { x: x - across, y: y + down, scale: next.scale };
    drawLand();
    draw();
  }

  function zoom(factor, x = WIDTH / 2, y = HEIGHT / 2) {
    const scale = Math.max(Math.min(whole.scale, focus.scale), Math.min(view.scale * factor, 200 * focus.scale));
    move({ x: view.x + x / view.scale - x / scale, y: view.y - y / view.scale + y / scale, scale });
  }

  /** Words about a place under the pointer. */
  function describe(target, event) {
    const site = target.dataset.site, region = target.dataset.region;
    if (site === undefined && region === undefined) return false;
    const busy = chosenPower(), lines = [];
    if (site !== undefined) {
      lines.push(element("b", {}, siteLabel(site)), element("br"), `${DATA.sites.tier[site]}, ${DATA.sites.open[site] ? DATA.sites.design[site] : "not built"}`);
      if (DATA.sites.open[site]) lines.push(element("br"), `${power(busy[site])} of IT, ${percent(DATA.sites.facility[site] / (DATA.sites.headroom[site] || 1))} of its headroom`);
      else lines.push(element("br"), `${power(DATA.sites.headroom[site])} of headroom`);
    } else {
      const flows = chosenFlows().filter((n) => DATA.flows.region[n] === Number(region));
      const kw = flows.reduce((sum, n) => sum + DATA.flows.kw[n], 0), at = new Set(flows.map((n) => DATA.flows.site[n]));
      lines.push(element("b", {}, regionLabel(region)), element("br"), `${power(kw / 1000)} of IT at ${at.size} site${at.size === 1 ? "" : "s"}`);
    }
    tip.replaceChildren(...lines);
    tip.hidden = false;
    const frame = svg.getBoundingClientRect(), x = event.clientX - frame.left, y = event.clientY - frame.top;
    tip.style.left = `${Math.min(x + 14, frame.width - 250)}px`;
    tip.style.top = `${y + 14 > frame.height - 80 ? y - 80 : y + 14}px`;
    return true;
  }

  function listen() {
    let drag = null;
    const point = (event) => { const box = svg.getBoundingClientRect(); return [((event.clientX - box.left) * WIDTH) / box.width, ((event.clientY - box.top) * HEIGHT) / box.height]; };
    svg.addEventListener("pointerdown", (event) => { drag = { at: point(event), view, moved: false, target: event.target }; });
    window.addEventListener("pointermove", (event) => {
      if (!drag) return;
      const [x, y] = point(event), dx = x - drag.at[0], dy = y - drag.at[1];
      if (!drag.moved && Math.hypot(dx, dy) < 4) return;
      drag.moved = true;
      move({ ...view, x: drag.view.x - dx / view.scale, y: drag.view.y + dy / view.scale });
    });
    window.addEventListener("pointerup", () => {
      if (drag && !drag.moved) PAGE.keep(drag.target.dataset.site, drag.target.dataset.region);
      drag = null;
    });
    svg.addEventListener("dblclick", (event) => zoom(2, ...point(event)));
    svg.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && !event.metaKey) return; // the wheel alone scrolls the page
      event.preventDefault();
      zoom(event.deltaY < 0 ? 1.25 : 0.8, ...point(event));
    }, { passive: false });
    svg.addEventListener("pointerover", (event) => {
      if (drag || !describe(event.target, event)) return;
      const { site, region } = event.target.dataset;
      hover = site !== undefined ? { site: Number(site) } : { region: Number(region) };
      drawFlows();
    });
    svg.addEventListener("pointerout", () => { tip.hidden = true; if (hover) { hover = null; drawFlows(); } });
    const on = (id, run) => document.getElementById(id).addEventListener("click", run);
    on("zoom-in", () => zoom(1.6));
    on("zoom-out", () => zoom(1 / 1.6));
    on("zoom-focus", () => move(focus));
    on("zoom-all", () => move(whole));
    document.getElementById("colour").addEventListener("change", (event) => { options.colour = event.target.value; draw(); PANEL.draw(); });
    document.getElementById("show-flows").addEventListener("change", (event) => { options.flows = event.target.checked; draw(); });
    document.getElementById("show-closed").addEventListener("change", (event) => { options.closed = event.target.checked; draw(); });
  }

  listen();
  return { draw, start: () => move(focus), options, use, STEPS };
})();
