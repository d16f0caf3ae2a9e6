//! Documents without JavaScript: who is asked what, and the bounds.

use super::*;

const ALL_KINDS: Kinds = Kinds(0b111);

fn handlers(selector: &str) -> Handlers {
    Handlers {
        selector: Some(selector.parse().unwrap()),
        kinds: ALL_KINDS,
    }
}

fn open(selector: &str) -> Rewriter {
    Rewriter::new(vec![handlers(selector)], "utf-8", EsiTags::Ordinary).unwrap()
}

/// Lets every handler pass; the last step, and how many handlers there were.
fn pass(rewriter: &mut Rewriter, mut step: Step) -> (Step, usize) {
    let mut count = 0;
    while let Step::Handler(..) = step {
        count += 1;
        step = rewriter.resume();
    }
    (step, count)
}

#[test]
fn a_token_can_be_changed_while_its_handler_waits_and_not_after_it() {
    let mut rewriter = open("p");

    let step = rewriter.write(b"<i></i><p>x</p>".to_vec());
    assert_eq!(step, Step::Handler(Kind::Element, 0));
    assert_eq!(rewriter.take_output(), b"<i></i>");
    let name = rewriter.act(Command::Name);
    assert_eq!(name, Some(Answer::Text(Some("p".to_owned()))));
    let set = Command::SetAttribute("a".to_owned(), "1".to_owned());
    assert_eq!(rewriter.act(set), Some(Answer::Done));
    let (step, _) = {
        let step = rewriter.resume();
        pass(&mut rewriter, step)
    };
    assert_eq!(step, Step::Input);
    assert_eq!(rewriter.act(Command::Name), None);
    assert_eq!(rewriter.end(), Step::End);
    assert_eq!(rewriter.take_output(), b"<p a=\"1\">x</p>");
}

#[test]
fn content_is_asked_for_where_it_goes() {
    let mut rewriter = open("p");
    let step = rewriter.write(b"<p>x</p>".to_vec());
    assert_eq!(step, Step::Handler(Kind::Element, 0));
    let content = Content::Stream(7, ContentType::Text);
    rewriter.act(Command::Insert(Place::Before, content));

    assert_eq!(rewriter.resume(), Step::Content(7));
    assert_eq!(rewriter.pour(vec![0xc3]), None);
    assert_eq!(rewriter.pour(vec![0xa9, b'<']), None);
    let refused = rewriter.pour(vec![0xff]);
    assert_eq!(refused.as_deref(), Some("Invalid UTF-8"));
    assert!(rewriter.take_output().starts_with("\u{e9}&lt;".as_bytes()));
}

#[test]
fn a_document_that_ends_while_a_handler_waits_is_dropped_with_its_stack() {
    let rewriters = Rewriters::default();
    for context in [1, 2] {
        let id = rewriters
            .open(context, vec![handlers("p")], "utf-8", EsiTags::Ordinary)
            .unwrap();
        let step = rewriters.with(id, |rewriter| rewriter.write(b"<p>".to_vec()));
        assert_eq!(step, Some(Step::Handler(Kind::Element, 0)));
    }

    rewriters.end_context(1);
    assert_eq!(rewriters.context_of(1), None);
    assert_eq!(rewriters.context_of(2), Some(2));
    rewriters.close(2);
    assert_eq!(rewriters.context_of(2), None);
}

#[test]
fn one_document_more_than_the_limit_is_refused() {
    let rewriters = Rewriters::default();
    for _ in 0..REWRITERS_MAX {
        rewriters
            .open(1, Vec::new(), "utf-8", EsiTags::Ordinary)
            .unwrap();
    }

    let refused = rewriters.open(1, Vec::new(), "utf-8", EsiTags::Ordinary);
    let text = "too many documents are being rewritten; the limit is 1024";
    assert_eq!(refused, Err(text.to_owned()));
    rewriters.close(1);
    assert!(
        rewriters
            .open(1, Vec::new(), "utf-8", EsiTags::Ordinary)
            .is_ok()
    );
}

/// The deepest of each shape that a selector may have.
fn deepest_selectors() -> Vec<String> {
    let fill = |part: &str| {
        let count = (SELECTOR_BYTES_MAX - 1) / part.len();
        format!("p{}", part.repeat(count))
    };
    let nested = |depth: usize| format!("{}a{}", ":not(".repeat(depth), ")".repeat(depth));
    let mut selectors: Vec<_> = [" p", ">p", ",p", ".a", "[a]", ":not(a)"]
        .map(fill)
        .into_iter()
        .collect();
    selectors.push(nested(SELECTOR_DEPTH_MAX));
    selectors
}

#[test]
fn the_deepest_selectors_fit_the_parsers_stack() {
    let html = b"<p class=a a>".repeat(2000);
    for selector in deepest_selectors() {
        let of_selector = Handlers {
            selector: Some(parse_selector(&selector).unwrap()),
            kinds: ALL_KINDS,
        };
        let mut rewriter = Rewriter::new(vec![of_selector], "utf-8", EsiTags::Ordinary).unwrap();

        let step = rewriter.write(html.clone());
        let (step, _) = pass(&mut rewriter, step);
        assert_eq!(step, Step::Input, "{}", &selector[..20]);
        assert_eq!(rewriter.end(), Step::End);
    }
}

#[test]
fn longer_and_deeper_selectors_are_refused() {
    let long = "p".repeat(SELECTOR_BYTES_MAX);
    assert!(parse_selector(&long).is_ok());
    let text = "The selector has 1025 bytes; the limit is 1024.";
    assert_eq!(
        parse_selector(&format!("{long}p")).err().as_deref(),
        Some(text)
    );

    let deep = format!(
        "{}a{}",
        ":not(".repeat(SELECTOR_DEPTH_MAX + 1),
        ")".repeat(SELECTOR_DEPTH_MAX + 1)
    );
    let text = "The selector has 17 parentheses inside of each other; the limit is 16.";
    assert_eq!(parse_selector(&deep).err().as_deref(), Some(text));
}

#[test]
fn what_a_document_holds_is_bounded() {
    // What the parser needs for itself counts, too.
    for (bytes, fits) in [
        (MEMORY_BYTES_MAX - (16 << 10), true),
        (MEMORY_BYTES_MAX + 1, false),
    ] {
        let mut rewriter = open("p");
        let mut tag = b"<p a='".to_vec();
        tag.resize(bytes, b'x');
        let step = rewriter.write(tag);
        let step = if step == Step::Input {
            rewriter.write(b"'>".to_vec())
        } else {
            step
        };
        let (step, count) = pass(&mut rewriter, step);
        if fits {
            assert_eq!((step, count), (Step::Input, 1));
        } else {
            let text = "The memory limit has been exceeded.";
            assert_eq!((step, count), (Step::Failed(text.to_owned()), 0));
        }
    }
}

#[test]
fn an_encoding_that_is_unknown_or_not_like_ascii_is_refused() {
    let refused = |label| Rewriter::new(Vec::new(), label, EsiTags::Ordinary).err();

    assert_eq!(refused("latin1"), None);
    let unknown = "Unknown character encoding has been provided.";
    assert_eq!(refused("nonsense").as_deref(), Some(unknown));
    let other = "Expected ASCII-compatible encoding.";
    assert_eq!(refused("utf-16").as_deref(), Some(other));
}
