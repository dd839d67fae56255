//! Whose address it is.

use std::sync::Arc;

use signer_server::{ClaimedOwnership, HttpOwnership, ListedOwnership, Ownership, PrivyOwnership};

use super::callers::Callers;
use crate::commands::serve::settings::Settings;

const MAX_LIST_BYTES: usize = 64 << 20;

#[derive(Clone, Copy)]
enum OwnershipKind {
    File,
    Claims,
    Http,
    Privy,
}

pub(super) fn ownership(
    settings: &mut Settings,
    callers: Option<&Callers>,
) -> Option<Arc<dyn Ownership>> {
    let kinds = [
        ("file", OwnershipKind::File),
        ("claims", OwnershipKind::Claims),
        ("http", OwnershipKind::Http),
        ("privy", OwnershipKind::Privy),
    ];
    match settings.required_choice("ownership.kind", &kinds)? {
        OwnershipKind::File => {
            let list = settings.file("ownership.file", MAX_LIST_BYTES)?;
            let list = settings.keep("ownership.file", listed(list, callers))?;
            Some(Arc::new(list))
        }
        OwnershipKind::Claims => match callers {
            Some(Callers::Token(callers)) if callers.lists_addresses() => {
                Some(Arc::new(ClaimedOwnership))
            }
            _ => settings.fault(
                "ownership.kind",
                "claims needs callers.addresses_claim, or callers.identity_token with privy",
            ),
        },
        OwnershipKind::Http => {
            let url = settings.required("ownership.url");
            let secret = match settings.text("ownership.secret") {
                Some(_) => Some(settings.secret_text("ownership.secret")?),
                None => None,
            };
            let check = HttpOwnership::new(&url?, secret.as_ref());
            Some(Arc::new(settings.keep("ownership.url", check)?))
        }
        OwnershipKind::Privy => {
            let base = settings.text("ownership.base");
            let base = base.as_deref().unwrap_or(PrivyOwnership::BASE);
            let app_id = settings.required("ownership.app_id");
            let secret = settings.secret_text("ownership.app_secret");
            let records = PrivyOwnership::new(base, &app_id?, &secret?);
            Some(Arc::new(settings.keep("ownership.base", records)?))
        }
    }
}

fn listed(list: Vec<u8>, callers: Option<&Callers>) -> Result<ListedOwnership, String> {
    let text = String::from_utf8(list).map_err(|_| "not utf-8")?;
    let owned = ListedOwnership::parse(&text)
        .map_err(|line| format!("line {line} must be a caller, white space and an address"))?;
    match callers {
        Some(Callers::Bearer(_, caller)) if !owned.lists(caller) => {
            Err("no line gives the caller an address".into())
        }
        _ => Ok(owned),
    }
}
