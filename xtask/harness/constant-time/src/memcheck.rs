//! Valgrind's client requests, by the instruction sequence that it looks for on x86-64.

use std::arch::asm;

const RUNNING_ON_VALGRIND: usize = 0x1001;
/// `'M'`, `'C'`: the requests of memcheck.
const MAKE_MEM_UNDEFINED: usize = 0x4d43_0001;
const MAKE_MEM_DEFINED: usize = 0x4d43_0002;

fn request(number: usize, first: usize, second: usize) -> usize {
    let arguments: [usize; 6] = [number, first, second, 0, 0, 0];
    let mut answer = 0;
    // SAFETY: outside of valgrind the rotations undo each other (3 + 13 + 61 + 51 is twice 64) and the
    // exchange does nothing; in it, it reads the six arguments and writes rdx.
    unsafe {
        asm!(
            "rol rdi, 3",
            "rol rdi, 13",
            "rol rdi, 61",
            "rol rdi, 51",
            "xchg rbx, rbx",
            in("rax") arguments.as_ptr(),
            inout("rdx") answer,
            options(nostack),
        );
    }
    answer
}

pub(crate) fn is_running() -> bool {
    request(RUNNING_ON_VALGRIND, 0, 0) != 0
}

/// From here on memcheck reports whatever depends on these bytes.
pub(crate) fn mark_secret(bytes: &mut [u8]) {
    request(MAKE_MEM_UNDEFINED, bytes.as_mut_ptr() as usize, bytes.len());
}

/// A result that is public: a signature, an address.
pub(crate) fn mark_public<T: ?Sized>(value: &T) {
    request(MAKE_MEM_DEFINED, std::ptr::from_ref(value).cast::<u8>() as usize, size_of_val(value));
}
