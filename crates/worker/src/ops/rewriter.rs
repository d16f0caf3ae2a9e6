//! HTMLRewriter.

use lol_html::Selector;
use lol_html::html_content::ContentType;
use stated_engine::Local;

use crate::context::Left;
use crate::op::{Op, OpError, OpResult};
use crate::rewriter::{
    Answer, Command, Content, EsiTags, Handlers, Kinds, Place, Step, parse_selector,
};

/// Source: workerd.
const TOKEN_IS_OVER: &str = "This content token is no longer valid. Content tokens are only valid during the execution of the relevant content handler.";
/// What the program is to do for [`Step::Content`]; the others are the numbers of `Kind`.
const CONTENT: u32 = 6;

fn parser_error<'s>(text: impl std::fmt::Display) -> OpError<'s> {
    OpError::type_error(format!("Parser error: {text}"))
}

impl<'s> Op<'_, 's> {
    /// A selector that was checked with `rewriterSelector`, or the mark of the document's handlers.
    fn selector(text: &str) -> Result<Option<Selector>, OpError<'s>> {
        if text.is_empty() {
            return Ok(None);
        }
        parse_selector(text).map(Some).map_err(parser_error)
    }

    /// The number of an open document, the first argument, which must be the running context's.
    fn document(&self) -> Result<u64, OpError<'s>> {
        let id = self.uint(0);
        let context = self.worker.rewriters.context_of(id);
        let context = context.ok_or_else(|| OpError::type_error(TOKEN_IS_OVER))?;
        self.require_context(context, "HTMLRewriter")?;
        Ok(id)
    }

    /// A step as JavaScript sees it.
    fn step(&mut self, step: Option<Step>) -> OpResult<'s> {
        let (kind, key) = match step {
            Some(Step::Handler(kind, key)) => (kind as u32, key),
            Some(Step::Content(key)) => (CONTENT, key),
            Some(Step::Failed(text)) => return Err(parser_error(text)),
            Some(Step::Input | Step::End) | None => return self.undefined(),
        };
        let parts = [
            self.scope.number(f64::from(kind)),
            self.scope.number(f64::from(key)),
        ];
        Ok(self.scope.array(&parts))
    }

    fn command(&mut self) -> Result<Command, OpError<'s>> {
        Ok(match self.text(1)?.as_str() {
            "name" => Command::Name,
            "setName" => Command::SetName(self.text(2)?),
            "namespaceURI" => Command::NamespaceUri,
            "text" => Command::Text,
            "setText" => Command::SetText(self.text(2)?),
            "lastInTextNode" => Command::LastInTextNode,
            "publicId" => Command::PublicId,
            "systemId" => Command::SystemId,
            "removed" => Command::Removed,
            "attributes" => Command::Attributes,
            "getAttribute" => Command::Attribute(self.text(2)?),
            "setAttribute" => Command::SetAttribute(self.text(2)?, self.text(3)?),
            "removeAttribute" => Command::RemoveAttribute(self.text(2)?),
            "before" => Command::Insert(Place::Before, self.content()?),
            "after" => Command::Insert(Place::After, self.content()?),
            "prepend" => Command::Insert(Place::Prepend, self.content()?),
            "append" => Command::Insert(Place::Append, self.content()?),
            "replace" => Command::Insert(Place::Replace, self.content()?),
            "setInnerContent" => Command::Insert(Place::Inside, self.content()?),
            "remove" => Command::Remove,
            "removeAndKeepContent" => Command::RemoveAndKeepContent,
            "onEndTag" => Command::OnEndTag(self.uint(2) as u32),
            other => return Err(OpError::type_error(format!("no such command: {other}"))),
        })
    }

    /// A text or the key of a stream, and whether it is HTML.
    fn content(&mut self) -> Result<Content, OpError<'s>> {
        let content_type = if self.flag(3) {
            ContentType::Html
        } else {
            ContentType::Text
        };
        Ok(match self.arg(2).as_number() {
            Some(key) => Content::Stream(key as u32, content_type),
            None => Content::Text(self.text(2)?, content_type),
        })
    }

    fn flat_pairs(&mut self, pairs: &[(String, String)]) -> Local<'s> {
        let mut flat = Vec::with_capacity(2 * pairs.len());
        for (name, value) in pairs {
            flat.push(self.scope.string(name));
            flat.push(self.scope.string(value));
        }
        self.scope.array(&flat)
    }
}

/// Checks a selector.
pub(crate) fn selector<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let text = op.text(0)?;
    parse_selector(&text).map_err(parser_error)?;
    op.undefined()
}

/// Begins a document.
pub(crate) fn open<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let encoding = op.text(0)?;
    let selectors = op.texts(1)?;
    let kinds = op.bytes(2);
    let mut handlers = Vec::with_capacity(selectors.len());
    for (text, kinds) in selectors.iter().zip(kinds) {
        handlers.push(Handlers {
            selector: Op::selector(text)?,
            kinds: Kinds(kinds.into()),
        });
    }
    let esi = if op.flag(3) {
        EsiTags::Void
    } else {
        EsiTags::Ordinary
    };
    op.context()?;
    let context = op.leaves(Left::Documents);
    let opened = op.worker.rewriters.open(context, handlers, &encoding, esi);
    let id = opened.map_err(parser_error)?;
    Ok(op.scope.number(id as f64))
}

/// A piece of it.
pub(crate) fn write<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let id = op.document()?;
    let chunk = op.bytes(1);
    let worker = op.worker.clone();
    let step = worker.rewriters.with(id, |rewriter| rewriter.write(chunk));
    op.step(step)
}

/// Its end.
pub(crate) fn end<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let id = op.document()?;
    let worker = op.worker.clone();
    let step = worker.rewriters.with(id, |rewriter| rewriter.end());
    op.step(step)
}

/// A handler, or a content, is done.
pub(crate) fn resume<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let id = op.document()?;
    let worker = op.worker.clone();
    let step = worker.rewriters.with(id, |rewriter| rewriter.resume());
    op.step(step)
}

/// Reads or changes the token whose handler runs.
pub(crate) fn act<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let id = op.document()?;
    let command = op.command()?;
    let worker = op.worker.clone();
    let answer = worker.rewriters.with(id, |rewriter| rewriter.act(command));
    match answer.flatten() {
        Some(Answer::Done) => op.undefined(),
        Some(Answer::Bool(value)) => Ok(op.scope.boolean(value)),
        Some(Answer::Text(Some(text))) => Ok(op.scope.string(&text)),
        Some(Answer::Text(None)) => Ok(op.scope.null()),
        Some(Answer::Pairs(pairs)) => Ok(op.flat_pairs(&pairs)),
        Some(Answer::Refused(text)) => Err(parser_error(text)),
        None => Err(OpError::type_error(TOKEN_IS_OVER)),
    }
}

/// A piece of a content.
pub(crate) fn pour<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let id = op.document()?;
    let piece = op.bytes(1);
    let worker = op.worker.clone();
    match worker.rewriters.with(id, |rewriter| rewriter.pour(piece)) {
        Some(Some(text)) => Err(parser_error(text)),
        _ => op.undefined(),
    }
}

/// What has come out.
pub(crate) fn take<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let id = op.document()?;
    let worker = op.worker.clone();
    let output = worker
        .rewriters
        .with(id, |rewriter| rewriter.take_output())
        .unwrap_or_default();
    Ok(op.scope.uint8_array(&output))
}

/// Forgets the document.
pub(crate) fn close<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    op.worker.rewriters.close(op.uint(0));
    op.undefined()
}
