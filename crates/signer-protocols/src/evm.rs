//! EVM bytes for all providers: EIP-712 typed data, the contract ABI, transactions.
