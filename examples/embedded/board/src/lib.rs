//! The mps2-an386 board (Cortex-M4) as QEMU has it: a CMSDK serial line and a CMSDK timer.
#![no_std]

use core::ptr;

pub use cortex_m_rt;

const TIMER: *mut u32 = 0x4000_0000 as *mut u32;
const UART: *mut u32 = 0x4000_4000 as *mut u32;

/// One tick of the timer is this many instructions under `qemu -icount shift=0`: the timer runs at
/// 25 MHz, and there an instruction takes a nanosecond.
pub const INSTRUCTIONS_PER_TICK: u32 = 40;

/// A register, by its place after a base address.
///
/// # Safety
/// `base` is the address of a peripheral of this board, and `word` one of its registers.
unsafe fn read(base: *mut u32, word: usize) -> u32 {
    unsafe { ptr::read_volatile(base.add(word)) }
}

/// # Safety
/// As [`read`].
unsafe fn write(base: *mut u32, word: usize, value: u32) {
    unsafe { ptr::write_volatile(base.add(word), value) }
}

/// The serial line. There is one of it: the program makes it once, in `main`.
pub struct Serial(());

impl Serial {
    const DATA: usize = 0;
    const STATE: usize = 1;
    const CONTROL: usize = 2;
    const DIVIDER: usize = 4;

    /// Switches the line on, both ways.
    pub fn start() -> Self {
        // SAFETY: UART 0 of the board; 16 is the least divider it takes.
        unsafe {
            write(UART, Self::DIVIDER, 16);
            write(UART, Self::CONTROL, 0b11);
        }
        Self(())
    }

    /// Waits for a byte.
    pub fn read(&mut self) -> u8 {
        // SAFETY: registers of UART 0; bit 1 of the state says that a byte is there.
        unsafe {
            while read(UART, Self::STATE) & 0b10 == 0 {}
            read(UART, Self::DATA) as u8
        }
    }

    /// Waits for room, and writes a byte.
    pub fn write(&mut self, byte: u8) {
        // SAFETY: registers of UART 0; bit 0 of the state says that there is no room.
        unsafe {
            while read(UART, Self::STATE) & 0b01 != 0 {}
            write(UART, Self::DATA, u32::from(byte));
        }
    }
}

/// The clock: a timer that counts down.
pub struct Clock(());

impl Clock {
    const CONTROL: usize = 0;
    const VALUE: usize = 1;
    const RELOAD: usize = 2;

    /// Starts it.
    pub fn start() -> Self {
        // SAFETY: timer 0 of the board.
        unsafe {
            write(TIMER, Self::RELOAD, u32::MAX);
            write(TIMER, Self::VALUE, u32::MAX);
            write(TIMER, Self::CONTROL, 1);
        }
        Self(())
    }

    /// The ticks that a piece of work took, and its result.
    pub fn time<T>(&self, work: impl FnOnce() -> T) -> (T, u32) {
        // SAFETY: timer 0 of the board.
        let before = unsafe { read(TIMER, Self::VALUE) };
        let result = work();
        let after = unsafe { read(TIMER, Self::VALUE) };
        (result, before.wrapping_sub(after))
    }
}

/// How deep the stack has been at least since the start, in bytes: `cortex-m-rt` painted it, and what was used
/// without being written is not seen.
pub fn deepest_stack() -> u32 {
    unsafe extern "C" {
        static _stack_start: u32;
        static _stack_end: u32;
    }
    let top = ptr::addr_of!(_stack_start).expose_provenance();
    let mut place = ptr::addr_of!(_stack_end).expose_provenance();
    // SAFETY: aligned words between the two ends of the stack, which the linker script names; they are read as
    // the device's memory, whatever the compiler keeps in them.
    while place < top
        && unsafe { ptr::read_volatile(ptr::with_exposed_provenance::<u32>(place)) }
            == cortex_m_rt::STACK_PAINT_VALUE
    {
        place += size_of::<u32>();
    }
    (top - place) as u32
}
