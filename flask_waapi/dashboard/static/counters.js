/* The four counters of the overview, and its plots. */

import { poll } from "./polling.js";
import { showLocalTimes } from "./times.js";

const PAUSE = 3000;
const PAUSE_OF_PLOTS = 15000;

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

export function keepPlotsFresh(root) {
  const part = root.querySelector("[data-plots]");
  if (part) {
    let shown = null;
    poll(
      part.dataset.plots,
      () => PAUSE_OF_PLOTS,
      ({ html }) => {
        // Whoever reads a table of figures or stands on a link there is left in peace.
        if (html !== shown && !part.contains(document.activeElement) && !part.querySelector("details[open]")) {
          shown = html;
          part.innerHTML = html;
          showLocalTimes(part);
        }
        return false;
      },
    );
  }
}
