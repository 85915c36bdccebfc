/* On a narrow screen the tabs scroll; the current one should be in sight. */

export function showCurrentTab(root) {
  const current = root.querySelector(".tabs [aria-current]");
  if (current) {
    const tabs = current.closest(".tabs");
    const { left, width } = current.getBoundingClientRect();
    tabs.scrollLeft += left - tabs.getBoundingClientRect().left - (tabs.clientWidth - width) / 2;
  }
}
