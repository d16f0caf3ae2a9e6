//! X.509 certificates: what is written in one, and whether a key signed it.

use std::net::{Ipv4Addr, Ipv6Addr};

use x509_cert::Certificate as Document;
use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::der::{DateTime, Decode, Encode, Tagged};
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{
    AuthorityInfoAccessSyntax, BasicConstraints, ExtendedKeyUsage, SubjectAltName,
};
use x509_cert::name::Name;

use crate::document::{self, Algorithm};
use crate::ec::{self, Curve};
use crate::rsa::{self, Signing};
use crate::{CryptoError, Hash, okp};

/// A certificate that was read.
#[derive(Debug)]
pub struct Certificate {
    document: Document,
    der: Vec<u8>,
}

/// A name of the extension "subject alternative name".
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AlternativeName {
    /// A host, perhaps with a wildcard.
    Dns(String),
    /// A mail address.
    Email(String),
    /// An IP address.
    Ip(String),
    /// A URI.
    Uri(String),
    /// Another name, as text.
    Other(String),
}

fn unreadable() -> CryptoError {
    CryptoError::data("the document is no certificate")
}

impl Certificate {
    /// Reads a certificate in DER.
    ///
    /// # Errors
    /// [`CryptoError::Data`] when it is none.
    pub fn read(der: &[u8]) -> Result<Self, CryptoError> {
        Ok(Self {
            document: Document::from_der(der).map_err(|_| unreadable())?,
            der: der.to_vec(),
        })
    }

    /// The document.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Attributes of the subject, `[name, value]` in the document's order.
    pub fn subject(&self) -> Vec<(String, String)> {
        attributes(self.document.tbs_certificate().subject())
    }

    /// Attributes of the issuer, likewise.
    pub fn issuer(&self) -> Vec<(String, String)> {
        attributes(self.document.tbs_certificate().issuer())
    }

    /// The serial number in upper-case hexadecimal digits.
    pub fn serial_number(&self) -> String {
        let bytes = self.document.tbs_certificate().serial_number().as_bytes();
        let first = bytes
            .iter()
            .position(|byte| *byte != 0)
            .unwrap_or(bytes.len());
        bytes[first..]
            .iter()
            .map(|byte| format!("{byte:02X}"))
            .collect()
    }

    /// From when to when it is valid, in milliseconds since the Unix epoch.
    pub fn validity_ms(&self) -> (u64, u64) {
        let validity = self.document.tbs_certificate().validity();
        let ms =
            |time: DateTime| u64::try_from(time.unix_duration().as_millis()).unwrap_or(u64::MAX);
        (
            ms(validity.not_before.to_date_time()),
            ms(validity.not_after.to_date_time()),
        )
    }

    /// The SubjectPublicKeyInfo document of its key.
    ///
    /// # Errors
    /// [`CryptoError::Data`] when it cannot be written.
    pub fn public_key(&self) -> Result<Vec<u8>, CryptoError> {
        let key = self.document.tbs_certificate().subject_public_key_info();
        key.to_der().map_err(|_| unreadable())
    }

    /// Whether it is one of an authority.
    pub fn is_authority(&self) -> bool {
        self.extension::<BasicConstraints>()
            .is_some_and(|constraints| constraints.ca)
    }

    /// The object identifiers of what its key is for, if it says so.
    pub fn key_usages(&self) -> Option<Vec<String>> {
        let usages = self.extension::<ExtendedKeyUsage>()?;
        Some(usages.0.iter().map(ToString::to_string).collect())
    }

    /// The alternative names of its subject, if it has any.
    pub fn alternative_names(&self) -> Option<Vec<AlternativeName>> {
        let names = self.extension::<SubjectAltName>()?;
        Some(names.0.iter().map(alternative_name).collect())
    }

    /// Where its issuer has information: `[object identifier of the method, name]`.
    pub fn authority_access(&self) -> Option<Vec<(String, AlternativeName)>> {
        let access = self.extension::<AuthorityInfoAccessSyntax>()?;
        let entries = access.0.iter();
        Some(
            entries
                .map(|entry| {
                    (
                        entry.access_method.to_string(),
                        alternative_name(&entry.access_location),
                    )
                })
                .collect(),
        )
    }

    fn extension<'a, T: Decode<'a> + x509_cert::der::oid::AssociatedOid>(&'a self) -> Option<T> {
        let found = self.document.tbs_certificate().get_extension::<T>();
        found.ok().flatten().map(|(_critical, extension)| extension)
    }

    /// Whether the issuer's name is the subject of the other.
    pub fn names_issuer(&self, issuer: &Self) -> bool {
        self.document.tbs_certificate().issuer() == issuer.document.tbs_certificate().subject()
    }

    /// Whether it was signed by the key of a SubjectPublicKeyInfo document.
    ///
    /// # Errors
    /// [`CryptoError::Data`] when that is no key, [`CryptoError::NotSupported`] for a kind of signature that is
    /// not here (RSA-PSS, DSA, Ed448).
    pub fn is_signed_by(&self, public_key: &[u8]) -> Result<bool, CryptoError> {
        let Some(signature) = self.document.signature().as_bytes() else {
            return Ok(false);
        };
        let signed = self
            .document
            .tbs_certificate()
            .to_der()
            .map_err(|_| unreadable())?;
        let algorithm = self.document.signature_algorithm().oid;
        verify(algorithm, public_key, signature, &signed)
    }
}

/// Whether it is the signature of a document by the key of another, a SubjectPublicKeyInfo.
///
/// # Errors
/// As [`Certificate::is_signed_by`].
pub(crate) fn verify(
    algorithm: ObjectIdentifier,
    public_key: &[u8],
    signature: &[u8],
    signed: &[u8],
) -> Result<bool, CryptoError> {
    let oid = algorithm.to_string();
    let hash = match oid.as_str() {
        "1.2.840.113549.1.1.5" | "1.2.840.10045.4.1" => Hash::Sha1,
        "1.2.840.113549.1.1.14" | "1.2.840.10045.4.3.1" => Hash::Sha224,
        "1.2.840.113549.1.1.11" | "1.2.840.10045.4.3.2" => Hash::Sha256,
        "1.2.840.113549.1.1.12" | "1.2.840.10045.4.3.3" => Hash::Sha384,
        // Ed25519 takes the message as it is.
        "1.2.840.113549.1.1.13" | "1.2.840.10045.4.3.4" | "1.3.101.112" => Hash::Sha512,
        _ => {
            return Err(CryptoError::not_supported(format!(
                "signatures of the algorithm {oid} are not supported"
            )));
        }
    };
    match (document::of_spki(public_key)?, oid.as_str()) {
        (Algorithm::Ed25519, "1.3.101.112") => {
            let key = okp::from_spki(okp::Kind::Ed25519, public_key)?;
            Ok(okp::verify(&key, signature, signed))
        }
        (Algorithm::Rsa, oid) if oid.starts_with("1.2.840.113549.1.1.") => {
            let key = rsa::from_spki(public_key)?;
            rsa::verify(Signing::Pkcs1, hash, &key, signature, signed)
        }
        (Algorithm::Ec(name), oid) if oid.starts_with("1.2.840.10045.4.") => {
            let curve = Curve::from_name(name).expect("documents name known curves");
            let key = ec::from_spki(curve, public_key)?;
            let Ok(signature) = ec::signature_from_der(curve, signature) else {
                return Ok(false);
            };
            ec::verify(curve, hash, &key, &signature, signed)
        }
        _ => Ok(false),
    }
}

/// Attributes of a name, by the short names that OpenSSL prints.
fn attributes(name: &Name) -> Vec<(String, String)> {
    let relative = name.iter_rdn();
    relative
        .flat_map(|rdn| {
            rdn.iter()
                .map(|attribute| (short_name(attribute.oid), text(attribute)))
                .collect::<Vec<_>>()
        })
        .collect()
}

fn short_name(oid: ObjectIdentifier) -> String {
    let oid = oid.to_string();
    match oid.as_str() {
        "2.5.4.3" => "CN",
        "2.5.4.4" => "SN",
        "2.5.4.5" => "serialNumber",
        "2.5.4.6" => "C",
        "2.5.4.7" => "L",
        "2.5.4.8" => "ST",
        "2.5.4.9" => "street",
        "2.5.4.10" => "O",
        "2.5.4.11" => "OU",
        "2.5.4.12" => "title",
        "2.5.4.42" => "GN",
        "0.9.2342.19200300.100.1.1" => "UID",
        "0.9.2342.19200300.100.1.25" => "DC",
        "1.2.840.113549.1.9.1" => "emailAddress",
        _ => return oid,
    }
    .to_owned()
}

/// The value of an attribute: all its string types are read as UTF-8, except that of two bytes.
fn text(attribute: &AttributeTypeAndValue) -> String {
    let bytes = attribute.value.value();
    if attribute.value.tag() == x509_cert::der::Tag::BmpString {
        let units = bytes
            .chunks_exact(2)
            .map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
        return char::decode_utf16(units)
            .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect();
    }
    String::from_utf8_lossy(bytes).into_owned()
}

fn alternative_name(name: &GeneralName) -> AlternativeName {
    match name {
        GeneralName::DnsName(name) => AlternativeName::Dns(name.to_string()),
        GeneralName::Rfc822Name(name) => AlternativeName::Email(name.to_string()),
        GeneralName::UniformResourceIdentifier(name) => AlternativeName::Uri(name.to_string()),
        GeneralName::IpAddress(address) => {
            let bytes = address.as_bytes();
            let four = <[u8; 4]>::try_from(bytes).map(|bytes| Ipv4Addr::from(bytes).to_string());
            let sixteen =
                <[u8; 16]>::try_from(bytes).map(|bytes| Ipv6Addr::from(bytes).to_string());
            AlternativeName::Ip(four.or(sixteen).unwrap_or_else(|_| "<invalid>".to_owned()))
        }
        GeneralName::DirectoryName(name) => {
            let parts: Vec<_> = attributes(name)
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            AlternativeName::Other(format!("DirName:{}", parts.join(",")))
        }
        GeneralName::RegisteredId(oid) => AlternativeName::Other(format!("Registered ID:{oid}")),
        _ => AlternativeName::Other("othername:<unsupported>".to_owned()),
    }
}

#[cfg(test)]
mod tests;
