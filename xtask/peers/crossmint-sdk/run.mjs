// Runs the part of @crossmint/wallets-sdk that concerns server signers against the emulator, on EVM, Solana and Stellar.
//
//   node run.mjs FOLDER          FOLDER holds node_modules with the SDK, whose trusted key is the emulator's
//
// EMULATOR_URL is the base URL of the emulator's Crossmint, CROSSMINT_API_KEY its key. Prints one line of JSON per call:
// {chain, call, outcome: "passed" | "failed" | "out of scope", detail}. Only loopback is reached.
import { createRequire } from "node:module";
import { join, resolve } from "node:path";

const folder = resolve(process.argv[2]);
const base = process.env.EMULATOR_URL;
const apiKey = process.env.CROSSMINT_API_KEY;
const resolveIn = createRequire(join(folder, "package.json"));
const require = createRequire(resolveIn.resolve("@crossmint/wallets-sdk"));

// The SDK reports to its vendor: nothing leaves this machine.
const send = globalThis.fetch;
globalThis.fetch = (input, init) => {
  const url = new URL(typeof input === "string" || input instanceof URL ? input : input.url);
  if (url.hostname !== "127.0.0.1") return Promise.reject(new Error("blocked: " + url.hostname));
  return send(input, init);
};
const log = console.log;
for (const level of ["log", "info", "warn", "error", "debug"]) console[level] = () => {};

const { CrossmintWallets, createCrossmint, EVMWallet, SolanaWallet, StellarWallet } = require("@crossmint/wallets-sdk");
const web3 = require("@solana/web3.js");
const viem = require("viem");
const { privateKeyToAccount } = require("viem/accounts");
const ownBs58 = require("bs58");
const bs58 = ownBs58.default ?? ownBs58;

const crossmint = createCrossmint({ apiKey, overrideBaseUrl: base });
const sdk = CrossmintWallets.from(crossmint);
const secret = (n) => "xmsk1_" + String(n).padStart(2, "0").repeat(32);
const admin = { type: "server", secret: secret(11) };
const second = { type: "server", secret: secret(22) };
const third = { type: "server", secret: secret(33) };

function report(chain, call, outcome, detail = "") {
  log(JSON.stringify({ chain, call, outcome, detail: String(detail).slice(0, 300) }));
}

function group(chain) {
  return {
    async call(name, run, check = () => true) {
      try {
        const result = await run();
        const fault = await check(result);
        if (fault !== true) throw new Error("unexpected result: " + fault + " " + JSON.stringify(result, (_, v) => (typeof v === "bigint" ? v.toString() : v)));
        report(chain, name, "passed");
        return result;
      } catch (error) {
        report(chain, name, "failed", error?.message ?? error);
        return undefined;
      }
    },
    out(name, why) {
      report(chain, name, "out of scope", why);
    },
  };
}

const sent = (pattern) => (result) => pattern.test(result.hash) && result.transactionId !== undefined && result.explorerLink !== undefined || "a transaction with hash, id and link is due";
const prepared = (result) => (result.hash === undefined && typeof result.transactionId === "string") || "a prepared transaction is due";
const listed = (wanted) => (signers) => signers.length === wanted || `${wanted} signers are due`;
const EVM_HASH = /^0x[0-9a-f]{64}$/;
const SOLANA_HASH = /^[1-9A-HJ-NP-Za-km-z]{80,90}$/;
const STELLAR_HASH = /^[0-9a-f]{64}$/;

// What is the same on every chain.
async function common({ g, chain, wallets, address, token, native, hash, prefix }) {
  const wallet = await g.call("createWallet, server recovery", () => sdk.createWallet({ chain, recovery: admin, owner: `email:${prefix}@example.com`, alias: `${prefix}-one` }), (w) => address(w.address) || "an address of the chain is due");
  if (wallet === undefined) return undefined;
  await g.call("createWallet, with signers", () => sdk.createWallet({ chain, recovery: admin, signers: [second, third] }), async (w) => (await w.signers()).length === 2 || "two signers are due");
  const external = { type: "external-wallet", address: wallet.address.startsWith("C") ? "GAHJBXSDIBJ4UZYL6QWWDFKOBDD754YRZLR4YJCBRBIL6HHLQYOYLUQB" : wallet.address };
  for (const recovery of [{ type: "email", email: "somebody@example.com" }, { type: "phone", phone: "+15555550100" }, { type: "api-key" }, external]) {
    await g.call(`createWallet, ${recovery.type} recovery`, () => sdk.createWallet({ chain, recovery, signers: [second] }), (w) => address(w.address) || "an address of the chain is due");
  }
  await g.call("getWallet by address", () => sdk.getWallet(wallet.address, { chain }), (w) => w.address === wallet.address || "another wallet");
  await g.call("getWallet by address, with recovery", () => sdk.getWallet(wallet.address, { chain, recovery: admin }), (w) => w.address === wallet.address || "another wallet");
  await g.call("getWallet by owner and alias", () => sdk.getWallet(`email:${prefix}@example.com:${prefix === "evm" ? "evm" : prefix}:smart:alias:${prefix}-one`, { chain }), (w) => w.address === wallet.address || "another wallet");
  await g.call("getWallet that does not exist", () => sdk.getWallet("email:nobody@example.com:evm", { chain }).then(() => "found", () => "refused"), (it) => it === "refused" || "an error is due");
  await g.call("useSigner, recovery", async () => { await wallet.useSigner(admin); return wallet.signer; }, (s) => s.locator().startsWith("server:") || "a server signer is due");
  await g.call("balances", () => wallet.balances(), (b) => (b.nativeToken.symbol === native && b.usdc.symbol === "usdc" && Number(b.usdc.amount) > 0) || "two balances are due");
  await g.call("balances, further token", () => wallet.balances([chain === "base-sepolia" ? "eurc" : chain === "solana" ? "eurc" : "usdc"]), (b) => Array.isArray(b.tokens) || "a list is due");
  await g.call("stagingFund", () => wallet.stagingFund(10), (it) => Array.isArray(it) || "a list is due");
  await g.call(`send, ${native}`, () => wallet.send(wallets.to, native, "0.0001"), sent(hash));
  await g.call("send, usdc", () => wallet.send(wallets.to, "usdc", "1.5"), sent(hash));
  await g.call("send, token by contract", () => wallet.send(wallets.to, token, "0.25"), sent(hash));
  await g.call("send, to an email", () => wallet.send({ email: "friend@example.com" }, "usdc", "1"), sent(hash));
  await g.call("send, to a user id", () => wallet.send({ userId: "user-1" }, "usdc", "1"), sent(hash));
  await g.call("send, zero is refused", () => wallet.send(wallets.to, "usdc", "0").then(() => "sent", () => "refused"), (it) => it === "refused" || "an error is due");
  await g.call("send, unknown token is refused", () => wallet.send(wallets.to, "nosuch", "1").then(() => "sent", () => "refused"), (it) => it === "refused" || "an error is due");
  const waiting = await g.call("send, prepareOnly", () => wallet.send(wallets.to, "usdc", "2", { prepareOnly: true }), prepared);
  if (waiting) {
    await g.call("transaction that waits", () => wallet.transaction(waiting.transactionId), (t) => (t.status === "awaiting-approval" && t.approvals.pending.length === 1) || "a pending approval is due");
    await g.call("approve by transaction id", () => wallet.approve({ transactionId: waiting.transactionId }), sent(hash));
    await g.call("transaction that succeeded", () => wallet.transaction(waiting.transactionId), (t) => (t.status === "success" && t.approvals.submitted.length === 1 && "signature" in t.approvals.submitted[0]) || "a success is due");
    await g.call("approve twice is refused", () => wallet.approve({ transactionId: waiting.transactionId }).then(() => "approved", () => "refused"), (it) => typeof it === "string" || "an end is due");
  }
  const named = await g.call("send, prepareOnly with a server signer", () => wallet.send(wallets.to, "usdc", "2", { prepareOnly: true, signer: admin }), prepared);
  if (named) await g.call("approveTransaction (deprecated)", () => wallet.approveTransaction({ transactionId: named.transactionId }), sent(hash));
  await g.call("transaction that does not exist", () => wallet.transaction("nosuch").then(() => "found", () => "refused"), (it) => it === "refused" || "an error is due");
  await g.call("transactions", () => wallet.transactions(), (t) => t.transactions.length >= 5 || "a list is due");
  await g.call("transfers", () => wallet.transfers({ tokens: "usdc", status: "successful" }), (t) => (t.data.length >= 2 && t.data.every((it) => it.token.symbol === "usdc")) || "transfers are due");
  await g.call("transfers that failed", () => wallet.transfers({ tokens: "usdc", status: "failed" }), (t) => t.data.length === 0 || "none is due");

  await g.call("signers of a new wallet", () => wallet.signers(), listed(0));
  const added = await g.call("addSigner, server", () => wallet.addSigner(second), (s) => (s.status === "success" && s.locator.startsWith("server:")) || "an approved signer is due");
  await g.call("signers after it", () => wallet.signers(), listed(1));
  await g.call("addSigner again", () => wallet.addSigner(second), (s) => s.status === "success" || "an approved signer is due");
  if (added) await g.call("isSignerApproved", () => wallet.isSignerApproved(added.locator), (it) => it === true || "true is due");
  await g.call("isSignerApproved, unknown", () => wallet.isSignerApproved("server:" + wallets.to), (it) => it === false || "false is due");
  const late = await g.call("addSigner, prepareOnly", () => wallet.addSigner(third, { prepareOnly: true }), (s) => s.transactionId !== undefined || s.signatureId !== undefined || "an id is due");
  if (late) await g.call("addSigner, resumed", () => wallet.addSigner(third), (s) => s.status === "success" || "an approved signer is due");
  await g.call("addSigner, external wallet", () => wallet.addSigner({ type: "external-wallet", address: wallets.to }), (s) => s.status === "success" || "an approved signer is due");
  await g.call("addSigner, email", () => wallet.addSigner({ type: "email", email: "more@example.com" }), (s) => s.status === "success" || "an approved signer is due");
  await g.call("addSigner, passkey", () => wallet.addSigner({ type: "passkey", id: "key-1", name: "key", publicKey: { x: "1", y: "2" } }), (s) => s.status === "success" || "an approved signer is due");
  await g.call("signers, all types", () => wallet.signers(), listed(5));
  await g.call("useSigner, delegated", async () => { await wallet.useSigner(second); return wallet.signer; }, (s) => s.locator() === added?.locator || "the second signer is due");
  await g.call("send, by a delegated signer", () => wallet.send(wallets.to, "usdc", "0.5"), sent(hash));
  await g.call("useSigner, back", async () => { await wallet.useSigner(admin); return true; });
  await g.call("removeSigner, prepareOnly", () => wallet.removeSigner(third, { prepareOnly: true }), (it) => it.transactionId !== undefined || "an id is due");
  await g.call("removeSigner", () => wallet.removeSigner(second), (it) => it.status === "success" || "a success is due");
  await g.call("signers after the removal", () => wallet.signers(), listed(4));
  await g.call("removeSigner, unknown is refused", () => wallet.removeSigner({ type: "server", secret: secret(44) }).then(() => "removed", () => "refused"), (it) => it === "refused" || "an error is due");

  // Options of later versions; an older one ignores them.
  const limits = { scopes: [{ type: "transfer", tokenLocator: `${chain}:usdc`, recipients: [wallets.to], spendingLimit: { amount: "10", interval: 86400 } }], expiresAt: "2030-01-01T00:00:00.000Z" };
  await g.call("addSigner, with limits", () => wallet.addSigner({ type: "server", secret: secret(55) }, limits), (s) => s.status === "success" || "an approved signer is due");
  await g.call("addSigner, not deployed", () => wallet.addSigner({ type: "server", secret: secret(66) }, { deployImmediately: false }), (s) => s.status === "success" || "an approved signer is due");
  await g.call("signers, with limits", () => wallet.signers(), listed(6));
  await g.call("removeSigner, not deployed", () => wallet.removeSigner({ type: "server", secret: secret(66) }), (it) => it.status === "success" || "a success is due");

  g.out("nfts", "no approval, and no part of wallets with a server signer");
  g.out("recover, initDeviceSigner, needsRecovery", "device signers keep their key in a browser");
  g.out("email, phone and passkey signers as approvers", "their keys are the vendor's, or a browser's");
  return wallet;
}

async function evm() {
  const g = group("evm");
  const to = "0x036CbD53842c5426634e7929541eC2318f3dCF7e";
  const wallet = await common({
    g, chain: "base-sepolia", prefix: "evm", native: "eth", hash: EVM_HASH, wallets: { to: "0x1f5b872bC87de569fF318D984E3EAF90F538da7a" },
    token: to, address: (it) => viem.getAddress(it) === it,
  });
  if (!wallet) return;
  const evm = await g.call("EVMWallet.from", async () => EVMWallet.from(wallet));
  if (!evm) return;
  await evm.useSigner(admin);
  await g.call("sendTransaction, call", () => evm.sendTransaction({ to, value: 5n, data: "0x1234" }), sent(EVM_HASH));
  await g.call("sendTransaction, without value", () => evm.sendTransaction({ to }), sent(EVM_HASH));
  const abi = viem.parseAbi(["function transfer(address to, uint256 amount) returns (bool)"]);
  await g.call("sendTransaction, abi", () => evm.sendTransaction({ to, abi, functionName: "transfer", args: [to, 1n] }), sent(EVM_HASH));
  const serialized = viem.serializeTransaction({ to, value: 7n, chainId: 84532, nonce: 0, type: "eip1559", maxFeePerGas: 1n, maxPriorityFeePerGas: 1n, gas: 21000n });
  await g.call("sendTransaction, serialized", () => evm.sendTransaction({ transaction: serialized }), sent(EVM_HASH));
  await g.call("sendTransaction, prepareOnly", () => evm.sendTransaction({ to, options: { prepareOnly: true } }), prepared);
  await g.call("sendTransaction, named signer", () => evm.sendTransaction({ to, options: { signer: admin } }), sent(EVM_HASH));
  await g.call("getViemClient", async () => evm.getViemClient(), (it) => it.chain.id === 84532 || "base-sepolia is due");
  const signed = (result) => /^0x[0-9a-f]{130,}$/.test(result.signature) || "a signature is due";
  await g.call("signMessage", () => evm.signMessage({ message: "Hello" }), signed);
  const waiting = await g.call("signMessage, prepareOnly", () => evm.signMessage({ message: "Later", options: { prepareOnly: true } }), (it) => typeof it.signatureId === "string" || "an id is due");
  if (waiting) await g.call("approve by signature id", () => evm.approve({ signatureId: waiting.signatureId }), signed);
  const typed = {
    chain: "base-sepolia", primaryType: "Mail", types: { Mail: [{ name: "contents", type: "string" }, { name: "amount", type: "uint256" }] },
    domain: { name: "Ether Mail", version: "1", chainId: 84532, verifyingContract: to }, message: { contents: "Hello", amount: 12345678901234567890n },
  };
  await g.call("signTypedData", () => evm.signTypedData(typed), signed);
  await g.call("signTypedData, prepareOnly", () => evm.signTypedData({ ...typed, options: { prepareOnly: true } }), (it) => typeof it.signatureId === "string" || "an id is due");
  const other = await g.call("createWallet on a mainnet name", () => sdk.createWallet({ chain: "polygon", recovery: admin }), (w) => w.chain === "polygon-amoy" || "the testnet is due");
  if (other) {
    await other.useSigner(admin);
    await g.call("send on another chain", () => other.send(to, "usdc", "1"), sent(EVM_HASH));
  }
  await g.call("createWallet, api-key recovery, then send", async () => {
    const it = await sdk.createWallet({ chain: "base-sepolia", recovery: { type: "api-key" } });
    return it.send(to, "usdc", "1");
  }, sent(EVM_HASH));
  const key = privateKeyToAccount("0x" + "17".repeat(32));
  const external = { type: "external-wallet", address: key.address, onSign: (raw) => key.signMessage({ message: { raw } }) };
  await g.call("createWallet, external-wallet recovery, then send", async () => {
    const it = await sdk.createWallet({ chain: "base-sepolia", recovery: external });
    await it.useSigner(external);
    return it.send(to, "usdc", "1");
  }, sent(EVM_HASH));
}

async function solana() {
  const g = group("solana");
  const to = "DZptf4NmsWstKgjUQkyVp1kJBzxQyREjeXCG7AFxzWTW";
  const wallet = await common({
    g, chain: "solana", prefix: "solana", native: "sol", hash: SOLANA_HASH, wallets: { to },
    token: "4zMMC9srt5Ri5X14GAgXhaHii3GnPAEERYPJgZJDncDU", address: (it) => !web3.PublicKey.isOnCurve(new web3.PublicKey(it).toBytes()),
  });
  if (!wallet) return;
  const solana = await g.call("SolanaWallet.from", async () => SolanaWallet.from(wallet));
  if (!solana) return;
  await solana.useSigner(admin);
  const from = new web3.PublicKey(wallet.address);
  const instruction = web3.SystemProgram.transfer({ fromPubkey: from, toPubkey: new web3.PublicKey(to), lamports: 5 });
  const message = (payerKey, instructions) => new web3.TransactionMessage({ payerKey, recentBlockhash: "11111111111111111111111111111111", instructions });
  const placeholder = new web3.PublicKey("11111111111111111111111111111112");
  const v0 = new web3.VersionedTransaction(message(placeholder, [instruction]).compileToV0Message());
  await g.call("sendTransaction, v0", () => solana.sendTransaction({ transaction: v0 }), sent(SOLANA_HASH));
  const legacy = new web3.VersionedTransaction(message(from, [instruction]).compileToLegacyMessage());
  await g.call("sendTransaction, legacy", () => solana.sendTransaction({ transaction: legacy }), sent(SOLANA_HASH));
  const serializedTransaction = bs58.encode(v0.serialize());
  await g.call("sendTransaction, serialized", () => solana.sendTransaction({ serializedTransaction }), sent(SOLANA_HASH));
  await g.call("sendTransaction, prepareOnly", () => solana.sendTransaction({ transaction: v0, options: { prepareOnly: true } }), prepared);
  await g.call("sendTransaction, named signer", () => solana.sendTransaction({ transaction: v0, options: { signer: admin } }), sent(SOLANA_HASH));
  const further = web3.Keypair.generate();
  const both = new web3.VersionedTransaction(message(placeholder, [
    instruction,
    web3.SystemProgram.transfer({ fromPubkey: further.publicKey, toPubkey: from, lamports: 1 }),
  ]).compileToV0Message());
  await g.call("sendTransaction, additional signer", () => solana.sendTransaction({ transaction: both, additionalSigners: [further] }), sent(SOLANA_HASH));
  const key = web3.Keypair.generate();
  const external = { type: "external-wallet", address: key.publicKey.toBase58(), onSign: async (transaction) => { transaction.sign([key]); return transaction; } };
  await g.call("createWallet, external-wallet recovery, then send", async () => {
    const it = await sdk.createWallet({ chain: "solana", recovery: external });
    await it.useSigner(external);
    return it.send(to, "usdc", "1");
  }, sent(SOLANA_HASH));
  g.out("signMessage, signTypedData", "the SDK has them on EVM only");
}

async function stellar() {
  const g = group("stellar");
  const to = "GAHJBXSDIBJ4UZYL6QWWDFKOBDD754YRZLR4YJCBRBIL6HHLQYOYLUQB";
  const token = "CBIELTK6YBZJU5UP2WWQEUCYKLPU6AUNZ2BQ4WWFEIE3USCIHMXQDAMA";
  const wallet = await common({ g, chain: "stellar", prefix: "stellar", native: "xlm", hash: STELLAR_HASH, wallets: { to }, token, address: (it) => /^C[A-Z2-7]{55}$/.test(it) });
  if (!wallet) return;
  const stellar = await g.call("StellarWallet.from", async () => StellarWallet.from(wallet));
  if (!stellar) return;
  await stellar.useSigner(admin);
  const call = { contractId: token, method: "transfer", args: { from: wallet.address, to, amount: "5" } };
  await g.call("sendTransaction, contract call", () => stellar.sendTransaction(call), sent(STELLAR_HASH));
  await g.call("sendTransaction, other arguments", () => stellar.sendTransaction({ contractId: token, method: "claim", args: { count: 7, name: "x", to } }), sent(STELLAR_HASH));
  await g.call("sendTransaction, memo", () => stellar.sendTransaction({ ...call, memo: "hello" }), sent(STELLAR_HASH));
  await g.call("sendTransaction, prepareOnly", () => stellar.sendTransaction({ ...call, options: { prepareOnly: true } }), prepared);
  await g.call("sendTransaction, named signer", () => stellar.sendTransaction({ ...call, options: { signer: admin } }), sent(STELLAR_HASH));
  const waiting = await stellar.sendTransaction({ ...call, options: { prepareOnly: true } }).catch(() => undefined);
  const tx = waiting && (await stellar.transaction(waiting.transactionId)).onChain.transaction.tx;
  await g.call("sendTransaction, serialized", () => stellar.sendTransaction({ contractId: token, transaction: tx }), sent(STELLAR_HASH));
  if (typeof stellar.upgrade === "function") {
    await g.call("upgrade", () => stellar.upgrade(), sent(STELLAR_HASH));
    await g.call("migrate", () => stellar.migrate(), sent(STELLAR_HASH));
    await g.call("upgrade, prepareOnly", () => stellar.upgrade({ prepareOnly: true }), prepared);
  }
  g.out("signMessage, signTypedData", "the SDK has them on EVM only");
}

await Promise.all([evm(), solana(), stellar()].map((it) => it.catch((error) => report("", "the script", "failed", error?.stack))));
process.exit(0);
