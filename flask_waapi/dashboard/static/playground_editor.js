/* The payload, as a form drawn from the schema and as JSON; each follows the other. */

import { createSchemaForm } from "./schema_form.js";

/**
 * Offers the form beside the JSON.
 *
 * @returns a function that gives the elements faults are shown at, by their pointers; null without a form
 */
export async function offerForm(form, payload) {
  const editor = form.querySelector("[data-editor]");
  const root = editor.querySelector("[data-schema-form]");
  const told = editor.querySelector("[data-form-problem]");
  let document_;
  try {
    const response = await fetch(editor.dataset.editor, { headers: { Accept: "application/json" }, redirect: "manual" });
    if (!response.ok) {
      return null;
    }
    document_ = await response.json();
  } catch {
    return null;
  }
  const drawn = createSchemaForm(root, document_, (value) => {
    payload.value = JSON.stringify(value, null, 2);
    payload.dispatchEvent(new CustomEvent("waapi:written", { bubbles: true }));
  });
  const follow = () => {
    let value;
    try {
      value = JSON.parse(payload.value || "{}");
    } catch {
      value = null;
    }
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    const isShown = isObject && !isRounded(value);
    told.hidden = isShown;
    root.hidden = !isShown;
    if (isShown) {
      drawn.show(value);
    }
  };
  payload.addEventListener("input", follow);
  follow();
  offerTabs(editor, form.querySelector("[data-chosen-editor]"));
  // Enter in a field must not press the first button of the whole form.
  root.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.matches("input")) {
      event.preventDefault();
    }
  });
  return root;
}

/** Whether a number in it is larger than what JavaScript holds exactly: written anew, it would be another. */
function isRounded(value) {
  if (typeof value === "number") {
    return Math.abs(value) > Number.MAX_SAFE_INTEGER;
  }
  return typeof value === "object" && value !== null && Object.values(value).some(isRounded);
}

/**
 * @param kept - the field that carries the chosen tab through a run or another choice
 */
function offerTabs(editor, kept) {
  const list = editor.querySelector("[role=tablist]");
  const tabs = [...list.querySelectorAll("[role=tab]")];
  const panels = tabs.map((tab) => editor.querySelector(`#${tab.getAttribute("aria-controls")}`));
  const choose = (chosen) => {
    kept.value = chosen.getAttribute("aria-controls");
    tabs.forEach((tab, index) => {
      tab.setAttribute("aria-selected", String(tab === chosen));
      tab.tabIndex = tab === chosen ? 0 : -1;
      panels[index].hidden = tab !== chosen;
    });
  };
  tabs.forEach((tab, index) => {
    panels[index].setAttribute("role", "tabpanel");
    panels[index].setAttribute("aria-labelledby", tab.id);
    tab.addEventListener("click", () => choose(tab));
    tab.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (step) {
        const next = tabs[(index + step + tabs.length) % tabs.length];
        choose(next);
        next.focus();
      }
    });
  });
  list.hidden = false;
  choose(tabs.find((tab) => tab.getAttribute("aria-controls") === kept.value) ?? tabs[0]);
}
