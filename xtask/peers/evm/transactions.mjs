// Random transactions, unsigned and signed, on which viem and ethers agree.
import { Signature, SigningKey, Transaction, Wallet, computeAddress, hashAuthorization as ethersHash } from "ethers";
import { keccak256, recoverTransactionAddress, serializeTransaction } from "viem";
import { hashAuthorization } from "viem/utils";
import { address } from "./values.mjs";

const KINDS = ["legacy", "eip2930", "eip1559", "eip4844", "eip7702"];
const U64 = (1n << 64n) - 1n;

function equal(name, left, right) {
  if (left !== right) throw new Error(`${name}: viem ${left}, ethers ${right}`);
  return left;
}

function accessList(random) {
  return Array.from({ length: random.below(3) }, () => ({
    address: address(random),
    storageKeys: Array.from({ length: random.below(3) }, () => random.hex(32)),
  }));
}

function authorization(random) {
  const key = new SigningKey(random.hex(32));
  const fields = {
    chainId: random.below(100000), address: address(random), nonce: random.below(1000000),
  };
  const hash = equal("authorization", hashAuthorization(fields), ethersHash(fields));
  return { ...fields, signature: key.sign(hash), hash, account: computeAddress(key) };
}

export async function vector(random, type) {
  const fees = (1n << 96n) - 1n;
  const chainId = type === 0 && random.chance(30) ? undefined : 1 + random.below(2 ** 31);
  const fields = {
    nonce: random.chance(20) ? 0 : random.below(2 ** 31),
    gasLimit: random.bigint(U64 >> 1n),
    to: type < 3 && random.chance(10) ? undefined : address(random),
    value: random.bigint((1n << 256n) - 1n),
    data: random.hex(random.one([0, 0, 1, 4, 36, 55, 56, 68, 300])),
  };
  if (type < 2) fields.gasPrice = random.bigint(fees);
  else {
    fields.maxFeePerGas = random.bigint(fees);
    fields.maxPriorityFeePerGas = fields.maxFeePerGas && random.bigint(fields.maxFeePerGas);
  }
  if (type > 0) fields.accessList = accessList(random);
  if (type === 3) {
    fields.maxFeePerBlobGas = random.bigint(fees);
    fields.blobVersionedHashes = Array.from({ length: 1 + random.below(3) }, () => `0x01${random.hex(31).slice(2)}`);
  }
  const authorizations = type === 4 ? Array.from({ length: 1 + random.below(2) }, () => authorization(random)) : [];

  const ethers = Transaction.from({ ...fields, type, chainId: chainId ?? 0, ...(type === 4 && { authorizationList: authorizations }) });
  const viem = { ...fields, type: KINDS[type], gas: fields.gasLimit, chainId };
  if (type === 4) {
    viem.authorizationList = authorizations.map(({ chainId, address, nonce, signature }) => ({
      chainId, address, nonce, r: signature.r, s: signature.s, yParity: signature.yParity,
    }));
  }
  const unsigned = equal("unsigned", serializeTransaction(viem), ethers.unsignedSerialized);
  const signingHash = equal("signing hash", keccak256(unsigned), ethers.unsignedHash);
  const wallet = new Wallet(random.hex(32));
  ethers.signature = Signature.from(wallet.signingKey.sign(signingHash));
  const { r, s, yParity, v } = ethers.signature;
  const signed = equal("signed", serializeTransaction(viem, { r, s, yParity, v: BigInt(v) }), ethers.serialized);
  const sender = equal("sender", await recoverTransactionAddress({ serializedTransaction: signed }), wallet.address);
  return {
    type, chainId: chainId ?? null, ...fields, to: fields.to ?? null,
    ...(type === 4 && { authorizations: authorizations.map(({ signature, ...rest }) => ({ ...rest, yParity: signature.yParity })) }),
    unsigned, signingHash, signature: ethers.signature.serialized, signed, hash: keccak256(signed), sender,
  };
}
