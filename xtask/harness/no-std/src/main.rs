//! A program without std, linked with libc only. It returns 0 when what it calls answers as expected.
#![no_std]
#![no_main]

use core::panic::PanicInfo;

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    // SAFETY: `abort` of libc takes nothing and does not return.
    unsafe { abort() }
}

#[link(name = "c")]
unsafe extern "C" {
    fn abort() -> !;
}

/// Named by the precompiled core library; never called, because panics abort.
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}

/// Named by the precompiled alloc library (`format!`); never called, because panics abort.
#[unsafe(no_mangle)]
extern "C" fn _Unwind_Resume() {}

#[cfg(feature = "protocols")]
mod heap {
    use core::alloc::{GlobalAlloc, Layout};
    use core::ffi::c_void;

    unsafe extern "C" {
        fn aligned_alloc(align: usize, size: usize) -> *mut c_void;
        fn free(pointer: *mut c_void);
    }

    struct Libc;

    // SAFETY: `aligned_alloc` with a power of two and a multiple of it, and `free` of what it gave.
    unsafe impl GlobalAlloc for Libc {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            let align = layout.align().max(16);
            let size = layout.size().next_multiple_of(align);
            unsafe { aligned_alloc(align, size).cast() }
        }

        unsafe fn dealloc(&self, pointer: *mut u8, _: Layout) {
            unsafe { free(pointer.cast()) }
        }
    }

    #[global_allocator]
    static HEAP: Libc = Libc;
}

#[unsafe(no_mangle)]
extern "C" fn main() -> i32 {
    i32::from(!(core_works() && protocols_work()))
}

fn core_works() -> bool {
    #[cfg(feature = "core")]
    {
        let mut key = signer_core::SecretBytes::init(|_| {});
        signer_core::hkdf_sha256_into(&[7; 32], b"salt", &[b"info"], &mut key);
        if key.expose_secret() == &[0; 32] {
            return false;
        }
    }
    #[cfg(feature = "leak")]
    if serde_json::from_str::<serde_json::Value>("1").is_err() {
        return false;
    }
    #[cfg(feature = "core-curves")]
    {
        use signer_core::signature::{Signer, Verifier};
        let Ok(p256) = signer_core::p256::SigningKey::from_scalar(&[7; 32]) else { return false };
        let Ok(signature): Result<signer_core::p256::Signature, _> = p256.try_sign(b"m") else {
            return false;
        };
        let Ok(secp256k1) = signer_core::secp256k1::SigningKey::from_scalar(&[7; 32]) else {
            return false;
        };
        let digest = signer_core::keccak::keccak256(b"m");
        let recovered = secp256k1.sign_digest(&digest).recover(&digest);
        let ed25519 = signer_core::ed25519::SigningKey::from_seed(&[7; 32]);
        return p256.verifying_key().verify(b"m", &signature).is_ok()
            && recovered == Ok(secp256k1.verifying_key())
            && ed25519.try_sign(b"m").is_ok();
    }
    #[allow(unreachable_code)]
    true
}

fn protocols_work() -> bool {
    #[cfg(feature = "protocols")]
    {
        let canonical = signer_protocols::jcs::canonicalize(b"{\"b\":1.0,\"a\":2}", Default::default());
        if canonical.is_ok_and(|text| text != b"{\"a\":2,\"b\":1}") {
            return false;
        }
    }
    #[cfg(feature = "crossmint")]
    if signer_protocols::crossmint::Approval::evm("0xdead").is_err() {
        return false;
    }
    #[cfg(feature = "crossmint-evm")]
    if !verifies(
        signer_protocols::crossmint::evm::verify,
        "base",
        "server:0x6b9cb6e03786D23b45b1C7Fd0684B8bc10e098F1",
    ) {
        return false;
    }
    #[cfg(feature = "crossmint-solana")]
    if !verifies(
        signer_protocols::crossmint::solana::verify,
        "solana",
        "server:9yRsapuzZsgR9t1mrC223pbDypz42YxpfLiZM8z8uF7f",
    ) {
        return false;
    }
    #[cfg(feature = "crossmint-stellar")]
    if !verifies(
        signer_protocols::crossmint::stellar::verify,
        "stellar",
        "server:GCNZVTQZM2BN2RSWW56BQGMQDPZV7KA6AJZEM3G6XV4LHQWTVMIYBMDT",
    ) {
        return false;
    }
    #[cfg(feature = "evm")]
    if signer_protocols::U256::from_hex("0x05").is_none() {
        return false;
    }
    #[cfg(feature = "privy")]
    if signer_protocols::privy::AuthorizationKey::parse("nothing").is_ok() {
        return false;
    }
    #[cfg(feature = "blink")]
    if signer_protocols::blink::SignerRequest::parse(b"{}", Default::default()).is_err() {
        return false;
    }
    #[cfg(feature = "abstraxn")]
    if signer_protocols::abstraxn::AccessKey::parse("nothing").is_ok() {
        return false;
    }
    true
}

#[cfg(any(feature = "crossmint-evm", feature = "crossmint-solana", feature = "crossmint-stellar"))]
use signer_protocols::{
    Json,
    crossmint::verify::{Context, Request, Verdict, Verification},
};

/// Whether an answer without a pending approval is unverified.
#[cfg(any(feature = "crossmint-evm", feature = "crossmint-solana", feature = "crossmint-stellar"))]
fn verifies(
    verify: fn(&Request, &Json, &Context<'_>) -> Verification,
    chain: &str,
    signer: &str,
) -> bool {
    use signer_protocols::crossmint::{ChainId, Environment, Locator};

    let Ok(chain) = ChainId::parse(chain) else { return false };
    let Ok(locator) = Locator::parse(signer, chain.chain_type()) else { return false };
    let context = Context::new(Environment::Production, chain, "wallet", locator);
    let Ok(request) = Request::parse("POST", "wallets/wallet/transactions", b"{}") else {
        return false;
    };
    let Ok(answer) = Json::parse(b"{}", Default::default()) else { return false };
    verify(&request, &answer, &context).verdict() == Verdict::Unverified
}
