/* Asks the server again and again, while somebody looks, until told that it was enough. */

/**
 * @param url - where to ask; it answers JSON
 * @param pause - called with the number of answers so far, returns milliseconds to the next question
 * @param use - called with each answer; returns true when no more are wanted
 */
export async function poll(url, pause, use) {
  for (let answers = 0; ; answers += 1) {
    await new Promise((resolve) => setTimeout(resolve, pause(answers)));
    if (document.hidden) {
      continue;
    }
    try {
      const response = await fetch(url, { headers: { Accept: "application/json" }, redirect: "manual" });
      // A redirect is the host's login page: whoever looks is not logged in any more.
      if (!response.ok) {
        return;
      }
      if (use(await response.json())) {
        return;
      }
    } catch (error) {
      if (error instanceof SyntaxError) {
        return;
      }
      // The network was away; the next try tells.
    }
  }
}
