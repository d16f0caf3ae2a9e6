use super::{cbc_decrypt, cbc_encrypt, ctr, gcm_decrypt, gcm_encrypt, unwrap, wrap};
use crate::CryptoError;

fn bytes(text: &str) -> Vec<u8> {
    hex::decode(text).unwrap()
}

fn operation(text: &str) -> CryptoError {
    CryptoError::Operation(text.to_owned())
}

const UNREADABLE: &str = "Decryption failed. This could be due to a ciphertext authentication failure, bad padding, incorrect CryptoKey, or another algorithm-specific reason.";

// SP 800-38A, F.1: the message of all its examples.
const MESSAGE: &str = "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51\
                       30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710";
const KEYS: [&str; 3] = [
    "2b7e151628aed2a6abf7158809cf4f3c",
    "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b",
    "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
];

#[test]
fn cbc_is_that_of_sp_800_38a_f_2() {
    let iv = bytes("000102030405060708090a0b0c0d0e0f");
    let first_blocks = [
        "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2",
        "4f021db243bc633d7178183a9fa071e8b4d9ada9ad7dedf4e5e738763f69145a",
        "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d",
    ];
    for (key, first) in KEYS.into_iter().zip(first_blocks) {
        let encrypted = cbc_encrypt(&bytes(key), &iv, &bytes(MESSAGE)).unwrap();
        assert_eq!(hex::encode(&encrypted[..32]), first);
        assert_eq!(encrypted.len(), 80);
        assert_eq!(
            cbc_decrypt(&bytes(key), &iv, &encrypted).unwrap(),
            bytes(MESSAGE)
        );
    }
}

#[test]
fn cbc_refuses_bad_padding_and_lengths() {
    let (key, iv) = (bytes(KEYS[0]), [0; 16]);
    let encrypted = cbc_encrypt(&key, &iv, b"x").unwrap();
    assert_eq!(
        cbc_decrypt(&key, &iv, &encrypted[..15]),
        Err(operation(UNREADABLE))
    );
    assert_eq!(cbc_decrypt(&key, &iv, b""), Err(operation(UNREADABLE)));
    // The padding of one byte of text is 0x0f; a change of the iv makes it 0x1f.
    let mut changed = iv;
    changed[15] ^= 0x10;
    assert_eq!(
        cbc_decrypt(&key, &changed, &encrypted),
        Err(operation(UNREADABLE))
    );
    assert_eq!(
        cbc_encrypt(&key, &iv[..15], b"x"),
        Err(operation("the iv has 15 bytes; it must have 16"))
    );
    assert_eq!(
        cbc_encrypt(&key[..15], &iv, b"x"),
        Err(operation("an AES key of 120 bits does not exist"))
    );
}

#[test]
fn ctr_is_that_of_sp_800_38a_f_5() {
    let counter = bytes("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff");
    let first_blocks = [
        "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff",
        "1abc932417521ca24f2b0459fe7e6e0b090339ec0aa6faefd5ccc2c6f4ce8e94",
        "601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c5",
    ];
    for (key, first) in KEYS.into_iter().zip(first_blocks) {
        let encrypted = ctr(&bytes(key), &counter, 128, &bytes(MESSAGE)).unwrap();
        assert_eq!(hex::encode(&encrypted[..32]), first);
        assert_eq!(
            ctr(&bytes(key), &counter, 128, &encrypted).unwrap(),
            bytes(MESSAGE)
        );
    }
}

#[test]
fn a_counter_wraps_within_its_bits() {
    let key = bytes(KEYS[0]);
    let block = |counter: &str| ctr(&key, &bytes(counter), 128, &[0; 16]).unwrap();
    let blocks = |counter: &str, bits| ctr(&key, &bytes(counter), bits, &[0; 32]).unwrap();

    let wrapped = blocks("000102030405060708090a0b0c0d0eff", 8);
    assert_eq!(wrapped[..16], block("000102030405060708090a0b0c0d0eff"));
    assert_eq!(wrapped[16..], block("000102030405060708090a0b0c0d0e00"));
    let carried = blocks("000102030405060708090a0b0c0d0eff", 9);
    assert_eq!(carried[16..], block("000102030405060708090a0b0c0d0f00"));
    let whole = blocks("ffffffffffffffffffffffffffffffff", 128);
    assert_eq!(whole[16..], block("00000000000000000000000000000000"));
}

#[test]
fn a_message_has_as_many_blocks_as_the_counter_counts() {
    let key = bytes(KEYS[0]);
    assert_eq!(ctr(&key, &[0; 16], 1, &[0; 32]).unwrap().len(), 32);
    assert_eq!(
        ctr(&key, &[0; 16], 1, &[0; 33]),
        Err(operation("the message is too long for the counter"))
    );
    assert_eq!(
        ctr(&key, &[0; 16], 0, b""),
        Err(operation(
            "a counter of 0 bits is not possible; it has 1 to 128"
        ))
    );
    assert_eq!(
        ctr(&key, &[0; 16], 129, b""),
        Err(operation(
            "a counter of 129 bits is not possible; it has 1 to 128"
        ))
    );
}

// McGrew and Viega, "The Galois/Counter Mode of Operation", appendix B.
const GCM_KEY: &str = "feffe9928665731c6d6a8f9467308308";
const GCM_MESSAGE: &str = "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72\
                           1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39";
const GCM_EXTRA: &str = "feedfacedeadbeeffeedfacedeadbeefabaddad2";

#[test]
fn gcm_is_that_of_the_test_cases_4_to_6() {
    let cases = [
        (
            "cafebabefacedbaddecaf888",
            "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e\
             21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091",
            "5bc94fbc3221a5db94fae95ae7121a47",
        ),
        (
            "cafebabefacedbad",
            "61353b4c2806934a777ff51fa22a4755699b2a714fcdc6f83766e5f97b6c7423\
             73806900e49f24b22b097544d4896b424989b5e1ebac0f07c23f4598",
            "3612d2e79e3b0785561be14aaca2fccb",
        ),
        (
            "9313225df88406e555909c5aff5269aa6a7a9538534f7da1e4c303d2a318a728\
             c3c0c95156809539fcf0e2429a6b525416aedbf5a0de6a57a637b39b",
            "8ce24998625615b603a033aca13fb894be9112a5c3a211a8ba262a3cca7e2ca7\
             01e4a9a4fba43c90ccdcb281d48c7c6fd62875d2aca417034c34aee5",
            "619cc5aefffe0bfa462af43c1699d050",
        ),
    ];
    for (iv, ciphertext, tag) in cases {
        for tag_bits in [32, 64, 96, 104, 112, 120, 128] {
            let expected = format!("{ciphertext}{}", &tag[..tag_bits as usize / 4]);
            let (key, iv, extra) = (bytes(GCM_KEY), bytes(iv), bytes(GCM_EXTRA));
            let encrypted = gcm_encrypt(&key, &iv, &extra, tag_bits, &bytes(GCM_MESSAGE)).unwrap();
            assert_eq!(hex::encode(&encrypted), expected);
            assert_eq!(
                gcm_decrypt(&key, &iv, &extra, tag_bits, &encrypted).unwrap(),
                bytes(GCM_MESSAGE)
            );
        }
    }
}

#[test]
fn gcm_notices_every_change() {
    let (key, iv) = (bytes(GCM_KEY), [7; 12]);
    for tag_bits in [32, 128] {
        let encrypted = gcm_encrypt(&key, &iv, b"extra", tag_bits, b"message").unwrap();
        for position in 0..encrypted.len() {
            let mut changed = encrypted.clone();
            changed[position] ^= 0x10;
            assert_eq!(
                gcm_decrypt(&key, &iv, b"extra", tag_bits, &changed),
                Err(operation(UNREADABLE))
            );
        }
        assert_eq!(
            gcm_decrypt(&key, &iv, b"other", tag_bits, &encrypted),
            Err(operation(UNREADABLE))
        );
        assert_eq!(
            gcm_decrypt(&key, &[8; 12], b"extra", tag_bits, &encrypted),
            Err(operation(UNREADABLE))
        );
        assert_eq!(
            gcm_decrypt(&key, &iv, b"extra", tag_bits, &encrypted[..3]),
            Err(operation(UNREADABLE))
        );
    }
}

#[test]
fn gcm_says_which_tags_and_ivs_it_has() {
    let key = bytes(GCM_KEY);
    for tag_bits in [0, 40, 127, 136] {
        let text = format!(
            "a tag of {tag_bits} bits is not possible; it has 32, 64, 96, 104, 112, 120 or 128"
        );
        assert_eq!(
            gcm_encrypt(&key, &[0; 12], b"", tag_bits, b""),
            Err(operation(&text))
        );
    }
    assert_eq!(
        gcm_encrypt(&key, b"", b"", 128, b""),
        Err(operation("AES-GCM IV must not be empty."))
    );
}

#[test]
fn wrapping_is_that_of_rfc_3394_4() {
    let data = "00112233445566778899aabbccddeeff";
    let cases = [
        (
            "000102030405060708090a0b0c0d0e0f",
            data,
            "1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5",
        ),
        (
            "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
            "00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f",
            "28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21",
        ),
    ];
    for (key, data, wrapped) in cases {
        assert_eq!(
            hex::encode(wrap(&bytes(key), &bytes(data)).unwrap()),
            wrapped
        );
        assert_eq!(
            hex::encode(unwrap(&bytes(key), &bytes(wrapped)).unwrap()),
            data
        );
    }
}

#[test]
fn wrapping_takes_16_bytes_or_more_in_multiples_of_8() {
    let key = bytes(KEYS[0]);
    for bytes in [0, 8, 15, 17] {
        let text = format!(
            "a key of {bytes} bytes cannot be wrapped; AES-KW takes 16 or more, in multiples of 8"
        );
        assert_eq!(wrap(&key, &vec![0; bytes]), Err(operation(&text)));
    }
    let mut wrapped = wrap(&key, &[1; 24]).unwrap();
    wrapped[8] ^= 1;
    assert_eq!(unwrap(&key, &wrapped), Err(operation(UNREADABLE)));
    assert_eq!(unwrap(&key, &wrapped[..23]), Err(operation(UNREADABLE)));
    assert_eq!(unwrap(&key, b""), Err(operation(UNREADABLE)));
}
