//! Names in CommonJS modules that the bundler would declare twice.
//!
//! What rolldown makes of a package in CommonJS calls what it requires `require_name`, and `require_name$1` when another
//! file has the same name. When such a package is bundled again, rolldown 1.2.3 gives the first of them the name of the
//! second, and the program does not parse. So the second gets another name here, of the same length, before it sees it.

/// The code with other names, or None when it has no such.
pub(crate) fn renamed(code: &str) -> Option<String> {
    let mut bytes = code.as_bytes().to_vec();
    let mut changed = false;
    for (start, _) in code.match_indices("require_") {
        if start > 0 && is_part(bytes[start - 1]) {
            continue;
        }
        let Some(dollar) = suffix_of(&bytes[start..]).map(|length| start + length) else {
            continue;
        };
        let end = dollar + 1 + digits(&bytes[dollar + 1..]);
        let other = format!("{}_{}", &code[start..dollar], &code[dollar + 1..end]);
        if !code.contains(&other) {
            bytes[dollar] = b'_';
            changed = true;
        }
    }
    // One ASCII character has become another.
    changed.then(|| String::from_utf8(bytes).ok()).flatten()
}

/// How many bytes of a name come before the `$` of its numeric suffix.
fn suffix_of(name: &[u8]) -> Option<usize> {
    let length = name.iter().take_while(|byte| is_letter(**byte)).count();
    let rest = name.get(length..)?.strip_prefix(b"$")?;
    let count = digits(rest);
    let ends = rest.get(count).is_none_or(|next| !is_part(*next));
    (count > 0 && ends).then_some(length)
}

fn digits(text: &[u8]) -> usize {
    text.iter().take_while(|byte| byte.is_ascii_digit()).count()
}

fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn is_part(byte: u8) -> bool {
    is_letter(byte) || byte == b'$' || !byte.is_ascii()
}

#[cfg(test)]
mod tests {
    use super::renamed;

    #[test]
    fn names_with_a_number_get_another_of_the_same_length() {
        assert_eq!(
            renamed("const require_a$1 = require('./x'); f(require_a$1.b, require_a_b$12)")
                .as_deref(),
            Some("const require_a_1 = require('./x'); f(require_a_1.b, require_a_b_12)")
        );
    }

    #[test]
    fn other_names_stay() {
        for code in [
            "const require_a = require('./a')",
            "require_a$",
            "require_a$b",
            "require_a$1b",
            "my_require_a$1",
            "$require_a$1",
            "require_a$1$2",
            "required$1",
            "require_a$1 + require_a_1",
            "",
        ] {
            assert_eq!(renamed(code), None, "{code}");
        }
    }
}
