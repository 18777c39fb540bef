// Tables of a page: every head sorts, every longer table has a filter above it.
"use strict";
(() => {
  const FEWEST = 6; // rows; shorter tables are seen at once

  const text = (row, place) => row.cells[place].textContent.trim();

  /** The number that a cell begins with, in "< 0.001" and "2323?" as well; NaN if it begins with none. */
  const number = content => parseFloat(content.replace(/^< /, ""));

  /** Sort the rows by a column: rows without a value come last, equal ones keep their order. */
  function sort(table, place, direction) {
    const body = table.tBodies[0], rows = [...table.rowsInOrder];
    const words = !table.tHead.rows[0].cells[place].classList.contains("n");
    const key = row => (words ? text(row, place).toLowerCase() : number(text(row, place)));
    const none = value => (words ? value === "" : Number.isNaN(value));
    const keyed = rows.map(row => [key(row), row]);
    if (direction) keyed.sort(([a], [b]) => none(a) - none(b) || (none(a) ? 0 : direction * (words ? a.localeCompare(b, "en", { numeric: true }) : a - b)));
    body.append(...keyed.map(([, row]) => row));
  }

  function heads(table) {
    [...table.tHead.rows[0].cells].forEach((head, place) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      head.setAttribute("aria-sort", "none");
      const first = head.classList.contains("n") ? -1 : 1; // numbers: the largest first
      button.addEventListener("click", () => {
        const now = { ascending: 1, descending: -1 }[head.getAttribute("aria-sort")] || 0;
        const next = now === 0 ? first : now === first ? -first : 0;
        for (const other of table.tHead.rows[0].cells) other.setAttribute("aria-sort", "none");
        head.setAttribute("aria-sort", { 1: "ascending", "-1": "descending", 0: "none" }[next]);
        sort(table, place, next);
      });
    });
  }

  function filter(table) {
    const bar = document.createElement("div"), field = document.createElement("input"), count = document.createElement("output");
    bar.className = "filter";
    field.type = "search";
    field.placeholder = "Filter rows";
    field.setAttribute("aria-label", `Filter rows: ${table.dataset.title}`);
    const rows = table.rowsInOrder;
    const show = () => {
      const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
      let left = 0;
      for (const row of rows) {
        const all = row.textContent.toLowerCase();
        row.hidden = !words.every(word => all.includes(word));
        left += !row.hidden;
      }
      count.textContent = left === rows.length ? `${rows.length} rows` : `${left} of ${rows.length} rows`;
    };
    field.addEventListener("input", show);
    bar.append(field, count);
    table.closest(".scroll").before(bar);
    show();
    table.filterBy = value => { field.value = value; show(); };
  }

  for (const table of document.querySelectorAll("table[data-title]")) {
    table.rowsInOrder = [...table.tBodies[0].rows];
    if (table.rowsInOrder.length < 2) continue;
    heads(table);
    if (table.rowsInOrder.length >= FEWEST) filter(table);
  }
  window.addEventListener("beforeprint", () => document.querySelectorAll("main details").forEach(one => { one.open = true; }));
})();
