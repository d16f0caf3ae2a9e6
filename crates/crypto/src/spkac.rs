//! Signed public keys with a challenge (SPKAC), with which browsers once asked for certificates.

use x509_cert::der::asn1::{BitString, Ia5StringRef, ObjectIdentifier};
use x509_cert::der::{Decode, Error, Reader, SliceReader};
use x509_cert::spki::AlgorithmIdentifierRef;

use crate::{CryptoError, certificate};

/// A document that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spkac {
    signed: Vec<u8>,
    /// The key, as SubjectPublicKeyInfo.
    pub public_key: Vec<u8>,
    /// The challenge, which is ASCII.
    pub challenge: String,
    algorithm: ObjectIdentifier,
    signature: Vec<u8>,
}

impl Spkac {
    /// Reads a document in DER.
    ///
    /// # Errors
    /// [`CryptoError::Data`] when it is none.
    pub fn read(der: &[u8]) -> Result<Self, CryptoError> {
        read(der).map_err(|_| CryptoError::data("the document is no SPKAC"))
    }

    /// Whether the document is signed by its own key.
    ///
    /// # Errors
    /// [`CryptoError::Data`] when the key is unknown, [`CryptoError::NotSupported`] for a kind of signature that is not
    /// here, such as those over MD5.
    pub fn is_signed(&self) -> Result<bool, CryptoError> {
        certificate::verify(
            self.algorithm,
            &self.public_key,
            &self.signature,
            &self.signed,
        )
    }
}

fn read(der: &[u8]) -> Result<Spkac, Error> {
    let mut reader = SliceReader::new(der)?;
    let (signed, algorithm, signature) = reader.sequence(|outer| {
        let signed = outer.tlv_bytes()?.to_vec();
        let algorithm = AlgorithmIdentifierRef::decode(outer)?.oid;
        let signature = BitString::decode(outer)?.raw_bytes().to_vec();
        Ok::<_, Error>((signed, algorithm, signature))
    })?;
    reader.finish()?;
    let (public_key, challenge) = SliceReader::new(&signed)?.sequence(|inner| {
        let public_key = inner.tlv_bytes()?.to_vec();
        let challenge = Ia5StringRef::decode(inner)?.as_str().to_owned();
        Ok::<_, Error>((public_key, challenge))
    })?;
    Ok(Spkac {
        signed,
        public_key,
        challenge,
        algorithm,
        signature,
    })
}

#[cfg(test)]
mod tests {
    use super::Spkac;
    use crate::CryptoError;

    /// `openssl spkac -key KEY -challenge hello -digest sha256` of a key on P-256.
    const MADE: &str = "3081ba30623059301306072a8648ce3d020106082a8648ce3d030107034200044557edd4bbf575458bb4b2b8f6ac569e0df46bc3b7df3a5f8983fb7ba0dda226d8a8eb06b58e0a127c4ebf42eff5b9392f07f1ac36cf2c6b62990c7f06fe8af8160568656c6c6f300a06082a8648ce3d040302034800304502202adf91d938fb89b30595bf25a2cb7c6dfdbb7b6bc84cf488e4c239a697c385d6022100dbe2adb7d2b5a016152d794baee532c7795712d2b6a07007fae10c8ead386be1";

    #[test]
    fn a_document_tells_its_challenge_and_is_signed_by_its_key() {
        let der = hex::decode(MADE).unwrap();
        let read = Spkac::read(&der).unwrap();

        assert_eq!(read.challenge, "hello");
        assert!(read.is_signed().unwrap());
        let mut other = read.clone();
        other.signed[30] ^= 1;
        assert!(!other.is_signed().unwrap());
    }

    #[test]
    fn what_is_no_document_is_refused() {
        let der = hex::decode(MADE).unwrap();
        let nothing = Err(CryptoError::Data("the document is no SPKAC".to_owned()));
        assert_eq!(Spkac::read(b""), nothing);
        assert_eq!(Spkac::read(&der[..der.len() - 1]), nothing);
        assert_eq!(Spkac::read(&[der, vec![0]].concat()), nothing);
    }
}
