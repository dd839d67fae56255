//! What comes from elsewhere: bans, licences, sources, and advisories where a database is at hand.

use crate::{programs, shell};

pub(crate) fn deny() -> Result<(), String> {
    programs::install("cargo-deny")?;
    shell::run("cargo deny --all-features check bans licenses sources")?;
    // A version of jsonwebtoken with the confusion of types must be refused by name.
    let rule = shell::output("grep -c jsonwebtoken.*<10.3 deny.toml");
    if rule.is_err() {
        return Err("deny: deny.toml no longer bans jsonwebtoken < 10.3".into());
    }
    let advisories = shell::command("cargo deny --offline check advisories").output();
    let checked = match advisories {
        Ok(output) if output.status.success() => "advisories, too",
        Ok(output) if !lacks_database(&output.stderr) => {
            return Err(format!("deny: {}", String::from_utf8_lossy(&output.stderr)));
        }
        _ => "advisories not: no database is at hand",
    };
    println!("bans, licences and sources hold; {checked}");
    Ok(())
}

/// Whether it was the way to the advisories that failed, and not what they say.
fn lacks_database(log: &[u8]) -> bool {
    let log = String::from_utf8_lossy(log);
    log.contains("advisory database") || log.contains("advisory-db")
}
