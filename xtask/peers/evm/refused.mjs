// Documents that must be refused, each an acceptable one with one change. `throwing` names the libraries that refuse it, too.
import { hashes } from "./typed_data.mjs";

const domain = { name: "Ether Mail", version: "1", chainId: 1, verifyingContract: "0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC" };
const domainType = [
  { name: "name", type: "string" }, { name: "version", type: "string" },
  { name: "chainId", type: "uint256" }, { name: "verifyingContract", type: "address" },
];
const person = [{ name: "name", type: "string" }, { name: "wallet", type: "address" }];
const bob = { name: "Bob", wallet: "0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB" };

function one(type, value, types = {}) {
  return { types: { T: [{ name: "a", type }], Person: person, ...types }, domain, primaryType: "T", message: { a: value } };
}

function member(name, message = {}) {
  return { types: { T: [{ name, type: "uint8" }] }, domain, primaryType: "T", message: { [name]: 1, ...message } };
}

function withDomain(domain, type) {
  const types = { T: [{ name: "a", type: "bool" }], ...(type && { EIP712Domain: type }) };
  return { types, domain, primaryType: "T", message: { a: true } };
}

function without(name) {
  const { [name]: _, ...rest } = one("bool", true);
  return rest;
}

const wallet = (text) => one("Person", { ...bob, wallet: text });
const cases = [
  ["a uint8 of 256", "message.a", one("uint8", 256)],
  ["a uint8 of -1", "message.a", one("uint8", -1)],
  ["a uint256 of -1 as text", "message.a", one("uint256", "-1")],
  ["a uint256 of 2^256", "message.a", one("uint256", (2n ** 256n).toString())],
  ["an int8 of 128", "message.a", one("int8", 128)],
  ["an int8 of -129", "message.a", one("int8", "-129")],
  ["an int8 of 0xff", "message.a", one("int8", "0xff")],
  ["a number of 2^53", "message.a", one("uint256", 2 ** 53)],
  ["a number of -2^53", "message.a", one("int256", -(2 ** 53))],
  ["a number of 1e21", "message.a", one("uint256", 1e21)],
  ["a number with a fraction", "message.a", one("uint256", 1.5)],
  ["an empty text as an integer", "message.a", one("uint256", "")],
  ["an integer with spaces", "message.a", one("uint256", " 7 ")],
  ["an integer with an exponent", "message.a", one("uint256", "1e3")],
  ["an integer that is true", "message.a", one("uint256", true)],
  ["0x without digits", "message.a", one("uint256", "0x")],
  ["an array as an integer", "message.a", one("uint256", ["7"])],
  ["a boolean as 1", "message.a", one("bool", 1)],
  ["a boolean as text", "message.a", one("bool", "false")],
  ["a string as a number", "message.a", one("string", 7)],
  ["bytes4 of three bytes", "message.a", one("bytes4", "0x010203")],
  ["bytes4 of five bytes", "message.a", one("bytes4", "0x0102030405")],
  ["bytes as plain text", "message.a", one("bytes", "text")],
  ["bytes with half a byte", "message.a", one("bytes", "0x123")],
  ["bytes as a list", "message.a", one("bytes", [1, 2])],
  ["an address with a wrong checksum", "message.a.wallet", wallet("0xBBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB")],
  ["an address of 19 bytes", "message.a.wallet", wallet(`0x${"1".repeat(38)}`)],
  ["an address without 0x", "message.a.wallet", wallet("1".repeat(40))],
  ["a name instead of an address", "message.a.wallet", wallet("vitalik.eth")],
  ["a null struct", "message.a", one("Person", null)],
  ["a null string", "message.a", one("string", null)],
  ["a null in an array", "message.a[1]", one("Person[]", [bob, null])],
  ["a missing member", "message.a.wallet", one("Person", { name: "Bob" })],
  ["a struct as a list", "message.a", one("Person", ["Bob", bob.wallet])],
  ["a list as a struct", "message.a", one("uint8[]", { 0: 1 })],
  ["a fixed array with an item less", "message.a", one("uint8[3]", [1, 2])],
  ["a fixed array with an item more", "message.a[1]", one("uint8[2][]", [[1, 2], [1, 2, 3]])],
  ["the alias uint", "types.T.a", one("uint", 1)],
  ["the alias int", "types.T.a", one("int", 1)],
  ["uint7", "types.T.a", one("uint7", 1)],
  ["bytes33", "types.T.a", one("bytes33", `0x${"00".repeat(33)}`)],
  ["an undefined struct", "types.T.a", one("Nobody", {})],
  ["an undefined primary type", "primaryType", { ...one("bool", true), primaryType: "U" }],
  ["an elementary primary type", "primaryType", { ...one("bool", true), primaryType: "bool" }],
  ["an array as the primary type", "primaryType", { ...one("bool", true), primaryType: "T[]" }],
  ["the domain as the primary type", "primaryType", { ...one("bool", true), primaryType: "EIP712Domain" }],
  ["a struct with the name of an elementary type", "types.T.a", one("address", bob, { address: person })],
  ["a struct with the name uint", "types.uint", one("uint", bob, { uint: person })],
  ["a type with a comma", "types.T.a", one("Person,bool b", bob, { "Person,bool b": person })],
  ["a member twice", "types.T.a", one("bool", true, { T: [{ name: "a", type: "bool" }, { name: "a", type: "bool" }] })],
  ["a member name with a comma", "types.T[\"a,uint8 b\"]", member("a,uint8 b")],
  ["an empty member name", "types.T[\"\"]", member("")],
  ["a member without a type", "types.T", one("bool", true, { T: [{ name: "a" }] })],
  ["types of a struct as an object", "types.T", one("bool", true, { T: { a: "bool" } })],
  ["an open bracket", "types.T.a", one("uint8[", [1])],
  ["an unknown member of the domain", "domain.chain", withDomain({ ...domain, chain: 1 })],
  ["a null member of the domain", "domain.salt", withDomain({ ...domain, salt: null })],
  ["a domain that its type does not list in full", "domain.version", withDomain(domain, domainType.filter(({ name }) => name !== "version"))],
  ["a domain without a listed member", "domain.salt", withDomain(domain, [...domainType, { name: "salt", type: "bytes32" }])],
  ["a domain with another type of a member", "types.EIP712Domain.chainId", withDomain(domain, domainType.map((it) => ({ ...it, type: it.name === "chainId" ? "string" : it.type })))],
  ["a chain id of 2^53", "domain.chainId", withDomain({ ...domain, chainId: 2 ** 53 })],
  ["a domain as a list", "domain", withDomain([])],
  ["no types", "types", without("types")],
  ["no domain", "domain", without("domain")],
  ["no primary type", "primaryType", without("primaryType")],
  ["no message", "message", without("message")],
];

export function vectors() {
  return cases.map(([note, path, typedData]) => {
    let found = {};
    try {
      found = hashes(typedData, typedData.types?.EIP712Domain ?? domainType);
    } catch {
      // Not even the types can be read: all of them refuse it.
    }
    const throwing = ["viem", "ethers", "metamask"].filter((name) => !found[name]);
    return { note, path, throwing, typedData };
  });
}
