//! Decorators and `accessor` of the TC39 proposal, rewritten to JavaScript that engines know.
//!
//! The bundler lowers only TypeScript's legacy decorators (`experimentalDecorators`) and passes the
//! standard ones through. This pass works on the text before the bundler sees it, so types stay
//! where they are and the source map stays exact: decorators move into a static block at the start
//! of the class body, and fields get their value through the object that ran them
//! (`decorators/runtime.js`).
//!
//! Differs from the proposal: decorator expressions are evaluated in the class body, after computed
//! names; inside of a class whose decorator replaces it, its name stands for the original.
//! Private methods and private accessors cannot be decorated.
//!
//! Source: <https://github.com/tc39/proposal-decorators>

use oxc::allocator::Allocator;
use oxc::ast::ast::{
    AccessorProperty, Class, ClassElement, ClassType, Declaration, Decorator, ExportDeclaration,
    ExportDefaultDeclaration, ExportDefaultDeclarationKind, FormalParameter, MethodDefinition,
    MethodDefinitionKind, PropertyDefinition, PropertyKey,
};
use oxc::ast_visit::{Visit, walk};
use oxc::parser::Parser;
use oxc::span::{GetSpan, SourceType, Span};
use string_wizard::{Hires, MagicString, SourceMapOptions};

/// The module that the rewritten code imports.
pub(crate) const RUNTIME_ID: &str = "\0stated-decorators";

/// Its code.
pub(crate) const RUNTIME: &str = include_str!("decorators/runtime.js");

/// What became of a file.
pub(crate) enum Lowered {
    /// It has neither decorators nor accessors, or does not parse; the bundler will say so.
    Unchanged,
    /// The new text and the map back to the old one.
    Changed {
        code: String,
        map: Box<oxc_sourcemap::SourceMap<'static>>,
    },
    /// Something in it cannot be rewritten: what, and the byte offset and length of it.
    Refused {
        message: String,
        offset: usize,
        length: usize,
    },
}

/// Whether looking closer at `code` is worth while.
pub(crate) fn may_contain(code: &str) -> bool {
    code.contains('@') || code.contains("accessor ")
}

/// Whether `code` has a decorator where one may stand, or something that looks like it. Most `@` of packages are in
/// comments, addresses and names of packages, which are told apart by what is before them.
pub(crate) fn likely_contains(code: &str) -> bool {
    let bytes = code.as_bytes();
    code.match_indices('@').any(|(at, _)| {
        let starts_name = bytes
            .get(at + 1)
            .is_some_and(|next| next.is_ascii_alphabetic() || matches!(next, b'_' | b'$' | b'('));
        let before = code[..at].trim_end();
        let may_follow = match before.as_bytes().last() {
            None => true,
            // `{@link …}` of a comment.
            Some(b'{') => before.len() < at,
            Some(last) => matches!(last, b';' | b'}' | b'=' | b'(' | b',' | b')' | b':' | b'?'),
        };
        starts_name && (may_follow || before.ends_with("export") || before.ends_with("default"))
    })
}

/// Rewrites the TypeScript or JavaScript file `code`.
pub(crate) fn lower(code: &str, path: &str) -> Lowered {
    let source_type = SourceType::from_path(path).unwrap_or_default();
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, code, source_type).parse();
    if parsed.panicked || !parsed.diagnostics.is_empty() {
        return Lowered::Unchanged;
    }
    let mut lowering = Lowering {
        code,
        text: MagicString::new(code),
        classes: 0,
        refused: None,
    };
    lowering.visit_program(&parsed.program);
    if let Some((message, span)) = lowering.refused {
        let (offset, length) = (span.start as usize, span.size() as usize);
        return Lowered::Refused {
            message,
            offset,
            length,
        };
    }
    if lowering.classes == 0 {
        return Lowered::Unchanged;
    }
    let specifier = serde_json::Value::from(RUNTIME_ID);
    lowering.text.append(format!(
        "\nimport {{ Decorators as __Decorators }} from {specifier};\n"
    ));
    let options = SourceMapOptions {
        include_content: true,
        source: path.into(),
        hires: Hires::Boundary,
    };
    let map = Box::new(lowering.text.source_map(options));
    Lowered::Changed {
        code: lowering.text.to_string(),
        map,
    }
}

struct Lowering<'s> {
    code: &'s str,
    text: MagicString<'s>,
    /// How many classes have been rewritten; the next one's number.
    classes: usize,
    /// The first thing that cannot be rewritten.
    refused: Option<(String, Span)>,
}

/// Where a class stands, which decides how its decorators' object comes before it.
#[derive(Clone, Copy)]
enum Place {
    /// A statement of its own, or `export class`; where the statement starts.
    Statement {
        start: u32,
    },
    /// `export default class`; the whole statement.
    Default {
        span: Span,
    },
    Expression,
}

impl<'a> Visit<'a> for Lowering<'_> {
    fn visit_class(&mut self, class: &Class<'a>) {
        let place = match class.r#type {
            ClassType::ClassDeclaration => Place::Statement {
                start: class.span.start,
            },
            ClassType::ClassExpression => Place::Expression,
        };
        self.class(class, place);
    }

    fn visit_export_declaration(&mut self, export: &ExportDeclaration<'a>) {
        match &export.declaration {
            Declaration::ClassDeclaration(class) => {
                self.class(
                    class,
                    Place::Statement {
                        start: export.span.start,
                    },
                );
            }
            _ => walk::walk_export_declaration(self, export),
        }
    }

    fn visit_export_default_declaration(&mut self, export: &ExportDefaultDeclaration<'a>) {
        match &export.declaration {
            ExportDefaultDeclarationKind::ClassDeclaration(class) => {
                self.class(class, Place::Default { span: export.span });
            }
            _ => walk::walk_export_default_declaration(self, export),
        }
    }

    fn visit_formal_parameter(&mut self, parameter: &FormalParameter<'a>) {
        if let Some(decorator) = parameter.decorators.first() {
            let message = "decorators of parameters need `experimentalDecorators` in the tsconfig";
            self.refuse(message, decorator.span);
        }
        walk::walk_formal_parameter(self, parameter);
    }

    /// Decorators move as text; what is in them is not rewritten.
    fn visit_decorator(&mut self, _decorator: &Decorator<'a>) {}
}

/// What the static block of a class says about its elements.
#[derive(Default)]
struct Elements {
    /// One array literal each, in source order.
    list: Vec<String>,
    /// Whether an instance has something to do before its fields.
    starts_instances: bool,
}

impl Lowering<'_> {
    fn class(&mut self, class: &Class<'_>, place: Place) {
        // Inner classes first: their edits must not fall into text that has been replaced.
        walk::walk_class(self, class);
        if self.refused.is_some() || class.declare || !is_decorated(class) {
            return;
        }
        let state = format!("__decorators{}", self.classes);
        self.classes += 1;
        if self.rewrite(class, place, &state).is_err() {
            self.refuse("this class cannot be rewritten", class.span);
        }
    }

    fn refuse(&mut self, message: &str, span: Span) {
        self.refused
            .get_or_insert_with(|| (message.to_owned(), span));
    }

    /// Does all edits of one class. `state` is the name of its decorators' object.
    fn rewrite(&mut self, class: &Class<'_>, place: Place, state: &str) -> Result<(), String> {
        let mut elements = Elements::default();
        for element in &class.body.body {
            match element {
                // Only types; as part of an expression the class can no longer be abstract.
                _ if is_abstract(element) => {
                    self.text.remove(element.span().start, element.span().end)?;
                }
                ClassElement::MethodDefinition(method) => {
                    self.method(method, state, &mut elements)?
                }
                ClassElement::PropertyDefinition(field) => {
                    self.field(field, state, &mut elements)?
                }
                ClassElement::AccessorProperty(accessor) => {
                    self.accessor(accessor, state, &mut elements)?;
                }
                ClassElement::StaticBlock(_) | ClassElement::TSIndexSignature(_) => {}
            }
        }
        let decorators = self.expressions(&class.decorators);
        // Moving it into a call takes the name away that `export default` would have given it.
        let name = match (&class.id, place) {
            (None, Place::Default { .. }) => ", \"default\"",
            _ => "",
        };
        let mut start = format!(
            " static {{ {state}.apply(this, [{}], [{decorators}]{name}); }}",
            elements.list.join(", ")
        );
        if elements.starts_instances {
            start = format!(" #{state} = {state}.instance(this);{start}");
        }
        self.text.append_right(class.body.span.start + 1, start)?;
        self.remove(&class.decorators)?;
        self.surround(class, place, state)
    }

    /// Makes the decorators' object before the class, and lets it replace the class after it.
    fn surround(&mut self, class: &Class<'_>, place: Place, state: &str) -> Result<(), String> {
        let make = format!("const {state} = new __Decorators();");
        let first = |start: u32| {
            class
                .decorators
                .iter()
                .map(|d| d.span.start)
                .fold(start, u32::min)
        };
        let keyword = self.keyword(class);
        let replaces = !class.decorators.is_empty();
        match place {
            Place::Statement { start } => {
                self.text.append_left(first(start), format!("{make} "))?;
                if let Some(id) = class.id.as_ref().filter(|_| replaces) {
                    let open = format!("let {} = {state}.finish(", id.name);
                    self.text
                        .update(keyword, keyword + 5, format!("{open}class"))?;
                    self.drop_abstract(class, keyword)?;
                    self.text.append_left(class.span.end, ");")?;
                }
            }
            Place::Default { span } => {
                self.text
                    .append_left(first(span.start), format!("{make} "))?;
                if replaces {
                    let finish = format!("{state}.finish(class");
                    let (open, close) = match &class.id {
                        Some(id) => (
                            format!("let {} = {finish}", id.name),
                            format!("); export {{ {} as default }};", id.name),
                        ),
                        None => (format!("export default {finish}"), ");".to_owned()),
                    };
                    // `export default` goes with the keyword; a decorator may stand before it.
                    let export = self
                        .position("export", span.start, keyword)
                        .unwrap_or(keyword);
                    let text = self
                        .position("default", export, keyword)
                        .map_or(export, |at| at + 7);
                    if export < text {
                        self.text.remove(export, text)?;
                    }
                    self.text.update(keyword, keyword + 5, open)?;
                    self.drop_abstract(class, keyword)?;
                    self.text.append_left(class.span.end, close)?;
                }
            }
            Place::Expression => {
                let open = format!("(() => {{ {make} return {state}.finish(");
                self.text.append_left(first(class.span.start), open)?;
                self.text.append_left(class.span.end, "); })()")?;
            }
        }
        Ok(())
    }

    fn drop_abstract(&mut self, class: &Class<'_>, keyword: u32) -> Result<(), String> {
        if class.r#abstract
            && let Some(at) = self.position(
                "abstract",
                self.after_decorators(&class.decorators, class.span),
                keyword,
            )
        {
            self.text.remove(at, at + 8)?;
        }
        Ok(())
    }

    /// The offset of the word `class`.
    fn keyword(&self, class: &Class<'_>) -> u32 {
        let from = self.after_decorators(&class.decorators, class.span);
        let until = class
            .id
            .as_ref()
            .map_or(class.body.span.start, |id| id.span.start);
        self.position("class", from, until).unwrap_or(from)
    }

    /// Where `word` is between two offsets. Comments in between could hide it; nobody writes them.
    fn position(&self, word: &str, from: u32, until: u32) -> Option<u32> {
        let part = self.code.get(from as usize..until as usize)?;
        Some(from + u32::try_from(part.find(word)?).ok()?)
    }

    fn after_decorators(&self, decorators: &[Decorator<'_>], span: Span) -> u32 {
        decorators
            .iter()
            .map(|decorator| decorator.span.end)
            .fold(span.start, u32::max)
    }

    fn method(
        &mut self,
        method: &MethodDefinition<'_>,
        state: &str,
        elements: &mut Elements,
    ) -> Result<(), String> {
        if method.decorators.is_empty() {
            return Ok(());
        }
        if matches!(method.key, PropertyKey::PrivateIdentifier(_)) {
            self.refuse("private methods cannot be decorated", method.key.span());
            return Ok(());
        }
        let kind = match method.kind {
            MethodDefinitionKind::Get => "getter",
            MethodDefinitionKind::Set => "setter",
            MethodDefinitionKind::Method | MethodDefinitionKind::Constructor => "method",
        };
        let name = self.name(&method.key, method.computed, state, elements.list.len())?;
        let decorators = self.expressions(&method.decorators);
        let is_static = method.r#static;
        elements
            .list
            .push(format!("[\"{kind}\", {is_static}, {name}, [{decorators}]]"));
        elements.starts_instances |= !is_static;
        self.remove(&method.decorators)
    }

    fn field(
        &mut self,
        field: &PropertyDefinition<'_>,
        state: &str,
        elements: &mut Elements,
    ) -> Result<(), String> {
        if field.decorators.is_empty() || field.declare {
            return self.remove(&field.decorators);
        }
        let index = elements.list.len();
        let name = self.name(&field.key, field.computed, state, index)?;
        let access = match &field.key {
            PropertyKey::PrivateIdentifier(key) => format!(
                ", {{ has: (o) => #{0} in o, get: (o) => o.#{0}, set: (o, v) => {{ o.#{0} = v; }} }}",
                key.name
            ),
            _ => String::new(),
        };
        let decorators = self.expressions(&field.decorators);
        let is_static = field.r#static;
        elements.list.push(format!(
            "[\"field\", {is_static}, {name}, [{decorators}]{access}]"
        ));
        self.remove(&field.decorators)?;

        let key_end = self.key_end(&field.key, field.computed);
        let open = format!(" = {state}.field({index}, this, ");
        let after = after(state, index, is_static);
        match &field.value {
            Some(value) => {
                self.text.update(key_end, value.span().start, open)?;
                self.text.append_left(value.span().end, ")")?;
                self.text
                    .append_left(field.span.end, format!("; {after}"))?;
            }
            None => {
                let text = format!("{open}void 0); {after}");
                if key_end < field.span.end {
                    self.text.update(key_end, field.span.end, text)?;
                } else {
                    self.text.append_left(key_end, text)?;
                }
            }
        }
        Ok(())
    }

    fn accessor(
        &mut self,
        accessor: &AccessorProperty<'_>,
        state: &str,
        elements: &mut Elements,
    ) -> Result<(), String> {
        let is_private = matches!(accessor.key, PropertyKey::PrivateIdentifier(_));
        if accessor.computed || (is_private && !accessor.decorators.is_empty()) {
            self.refuse(
                "an `accessor` with this name cannot be rewritten",
                accessor.key.span(),
            );
            return Ok(());
        }
        let index = elements.list.len();
        let key = self.slice(accessor.key.span()).to_owned();
        let is_static = accessor.r#static;
        let modifier = if is_static { "static " } else { "" };
        // Undecorated ones take a place in the list too, so that the numbers stay apart.
        let name = self.name(&accessor.key, false, state, index)?;
        let decorators = self.expressions(&accessor.decorators);
        let kind = if is_private { "field" } else { "accessor" };
        elements
            .list
            .push(format!("[\"{kind}\", {is_static}, {name}, [{decorators}]]"));
        self.remove(&accessor.decorators)?;

        let store = format!("#{state}_{index}");
        let open = format!("{modifier}{store} = {state}.field({index}, this, ");
        let close = format!(
            "); {} {modifier}get {key}() {{ return this.{store}; }} \
             {modifier}set {key}(value) {{ this.{store} = value; }}",
            after(state, index, is_static)
        );
        let start = self.skip_space(self.after_decorators(&accessor.decorators, accessor.span));
        match &accessor.value {
            Some(value) => {
                self.text.update(start, value.span().start, open)?;
                if value.span().end < accessor.span.end {
                    self.text
                        .update(value.span().end, accessor.span.end, close)?;
                } else {
                    self.text.append_left(accessor.span.end, close)?;
                }
            }
            None => {
                self.text
                    .update(start, accessor.span.end, format!("{open}void 0{close}"))?;
            }
        }
        Ok(())
    }

    /// The JavaScript expression for an element's name; computed ones are evaluated in their place.
    fn name(
        &mut self,
        key: &PropertyKey<'_>,
        computed: bool,
        state: &str,
        index: usize,
    ) -> Result<String, String> {
        let span = key.span();
        if computed {
            self.text
                .append_right(span.start, format!("{state}.key({index}, "))?;
            self.text.append_left(span.end, ")")?;
            return Ok(format!("{state}.keys[{index}]"));
        }
        Ok(match key {
            PropertyKey::StaticIdentifier(_) | PropertyKey::PrivateIdentifier(_) => {
                serde_json::Value::from(self.slice(span)).to_string()
            }
            _ => format!("String({})", self.slice(span)),
        })
    }

    /// The offset behind a name, the bracket of a computed one included.
    fn key_end(&self, key: &PropertyKey<'_>, computed: bool) -> u32 {
        let end = key.span().end;
        if !computed {
            return end;
        }
        let bracket = self.code[end as usize..].find(']').unwrap_or_default();
        end + u32::try_from(bracket).unwrap_or_default() + 1
    }

    fn skip_space(&self, from: u32) -> u32 {
        let rest = &self.code[from as usize..];
        let space = rest.len() - rest.trim_start().len();
        from + u32::try_from(space).unwrap_or_default()
    }

    fn slice(&self, span: Span) -> &str {
        &self.code[span.start as usize..span.end as usize]
    }

    fn expressions(&self, decorators: &[Decorator<'_>]) -> String {
        let list: Vec<&str> = decorators
            .iter()
            .map(|d| self.slice(d.expression.span()))
            .collect();
        list.join(", ")
    }

    fn remove(&mut self, decorators: &[Decorator<'_>]) -> Result<(), String> {
        for decorator in decorators {
            self.text.remove(decorator.span.start, decorator.span.end)?;
        }
        Ok(())
    }
}

/// What ends the initialization of a field.
fn after(state: &str, index: usize, is_static: bool) -> String {
    if is_static {
        format!("static {{ {state}.after({index}, this); }}")
    } else {
        format!("#{state}_after{index} = {state}.after({index}, this);")
    }
}

fn is_decorated(class: &Class<'_>) -> bool {
    !class.decorators.is_empty()
        || class.body.body.iter().any(|element| match element {
            ClassElement::MethodDefinition(method) => !method.decorators.is_empty(),
            ClassElement::PropertyDefinition(field) => !field.decorators.is_empty(),
            ClassElement::AccessorProperty(_) => true,
            ClassElement::StaticBlock(_) | ClassElement::TSIndexSignature(_) => false,
        })
}

fn is_abstract(element: &ClassElement<'_>) -> bool {
    match element {
        ClassElement::MethodDefinition(method) => method.r#type.is_abstract(),
        ClassElement::PropertyDefinition(field) => field.r#type.is_abstract(),
        ClassElement::AccessorProperty(accessor) => accessor.r#type.is_abstract(),
        ClassElement::StaticBlock(_) | ClassElement::TSIndexSignature(_) => false,
    }
}
