/* The list of messages: how those stand that it shows, and that there are newer ones. */

import { poll } from "./polling.js";
import { showLocalTimes } from "./times.js";

const PAUSE = 3000;
const PATIENT_PAUSE = 10000;
const QUICK_ANSWERS = 100;

export function watchList(root) {
  const news = root.querySelector("[data-changes]");
  if (!news) {
    return;
  }
  const shown = new Map();
  poll(
    news.dataset.changes,
    (answers) => (answers < QUICK_ANSWERS ? PAUSE : PATIENT_PAUSE),
    (changes) => {
      for (const cell of root.querySelectorAll("[data-message]")) {
        const state = changes.states[cell.dataset.message];
        if (state !== undefined && state !== shown.get(cell)) {
          shown.set(cell, state);
          cell.innerHTML = state;
          showLocalTimes(cell);
        }
      }
      tell(news, changes);
      return false;
    },
  );
}

/* The rows stay where they are: somebody may be about to click on one. */
function tell(news, changes) {
  if (!changes.new) {
    return;
  }
  const many = changes.new > 1 || changes.has_more;
  const words = `${changes.new}${changes.has_more ? " or more" : ""} new message${many ? "s" : ""}`;
  if (!news.textContent.startsWith(words)) {
    const link = document.createElement("a");
    link.href = news.dataset.list;
    link.className = "button is-small";
    link.textContent = `${words}: show ${many ? "them" : "it"}`;
    news.replaceChildren(link);
  }
}
