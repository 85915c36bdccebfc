/* Taking the next step of a simulated message without leaving the page. */

export function takeSteps(root) {
  for (const form of root.querySelectorAll("[data-step]")) {
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const button = form.querySelector("button");
      button.setAttribute("aria-disabled", "true");
      try {
        const response = await fetch(form.action, {
          method: "POST",
          body: new URLSearchParams(new FormData(form)),
          headers: { Accept: "application/json" },
          redirect: "manual",
        });
        if (!response.ok) {
          form.submit();
        }
      } catch {
        // The network was away; another click tries again.
      }
      button.removeAttribute("aria-disabled");
    });
  }
}
