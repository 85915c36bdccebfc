/* The status of a message, as it moves. */

import { poll } from "./polling.js";
import { showLocalTimes } from "./times.js";

const PAUSE = 1000;
const PATIENT_PAUSE = 10000;
const QUICK_ANSWERS = 120;

export function watchMessages(root) {
  for (const element of root.querySelectorAll("[data-life]:not([data-final])")) {
    let shown = null;
    poll(
      element.dataset.life,
      (answers) => (answers < QUICK_ANSWERS ? PAUSE : PATIENT_PAUSE),
      (life) => {
        // Only what has changed is put in, or a screen reader would repeat it every second.
        if (life.html !== shown) {
          shown = life.html;
          element.innerHTML = life.html;
          showLocalTimes(element);
        }
        // The forms stay where they are, so that neither their focus nor their token is lost.
        for (const form of root.querySelectorAll("[data-when]")) {
          form.hidden = !life[form.dataset.when];
        }
        return life.final;
      },
    );
  }
}
