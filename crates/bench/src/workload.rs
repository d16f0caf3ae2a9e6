//! What one row asks of a server by HTTP, and how it knows that the answers are right.

use std::borrow::Cow;

use anyhow::Result;
use stated_testkit::HttpClient;

/// Requests with numbers from 0, and the checks of their answers.
///
/// A workload is made for one measurement and used by one thread.
pub(crate) trait Workload {
    /// Brings the server into the state that the requests need. Not measured.
    fn prepare(&mut self, _client: &HttpClient) -> Result<()> {
        Ok(())
    }

    fn path(&self, number: u64) -> Cow<'static, str>;

    /// The body of every request: a POST when there is one, else a GET.
    fn body(&self) -> &[u8] {
        &[]
    }

    /// After how many requests there are no more, if at all.
    fn requests_max(&self) -> Option<u64> {
        None
    }

    /// Checks one answer.
    ///
    /// # Errors
    /// When it is wrong.
    fn check(&mut self, number: u64, answer: &[u8]) -> Result<()>;

    /// Checks what the server has after the last answer. Not measured.
    ///
    /// # Errors
    /// When that does not agree with the answers.
    fn verify(&mut self, _client: &HttpClient) -> Result<()> {
        Ok(())
    }
}

/// Reads an answer that is a number.
pub(crate) fn number(answer: &[u8]) -> Result<u64> {
    Ok(std::str::from_utf8(answer)?.parse()?)
}
