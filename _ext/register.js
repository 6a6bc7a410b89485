// The register page: search, sort, copy a link or a citation. Without it the table is just a table.
"use strict";
(() => {
  const table = document.getElementById("register");
  if (!table) return;
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const region = table.parentElement;

  const bar = document.createElement("div");
  bar.className = "register-bar";
  const label = document.createElement("label");
  label.textContent = "Search the register ";
  const input = document.createElement("input");
  input.type = "search";
  label.append(input);
  const status = document.createElement("span");
  status.setAttribute("role", "status");
  bar.append(label, status);
  region.before(bar);

  const texts = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
  input.addEventListener("input", () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      row.hidden = !words.every((word) => texts.get(row).includes(word));
      shown += row.hidden ? 0 : 1;
    }
    status.textContent = words.length ? `${shown} of ${rows.length}` : "";
  });

  [...table.tHead.rows[0].cells].forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const numeric = head.cellIndex >= 1 && head.cellIndex <= 3;
      const key = (row) => row.cells[column].textContent.trim();
      const value = (row) => (key(row) === "" ? NaN : parseFloat(key(row).replace("∞", "Infinity")));
      const compare = (a, b) => {
        if (!numeric) return key(a).localeCompare(key(b), "en");
        const [x, y] = [value(a), value(b)];
        if (Number.isNaN(x) || Number.isNaN(y)) return Number.isNaN(x) - Number.isNaN(y);
        return x - y;
      };
      const empty = (row) => numeric && Number.isNaN(value(row));
      const sorted = [...rows].sort(compare);
      // Rows without the number stay at the end either way.
      const full = sorted.filter((row) => !empty(row));
      body.append(...(down ? full.reverse() : full), ...sorted.filter(empty));
    });
  });

  const copy = async (button, text) => {
    try {
      await navigator.clipboard.writeText(text);
      status.textContent = "Copied: " + text;
    } catch {
      window.prompt("Copy this text:", text);
    }
    button.focus();
  };
  for (const row of rows) {
    const link = new URL("#" + row.id, location.href).href;
    const cited = table.dataset.citation.replace("{part}", row.dataset.part);
    for (const [words, text] of [["Copy link", link], ["Copy citation", cited + " " + link]]) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "copy";
      button.textContent = words;
      button.setAttribute("aria-label", `${words} of ${row.id}`);
      button.addEventListener("click", () => copy(button, text));
      row.cells[0].append(" ", button);
    }
  }
  // A link to a row works even when its anchor came before the script.
  if (location.hash) document.getElementById(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView();
})();
