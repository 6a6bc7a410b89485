// A card beside a number, a citation, a term or a link to another page says what stands there. It
// opens on pointing, on focus and on the first tap; its text is on the page already. The numbers of
// a page are one stop of the Tab key: arrows go from one to the next, Enter goes into the card.
// Without this script a number is a link to its line at the end of the page.
"use strict";
addEventListener("DOMContentLoaded", () => {
  const article = document.querySelector(".bd-article");
  if (!article || !("popover" in HTMLElement.prototype)) return;
  const card = document.createElement("div");
  card.id = "card";
  card.popover = "manual";
  article.append(card);

  const numbers = [...article.querySelectorAll("a.n")];
  const titled = [...article.querySelectorAll("a.reference[title]")];
  for (const link of titled) {
    link.dataset.card = link.title;
    link.removeAttribute("title");
  }
  numbers.forEach((number, i) => { number.tabIndex = i ? -1 : 0; });

  let owner = null;
  let timer = 0;
  const later = (action, delay) => {
    clearTimeout(timer);
    timer = setTimeout(action, delay);
  };
  const close = () => {
    clearTimeout(timer);
    owner?.removeAttribute("aria-describedby");
    owner = null;
    card.hidePopover();
  };
  const open = (link) => {
    clearTimeout(timer);
    if (owner === link) return;
    const line = !link.dataset.card && document.getElementById(link.hash.slice(1));
    const words = line ? [...line.cloneNode(true).childNodes] : [link.dataset.card];
    owner?.removeAttribute("aria-describedby");
    owner = link;
    card.replaceChildren(...words);
    // What the Tab key reaches stays as it is: Enter makes the card's links reachable.
    card.querySelectorAll("a").forEach((inner) => { inner.tabIndex = -1; });
    card.showPopover();
    link.setAttribute("aria-describedby", card.id);
    const at = link.getClientRects()[0];
    const below = at.bottom + card.offsetHeight + 4 < innerHeight;
    card.style.left = `${Math.max(8, Math.min(at.left, document.documentElement.clientWidth - card.offsetWidth - 8))}px`;
    card.style.top = `${below ? at.bottom + 4 : Math.max(4, at.top - card.offsetHeight - 4)}px`;
  };
  const linkOf = (event) => event.target.closest?.("a.n, a[data-card]");

  article.addEventListener("pointerover", (event) => {
    if (event.pointerType === "touch") return;
    const link = linkOf(event);
    if (card.contains(event.target)) clearTimeout(timer);
    else if (link) later(() => open(link), 150);
    else if (owner && !card.contains(document.activeElement)) later(close, 300);
  });
  document.documentElement.addEventListener("pointerleave", () => owner && later(close, 300));
  article.addEventListener("focusin", (event) => {
    const link = linkOf(event);
    if (link?.matches(":focus-visible")) open(link);
  });
  article.addEventListener("focusout", (event) => {
    if (owner && !card.contains(event.relatedTarget)) later(close, 100);
  });
  // The first tap opens the card, the second follows the link. A tap beside it closes it.
  let shownBefore = null;
  addEventListener("pointerdown", () => { shownBefore = owner; }, true);
  addEventListener("click", (event) => {
    const link = linkOf(event);
    if (link && event.pointerType === "touch" && shownBefore !== link) {
      event.preventDefault();
      open(link);
    } else if (owner && !card.contains(event.target)) close();
  }, true);
  addEventListener("scroll", () => owner && !card.contains(document.activeElement) && close(), { passive: true });

  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && owner) {
      const back = owner;
      const inside = card.contains(document.activeElement);
      event.stopPropagation();
      if (inside) back.focus();
      close();
      return;
    }
    const at = numbers.indexOf(document.activeElement);
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (at < 0) return;
    if (step && numbers[at + step]) {
      event.preventDefault();
      numbers[at].tabIndex = -1;
      numbers[at + step].tabIndex = 0;
      numbers[at + step].focus();
    } else if (event.key === "Enter" && owner === numbers[at]) {
      event.preventDefault();
      card.querySelectorAll("a").forEach((inner) => { inner.tabIndex = 0; });
      card.querySelector("a")?.focus();
    }
  }, true);
  // A number that is clicked becomes the page's stop.
  article.addEventListener("focusin", (event) => {
    if (!numbers.includes(event.target)) return;
    numbers.forEach((number) => { number.tabIndex = number === event.target ? 0 : -1; });
  });
});
