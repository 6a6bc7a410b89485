// The register page: search, copy a link or a citation. Without it the tables are just tables.
"use strict";
(() => {
  const bar = document.getElementById("register-bar");
  if (!bar) return;
  const parts = [...document.querySelectorAll("section.results")];
  const rows = parts.flatMap((part) => [...part.querySelectorAll("tbody tr")]);

  const words = JSON.parse(bar.dataset.words);
  const say = (sentence, places) => sentence.replace(/\{(\w+)\}/g, (_, name) => places[name]);
  const label = document.createElement("label");
  label.textContent = `${words.search} `;
  const input = document.createElement("input");
  input.type = "search";
  label.append(input);
  const status = document.createElement("span");
  status.setAttribute("role", "status");
  bar.append(label, status);

  let texts;
  input.addEventListener("input", () => {
    texts ??= new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
    const asked = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      row.hidden = !asked.every((word) => texts.get(row).includes(word));
      shown += row.hidden ? 0 : 1;
    }
    for (const part of parts) part.hidden = !part.querySelector("tbody tr:not([hidden])");
    status.textContent = asked.length ? say(words.shown, { shown, all: rows.length }) : "";
  });

  const copy = async (button, text) => {
    try {
      await navigator.clipboard.writeText(text);
      status.textContent = say(words.copied, { text });
    } catch {
      window.prompt(words.copy, text);
    }
    button.focus();
  };
  // A row gets its buttons when it is opened: 900 rows are fast to lay out without them.
  const addButtons = (details) => {
    if (!details.open || details.querySelector("button")) return;
    const { id } = details.closest("tr");
    const link = new URL("#" + id, document.querySelector("link[rel=canonical]")?.href ?? location.href).href;
    const part = say(words.result, { id, number: details.querySelector(".exact").textContent });
    for (const [action, text] of [[words.link, link],
      [words.citation, `${bar.dataset.citation.replace("{part}", part)} ${link}`]]) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "copy";
      button.textContent = action;
      button.setAttribute("aria-label", say(words.of, { words: action, id }));
      button.addEventListener("click", () => copy(button, text));
      details.append(" ", button);
    }
  };
  document.addEventListener("toggle", (event) => {
    if (event.target.closest("section.results")) addButtons(event.target);
  }, true);
  // A link to a row opens it, and works even when its anchor came before the script.
  const arrive = () => {
    const row = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const details = row?.querySelector("td details");
    if (!details) return;
    details.open = true;
    row.scrollIntoView();
  };
  addEventListener("hashchange", arrive);
  arrive();
})();
