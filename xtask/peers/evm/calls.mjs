// Random calls of contract functions whose bytes viem and ethers encode alike.
import { Interface } from "ethers";
import { encodeFunctionData } from "viem";
import { brackets, elementary, value } from "./values.mjs";

function parameter(random, name, depth) {
  if (depth < 2 && random.chance(20)) {
    const components = Array.from({ length: 1 + random.below(3) }, (_, at) => parameter(random, `m${at}`, depth + 1));
    return { name, type: `tuple${brackets(random)}`, components };
  }
  return { name, type: elementary(random) + brackets(random) };
}

function argument(random, { type, components }) {
  return value(random, type, () => Object.fromEntries(components.map((it) => [it.name, argument(random, it)])));
}

// Every integer as viem takes it.
function exact(type, components, argument) {
  const array = /^(.*)\[\d*\]$/.exec(type);
  if (array) return argument.map((item) => exact(array[1], components, item));
  if (type === "tuple") return Object.fromEntries(components.map((it) => [it.name, exact(it.type, it.components, argument[it.name])]));
  return /^u?int/.test(type) ? BigInt(argument) : argument;
}

export function vector(random) {
  const inputs = Array.from({ length: random.below(5) }, (_, at) => parameter(random, `p${at}`, 0));
  const functionName = random.one(["f", "mint", "batch_2"]);
  const abi = [{ type: "function", name: functionName, stateMutability: "payable", inputs, outputs: [] }];
  const args = inputs.map((input) => argument(random, input));
  const exactly = inputs.map((input, at) => exact(input.type, input.components, args[at]));
  const data = encodeFunctionData({ abi, functionName, args: exactly });
  const other = new Interface(abi).encodeFunctionData(functionName, exactly);
  if (data !== other) throw new Error(`viem ${data}, ethers ${other}`);
  return { abi: [{ type: "function", name: functionName, inputs }], functionName, args, data };
}
