//! Names of headers that programs use, ready made: a name that HTTP does not define costs an allocation each time it is made.

use std::cell::RefCell;

use http::HeaderName;
use http::header::InvalidHeaderName;
use rustc_hash::FxHashMap;

/// Names that are kept. Programs use few; when somebody makes names up, all go.
const NAMES_MAX: usize = 256;
/// Bytes of a name that is kept.
const NAME_BYTES_MAX: usize = 64;

/// The names of one shard's programs.
#[derive(Default)]
pub(crate) struct HeaderNames(RefCell<FxHashMap<Box<[u8]>, HeaderName>>);

impl HeaderNames {
    /// The name with these bytes, in lower case.
    ///
    /// # Errors
    /// When they are no header name.
    pub(crate) fn of(&self, bytes: &[u8]) -> Result<HeaderName, InvalidHeaderName> {
        if let Some(name) = self.0.borrow().get(bytes) {
            return Ok(name.clone());
        }
        let name = HeaderName::from_bytes(bytes)?;
        if bytes.len() <= NAME_BYTES_MAX {
            let mut names = self.0.borrow_mut();
            if names.len() == NAMES_MAX {
                names.clear();
            }
            names.insert(bytes.into(), name.clone());
        }
        Ok(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_same_the_second_time() {
        let names = HeaderNames::default();

        for _ in 0..2 {
            assert_eq!(names.of(b"x-Custom").unwrap(), "x-custom");
            assert_eq!(names.of(b"content-type").unwrap(), "content-type");
            assert!(names.of(b"no name").is_err());
        }
    }

    #[test]
    fn no_more_than_256_names_of_64_bytes_are_kept() {
        let names = HeaderNames::default();
        let kept = || names.0.borrow().len();

        for number in 0..NAMES_MAX {
            names.of(format!("x-{number}").as_bytes()).unwrap();
        }
        assert_eq!(kept(), 256);
        names.of(b"x-one-more").unwrap();
        assert_eq!(kept(), 1);
        names.of(&[b'x'; 64]).unwrap();
        assert_eq!(kept(), 2);
        names.of(&[b'x'; 65]).unwrap();
        assert_eq!(kept(), 2);
    }
}
