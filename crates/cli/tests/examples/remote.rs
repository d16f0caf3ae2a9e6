//! RPC libraries that run in user land.

use stated_testkit::{Server, example};

/// Sends a batch of Cap'n Web messages in one request.
#[track_caller]
fn batch(server: &Server, messages: &[&str]) -> String {
    let answer = server.post("/api", &messages.join("\n"));
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.text().to_owned()
}

#[test]
fn capnweb_calls_an_object_in_one_request() {
    let server = Server::start(example("capnweb"));

    let greeting = batch(
        &server,
        &[
            r#"["push",["pipeline",0,["greet"],["World"]]]"#,
            r#"["pull",1]"#,
        ],
    );
    let count = batch(
        &server,
        &[
            r#"["push",["pipeline",0,["join"],["lobby","ada"]]]"#,
            r#"["push",["pipeline",1,["say"],["hi"]]]"#,
            r#"["pull",2]"#,
        ],
    );
    let lines = batch(
        &server,
        &[
            r#"["push",["pipeline",0,["lines"],["lobby"]]]"#,
            r#"["pull",1]"#,
        ],
    );

    assert_eq!(greeting, r#"["resolve",1,"Hello, World!"]"#);
    assert_eq!(count, r#"["resolve",2,1]"#);
    assert_eq!(lines, r#"["resolve",1,[["ada: hi"]]]"#);
}

#[test]
fn capnweb_keeps_a_member_of_a_room_over_a_web_socket() {
    let server = Server::start(example("capnweb"));
    let mut client = server.web_socket("/api");

    client.send_text(r#"["push",["pipeline",0,["join"],["lobby","bob"]]]"#);
    for (call, count) in [(2, 1), (3, 2)] {
        client.send_text(r#"["push",["pipeline",1,["say"],["hello"]]]"#);
        client.send_text(&format!(r#"["pull",{call}]"#));
        client.expect_text(&format!(r#"["resolve",{call},{count}]"#));
    }
}
