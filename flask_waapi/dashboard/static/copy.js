/* Buttons that copy a text of the page. */

const CONFIRMED = 2000;

export function offerCopying(root) {
  for (const button of root.querySelectorAll("[data-copy][hidden]")) {
    const source = document.getElementById(button.dataset.copy);
    const label = button.textContent;
    button.hidden = false;
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(source.textContent);
        button.textContent = "Copied";
      } catch {
        // No clipboard without HTTPS: mark the text, so that the reader can copy it.
        getSelection().selectAllChildren(source);
        button.textContent = "Marked: copy it now";
      }
      setTimeout(() => {
        button.textContent = label;
      }, CONFIRMED);
    });
  }
}
