/* A template as a bubble, while its values or its words are typed. */

const PAUSE = 300;

export function previewWhileTyping(root) {
  for (const form of root.querySelectorAll("form[data-live]")) {
    const shown = root.querySelector("[data-shown]");
    for (const button of form.querySelectorAll("[data-comfort]")) {
      button.hidden = true;
    }
    let timer = 0;
    let asked = 0;
    const look = async () => {
      asked += 1;
      const turn = asked;
      try {
        const response = await ask(form);
        // A slow answer must not replace that of a later question.
        if (response.ok && turn === asked) {
          shown.innerHTML = (await response.json()).html;
        }
      } catch {
        // The network was away; the next letter tries again.
      }
    };
    form.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(look, PAUSE);
    });
  }
}

function ask(form) {
  const values = new FormData(form);
  const options = { headers: { Accept: "application/json" }, redirect: "manual" };
  if (form.method === "post") {
    return fetch(form.dataset.live, { ...options, method: "POST", body: new URLSearchParams(values) });
  }
  return fetch(`${form.dataset.live}?${new URLSearchParams(values)}`, options);
}
