"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const at = (id) => document.getElementById(id);
  const filters = ["text", "repository", "kind", "authority", "owner", "open"].map(at).filter(Boolean);
  const nodes = new Map([...document.querySelectorAll("[data-node]")].map((b) => [Number(b.dataset.node), b]));
  const label = (n) => (nodes.has(n) ? nodes.get(n).textContent : "");
  // A row is a way from a workflow to an owner. What is seen is what stands in a row that is seen.
  const rows = data.rows.map((r) => ({ ...r, text: [...r.n.map(label), r.r, r.t].join(" ").toLowerCase() }));
  const parts = [...document.querySelectorAll("[data-workflow]")];
  let chosen = null;
  let seen = rows;

  const value = (id) => (at(id) ? at(id).value : "");
  const passes = (r) =>
    (chosen === null || linked(r)) &&
    (!value("repository") || r.r === value("repository")) &&
    (!value("kind") || r.k === value("kind")) &&
    (!value("authority") || (r.a || []).includes(value("authority"))) &&
    (!value("owner") || r.o === value("owner")) &&
    (!at("open").checked || r.f > 0) &&
    value("text").toLowerCase().split(/\s+/).every((word) => r.text.includes(word));
  const linked = (r) => r.n.includes(chosen);

  const plain = () => chosen === null && filters.every((f) => (f.type === "checkbox" ? !f.checked : f.value === ""));

  function show() {
    seen = rows.filter(passes);
    const visible = new Set(seen.flatMap((r) => r.n));
    for (const [id, b] of nodes) {
      b.parentElement.hidden = !visible.has(id);
      b.setAttribute("aria-pressed", String(id === chosen));
    }
    const workflows = new Set(seen.map((r) => r.n[0]));
    const all = plain();
    for (const p of parts) p.hidden = !all && !workflows.has(Number(p.dataset.workflow));
    const held = new Set(seen.filter((r) => r.n.length > 1).map((r) => r.n[1]));
    at("count").textContent = workflows.size + " of " + data.workflows + " workflows, " + held.size + " secrets and identities";
    point(null);
    draw();
    remember();
  }

  // Where there are too many lines to follow any, only those of the box that is pointed at are drawn.
  const most = 300;
  function draw(lit) {
    const svg = at("lines");
    const board = at("columns").getBoundingClientRect();
    const pairs = new Map();
    for (const r of seen) {
      const on = lit === undefined || lit.has(r);
      for (let i = 0; i + 1 < r.n.length; i++) {
        const key = r.n[i] + "-" + r.n[i + 1];
        pairs.set(key, { from: r.n[i], to: r.n[i + 1], lit: (pairs.get(key) || {}).lit || (lit !== undefined && on) });
      }
    }
    const list = [...pairs.values()].filter((p) => p.lit || pairs.size <= most);
    svg.setAttribute("width", board.width);
    svg.setAttribute("height", board.height);
    const boxes = new Map();
    const box = (n) => {
      if (!boxes.has(n)) boxes.set(n, nodes.get(n).getBoundingClientRect());
      return boxes.get(n);
    };
    svg.replaceChildren(
      ...list.map((p) => {
        const a = box(p.from);
        const b = box(p.to);
        const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
        const x = a.right - board.left, y = (a.top + a.bottom) / 2 - board.top;
        const u = b.left - board.left, v = (b.top + b.bottom) / 2 - board.top;
        const half = (x + u) / 2;
        path.setAttribute("d", "M" + x + " " + y + "C" + half + " " + y + " " + half + " " + v + " " + u + " " + v);
        if (p.lit) path.setAttribute("class", "lit");
        return path;
      }),
    );
  }

  let pointed = null;
  function point(n) {
    if (n === pointed) return;
    pointed = n;
    const ways = n === null ? [] : seen.filter((r) => r.n.includes(n));
    const lit = new Set(ways.flatMap((r) => r.n));
    at("board").classList.toggle("pointing", n !== null);
    for (const [id, b] of nodes) b.classList.toggle("lit", lit.has(id));
    draw(n === null ? undefined : new Set(ways));
  }

  function choose(n) {
    chosen = chosen === n ? null : n;
    show();
    if (chosen !== null) {
      at("board").scrollTop = 0;
      nodes.get(chosen).focus({ preventScroll: true });
    }
  }

  function reset() {
    chosen = null;
    for (const f of filters) f.type === "checkbox" ? (f.checked = false) : (f.value = "");
    show();
  }

  // What is filtered stands in the address, so that it can be handed on.
  function remember() {
    const p = new URLSearchParams();
    for (const f of filters) {
      const v = f.type === "checkbox" ? (f.checked ? "1" : "") : f.value;
      if (v) p.set(f.id, v);
    }
    if (chosen !== null) p.set("at", chosen);
    const hash = p.toString();
    try {
      history.replaceState(null, "", hash ? "#" + hash : location.pathname + location.search);
    } catch {} // some browsers forbid it for a file
  }
  function recall() {
    const p = new URLSearchParams(location.hash.slice(1));
    for (const f of filters) f.type === "checkbox" ? (f.checked = p.get(f.id) === "1") : (f.value = p.get(f.id) || "");
    for (const f of filters) if (f.tagName === "SELECT" && f.selectedIndex < 0) f.value = "";
    const n = Number(p.get("at"));
    chosen = p.has("at") && nodes.has(n) ? n : null;
  }

  for (const f of filters) f.addEventListener("input", show);
  at("filters").addEventListener("submit", (e) => e.preventDefault());
  at("reset").addEventListener("click", reset);
  at("columns").addEventListener("click", (e) => {
    const b = e.target.closest("[data-node]");
    if (b) choose(Number(b.dataset.node));
  });
  for (const kind of ["mouseover", "focusin"])
    at("columns").addEventListener(kind, (e) => {
      const b = e.target.closest("[data-node]");
      point(b ? Number(b.dataset.node) : null);
    });
  at("columns").addEventListener("mouseleave", () => point(null));
  document.addEventListener("keydown", (e) => {
    if (e.key === "Escape" && chosen !== null) choose(chosen);
  });
  addEventListener("resize", () => draw());
  at("filters").hidden = at("graph").hidden = data.rows.length === 0;
  recall();
  show();
  document.body.dataset.ready = String(rows.length);
})();
