//! RPC between objects on different shards and between services: what a test in one realm cannot show.
//!
//! The fixture has a service `front` with objects, and a service `back` with an older compatibility date.
//! Objects `a` to `h` are spread over two shards. Each path is one scenario of the fixture.

use serde_json::{Value, json};
use stated_testkit::{Launch, Runtime, Server, fixture};

#[track_caller]
fn start() -> Server {
    let launch = Launch::of(Runtime::selected(), fixture("rpc"));
    let launch = ["front/wrangler.jsonc", "back/wrangler.jsonc"]
        .into_iter()
        .fold(launch, |launch, file| {
            launch.argument("--config").argument(file)
        });
    match Runtime::selected() {
        // A message of 32 MiB exists several times while it is on its way.
        Runtime::Stated => launch
            .argument("--shards")
            .argument("2")
            .argument("--heap-mb")
            .argument("1024")
            .start(),
        Runtime::Wrangler => launch.start(),
    }
}

/// The value that a scenario gives.
#[track_caller]
fn value(server: &Server, scenario: &str) -> Value {
    let answer = server.get(&format!("/{scenario}"));
    let answer: Value = answer.json();
    assert!(answer.get("error").is_none(), "{answer}");
    answer["value"].clone()
}

/// What a scenario throws.
#[track_caller]
fn error(server: &Server, scenario: &str) -> String {
    let answer = server.get(&format!("/{scenario}")).json();
    answer["error"]
        .as_str()
        .unwrap_or_else(|| panic!("`{scenario}` gave {answer}"))
        .to_owned()
}

// --- references -----------------------------------------------------------------------------------

#[test]
fn a_function_goes_through_eight_objects_and_is_called_at_home() {
    assert_eq!(value(&start(), "through-objects"), "called from h");
}

#[test]
fn every_object_calls_back_wherever_it_lives() {
    assert_eq!(
        value(&start(), "callbacks-to-each"),
        json!([1, 2, 3, 4, 5, 6, 7, 8])
    );
}

#[test]
fn calls_start_in_call_order_also_while_the_object_starts() {
    let in_order = json!([0, 1, 2, 3, 4]);
    assert_eq!(
        value(&start(), "cold-order"),
        json!([in_order, in_order, in_order, in_order])
    );
}

#[test]
fn pipelined_calls_keep_their_order() {
    assert_eq!(value(&start(), "pipelined-order"), json!([1, 11, 5, 111]));
}

#[test]
fn a_stub_keeps_the_context_of_a_stateless_callee() {
    assert_eq!(value(&start(), "session"), json!(["ada 1", "ada 2"]));
}

#[test]
fn the_disposer_runs_in_the_other_service_when_a_result_is_disposed() {
    assert_eq!(
        value(&start(), "session-disposed"),
        json!(["left by using", "disposed"])
    );
}

#[test]
fn an_object_calls_a_service_that_it_was_given() {
    assert_eq!(
        value(&start(), "service-to-object"),
        json!([{ "role": "guest" }, "accounts /path"])
    );
}

#[test]
fn an_object_calls_another_that_it_was_given() {
    assert_eq!(value(&start(), "object-to-object"), json!([1]));
}

#[test]
fn a_kept_callback_works_until_its_context_ends() {
    let server = start();

    for scenario in ["keep", "keep-from-callback"] {
        assert_eq!(value(&server, scenario), "kept");
        assert_eq!(
            error(&server, "use-kept"),
            "Error: The execution context which hosts this callback is no longer running."
        );
    }
}

#[test]
fn a_kept_writer_fails_once_the_context_that_reads_has_ended() {
    let server = start();

    assert_eq!(value(&server, "keep-writer"), "kept");
    assert_eq!(
        error(&server, "use-writer"),
        "Error: WritableStream received over RPC was disconnected because the remote execution context has ended."
    );
}

#[test]
fn a_stub_given_on_is_spent_before_rpc_params_dup_stubs() {
    assert_eq!(
        value(&start(), "transferred-argument"),
        "RPC stub used after being disposed."
    );
}

#[test]
fn a_stub_of_another_request_is_refused() {
    let server = start();

    assert_eq!(value(&server, "leak"), 1);
    // A request of the other shard has another copy of the variable; one of them is on the same.
    let errors: Vec<String> = (0..16).map(|_| error(&server, "leaked")).collect();
    let refused = errors
        .iter()
        .find(|error| error.starts_with("Error: "))
        .expect("a request on the shard of the first");
    assert_eq!(
        refused,
        "Error: Cannot perform I/O on behalf of a different request. I/O objects (such as streams, request/response \
         bodies, and others) created in the context of one request handler cannot be accessed from a different \
         request's handler. This is a limitation of Cloudflare Workers which allows us to improve overall \
         performance. (I/O type: Client)"
    );
}

#[test]
fn stubs_that_become_garbage_undisposed_are_warned_of_once_per_thread() {
    let server = start();
    let warning = "An RPC stub was not disposed properly. You must call dispose() on all stubs in order to let the \
                   other side know that you are no longer using them.";

    server.get("/disposed-properly");
    assert!(!server.output().describe().contains(warning));
    server.get("/abandoned");
    server.wait_for_output(warning);
    for _ in 0..3 {
        server.get("/abandoned");
    }
    let exit = server.terminate();

    let output = format!("{}{}", exit.stdout, exit.stderr);
    let count = output.matches(warning).count();
    assert!((1..=2).contains(&count), "{output}");
}

// --- broken objects -------------------------------------------------------------------------------

#[test]
fn an_abort_breaks_the_stubs_of_the_object_and_what_it_gave_out() {
    assert_eq!(
        value(&start(), "abort-with-stub"),
        json!({
            "first": ["aborted on purpose", true],
            "held": "The execution context which hosts this callback is no longer running.",
            "same": "aborted on purpose",
            "next": [],
        })
    );
}

#[test]
fn an_abort_fails_the_calls_under_way() {
    assert_eq!(value(&start(), "abort-under-way"), "aborted on purpose");
}

#[test]
fn a_stream_is_canceled_when_the_object_that_reads_it_breaks() {
    assert_eq!(
        value(&start(), "abort-of-reader"),
        json!(["aborted on purpose", "Error: Network connection lost."])
    );
}

#[test]
fn an_object_that_breaks_disposes_the_stubs_it_held() {
    assert_eq!(value(&start(), "disposed-with-object"), 1);
}

#[test]
fn an_aborted_event_rejects_with_the_reason() {
    assert_eq!(
        value(&start(), "aborted-event"),
        json!(["RangeError", "ended on purpose"])
    );
}

#[test]
fn a_stub_of_its_target_keeps_an_object_from_being_evicted() {
    assert_eq!(
        value(&start(), "kept-active"),
        json!({ "kept": [1], "left": [], "counter": 1 })
    );
}

// --- values ---------------------------------------------------------------------------------------

#[test]
fn messages_of_32_mib_pass_and_larger_ones_are_refused_with_their_size() {
    let sizes = value(&start(), "limit");
    let too_large = |bytes: u64| {
        format!(
            "Serialized RPC arguments or return values are limited to 32MiB, but the size of this value was: {bytes} bytes."
        )
    };
    assert_eq!(sizes[0], 33_554_432 - 15);
    assert_eq!(sizes[1], too_large(33_554_433));
    assert_eq!(sizes[2], too_large(33_554_432 + 20));
}

#[test]
fn readable_streams_pass_in_results_and_arguments() {
    assert_eq!(value(&start(), "readable"), json!([100 * 65536, 1000, 30]));
}

#[test]
fn the_reader_of_a_stream_that_failed_sees_a_disconnection() {
    assert_eq!(
        error(&start(), "readable-failed"),
        "Error: ReadableStream received over RPC disconnected prematurely."
    );
}

#[test]
fn a_writable_stream_is_written_from_another_object() {
    assert_eq!(value(&start(), "writable"), 20 * 65536);
}

#[test]
fn platform_objects_pass_with_their_bodies() {
    assert_eq!(
        value(&start(), "messages"),
        json!([201, "1", "body", "PUT", "sent", "a/b", "blob", "v"])
    );
}

#[test]
fn an_abort_signal_reaches_the_callee() {
    assert_eq!(value(&start(), "signal"), "enough");
}

// --- errors ---------------------------------------------------------------------------------------

#[test]
fn an_error_crosses_whole_with_enhanced_error_serialization() {
    assert_eq!(
        value(&start(), "enhanced-error"),
        json!({ "type": true, "message": "in the object", "code": 7, "cause": "cause", "remote": true })
    );
}

#[test]
fn an_error_crosses_as_its_text_without() {
    assert_eq!(
        value(&start(), "legacy-errors"),
        json!([
            { "class": "RangeError", "message": "in the back", "remote": true },
            { "class": "Error", "message": "MyError: text", "remote": true },
            { "class": "Error", "message": "only text", "remote": true },
            { "class": "Error", "message": "busy", "remote": true, "overloaded": true },
        ])
    );
}

// --- dynamic workers ------------------------------------------------------------------------------

/// What workerd keeps has no bound.
#[test]
fn a_shard_keeps_64_dynamic_workers_and_loads_the_least_recently_used_again() {
    if Runtime::selected() == Runtime::Stated {
        assert_eq!(value(&start(), "dynamic-kept"), json!([64, [], [64, 0]]));
    }
}

#[test]
fn a_dynamic_worker_has_10000_modules_at_most() {
    if Runtime::selected() == Runtime::Stated {
        assert_eq!(
            value(&start(), "dynamic-modules"),
            json!([
                7,
                "TypeError: a dynamic worker has 10001 modules; the limit is 10000"
            ])
        );
    }
}

// --- entrypoints ----------------------------------------------------------------------------------

#[test]
fn entrypoints_are_bound_by_name_with_props() {
    let server = start();

    assert_eq!(value(&server, "props"), json!({ "role": "guest" }));
    assert_eq!(value(&server, "handlers"), json!([8, "back"]));
    assert_eq!(value(&server, "exports-with-props"), "plain");
    assert_eq!(
        error(&server, "missing"),
        "TypeError: The entrypoint name Missing was not found in this worker. Ensure the worker exports an entrypoint with that name."
    );
}

#[test]
fn functions_of_a_handler_object_are_called_with_one_argument() {
    let server = start();

    assert_eq!(
        error(&server, "too-many"),
        "TypeError: Cannot call handler function \"tooMany\" over RPC because it has the wrong number of arguments. A \
         simple function handler can only be called over RPC if it has exactly the arguments (arg, env, ctx), where \
         only the first argument comes from the client. To support multi-argument RPC functions, use class-based \
         syntax (extending WorkerEntrypoint) instead."
    );
    assert_eq!(
        error(&server, "wrong-arity"),
        "TypeError: Attempted to call RPC function \"double\" with the wrong number of arguments. When calling a \
         top-level handler function that is not declared as part of a class, you must always send exactly one \
         argument. In order to support variable numbers of arguments, the server must use class-based syntax \
         (extending WorkerEntrypoint) instead."
    );
}

#[test]
fn importable_env_and_wait_until_belong_to_the_running_code() {
    let server = start();

    assert_eq!(value(&server, "with-env"), "other");
    assert_eq!(value(&server, "wait-until"), "waited");
}
