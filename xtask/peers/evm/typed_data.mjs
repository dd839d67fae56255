// Random documents of EIP-712 with the hashes on which viem, ethers and eth-sig-util agree.
import { SignTypedDataVersion, TypedDataUtils } from "@metamask/eth-sig-util";
import { TypedDataEncoder } from "ethers";
import { hashDomain, hashStruct, hashTypedData, keccak256, toHex } from "viem";
import { address, brackets, elementary, value } from "./values.mjs";

const STANDARD = {
  name: "string", version: "string", chainId: "uint256", verifyingContract: "address", salt: "bytes32",
};

function shuffle(random, list) {
  for (let i = list.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [list[i], list[j]] = [list[j], list[i]];
  }
  return list;
}

export function document(random) {
  const names = shuffle(random, ["Mail", "Person", "Asset", "_Item", "Zed", "aa"]).slice(0, 1 + random.below(4));
  const types = {};
  names.forEach((name, at) => {
    const count = random.chance(5) ? 0 : 1 + random.below(4);
    types[name] = Array.from({ length: count }, (_, member) => {
      const later = names.slice(at + 1);
      const base = later.length && random.chance(45) ? random.one(later) : elementary(random);
      return { name: `${random.one(["a", "from", "To", "_x", "value"])}${member}`, type: base + brackets(random) };
    });
  });
  const recursive = random.chance(10);
  if (recursive) types[names[0]].push({ name: "children", type: `${names[0]}[]` });
  let depth = 0;
  const struct = (name) => {
    depth += 1;
    const out = {};
    for (const member of types[name]) {
      out[member.name] = depth > 3 && member.name === "children" ? [] : value(random, member.type, struct);
    }
    depth -= 1;
    return out;
  };
  const message = struct(names[0]);
  if (random.chance(15)) message.unnamed = random.one([null, 1.5, { x: null }]);
  const domain = {};
  for (const [name, type] of Object.entries(STANDARD)) {
    if (random.chance(name === "salt" ? 20 : 75)) domain[name] = value(random, type);
  }
  if (domain.verifyingContract) domain.verifyingContract = address(random);
  const declared = random.chance(50);
  const listed = Object.keys(domain).map((name) => ({ name, type: STANDARD[name] }));
  const domainType = declared && random.chance(30) ? shuffle(random, listed) : listed;
  const shown = random.chance(50) ? { ...types } : Object.fromEntries(shuffle(random, Object.entries(types)));
  if (declared) shown.EIP712Domain = domainType;
  return { json: { types: shown, domain, primaryType: names[0], message }, domainType };
}

// The types that the primary type reaches: ethers takes no others.
function reached(types, name, out = {}) {
  out[name] = types[name];
  for (const member of types[name]) {
    const base = member.type.replace(/\[.*$/, "");
    if (types[base] && !out[base]) reached(types, base, out);
  }
  return out;
}

function attempt(call) {
  try {
    return call();
  } catch {
    return undefined;
  }
}

// The hashes by each library; undefined where it refuses the document.
export function hashes({ types: shown, domain, primaryType, message }, domainType) {
  const types = { ...shown, EIP712Domain: domainType };
  const complete = { types, domain, primaryType, message };
  const standard = domainType.every(
    ({ name }, at) => at === 0 || Object.keys(STANDARD).indexOf(name) > Object.keys(STANDARD).indexOf(domainType[at - 1].name),
  );
  const { EIP712Domain: _, ...structs } = types;
  const needed = reached(structs, primaryType);
  const version = SignTypedDataVersion.V4;
  const libraries = {
    viem: attempt(() => ({
      digest: hashTypedData(complete),
      domainSeparator: hashDomain({ domain, types }),
      messageHash: hashStruct({ data: message, primaryType, types }),
    })),
    ethers: standard && attempt(() => ({
      digest: TypedDataEncoder.hash(domain, needed, message),
      domainSeparator: TypedDataEncoder.hashDomain(domain),
      messageHash: TypedDataEncoder.hashStruct(primaryType, needed, message),
      encodedType: TypedDataEncoder.from(needed).encodeType(primaryType),
    })),
    metamask: attempt(() => ({
      digest: toHex(TypedDataUtils.eip712Hash(complete, version)),
      domainSeparator: toHex(TypedDataUtils.hashStruct("EIP712Domain", domain, types, version)),
      messageHash: toHex(TypedDataUtils.hashStruct(primaryType, message, types, version)),
      encodedType: TypedDataUtils.encodeType(primaryType, types),
    })),
  };
  return Object.fromEntries(Object.entries(libraries).filter(([, found]) => found));
}

// One entry of the vectors; undefined if fewer than two libraries take the document. Throws if two disagree.
export function vector(random) {
  const { json, domainType } = document(random);
  const found = hashes(json, domainType);
  if (Object.keys(found).length < 2) return undefined;
  const agreed = {};
  for (const [library, values] of Object.entries(found)) {
    for (const [name, text] of Object.entries(values)) {
      agreed[name] ??= text;
      if (agreed[name] !== text) throw new Error(`${library} has another ${name}: ${JSON.stringify(json)}`);
    }
  }
  if (!agreed.encodedType) return undefined;
  agreed.typeHash = keccak256(toHex(agreed.encodedType));
  return { libraries: Object.keys(found), typedData: json, ...agreed };
}
