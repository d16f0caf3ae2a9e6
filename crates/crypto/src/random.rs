//! The system's random numbers, as the algorithms take them.

use getrandom::SysRng;
use getrandom::rand_core::UnwrapErr;

/// A generator that asks the system for every byte.
///
/// It panics when the system has no random bytes: a key or a nonce made without them would be worse
/// than the end of the turn.
pub(crate) fn system() -> UnwrapErr<SysRng> {
    UnwrapErr(SysRng)
}

/// `count` random bytes.
pub(crate) fn bytes<const COUNT: usize>() -> [u8; COUNT] {
    use getrandom::rand_core::Rng;

    let mut bytes = [0; COUNT];
    system().fill_bytes(&mut bytes);
    bytes
}
