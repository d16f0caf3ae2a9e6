//! Requests and responses in the flat form of host.d.ts, in both directions.

use std::rc::Rc;

use http::{HeaderMap, HeaderName, HeaderValue};
use stated_engine::{Local, Scope};
use stated_object::message::{Body, FetchResponse};

use crate::bodies::bytes_body;
use crate::context::Context;
use crate::op::{Op, OpError};
use crate::worker::Worker;

impl Worker {
    /// `[name, value, …]`
    pub(crate) fn headers_to_wire<'s>(scope: &mut Scope<'s>, headers: &HeaderMap) -> Local<'s> {
        let mut flat = Vec::with_capacity(headers.len() * 2);
        for (name, value) in headers {
            flat.push(scope.byte_string(name.as_str().as_bytes()));
            flat.push(scope.byte_string(value.as_bytes()));
        }
        scope.array(&flat)
    }

    /// A WireBody; a stream is registered for the context.
    pub(crate) fn body_to_wire<'s>(
        &self,
        scope: &mut Scope<'s>,
        context: &Rc<Context>,
        body: Body,
    ) -> Local<'s> {
        match body {
            Body::None => scope.null(),
            Body::Bytes(bytes) => scope.uint8_array(&bytes),
            Body::Stream(reader) => {
                let id = self.numbers().next();
                self.bodies.insert_reader(id, context, reader);
                scope.number(id as f64)
            }
        }
    }

    /// A WireResponse.
    pub(crate) fn response_to_wire<'s>(
        &self,
        scope: &mut Scope<'s>,
        context: &Rc<Context>,
        response: FetchResponse,
    ) -> Local<'s> {
        let status = scope.number(f64::from(response.status.as_u16()));
        let status_text = scope.string(&response.status_text);
        let headers = Self::headers_to_wire(scope, &response.headers);
        let body = self.body_to_wire(scope, context, response.body);
        let url = scope.string(&response.url);
        let redirected = scope.boolean(response.redirected);
        let socket = response.socket.map_or(0, |end| {
            self.sockets.insert(self.numbers().next(), context, end)
        });
        let socket = scope.number(socket as f64);
        scope.array(&[status, status_text, headers, body, url, redirected, socket])
    }
}

impl<'s> Op<'_, 's> {
    /// A flat header list. Names and values that HTTP cannot carry are a TypeError.
    pub(crate) fn headers(&mut self, index: u32) -> Result<HeaderMap, OpError<'s>> {
        let flat = self.arg(index);
        let length = self.scope.array_length(flat);
        let mut headers = HeaderMap::with_capacity(length as usize / 2);
        for position in (0..length).step_by(2) {
            let pair = self.scope.nested(|scope| {
                let name = scope.element(flat, position).ok()?;
                let value = scope.element(flat, position + 1).ok()?;
                scope.byte_text(name).zip(scope.byte_text(value))
            });
            let Some((name, value)) = pair else {
                return Err(OpError::type_error("a header is not a pair of ByteStrings"));
            };
            let (Ok(name), Ok(value)) = (
                HeaderName::from_bytes(&name),
                HeaderValue::from_bytes(&value),
            ) else {
                return Err(OpError::type_error(
                    "a header name or value has characters that HTTP does not allow",
                ));
            };
            headers.append(name, value);
        }
        Ok(headers)
    }

    /// A WireBody, taken over from JavaScript.
    pub(crate) fn body(&mut self, index: u32) -> Result<Body, OpError<'s>> {
        let value = self.arg(index);
        if value.is_nullish() {
            return Ok(Body::None);
        }
        if let Some(id) = value.as_number() {
            let reader = self.worker.bodies.take_reader(id as u64);
            return reader
                .map(Body::Stream)
                .ok_or_else(|| OpError::type_error("the body was already used"));
        }
        match self.scope.bytes(value) {
            Some(bytes) => Ok(bytes_body(bytes)),
            None => Err(OpError::type_error(
                "the body is neither bytes nor a host body",
            )),
        }
    }
}
