// The theme's two buttons that carry their action in an attribute, which the pages' policy refuses,
// and the switch that shows the code, remembered from page to page.
"use strict";
document.addEventListener("DOMContentLoaded", () => {
  const act = (selector, action) => document.querySelectorAll(selector).forEach(
    (button) => button.addEventListener("click", action));
  act(".btn-download-pdf-button", () => window.print());
  act(".btn-fullscreen-button", () => toggleFullScreen());

  const code = document.getElementById("show-code");
  if (!code) return;
  // A browser may refuse to remember: then the switch works page by page.
  try { code.checked = localStorage.getItem("show-code") === "yes"; } catch { /* as it is */ }
  code.addEventListener("change", () => {
    try { localStorage.setItem("show-code", code.checked ? "yes" : "no"); } catch { /* as it is */ }
    // The theme looks again which parts scroll, and lets the keyboard reach these.
    dispatchEvent(new Event("resize"));
  });
});

// A link to a folded line opens what it is folded in; some browsers do so by themselves.
const unfold = () => {
  const folded = document.getElementById(decodeURIComponent(location.hash.slice(1)))
    ?.closest("details:not([open])");
  if (folded) {
    folded.open = true;
    location.replace(location.hash);
  }
};
addEventListener("hashchange", unfold);
addEventListener("DOMContentLoaded", unfold);

// The switch leads to the same place of the same page, and is remembered for the next arrival at the
// landing page. A browser that prefers the other language gets a hint, no more.
addEventListener("DOMContentLoaded", () => {
  const link = document.querySelector("a.language-switch");
  if (!link) return;
  let chosen = null;
  try { chosen = localStorage.getItem("language"); } catch { /* nothing is remembered */ }
  const landing = /\/(index\.html)?$/.test(location.pathname) && !document.referrer.startsWith(location.origin);
  if (chosen === link.lang && landing) location.replace(link.href);
  link.classList.toggle("preferred", !chosen && navigator.language.startsWith(link.lang));
  link.addEventListener("click", () => {
    try { localStorage.setItem("language", link.lang); } catch { /* the link works anyway */ }
    const at = (element) => element?.getBoundingClientRect();
    const target = at(document.getElementById(decodeURIComponent(location.hash.slice(1))));
    const passed = [...document.querySelectorAll(".bd-article section[id] section[id]")]
      .filter((section) => at(section).top < innerHeight / 3).at(-1);
    link.search = location.search;
    link.hash = target && target.top > -50 && target.top < innerHeight ? location.hash : passed ? `#${passed.id}` : "";
  });
});
