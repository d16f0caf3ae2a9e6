//! JSON with comments into the common tree.

use jsonc_parser::ast;
use jsonc_parser::common::Ranged;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

use super::{Entry, Node, SyntaxError, Value};

/// Comments and trailing commas, and nothing else beyond JSON: what wrangler accepts.
const OPTIONS: ParseOptions = ParseOptions {
    allow_comments: true,
    allow_loose_object_property_names: false,
    allow_trailing_commas: true,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

pub(super) fn parse(text: &str) -> Result<Node, SyntaxError> {
    let parsed = parse_to_ast(text, &CollectOptions::default(), &OPTIONS).map_err(|error| {
        let mut message = error.kind().to_string();
        if let Some(first) = message.get_mut(..1) {
            first.make_ascii_lowercase();
        }
        SyntaxError {
            offset: error.range().start,
            message,
        }
    })?;
    parsed
        .value
        .as_ref()
        .map(convert)
        .ok_or_else(|| SyntaxError {
            offset: 0,
            message: "the file is empty".to_owned(),
        })
}

fn convert(value: &ast::Value<'_>) -> Node {
    let range = value.range();
    Node {
        span: range.start..range.end,
        value: match value {
            ast::Value::StringLit(text) => Value::String(text.value.to_string()),
            ast::Value::NumberLit(number) => {
                number.value.parse().map_or(Value::Null, Value::Number)
            }
            ast::Value::BooleanLit(value) => Value::Bool(value.value),
            ast::Value::NullKeyword(_) => Value::Null,
            ast::Value::Array(array) => Value::Array(array.elements.iter().map(convert).collect()),
            ast::Value::Object(object) => {
                Value::Table(object.properties.iter().map(convert_property).collect())
            }
        },
    }
}

fn convert_property(property: &ast::ObjectProp<'_>) -> Entry {
    let range = property.name.range();
    Entry {
        key: property.name.as_str().to_owned(),
        key_span: range.start..range.end,
        node: convert(&property.value),
    }
}
