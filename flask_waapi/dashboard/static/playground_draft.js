/* While somebody types, asks the server what would become of it, and shows that where it belongs. */

const PAUSE = 350;

/**
 * @param form - the playground's form
 * @param payload - its JSON
 * @param fields - the root of the drawn form; null without one
 */
export function watchDraft(form, payload, fields) {
  const status = form.querySelector("[data-draft-status]");
  const rawFaults = form.querySelector("[data-raw-faults]");
  let timer = null;
  let asking = null;

  async function ask() {
    asking?.abort();
    asking = new AbortController();
    const given = new FormData(form);
    given.delete("action");
    try {
      const response = await fetch(form.dataset.draft, {
        method: "POST",
        body: given,
        headers: { Accept: "application/json" },
        redirect: "manual",
        signal: asking.signal,
      });
      if (response.ok) {
        show(await response.json());
      }
    } catch (error) {
      if (error.name !== "AbortError" && !(error instanceof TypeError)) {
        throw error;
      }
      // Typed on meanwhile, or the network was away; the next change asks again.
    }
  }

  function later() {
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE);
  }

  function show(draft) {
    put("[data-draft-gates]", draft.gates_html);
    put("[data-draft-preview]", draft.preview_html);
    put("[data-code-samples]", draft.code_html);
    // Of a simulated send it tells nothing; what stood there is hidden then.
    if (draft.sender_html !== null) {
      put("[data-draft-sender]", draft.sender_html);
    }
    const told = tell(draft);
    if (status.textContent !== told) {
      status.textContent = told;
    }
    showAtJson(draft);
    showAtFields(draft.faults);
    form.dispatchEvent(new CustomEvent("waapi:draft", { detail: draft }));
  }

  function showAtJson(draft) {
    const isBad = draft.faults.length > 0 || draft.error?.code === "MALFORMED_REQUEST";
    payload.setAttribute("aria-invalid", String(isBad));
    const lines = draft.faults.map(({ pointer, message, expected }) => fault(pointer || "(the whole body)", message, expected));
    if (isBad && !lines.length) {
      lines.push(fault("", draft.error.message, ""));
    }
    rawFaults.replaceChildren(...lines);
  }

  function showAtFields(faults) {
    if (!fields) {
      return;
    }
    for (const old of fields.querySelectorAll("[data-fault]")) {
      old.remove();
    }
    for (const control of fields.querySelectorAll("[aria-invalid]")) {
      control.removeAttribute("aria-invalid");
      describe(control, "");
    }
    for (const { pointer, message, expected } of faults) {
      const place = placeOf(pointer);
      const line = fault("", message, expected);
      line.dataset.fault = pointer;
      line.id = `fault-${pointer}`;
      const list = place.querySelector(":scope > ul[data-fault]") ?? place.appendChild(listOfFaults());
      list.append(line);
      for (let around = list.closest("details"); around; around = around.parentElement.closest("details")) {
        around.open = true;
      }
      const control = [...place.querySelectorAll("[data-control]")].find((item) => item.dataset.control === pointer);
      if (control) {
        control.setAttribute("aria-invalid", "true");
        describe(control, line.id);
      }
    }
  }

  /** The field of a pointer, or the nearest around it. */
  function placeOf(pointer) {
    for (let here = pointer; here; here = here.slice(0, here.lastIndexOf("/"))) {
      const found = [...fields.querySelectorAll("[data-pointer]")].find((item) => item.dataset.pointer === here);
      if (found) {
        return found;
      }
    }
    return fields;
  }

  payload.addEventListener("input", later);
  payload.addEventListener("waapi:written", later);
  for (const mode of form.querySelectorAll("[name=mode]")) {
    mode.addEventListener("change", later);
  }
  ask();
}

function tell({ would_send: wouldSend, faults, error }) {
  if (wouldSend) {
    return "The request would be taken.";
  }
  if (faults.length) {
    const [{ pointer, message }] = faults;
    const others = faults.length > 1 ? ` And ${faults.length - 1} more.` : "";
    return `It would be refused: ${pointer} ${message}${others}`;
  }
  return `It would be refused: ${error.message}`;
}

function put(selector, html) {
  const place = document.querySelector(selector);
  // Only what has changed is put in, so that a reader's place in it is not lost.
  if (place && place.dataset.shown !== html) {
    place.dataset.shown = html;
    place.innerHTML = html;
  }
}

function fault(pointer, message, expected) {
  const line = document.createElement("li");
  if (pointer) {
    const code = document.createElement("code");
    code.textContent = pointer;
    line.append(code, " ");
  }
  line.append(message);
  if (expected) {
    const told = document.createElement("span");
    told.className = "expected";
    told.textContent = ` Expected: ${expected}.`;
    line.append(told);
  }
  return line;
}

function listOfFaults() {
  const list = document.createElement("ul");
  list.className = "faults";
  list.dataset.fault = "";
  return list;
}

function describe(control, id) {
  const all = [control.dataset.described ?? "", id].filter(Boolean).join(" ");
  if (all) {
    control.setAttribute("aria-describedby", all);
  } else {
    control.removeAttribute("aria-describedby");
  }
}
