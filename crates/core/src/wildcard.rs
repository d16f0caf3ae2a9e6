//! Patterns in which only `*` is special, and stands for any text.
//!
//! A star does not stop at a slash, a run of stars is one star, and `?` is a question mark: so it is
//! with wrangler's module rules and with the routes of static files.

/// Whether a pattern fits a whole text.
pub fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let mut parts: Vec<&str> = parts.collect();
    // No star at all: the whole text must be the literal.
    let Some(last) = parts.pop() else {
        return rest.is_empty();
    };
    for part in parts {
        // The leftmost place leaves the most room for what follows.
        let Some(at) = rest.find(part) else {
            return false;
        };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, text, expected) in [
            ("/api/*", "/api/", true),
            ("/api/*", "/api/a/b", true),
            ("/api/*", "/api", false),
            ("/a", "/a", true),
            ("/a", "/ab", false),
            ("*", "", true),
            ("/*/b/*c", "/x/b/b/yc", true),
            ("/*/b/*c", "/x/b/", false),
            ("/*a", "/a", true),
            ("/a*a", "/a", false),
            ("/a.b", "/axb", false),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn only_the_star_is_special_in_a_glob() {
        for (glob, text, expected) in [
            ("a", "a", true),
            ("a", "ab", false),
            ("*", "", true),
            ("a*c", "ac", true),
            ("a*c", "abbc", true),
            ("a*c", "acb", false),
            ("**/*.txt", "./x/y.txt", true),
            ("**/*.txt", "y.txt", false),
            ("*.t?t", "y.txt", false),
            ("ab*ba", "aba", false),
            ("a*b*c", "a-b-c", true),
            ("a*b*c", "a-c-b", false),
        ] {
            assert_eq!(matches(glob, text), expected, "{glob} on {text}");
        }
    }
}
