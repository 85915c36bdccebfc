/* Choosing an outcome puts its recipient into the payload at once; without this, a button does. */

export function offerOutcomes(root) {
  const choice = root.querySelector("[data-outcome]");
  const payload = root.getElementById("payload");
  if (!choice || !payload) {
    return;
  }
  choice.addEventListener("change", () => {
    if (!choice.value) {
      return;
    }
    let members;
    try {
      members = JSON.parse(payload.value);
    } catch {
      return;
    }
    if (members === null || typeof members !== "object" || Array.isArray(members)) {
      return;
    }
    // The text itself, and not what was read of it: large numbers would be rounded.
    const written = payload.value.replace(
      /("to"\s*:\s*)"(?:[^"\\]|\\.)*"/,
      (_, name) => name + JSON.stringify(choice.value),
    );
    if (typeof members.to === "string" && written !== payload.value) {
      payload.value = written;
      payload.dispatchEvent(new Event("input", { bubbles: true }));
    }
  });
}
