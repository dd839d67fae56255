// Executes operations on a local chain whose signatures come from `signer crossmint inspect`.
// The hash comes from the contract, the call data from viem, the effect from the balances of the chain.
// usage: node execute.mjs PATH_OF_SIGNER
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import solc from "solc";
import {
  concat, createPublicClient, createTestClient, createWalletClient, encodeAbiParameters, encodeFunctionData,
  encodePacked, http, numberToHex, pad, parseEther, zeroAddress,
} from "viem";
import { baseSepolia } from "viem/chains";

const require = createRequire(import.meta.url);
const signer = process.argv[2];
const ENTRY_POINT = "0x0000000071727De22E5E9d8BAf0edAc6f37da032";
const entryPointArtifact = require("@account-abstraction/contracts/artifacts/EntryPoint.json");
const folder = mkdtempSync(join(tmpdir(), "signer-anvil-"));
const here = new URL(".", import.meta.url);

function compile() {
  const source = readFileSync(new URL("TestContracts.sol", here), "utf8");
  const input = {
    language: "Solidity",
    sources: { "TestContracts.sol": { content: source } },
    settings: {
      evmVersion: "cancun",
      optimizer: { enabled: true, runs: 1 },
      outputSelection: { "*": { "*": ["abi", "evm.bytecode.object"] } },
    },
  };
  const load = (path) => ({ contents: readFileSync(require.resolve(path), "utf8") });
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: load }));
  const faults = (output.errors ?? []).filter((it) => it.severity === "error");
  if (faults.length > 0) throw new Error(faults.map((it) => it.formattedMessage).join("\n"));
  return output.contracts["TestContracts.sol"];
}

async function freePort() {
  const server = createServer();
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

function run(...words) {
  return execFileSync(signer, words, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

const port = await freePort();
const anvil = spawn(
  process.execPath,
  [require.resolve("@foundry-rs/anvil/bin.mjs"), "--port", String(port), "--chain-id", "84532", "--silent"],
  { stdio: ["ignore", "ignore", "inherit"], detached: true },
);
let failed = false;
try {
  await main();
} catch (error) {
  failed = true;
  console.error(error);
} finally {
  try {
    process.kill(-anvil.pid, "SIGKILL");
  } catch {
    // It has ended already.
  }
  rmSync(folder, { recursive: true, force: true });
}
process.exit(failed ? 1 : 0);

async function main() {
  const transport = http(`http://127.0.0.1:${port}`);
  const client = createPublicClient({ chain: baseSepolia, transport, pollingInterval: 20 });
  const test = createTestClient({ mode: "anvil", chain: baseSepolia, transport });
  const wallet = createWalletClient({ chain: baseSepolia, transport });
  for (let left = 200; ; left -= 1) {
    if (await client.getChainId().catch(() => 0)) break;
    if (left === 0) throw new Error("anvil does not answer");
    await new Promise((done) => setTimeout(done, 50));
  }
  const [payer, beneficiary] = await wallet.getAddresses();
  const mined = async (hash) => {
    const receipt = await client.waitForTransactionReceipt({ hash });
    if (receipt.status !== "success") throw new Error(`transaction ${hash} failed`);
    return receipt;
  };
  const deploy = async (abi, bytecode, args = []) => {
    const hash = await wallet.deployContract({ account: payer, abi, bytecode, args });
    return (await mined(hash)).contractAddress;
  };
  const entryPointAbi = entryPointArtifact.abi;
  const deployed = await deploy(entryPointAbi, entryPointArtifact.bytecode);
  await test.setCode({ address: ENTRY_POINT, bytecode: await client.getCode({ address: deployed }) });

  // A test secret; its signer owns the account.
  const secret = join(folder, "secret");
  writeFileSync(secret, `${"51".repeat(32)}\n`, { mode: 0o600 });
  const identity = ["--project-id", "anvil-project", "--environment", "staging", "--chain", "base-sepolia"];
  const owner = JSON.parse(run("--json", "crossmint", "address", "--secret", secret, ...identity)).address;
  const contracts = compile();
  const bytecode = (name) => `0x${contracts[name].evm.bytecode.object}`;
  const account = await deploy(contracts.TestAccount.abi, bytecode("TestAccount"), [owner]);
  const token = await deploy(contracts.TestToken.abi, bytecode("TestToken"), [account]);
  const paymaster = await deploy(contracts.TestPaymaster.abi, bytecode("TestPaymaster"));
  for (const to of [account, paymaster]) {
    await mined(await wallet.sendTransaction({ account: payer, to, value: parseEther("1") }));
  }

  const execute = (calls) => {
    const abi = contracts.TestAccount.abi;
    const [{ to, value, data }] = calls;
    const args =
      calls.length === 1
        ? [pad("0x"), encodePacked(["address", "uint256", "bytes"], [to, value, data])]
        : [
            pad("0x01", { dir: "right" }),
            encodeAbiParameters(
              [{ type: "tuple[]", components: [{ type: "address" }, { type: "uint256" }, { type: "bytes" }] }],
              [calls.map((call) => [call.to, call.value, call.data])],
            ),
          ];
    return encodeFunctionData({ abi, functionName: "execute", args });
  };
  const packed = (operation) => ({
    sender: operation.sender,
    nonce: BigInt(operation.nonce),
    initCode: "0x",
    callData: operation.callData,
    accountGasLimits: concat([
      pad(operation.verificationGasLimit, { size: 16 }),
      pad(operation.callGasLimit, { size: 16 }),
    ]),
    preVerificationGas: BigInt(operation.preVerificationGas),
    gasFees: concat([
      pad(operation.maxPriorityFeePerGas, { size: 16 }),
      pad(operation.maxFeePerGas, { size: 16 }),
    ]),
    paymasterAndData: operation.paymaster
      ? concat([
          operation.paymaster,
          pad(operation.paymasterVerificationGasLimit, { size: 16 }),
          pad(operation.paymasterPostOpGasLimit, { size: 16 }),
          operation.paymasterData,
        ])
      : "0x",
    signature: operation.signature,
  });
  const inspect = (name, request, answer) => {
    const file = (suffix, value) => {
      const path = join(folder, `${name}-${suffix}.json`);
      writeFileSync(path, JSON.stringify(value));
      return path;
    };
    try {
      return JSON.parse(
        run(
          "--json", "crossmint", "inspect", "--answer", file("answer", answer), "--request", file("request", request),
          "--request-path", `/api/2025-06-09/wallets/${account}/transactions`, "--wallet", account,
          "--secret", secret, ...identity, "--role", "admin", "--max-fee", parseEther("1").toString(),
        ),
      );
    } catch (error) {
      if (error.status !== 1) throw new Error(`${name}: ${error.stderr}`);
      return JSON.parse(error.stdout);
    }
  };

  const balance = (address) => client.getBalance({ address });
  const tokens = (address) =>
    client.readContract({ address: token, abi: contracts.TestToken.abi, functionName: "balanceOf", args: [address] });
  const recipient = (digit) => pad(`0x${digit}`, { size: 20 });
  const pay = (to, value) => ({ to, value, data: "0x" });
  const transfer = (to, amount) => ({
    to: token,
    value: 0n,
    data: encodeFunctionData({ abi: contracts.TestToken.abi, functionName: "transfer", args: [to, amount] }),
  });
  const cases = [
    ["one payment", [pay(recipient("a1"), 5n)], false],
    ["one payment with a paymaster", [pay(recipient("a2"), 6n)], true],
    ["one token transfer", [transfer(recipient("a3"), 7n)], false],
    ["a batch with a paymaster", [pay(recipient("a4"), 8n), transfer(recipient("a4"), 9n)], true],
    ["a call with 10,000 bytes of data", [{ to: recipient("a5"), value: 1n, data: `0x${"7b".repeat(10_000)}` }], true],
  ];
  let executed = 0;
  let refused = 0;
  for (const [name, calls, sponsored] of cases) {
    // A nonce in the form of Kernel: root mode, with a validator's address that the account does not know.
    const key = BigInt("0x845adb2c711129d4f3966735ed98a9f09fc4ce57") * 65536n + 7n;
    const nonce = await client.readContract({
      address: ENTRY_POINT, abi: entryPointAbi, functionName: "getNonce", args: [account, key],
    });
    const operation = {
      sender: account,
      nonce: numberToHex(nonce),
      callData: execute(calls),
      callGasLimit: numberToHex(500_000n),
      verificationGasLimit: numberToHex(200_000n),
      preVerificationGas: numberToHex(300_000n),
      maxFeePerGas: numberToHex(3_000_000_000n),
      maxPriorityFeePerGas: numberToHex(1_000_000_000n),
      signature: "0x",
      ...(sponsored && {
        paymaster,
        paymasterVerificationGasLimit: numberToHex(100_000n),
        paymasterPostOpGasLimit: numberToHex(1n),
        paymasterData: "0xc0ffee",
      }),
    };
    const hash = await client.readContract({
      address: ENTRY_POINT, abi: entryPointAbi, functionName: "getUserOpHash", args: [packed(operation)],
    });
    const reference = { type: "server", address: owner, locator: `server:${owner}` };
    const request = {
      params: {
        calls: calls.map(({ to, value, data }) => ({ to, value: value.toString(), data })),
        chain: "base-sepolia",
        signer: reference.locator,
      },
    };
    const answer = {
      chainType: "evm",
      walletType: "smart",
      id: `operation-${executed}`,
      status: "awaiting-approval",
      onChain: { userOperation: operation, userOperationHash: hash },
      approvals: { pending: [{ signer: reference, message: hash }], submitted: [] },
    };
    const verdict = inspect(`case-${executed}`, request, answer);
    if (verdict.verdict !== "as_requested") throw new Error(`${name}: ${JSON.stringify(verdict)}`);
    const before = await Promise.all(calls.map(({ to }) => balance(to)));
    const signed = packed({ ...operation, signature: verdict.signature });
    const args = [[signed], beneficiary];
    const receipt = await mined(
      await wallet.writeContract({
        account: payer, address: ENTRY_POINT, abi: entryPointAbi, functionName: "handleOps", args, gas: 5_000_000n,
      }),
    );
    const succeeded = await client.getContractEvents({
      address: ENTRY_POINT, abi: entryPointAbi, eventName: "UserOperationEvent", blockHash: receipt.blockHash,
    });
    if (succeeded.length !== 1 || !succeeded[0].args.success || succeeded[0].args.userOpHash !== hash) {
      throw new Error(`${name}: the operation was not executed`);
    }
    for (const [at, { to, value }] of calls.entries()) {
      if ((await balance(to)) !== before[at] + value) throw new Error(`${name}: ${to} was not paid`);
    }
    executed += 1;

    // The same answer to another request is refused, and another operation under the approved signature fails.
    const other = structuredClone(request);
    other.params.calls[0].value = (BigInt(other.params.calls[0].value) + 1n).toString();
    const refusal = inspect(`other-${executed}`, other, answer);
    if (refusal.verdict !== "differs" || refusal.signature) throw new Error(`${name}: ${JSON.stringify(refusal)}`);
    const replayed = await client
      .simulateContract({ account: payer, address: ENTRY_POINT, abi: entryPointAbi, functionName: "handleOps", args })
      .then(() => true, () => false);
    if (replayed) throw new Error(`${name}: the chain takes the operation twice`);
    refused += 2;
  }
  if ((await tokens(recipient("a3"))) !== 7n || (await tokens(recipient("a4"))) !== 9n) {
    throw new Error("the tokens did not arrive");
  }
  if (owner === zeroAddress) throw new Error("no owner");
  console.log(`${executed} operations approved here were executed by the EntryPoint, ${refused} others were refused`);
}
