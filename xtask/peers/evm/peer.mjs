// Vectors of EVM bytes, one JSON value a line: node peer.mjs typed-data|transactions|calls COUNT SEED, or
// node peer.mjs refused
import { Random } from "./random.mjs";
import * as calls from "./calls.mjs";
import * as refused from "./refused.mjs";
import * as transactions from "./transactions.mjs";
import * as typedData from "./typed_data.mjs";

const [task, count, seed] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const random = new Random(seed);
const tasks = {
  "typed-data": () => typedData.vector(random),
  transactions: (at) => transactions.vector(random, at % 5),
  calls: () => calls.vector(random),
};
const text = (_, value) => (typeof value === "bigint" ? value.toString() : value);
if (task === "refused") refused.vectors().forEach((vector) => console.log(JSON.stringify(vector)));
for (let found = 0, at = 0; found < count; at++) {
  const vector = await tasks[task](at);
  if (vector === undefined) continue;
  console.log(JSON.stringify(vector, text));
  found += 1;
}
