use super::{MERCHANT, REQUEST, folder, private_file, run};

/// A secret with something wrong, to each command that reads one: nothing of it is shown.
#[test]
fn refusals_do_not_tell_secrets() {
    let folder = folder("refusals");
    std::fs::write(folder.join("request"), REQUEST).unwrap();
    let canary = "c4a7c4a7c4a7c4a7c4a7c4a7c4a7c4a7c4a7c4a7c4a7c4a7c4a7c4a7c4a7c4a";
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{canary}\n-----END PRIVATE KEY-----\n");
    let wrapped = format!("KEY=\"wallet-auth:{canary}\"\n");
    for text in
        [canary, &pem, &wrapped, &format!("whsec_{canary}"), &format!("sk_staging_{canary}")]
    {
        private_file(&folder, "bad", text);
        for arguments in [
            &[
                "crossmint",
                "address",
                "--secret",
                "bad",
                "--project-id",
                "p",
                "--environment",
                "staging",
                "--chain",
                "base",
            ][..],
            &[
                "crossmint",
                "sign",
                "--secret",
                "bad",
                "--project-id",
                "p",
                "--environment",
                "staging",
                "--chain",
                "base",
                "--message",
                "0x00",
            ],
            &["crossmint", "api-key", "--api-key", "bad"],
            &["privy", "public-key", "--key", "bad"],
            &[
                "privy",
                "sign",
                "--key",
                "bad",
                "--app-id",
                "a",
                "--method",
                "POST",
                "--url",
                "https://x",
            ],
            &[
                "privy",
                "webhook",
                "--secret",
                "bad",
                "--id",
                "i",
                "--timestamp",
                "1",
                "--signature",
                "s",
                "--body",
                "request",
            ],
            &["blink", "sign", "--key", "bad", "--merchant-id", MERCHANT, "--request", "request"],
            &["abstraxn", "public-key", "--access-key", "bad"],
            &["abstraxn", "stamp", "--access-key", "bad", "--body", "request"],
        ] {
            let output = run(&folder, arguments);
            assert_eq!(output.status.code(), Some(1), "{arguments:?}");
            for shown in [&output.stdout, &output.stderr] {
                let shown = String::from_utf8_lossy(shown);
                assert!(!shown.contains("c4a7c4"), "{arguments:?}: {shown}");
            }
            assert!(output.stdout.is_empty() || arguments.contains(&"webhook"));
        }
    }
}

/// A secret where its place was asked for: the mistake is named, the secret is not shown.
#[test]
fn secrets_given_as_arguments_are_not_shown() {
    let folder = folder("arguments");
    let hex = "c4a7".repeat(16);
    let base64 = "c4a7+/C4".repeat(20);
    for secret in [
        hex.clone(),
        format!("xmsk1_{hex}"),
        format!("wallet-auth:{base64}"),
        format!("MIG{base64}"),
        format!("whsec_{}", &base64[..24]),
        format!("sk_staging_{}", &base64[..8]),
        format!("env:{hex}"),
        format!("-----BEGIN PRIVATE KEY-----\n{base64}\n-----END PRIVATE KEY-----\n"),
    ] {
        for arguments in [
            &[
                "crossmint",
                "address",
                "--project-id",
                "p",
                "--environment",
                "staging",
                "--chain",
                "base",
                "--secret",
            ][..],
            &["crossmint", "api-key", "--api-key"],
            &["privy", "public-key", "--key"],
            &[
                "privy",
                "webhook",
                "--id",
                "i",
                "--timestamp",
                "1",
                "--signature",
                "s",
                "--body",
                "-",
                "--secret",
            ],
            &["abstraxn", "public-key", "--access-key"],
            &["abstraxn", "public-key"],
            &["crossmint", "address", "--scheme"],
        ] {
            let output = run(&folder, &[arguments, &[&secret]].concat());
            assert_ne!(output.status.code(), Some(0));
            let shown = String::from_utf8_lossy(&output.stderr);
            assert!(!shown.to_lowercase().contains("c4a7"), "{arguments:?}: {shown}");
            assert!(output.stdout.is_empty());
        }
    }
}

/// Short ones of no known form: a word that is no path, and one that is no name of a variable.
#[test]
fn words_given_for_secrets_are_not_shown() {
    let folder = folder("words");
    for arguments in [["privy", "public-key", "--key"], ["abstraxn", "public-key", "--access-key"]]
    {
        for secret in ["hunter2", "env:hunter2"] {
            let output = run(&folder, &[&arguments[..], &[secret]].concat());
            let shown = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(1), "{shown}");
            assert!(!shown.contains("hunter2") && shown.contains("not shown"), "{shown}");
        }
    }
}
