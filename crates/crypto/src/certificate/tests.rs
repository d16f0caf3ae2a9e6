use super::{AlternativeName, Certificate};
use crate::CryptoError;
use crate::ec::{self, Curve};

// Made by OpenSSL 3: a self-signed one on P-256, and one of an RSA key that it issued.
const AUTHORITY: &str = "\
    308201b030820156a00302010202011f300a06082a8648ce3d0403023036310b30090603550406130243483115301306\
    0355040a0c0c4dc3bc6c6c6572202620436f3110300e06035504030c07546573742043413020170d3236313132393038\
    333832385a180f32313236313130353038333832385a3036310b300906035504061302434831153013060355040a0c0c\
    4dc3bc6c6c6572202620436f3110300e06035504030c07546573742043413059301306072a8648ce3d020106082a8648\
    ce3d03010703420004995c3ed7c85a83f03635e0da68e502eb5e834a5100045cae980e9116ee66afc4aa7143fd45c114\
    d52453925ee123587d4458f308e951c1aa9f847025147b3ba8a3533051301d0603551d0e0416041433f2b56833a53efe\
    ced08ab909b2f64f6567249f301f0603551d2304183016801433f2b56833a53efeced08ab909b2f64f6567249f300f06\
    03551d130101ff040530030101ff300a06082a8648ce3d040302034800304502210088b280913143da3051b6c8bab02d\
    389ee465d50851678ca4ff39873ca7e56a100220328c8186976c38d638adaf2f1c06b1cbed957bc9d7575e17d15c65c6\
    b80c6e5e\
";

const LEAF: &str = "\
    30820350308202f5a003020102020500c0ffee01300a06082a8648ce3d0403023036310b300906035504061302434831\
    153013060355040a0c0c4dc3bc6c6c6572202620436f3110300e06035504030c07546573742043413020170d32363131\
    32393038333833385a180f32313236313130353038333833385a30363114301206035504030c0b6578616d706c652e63\
    6f6d311e301c06092a864886f70d010901160f616e6e406578616d706c652e636f6d30820122300d06092a864886f70d\
    01010105000382010f003082010a0282010100d4658b01a2ce791d17bedb3af34d84d92630912f963ac7c68da68dd482\
    9bf1d7037d86978c0b11be28f3aed8f58629c0c8efb9c9a6b418051a237be8fc9c8c9332a4c91847b1d37ed1f7bf2c74\
    3b686a3f72016b0c0b7d97cd3514b7d6c7bdf1986d52bb1602b89ebde6da3406e322c9135b95770f55ca0d2b764910e1\
    c6bd3a835804a16ef1d19cfe1db7cba8cd6da7ef2ffddf88ae6b0536f9d63a5900c627c0c2458e63d70ccce4e28e3bb1\
    c4502349de4eee5d9289e1d22e965f2ffdf1577c0bbe6bcade6f9178c1baf336ddfb2cfe88d74f8d91be5b9cd91a13f0\
    a10a47d86ad50009f0ad92fd900319c303bce820ce361994601901106aa33e72d507c90203010001a38201213082011d\
    305f0603551d1104583056820b6578616d706c652e636f6d820d2a2e6578616d706c652e6f72678704c0000201871020\
    010db8000000000000000000000001810f616e6e406578616d706c652e636f6d860f68747470733a2f2f612e74657374\
    2f301d0603551d250416301406082b0601050507030106082b06010505070302305006082b0601050507010104443042\
    301d06082b060105050730018611687474703a2f2f6f6373702e746573742f302106082b060105050730028615687474\
    703a2f2f63612e746573742f63612e63727430090603551d1304023000301d0603551d0e0416041455267f6ad2f60dd6\
    8abb584151e343173d6d446e301f0603551d2304183016801433f2b56833a53efeced08ab909b2f64f6567249f300a06\
    082a8648ce3d04030203490030460221009e708f3af87a33099b61e2daa2853cca405c35eebb69d5a91410b271bcb304\
    7d022100ab0faa4e6e511f3639ab7e2dbf9b7ba80e2de5eb9a6dc076180384049f8db106\
";

fn read(text: &str) -> Certificate {
    Certificate::read(&hex::decode(text).unwrap()).unwrap()
}

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = list.iter();
    owned
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

#[test]
fn a_certificate_tells_what_is_in_it() {
    let leaf = read(LEAF);

    assert_eq!(
        leaf.subject(),
        pairs(&[("CN", "example.com"), ("emailAddress", "ann@example.com")])
    );
    assert_eq!(
        leaf.issuer(),
        pairs(&[("C", "CH"), ("O", "M\u{fc}ller & Co"), ("CN", "Test CA")])
    );
    assert_eq!(leaf.serial_number(), "C0FFEE01");
    assert!(!leaf.is_authority());
    let usages = ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"];
    assert_eq!(leaf.key_usages(), Some(usages.map(str::to_owned).to_vec()));
    assert_eq!(
        leaf.alternative_names(),
        Some(vec![
            AlternativeName::Dns("example.com".to_owned()),
            AlternativeName::Dns("*.example.org".to_owned()),
            AlternativeName::Ip("192.0.2.1".to_owned()),
            AlternativeName::Ip("2001:db8::1".to_owned()),
            AlternativeName::Email("ann@example.com".to_owned()),
            AlternativeName::Uri("https://a.test/".to_owned()),
        ])
    );
    let access = leaf.authority_access().unwrap();
    assert_eq!(access[0].0, "1.3.6.1.5.5.7.48.1");
    assert_eq!(
        access[1].1,
        AlternativeName::Uri("http://ca.test/ca.crt".to_owned())
    );
    let (from, to) = leaf.validity_ms();
    assert_eq!(to - from, 36_500 * 86_400_000);

    let authority = read(AUTHORITY);
    assert!(authority.is_authority());
    assert_eq!(authority.key_usages(), None);
    assert_eq!(authority.alternative_names(), None);
    assert_eq!(authority.serial_number(), "1F");
}

#[test]
fn a_certificate_is_signed_by_its_issuers_key_alone() {
    let (leaf, authority) = (read(LEAF), read(AUTHORITY));
    let key = authority.public_key().unwrap();

    assert!(leaf.names_issuer(&authority));
    assert!(!authority.names_issuer(&leaf));
    assert_eq!(leaf.is_signed_by(&key), Ok(true));
    assert_eq!(authority.is_signed_by(&key), Ok(true));
    assert_eq!(
        authority.is_signed_by(&leaf.public_key().unwrap()),
        Ok(false)
    );
    let other = ec::to_spki(Curve::P256, &ec::generate(Curve::P256).public).unwrap();
    assert_eq!(leaf.is_signed_by(&other), Ok(false));
    assert_eq!(
        leaf.is_signed_by(b"x"),
        Err(CryptoError::Data("the document holds no key".to_owned()))
    );
}

#[test]
fn what_is_no_certificate_is_refused() {
    let refused = CryptoError::Data("the document is no certificate".to_owned());
    for bytes in [&b""[..], b"x", &hex::decode(&LEAF[..200]).unwrap()] {
        assert_eq!(Certificate::read(bytes).err(), Some(refused.clone()));
    }
}
