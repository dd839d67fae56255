use alloc::format;
use alloc::vec::Vec;

use signer_core::address::evm::Address;

use super::super::super::verify::Finding;
use super::super::kernel::{Call, INSTALL_VALIDATIONS, Reader};
use super::{ECDSA_SIGNER, NewSigner, PERMISSION, SUDO_POLICY, arguments_of, encode, form};
use super::permission_of;
use crate::evm::abi::{self, Value};
use crate::hex::encode_0x;

/// The most policies of a permission that are read.
const MAX_MODULES: usize = 32;

/// One validation of `installValidations`.
pub(in super::super) struct Installation {
    /// Type, id and zeros.
    pub(super) id: [u8; 21],
    hook: Address,
    has_hook_data: bool,
    /// Policies, and the signer as the last one. `None` if the data is not a canonical list.
    modules: Option<Vec<Module>>,
}

/// `flag(2) ‖ module(20) ‖ data`
struct Module {
    flag: [u8; 2],
    address: Address,
    data: Vec<u8>,
}

impl Installation {
    /// Checks that a call installs a permission of the new signer.
    pub(super) fn check(
        call: &Call,
        signer: &NewSigner,
        findings: &mut Vec<Finding>,
    ) -> Option<Self> {
        let name = "installValidations";
        let arguments = arguments_of(call, INSTALL_VALIDATIONS, name, findings)?;
        let Some(installation) = Self::decode(arguments) else {
            findings.push(match count(arguments) {
                Some(count) if count > 1 => {
                    let detail = format!("installValidations: {count} validations");
                    Finding::differs("signer_change", detail)
                }
                _ => form("installValidations: not one validation in the canonical encoding"),
            });
            return None;
        };
        installation.check_frame(findings);
        installation.check_modules(signer, findings);
        Some(installation)
    }

    /// One validation, in the canonical encoding.
    fn decode(arguments: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(arguments);
        let mut ids = reader.tail(128)?;
        let mut configs = reader.tail(192)?;
        let one = ids.length()? == 1 && configs.length()? == 1;
        let id = ids.fixed::<21>().filter(|_| one)?;
        let (nonce, hook) = (u32::try_from(u64::try_from(configs.uint()?).ok()?).ok()?, configs.address()?);
        let data = reader.bytes_array_at(288, 1)?;
        let hook_data = reader.bytes_array_at(reader.position(), 1)?;
        let ([data], [hook_data]) = (data.as_slice(), hook_data.as_slice()) else { return None };
        let canonical = encode::installation_arguments(&id, nonce, &hook, data, hook_data);
        let modules = Module::decode_all(data);
        let has_hook_data = !hook_data.is_empty();
        (canonical == arguments).then_some(Self { id, hook, has_hook_data, modules })
    }

    fn check_frame(&self, findings: &mut Vec<Finding>) {
        let id = encode_0x(&self.id);
        if self.id.first() != Some(&PERMISSION) {
            let detail = format!("installValidations: {id} is not a permission");
            findings.push(Finding::differs("signer_change", detail));
        } else if permission_of(&self.id).is_none() {
            findings.push(form(format!("installValidations: {id} has more than a permission id")));
        }
        let [zeros @ .., last] = self.hook.as_bytes();
        if zeros.iter().any(|byte| *byte != 0) || *last > 1 {
            findings.push(form(format!("installValidations: hook {}", self.hook)));
        }
        if self.has_hook_data {
            findings.push(form("installValidations: hook data"));
        }
    }

    fn check_modules(&self, signer: &NewSigner, findings: &mut Vec<Finding>) {
        let modules = self.modules.as_deref().unwrap_or_default();
        let Some((owner, policies)) = modules.split_last() else {
            findings.push(form("installValidations: data is not a canonical list of modules"));
            return;
        };
        owner.check_owner(signer, findings);
        let limiting = policies.iter().filter(|policy| !policy.is_sudo());
        let mut limits = 0;
        for policy in limiting {
            limits += 1;
            findings.push(form(format!("installValidations: policy {}", policy.text())));
        }
        if policies.len() - limits > 1 {
            findings.push(form("installValidations: the sudo policy more than once"));
        }
        if signer.is_limited && limits == 0 {
            let detail = "scopes or expiresAt were requested, but no policy limits the signer";
            findings.push(Finding::differs("scopes_missing", detail));
        }
    }

    /// The signer and the permission that a call of the wallet installs.
    pub(in super::super) fn installed(data: &[u8]) -> Option<(Address, [u8; 4])> {
        let installation = Self::decode(data.strip_prefix(&INSTALL_VALIDATIONS)?)?;
        let modules = installation.modules.unwrap_or_default();
        let owner = modules.last().filter(|module| module.address == ECDSA_SIGNER)?;
        let owner = Address::from_bytes(owner.data.as_slice().try_into().ok()?);
        Some((owner, permission_of(&installation.id)?))
    }
}

impl Module {
    /// `abi.encode(bytes[])`
    fn decode_all(data: &[u8]) -> Option<Vec<Self>> {
        let mut reader = Reader::new(data);
        let entries = reader.bytes_array_at(32, MAX_MODULES)?;
        let values = entries.iter().map(|entry| Value::Bytes((*entry).into())).collect();
        if abi::encode(&[Value::Array(values)]) != data {
            return None;
        }
        entries.into_iter().map(Self::decode).collect()
    }

    fn decode(entry: &[u8]) -> Option<Self> {
        let (flag, rest) = entry.split_first_chunk()?;
        let (address, data) = rest.split_first_chunk()?;
        Some(Self { flag: *flag, address: Address::from_bytes(*address), data: data.into() })
    }

    fn is_sudo(&self) -> bool {
        self.flag == [0; 2] && self.address == SUDO_POLICY && self.data.is_empty()
    }

    fn text(&self) -> alloc::string::String {
        let (flag, len) = (encode_0x(&self.flag), self.data.len());
        format!("{} with flag {flag} and {len} bytes of data", self.address)
    }

    fn check_owner(&self, signer: &NewSigner, findings: &mut Vec<Finding>) {
        if self.flag != [0; 2] || self.address != ECDSA_SIGNER || self.data.len() != 20 {
            findings.push(form(format!("installValidations: signer module {}", self.text())));
        }
        if self.address != ECDSA_SIGNER {
            return;
        }
        if let Some(owner) = self.data.first_chunk::<20>()
            && owner != signer.address.as_bytes()
        {
            let detail = format!(
                "installValidations: {} gets the power, requested {}",
                Address::from_bytes(*owner),
                signer.address
            );
            findings.push(Finding::differs("signer_change", detail));
        }
    }
}

/// The number of validations, if the encoding says one.
fn count(arguments: &[u8]) -> Option<usize> {
    Reader::new(arguments).tail(128)?.length()
}
