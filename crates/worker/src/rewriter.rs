//! HTMLRewriter: documents that are parsed, shown to a program token by token, and written again.
//!
//! The parser is `lol_html`, as in workerd. It calls a handler for each token and expects it to be
//! done when it returns, whereas a program's handler may wait for as long as it likes. So a
//! [`Rewriter`] runs the parser as a coroutine, which comes back with each token; the program reads
//! and changes the token by [`Command`]s while the parser waits inside of its handler, and what
//! changes mean is the parser's own business.
//!
//! Input is what the program feeds. Output is collected until it is taken, at most what one piece of
//! input becomes.

mod tokens;

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

use encoding_rs::Encoding;
use lol_html::errors::{RewritingError, SelectorError};
use lol_html::html_content::{
    Comment, ContentType, Doctype, DocumentEnd, Element, StreamingHandler, StreamingHandlerSink,
    TextChunk,
};
use lol_html::{
    AsciiCompatibleEncoding, DocumentContentHandlers, ElementContentHandlers, HandlerResult,
    HtmlRewriter, MemorySettings, Selector, Settings,
};
use rustc_hash::FxHashMap;
use stated_engine::{Coroutine, Resumed, suspend};

use tokens::Token;
pub(crate) use tokens::{Answer, Command, Content, Place};

/// Bytes that the parser of one document may hold: of a tag or comment that has not ended in the
/// input so far, and of the elements that are open.
///
/// Source: measured with workerd.
const MEMORY_BYTES_MAX: usize = 3 << 20;
/// Bytes of a selector. The parser's stack grows with the number of its parts.
///
/// Differs: workerd has no limit, and ends when its stack does.
const SELECTOR_BYTES_MAX: usize = 1024;
/// Parentheses inside of each other in a selector; each takes some KiB of the caller's stack.
const SELECTOR_DEPTH_MAX: usize = 16;
/// Address space of a parser's stack. What it needs is measured with the longest selectors.
const STACK_BYTES: usize = 1 << 20;
/// Documents that are rewritten at the same time on one shard. Each needs two mappings of memory.
pub(crate) const REWRITERS_MAX: usize = 1024;

/// The documents that are being rewritten on one shard, by number.
#[derive(Default)]
pub(crate) struct Rewriters {
    last_id: Cell<u64>,
    open: RefCell<FxHashMap<u64, OpenRewriter>>,
}

/// What `<esi:include>` is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EsiTags {
    /// A tag like any other that nobody knows.
    Ordinary,
    /// One without content: the flag `html_rewriter_treats_esi_include_as_void_tag`.
    Void,
}

struct OpenRewriter {
    context: u64,
    rewriter: Rewriter,
}

impl Rewriters {
    /// Begins a document and returns its number.
    ///
    /// # Errors
    /// A text for the program.
    pub(crate) fn open(
        &self,
        context: u64,
        handlers: Vec<Handlers>,
        encoding: &str,
        esi: EsiTags,
    ) -> Result<u64, String> {
        if self.open.borrow().len() >= REWRITERS_MAX {
            return Err(format!(
                "too many documents are being rewritten; the limit is {REWRITERS_MAX}"
            ));
        }
        let rewriter = Rewriter::new(handlers, encoding, esi)?;
        let id = self.last_id.get() + 1;
        self.last_id.set(id);
        self.open
            .borrow_mut()
            .insert(id, OpenRewriter { context, rewriter });
        Ok(id)
    }

    /// The context that a document belongs to.
    pub(crate) fn context_of(&self, id: u64) -> Option<u64> {
        self.open.borrow().get(&id).map(|open| open.context)
    }

    /// Calls `f` with a document that has not ended.
    pub(crate) fn with<R>(&self, id: u64, f: impl FnOnce(&mut Rewriter) -> R) -> Option<R> {
        self.open
            .borrow_mut()
            .get_mut(&id)
            .map(|open| f(&mut open.rewriter))
    }

    /// Forgets a document.
    pub(crate) fn close(&self, id: u64) {
        let closed = self.open.borrow_mut().remove(&id);
        drop(closed);
    }

    /// Drops what a context left open.
    pub(crate) fn end_context(&self, context: u64) {
        self.open
            .borrow_mut()
            .retain(|_, open| open.context != context);
    }
}

/// A selector from its text.
///
/// # Errors
/// A text for the program.
pub(crate) fn parse_selector(text: &str) -> Result<Selector, String> {
    let bytes = text.len();
    if bytes > SELECTOR_BYTES_MAX {
        return Err(format!(
            "The selector has {bytes} bytes; the limit is {SELECTOR_BYTES_MAX}."
        ));
    }
    let mut open: usize = 0;
    let mut depth = 0;
    for byte in text.bytes() {
        match byte {
            b'(' => open += 1,
            b')' => open = open.saturating_sub(1),
            _ => continue,
        }
        depth = depth.max(open);
    }
    if depth > SELECTOR_DEPTH_MAX {
        return Err(format!(
            "The selector has {depth} parentheses inside of each other; the limit is {SELECTOR_DEPTH_MAX}."
        ));
    }
    text.parse()
        .map_err(|error: SelectorError| error.to_string())
}

/// What a program has registered for a selector, or for the document.
pub(crate) struct Handlers {
    /// None for the document's.
    pub(crate) selector: Option<Selector>,
    /// Which kinds of token it wants.
    pub(crate) kinds: Kinds,
}

/// A set of kinds of token, as bits.
#[derive(Clone, Copy, Default)]
pub(crate) struct Kinds(pub(crate) u32);

impl Kinds {
    fn has(self, kind: Kind) -> bool {
        self.0 & (1 << kind as u32) != 0
    }
}

/// A kind of token. The numbers are those of `js/html-rewriter.js`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Element = 0,
    Comment = 1,
    Text = 2,
    Doctype = 3,
    DocumentEnd = 4,
    EndTag = 5,
}

/// What a parser waits for next.
#[derive(Debug, PartialEq)]
pub(crate) enum Step {
    /// A handler: of the registration with this index, or the end tag's with this key.
    Handler(Kind, u32),
    /// The content of the stream with this key.
    Content(u32),
    /// More input.
    Input,
    /// Nothing: the document has ended.
    End,
    /// Nothing any more: it cannot be parsed, with a text for the program.
    Failed(String),
}

/// What goes into the coroutine.
enum Into {
    Chunk(Vec<u8>),
    End,
    Command(Command),
    /// A piece of the content that was asked for.
    Piece(Vec<u8>),
    /// The handler, or the content, is done.
    Resume,
}

/// What comes out of it.
enum Out {
    Step(Step),
    Answer(Answer),
}

/// One document.
pub(crate) struct Rewriter {
    parser: Coroutine<Into, Out>,
    output: Rc<RefCell<Vec<u8>>>,
    waits_for: Waiting,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Waiting {
    Input,
    Handler,
    Content,
    Nothing,
}

impl Rewriter {
    fn new(handlers: Vec<Handlers>, encoding: &str, esi: EsiTags) -> Result<Self, String> {
        let encoding = Encoding::for_label(encoding.as_bytes())
            .ok_or("Unknown character encoding has been provided.")?;
        let encoding =
            AsciiCompatibleEncoding::new(encoding).ok_or("Expected ASCII-compatible encoding.")?;
        let output = Rc::new(RefCell::default());
        let sink = output.clone();
        let parser = Coroutine::new(STACK_BYTES, move |first| {
            parse(first, handlers, encoding, esi, sink)
        })
        .map_err(|error| error.to_string())?;
        Ok(Self {
            parser,
            output,
            waits_for: Waiting::Input,
        })
    }

    /// Feeds a piece of the document. Only after [`Step::Input`], and at first.
    pub(crate) fn write(&mut self, chunk: Vec<u8>) -> Step {
        self.go_on(Waiting::Input, Into::Chunk(chunk))
    }

    /// Says that it has no more. Only after [`Step::Input`], and at first.
    pub(crate) fn end(&mut self) -> Step {
        self.go_on(Waiting::Input, Into::End)
    }

    /// Goes on after a handler or a content.
    pub(crate) fn resume(&mut self) -> Step {
        self.go_on(self.waits_for, Into::Resume)
    }

    /// Does something with the token whose handler is waited for; None when there is none.
    pub(crate) fn act(&mut self, command: Command) -> Option<Answer> {
        if self.waits_for != Waiting::Handler {
            return None;
        }
        match self.parser.resume(Into::Command(command)) {
            Resumed::Suspended(Out::Answer(answer)) => Some(answer),
            Resumed::Suspended(Out::Step(_)) | Resumed::Finished(_) => None,
        }
    }

    /// Writes a piece of the content that is waited for. None when it fits, or why it does not.
    pub(crate) fn pour(&mut self, piece: Vec<u8>) -> Option<String> {
        if self.waits_for != Waiting::Content {
            return None;
        }
        match self.parser.resume(Into::Piece(piece)) {
            Resumed::Suspended(Out::Answer(Answer::Refused(why))) => Some(why),
            _ => None,
        }
    }

    /// What has come out since the last time.
    pub(crate) fn take_output(&mut self) -> Vec<u8> {
        self.output.take()
    }

    fn go_on(&mut self, expected: Waiting, input: Into) -> Step {
        if self.waits_for != expected || expected == Waiting::Nothing {
            return Step::Failed("the document has ended".to_owned());
        }
        let (Resumed::Suspended(out) | Resumed::Finished(out)) = self.parser.resume(input);
        let Out::Step(step) = out else {
            return Step::Failed("the parser answers what it was not asked".to_owned());
        };
        self.waits_for = match step {
            Step::Handler(..) => Waiting::Handler,
            Step::Content(_) => Waiting::Content,
            Step::Input => Waiting::Input,
            Step::End | Step::Failed(_) => Waiting::Nothing,
        };
        step
    }
}

/// The body of the coroutine.
fn parse(
    first: Into,
    handlers: Vec<Handlers>,
    encoding: AsciiCompatibleEncoding,
    esi: EsiTags,
    output: Rc<RefCell<Vec<u8>>>,
) -> Out {
    let memory = MemorySettings::new().with_max_allowed_memory_usage(MEMORY_BYTES_MAX);
    let settings = Settings::new()
        .with_encoding(encoding)
        .with_memory_settings(memory)
        .with_enable_esi_tags(esi == EsiTags::Void);
    let settings = handlers
        .into_iter()
        .zip(0..)
        .fold(settings, |settings, (handlers, index)| {
            register(settings, handlers, index)
        });
    let mut rewriter = HtmlRewriter::new(settings, |bytes: &[u8]| {
        output.borrow_mut().extend_from_slice(bytes);
    });
    let mut input = first;
    loop {
        let written = match input {
            Into::Chunk(chunk) => rewriter.write(&chunk),
            Into::End => {
                return Out::Step(match rewriter.end() {
                    Ok(()) => Step::End,
                    Err(error) => failed(error),
                });
            }
            Into::Command(_) | Into::Piece(_) | Into::Resume => Ok(()),
        };
        if let Err(error) = written {
            return Out::Step(failed(error));
        }
        input = suspend(Out::Step(Step::Input));
    }
}

fn failed(error: RewritingError) -> Step {
    Step::Failed(error.to_string())
}

fn register(
    settings: Settings<'static, 'static>,
    Handlers { selector, kinds }: Handlers,
    index: u32,
) -> Settings<'static, 'static> {
    let Some(selector) = selector else {
        let mut of_document = DocumentContentHandlers::default();
        if kinds.has(Kind::Doctype) {
            of_document = of_document
                .doctype(move |token: &mut Doctype<'_>| wait(Kind::Doctype, index, token));
        }
        if kinds.has(Kind::Comment) {
            of_document = of_document
                .comments(move |token: &mut Comment<'_>| wait(Kind::Comment, index, token));
        }
        if kinds.has(Kind::Text) {
            of_document =
                of_document.text(move |token: &mut TextChunk<'_>| wait(Kind::Text, index, token));
        }
        if kinds.has(Kind::DocumentEnd) {
            of_document = of_document
                .end(move |token: &mut DocumentEnd<'_>| wait(Kind::DocumentEnd, index, token));
        }
        return settings.append_document_content_handler(of_document);
    };
    let mut of_elements = ElementContentHandlers::default();
    if kinds.has(Kind::Element) {
        of_elements = of_elements
            .element(move |token: &mut Element<'_, '_>| wait(Kind::Element, index, token));
    }
    if kinds.has(Kind::Comment) {
        of_elements =
            of_elements.comments(move |token: &mut Comment<'_>| wait(Kind::Comment, index, token));
    }
    if kinds.has(Kind::Text) {
        of_elements =
            of_elements.text(move |token: &mut TextChunk<'_>| wait(Kind::Text, index, token));
    }
    settings.append_element_content_handler((Cow::Owned(selector), of_elements))
}

/// Comes back with a token and obeys until its handler is done.
fn wait(kind: Kind, key: u32, token: &mut dyn Token) -> HandlerResult {
    let mut input = suspend(Out::Step(Step::Handler(kind, key)));
    while let Into::Command(command) = input {
        input = suspend(Out::Answer(token.act(command)));
    }
    Ok(())
}

/// A stream of the program that becomes content, with its key.
struct Poured(u32, ContentType);

impl StreamingHandler for Poured {
    fn write_all(self: Box<Self>, sink: &mut StreamingHandlerSink<'_>) -> HandlerResult {
        let Self(key, content_type) = *self;
        let mut input = suspend(Out::Step(Step::Content(key)));
        while let Into::Piece(piece) = input {
            let answer = match sink.write_utf8_chunk(&piece, content_type) {
                Ok(()) => Answer::Done,
                Err(error) => Answer::Refused(error.to_string()),
            };
            input = suspend(Out::Answer(answer));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
