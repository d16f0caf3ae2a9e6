use super::*;

/// As a server would send it: without a mask.
fn message(payload: &str) -> Vec<u8> {
    let mut frame = vec![0x81, payload.len() as u8];
    frame.extend_from_slice(payload.as_bytes());
    frame
}

#[test]
fn a_message_of_a_client_is_masked_and_whole() {
    let mut outbox = Vec::new();

    write_message(Data::Text, b"abc", &mut outbox);

    assert_eq!(outbox[..2], [0x81, 0x83]);
    assert_eq!(outbox[2..6], MASK);
    assert_eq!(outbox[6] ^ MASK[0], b'a');
}

#[test]
fn part_of_a_message_waits_for_the_rest() {
    let frame = message("abc");

    for end in 0..frame.len() {
        assert_eq!(read_message(&frame[..end]).unwrap(), None, "{end}");
    }
    assert_eq!(read_message(&frame).unwrap(), Some((5, &b"abc"[..])));
}

#[test]
fn a_close_frame_is_an_error() {
    let error = read_message(&[0x88, 0x00]).unwrap_err();

    assert!(error.to_string().starts_with("a frame is "), "{error}");
}

#[test]
fn a_broadcast_is_answered_by_its_last_copy() {
    let mut broadcast = Broadcast::new(3);
    let mut outbox = Vec::new();
    assert!(broadcast.begin(0, &mut outbox));
    assert!(!broadcast.begin(1, &mut outbox), "one is on its way");
    let copy = message(&format!("*{:031}", 1));

    let received: Vec<_> = [2, 0, 1]
        .map(|connection| broadcast.receive(connection, &copy).unwrap())
        .to_vec();

    let count = copy.len();
    assert_eq!(
        received,
        [
            Received::Other(count),
            Received::Other(count),
            Received::Answer(count)
        ]
    );
    assert!(broadcast.begin(1, &mut outbox));
}

#[test]
fn an_echo_of_somebody_elses_message_is_an_error() {
    let mut echo = Echo::new(2, 4);

    let error = echo.receive(0, &message("0001")).unwrap_err();

    assert_eq!(error.to_string(), "echo is `0001`");
}
