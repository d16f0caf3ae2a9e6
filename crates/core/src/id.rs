//! Durable Object ids: derived from a name, drawn at random, or parsed and authenticated.
//!
//! An id is 32 bytes: a base of 16, and a MAC of that base under the namespace's key. Whoever knows
//! the unique key of a namespace can therefore tell its ids from those of every other namespace
//! without any storage. Source: reference 1.3 (workerd's derivation, bit for bit).

use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use std::fmt;

use crate::limits;

type HmacSha256 = Hmac<Sha256>;

const BASE_BYTES: usize = 16;
const ID_BYTES: usize = 32;

/// The unique key of a namespace, ready to derive and check ids.
///
/// The key schedule is computed once here; deriving an id afterwards costs two HMACs for a named
/// id and one for a random or parsed one. Cloning is cheap and shares nothing.
#[derive(Clone)]
pub struct UniqueKey {
    text: Box<str>,
    mac: HmacSha256,
}

impl UniqueKey {
    /// Prepares the key for a namespace's configured unique key, which may be any text.
    pub fn new(text: &str) -> Self {
        let key = Sha256::digest(text.as_bytes());
        let mac = HmacSha256::new_from_slice(&key).expect("HMAC takes a key of any length");
        Self {
            text: text.into(),
            mac,
        }
    }

    /// Prepares the key that local Cloudflare tools give a class: `<service>-<class>`.
    ///
    /// A service without a name yields `-<class>`. Source: reference 12.2.
    pub fn for_class(service: &str, class: &str) -> Self {
        Self::new(&format!("{service}-{class}"))
    }

    /// Returns the text the key was made from; it names the namespace's folder in workerd's layout.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    fn sign(&self, message: &[u8]) -> [u8; BASE_BYTES] {
        let mut mac = self.mac.clone();
        mac.update(message);
        let full = mac.finalize().into_bytes();
        let mut short = [0; BASE_BYTES];
        short.copy_from_slice(&full[..BASE_BYTES]);
        short
    }

    fn complete(&self, base: [u8; BASE_BYTES]) -> ObjectId {
        let mut bytes = [0; ID_BYTES];
        bytes[..BASE_BYTES].copy_from_slice(&base);
        bytes[BASE_BYTES..].copy_from_slice(&self.sign(&base));
        ObjectId(bytes)
    }
}

impl fmt::Debug for UniqueKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("UniqueKey").field(&self.text).finish()
    }
}

/// The id of one Durable Object: 32 bytes, printed as 64 lower-case hexadecimal digits.
///
/// Equality compares the bytes only, so ids of two namespaces differ (with overwhelming
/// probability) even when they were made from one name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId([u8; ID_BYTES]);

impl ObjectId {
    /// Derives the id of `name`; the same key and name give the same id for ever.
    ///
    /// Any text is a name, the empty one included; it is hashed as UTF-8.
    pub fn from_name(key: &UniqueKey, name: &str) -> Self {
        key.complete(key.sign(name.as_bytes()))
    }

    /// Makes the id whose base is `random`; the caller draws it from a cryptographic source.
    pub fn from_random(key: &UniqueKey, random: [u8; BASE_BYTES]) -> Self {
        key.complete(random)
    }

    /// Parses 64 hexadecimal digits of either case and checks that the id belongs to `key`.
    ///
    /// # Errors
    /// [`ParseIdError::NotHex`] for any other shape; [`ParseIdError::WrongNamespace`] when the MAC
    /// does not fit, that is, the id was made by another namespace or altered.
    pub fn parse(key: &UniqueKey, text: &str) -> Result<Self, ParseIdError> {
        let id = Self::from_hex(text).ok_or(ParseIdError::NotHex)?;
        let mut mac = key.mac.clone();
        mac.update(&id.0[..BASE_BYTES]);
        mac.verify_truncated_left(&id.0[BASE_BYTES..])
            .map_err(|_| ParseIdError::WrongNamespace)?;
        Ok(id)
    }

    /// Reads 64 hexadecimal digits without asking whose id it is: for file names and records that
    /// this program wrote itself.
    pub fn from_hex(text: &str) -> Option<Self> {
        let mut bytes = [0; ID_BYTES];
        hex::decode_to_slice(text, &mut bytes).ok()?;
        Some(Self(bytes))
    }

    /// Wraps bytes that came from [`ObjectId::as_bytes`] by way of a record of this program.
    pub fn from_bytes(bytes: [u8; ID_BYTES]) -> Self {
        Self(bytes)
    }

    /// Returns the 32 bytes.
    pub fn as_bytes(&self) -> &[u8; ID_BYTES] {
        &self.0
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut digits = [0; 2 * ID_BYTES];
        hex::encode_to_slice(self.0, &mut digits).expect("the buffer holds two digits per byte");
        f.pad(std::str::from_utf8(&digits).expect("hexadecimal digits are ASCII"))
    }
}

impl fmt::Debug for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ObjectId({self})")
    }
}

/// Why a text is not an id of a namespace. Both become a JavaScript `TypeError` with this message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseIdError {
    /// The text has another length than 64, or a character that is no hexadecimal digit.
    #[error("Invalid Durable Object ID: must be 64 hex digits")]
    NotHex,
    /// The digits are an id, but not one that this namespace made.
    #[error("Durable Object ID is not valid for this namespace.")]
    WrongNamespace,
}

/// Returns the name that `ctx.id.name` shows inside an object reached by `name`.
///
/// A name of more than [`limits::OBJECT_NAME`] bytes of UTF-8 still derives its id, but the object
/// does not learn it. Source: reference 1.5.
pub fn visible_name(name: &str) -> Option<&str> {
    (name.len() as u64 <= limits::OBJECT_NAME.value).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(key: &str, name: &str) -> String {
        ObjectId::from_name(&UniqueKey::new(key), name).to_string()
    }

    #[test]
    fn names_give_the_ids_that_workerd_gives() {
        assert_eq!(
            named("mykey", "name"),
            "3652ef6221834806dc8df802d1d216e27b7d07e0a6b7adf6cfdaeec90f06459a"
        );
        assert_eq!(
            named("mykey", "http://foo/"),
            "59002eb8cf872e541722977a258a12d6a93bbe8192b502e1c0cb250aa91af234"
        );
        assert_eq!(
            named("mykey", "http://foo/bar"),
            "02b496f65dd35cbac90e3e72dc5a398ee93926ea4a3821e26677082d2e6f9b79"
        );
        assert_eq!(
            named("210bd0cbd803ef7883a1ee9d86cce06e", "A"),
            "72b293da32e4965946ee397246e0fe3b88256c8bdd84ce6f1b7f32d8c3c84428"
        );
    }

    #[test]
    fn a_class_key_joins_service_and_class() {
        assert_eq!(UniqueKey::for_class("chat", "Room").as_str(), "chat-Room");
        assert_eq!(UniqueKey::for_class("", "Room").as_str(), "-Room");
    }

    #[test]
    fn a_random_id_keeps_its_bytes_and_parses_back() {
        let key = UniqueKey::new("mykey");

        let id = ObjectId::from_random(&key, [7; 16]);

        assert_eq!(&id.as_bytes()[..16], &[7; 16]);
        assert_eq!(ObjectId::parse(&key, &id.to_string()), Ok(id));
        assert_eq!(ObjectId::from_bytes(*id.as_bytes()), id);
    }

    #[test]
    fn upper_case_digits_parse_to_the_same_id() {
        let key = UniqueKey::new("mykey");
        let id = ObjectId::from_name(&key, "name");

        assert_eq!(
            ObjectId::parse(&key, &id.to_string().to_uppercase()),
            Ok(id)
        );
    }

    #[test]
    fn anything_but_64_hexadecimal_digits_is_refused() {
        let key = UniqueKey::new("mykey");
        let good = named("mykey", "name");
        let short = &good[..63];
        let long = format!("{good}0");
        let odd = format!("g{}", &good[1..]);
        let wide = format!("{}é", &good[..62]);

        for text in ["", short, &long, &odd, &wide] {
            let error = ObjectId::parse(&key, text).unwrap_err();
            assert_eq!(
                error.to_string(),
                "Invalid Durable Object ID: must be 64 hex digits"
            );
        }
    }

    #[test]
    fn an_id_of_another_namespace_is_refused() {
        let error = ObjectId::parse(&UniqueKey::new("other"), &named("mykey", "name")).unwrap_err();

        assert_eq!(
            error.to_string(),
            "Durable Object ID is not valid for this namespace."
        );
    }

    #[test]
    fn one_flipped_bit_anywhere_is_refused() {
        let key = UniqueKey::new("mykey");
        let id = ObjectId::from_name(&key, "name");

        for byte in 0..ID_BYTES {
            let mut bytes = *id.as_bytes();
            bytes[byte] ^= 1;
            let text = ObjectId::from_bytes(bytes).to_string();
            assert_eq!(
                ObjectId::parse(&key, &text),
                Err(ParseIdError::WrongNamespace)
            );
        }
    }

    #[test]
    fn a_name_of_1024_bytes_is_visible_and_one_of_1025_is_not() {
        let longest = "é".repeat(512);
        let longer = format!("{longest}x");

        assert_eq!(visible_name(&longest), Some(longest.as_str()));
        assert_eq!(visible_name(&longer), None);
        assert_eq!(visible_name(""), Some(""));
    }
}
