//! Executes operations that the program approved on a local chain with the real `EntryPoint`.
//!
//! No package has the byte code of Kernel. An ERC-7579 account of `OpenZeppelin` stands in its place: it takes
//! the same call data and the same signature, but it does not check the deployment or Kernel's nonce.

use crate::{programs, shell};

pub(crate) fn run() -> Result<(), String> {
    programs::require(&["node", "npm"])?;
    let signer = shell::build_signer(shell::Profile::Dev)?;
    let peers = shell::root().join("xtask/peers/anvil");
    let mut install = shell::command("npm ci --no-audit --no-fund --silent --ignore-scripts");
    install.current_dir(&peers);
    shell::run_command(install)?;
    let mut node = shell::command("timeout 300 node execute.mjs");
    node.arg(signer).current_dir(&peers);
    shell::run_command(node)
}
