//! Web Crypto: the operations behind `crypto.subtle`, over `stated_crypto`.
//!
//! Quick ones answer at once. Making RSA keys and PBKDF2 with many rounds run on a thread of their
//! own, so that they hold up nobody else's objects.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use stated_crypto::ec::{self, Curve};
use stated_crypto::okp::{self, Kind};
use stated_crypto::rsa::{self, PublicParts, Signing};
use stated_crypto::{CryptoError, Hash, Hasher, aes, derive, mac};
use stated_engine::Local;

use crate::context::Left;
use crate::op::{Op, OpError, OpResult};
use crate::settled::{Settled, Unsettled};

/// Rounds of PBKDF2 that run on the shard itself: about a millisecond.
const QUICK_ROUNDS_MAX: u64 = 2_000;
/// Rounds that may be asked for: about five seconds.
///
/// Differs: Cloudflare allows 100,000, less than is recommended for passwords today.
pub(super) const ROUNDS_MAX: u64 = 10_000_000;

/// Digests that JavaScript is feeding, by number.
#[derive(Default)]
pub(crate) struct Hashers {
    last_id: Cell<u64>,
    open: RefCell<HashMap<u64, OpenHasher>>,
}

struct OpenHasher {
    context: u64,
    hasher: Hasher,
}

impl Hashers {
    /// Drops what a context left unfinished.
    pub(crate) fn end_context(&self, context: u64) {
        self.open
            .borrow_mut()
            .retain(|_, open| open.context != context);
    }
}

fn class_of(error: &CryptoError) -> &'static str {
    match error {
        CryptoError::Data(_) => "DOMException:DataError",
        CryptoError::Operation(_) => "DOMException:OperationError",
        CryptoError::NotSupported(_) => "DOMException:NotSupportedError",
    }
}

impl From<CryptoError> for OpError<'_> {
    fn from(error: CryptoError) -> Self {
        Self::Error(class_of(&error), error.to_string())
    }
}

impl From<CryptoError> for Unsettled {
    fn from(error: CryptoError) -> Self {
        Self::Error(class_of(&error), error.to_string())
    }
}

pub(super) fn unknown<'s>(what: &str, name: &str) -> OpError<'s> {
    OpError::type_error(format!("{what} `{name}` does not exist"))
}

impl<'s> Op<'_, 's> {
    pub(super) fn hash(&mut self, index: u32) -> Result<Hash, OpError<'s>> {
        let name = self.text(index)?;
        Hash::from_name(&name).ok_or_else(|| unknown("digest", &name))
    }

    pub(super) fn curve(&mut self, index: u32) -> Result<Curve, OpError<'s>> {
        let name = self.text(index)?;
        Curve::from_name(&name).ok_or_else(|| unknown("curve", &name))
    }

    fn okp_kind(&mut self, index: u32) -> Result<Kind, OpError<'s>> {
        let name = self.text(index)?;
        Kind::from_name(&name).ok_or_else(|| unknown("algorithm", &name))
    }

    fn signing(&mut self, scheme: u32, salt: u32) -> Result<Signing, OpError<'s>> {
        Ok(match self.text(scheme)?.as_str() {
            "pss-any" => Signing::PssAnySalt,
            "pss" => Signing::Pss {
                salt_bytes: self.uint(salt) as usize,
            },
            _ => Signing::Pkcs1,
        })
    }

    pub(super) fn new_bytes(&mut self, bytes: &[u8]) -> OpResult<'s> {
        Ok(self.scope.uint8_array(bytes))
    }

    pub(super) fn new_list(&mut self, items: &[Vec<u8>]) -> OpResult<'s> {
        let items: Vec<Local<'s>> = items
            .iter()
            .map(|item| self.scope.uint8_array(item))
            .collect();
        Ok(self.scope.array(&items))
    }
}

// --- digests by pieces ----------------------------------------------------------------------------

/// `digestOpen`
pub(crate) fn digest_open<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let hasher = Hasher::new(op.hash(0)?);
    let context = op.leaves(Left::Digests);
    let hashers = &op.worker.hashers;
    let id = hashers.last_id.get() + 1;
    hashers.last_id.set(id);
    hashers
        .open
        .borrow_mut()
        .insert(id, OpenHasher { context, hasher });
    Ok(op.scope.number(id as f64))
}

/// `digestPush`
pub(crate) fn digest_push<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let (id, piece) = (op.uint(0), op.bytes(1));
    if let Some(open) = op.worker.hashers.open.borrow_mut().get_mut(&id) {
        open.hasher.update(&piece);
    }
    op.undefined()
}

/// `digestFinish`
pub(crate) fn digest_finish<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let id = op.uint(0);
    let open = op.worker.hashers.open.borrow_mut().remove(&id);
    match open {
        Some(open) => op.new_bytes(&open.hasher.finish()),
        None => op.undefined(),
    }
}

// --- HMAC and AES ---------------------------------------------------------------------------------

/// `hmacSign`
pub(crate) fn hmac_sign<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let code = mac::sign(op.hash(0)?, &op.bytes(1), &op.bytes(2));
    op.new_bytes(&code)
}

/// `hmacVerify`
pub(crate) fn hmac_verify<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let verified = mac::verify(op.hash(0)?, &op.bytes(1), &op.bytes(2), &op.bytes(3));
    Ok(op.scope.boolean(verified))
}

/// `aesEncrypt`
pub(crate) fn aes_encrypt<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let (mode, key, iv, bits) = (op.text(0)?, op.bytes(1), op.bytes(2), op.uint(3) as u32);
    let (extra, message) = (op.bytes(4), op.bytes(5));
    let encrypted = match mode.as_str() {
        "AES-CBC" => aes::cbc_encrypt(&key, &iv, &message)?,
        "AES-CTR" => aes::ctr(&key, &iv, bits, &message)?,
        "AES-GCM" => aes::gcm_encrypt(&key, &iv, &extra, bits, &message)?,
        "AES-KW" => aes::wrap(&key, &message)?,
        _ => return Err(unknown("mode", &mode)),
    };
    op.new_bytes(&encrypted)
}

/// `aesDecrypt`
pub(crate) fn aes_decrypt<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let (mode, key, iv, bits) = (op.text(0)?, op.bytes(1), op.bytes(2), op.uint(3) as u32);
    let (extra, message) = (op.bytes(4), op.bytes(5));
    let decrypted = match mode.as_str() {
        "AES-CBC" => aes::cbc_decrypt(&key, &iv, &message)?,
        "AES-CTR" => aes::ctr(&key, &iv, bits, &message)?,
        "AES-GCM" => aes::gcm_decrypt(&key, &iv, &extra, bits, &message)?,
        "AES-KW" => aes::unwrap(&key, &message)?,
        _ => return Err(unknown("mode", &mode)),
    };
    op.new_bytes(&decrypted)
}

// --- elliptic curves ------------------------------------------------------------------------------

/// `ecGenerate`
pub(crate) fn ec_generate<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let pair = ec::generate(op.curve(0)?);
    op.new_list(&[pair.private, pair.public])
}

/// `ecImport`
pub(crate) fn ec_import<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let (curve, format, bytes) = (op.curve(0)?, op.text(1)?, op.bytes(2));
    let pair = match format.as_str() {
        "scalar" => ec::from_scalar(curve, &bytes)?,
        "pkcs8" => ec::from_pkcs8(curve, &bytes)?,
        "sec1" => ec::from_sec1(curve, &bytes)?,
        "point" => return op.new_list(&[ec::from_point(curve, &bytes)?]),
        "spki" => return op.new_list(&[ec::from_spki(curve, &bytes)?]),
        _ => return Err(unknown("format", &format)),
    };
    op.new_list(&[pair.private, pair.public])
}

/// `ecExport`
pub(crate) fn ec_export<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let (curve, format, bytes) = (op.curve(0)?, op.text(1)?, op.bytes(2));
    let document = match format.as_str() {
        "pkcs8" => ec::to_pkcs8(curve, &bytes)?,
        "sec1" => ec::to_sec1(curve, &bytes)?,
        _ => ec::to_spki(curve, &bytes)?,
    };
    op.new_bytes(&document)
}

/// `ecdsaSign`
pub(crate) fn ecdsa_sign<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let signature = ec::sign(op.curve(0)?, op.hash(1)?, &op.bytes(2), &op.bytes(3))?;
    op.new_bytes(&signature)
}

/// `ecdsaVerify`
pub(crate) fn ecdsa_verify<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let verified = ec::verify(
        op.curve(0)?,
        op.hash(1)?,
        &op.bytes(2),
        &op.bytes(3),
        &op.bytes(4),
    )?;
    Ok(op.scope.boolean(verified))
}

/// `ecdhAgree`
pub(crate) fn ecdh_agree<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let secret = ec::agree(op.curve(0)?, &op.bytes(1), &op.bytes(2))?;
    op.new_bytes(&secret)
}

/// `okpGenerate`
pub(crate) fn okp_generate<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    op.new_bytes(&okp::generate())
}

/// `okpPublic`
pub(crate) fn okp_public<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let public = okp::public_of(op.okp_kind(0)?, &op.bytes(1))?;
    op.new_bytes(&public)
}

/// `okpImport`
pub(crate) fn okp_import<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let (kind, format, bytes) = (op.okp_kind(0)?, op.text(1)?, op.bytes(2));
    let key = match format.as_str() {
        "pkcs8" => okp::from_pkcs8(kind, &bytes)?,
        _ => okp::from_spki(kind, &bytes)?,
    };
    op.new_bytes(&key)
}

/// `okpExport`
pub(crate) fn okp_export<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let (kind, format, bytes) = (op.okp_kind(0)?, op.text(1)?, op.bytes(2));
    let document = match format.as_str() {
        "pkcs8" => okp::to_pkcs8(kind, &bytes)?,
        _ => okp::to_spki(kind, &bytes)?,
    };
    op.new_bytes(&document)
}

/// `ed25519Sign`
pub(crate) fn ed25519_sign<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let signature = okp::sign(&op.bytes(0), &op.bytes(1))?;
    op.new_bytes(&signature)
}

/// `ed25519Verify`
pub(crate) fn ed25519_verify<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let verified = okp::verify(&op.bytes(0), &op.bytes(1), &op.bytes(2));
    Ok(op.scope.boolean(verified))
}

/// `x25519Agree`
pub(crate) fn x25519_agree<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let secret = okp::agree(&op.bytes(0), &op.bytes(1))?;
    op.new_bytes(&secret)
}

// --- RSA ------------------------------------------------------------------------------------------

/// `rsaGenerate`
pub(crate) fn rsa_generate<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let (bits, exponent) = (op.uint(0) as usize, op.bytes(1));
    aside(op, move || rsa::generate(bits, &exponent))
}

/// `rsaImport`
pub(crate) fn rsa_import<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let (format, bytes) = (op.text(0)?, op.bytes(1));
    let key = match format.as_str() {
        "pkcs8" => rsa::from_pkcs8(&bytes)?,
        _ => rsa::from_spki(&bytes)?,
    };
    op.new_bytes(&key)
}

/// `rsaFromNumbers`
pub(crate) fn rsa_from_numbers<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let list = op.arg(0);
    let mut numbers = Vec::new();
    for index in 0..op.scope.array_length(list).min(8) {
        let number = op.scope.element(list, index)?;
        numbers.push(op.scope.bytes(number).unwrap_or_default());
    }
    let key = match <[Vec<u8>; 2]>::try_from(numbers) {
        Ok([n, e]) => rsa::from_public_parts(&PublicParts { n, e })?,
        Err(numbers) => match numbers.try_into() {
            Ok(numbers) => rsa::from_private_parts(&numbers)?,
            Err(_) => return Err(OpError::type_error("an RSA key has 2 or 8 numbers")),
        },
    };
    op.new_bytes(&key)
}

/// `rsaNumbers`
pub(crate) fn rsa_numbers<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let (format, key) = (op.text(0)?, op.bytes(1));
    if format == "pkcs8" {
        return op.new_list(&rsa::private_parts(&key)?);
    }
    let PublicParts { n, e } = rsa::public_parts(&key)?;
    op.new_list(&[n, e])
}

/// `rsaPublic`
pub(crate) fn rsa_public<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let public = rsa::public_of(&op.bytes(0))?;
    op.new_bytes(&public)
}

/// `rsaSign`
pub(crate) fn rsa_sign<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let (scheme, hash) = (op.signing(0, 2)?, op.hash(1)?);
    let signature = rsa::sign(scheme, hash, &op.bytes(3), &op.bytes(4))?;
    op.new_bytes(&signature)
}

/// `rsaVerify`
pub(crate) fn rsa_verify<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let (scheme, hash) = (op.signing(0, 2)?, op.hash(1)?);
    let verified = rsa::verify(scheme, hash, &op.bytes(3), &op.bytes(4), &op.bytes(5))?;
    Ok(op.scope.boolean(verified))
}

/// `rsaEncrypt`
pub(crate) fn rsa_encrypt<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let encrypted = rsa::encrypt(op.hash(0)?, &op.bytes(1), &op.bytes(2), &op.bytes(3))?;
    op.new_bytes(&encrypted)
}

/// `rsaDecrypt`
pub(crate) fn rsa_decrypt<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let decrypted = rsa::decrypt(op.hash(0)?, &op.bytes(1), &op.bytes(2), &op.bytes(3))?;
    op.new_bytes(&decrypted)
}

// --- derivation -----------------------------------------------------------------------------------

/// `hkdf`
pub(crate) fn hkdf<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let derived = derive::hkdf(
        op.hash(0)?,
        &op.bytes(1),
        &op.bytes(2),
        &op.bytes(3),
        op.uint(4) as usize,
    )?;
    op.new_bytes(&derived)
}

/// `pbkdf2`
pub(crate) fn pbkdf2<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let (hash, password, salt) = (op.hash(0)?, op.bytes(1), op.bytes(2));
    let (rounds, length) = (op.uint(3), op.uint(4) as usize);
    // Every digest's length of output costs all the rounds again.
    let work = rounds.saturating_mul(length.div_ceil(hash.digest(b"").len()) as u64);
    if work > ROUNDS_MAX {
        return Err(OpError::Error(
            "DOMException:NotSupportedError",
            format!(
                "Pbkdf2 failed: iteration counts above {ROUNDS_MAX} are not supported (requested {work})."
            ),
        ));
    }
    let run = move || derive::pbkdf2(hash, &password, &salt, rounds as u32, length);
    // In global scope nothing can wait for another thread.
    if work <= QUICK_ROUNDS_MAX || op.scope.frame().context == 0 {
        return op.new_bytes(&run());
    }
    aside(op, move || Ok(run()))
}

/// Runs `work` on a thread for such work; the result comes back as a promise.
fn aside<'s>(
    op: &mut Op<'_, 's>,
    work: impl FnOnce() -> Result<Vec<u8>, CryptoError> + Send + 'static,
) -> OpResult<'s> {
    #[expect(
        clippy::disallowed_methods,
        reason = "key generation and key stretching take seconds of a core; the shard goes on"
    )]
    let working = tokio::task::spawn_blocking(work);
    op.promise(async move {
        match working.await {
            Ok(result) => Ok(Settled::Bytes(result?)),
            Err(_) => Err(Unsettled::Error(
                "DOMException:OperationError",
                "The operation failed.".to_owned(),
            )),
        }
    })
}
