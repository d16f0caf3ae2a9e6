//! The algorithms of Web Crypto and of Node's `crypto` over bytes.
//!
//! Keys, messages and parameters come in as bytes and go out as bytes. What a program may ask for
//! (usages, extractability, names, JWK) is decided by the caller; nothing here knows JavaScript.
//! Every primitive comes from the RustCrypto and dalek crates. What is computed here on top of them
//! is only what the standard adds: which lengths are allowed and where a counter wraps.
//!
//! Source: https://www.w3.org/TR/WebCryptoAPI/

pub mod aes;
pub mod certificate;
pub mod cipher;
pub mod derive;
pub mod document;
pub mod ec;
mod error;
mod hash;
pub mod mac;
pub mod number;
pub mod okp;
mod random;
pub mod rsa;
pub mod spkac;

pub use error::CryptoError;
pub use hash::{Hash, Hasher, shake};
