/* Requests as code: the language that was chosen stays chosen, also when the code is written anew. */

import { offerCopying } from "./copy.js";

const CHOSEN = "waapi-code-language";

export function keepLanguage(root) {
  for (const samples of root.querySelectorAll("[data-code-samples]")) {
    samples.addEventListener("change", (event) => {
      if (event.target.dataset.code) {
        remember(event.target.dataset.code);
      }
    });
    choose(samples);
    new MutationObserver(() => {
      choose(samples);
      offerCopying(samples);
    }).observe(samples, { childList: true });
  }
}

function choose(samples) {
  const wanted = samples.querySelector(`[data-code="${CSS.escape(recall())}"]`);
  if (wanted) {
    wanted.checked = true;
  }
}

function remember(name) {
  try {
    localStorage.setItem(CHOSEN, name);
  } catch {
    // A browser that keeps nothing.
  }
}

function recall() {
  try {
    return localStorage.getItem(CHOSEN) ?? "";
  } catch {
    return "";
  }
}
