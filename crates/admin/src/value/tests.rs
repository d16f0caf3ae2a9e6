use proptest::prelude::*;
use serde_json::json;

use super::*;

/// What Node 20's `v8.serialize` gives, in hexadecimal.
const V8: &[(&str, &str)] = &[
    ("null", "ff0f30"),
    ("true", "ff0f54"),
    ("false", "ff0f46"),
    ("0", "ff0f4900"),
    ("-1", "ff0f4901"),
    ("42", "ff0f4954"),
    ("2147483648", "ff0f4e000000000000e041"),
    ("1.5", "ff0f4e000000000000f83f"),
    (r#""""#, "ff0f2200"),
    (r#""abc""#, "ff0f2203616263"),
    (r#""grüß""#, "ff0f22046772fcdf"),
    (r#""€😀""#, "ff0f6306ac203dd800de"),
    ("[]", "ff0f4100240000"),
    ("[1,[2]]", "ff0f4102490241014904240001240002"),
    ("{}", "ff0f6f7b00"),
    (r#"{"7":"x","a":1}"#, "ff0f6f490e22017822016149027b02"),
    (r#"{"€":1}"#, "ff0f6f006302ac2049027b01"),
];

/// Values of the same program that JSON cannot express.
const NOT_JSON: &[(&str, &str)] = &[
    ("ff0f5f", "undefined"),
    ("ff0f440000000000001440", "a Date"),
    ("ff0f3b490249043a02", "a Map"),
    ("ff0f2749022c01", "a Set"),
    ("ff0f5a100a00000000000000", "a BigInt"),
    ("ff0f5222016101", "a RegExp"),
    ("ff0f42020000", "an ArrayBuffer"),
    ("ff0f610249024902400102", "a sparse array"),
    ("ff0f6e000000000000f03f", "a primitive wrapped in an object"),
    ("ff0f4e000000000000f87f", "NaN"),
    ("ff0f4e000000000000f0ff", "an infinite number"),
    ("ff0f41026f7b005e01240002", "an object that occurs twice"),
    ("ff0f630200d8", "a string with half a surrogate pair"),
    (
        "ff0f410149022201784902240101",
        "an array with named properties",
    ),
];

fn bytes(hexadecimal: &str) -> Vec<u8> {
    let pairs = hexadecimal.as_bytes().chunks(2);
    pairs
        .map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

#[test]
fn values_are_written_and_read_as_v8_does() {
    for (text, hexadecimal) in V8 {
        let value: Value = serde_json::from_str(text).unwrap();

        assert_eq!(to_json(&bytes(hexadecimal)), Ok(value.clone()), "{text}");
        assert_eq!(from_json(&value), bytes(hexadecimal), "{text}");
    }
}

#[test]
fn what_json_cannot_express_is_refused_by_name() {
    for (hexadecimal, name) in NOT_JSON {
        let error = to_json(&bytes(hexadecimal)).unwrap_err();

        assert_eq!(
            error.to_string(),
            format!("it contains {name}, which JSON cannot express")
        );
    }
}

#[test]
fn versions_13_to_15_are_read_and_16_is_not() {
    for version in [13, 14, 15] {
        assert_eq!(to_json(&[0xff, version, b'T']), Ok(json!(true)));
        assert_eq!(check_version(&[0xff, version]), Ok(()));
    }
    for version in [12, 16] {
        let error = check_version(&[0xff, version, b'T']).unwrap_err();

        assert_eq!(error, ValueError::Version { version });
        assert_eq!(
            error.to_string(),
            format!("its format version is {version}; versions 13 to 15 are known")
        );
    }
}

#[test]
fn data_without_a_header_is_read_as_the_oldest_version() {
    assert_eq!(to_json(b"\"\x02hi"), Ok(json!("hi")));
}

#[test]
fn damaged_bytes_are_named_with_their_place() {
    for (damaged, offset) in [
        (&b""[..], 0),
        (b"\xff", 1),
        (b"\xff\x0f", 2),
        (b"\xff\x0f\"\x05ab", 4),
        (b"\xff\x0fTT", 3),
    ] {
        let error = to_json(damaged).unwrap_err();

        assert_eq!(
            error.to_string(),
            format!("its bytes are damaged at offset {offset}")
        );
    }
}

#[test]
fn nesting_is_read_500_levels_deep_and_no_deeper() {
    let nested = |levels: usize| {
        let mut bytes = vec![0xff, 15];
        bytes.extend([b'A', 1].repeat(levels));
        bytes.push(b'0');
        bytes.extend([b'$', 0, 1].repeat(levels));
        bytes
    };

    assert!(to_json(&nested(500)).is_ok());
    assert_eq!(
        to_json(&nested(501)).unwrap_err().to_string(),
        "it is nested deeper than 500 levels"
    );
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        (-(1_i64 << 52)..1 << 52).prop_map(Value::from),
        (-1e9..1e9).prop_map(|number: f64| json!(number + 0.5)),
        ".*".prop_map(Value::String),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
            prop::collection::btree_map(".*|[0-9]{1,11}", inner, 0..6)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn every_json_value_comes_back(value in any_json()) {
        let read = to_json(&from_json(&value)).unwrap();

        // A double without a fraction comes back as an integer, as in JavaScript.
        prop_assert_eq!(normal(read), normal(value));
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let mut with_header = vec![0xff, 15];
        with_header.extend(&bytes);
        let _either = (to_json(&bytes), to_json(&with_header));
    }
}

fn normal(value: Value) -> Value {
    match value {
        Value::Number(number) => match number.as_f64() {
            Some(double) if double.fract() == 0.0 => json!(double as i64),
            _ => Value::Number(number),
        },
        Value::Array(array) => array.into_iter().map(normal).collect(),
        Value::Object(object) => object
            .into_iter()
            .map(|(name, value)| (name, normal(value)))
            .collect(),
        other => other,
    }
}
