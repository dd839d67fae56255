// node peer.mjs express|fastify pem|key PORT KEYFILE: what the vendor's sample does for a request. With `pem` the
// key is parsed for each, as there; with `key` once.
import { createPrivateKey, createSign, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import express from "express";
import fastify from "fastify";

const [, , framework, form, port, file] = process.argv;
const pem = readFileSync(file, "utf8");
const key = form === "key" ? createPrivateKey(pem) : pem;

const RULES = [
  ["amount", (value) => Number.isFinite(value) && value > 0],
  ["chainId", (value) => Number.isInteger(value) && value > 0],
  ["address", (value) => typeof value === "string" && /^0x[0-9a-fA-F]{40}$/.test(value)],
  ["token", (value) => typeof value === "string" && /^0x[0-9a-fA-F]{1,40}$/.test(value)],
  ["callbackScheme", (value) => value == null || (typeof value === "string" && /^[a-zA-Z][a-zA-Z0-9+.-]*$/.test(value))],
];

function answer(body) {
  const broken = RULES.filter(([name, holds]) => !holds(body[name]));
  if (broken.length > 0) return [400, { error: broken.map(([name]) => `${name} is wrong.`).join(" ") }];
  const { amount, chainId, address, token, callbackScheme = null, version = "v1" } = body;
  const idempotencyKey = randomUUID();
  const signatureTimestamp = new Date().toISOString();
  const text = JSON.stringify({ amount, chainId, address, token, idempotencyKey, callbackScheme, signatureTimestamp, version });
  const payload = Buffer.from(text).toString("base64url");
  const signature = createSign("SHA256").update(payload).end().sign(key).toString("base64url");
  const preview = { amount, chainId, address, token, idempotencyKey };
  return [200, { merchantId: "a1b2c3d4-e5f6-4a7b-8c9d-0e1f2a3b4c5d", payload, signature, preview }];
}

if (framework === "express") {
  const application = express();
  application.use(express.json());
  application.post("/api/sign-payment", (request, response) => {
    const [status, body] = answer(request.body);
    response.status(status).setHeader("Cache-Control", "no-store").json(body);
  });
  application.listen(Number(port), "127.0.0.1");
} else {
  const application = fastify();
  application.post("/api/sign-payment", (request, reply) => {
    const [status, body] = answer(request.body);
    reply.code(status).header("Cache-Control", "no-store").send(body);
  });
  await application.listen({ port: Number(port), host: "127.0.0.1" });
}
