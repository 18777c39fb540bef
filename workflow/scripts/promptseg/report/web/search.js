// The list of contents, and a search over figures, tables and findings.
"use strict";
(() => {
  const side = document.querySelector(".side");
  if (!side) return;
  const field = side.querySelector("input"), found = side.querySelector(".found"), menu = side.querySelector(".menu");
  const MOST = 12; // of each kind
  const low = text => text.replace(/\s+/g, " ").trim().toLowerCase();

  /** What there is: {kind, title, text, href, act}. Made when somebody searches first. */
  function entries() {
    const list = [];
    for (const thumb of document.querySelectorAll(".thumb")) {
      const words = document.getElementById(thumb.id.replace("figure-", "full-")).content.textContent;
      list.push({ kind: "Figures", title: thumb.dataset.title, text: low(`${thumb.dataset.title} ${words}`), href: `#${thumb.id}` });
    }
    for (const item of document.querySelectorAll(".say li, [data-findings] tbody tr")) {
      const sentence = item.matches("tr") ? item.cells[3].textContent : item.firstChild.textContent;
      list.push({ kind: "Findings", title: sentence.trim(), text: low(item.textContent), to: item });
    }
    for (const table of document.querySelectorAll("table[data-title]:not([data-findings])")) {
      list.push({ kind: "Tables", title: table.dataset.title, text: low(`${table.dataset.title} ${table.tHead.textContent}`), rows: [...table.tBodies[0].rows].map(row => low(row.textContent)), to: table });
    }
    return list;
  }

  const matches = (text, words) => words.every(word => text.includes(word));

  /** Open whatever hides an element, and go there. */
  function reach(element) {
    for (let box = element.closest("details"); box; box = box.parentElement.closest("details")) box.open = true;
    element.scrollIntoView({ block: "start" });
  }

  function item(entry, words) {
    const line = document.createElement("li"), link = document.createElement("a");
    link.href = entry.href || "#";
    link.textContent = entry.title;
    const rows = entry.rows ? entry.rows.filter(row => matches(`${entry.text} ${row}`, words)).length : 0;
    if (rows) link.append(Object.assign(document.createElement("small"), { textContent: `${rows} row${rows > 1 ? "s" : ""}` }));
    link.addEventListener("click", event => {
      if (narrow.matches) clear();
      if (entry.href) return;
      event.preventDefault();
      if (entry.rows && entry.to.filterBy) entry.to.filterBy(matches(entry.text, words) ? "" : field.dataset.last);
      reach(entry.to);
    });
    line.append(link);
    return line;
  }

  let known = null;
  function search() {
    known = known || entries();
    field.dataset.last = field.value;
    const words = low(field.value).split(" ").filter(Boolean);
    menu.hidden = words.length > 0;
    found.replaceChildren();
    if (!words.length) return;
    let total = 0;
    for (const kind of ["Figures", "Tables", "Findings"]) {
      const own = known.filter(one => one.kind === kind && (matches(one.text, words) || (one.rows || []).some(row => matches(`${one.text} ${row}`, words))));
      total += own.length;
      if (!own.length) continue;
      const head = Object.assign(document.createElement("h2"), { textContent: `${kind}: ${own.length}` });
      const list = document.createElement("ul");
      list.append(...own.slice(0, MOST).map(one => item(one, words)));
      found.append(head, list);
    }
    side.querySelector("output").textContent = total ? `${total} found` : "Nothing found";
    if (!total) found.append(Object.assign(document.createElement("p"), { textContent: "Nothing found." }));
  }

  function clear() {
    field.value = "";
    search();
  }

  field.addEventListener("input", search);
  field.addEventListener("keydown", event => {
    if (event.key === "Escape") clear();
    if (event.key === "Enter") found.querySelector("a")?.click();
  });
  document.addEventListener("keydown", event => {
    if (event.key !== "/" || /INPUT|SELECT|TEXTAREA/.test(event.target.tagName) || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    field.focus();
  });

  // Where there is no room beside the page, contents are closed until somebody asks for them.
  const narrow = window.matchMedia("(max-width: 900px)");
  const fold = () => { menu.open = !narrow.matches; };
  narrow.addEventListener("change", fold);
  fold();
  menu.addEventListener("click", event => { if (narrow.matches && event.target.matches("a")) menu.open = false; });
  document.addEventListener("click", event => {
    const link = event.target.closest('a[href^="#"]');
    const target = link && link.hash.length > 1 && document.getElementById(link.hash.slice(1));
    if (target) reach(target);
  });

  // The section that is being read.
  const links = new Map([...menu.querySelectorAll(":scope > ul > li > a[href^='#']")].map(link => [link.hash.slice(1), link]));
  const heads = [...document.querySelectorAll("main h2[id]")];
  const mark = () => {
    const at = heads.filter(head => head.getBoundingClientRect().top < window.innerHeight / 3).pop();
    for (const [name, link] of links) {
      if (at && at.id === name) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  };
  document.addEventListener("scroll", mark, { passive: true });
  mark();
})();
