//! HTTP/1.1 as a load: requests of a [`Workload`], and answers that are read to their last byte.

use std::io::Write;

use anyhow::{Context, Result, anyhow, bail};

use super::{Load, Received};
use crate::workload::Workload;

/// Most header fields of an answer.
const FIELDS_MAX: usize = 32;

/// Sends the requests of a workload, numbered from 0 in the order of sending.
pub(crate) struct HttpLoad<'a> {
    workload: &'a mut dyn Workload,
    sent: u64,
    /// Which request waits on each connection.
    waiting: Vec<u64>,
    body: Vec<u8>,
}

impl<'a> HttpLoad<'a> {
    pub(crate) fn new(workload: &'a mut dyn Workload, connections: usize) -> Self {
        Self {
            workload,
            sent: 0,
            waiting: vec![0; connections],
            body: Vec::new(),
        }
    }
}

impl Load for HttpLoad<'_> {
    fn begin(&mut self, connection: usize, outbox: &mut Vec<u8>) -> bool {
        let number = self.sent;
        if self
            .workload
            .requests_max()
            .is_some_and(|max| number >= max)
        {
            return false;
        }
        let body = self.workload.body();
        let path = self.workload.path(number);
        let written = if body.is_empty() {
            write!(outbox, "GET {path} HTTP/1.1\r\nhost: bench\r\n\r\n")
        } else {
            write!(
                outbox,
                "POST {path} HTTP/1.1\r\nhost: bench\r\ncontent-length: {}\r\n\r\n",
                body.len()
            )
        };
        written.expect("a vector takes everything");
        outbox.extend_from_slice(body);
        self.waiting[connection] = number;
        self.sent += 1;
        true
    }

    fn receive(&mut self, connection: usize, inbox: &[u8]) -> Result<Received> {
        let mut fields = [httparse::EMPTY_HEADER; FIELDS_MAX];
        let mut head = httparse::Response::new(&mut fields);
        let httparse::Status::Complete(head_bytes) = head.parse(inbox)? else {
            return Ok(Received::Part);
        };
        let number = self.waiting[connection];
        let status = head.code.unwrap_or_default();
        let rest = &inbox[head_bytes..];
        let body_bytes = match framing(&head)? {
            Framing::Length(length) if rest.len() < length => return Ok(Received::Part),
            Framing::Length(length) => {
                accept(self.workload, number, status, &rest[..length])?;
                length
            }
            Framing::Chunked => {
                self.body.clear();
                let Some(length) = unchunk(rest, &mut self.body)? else {
                    return Ok(Received::Part);
                };
                accept(self.workload, number, status, &self.body)?;
                length
            }
        };
        Ok(Received::Answer(head_bytes + body_bytes))
    }
}

fn accept(workload: &mut dyn Workload, number: u64, status: u16, body: &[u8]) -> Result<()> {
    let checked = if (200..300).contains(&status) {
        workload.check(number, body)
    } else {
        Err(anyhow!("the status is {status}"))
    };
    checked.with_context(|| {
        let shown = String::from_utf8_lossy(&body[..body.len().min(200)]);
        format!("{} is answered with `{shown}`", workload.path(number))
    })
}

enum Framing {
    Length(usize),
    Chunked,
}

fn framing(head: &httparse::Response<'_, '_>) -> Result<Framing> {
    for field in head.headers.iter() {
        if field.name.eq_ignore_ascii_case("content-length") {
            let digits = std::str::from_utf8(field.value)?;
            return Ok(Framing::Length(digits.parse()?));
        }
        if field.name.eq_ignore_ascii_case("transfer-encoding") {
            return Ok(Framing::Chunked);
        }
    }
    bail!("an answer does not say where it ends")
}

/// Appends the content of a chunked body to `body` and returns its length on the wire; None when
/// its end has not come.
fn unchunk(mut rest: &[u8], body: &mut Vec<u8>) -> Result<Option<usize>> {
    let all = rest.len();
    loop {
        let size = httparse::parse_chunk_size(rest).map_err(|_| anyhow!("a chunk has no size"))?;
        let httparse::Status::Complete((line, size)) = size else {
            return Ok(None);
        };
        let chunk = usize::try_from(size)?;
        let Some(content) = rest.get(line..line + chunk + 2) else {
            return Ok(None);
        };
        body.extend_from_slice(&content[..chunk]);
        rest = &rest[line + chunk + 2..];
        if chunk == 0 {
            return Ok(Some(all - rest.len()));
        }
    }
}

#[cfg(test)]
mod tests;
