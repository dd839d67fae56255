// node tokens.mjs COUNT FOLDER: a key set, and as many tokens of different users, for the benchmark only.
import { generateKeyPairSync, sign } from "node:crypto";
import { writeFileSync } from "node:fs";

const [, , count, folder] = process.argv;
const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const base64 = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
const exp = Math.floor(Date.now() / 1000) + 3600;
const wallets = ["0x1a5FdBc891c5D4E6aD68064Ae45D43146D4F9f3a"];
const tokens = Array.from({ length: Number(count) }, (_, user) => {
  const claims = { iss: "bench", aud: "signer", sub: `user-${user}`, exp, wallets };
  const data = `${base64({ alg: "ES256", kid: "bench" })}.${base64(claims)}`;
  return `${data}.${sign("sha256", Buffer.from(data), { key: privateKey, dsaEncoding: "ieee-p1363" }).toString("base64url")}`;
});
writeFileSync(`${folder}/jwks.json`, JSON.stringify({ keys: [{ ...publicKey.export({ format: "jwk" }), kid: "bench" }] }));
writeFileSync(`${folder}/tokens.txt`, tokens.join("\n"));
