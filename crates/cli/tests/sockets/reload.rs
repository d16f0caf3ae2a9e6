//! What becomes of open connections when code or configuration changes, and when the server ends.

use serde_json::json;
use stated_testkit::{Copy, Launch, Runtime, WebSocketClient, fixture};

fn project() -> Copy {
    Copy::of("sockets")
}

fn state(client: &mut WebSocketClient) -> serde_json::Value {
    client.send_text("state");
    client.next_json()
}

#[test]
fn a_reload_keeps_hibernatable_sockets_open_and_the_new_code_answers() {
    let project = project();
    let server = project.launch().start();
    let mut client = server.web_socket("/room?tag=a&tag=b");
    let mut silent = server.web_socket("/other?tag=c");
    client.send_text("attach some words");
    client.send_text("ping");
    client.expect_text("pong");
    let before = state(&mut client);
    assert_eq!(
        (&before["version"], &before["received"]),
        (&json!("one"), &json!(2))
    );

    project.replace("src/version.ts", "one", "two");
    server.wait_for_output("Reloaded in");

    let after = state(&mut client);
    assert_eq!(after["version"], "two");
    assert_eq!(after["received"], 1, "the object started anew");
    for kept in ["tags", "attachment", "answered", "sockets"] {
        assert_eq!(after[kept], before[kept], "{kept}");
    }
    assert_eq!(after["attachment"], json!({ "words": ["some", "words"] }));
    client.send_text("ping");
    client.expect_text("pong");
    assert_eq!(state(&mut silent)["tags"], json!(["c"]));
    client.close(4000, "bye");
    client.expect_close(4000, "bye");
}

#[test]
fn a_reload_closes_other_sockets_with_1012() {
    let project = project();
    let server = project.launch().start();
    let mut of_object = server.web_socket("/room?plain");
    let mut of_worker = server.web_socket("/worker");
    of_object.send_text("hello");
    of_object.expect_text("hello");
    of_worker.send_text("hello");
    of_worker.expect_text("one hello");

    project.replace("src/version.ts", "one", "two");

    of_object.expect_close(1012, "the code was updated");
    of_worker.expect_close(1012, "the code was updated");
    server.wait_for_output("Reloaded in");
    let mut again = server.web_socket("/worker");
    again.send_text("hello");
    again.expect_text("two hello");
}

#[test]
fn a_change_that_does_not_load_leaves_every_socket_as_it_is() {
    let project = project();
    let server = project.launch().start();
    let mut hibernatable = server.web_socket("/room");
    let mut plain = server.web_socket("/room?plain");

    project.replace(
        "src/version.ts",
        "export",
        "throw new Error('not today');\nexport",
    );
    server.wait_for_output("Error: not today");

    plain.send_text("hello");
    plain.expect_text("hello");
    assert_eq!(state(&mut hibernatable)["version"], "one");
}

#[test]
fn a_changed_project_file_keeps_hibernatable_sockets_open_and_closes_the_others_with_1012() {
    let project = project();
    let server = project.launch().start();
    let mut hibernatable = server.web_socket("/room?tag=a");
    let mut plain = server.web_socket("/room?plain");
    hibernatable.send_text("attach some words");
    let before = state(&mut hibernatable);
    assert_eq!(before["greeting"], "hello");

    project.replace("wrangler.toml", "hello", "good morning");
    server.wait_for_output("Reloaded with the changed configuration");

    let after = state(&mut hibernatable);
    assert_eq!(after["greeting"], "good morning");
    for kept in ["tags", "attachment"] {
        assert_eq!(after[kept], before[kept], "{kept}");
    }
    plain.expect_close(1012, "the code was updated");
}

#[test]
fn a_changed_project_file_with_a_program_that_does_not_load_is_taken_over_with_the_next_change() {
    let project = project();
    let server = project.launch().start();
    let mut hibernatable = server.web_socket("/room");
    let refusal = "throw new Error(`${env.GREETING}, not today`);";
    let throwing = format!("import {{ env }} from 'cloudflare:workers';\n{refusal}\nexport");
    project.replace("src/version.ts", "export", &throwing);
    server.wait_for_output("Error: hello, not today");

    project.replace("wrangler.toml", "hello", "good morning");
    server.wait_for_output("Error: good morning, not today");
    let before = state(&mut hibernatable);
    project.replace("src/version.ts", refusal, "");
    server.wait_for_output("Reloaded with the changed configuration");

    assert_eq!(before["greeting"], "hello");
    assert_eq!(state(&mut hibernatable)["greeting"], "good morning");
}

#[test]
fn a_handler_that_a_reload_interrupts_is_lost_and_its_socket_is_not() {
    let project = project();
    let server = project.launch().start();
    let mut client = server.web_socket("/room");
    client.send_text("slow 600000");
    server.wait_for_output("slow message began");
    client.send_text("state");

    project.replace("src/version.ts", "one", "two");
    server.wait_for_output("Reloaded in");

    assert_eq!(
        client.next_json()["version"],
        "two",
        "the message that waited"
    );
}

#[test]
fn a_server_that_ends_says_goodbye_with_1001() {
    for command in ["dev", "serve"] {
        let mut launch = Launch::of(Runtime::Stated, fixture("sockets")).command(command);
        if command == "serve" {
            launch = launch.argument("--internal-port").argument("0");
        }
        let server = launch.start();
        let mut sockets = ["/room", "/room?plain", "/worker"].map(|path| server.web_socket(path));

        server.ask_to_end();

        for socket in &mut sockets {
            socket.expect_close(1001, "the server is shutting down");
            socket.expect_disconnect();
        }
        assert_eq!(server.wait().code, Some(0));
    }
}
