/* Asks the server again and again, while somebody looks, until told that it was enough. */

const TOO_MANY_REQUESTS = 429;
/* In seconds; a timer of more than 24 days would ring at once. */
const LONGEST_RETRY_AFTER = 3600;

/**
 * @param url - where to ask; it answers JSON
 * @param pause - called with the number of answers so far, returns milliseconds to the next question
 * @param use - called with each answer; returns true when no more are wanted
 */
export async function poll(url, pause, use) {
  let atLeast = 0;
  for (let answers = 0; ; answers += 1) {
    const wait = Math.max(pause(answers), atLeast);
    await new Promise((resolve) => setTimeout(resolve, wait));
    if (document.hidden) {
      continue;
    }
    try {
      const response = await fetch(url, { headers: { Accept: "application/json" }, redirect: "manual" });
      const isBusy = response.status === TOO_MANY_REQUESTS || response.status >= 500;
      atLeast = isBusy ? askedToWait(response) : 0;
      if (isBusy) {
        continue;
      }
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

/* In milliseconds; a date, which a proxy may give, is not read. */
function askedToWait(response) {
  const seconds = Number(response.headers.get("Retry-After")) || 0;
  return 1000 * Math.min(seconds, LONGEST_RETRY_AFTER);
}
