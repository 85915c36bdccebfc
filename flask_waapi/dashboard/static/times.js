/* Moments in the reader's own time zone; the page itself holds them in UTC. */

const format = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

export function showLocalTimes(root) {
  for (const element of root.querySelectorAll("time[datetime]")) {
    const moment = new Date(element.dateTime);
    if (!Number.isNaN(moment.getTime())) {
      element.title = element.textContent;
      element.textContent = format.format(moment);
    }
  }
}

/* A field for a moment in UTC says below it what that is where the reader is. */
export function showLocalTimeOfField(root) {
  for (const field of root.querySelectorAll("[data-local-of-utc]")) {
    const output = root.getElementById(field.dataset.localOfUtc);
    const show = () => {
      const moment = new Date(`${field.value}Z`);
      output.textContent = Number.isNaN(moment.getTime()) ? "" : `${format.format(moment)} where you are.`;
    };
    field.addEventListener("input", show);
    show();
  }
}
