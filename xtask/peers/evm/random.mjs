// The same sequence of values for the same seed (xorshift128).
export class Random {
  constructor(seed) {
    this.state = new Uint32Array([seed ^ 0x9e3779b9, 0x243f6a88, 0xb7e15162, seed + 1]);
    for (let i = 0; i < 64; i++) this.next();
  }
  next() {
    const state = this.state;
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
  below(n) {
    return this.next() % n;
  }
  one(list) {
    return list[this.below(list.length)];
  }
  chance(percent) {
    return this.below(100) < percent;
  }
  hex(bytes) {
    let out = "0x";
    for (let i = 0; i < bytes; i++) out += (this.next() & 255).toString(16).padStart(2, "0");
    return out;
  }
  // An integer of 0 to `max`: often near a bound.
  bigint(max) {
    const shape = this.below(6);
    if (shape === 0) return 0n;
    if (shape === 1) return max;
    if (shape === 2) return BigInt(this.below(1000)) % (max + 1n);
    return BigInt(this.hex(32)) % (max + 1n);
  }
}
