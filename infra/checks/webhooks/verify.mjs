// Verifies what it is given on standard input, a JSON array of {secret, headers, body}, and prints for each whether the library takes it.

import { Webhook } from "standardwebhooks";

let text = "";
for await (const part of process.stdin) text += part;
const taken = JSON.parse(text).map(({ secret, headers, body }) => {
  try {
    return new Webhook(secret).verify(body, headers) !== undefined;
  } catch {
    return false;
  }
});
console.log(JSON.stringify(taken));
