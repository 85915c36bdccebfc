/* The four counters of the overview. */

import { poll } from "./polling.js";

const PAUSE = 3000;

export function keepCountersFresh(root) {
  const counters = root.querySelector("[data-counters]");
  if (counters) {
    poll(
      counters.dataset.counters,
      () => PAUSE,
      (values) => {
        for (const element of counters.querySelectorAll("[data-counter]")) {
          const text = values[element.dataset.counter].toLocaleString("en-GB");
          if (element.textContent !== text) {
            element.textContent = text;
          }
        }
        return false;
      },
    );
  }
}
