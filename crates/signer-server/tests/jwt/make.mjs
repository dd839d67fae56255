// Makes tokens.json with Node's own cryptography: `node make.mjs > tokens.json`. The keys are made anew each
// time, for tests only, and their private halves are thrown away.
import { createHmac, generateKeyPairSync, sign } from "node:crypto";

const NOW = 1773679531; // the time of the tests, in seconds
const b64 = (bytes) => Buffer.from(bytes).toString("base64url");
const pair = (type, options) => generateKeyPairSync(type, options);
const keys = {
  es: pair("ec", { namedCurve: "P-256" }),
  rs: pair("rsa", { modulusLength: 2048 }),
  ed: pair("ed25519"),
  es384: pair("ec", { namedCurve: "P-384" }),
  weak: pair("rsa", { modulusLength: 1024 }),
  enc: pair("ec", { namedCurve: "P-256" }),
  ps: pair("rsa", { modulusLength: 2048 }),
  stranger: pair("ec", { namedCurve: "P-256" }),
  next: pair("ec", { namedCurve: "P-256" }),
  privy: pair("ec", { namedCurve: "P-256" }),
};
const jwk = (name, more = {}) => ({ ...keys[name].publicKey.export({ format: "jwk" }), kid: name, ...more });

const algorithms = {
  ES256: (data, key) => sign("sha256", data, { key, dsaEncoding: "ieee-p1363" }),
  ES384: (data, key) => sign("sha384", data, { key, dsaEncoding: "ieee-p1363" }),
  RS256: (data, key) => sign("sha256", data, key),
  RS512: (data, key) => sign("sha512", data, key),
  PS256: (data, key) => sign("sha256", data, { key, padding: 6, saltLength: 32 }),
  EdDSA: (data, key) => sign(null, data, key),
};
const good = {
  iss: "https://issuer.example", aud: "signer", sub: "user-1", iat: NOW - 60, exp: NOW + 3600,
  wallets: ["0x1A5FDBC891C5D4E6AD68064AE45D43146D4F9F3A", "7EcDhSYGxXyscszYEp35KHN8vvw3svAuLKTzXwCFLtV"],
};
const parts = (header, claims) =>
  `${b64(JSON.stringify(header))}.${b64(typeof claims === "string" ? claims : JSON.stringify(claims))}`;
const token = (alg, name, claims = good, header = {}) => {
  const data = parts({ alg, typ: "JWT", kid: name, ...header }, claims);
  return `${data}.${b64(algorithms[alg](Buffer.from(data), keys[name].privateKey))}`;
};
const without = (claim) => { const { [claim]: _, ...rest } = good; return rest; };
const withClaims = (claims) => ({ ...good, ...claims });
const der = () => {
  const data = parts({ alg: "ES256", kid: "es" }, good);
  return `${data}.${b64(sign("sha256", Buffer.from(data), keys.es.privateKey))}`;
};
const hmac = (secret) => {
  const data = parts({ alg: "HS256", kid: "es" }, good);
  return `${data}.${b64(createHmac("sha256", secret).update(data).digest())}`;
};
const es = token("ES256", "es");

const accepted = {
  "es256": es,
  "rs256": token("RS256", "rs"),
  "eddsa": token("EdDSA", "ed"),
  "audience in a list": token("ES256", "es", withClaims({ aud: ["other", "signer"] })),
  "no key named, one of its algorithm": token("EdDSA", "ed", good, { kid: undefined }),
  "begun": token("ES256", "es", withClaims({ nbf: NOW - 1 })),
  "fractions of seconds": token("ES256", "es", withClaims({ exp: NOW + 60.5 })),
};
const refused = {
  "expired": token("ES256", "es", withClaims({ exp: NOW })),
  "not begun": token("ES256", "es", withClaims({ nbf: NOW + 60 })),
  "expiry as text": token("ES256", "es", withClaims({ exp: `${NOW + 60}` })),
  "no expiry": token("ES256", "es", without("exp")),
  "no issuer": token("ES256", "es", without("iss")),
  "no audience": token("ES256", "es", without("aud")),
  "no subject": token("ES256", "es", without("sub")),
  "other issuer": token("ES256", "es", withClaims({ iss: "https://issuer.example.evil" })),
  "other audience": token("ES256", "es", withClaims({ aud: "other" })),
  "empty subject": token("ES256", "es", withClaims({ sub: "" })),
  "subject as number": token("ES256", "es", withClaims({ sub: 7 })),
  "long subject": token("ES256", "es", withClaims({ sub: "a".repeat(256) })),
  "subject with a line end": token("ES256", "es", withClaims({ sub: "a\nb" })),
  "two subjects": token("ES256", "es", JSON.stringify(good).replace('"sub":', '"sub":"admin","sub":')),
  "claims that are no object": token("ES256", "es", "[]"),
  "addresses that are no texts": token("ES256", "es", withClaims({ wallets: [1] })),
  "unknown key": token("ES256", "stranger"),
  "stranger under a known name": token("ES256", "stranger", good, { kid: "es" }),
  "stranger's key in the header": token("ES256", "stranger", good, { kid: undefined, jwk: jwk("stranger") }),
  "key for encryption": token("ES256", "enc"),
  "key for another algorithm": token("RS256", "ps"),
  "short rsa key": token("RS256", "weak"),
  "other curve": token("ES384", "es384"),
  "other algorithm of the key": token("PS256", "rs"),
  "other digest": token("RS512", "rs"),
  "other key's algorithm": token("ES256", "es", good, { alg: "RS256" }),
  "other key's name": token("ES256", "es", good, { kid: "rs" }),
  "no algorithm": `${parts({ alg: "none" }, good)}.`,
  "hmac under the public key, jwk": hmac(JSON.stringify(jwk("es"))),
  "hmac under the public key, pem": hmac(keys.es.publicKey.export({ type: "spki", format: "pem" })),
  "critical extension": token("ES256", "es", good, { crit: ["exp"], exp: NOW }),
  "der signature": der(),
  "signature of zeros": `${parts({ alg: "ES256", kid: "es" }, good)}.${b64(new Uint8Array(64))}`,
  "no signature": `${parts({ alg: "ES256", kid: "es" }, good)}.`,
  "two parts": parts({ alg: "ES256", kid: "es" }, good),
  "four parts": `${es}.${es.split(".")[2]}`,
  "padded": `${es}==`,
  "flipped": es.slice(0, -6) + (es.at(-6) === "A" ? "B" : "A") + es.slice(-5),
  "claims of another token": [es.split(".")[0], parts({}, withClaims({ sub: "admin" })).split(".")[1], es.split(".")[2]].join("."),
};

const privyToken = (claims) => {
  const data = parts({ alg: "ES256", typ: "JWT", kid: "any" }, { iss: "privy.io", aud: "app", iat: NOW, exp: NOW + 3600, ...claims });
  return `${data}.${b64(algorithms.ES256(Buffer.from(data), keys.privy.privateKey))}`;
};
const accounts = [
  { type: "email", address: "user@example.com" },
  { type: "wallet", address: "0x1a5FdBc891c5D4E6aD68064Ae45D43146D4F9f3a", chain_type: "ethereum", lv: NOW },
  { type: "smart_wallet", address: "0x2222222222222222222222222222222222222222" },
];
console.log(JSON.stringify({
  now: NOW, issuer: good.iss, audience: good.aud, subject: good.sub, claim: "wallets",
  jwks: { keys: [
    jwk("es"), jwk("rs", { alg: "RS256", use: "sig" }), jwk("ed", { key_ops: ["verify"] }), jwk("es384"), jwk("weak"),
    jwk("enc", { use: "enc" }), jwk("ps", { alg: "PS256" }), { kty: "oct", k: "AAAA", kid: "oct" }, { kty: "new" },
  ] },
  rotated: { keys: [jwk("next")] },
  next: token("ES256", "next"),
  accepted, refused,
  privy: {
    verification_key: keys.privy.publicKey.export({ type: "spki", format: "pem" }),
    access: privyToken({ sub: "did:privy:one", sid: "s" }),
    identity: privyToken({ sub: "did:privy:one", linked_accounts: JSON.stringify(accounts) }),
    identity_of_another: privyToken({ sub: "did:privy:two", linked_accounts: JSON.stringify(accounts) }),
    other_issuer: privyToken({ sub: "did:privy:one", iss: "https://privy.io" }),
    accounts,
  },
}, null, 1));
