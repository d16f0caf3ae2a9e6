//! What a program may do with the token whose handler runs.

use lol_html::html_content::{
    Comment, ContentType, Doctype, DocumentEnd, Element, EndTag, TextChunk,
};

use super::{Kind, Poured, wait};

/// Something to do with a token. What a kind of token does not know is refused.
pub(crate) enum Command {
    /// The name of an element, an end tag or a doctype.
    Name,
    SetName(String),
    NamespaceUri,
    /// The text of a text chunk or a comment.
    Text,
    SetText(String),
    /// Whether a text chunk ends its text node.
    LastInTextNode,
    PublicId,
    SystemId,
    Removed,
    Attributes,
    Attribute(String),
    SetAttribute(String, String),
    RemoveAttribute(String),
    Insert(Place, Content),
    Remove,
    RemoveAndKeepContent,
    /// Asks for the end tag of an element, under a key. The last one to ask gets it.
    OnEndTag(u32),
}

/// Where content goes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place {
    Before,
    After,
    Prepend,
    Append,
    Replace,
    Inside,
}

/// Content that a program inserts.
pub(crate) enum Content {
    Text(String, ContentType),
    /// A stream of the program, by its key.
    Stream(u32, ContentType),
}

/// What came of a [`Command`].
#[derive(Debug, PartialEq)]
pub(crate) enum Answer {
    Done,
    Bool(bool),
    Text(Option<String>),
    /// Name and value of each attribute.
    Pairs(Vec<(String, String)>),
    /// Why it was not done, for the program.
    Refused(String),
}

impl Answer {
    fn of<E: ToString>(result: Result<(), E>) -> Self {
        match result {
            Ok(()) => Self::Done,
            Err(error) => Self::Refused(error.to_string()),
        }
    }

    fn unknown() -> Self {
        Self::Refused("The content token does not have that member.".to_owned())
    }
}

/// A token that waits for its handler.
pub(super) trait Token {
    /// Does it, as far as this kind of token knows how.
    fn act(&mut self, command: Command) -> Answer;
}

/// Inserts content with one of a pair of methods of the parser.
macro_rules! insert {
    ($token:expr, $content:expr, $insert:ident, $stream:ident) => {
        match $content {
            Content::Text(text, content_type) => $token.$insert(&text, content_type),
            Content::Stream(key, content_type) => {
                $token.$stream(Box::new(Poured(key, content_type)));
            }
        }
    };
}

impl Token for Element<'_, '_> {
    fn act(&mut self, command: Command) -> Answer {
        match command {
            Command::Name => Answer::Text(Some(self.tag_name())),
            Command::SetName(name) => Answer::of(self.set_tag_name(&name)),
            Command::NamespaceUri => Answer::Text(Some(self.namespace_uri().to_owned())),
            Command::Removed => Answer::Bool(self.removed()),
            Command::Attributes => Answer::Pairs(
                self.attributes()
                    .iter()
                    .map(|attribute| (attribute.name(), attribute.value()))
                    .collect(),
            ),
            Command::Attribute(name) => Answer::Text(self.get_attribute(&name)),
            Command::SetAttribute(name, value) => Answer::of(self.set_attribute(&name, &value)),
            Command::RemoveAttribute(name) => {
                self.remove_attribute(&name);
                Answer::Done
            }
            Command::Insert(place, content) => {
                match place {
                    Place::Before => insert!(self, content, before, streaming_before),
                    Place::After => insert!(self, content, after, streaming_after),
                    Place::Prepend => insert!(self, content, prepend, streaming_prepend),
                    Place::Append => insert!(self, content, append, streaming_append),
                    Place::Replace => insert!(self, content, replace, streaming_replace),
                    Place::Inside => {
                        insert!(
                            self,
                            content,
                            set_inner_content,
                            streaming_set_inner_content
                        );
                    }
                }
                Answer::Done
            }
            Command::Remove => {
                self.remove();
                Answer::Done
            }
            Command::RemoveAndKeepContent => {
                self.remove_and_keep_content();
                Answer::Done
            }
            Command::OnEndTag(key) => match self.end_tag_handlers() {
                Some(handlers) => {
                    handlers.clear();
                    handlers.push(Box::new(move |tag: &mut EndTag<'_>| {
                        wait(Kind::EndTag, key, tag)
                    }));
                    Answer::Done
                }
                None => Answer::Refused("No end tag.".to_owned()),
            },
            _ => Answer::unknown(),
        }
    }
}

/// The members that a text chunk, a comment and an end tag share.
macro_rules! act_on_simple {
    ($token:expr, $command:expr) => {
        match $command {
            Command::Insert(Place::Before, content) => {
                insert!($token, content, before, streaming_before);
                Answer::Done
            }
            Command::Insert(Place::After, content) => {
                insert!($token, content, after, streaming_after);
                Answer::Done
            }
            Command::Insert(Place::Replace, content) => {
                insert!($token, content, replace, streaming_replace);
                Answer::Done
            }
            Command::Removed => Answer::Bool($token.removed()),
            Command::Remove => {
                $token.remove();
                Answer::Done
            }
            _ => Answer::unknown(),
        }
    };
}

impl Token for TextChunk<'_> {
    fn act(&mut self, command: Command) -> Answer {
        match command {
            Command::Text => Answer::Text(Some(self.as_str().to_owned())),
            Command::LastInTextNode => Answer::Bool(self.last_in_text_node()),
            command => act_on_simple!(self, command),
        }
    }
}

impl Token for Comment<'_> {
    fn act(&mut self, command: Command) -> Answer {
        match command {
            Command::Text => Answer::Text(Some(self.text())),
            Command::SetText(text) => Answer::of(self.set_text(&text)),
            command => act_on_simple!(self, command),
        }
    }
}

impl Token for EndTag<'_> {
    fn act(&mut self, command: Command) -> Answer {
        match command {
            Command::Name => Answer::Text(Some(self.name())),
            Command::SetName(name) => {
                self.set_name_str(name);
                Answer::Done
            }
            command => act_on_simple!(self, command),
        }
    }
}

impl Token for Doctype<'_> {
    fn act(&mut self, command: Command) -> Answer {
        match command {
            Command::Name => Answer::Text(self.name()),
            Command::PublicId => Answer::Text(self.public_id()),
            Command::SystemId => Answer::Text(self.system_id()),
            _ => Answer::unknown(),
        }
    }
}

impl Token for DocumentEnd<'_> {
    fn act(&mut self, command: Command) -> Answer {
        match command {
            Command::Insert(Place::Append, Content::Text(text, content_type)) => {
                self.append(&text, content_type);
                Answer::Done
            }
            _ => Answer::unknown(),
        }
    }
}
