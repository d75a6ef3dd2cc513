"use strict";
(() => {
  const bar = document.querySelector(".filter");
  const buttons = [...bar.querySelectorAll("button")];
  const show = (kind) => {
    for (const b of buttons) b.setAttribute("aria-pressed", String(b.dataset.show === kind));
    for (const target of document.querySelectorAll(".target")) {
      let left = 0;
      for (const check of target.querySelectorAll(".check")) {
        check.hidden = kind !== "all" && check.dataset.kind !== kind;
        if (!check.hidden) left++;
      }
      target.querySelector(".nothing").hidden = left > 0 || kind === "all";
    }
  };
  for (const b of buttons) b.addEventListener("click", () => show(b.dataset.show));
  window.addEventListener("beforeprint", () => show("all"));
  bar.hidden = false;
})();
