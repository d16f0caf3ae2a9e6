//! Large numbers: primes, and the powers of Diffie and Hellman.
//!
//! Numbers are big-endian bytes.

use crypto_bigint::modular::{BoxedMontyForm, BoxedMontyParams};
use crypto_bigint::{BoxedUint, Odd};
use crypto_primes::Flavor;

use crate::CryptoError;
use crate::random::system;

/// Bits of the largest number taken: as in OpenSSL's Diffie-Hellman.
pub const BITS_MAX: usize = 10_000;

fn number(bytes: &[u8], bits: u32) -> Result<BoxedUint, CryptoError> {
    BoxedUint::from_be_slice(bytes, bits)
        .map_err(|_| CryptoError::operation(format!("a number of more than {bits} bits")))
}

/// Without zeros in front.
fn significant(bytes: &[u8]) -> &[u8] {
    let first = bytes.iter().position(|byte| *byte != 0);
    first.map_or(&[], |first| &bytes[first..])
}

fn bits_of(bytes: &[u8]) -> Result<u32, CryptoError> {
    let bits = significant(bytes).len() * 8;
    if bits > BITS_MAX {
        return Err(CryptoError::operation(format!(
            "a number of {bits} bits is too large; the limit is {BITS_MAX}"
        )));
    }
    Ok(bits.max(64) as u32)
}

/// `base` to the power of `exponent` modulo an odd `modulus`, in as many bytes as the modulus has.
/// The time depends on the lengths only.
///
/// # Errors
/// [`CryptoError::Operation`] for an even modulus and for numbers of more than [`BITS_MAX`] bits.
pub fn power(base: &[u8], exponent: &[u8], modulus: &[u8]) -> Result<Vec<u8>, CryptoError> {
    let bits = bits_of(modulus)?
        .max(bits_of(base)?)
        .max(bits_of(exponent)?);
    let odd = Option::from(Odd::new(number(significant(modulus), bits)?));
    let odd: Odd<BoxedUint> = odd.ok_or_else(|| CryptoError::operation("the modulus is even"))?;
    let nonzero = odd.as_nz_ref().clone();
    let base = number(significant(base), bits)?.rem(&nonzero);
    let form = BoxedMontyForm::new(base, &BoxedMontyParams::new(odd));
    let power = form.pow(&number(significant(exponent), bits)?).retrieve();
    let bytes = power.to_be_bytes();
    Ok(bytes[bytes.len() - significant(modulus).len()..].to_vec())
}

/// Whether it is a prime, by the test of Baillie, Pomerance, Selfridge and Wagstaff.
///
/// # Errors
/// [`CryptoError::Operation`] for a number of more than [`BITS_MAX`] bits.
pub fn is_prime(candidate: &[u8]) -> Result<bool, CryptoError> {
    let candidate = number(significant(candidate), bits_of(candidate)?)?;
    Ok(crypto_primes::is_prime(Flavor::Any, &candidate))
}

/// Bits of the longest prime that is made: longer ones take minutes.
pub const PRIME_BITS_MAX: usize = 4096;
/// Bits of the longest safe prime that is made.
pub const SAFE_PRIME_BITS_MAX: usize = 1024;

/// Which primes are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Any.
    Any,
    /// Those of which half, rounded down, is a prime, too.
    Safe,
}

/// A random prime of exactly `bits` bits.
///
/// # Errors
/// [`CryptoError::Operation`] for less than 3 bits (2 for any prime) and more than
/// [`SAFE_PRIME_BITS_MAX`] ([`PRIME_BITS_MAX`]).
pub fn prime(bits: usize, kind: Kind) -> Result<Vec<u8>, CryptoError> {
    let (flavor, bits_min, bits_max) = match kind {
        Kind::Any => (Flavor::Any, 2, PRIME_BITS_MAX),
        Kind::Safe => (Flavor::Safe, 3, SAFE_PRIME_BITS_MAX),
    };
    if !(bits_min..=bits_max).contains(&bits) {
        return Err(CryptoError::operation(format!(
            "a prime of {bits} bits is not possible; it has {bits_min} to {bits_max}"
        )));
    }
    let prime: BoxedUint = crypto_primes::random_prime(&mut system(), flavor, bits as u32);
    Ok(significant(&prime.to_be_bytes()).to_vec())
}

#[cfg(test)]
mod tests {
    use super::{BITS_MAX, Kind, is_prime, power, prime};
    use crate::CryptoError;

    #[test]
    fn powers_are_as_long_as_the_modulus() {
        assert_eq!(power(&[4], &[13], &[0x01, 0xf1]), Ok(vec![0x01, 0xbd]));
        assert_eq!(power(&[0, 2], &[0, 0, 3], &[0, 9]), Ok(vec![8]));
        assert_eq!(power(&[5], &[], &[9]), Ok(vec![1]));
        let refused = |text: &str| Err(CryptoError::Operation(text.to_owned()));
        assert_eq!(power(&[4], &[13], &[8]), refused("the modulus is even"));
        assert_eq!(
            power(&[4], &[13], &[255; BITS_MAX / 8 + 1]),
            refused("a number of 10008 bits is too large; the limit is 10000")
        );
        assert!(power(&[4], &[13], &[255; BITS_MAX / 8]).is_ok());
    }

    #[test]
    fn primes_have_their_bits_and_are_primes() {
        for bits in [2, 3, 64, 129] {
            let prime = prime(bits, Kind::Any).unwrap();
            assert_eq!(prime.len() * 8 - prime[0].leading_zeros() as usize, bits);
            assert_eq!(is_prime(&prime), Ok(true));
        }
        let safe = prime(40, Kind::Safe).unwrap();
        let half = safe
            .iter()
            .fold(0_u64, |value, byte| value << 8 | u64::from(*byte))
            >> 1;
        assert_eq!(is_prime(&half.to_be_bytes()), Ok(true));
        for (number, expected) in [(0, false), (1, false), (2, true), (91, false), (97, true)] {
            assert_eq!(is_prime(&[number]), Ok(expected), "{number}");
        }
        for (bits, kind, text) in [
            (
                1,
                Kind::Any,
                "a prime of 1 bits is not possible; it has 2 to 4096",
            ),
            (
                4097,
                Kind::Any,
                "a prime of 4097 bits is not possible; it has 2 to 4096",
            ),
            (
                2,
                Kind::Safe,
                "a prime of 2 bits is not possible; it has 3 to 1024",
            ),
            (
                1025,
                Kind::Safe,
                "a prime of 1025 bits is not possible; it has 3 to 1024",
            ),
        ] {
            assert_eq!(
                prime(bits, kind),
                Err(CryptoError::Operation(text.to_owned()))
            );
        }
    }
}
