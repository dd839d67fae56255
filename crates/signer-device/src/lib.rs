#![doc = include_str!("../README.md")]
#![no_std]

#[cfg(feature = "host")]
extern crate std;

mod device;
mod frame;
#[cfg(feature = "host")]
mod host;
mod message;

pub use device::{Device, Measurement, Reply, SlotKey};
pub use frame::{FrameError, FrameReader, write_frame};
#[cfg(feature = "host")]
pub use host::{DeviceError, DeviceKey, DeviceVerifyingKey, Link};
pub use message::{Algorithm, Kind, MAX_FRAME, MAX_SIGNING_INPUT, Message, Refusal};
