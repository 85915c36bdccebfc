/* Choosing a key, an endpoint or a template loads what belongs to it; without this, a button does. */

export function reloadOnChoice(root) {
  const form = root.querySelector("[data-playground]");
  if (!form) {
    return;
  }
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
