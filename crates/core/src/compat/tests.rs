use super::*;

fn resolve(date: &str, flags: &[&str]) -> Compatibility {
    let (compatibility, problems) = Compatibility::resolve(date.parse().unwrap(), flags);
    assert_eq!(problems, []);
    compatibility
}

#[test]
fn a_flag_is_on_from_its_day_and_not_the_day_before() {
    let days = [
        (
            "durable_object_fetch_requires_full_url",
            "2021-11-09",
            "2021-11-10",
        ),
        (
            "workers_api_getters_setters_on_prototype",
            "2022-01-30",
            "2022-01-31",
        ),
        ("capture_async_api_throws", "2022-10-30", "2022-10-31"),
        ("streams_enable_constructors", "2022-11-29", "2022-11-30"),
        ("web_socket_compression", "2023-08-14", "2023-08-15"),
        ("fetcher_no_get_put_delete", "2024-03-25", "2024-03-26"),
        ("unwrap_custom_thenables", "2024-03-31", "2024-04-01"),
        ("rpc", "2024-04-02", "2024-04-03"),
        ("fetch_standard_url", "2024-06-02", "2024-06-03"),
        ("set_tostring_tag", "2024-09-25", "2024-09-26"),
        (
            "handle_cross_request_promise_resolution",
            "2024-10-13",
            "2024-10-14",
        ),
        ("expose_global_message_channel", "2025-08-14", "2025-08-15"),
        ("enable_ctx_exports", "2025-11-16", "2025-11-17"),
        ("enable_fast_jsg_struct", "2025-12-02", "2025-12-03"),
        ("rpc_params_dup_stubs", "2026-01-19", "2026-01-20"),
        ("delete_all_deletes_alarm", "2026-02-23", "2026-02-24"),
        (
            "websocket_close_reason_byte_limit",
            "2026-03-02",
            "2026-03-03",
        ),
        ("websocket_standard_binary_type", "2026-03-16", "2026-03-17"),
        ("containers_pid_namespace", "2026-03-31", "2026-04-01"),
        ("web_socket_auto_reply_to_close", "2026-04-06", "2026-04-07"),
        ("enhanced_error_serialization", "2026-04-20", "2026-04-21"),
        ("nodejs_compat", "2026-08-03", "2026-08-04"),
    ];
    for (flag, before, from) in days {
        assert!(!resolve(before, &[]).has(flag), "{flag} on {before}");
        assert!(resolve(from, &[]).has(flag), "{flag} on {from}");
    }
}

#[test]
fn a_name_turns_a_flag_on_before_its_day_and_the_off_name_turns_it_off_after() {
    assert!(resolve("2021-01-01", &["rpc"]).has("rpc"));
    assert!(!resolve("2026-08-01", &["rpc_params_transfer_stubs"]).has("rpc_params_dup_stubs"));
    assert!(
        !resolve("2026-08-01", &["delete_all_preserves_alarm"]).has("delete_all_deletes_alarm")
    );
    assert!(
        !resolve("2026-08-01", &["legacy_error_serialization"]).has("enhanced_error_serialization")
    );
    assert!(
        !resolve("2026-08-01", &["web_socket_manual_reply_to_close"])
            .has("web_socket_auto_reply_to_close")
    );
    assert!(
        !resolve("2026-08-01", &["durable_object_fetch_allows_relative_url"])
            .has("durable_object_fetch_requires_full_url")
    );
}

#[test]
fn node_compatibility_brings_its_second_version_from_its_own_day() {
    assert!(!resolve("2024-09-22", &["nodejs_compat"]).has("nodejs_compat_v2"));
    assert!(resolve("2024-09-23", &["nodejs_compat"]).has("nodejs_compat_v2"));
    assert!(!resolve("2024-09-23", &[]).has("nodejs_compat_v2"));
    assert!(resolve("2026-08-04", &[]).has("nodejs_compat_v2"));
    assert!(resolve("2026-08-04", &["no_nodejs_compat"]).has("nodejs_compat_v2"));
    let neither = resolve("2026-08-04", &["no_nodejs_compat", "no_nodejs_compat_v2"]);
    assert!(!neither.has("nodejs_compat") && !neither.has("nodejs_compat_v2"));
    assert!(resolve("2026-08-04", &["no_nodejs_compat"]).has_node());
    assert!(resolve("2024-01-01", &["nodejs_compat"]).has_node());
    assert!(!neither.has_node() && !resolve("2026-08-03", &[]).has_node());
}

#[test]
fn what_node_compatibility_brings_goes_with_it() {
    let flag = "enable_nodejs_http2_module";
    assert!(!resolve("2025-08-31", &["nodejs_compat"]).has(flag));
    assert!(resolve("2025-09-01", &["nodejs_compat"]).has(flag));
    assert!(!resolve("2025-09-01", &[]).has(flag));
    assert!(resolve("2026-08-04", &[]).has(flag));
    assert!(!resolve("2026-08-04", &["no_nodejs_compat"]).has(flag));
    assert!(resolve("2026-08-04", &["no_nodejs_compat", flag]).has(flag));
}

#[test]
fn flags_without_a_day_are_on_only_by_name() {
    assert!(!resolve("2026-11-17", &[]).has("allow_irrevocable_stub_storage"));
    assert!(resolve("2021-01-01", &["pedantic_wpt"]).has("pedantic_wpt"));
}

#[test]
fn naming_a_flag_twice_or_needlessly_is_allowed() {
    assert!(resolve("2026-08-01", &["rpc", "rpc"]).has("rpc"));
}

#[test]
fn an_unknown_flag_is_named_and_ignored() {
    let (compatibility, problems) =
        Compatibility::resolve(CompatDate::LATEST, &["node_js_compat", ""]);

    let texts: Vec<_> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(
        texts,
        [
            "no compatibility flag is named `node_js_compat`",
            "no compatibility flag is named ``"
        ]
    );
    assert!(!compatibility.has("node_js_compat"));
}

#[test]
fn a_flag_turned_on_and_off_is_a_conflict() {
    let (_, problems) = Compatibility::resolve(CompatDate::LATEST, &["no_rpc", "rpc"]);

    let texts: Vec<_> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(
        texts,
        ["compatibility flags `rpc` and `no_rpc` contradict each other"]
    );
}

#[test]
fn names_of_the_table_are_all_different() {
    let mut names: Vec<_> = FLAGS.iter().flat_map(|flag| [flag.on, flag.off]).collect();
    names.retain(|name| !name.is_empty());
    let count = names.len();
    names.sort_unstable();
    names.dedup();

    assert_eq!(names.len(), count);
}

#[test]
fn no_flag_is_newer_than_the_latest_date() {
    let newest = FLAGS.iter().filter_map(|flag| flag.from).max();

    assert_eq!(newest, Some(CompatDate::LATEST));
}

#[test]
fn flags_in_force_come_in_alphabetical_order() {
    let names: Vec<_> = resolve("2021-11-10", &["rpc"]).in_force().collect();

    assert_eq!(
        names,
        [
            "durable_object_fetch_requires_full_url",
            "fetch_refuses_unknown_protocols",
            "formdata_parser_supports_files",
            "r2_public_beta_bindings",
            "rpc",
            "streams_byob_reader_detaches_buffer",
        ]
    );
}

#[test]
fn dates_are_read_and_printed_with_ten_characters() {
    for text in ["2024-02-29", "2000-02-29", "2026-12-31", "0001-01-01"] {
        assert_eq!(text.parse::<CompatDate>().unwrap().to_string(), text);
    }
}

#[test]
fn days_that_do_not_exist_and_other_spellings_are_no_dates() {
    let texts = [
        "",
        "2026",
        "2026-8-01",
        "2026-08-1",
        "20260801",
        "2026/08/01",
        "2026-08-01T",
        "2026-00-10",
        "2026-13-01",
        "2026-04-31",
        "2026-02-29",
        "1900-02-29",
        "2026-01-00",
        "+026-01-01",
        "2026-०1-1",
    ];
    for text in texts {
        let error = text.parse::<CompatDate>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "not a date of the form YYYY-MM-DD",
            "{text}"
        );
    }
}
