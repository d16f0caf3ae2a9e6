//! The wire, case by case, against an object that echoes: framing, control frames, fragments, UTF-8,
//! Close and compression. The groups are those of the Autobahn test suite.

use stated_testkit::{Launch, Runtime, Server, fixture};

use crate::raw::{
    BINARY, CLOSE, CONTINUATION, FIN, Frame, PING, PONG, RSV1, Raw, TEXT, close_payload, frame,
};

/// Name, what the client sends, what it gets before the server ends the connection or, if the last
/// frame is no Close, stays silent.
type Case = (String, Vec<u8>, Vec<Frame>);

const OFFER: &str = "Sec-WebSocket-Extensions: permessage-deflate\r\n";

fn server() -> Server {
    Launch::of(Runtime::Stated, fixture("sockets")).start()
}

fn check(server: &Server, fields: &str, cases: Vec<Case>) {
    for (name, sent, expected) in cases {
        let mut raw = Raw::connect_with(server, "/frames", fields);
        raw.send_unless_closed(&sent);
        for expected in expected {
            let got = raw.receive();
            // Not assert_eq: some are megabytes.
            assert!(got == expected, "{name}: {:?}", brief(&got));
            if expected.first == FIN | CLOSE {
                // A peer that heard Close answers it; one that began it has the answer.
                raw.send_unless_closed(&frame(FIN | CLOSE, &expected.payload));
                raw.expect_end();
            }
        }
    }
}

fn brief(frame: &Frame) -> (u8, usize, String) {
    let start = &frame.payload[..frame.payload.len().min(60)];
    (
        frame.first,
        frame.payload.len(),
        String::from_utf8_lossy(start).into_owned(),
    )
}

fn echo(opcode: u8, payload: &[u8]) -> Frame {
    Frame::new(FIN | opcode, payload)
}

/// A connection that goes on: what was wrong with it would show in the next echo.
fn goes_on(mut sent: Vec<u8>, mut expected: Vec<Frame>) -> (Vec<u8>, Vec<Frame>) {
    sent.extend(frame(FIN | TEXT, b"next"));
    expected.push(echo(TEXT, b"next"));
    (sent, expected)
}

fn case(name: impl Into<String>, sent: Vec<u8>, expected: Vec<Frame>) -> Case {
    let (sent, expected) = goes_on(sent, expected);
    (name.into(), sent, expected)
}

fn fails(name: impl Into<String>, sent: Vec<u8>, code: u16, reason: &str) -> Case {
    (name.into(), sent, vec![Frame::close(code, reason)])
}

#[test]
fn messages_of_every_length_field_are_echoed() {
    let mut cases = Vec::new();
    for length in [0, 1, 125, 126, 127, 128, 65_535, 65_536] {
        let text = vec![b'*'; length];
        cases.push(case(
            format!("text of {length}"),
            frame(FIN | TEXT, &text),
            vec![echo(TEXT, &text)],
        ));
        let bytes = vec![0xFE; length];
        cases.push(case(
            format!("binary of {length}"),
            frame(FIN | BINARY, &bytes),
            vec![echo(BINARY, &bytes)],
        ));
    }
    check(&server(), "", cases);
}

#[test]
fn a_message_of_32_mebibytes_is_echoed_and_one_byte_more_is_refused_by_its_header() {
    let largest = vec![7; 32 << 20];
    let mut too_large = vec![FIN | BINARY, 0x80 | 127];
    too_large.extend((largest.len() as u64 + 1).to_be_bytes());
    too_large.extend([0; 4]);
    let mut pieces = frame(BINARY, &largest[1..]);
    pieces.extend(frame(FIN | CONTINUATION, &[7]));
    let mut too_many = frame(BINARY, &largest);
    too_many.extend(frame(FIN | CONTINUATION, &[7]));

    check(
        &server(),
        "",
        vec![
            case(
                "one frame",
                frame(FIN | BINARY, &largest),
                vec![echo(BINARY, &largest)],
            ),
            case("two frames", pieces, vec![echo(BINARY, &largest)]),
            fails(
                "one frame, one byte more",
                too_large,
                1009,
                "Message is too large: 33554433 > 33554432",
            ),
            fails(
                "two frames, one byte more",
                too_many,
                1009,
                "Message is too large: 33554433 > 33554432",
            ),
        ],
    );
}

#[test]
fn pings_are_answered_with_their_payload_and_pongs_are_not() {
    let largest = [b'p'; 125];
    check(
        &server(),
        "",
        vec![
            case("empty", frame(FIN | PING, b""), vec![echo(PONG, b"")]),
            case(
                "bytes",
                frame(FIN | PING, &[0, 255, 254]),
                vec![echo(PONG, &[0, 255, 254])],
            ),
            case(
                "125 bytes",
                frame(FIN | PING, &largest),
                vec![echo(PONG, &largest)],
            ),
            fails(
                "126 bytes",
                frame(FIN | PING, &[b'p'; 126]),
                1002,
                "control frame is longer than 125 bytes",
            ),
            case("pong", frame(FIN | PONG, b"nobody asked"), vec![]),
            case(
                "pong, then ping",
                [frame(FIN | PONG, b"x"), frame(FIN | PING, b"y")].concat(),
                vec![echo(PONG, b"y")],
            ),
        ],
    );
}

#[test]
fn reserved_bits_and_opcodes_fail_the_connection_with_1002() {
    let mut cases = Vec::new();
    for bits in [0x10, 0x20, 0x30] {
        for opcode in [TEXT, BINARY, CLOSE, PING, PONG] {
            let sent = frame(FIN | bits | opcode, b"");
            cases.push(fails(
                format!("{bits:#x} of {opcode:#x}"),
                sent,
                1002,
                "Received frame had RSV bits 2 or 3 set",
            ));
        }
    }
    for opcode in (0x3..=0x7).chain(0xB..=0xF) {
        cases.push(fails(
            format!("opcode {opcode:#x}"),
            frame(FIN | opcode, b"x"),
            1002,
            &format!("Unknown opcode {opcode}"),
        ));
    }
    cases.push(fails(
        "compressed text",
        frame(FIN | RSV1 | TEXT, b""),
        1002,
        "Received a WebSocket frame whose compression bit was set, but the compression extension was not negotiated for \
             this connect",
    ));
    cases.push(fails(
        "compressed ping",
        frame(FIN | RSV1 | PING, b""),
        1002,
        "control frame is compressed",
    ));
    check(&server(), "", cases);
}

#[test]
fn fragments_make_one_message_and_control_frames_may_come_between() {
    let server = server();
    check(
        &server,
        "",
        vec![
            case(
                "two fragments",
                [frame(TEXT, b"one "), frame(FIN | CONTINUATION, b"two")].concat(),
                vec![echo(TEXT, b"one two")],
            ),
            case(
                "empty fragments",
                [
                    frame(TEXT, b""),
                    frame(CONTINUATION, b""),
                    frame(FIN | CONTINUATION, b""),
                ]
                .concat(),
                vec![echo(TEXT, b"")],
            ),
            case(
                "a ping between",
                [
                    frame(BINARY, b"a"),
                    frame(FIN | PING, b"p"),
                    frame(FIN | CONTINUATION, b"b"),
                ]
                .concat(),
                vec![echo(PONG, b"p"), echo(BINARY, b"ab")],
            ),
            case(
                "a pong between",
                [
                    frame(TEXT, b"a"),
                    frame(FIN | PONG, b"p"),
                    frame(FIN | CONTINUATION, b"b"),
                ]
                .concat(),
                vec![echo(TEXT, b"ab")],
            ),
            fails(
                "a ping in fragments",
                frame(PING, b""),
                1002,
                "Received fragmented control frame",
            ),
            fails(
                "a pong in fragments",
                frame(PONG, b""),
                1002,
                "Received fragmented control frame",
            ),
            fails(
                "a Close in fragments",
                frame(CLOSE, b""),
                1002,
                "Received fragmented control frame",
            ),
            fails(
                "continuation alone",
                frame(FIN | CONTINUATION, b"x"),
                1002,
                "Unexpected continuation frame",
            ),
            fails(
                "a message inside another",
                [frame(TEXT, b"a"), frame(FIN | TEXT, b"b")].concat(),
                1002,
                "Missing continuation frame",
            ),
            (
                "a Close between".into(),
                [
                    frame(TEXT, b"a"),
                    frame(FIN | CLOSE, &close_payload(1000, b"")),
                    frame(FIN | CONTINUATION, b"b"),
                ]
                .concat(),
                vec![Frame::close(1000, "")],
            ),
        ],
    );
}

#[test]
fn a_million_tiny_frames_make_one_message() {
    let mut sent = frame(BINARY, b"");
    for _ in 0..1_000_000 {
        sent.extend(frame(CONTINUATION, b"x"));
    }
    sent.extend(frame(FIN | CONTINUATION, b""));
    let whole = vec![b'x'; 1_000_000];

    check(
        &server(),
        "",
        vec![case("x", sent, vec![echo(BINARY, &whole)])],
    );
}

#[test]
fn unmasked_frames_and_long_length_fields_fail_the_connection_with_1002() {
    let overlong = "payload length is not in its shortest form";
    check(
        &server(),
        "",
        vec![
            fails(
                "not masked",
                vec![FIN | TEXT, 1, b'x'],
                1002,
                "frame of a client is not masked",
            ),
            fails(
                "16 bits for 5",
                vec![FIN | TEXT, 0xFE, 0, 5, 0, 0, 0, 0],
                1002,
                overlong,
            ),
            fails(
                "64 bits for 5",
                vec![FIN | TEXT, 0xFF, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0],
                1002,
                overlong,
            ),
            fails(
                "the top bit",
                vec![FIN | TEXT, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0],
                1002,
                overlong,
            ),
        ],
    );
}

#[test]
fn text_must_be_utf_8_also_across_fragments() {
    let mut cases = Vec::new();
    let valid: [&[u8]; 6] = [
        "κόσμε".as_bytes(),
        "\u{0} \u{7f} \u{80} \u{7ff} \u{800}".as_bytes(),
        "\u{d7ff}\u{e000}\u{fffd}\u{ffff}".as_bytes(),
        "\u{10000}\u{10ffff}".as_bytes(),
        "e\u{301}".as_bytes(),
        "\u{feff}byte order mark".as_bytes(),
    ];
    for text in valid {
        let name = String::from_utf8_lossy(text);
        cases.push(case(
            name.clone(),
            frame(FIN | TEXT, text),
            vec![echo(TEXT, text)],
        ));
        let bytes = text
            .chunks(1)
            .map(|byte| frame(CONTINUATION, byte))
            .collect::<Vec<_>>()
            .concat();
        let sent = [frame(TEXT, b""), bytes, frame(FIN | CONTINUATION, b"")].concat();
        cases.push(case(
            format!("{name} in fragments of a byte"),
            sent,
            vec![echo(TEXT, text)],
        ));
    }
    let invalid: [&[u8]; 10] = [
        b"\x80",
        b"\xbf",
        b"\xc0\xaf",
        b"\xe0\x80\xaf",
        b"\xed\xa0\x80",
        b"\xed\xbf\xbf",
        b"\xf4\x90\x80\x80",
        b"\xf8\x88\x80\x80\x80",
        b"\xce",
        b"good, then \xff",
    ];
    for bytes in invalid {
        let not_utf8 = |sent| fails(format!("{bytes:x?}"), sent, 1007, "text is not valid UTF-8");
        cases.push(not_utf8(frame(FIN | TEXT, bytes)));
        let (head, tail) = bytes.split_at(bytes.len() / 2);
        cases.push(not_utf8(
            [frame(TEXT, head), frame(FIN | CONTINUATION, tail)].concat(),
        ));
        cases.push(case(
            format!("{bytes:x?} as bytes"),
            frame(FIN | BINARY, bytes),
            vec![echo(BINARY, bytes)],
        ));
    }
    check(&server(), "", cases);
}

#[test]
fn close_codes_that_may_be_sent_come_back_and_others_fail_with_1002() {
    let close = |payload: &[u8]| frame(FIN | CLOSE, payload);
    let mut cases = Vec::new();
    for code in [
        1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000,
        4999,
    ] {
        let sent = close(&close_payload(code, b"why"));
        cases.push((format!("{code}"), sent, vec![Frame::close(code, "why")]));
    }
    for code in [
        0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535,
    ] {
        let sent = close(&close_payload(code, b""));
        cases.push(fails(
            format!("{code}"),
            sent,
            1002,
            "Close has a code that may not be sent",
        ));
    }
    let longest = "r".repeat(123);
    cases.push((
        "no code".into(),
        close(b""),
        vec![Frame::new(FIN | CLOSE, [])],
    ));
    cases.push(fails(
        "half a code",
        close(&[3]),
        1002,
        "Close has half a code",
    ));
    cases.push((
        "123 bytes".into(),
        close(&close_payload(1000, longest.as_bytes())),
        vec![Frame::close(1000, &longest)],
    ));
    let too_long = close(&close_payload(1000, &[b'r'; 124]));
    cases.push(fails(
        "124 bytes",
        too_long,
        1002,
        "control frame is longer than 125 bytes",
    ));
    let giant = close(&close_payload(1000, &[b'r'; 1 << 20]));
    cases.push(fails(
        "a mebibyte",
        giant,
        1002,
        "control frame is longer than 125 bytes",
    ));
    let not_text = close(&close_payload(1000, b"\xff"));
    cases.push(fails(
        "a reason that is no text",
        not_text,
        1007,
        "text is not valid UTF-8",
    ));
    let after = [
        close(&close_payload(1000, b"")),
        frame(FIN | TEXT, b"late"),
        frame(FIN | PING, b"late"),
    ]
    .concat();
    cases.push((
        "what follows a Close".into(),
        after,
        vec![Frame::close(1000, "")],
    ));
    check(&server(), "", cases);
}

#[test]
fn compressed_messages_are_inflated() {
    let server = server();
    let hello = || vec![echo(TEXT, b"Hello")];
    // The examples of RFC 7692, 7.2.3, and a message that inflates to its limit and one byte more.
    let cases = vec![
        case(
            "one block",
            frame(FIN | RSV1 | TEXT, b"\xf2\x48\xcd\xc9\xc9\x07\x00"),
            hello(),
        ),
        case("plain", frame(FIN | TEXT, b"Hello"), hello()),
        case(
            "fragments",
            [
                frame(RSV1 | TEXT, b"\xf2\x48\xcd"),
                frame(FIN | CONTINUATION, b"\xc9\xc9\x07\x00"),
            ]
            .concat(),
            hello(),
        ),
        case(
            "a ping between",
            [
                frame(RSV1 | TEXT, b"\xf2\x48\xcd"),
                frame(FIN | PING, b""),
                frame(FIN | CONTINUATION, b"\xc9\xc9\x07\x00"),
            ]
            .concat(),
            vec![echo(PONG, b""), echo(TEXT, b"Hello")],
        ),
        case(
            "stored",
            frame(FIN | RSV1 | TEXT, b"\x00\x05\x00\xfa\xffHello\x00"),
            hello(),
        ),
        case(
            "a final block",
            frame(FIN | RSV1 | TEXT, b"\xf3\x48\xcd\xc9\xc9\x07\x00\x00"),
            hello(),
        ),
        case(
            "two blocks",
            frame(
                FIN | RSV1 | TEXT,
                b"\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00",
            ),
            hello(),
        ),
        // No window is kept, so there is nothing to refer to.
        fails(
            "a reference to a message before",
            frame(FIN | RSV1 | TEXT, b"\xf2\x00\x11\x00\x00"),
            1007,
            "compressed data is not valid",
        ),
        fails(
            "garbage",
            frame(FIN | RSV1 | TEXT, &[0xFF; 4]),
            1007,
            "compressed data is not valid",
        ),
        fails(
            "a mark on a continuation",
            [
                frame(RSV1 | TEXT, b"\xf2"),
                frame(FIN | RSV1 | CONTINUATION, b"\x48"),
            ]
            .concat(),
            1002,
            "continuation is marked as compressed",
        ),
        fails(
            "compressed ping",
            frame(FIN | RSV1 | PING, b""),
            1002,
            "control frame is compressed",
        ),
        fails(
            "bytes that are no text",
            frame(FIN | RSV1 | TEXT, b"\x00\x01\x00\xfe\xff\xff\x00"),
            1007,
            "text is not valid UTF-8",
        ),
    ];
    check(&server, OFFER, cases);
}

#[test]
fn a_small_frame_that_inflates_to_gigabytes_fails_with_1009() {
    // One stored byte, then matches of 258 bytes at distance 1, two of them in every three bytes of
    // the fixed code: about 170 times as much as arrives.
    let mut bits = Bits::default();
    bits.fixed_block();
    bits.literal(b'a');
    for _ in 0..(40 << 20) / 258 {
        bits.match_258_at_1();
    }
    let bomb = bits.finish();
    assert!(bomb.len() < 300_000, "{}", bomb.len());

    check(
        &server(),
        OFFER,
        vec![fails(
            "bomb",
            frame(FIN | RSV1 | BINARY, &bomb),
            1009,
            "Message is too large: 33554433 > 33554432",
        )],
    );
}

/// Writes the fixed Huffman code of RFC 1951.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    used: u8,
}

impl Bits {
    fn push(&mut self, value: u32, count: u8) {
        for place in 0..count {
            if self.used == 0 {
                self.bytes.push(0);
            }
            let bit = (value >> place & 1) as u8;
            *self.bytes.last_mut().expect("one was pushed") |= bit << self.used;
            self.used = (self.used + 1) % 8;
        }
    }

    /// Huffman codes go with their first bit first.
    fn code(&mut self, value: u32, count: u8) {
        self.push(value.reverse_bits() >> (32 - count), count);
    }

    fn fixed_block(&mut self) {
        self.push(0b010, 3);
    }

    fn literal(&mut self, byte: u8) {
        self.code(0x30 + u32::from(byte), 8);
    }

    fn match_258_at_1(&mut self) {
        self.code(0b1100_0101, 8);
        self.code(0, 5);
    }

    fn finish(mut self) -> Vec<u8> {
        self.code(0, 7);
        // An empty stored block, whose last four bytes are not sent.
        self.push(0, 3);
        self.bytes
    }
}

#[test]
fn compression_is_negotiated_without_windows_that_are_kept() {
    let server = server();
    let answer = "sec-websocket-extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover\r\n";
    let cases = [
        ("permessage-deflate", true),
        ("permessage-deflate; client_max_window_bits", true),
        (
            "permessage-deflate; client_max_window_bits=9; client_no_context_takeover",
            true,
        ),
        ("permessage-deflate; server_no_context_takeover", true),
        ("permessage-deflate; server_max_window_bits=15", true),
        ("permessage-deflate; server_max_window_bits=8", false),
        (
            "permessage-deflate; server_max_window_bits=8, permessage-deflate",
            true,
        ),
        ("permessage-deflate; client_max_window_bits=7", false),
        ("permessage-deflate; x=1", false),
        ("x-webkit-deflate-frame", false),
    ];
    for (offer, agreed) in cases {
        let field = format!("Sec-WebSocket-Extensions: {offer}\r\n");
        let mut raw = Raw::connect_with(&server, "/frames", &field);
        assert_eq!(
            raw.head.contains("sec-websocket-extensions"),
            agreed,
            "{offer}"
        );
        assert_eq!(raw.head.contains(answer), agreed, "{offer}");

        // Long enough to be worth it.
        let text = "x".repeat(1000);
        raw.send(&frame(FIN | TEXT, text.as_bytes()));
        let got = raw.receive();
        let compressed = got.first == FIN | RSV1 | TEXT && got.payload.len() < 50;
        assert!(
            if agreed {
                compressed
            } else {
                got == echo(TEXT, text.as_bytes())
            },
            "{offer}: {:?}",
            brief(&got)
        );
    }
}
