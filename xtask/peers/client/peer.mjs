// What the vendors' SDKs for Node do, measured: one line of JSON for each figure.
// node peer.mjs STUB-URL

// The package does not export what it signs with.
import {
    EVMServerSigner,
    deriveServerSignerDetails,
} from "./node_modules/@crossmint/wallets-sdk/dist/signers/server/index.js";
import { secp256k1 } from "@noble/curves/secp256k1";
import { hkdf } from "@noble/hashes/hkdf";
import { sha256 } from "@noble/hashes/sha2";
import { keccak_256 } from "@noble/hashes/sha3";
import {
    PrivyClient,
    formatRequestForAuthorizationSignature,
    generateAuthorizationSignature,
} from "@privy-io/node";

// Long enough for the compiler of Node to have done its work.
const SECONDS = 3;
// A test key.
const KEY = "MEECAQAwEwYHKoZIzj0CAQYIKoZIzj0DAQcEJzAlAgEBBCCzu5yEB+OtF2/aZgy3nS4FJh6sS/ACAxY+LP2P1s3C2w==";
const BODY = { method: "personal_sign", chain_type: "ethereum", params: { message: "hello", encoding: "utf-8" } };

const say = (name, value) => console.log(JSON.stringify({ name, value }));

async function micros(work) {
    for (let i = 0; i < 200; i += 1) await work();
    let count = 0;
    const begun = performance.now();
    while (performance.now() - begun < SECONDS * 1000) {
        for (let i = 0; i < 20; i += 1) await work();
        count += 20;
    }
    return ((performance.now() - begun) * 1000) / count;
}

say("privy-request", await micros(() => {
    const input = formatRequestForAuthorizationSignature({
        version: 1,
        method: "POST",
        url: "https://api.privy.io/v1/wallets/wallet-id/rpc",
        body: BODY,
        headers: { "privy-app-id": "app", "privy-request-expiry": String(Date.now() + 900_000) },
    });
    generateAuthorizationSignature({ authorizationPrivateKey: KEY, input });
}));

// A test secret.
const SECRET = "b62b473b3ba7d3d72bf7c3a397f1eb61c305a4193ce670dd056686c13d95bbaa";
const hash = `0x${"ab".repeat(32)}`;
say("crossmint-approval", await micros(() => {
    const signer = { type: "server", secret: SECRET };
    const { derivedKeyBytes, derivedAddress } = deriveServerSignerDetails(signer, "base-sepolia", "project", "staging");
    const locator = `server:${derivedAddress}`;
    return new EVMServerSigner({ type: "server", derivedKeyBytes, address: derivedAddress, locator }).signMessage(hash);
}));

const secret = Buffer.from(SECRET, "hex");
const prefix = Buffer.from("\x19Ethereum Signed Message:\n32");
say("crossmint-approval-primitives", await micros(() => {
    const key = hkdf(sha256, secret, "crossmint", "project:staging:base-sepolia-secp256k1", 32);
    const point = secp256k1.getPublicKey(key, false);
    keccak_256(point.subarray(1));
    secp256k1.sign(keccak_256(Buffer.concat([prefix, secret])), key, { lowS: true });
}));

const client = new PrivyClient({ appId: "app", appSecret: "test-app-secret", apiUrl: process.argv[2] });
const call = () => client.wallets().rpc("wallet-id", { ...BODY, authorization_context: { authorization_private_keys: [KEY] } });

async function calls(callers) {
    let count = 0;
    const ends = performance.now() + SECONDS * 1000;
    const cpu = process.cpuUsage();
    await Promise.all(Array.from({ length: callers }, async () => {
        while (performance.now() < ends) {
            await call();
            count += 1;
        }
    }));
    const used = process.cpuUsage(cpu);
    return { rate: count / SECONDS, perCpu: count / ((used.user + used.system) / 1e6) };
}

await calls(8);
say("calls-1", (await calls(1)).rate);
say("calls-64-per-cpu-second", (await calls(64)).perCpu);
