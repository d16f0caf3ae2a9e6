//! Requests and responses in the flat form of host.d.ts, in both directions.

use std::rc::Rc;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use stated_engine::{Local, Scope};
use stated_object::message::{Body, BodyStream, FetchResponse, body_stream};

use crate::bodies::bytes_body;
use crate::content_coding::{BodyReader, Coding};
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
            Body::Stream(stream) => self.reader_to_wire(scope, context, BodyReader::plain(stream)),
        }
    }

    pub(crate) fn reader_to_wire<'s>(
        &self,
        scope: &mut Scope<'s>,
        context: &Rc<Context>,
        reader: BodyReader,
    ) -> Local<'s> {
        let id = self.numbers().next();
        self.bodies.insert_reader(id, context, reader);
        scope.number(id as f64)
    }

    /// The body of a response, which is decoded when it is read.
    fn coded_body_to_wire<'s>(
        &self,
        scope: &mut Scope<'s>,
        context: &Rc<Context>,
        body: Body,
        coding: Coding,
    ) -> Local<'s> {
        let stream = match body {
            Body::None => return scope.null(),
            Body::Bytes(bytes) => stream_of(bytes),
            Body::Stream(stream) => stream,
        };
        let reader = BodyReader::coded(stream, coding, self.codec_room.clone());
        self.reader_to_wire(scope, context, reader)
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
        let codings = context.program.as_ref().map(|program| program.codings);
        let body = match codings.unwrap_or_default().named_in(&response.headers) {
            None => self.body_to_wire(scope, context, response.body),
            Some(coding) => self.coded_body_to_wire(scope, context, response.body, coding),
        };
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
        let mut pair = Vec::new();
        for position in (0..length).step_by(2) {
            pair.clear();
            let name_length = self.scope.nested(|scope| {
                let name = scope.element(flat, position).ok()?;
                let value = scope.element(flat, position + 1).ok()?;
                let is_name = scope.append_byte_text(name, &mut pair);
                let name_length = pair.len();
                (is_name && scope.append_byte_text(value, &mut pair)).then_some(name_length)
            });
            let Some((name, value)) = name_length.map(|length| pair.split_at(length)) else {
                return Err(OpError::type_error("a header is not a pair of ByteStrings"));
            };
            let (Ok(name), Ok(value)) = (
                self.worker.header_names.of(name),
                HeaderValue::from_bytes(value),
            ) else {
                return Err(OpError::type_error(
                    "a header name or value has characters that HTTP does not allow",
                ));
            };
            headers.append(name, value);
        }
        Ok(headers)
    }

    /// A WireBody, taken over from JavaScript, without a content coding.
    pub(crate) fn body(&mut self, index: u32) -> Result<Body, OpError<'s>> {
        self.coded_body(index, None)
    }

    /// A WireBody, taken over from JavaScript, under a content coding.
    pub(crate) fn coded_body(
        &mut self,
        index: u32,
        coding: Option<Coding>,
    ) -> Result<Body, OpError<'s>> {
        let value = self.arg(index);
        if value.is_nullish() {
            return Ok(Body::None);
        }
        let room = &self.worker.codec_room;
        if let Some(id) = value.as_number() {
            let reader = self.worker.bodies.take_reader(id as u64);
            let reader = reader.ok_or_else(|| OpError::type_error("the body was already used"))?;
            let stream = reader.into_stream(coding, room);
            return stream
                .map(Body::Stream)
                .map_err(|error| OpError::error(error.to_string()));
        }
        let bytes = self
            .scope
            .bytes(value)
            .ok_or_else(|| OpError::type_error("the body is neither bytes nor a host body"))?;
        let body = bytes_body(bytes);
        match coding {
            None => Ok(body),
            Some(coding) => coding
                .encode(body, room)
                .map_err(|error| OpError::error(error.to_string())),
        }
    }
}

/// A stream of which everything is here.
fn stream_of(bytes: Bytes) -> BodyStream {
    let (writer, stream) = body_stream(Some(bytes.len() as u64));
    // The channel is empty, so that it takes the one chunk.
    let _taken = writer.try_send(Ok(bytes));
    stream
}
