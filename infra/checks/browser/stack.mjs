// The local stack as a browser's check sees it: one program, one tenant after the other, and a clock that is moved.

import { spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { createInterface } from "node:readline";

const READY_WITHIN_MS = 60_000;

export class LocalStack {
  constructor(child, url) {
    this.child = child;
    this.url = url;
    this.sent = 0;
  }

  /** Starts the program with a frozen clock; it ends with `stop`. */
  static async start(program, root, now) {
    const child = spawn(program, ["--port", "0", "--now", now, "--empty"], { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
    const lines = createInterface({ input: child.stdout });
    const url = await new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`${program} does not say that it is ready`)), READY_WITHIN_MS);
      child.on("error", reject);
      child.on("exit", (code) => reject(new Error(`${program} left with ${code}`)));
      lines.on("line", (line) => {
        const ready = line.match(/^ready (http:\S+)$/);
        if (ready) {
          clearTimeout(late);
          resolve(ready[1]);
        }
      });
    });
    return new LocalStack(child, url);
  }

  stop() {
    this.child.kill();
  }

  async ask(method, path, body, headers = {}) {
    const content = typeof body === "string" ? body : JSON.stringify(body);
    const given = body === undefined ? {} : { body: content, headers: { "content-type": "application/json", ...headers } };
    const answer = await fetch(this.url + path, { method, headers, ...given });
    const text = await answer.text();
    if (!answer.ok) {
      throw new Error(`${method} ${path} was answered ${answer.status}: ${text}`);
    }
    return text ? JSON.parse(text) : null;
  }

  async now() {
    return (await this.ask("POST", "/_local/clock", { advance: "PT0S" })).now;
  }

  async to(at) {
    return this.ask("POST", "/_local/clock", { to: at });
  }

  async tenant(name, settings, payments) {
    const made = await this.ask("POST", "/_local/tenants", { tenant: name, settings, payments });
    return new Tenant(this, name, made.webhooks.canonical.secret);
  }
}

export class Tenant {
  constructor(stack, name, secret) {
    this.stack = stack;
    this.name = name;
    this.secret = secret;
  }

  /** A canonical document, signed as Standard Webhooks says. */
  async put(document) {
    this.stack.sent += 1;
    const id = `evt_${this.name}_${this.stack.sent}`;
    const at = Math.floor(new Date(await this.stack.now()).getTime() / 1000);
    const body = JSON.stringify(document);
    const key = Buffer.from(this.secret.replace("whsec_", ""), "base64");
    const signature = createHmac("sha256", key).update(`${id}.${at}.${body}`).digest("base64");
    const headers = { "webhook-id": id, "webhook-timestamp": String(at), "webhook-signature": `v1,${signature}` };
    return this.stack.ask("POST", `/webhooks/${this.name}/canonical`, body, headers);
  }

  /** The admin API as a collector. */
  async api(path) {
    const { token } = await this.stack.ask("POST", "/_local/token", { tenant: this.name, role: "collector" });
    return this.stack.ask("GET", path, undefined, { authorization: `Bearer ${token}` });
  }

  async outbox() {
    return this.stack.ask("GET", `/_local/outbox?tenant=${this.name}`);
  }
}
