//! Stack traces: from SpiderMonkey's form in the bundle to V8's form in the sources.
//!
//! Works line by line on text. A line that is no frame is left alone, so a whole message with its
//! stack may be passed.

use crate::{BUNDLE_FILE, SourceMap};

/// Frames of modules whose name starts so are the host's, and of no use to the user.
const HOST_PREFIXES: [&str; 2] = ["stated:", "self-hosted"];

/// One line of a stack trace.
#[derive(Debug, Eq, PartialEq)]
struct Frame<'a> {
    /// Empty for module code and anonymous functions.
    function: &'a str,
    /// Whether the frame was reached through an `await` or a promise reaction.
    is_async: bool,
    file: &'a str,
    line: u32,
    column: u32,
}

pub(crate) fn map(source_map: &SourceMap, stack: &str) -> String {
    let mut lines = Vec::new();
    for line in stack.lines() {
        match spider_monkey_frame(line).or_else(|| v8_frame(line)) {
            Some(frame) if is_host(frame.file) => {}
            Some(frame) => lines.push(render(source_map, &frame)),
            None => lines.push(line.to_owned()),
        }
    }
    let mut text = lines.join("\n");
    if stack.ends_with('\n') && !text.is_empty() {
        text.push('\n');
    }
    text
}

fn is_host(file: &str) -> bool {
    HOST_PREFIXES.iter().any(|prefix| file.starts_with(prefix))
}

fn render(source_map: &SourceMap, frame: &Frame<'_>) -> String {
    let original = (frame.file == BUNDLE_FILE)
        .then(|| source_map.original(frame.line, frame.column))
        .flatten();
    let place = match original {
        Some(original) => format!("{}:{}:{}", original.file, original.line, original.column),
        None => format!("{}:{}:{}", frame.file, frame.line, frame.column),
    };
    let wait = if frame.is_async { "async " } else { "" };
    if frame.function.is_empty() {
        format!("    at {wait}{place}")
    } else {
        format!("    at {wait}{} ({place})", frame.function)
    }
}

/// Reads `function@file:line:column`.
///
/// Before the function may stand the reason it runs (`async*`, `promise callback*`). A function
/// without a name is called by where it was written (`outer/inner<`, `outer/<`); the last part is
/// the name it was given, if any.
fn spider_monkey_frame(line: &str) -> Option<Frame<'_>> {
    let (function, place) = line.split_once('@')?;
    if function.starts_with(' ') || function.contains(": ") {
        return None;
    }
    let (file, line, column) = split_place(place)?;
    let (cause, function) = match function.rsplit_once('*') {
        Some((cause, function)) => (Some(cause), function),
        None => (None, function),
    };
    let function = match function.strip_suffix('<') {
        Some(written) => written.rsplit('/').next().unwrap_or_default(),
        None => function,
    };
    Some(Frame {
        function,
        is_async: cause.is_some(),
        file,
        line,
        column,
    })
}

/// Reads `    at function (file:line:column)` and `    at file:line:column`.
fn v8_frame(line: &str) -> Option<Frame<'_>> {
    let rest = line.trim_start().strip_prefix("at ")?;
    let (is_async, rest) = match rest.strip_prefix("async ") {
        Some(rest) => (true, rest),
        None => (false, rest),
    };
    let (function, place) = match rest
        .strip_suffix(')')
        .and_then(|rest| rest.rsplit_once(" ("))
    {
        Some((function, place)) => (function, place),
        None => ("", rest),
    };
    let (file, line, column) = split_place(place)?;
    Some(Frame {
        function,
        is_async,
        file,
        line,
        column,
    })
}

/// Splits `file:line:column`. Code from `eval` is called `file line 3 > eval`; it stays as it is.
fn split_place(place: &str) -> Option<(&str, u32, u32)> {
    let (rest, column) = place.rsplit_once(':')?;
    let (file, line) = rest.rsplit_once(':')?;
    if file.is_empty() {
        return None;
    }
    Some((file, line.parse().ok()?, column.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source_map() -> SourceMap {
        // worker.js 1:1 -> src/index.ts 3:5, worker.js 2:1 -> src/room.ts 10:1.
        SourceMap::from_json(
            r#"{"version":3,"sources":["src/index.ts","src/room.ts"],"names":[],"mappings":"AAEI;ACOJ"}"#,
        )
        .expect("the map is well formed")
    }

    #[test]
    fn frames_become_v8_frames_at_their_sources() {
        let stack = "fetch@worker.js:1:9\nasync*callObject@worker.js:2:4\n@worker.js:2:1\n";

        assert_eq!(
            source_map().map_stack(stack),
            "    at fetch (src/index.ts:3:5)\n    at async callObject (src/room.ts:10:1)\n    \
             at src/room.ts:10:1\n"
        );
    }

    #[test]
    fn functions_without_a_name_have_none() {
        let stack = "outer/<@worker.js:1:1\nouter/inner<@worker.js:1:1\npromise callback*a/b<@worker.js:1:1";

        assert_eq!(
            source_map().map_stack(stack),
            "    at src/index.ts:3:5\n    at inner (src/index.ts:3:5)\n    at async b (src/index.ts:3:5)"
        );
    }

    #[test]
    fn frames_of_the_host_are_left_out() {
        let stack = "fetch@worker.js:1:1\ndispatch@stated:main.js:4:2\nmap@self-hosted:20:3";

        assert_eq!(
            source_map().map_stack(stack),
            "    at fetch (src/index.ts:3:5)"
        );
    }

    #[test]
    fn a_message_before_the_frames_is_kept() {
        let stack = "TypeError: a@b.c is not: 1:2\nmail me@example.org\nfetch@worker.js:1:1";

        assert_eq!(
            source_map().map_stack(stack),
            "TypeError: a@b.c is not: 1:2\nmail me@example.org\n    at fetch (src/index.ts:3:5)"
        );
    }

    #[test]
    fn frames_in_v8_form_are_mapped_too() {
        let stack =
            "Error: x\n    at async fetch (worker.js:1:1)\n    at worker.js:2:1\n    at native";

        assert_eq!(
            source_map().map_stack(stack),
            "Error: x\n    at async fetch (src/index.ts:3:5)\n    at src/room.ts:10:1\n    at native"
        );
    }

    #[test]
    fn other_modules_and_unmapped_places_keep_their_place() {
        let stack = "a@other.js:7:8\nb@worker.js:99:1\nc@worker.js line 3 > eval:1:2";

        assert_eq!(
            source_map().map_stack(stack),
            "    at a (other.js:7:8)\n    at b (worker.js:99:1)\n    at c (worker.js line 3 > eval:1:2)"
        );
    }
}
