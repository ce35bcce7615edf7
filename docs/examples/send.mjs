// Signs a document, sends it to Dunlin and prints the status and the answer.
//
//     node send.mjs URL SECRET EVENT_ID FILE [UNIX_TIME]
//
// FILE is - for standard input. UNIX_TIME is the time to sign with, for a local stack whose clock was moved; otherwise it is now.

import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";

/** The value of the header webhook-signature. */
export function sign(secret, eventId, timestamp, body) {
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  const digest = createHmac("sha256", key).update(`${eventId}.${timestamp}.`).update(body).digest("base64");
  return `v1,${digest}`;
}

/** The status and the answer. Sends again, under the same id, for as long as Dunlin asks for that. */
export async function send(url, secret, eventId, body, timestamp) {
  for (const wait of [1, 2, 4, 8, undefined]) {
    const now = timestamp ?? Math.floor(Date.now() / 1000);
    const headers = {
      "content-type": "application/json",
      "webhook-id": eventId,
      "webhook-timestamp": String(now),
      "webhook-signature": sign(secret, eventId, now, body),
    };
    let seconds = wait;
    try {
      const answer = await fetch(url, { method: "POST", headers, body, signal: AbortSignal.timeout(30_000) });
      if (wait === undefined || (answer.status !== 429 && answer.status < 500)) {
        return [answer.status, await answer.text()];
      }
      seconds = Number(answer.headers.get("retry-after") ?? wait);
    } catch (error) {
      if (wait === undefined) throw error;
    }
    await sleep(seconds * 1000);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [url, secret, eventId, file, timestamp] = process.argv.slice(2);
  const body = readFileSync(file === "-" ? 0 : file);
  console.log(...(await send(url, secret, eventId, body, timestamp && Number(timestamp))));
}
