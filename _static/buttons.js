// The theme's two buttons that carry their action in an attribute, which the pages' policy refuses.
"use strict";
document.addEventListener("DOMContentLoaded", () => {
  const act = (selector, action) => document.querySelectorAll(selector).forEach(
    (button) => button.addEventListener("click", action));
  act(".btn-download-pdf-button", () => window.print());
  act(".btn-fullscreen-button", () => toggleFullScreen());
});
