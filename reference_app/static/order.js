/* Follows an order's confirmation without loading the page anew; without this, the page reloads itself. */

const PAUSE = 1500;
const MOST_LOOKS = 200;

async function follow() {
  for (let looks = 0; looks < MOST_LOOKS && document.querySelector("[data-on-its-way]"); looks += 1) {
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
    const response = await fetch(location.href, { redirect: "manual" });
    if (!response.ok) {
      return;
    }
    const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
    for (const part of document.querySelectorAll("[data-part]")) {
      const other = fresh.querySelector(`[data-part="${part.dataset.part}"]`);
      // Only what has changed is put in, or a screen reader would repeat it.
      if (other && other.innerHTML !== part.innerHTML) {
        part.replaceWith(other);
      }
    }
  }
}

follow();
