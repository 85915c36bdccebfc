/* The playground: choices load what belongs to them, the payload has a form, and the server tells as one types. */

import { watchDraft } from "./playground_draft.js";
import { offerForm } from "./playground_editor.js";

export async function openPlayground(root) {
  const form = root.querySelector("[data-playground]");
  if (!form) {
    return;
  }
  reloadOnChoice(form);
  const payload = form.querySelector("#payload");
  // What is wrong the server says, in its own words and at its place.
  form.noValidate = true;
  form.querySelector("[data-check]")?.remove();
  watchDraft(form, payload, await offerForm(form, payload));
}

function reloadOnChoice(form) {
  const load = form.querySelector("[data-load]");
  load.classList.add("unseen");
  load.tabIndex = -1;
  const choices = [...form.querySelectorAll("[data-reload]")];
  for (const choice of choices) {
    choice.addEventListener("change", () => form.requestSubmit(load));
  }
  // Somebody may have been faster than this script.
  if (choices.some((choice) => !choice.selectedOptions[0]?.defaultSelected)) {
    form.requestSubmit(load);
  }
  // The browser may fill an old choice back in; a page must never open on a real send.
  window.addEventListener("pageshow", () => {
    const simulate = form.querySelector("[name=mode][value=simulate]");
    if (simulate) {
      simulate.checked = true;
    }
  });
}
