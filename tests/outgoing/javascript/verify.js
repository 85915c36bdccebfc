// Reads {secret, headers, body} as JSON, writes what the official library makes of it.
import { readFileSync } from "node:fs";
import { Webhook } from "standardwebhooks";

const { secret, headers, body } = JSON.parse(readFileSync(0, "utf8"));
let verdict;
try {
  verdict = { verified: new Webhook(secret).verify(body, headers) };
} catch (error) {
  verdict = { refused: error.message };
}
console.log(JSON.stringify(verdict));
