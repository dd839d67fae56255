// What ECMAScript makes of random doubles and documents: node peer.mjs doubles|documents COUNT SEED
import canonicalize from "canonicalize";

const [task, count, seed] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];

// xorshift128: the same sequence for the same seed.
const state = new Uint32Array([seed ^ 0x9e3779b9, 0x243f6a88, 0xb7e15162, seed + 1]);
function random32() {
  let t = state[3];
  const s = state[0];
  state[3] = state[2];
  state[2] = state[1];
  state[1] = s;
  t ^= t << 11;
  t ^= t >>> 8;
  state[0] = t ^ s ^ (s >>> 19);
  return state[0];
}
for (let i = 0; i < 64; i++) random32();
const below = (n) => random32() % n;

const view = new DataView(new ArrayBuffer(8));
function double() {
  const shape = below(5);
  if (shape === 0) return below(2000000) - 1000000;
  if (shape === 1) return (below(2000000) - 1000000) / 10 ** below(12);
  if (shape === 2) return below(2 ** 31) * 2 ** below(40);
  if (shape === 3) return Number(`${below(10)}.${random32()}e${below(60) - 30}`);
  for (;;) {
    view.setUint32(0, random32());
    view.setUint32(4, random32());
    const value = view.getFloat64(0);
    if (Number.isFinite(value)) return value;
  }
}

const letters = ["a", "Z", "0", "_", "\"", "\\", "/", "\n", "\t", "\u0000", "\u001f", "\u007f", "\u0080", "é", "€",
  "\u2028", "\ud7ff", "\ue000", "\ufb33", "\uffff", "😀", "\u{10000}", "\u{10ffff}", "__proto__"];
function text() {
  let out = "";
  for (let left = below(7); left > 0; left--) {
    const code = below(0xd800);
    out += below(3) === 0 ? String.fromCharCode(code) : letters[below(letters.length)];
  }
  return out;
}

function value(depth) {
  switch (below(depth > 5 ? 5 : 8)) {
    case 0: return null;
    case 1: return below(2) === 0;
    case 2: case 3: return double();
    case 4: return text();
    case 5: return Array.from({ length: below(5) }, () => value(depth + 1));
    default: {
      const members = new Map();
      for (let left = below(6); left > 0; left--) members.set(text(), value(depth + 1));
      return Object.fromEntries(members);
    }
  }
}

let buffer = "";
function line(input, output) {
  buffer += `${input}\t${output}\n`;
  if (buffer.length > 1 << 16) {
    process.stdout.write(buffer);
    buffer = "";
  }
}

for (let i = 0; i < count; i++) {
  if (task === "doubles") {
    const it = double();
    view.setFloat64(0, it);
    line(view.getBigUint64(0).toString(16), JSON.stringify(it));
  } else {
    const it = value(0);
    line(JSON.stringify(it), canonicalize(it));
  }
}
process.stdout.write(buffer);
