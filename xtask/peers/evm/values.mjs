// Random types of Solidity and values of them, as JSON.
import { getAddress } from "viem";

const texts = ["", "a", "Hello, Bob!", "Grüße 🚀", "\u0000", "\"quoted\" \\ \n", "0x00", "x".repeat(70)];

export function address(random) {
  const text = random.hex(20);
  return random.chance(70) ? getAddress(text) : text;
}

export function elementary(random) {
  const kind = random.below(9);
  if (kind === 0) return "address";
  if (kind === 1) return "bool";
  if (kind === 2) return "bytes";
  if (kind === 3) return "string";
  if (kind === 4) return `bytes${1 + random.below(32)}`;
  if (kind < 7) return random.chance(40) ? "uint256" : `uint${8 * (1 + random.below(32))}`;
  return random.chance(40) ? "int256" : `int${8 * (1 + random.below(32))}`;
}

export function brackets(random) {
  let out = "";
  while (random.chance(25) && out.length < 8) out += random.chance(50) ? "[]" : `[${1 + random.below(3)}]`;
  return out;
}

// A value of a type; `struct` makes one of a type that is not elementary.
export function value(random, type, struct) {
  const array = /^(.*)\[(\d*)\]$/.exec(type);
  if (array) {
    const length = array[2] === "" ? random.below(3) : Number(array[2]);
    return Array.from({ length }, () => value(random, array[1], struct));
  }
  if (type === "address") return address(random);
  if (type === "bool") return random.chance(50);
  if (type === "bytes") return random.hex(random.one([0, 1, 31, 32, 33]));
  if (type === "string") return random.one(texts);
  const sized = /^(bytes|uint|int)(\d+)$/.exec(type);
  if (!sized) return struct(type);
  const size = BigInt(sized[2]);
  if (sized[1] === "bytes") return random.hex(Number(size));
  const integer = sized[1] === "uint" ? random.bigint((1n << size) - 1n) : signed(random, size);
  if (integer < 2n ** 53n && integer > -(2n ** 53n) && random.chance(60)) return Number(integer);
  return integer >= 0n && random.chance(40) ? `0x${integer.toString(16)}` : integer.toString();
}

function signed(random, size) {
  const half = 1n << (size - 1n);
  return random.chance(50) ? random.bigint(half - 1n) : -1n - random.bigint(half - 1n);
}
