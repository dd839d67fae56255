// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Account} from "@openzeppelin/contracts/account/Account.sol";
import {AccountERC7579} from "@openzeppelin/contracts/account/extensions/draft-AccountERC7579.sol";
import {IEntryPoint, IPaymaster, PackedUserOperation} from "@openzeppelin/contracts/interfaces/draft-IERC4337.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

IEntryPoint constant ENTRY_POINT = IEntryPoint(0x0000000071727De22E5E9d8BAf0edAc6f37da032);

/// An ERC-7579 account of one owner, who signs the EIP-191 form of the operation's hash, as Kernel's ECDSA validator
/// takes it.
contract TestAccount is AccountERC7579 {
    address private immutable owner;

    constructor(address owner_) {
        owner = owner_;
    }

    receive() external payable override {}

    function entryPoint() public pure override returns (IEntryPoint) {
        return ENTRY_POINT;
    }

    function _signableUserOpHash(PackedUserOperation calldata, bytes32 hash) internal pure override returns (bytes32) {
        return MessageHashUtils.toEthSignedMessageHash(hash);
    }

    function _rawSignatureValidation(bytes32 hash, bytes calldata signature) internal view override returns (bool) {
        (address signer, ECDSA.RecoverError fault, ) = ECDSA.tryRecover(hash, signature);
        return fault == ECDSA.RecoverError.NoError && signer == owner;
    }
}

/// A paymaster that pays for every operation.
contract TestPaymaster is IPaymaster {
    receive() external payable {
        (bool sent, ) = address(ENTRY_POINT).call{value: msg.value}(
            abi.encodeWithSignature("depositTo(address)", address(this))
        );
        require(sent);
    }

    function validatePaymasterUserOp(PackedUserOperation calldata, bytes32, uint256)
        external
        pure
        returns (bytes memory, uint256)
    {
        return ("", 0);
    }

    function postOp(PostOpMode, bytes calldata, uint256, uint256) external {}
}

contract TestToken is ERC20("Test", "TST") {
    constructor(address holder) {
        _mint(holder, 1_000_000);
    }
}
