"""Compares vectors of typed data with eth-account, a library that shares no code with those that made them.

check.py FILE, one vector of `peer.mjs typed-data` a line. Prints how many agree and how many it refuses; fails if one differs.
"""

import json
import sys

from eth_account.messages import encode_typed_data
from eth_utils import keccak

STANDARD = {
    "name": "string",
    "version": "string",
    "chainId": "uint256",
    "verifyingContract": "address",
    "salt": "bytes32",
}


def integers(kind, value, types):
    """The value with its integers as integers, and without the members that no type names."""
    if kind.endswith("]"):
        return [integers(kind[: kind.rindex("[")], item, types) for item in value]
    if kind in types:
        return {it["name"]: integers(it["type"], value[it["name"]], types) for it in types[kind]}
    if kind.startswith(("uint", "int")):
        return int(value, 0) if isinstance(value, str) else value
    return value


agreed = refused = other_order = 0
for line in open(sys.argv[1], encoding="utf-8"):
    vector = json.loads(line)
    document = vector["typedData"]
    types = dict(document["types"])
    domain = document["domain"]
    members = [{"name": name, "type": kind} for name, kind in STANDARD.items() if name in domain]
    if types.setdefault("EIP712Domain", members) != members:
        other_order += 1  # eth-account hashes every domain in the order of the standard
        continue
    whole = {
        "types": types,
        "primaryType": document["primaryType"],
        "domain": integers("EIP712Domain", domain, types),
        "message": integers(document["primaryType"], document["message"], types),
    }
    try:
        message = encode_typed_data(full_message=whole)
    except Exception as error:  # it raises many kinds
        refused += 1
        print(f"refused: {error}", file=sys.stderr)
        continue
    digest = "0x" + keccak(b"\x19" + message.version + message.header + message.body).hex()
    if digest != vector["digest"]:
        sys.exit(f"eth-account has another digest {digest}: {line}")
    agreed += 1
print(f"{agreed} agree, {refused} refused, {other_order} have a domain in another order")
