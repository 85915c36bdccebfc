/* Moments in the reader's own time zone; the page itself holds them in UTC. */

const format = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

/* An hour of a plot; a day of a plot is a UTC day, wherever the reader is. */
const short = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });

export function showLocalTimes(root) {
  for (const element of root.querySelectorAll("time[datetime]")) {
    const form = element.dataset.form;
    if (form === "day") {
      continue;
    }
    const moment = new Date(element.dateTime);
    if (!Number.isNaN(moment.getTime())) {
      element.title = element.textContent;
      const inTicks = form === "hour" && element.closest("[aria-hidden]");
      element.textContent = (inTicks ? short : format).format(moment);
    }
  }
}

/* Fields for a moment, which the page holds in UTC, take the reader's own time and send it with its zone. */
export function takeLocalTimes(root) {
  for (const field of root.querySelectorAll("input[type=datetime-local]")) {
    takeLocalTime(field);
  }
  for (const word of root.querySelectorAll("[data-zone]")) {
    word.textContent = "your time";
  }
}

function takeLocalTime(field) {
  const given = field.defaultValue;
  const local = localOf(given);
  // What a browser has filled back in, on the way back, is the reader's own time already.
  if (isSame(field.value, given)) {
    field.value = local;
  }
  field.form.addEventListener("formdata", (event) => {
    const moment = new Date(field.value);
    if (isSame(field.value, local)) {
      // As it came: an hour that a clock shows twice would come back as the other one.
      event.formData.set(field.name, `${given}Z`);
    } else if (!Number.isNaN(moment.getTime())) {
      event.formData.set(field.name, moment.toISOString());
    }
  });
}

/* Whether two texts of such fields mean the same, with seconds or without. */
function isSame(one, other) {
  return new Date(`${one}Z`).getTime() === new Date(`${other}Z`).getTime();
}

/* What a field for a local moment holds, of one in UTC; empty without one. */
function localOf(given) {
  const moment = new Date(`${given}Z`);
  if (Number.isNaN(moment.getTime())) {
    return "";
  }
  const away = moment.getTimezoneOffset() * 60000;
  return new Date(moment.getTime() - away).toISOString().slice(0, given.length);
}
