//! The engine as its users see it: values, modules, microtasks, frames and limits.

use std::borrow::Cow;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use stated_engine::{
    Args, CodeGeneration, Coroutine, FrameInfo, Limits, Local, ModuleSource, Modules, NativeResult,
    PromiseState, Realm, Resumed, Runtime, Scope, StopReason, Thrown, TurnBudget,
};

struct Sources(HashMap<&'static str, &'static str>);

impl Modules for Sources {
    fn load(&self, specifier: &str) -> Result<ModuleSource, String> {
        self.0
            .get(specifier)
            .map(|code| ModuleSource::JavaScript {
                url: specifier.to_owned(),
                code: Cow::Borrowed(code),
            })
            .ok_or_else(|| format!("no such module \"{specifier}\""))
    }
}

/// Modules of which "inner" may be imported by "outer" alone.
struct Guarded(Sources);

impl Modules for Guarded {
    fn load(&self, specifier: &str) -> Result<ModuleSource, String> {
        self.0.load(specifier)
    }

    fn permit(&self, specifier: &str, referrer: Option<&str>) -> Result<(), String> {
        if specifier == "inner" && referrer != Some("outer") {
            return Err(format!("{referrer:?} may not import inner"));
        }
        Ok(())
    }
}

/// Modules that know their names; asking for that of "odd" fails.
struct Described(Sources);

impl Modules for Described {
    fn load(&self, specifier: &str) -> Result<ModuleSource, String> {
        self.0.load(specifier)
    }

    fn describe<'s>(
        &self,
        scope: &mut Scope<'s>,
        specifier: &str,
        meta: Local<'s>,
    ) -> Result<(), Thrown<'s>> {
        if specifier == "odd" {
            return Err(scope.type_error("odd"));
        }
        let name = scope.string(specifier);
        scope.define(meta, "name", name);
        Ok(())
    }
}

/// Runs `f` in a fresh runtime on a thread with room for JavaScript's stack.
fn with_runtime(sources: &[(&'static str, &'static str)], f: impl FnOnce(&Runtime, &Realm) + Send) {
    with_modules(sources, |sources| Rc::new(sources), f);
}

fn with_modules(
    sources: &[(&'static str, &'static str)],
    modules: impl FnOnce(Sources) -> Rc<dyn Modules> + Send,
    f: impl FnOnce(&Runtime, &Realm) + Send,
) {
    let sources: Vec<_> = sources.to_vec();
    std::thread::scope(|scope| {
        std::thread::Builder::new()
            .stack_size(16 << 20)
            .spawn_scoped(scope, move || {
                let runtime = Runtime::new(Limits::of_heap(64 << 20));
                let realm = runtime.new_realm(modules(Sources(sources.into_iter().collect())));
                f(&runtime, &realm);
            })
            .expect("a thread starts")
            .join()
            .expect("the test did not panic");
    });
}

fn budget() -> TurnBudget {
    TurnBudget::new(Duration::from_secs(10))
}

/// Evaluates module "main" and gives its namespace to `f`.
fn run_main(runtime: &Runtime, realm: &Realm, f: impl for<'s> FnOnce(&mut Scope<'s>, Local<'s>)) {
    runtime.enter(
        realm,
        FrameInfo {
            context: 1,
            section: 0,
        },
        &budget(),
        |scope| match scope.evaluate_module("main") {
            Ok((namespace, _)) => {
                scope.drain(|_, _| panic!("nothing foreign here"));
                f(scope, namespace);
            }
            Err(Thrown::Value(error)) => {
                let text = scope.to_text(error).unwrap_or_default();
                panic!("{text}");
            }
            Err(Thrown::Stopped) => panic!("stopped"),
        },
    );
}

fn text_of(scope: &mut Scope<'_>, namespace: Local<'_>, name: &str) -> String {
    let Ok(value) = scope.property(namespace, name) else {
        panic!("{name} threw")
    };
    match scope.to_text(value) {
        Ok(text) => text,
        Err(_) => panic!("{name} has no text"),
    }
}

#[test]
fn the_engine_is_not_entered_on_a_coroutines_stack() {
    // A thread has one runtime, which the coroutine must own a part of.
    let run = || {
        let runtime = Rc::new(Runtime::new(Limits::of_heap(64 << 20)));
        let inside = runtime.clone();
        let realm = runtime.new_realm(Rc::new(Sources(HashMap::new())));
        let mut coroutine = Coroutine::new(1 << 20, move |()| {
            let frame = FrameInfo {
                context: 1,
                section: 0,
            };
            let entering = AssertUnwindSafe(|| inside.enter(&realm, frame, &budget(), |_| ()));
            let refused = catch_unwind(entering).is_err();
            // What is the engine's is dropped on the stack of its thread.
            (refused, inside, realm)
        })
        .expect("there is address space");

        let Resumed::Finished((refused, ..)) = coroutine.resume(()) else {
            panic!("it does not suspend itself");
        };
        refused
    };
    let thread = std::thread::Builder::new().stack_size(16 << 20).spawn(run);
    let refused = thread.expect("the system has room for a thread").join();
    assert!(refused.expect("the panic is caught"));
}

#[test]
fn a_module_imports_another_and_exports_values() {
    let sources = [
        (
            "main",
            "import { two } from 'lib'; export const four = two * 2;",
        ),
        ("lib", "export const two = 2;"),
    ];
    with_runtime(&sources, |runtime, realm| {
        run_main(runtime, realm, |scope, namespace| {
            assert_eq!(text_of(scope, namespace, "four"), "4")
        });
    });
}

#[test]
fn a_module_knows_nothing_of_itself() {
    let sources = [(
        "main",
        "export const known = [typeof import.meta, Object.keys(import.meta), Object.getPrototypeOf(import.meta), import.meta === import.meta].join();",
    )];
    with_runtime(&sources, |runtime, realm| {
        run_main(runtime, realm, |scope, namespace| {
            assert_eq!(text_of(scope, namespace, "known"), "object,,,true");
        });
    });
}

#[test]
fn the_host_says_what_a_module_knows_of_itself() {
    let sources = [
        (
            "main",
            "import { name } from 'dir/other'; export const names = [import.meta.name, name].join(); export const text = await import('odd').catch(String);",
        ),
        ("dir/other", "export const { name } = import.meta;"),
        ("odd", "export const { name } = import.meta;"),
    ];
    with_modules(
        &sources,
        |sources| Rc::new(Described(sources)),
        |runtime, realm| {
            run_main(runtime, realm, |scope, namespace| {
                assert_eq!(text_of(scope, namespace, "names"), "main,dir/other");
                scope.drain(|_, _| {});
                assert_eq!(text_of(scope, namespace, "text"), "TypeError: odd");
            });
        },
    );
}

#[test]
fn the_host_decides_by_who_imports() {
    let sources = [
        (
            "main",
            "import 'outer'; export let text; await import('inner').catch((error) => { text = error.message; });",
        ),
        ("outer", "import 'inner';"),
        ("inner", "export default 1;"),
    ];
    with_modules(
        &sources,
        |sources| Rc::new(Guarded(sources)),
        |runtime, realm| {
            run_main(runtime, realm, |scope, namespace| {
                assert_eq!(
                    text_of(scope, namespace, "text"),
                    "Some(\"main\") may not import inner"
                );
            });
        },
    );
}

#[test]
fn a_missing_module_fails_with_the_hosts_message() {
    with_runtime(&[("main", "import 'nowhere';")], |runtime, realm| {
        runtime.enter(realm, FrameInfo::default(), &budget(), |scope| {
            let Err(Thrown::Value(error)) = scope.evaluate_module("main") else {
                panic!("it loaded")
            };
            assert_eq!(
                scope.to_text(error).ok().as_deref(),
                Some("Error: no such module \"nowhere\"")
            );
        });
    });
}

#[test]
fn a_dynamic_import_resolves_with_the_namespace() {
    let sources = [
        (
            "main",
            "export let got; import('lib').then((m) => { got = m.x; }, (e) => { got = String(e) + e.stack; });",
        ),
        ("lib", "export const x = 'late';"),
    ];
    with_runtime(&sources, |runtime, realm| {
        run_main(runtime, realm, |scope, namespace| {
            assert_eq!(text_of(scope, namespace, "got"), "late")
        });
    });
}

#[test]
fn strings_cross_in_every_encoding() {
    with_runtime(
        &[("main", "export const id = (x) => x;")],
        |runtime, realm| {
            run_main(runtime, realm, |scope, namespace| {
                let Ok(id) = scope.property(namespace, "id") else {
                    panic!()
                };
                for text in ["", "plain", "na\u{ef}ve", "\u{4f60}\u{597d}", "\u{1f600}"] {
                    let local = scope.string(text);
                    let Ok(back) = scope.call(id, &[local]) else {
                        panic!()
                    };
                    assert_eq!(scope.text(back).as_deref(), Some(text));
                }
                let bytes = scope.byte_string(&[0, 0x7f, 0x80, 0xff]);
                assert_eq!(scope.byte_text(bytes), Some(vec![0, 0x7f, 0x80, 0xff]));
                let wide = scope.string("\u{100}");
                assert_eq!(scope.byte_text(wide), None);
            });
        },
    );
}

#[test]
fn bytes_are_copied_in_and_out() {
    with_runtime(
        &[(
            "main",
            "export const half = (b) => new DataView(b.buffer, 2, 2);",
        )],
        |runtime, realm| {
            run_main(runtime, realm, |scope, namespace| {
                let Ok(half) = scope.property(namespace, "half") else {
                    panic!()
                };
                let array = scope.uint8_array(&[1, 2, 3, 4]);
                let Ok(view) = scope.call(half, &[array]) else {
                    panic!()
                };
                assert_eq!(scope.bytes(view), Some(vec![3, 4]));
                let empty = scope.uint8_array(&[]);
                assert_eq!(scope.bytes(empty), Some(vec![]));
                let number = scope.number(1.0);
                assert_eq!(scope.bytes(number), None);
            });
        },
    );
}

fn native_sum<'s>(scope: &mut Scope<'s>, args: Args<'s>) -> NativeResult<'s> {
    let sum = (0..args.len())
        .filter_map(|index| args.get(scope, index).as_number())
        .sum();
    Ok(scope.number(sum))
}

fn native_throw<'s>(scope: &mut Scope<'s>, _args: Args<'s>) -> NativeResult<'s> {
    Err(scope.type_error("from the host"))
}

fn native_stop<'s>(_scope: &mut Scope<'s>, _args: Args<'s>) -> NativeResult<'s> {
    Err(Thrown::Stopped)
}

fn native_panic<'s>(_scope: &mut Scope<'s>, _args: Args<'s>) -> NativeResult<'s> {
    panic!("a bug in the host")
}

#[test]
fn natives_receive_arguments_and_their_errors_are_caught_by_javascript() {
    let code = "export const f = (sum, fail) => { try { fail(); } catch (e) { return `${sum(1, 2.5)} ${e}`; } };";
    with_runtime(&[("main", code)], |runtime, realm| {
        run_main(runtime, realm, |scope, namespace| {
            let Ok(f) = scope.property(namespace, "f") else {
                panic!()
            };
            let sum = scope.function("sum", 2, native_sum);
            let fail = scope.function("fail", 0, native_throw);
            let Ok(result) = scope.call(f, &[sum, fail]) else {
                panic!()
            };
            assert_eq!(
                scope.text(result).as_deref(),
                Some("3.5 TypeError: from the host")
            );
        });
    });
}

#[test]
fn no_javascript_catches_a_stop_and_the_runtime_stays_usable() {
    let code = "export let log = ''; export const f = (stop) => { try { stop(); } catch { log += 'caught'; } finally { log += 'finally'; } };";
    with_runtime(&[("main", code)], |runtime, realm| {
        run_main(runtime, realm, |scope, namespace| {
            let Ok(f) = scope.property(namespace, "f") else {
                panic!()
            };
            let stop = scope.function("stop", 0, native_stop);
            assert!(matches!(scope.call(f, &[stop]), Err(Thrown::Stopped)));
            assert_eq!(scope.stop_reason(), Some(StopReason::Aborted));
            assert_eq!(text_of(scope, namespace, "log"), "");
        });
        run_main(runtime, realm, |scope, namespace| {
            assert_eq!(text_of(scope, namespace, "log"), "")
        });
    });
}

#[test]
fn a_panic_in_a_native_passes_through_javascript() {
    with_runtime(
        &[(
            "main",
            "export const f = (g) => { try { g(); } catch { return 1; } };",
        )],
        |runtime, realm| {
            let caught = catch_unwind(AssertUnwindSafe(|| {
                run_main(runtime, realm, |scope, namespace| {
                    let Ok(f) = scope.property(namespace, "f") else {
                        panic!("no f")
                    };
                    let native = scope.function("p", 0, native_panic);
                    let _ = scope.call(f, &[native]);
                });
            }));
            let panic = caught.expect_err("the panic arrives");
            assert_eq!(panic.downcast_ref::<&str>(), Some(&"a bug in the host"));
            run_main(runtime, realm, |_, _| {});
        },
    );
}

#[test]
fn continuations_run_in_the_context_that_awaited() {
    let code = "export let seen = ''; export let go; const gate = new Promise((r) => { go = r; });
        export async function wait(who) { await gate; seen += who; }";
    with_runtime(&[("main", code)], |runtime, realm| {
        let mut jobs = Vec::new();
        run_main(runtime, realm, |_, _| {});
        let call = |context: u64, name: &str, jobs: &mut Vec<_>| {
            runtime.enter(
                realm,
                FrameInfo {
                    context,
                    section: 0,
                },
                &budget(),
                |scope| {
                    let Ok((namespace, _)) = scope.evaluate_module("main") else {
                        panic!()
                    };
                    let Ok(function) = scope.property(namespace, name) else {
                        panic!()
                    };
                    let argument = scope.number(context as f64);
                    assert!(scope.call(function, &[argument]).is_ok());
                    scope.drain(|info, job| jobs.push((info, job)));
                },
            );
        };
        call(7, "wait", &mut jobs);
        call(8, "wait", &mut jobs);
        assert!(jobs.is_empty());
        call(7, "go", &mut jobs);
        assert_eq!(
            jobs.iter()
                .map(|(info, _)| info.context)
                .collect::<Vec<_>>(),
            [8]
        );
        runtime.enter(
            realm,
            FrameInfo {
                context: 8,
                section: 0,
            },
            &budget(),
            |scope| {
                scope.run_job(&jobs[0].1);
                scope.drain(|_, _| panic!("nothing foreign"));
                let Ok((namespace, _)) = scope.evaluate_module("main") else {
                    panic!()
                };
                assert_eq!(text_of(scope, namespace, "seen"), "78");
            },
        );
    });
}

#[test]
fn an_async_value_follows_continuations() {
    fn current<'s>(scope: &mut Scope<'s>, _args: Args<'s>) -> NativeResult<'s> {
        Ok(scope.async_value())
    }
    let code = "export let seen = []; export async function f(current) { await 0; await Promise.resolve().then(() => {}); seen.push(current()); }";
    with_runtime(&[("main", code)], |runtime, realm| {
        run_main(runtime, realm, |scope, namespace| {
            let Ok(f) = scope.property(namespace, "f") else {
                panic!()
            };
            let current = scope.function("current", 0, current);
            let value = scope.string("A");
            let info = scope.frame();
            scope.with_frame(info, value, |scope| {
                assert!(scope.call(f, &[current]).is_ok())
            });
            assert!(scope.call(f, &[current]).is_ok());
            scope.drain(|_, _| panic!("nothing foreign"));
            assert_eq!(text_of(scope, namespace, "seen"), "A,");
        });
    });
}

#[test]
fn a_deferred_settles_its_promise() {
    with_runtime(
        &[(
            "main",
            "export let got; export const f = (p) => p.then((v) => { got = v; }, (e) => { got = 'rejected ' + e; });",
        )],
        |runtime, realm| {
            run_main(runtime, realm, |scope, namespace| {
                let Ok(f) = scope.property(namespace, "f") else {
                    panic!()
                };
                let (deferred, promise) = scope.deferred();
                assert!(matches!(
                    scope.promise_state(promise),
                    Some(PromiseState::Pending)
                ));
                assert!(scope.call(f, &[promise]).is_ok());
                let value = scope.string("yes");
                scope.resolve(deferred, value);
                scope.drain(|_, _| {});
                assert_eq!(text_of(scope, namespace, "got"), "yes");
                let (deferred, promise) = scope.deferred();
                assert!(scope.call(f, &[promise]).is_ok());
                let reason = scope.string("no");
                scope.reject(deferred, reason);
                scope.drain(|_, _| {});
                assert_eq!(text_of(scope, namespace, "got"), "rejected no");
            });
        },
    );
}

#[test]
fn rejections_without_a_handler_are_reported_once() {
    let code = "Promise.reject('lost'); Promise.reject('kept').catch(() => {}); const late = Promise.reject('late'); Promise.resolve().then(() => late.catch(() => {}));";
    with_runtime(&[("main", code)], |runtime, realm| {
        run_main(runtime, realm, |scope, _| {
            let reasons = scope.take_unhandled_rejections();
            let texts: Vec<_> = reasons
                .into_iter()
                .filter_map(|(_, reason)| scope.text(reason))
                .collect();
            assert_eq!(texts, ["lost"]);
            assert!(scope.take_unhandled_rejections().is_empty());
        });
    });
}

#[test]
fn draining_stops_where_a_rejection_would_be_told_by_a_microtask() {
    let code = "export const log = []; let late; const step = (name, then) => Promise.resolve().then(() => { log.push(name); then?.(); });
        export function start() { step('before'); late = Promise.reject('late'); step('after', () => { late.catch(() => {}); log.push('caught'); }); step('end'); }";
    with_runtime(&[("main", code)], |runtime, realm| {
        run_main(runtime, realm, |scope, namespace| {
            let start = scope.property(namespace, "start").unwrap();
            scope.call(start, &[]).unwrap();
            let log = |scope: &mut Scope<'_>| {
                let log = scope.property(namespace, "log").unwrap();
                scope.to_text(log).ok().unwrap_or_default()
            };

            assert!(scope.drain_to_rejection(|_, _| {}));
            assert_eq!(log(scope), "before");
            assert_eq!(scope.take_unhandled_rejections().len(), 1);

            assert!(scope.drain_to_rejection(|_, _| {}));
            assert_eq!(log(scope), "before,after,caught");
            assert_eq!(scope.take_rejections_handled_late().len(), 1);

            assert!(!scope.drain_to_rejection(|_, _| {}));
            assert_eq!(log(scope), "before,after,caught,end");
        });
    });
}

/// Each ends by a limit, leaves the context usable and gives the memory back.
#[test]
fn hostile_programs_are_stopped_and_the_memory_comes_back() {
    let hostile = [
        ("endless loop", "() => { for (;;); }", StopReason::Cpu),
        (
            "catch and continue",
            "() => { for (;;) { try { for (;;); } catch {} finally { continue; } } }",
            StopReason::Cpu,
        ),
        (
            "catastrophic expression",
            "() => { for (;;) { try { /^(a+)+$/.test('a'.repeat(40) + 'b'); } catch {} } }",
            StopReason::Cpu,
        ),
        (
            "objects",
            "() => { const a = []; for (;;) a.push({ x: a.length }); }",
            StopReason::Memory,
        ),
        (
            "buffers",
            "() => { const a = []; for (;;) a.push(new Uint8Array(1 << 16).fill(1)); }",
            StopReason::Memory,
        ),
        (
            "map",
            "() => { const m = new Map(); for (let i = 0;; i++) m.set(i, 'v' + i); }",
            StopReason::Memory,
        ),
        (
            "strings",
            "() => { const a = []; for (let i = 0;; i++) a.push(String(i).padEnd(1000, 'x')); }",
            StopReason::Memory,
        ),
        (
            "elements of arrays",
            "() => { const a = []; for (let i = 0;; i++) a.push({ i, next: new Array(64).fill(i) }); }",
            StopReason::Memory,
        ),
        (
            "one array",
            "() => { const a = []; for (;;) a.push(1.5); }",
            StopReason::Memory,
        ),
        (
            "properties",
            "() => { const o = {}; for (let i = 0;; i++) o['p' + i] = i; }",
            StopReason::Memory,
        ),
        (
            "microtasks",
            "() => { const f = () => Promise.resolve().then(f); f(); }",
            StopReason::Cpu,
        ),
    ];
    for (name, body, reason) in hostile {
        let code: &'static str = Box::leak(
            format!("export const f = {body}; export const ok = () => 'ok';").into_boxed_str(),
        );
        with_runtime(&[("main", code)], |runtime, realm| {
            run_main(runtime, realm, |_, _| {});
            let short = TurnBudget::new(Duration::from_millis(if reason == StopReason::Cpu {
                150
            } else {
                20_000
            }));
            runtime.enter(
                realm,
                FrameInfo {
                    context: 1,
                    section: 0,
                },
                &short,
                |scope| {
                    let Ok((namespace, _)) = scope.evaluate_module("main") else {
                        panic!()
                    };
                    let Ok(f) = scope.property(namespace, "f") else {
                        panic!()
                    };
                    let _ = scope.call(f, &[]);
                    scope.drain(|_, _| {});
                    assert_eq!(scope.stop_reason(), Some(reason), "{name}");
                },
            );
            runtime.collect_garbage();
            assert!(
                runtime.heap_bytes() < 32 << 20,
                "{name}: {} bytes are left",
                runtime.heap_bytes()
            );
            runtime.enter(
                realm,
                FrameInfo {
                    context: 2,
                    section: 0,
                },
                &budget(),
                |scope| {
                    let Ok((namespace, _)) = scope.evaluate_module("main") else {
                        panic!()
                    };
                    let Ok(ok) = scope.property(namespace, "ok") else {
                        panic!()
                    };
                    let Ok(result) = scope.call(ok, &[]) else {
                        panic!("{name}: unusable")
                    };
                    assert_eq!(scope.text(result).as_deref(), Some("ok"));
                },
            );
        });
    }
}

#[test]
fn the_place_of_young_values_grows_under_load_and_is_given_back() {
    let code = "const kept = []; for (let i = 0; i < 300000; i++) kept.push({ i }); export const count = kept.length;";
    with_runtime(&[("main", code)], |runtime, realm| {
        let at_first = runtime.nursery_bytes();
        run_main(runtime, realm, |scope, namespace| {
            assert_eq!(text_of(scope, namespace, "count"), "300000");
        });
        let grown = runtime.nursery_bytes();
        let collections = runtime.nursery_collections();
        assert!(grown > at_first, "{grown} after {at_first}");
        assert!(collections > 0);

        // Not within a millisecond of the last collection.
        let deadline = Instant::now() + Duration::from_secs(10);
        while runtime.nursery_bytes() > at_first && Instant::now() < deadline {
            runtime.shrink_nursery();
        }

        assert_eq!(runtime.nursery_bytes(), at_first);
        assert!(runtime.nursery_collections() > collections);
    });
}

#[test]
fn garbage_is_not_over_the_limit() {
    // Half a gigabyte of each, under a limit of 64 MiB.
    let code = "export const f = () => {
            let kept;
            for (let i = 0; i < 1_000_000; i++) kept = { i, next: new Array(64).fill(i) };
            for (let i = 0; i < 500_000; i++) kept = String(i).padEnd(1000, 'x');
            for (let i = 0; i < 8_000; i++) kept = new Uint8Array(1 << 16).fill(1);
            return 'done'; };";
    with_runtime(&[("main", code)], |runtime, realm| {
        run_main(runtime, realm, |scope, namespace| {
            let Ok(f) = scope.property(namespace, "f") else {
                panic!()
            };
            let Ok(result) = scope.call(f, &[]) else {
                panic!("stopped: {:?}", scope.stop_reason())
            };
            assert_eq!(scope.text(result).as_deref(), Some("done"));
        });
    });
}

#[test]
fn time_in_which_the_thread_does_not_run_is_not_cpu_time() {
    fn wait<'s>(scope: &mut Scope<'s>, _: Args<'s>) -> NativeResult<'s> {
        // Longer than the budget: as when the process is stopped, or a neighbour has the processors.
        std::thread::sleep(Duration::from_millis(600));
        Ok(scope.undefined())
    }
    let code = "export const f = (wait) => { wait(); for (const end = Date.now() + 50; Date.now() < end;); return 'done'; };";
    with_runtime(&[("main", code)], |runtime, realm| {
        let frame = FrameInfo {
            context: 1,
            section: 0,
        };
        let short = TurnBudget::new(Duration::from_millis(500));
        runtime.enter(realm, frame, &short, |scope| {
            let Ok((namespace, _)) = scope.evaluate_module("main") else {
                panic!()
            };
            let Ok(f) = scope.property(namespace, "f") else {
                panic!()
            };
            let wait = scope.function("wait", 0, wait);
            let Ok(result) = scope.call(f, &[wait]) else {
                panic!("stopped: {:?}", scope.stop_reason())
            };
            assert_eq!(scope.text(result).as_deref(), Some("done"));
        });
    });
}

#[test]
fn endless_recursion_is_v8s_range_error() {
    let code = "const f = () => f() + 1;
        export let error, kind;
        try { f(); } catch (e) { error = String(e); kind = String(e instanceof RangeError && e.constructor === RangeError); }";
    with_runtime(&[("main", code)], |runtime, realm| {
        run_main(runtime, realm, |scope, namespace| {
            assert_eq!(
                text_of(scope, namespace, "error"),
                "RangeError: Maximum call stack size exceeded"
            );
            assert_eq!(text_of(scope, namespace, "kind"), "true");
        });
    });
}

#[test]
fn a_string_that_grows_too_long_is_v8s_range_error() {
    let code = "let text = 'x'; export let error; try { for (;;) text += text; } catch (e) { error = String(e); }";
    with_runtime(&[("main", code)], |runtime, realm| {
        run_main(runtime, realm, |scope, namespace| {
            assert_eq!(
                text_of(scope, namespace, "error"),
                "RangeError: Invalid string length"
            );
        });
    });
}

#[test]
fn values_of_a_wrong_type_are_refused_in_the_words_programs_know() {
    let code = "class Own { #field = 1; get() { return this.#field; } set() { this.#field = 2; } }
        export const attempts = [
            () => `${Symbol('s')}`, () => +Symbol('s'), () => Number.parseFloat(1) + Math.abs(1n), () => JSON.stringify(1n), () => Own(),
            () => Own.prototype.get.call({}), () => Own.prototype.set.call({}),
        ];
        export const all = () => attempts.map((attempt) => { try { return String(attempt()); } catch (e) { return String(e); } }).join('\\n');";
    with_runtime(&[("main", code)], |runtime, realm| {
        run_main(runtime, realm, |scope, namespace| {
            let Ok(all) = scope.property(namespace, "all") else {
                panic!()
            };
            let Ok(texts) = scope.call(all, &[]) else {
                panic!()
            };
            let illegal = "TypeError: Illegal invocation: function called with incorrect `this` reference. See https://developers.cloudflare.com/workers/observability/errors/#illegal-invocation-errors for details.";
            let expected = [
                "TypeError: Cannot convert a Symbol value to a string",
                "TypeError: Cannot convert a Symbol value to a number",
                "TypeError: Cannot convert a BigInt value to a number",
                "TypeError: Do not know how to serialize a BigInt",
                "TypeError: Class constructors cannot be invoked without 'new'",
                illegal,
                illegal,
            ];
            assert_eq!(scope.text(texts), Some(expected.join("\n")));
        });
    });
}

#[test]
fn errors_of_the_language_are_v8s_as_far_as_the_engine_knows_what_is_in_them() {
    let cases = [
        ("new Array(-1)", "RangeError: Invalid array length"),
        (
            "[].reduce((a) => a)",
            "TypeError: Reduce of empty array with no initial value",
        ),
        (
            "[].values().reduce((a) => a)",
            "TypeError: Reduce of a done iterator with no initial value",
        ),
        (
            "(() => { const it = (function* () { it.next(); })(); it.next(); })()",
            "TypeError: Generator is already running",
        ),
        (
            "new (class extends Object { constructor() { this.x = 1; } })()",
            "ReferenceError: Must call super constructor in derived class before accessing 'this' or returning from derived constructor",
        ),
        (
            "new (class extends Object { constructor() { super(); super(); } })()",
            "ReferenceError: Super constructor may only be called once",
        ),
        (
            "new (class extends Object { constructor() { return 1; } })()",
            "TypeError: Derived constructors may only return object or undefined",
        ),
        (
            "(() => { late; let late; })()",
            "ReferenceError: Cannot access 'late' before initialization",
        ),
        (
            "(() => { const fixed = 1; fixed = 2; })()",
            "TypeError: Assignment to constant variable.",
        ),
        (
            "new Date(NaN).toISOString()",
            "RangeError: Invalid time value",
        ),
        ("decodeURIComponent('%')", "URIError: URI malformed"),
        (
            "'a'.normalize('x')",
            "RangeError: The normalization form should be one of NFC, NFD, NFKC, NFKD.",
        ),
        ("'a'.repeat(-1)", "RangeError: Invalid count value"),
        ("'a'.repeat(2 ** 30)", "RangeError: Invalid string length"),
        (
            "String.fromCodePoint(-1)",
            "RangeError: Invalid code point -1",
        ),
        (
            "(1).toString(1)",
            "RangeError: toString() radix must be between 2 and 36",
        ),
        (
            "Math.max.apply(null, { length: 2 ** 30 })",
            "RangeError: Maximum call stack size exceeded",
        ),
        (
            "new DataView(new ArrayBuffer(1)).getInt32(0)",
            "RangeError: Offset is outside the bounds of the DataView",
        ),
        (
            "new Uint32Array(new ArrayBuffer(3))",
            "RangeError: byte length of Uint32Array should be a multiple of 4",
        ),
        ("Map()", "TypeError: Constructor Map requires 'new'"),
        (
            "Object.assign(null)",
            "TypeError: Cannot convert null to object",
        ),
        (
            "(() => { const o = {}; const p = Object.create(o); Object.setPrototypeOf(o, p); })()",
            "TypeError: Cyclic __proto__ value",
        ),
        (
            "({ get a() { return 1; } }).a = 2",
            "TypeError: Cannot set property \"a\" which has only a getter",
        ),
        (
            "Object.freeze({ a: 1 }).a = 2",
            "TypeError: Cannot assign to read only property \"a\"",
        ),
        (
            "delete Object.freeze({ a: 1 }).a",
            "TypeError: Cannot delete property \"a\"",
        ),
        (
            "Object.freeze({}).b = 1",
            "TypeError: Cannot add property \"b\" to Object, object is not extensible",
        ),
        (
            "Object.freeze([1]).push(2)",
            "TypeError: Cannot add property, object is not extensible",
        ),
        (
            "Object.defineProperty(Object.freeze({ a: 1 }), 'a', { value: 2 })",
            "TypeError: Cannot redefine property: \"a\"",
        ),
        (
            "'x' in 1",
            "TypeError: Cannot use 'in' operator to search for a property in number",
        ),
        (
            "'x' in 'y'",
            "TypeError: Cannot use 'in' operator to search for \"x\" in \"y\"",
        ),
        (
            "({}) instanceof 1",
            "TypeError: Right-hand side of 'instanceof' is not an object",
        ),
        (
            "new Intl.NumberFormat('x')",
            "RangeError: Invalid language tag: \"x\"",
        ),
        (
            "new Intl.DateTimeFormat('en', { timeZone: 'X/Y' })",
            "RangeError: Invalid time zone specified: X/Y",
        ),
        (
            "BigInt(1.5)",
            "RangeError: The number 1.5 cannot be converted to a BigInt because it is not an integer",
        ),
        (
            "2n ** (2n ** 64n)",
            "RangeError: Maximum BigInt size exceeded",
        ),
        ("1n / 0n", "RangeError: Division by zero"),
        ("1n ** -1n", "RangeError: Exponent must be non-negative"),
        (
            "new WeakMap().set(1, 1)",
            "TypeError: Invalid value used as weak map key: 1",
        ),
        (
            "new WeakSet().add(1)",
            "TypeError: Invalid value used in weak set: 1",
        ),
        (
            "(() => { const o = {}; o.o = o; JSON.stringify(o); })()",
            "TypeError: Converting circular structure to JSON",
        ),
    ];
    let attempts: String = cases
        .iter()
        .map(|(code, _)| format!("() => {code},\n"))
        .collect();
    let code = format!(
        "const attempts = [{attempts}];
        export const all = () => attempts.map((attempt) => {{ try {{ return String(attempt()); }} catch (e) {{ return String(e); }} }}).join('\\n');"
    );
    with_runtime(&[("main", code.leak())], |runtime, realm| {
        run_main(runtime, realm, |scope, namespace| {
            let Ok(all) = scope.property(namespace, "all") else {
                panic!()
            };
            let Ok(texts) = scope.call(all, &[]) else {
                panic!()
            };
            let expected: Vec<&str> = cases.iter().map(|(_, text)| *text).collect();
            assert_eq!(scope.text(texts), Some(expected.join("\n")));
        });
    });
}

#[test]
fn continuations_that_wait_side_by_side_cost_no_more_than_one_after_the_other() {
    // Looking at each of those that wait for each that runs would take longer than a turn may.
    let code = "export let done = 0;
        for (let i = 0; i < 80_000; i++) (async () => { for (let j = 0; j < 10; j++) await j; done++; })();";
    with_runtime(&[("main", code)], |runtime, realm| {
        run_main(runtime, realm, |scope, namespace| {
            assert_eq!(text_of(scope, namespace, "done"), "80000");
        });
    });
}

#[test]
fn code_from_strings_is_refused_unless_the_host_allows_it() {
    let code = "export const attempts = [
            () => eval('1'), () => (0, eval)('1'), () => new Function('return 1')(), () => (async () => {}).constructor('return 1')(),
            () => new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])) && 1,
        ];
        export const all = () => attempts.map((attempt) => { try { return String(attempt()); } catch (e) { return String(e); } }).join('\\n');";
    with_runtime(&[("main", code)], |runtime, realm| {
        run_main(runtime, realm, |scope, namespace| {
            let Ok(all) = scope.property(namespace, "all") else {
                panic!()
            };

            let Ok(refused) = scope.call(all, &[]) else {
                panic!()
            };
            let allowed =
                scope.with_code_generation(CodeGeneration::Allowed, |scope| scope.call(all, &[]));

            assert_eq!(
                scope.text(refused).as_deref(),
                Some(
                    "EvalError: Code generation from strings disallowed for this context\n\
                     EvalError: Code generation from strings disallowed for this context\n\
                     EvalError: Code generation from strings disallowed for this context\n\
                     EvalError: Code generation from strings disallowed for this context\n\
                     CompileError: WebAssembly.Module(): Wasm code generation disallowed by embedder"
                )
            );
            let Ok(allowed) = allowed else { panic!() };
            assert_eq!(
                scope.text(allowed).as_deref(),
                Some("1\n1\n1\n[object Promise]\n1")
            );
        });
    });
}

#[test]
fn a_regular_expression_may_take_many_sampling_periods() {
    // Fails after about a second of trying every way to divide the letters.
    let code = "export const f = () => { let n = 20; for (;;) { const from = Date.now();
            if (/^(a+)+$/.test('a'.repeat(n) + 'b')) return 'matched';
            if (Date.now() - from > 200) return 'failed';
            n++; } };";
    with_runtime(&[("main", code)], |runtime, realm| {
        run_main(runtime, realm, |scope, namespace| {
            let Ok(f) = scope.property(namespace, "f") else {
                panic!()
            };
            // The memory of other tests' threads grows too, and only that may disturb a match.
            let undisturbed = (0..20).any(|_| match scope.call(f, &[]) {
                Ok(result) => scope.text(result).as_deref() == Some("failed"),
                Err(Thrown::Value(_)) => false,
                Err(Thrown::Stopped) => panic!("stopped"),
            });
            assert!(undisturbed);
        });
    });
}

#[test]
fn a_host_function_learns_that_its_turn_is_over_and_nothing_catches_it() {
    fn wait_for_the_flag<'s>(scope: &mut Scope<'s>, _: Args<'s>) -> NativeResult<'s> {
        let stop = scope.host::<Arc<AtomicBool>>();
        // Spins, because only CPU time counts.
        while !stop.load(Ordering::Relaxed) {}
        Ok(scope.undefined())
    }
    let code = "export const f = (wait) => { try { wait(); } catch {} finally { for (;;); } };";
    with_runtime(&[("main", code)], |runtime, realm| {
        let stop = runtime.stop_flag();
        runtime.set_host(Rc::new(stop.clone()));
        let short = TurnBudget::new(Duration::from_millis(100));

        runtime.enter(
            realm,
            FrameInfo {
                context: 1,
                section: 0,
            },
            &short,
            |scope| {
                let Ok((namespace, _)) = scope.evaluate_module("main") else {
                    panic!()
                };
                let Ok(f) = scope.property(namespace, "f") else {
                    panic!()
                };
                let wait = scope.function("wait", 0, wait_for_the_flag);
                assert!(matches!(scope.call(f, &[wait]), Err(Thrown::Stopped)));
                assert_eq!(scope.stop_reason(), Some(StopReason::Cpu));
            },
        );

        assert!(
            !stop.load(Ordering::Relaxed),
            "the flag falls with the turn"
        );
    });
}

#[test]
fn callbacks_of_finalization_registries_run_when_the_host_says_so() {
    let code = "export let log = '';
        export const registry = new FinalizationRegistry((held) => { log += held; throw 'thrown'; });
        const lose = () => registry.register({ lost: true }, 'lost');
        lose();
        export const kept = { lost: false };
        registry.register(kept, 'kept');";
    with_runtime(&[("main", code)], |runtime, realm| {
        run_main(runtime, realm, |_, _| {});
        assert!(!runtime.has_cleanups());

        runtime.collect_garbage();
        assert!(runtime.has_cleanups());

        run_main(runtime, realm, |scope, namespace| {
            assert_eq!(
                text_of(scope, namespace, "log"),
                "",
                "not during the collection"
            );
            let thrown = scope.run_cleanups();
            let thrown: Vec<_> = thrown
                .into_iter()
                .filter_map(|error| scope.text(error))
                .collect();
            let log = text_of(scope, namespace, "log");
            assert_eq!((log.as_str(), thrown), ("lost", vec!["thrown".to_owned()]));
        });
    });
}

#[test]
fn stacks_are_written_in_the_form_npm_packages_expect() {
    let code =
        "function inner() { return new TypeError('x').stack; } export const stack = inner();";
    with_runtime(&[("main", code)], |runtime, realm| {
        run_main(runtime, realm, |scope, namespace| {
            let stack = text_of(scope, namespace, "stack");
            assert!(
                stack.starts_with("TypeError: x\n    at inner (main:1:27)"),
                "{stack}"
            );
        });
    });
}

fn native_collect<'s>(scope: &mut Scope<'s>, args: Args<'s>) -> NativeResult<'s> {
    let first = args.get(scope, 0);
    scope.collect_garbage();
    let made = scope.string("made before a collection");
    scope.collect_garbage();
    let pair = scope.array(&[first, made]);
    scope.collect_garbage();
    Ok(pair)
}

#[test]
fn values_of_all_scopes_survive_collections() {
    with_runtime(
        &[("main", "export const id = (x) => ({ x });")],
        |runtime, realm| {
            run_main(runtime, realm, |scope, namespace| {
                let Ok(id) = scope.property(namespace, "id") else {
                    panic!()
                };
                let outer: Vec<_> = (0..500)
                    .map(|number| scope.string(&format!("outer {number}")))
                    .collect();
                for round in 0..5 {
                    scope.nested(|scope| {
                        let inner: Vec<_> = (0..200)
                            .map(|number| scope.string(&format!("inner {number}")))
                            .collect();
                        scope.collect_garbage();
                        let Ok(boxed) = scope.call(id, &[inner[round]]) else {
                            panic!()
                        };
                        scope.collect_garbage();
                        let Ok(back) = scope.property(boxed, "x") else {
                            panic!()
                        };
                        assert_eq!(scope.text(back), Some(format!("inner {round}")));
                    });
                }
                for (number, local) in outer.into_iter().enumerate() {
                    assert_eq!(scope.text(local), Some(format!("outer {number}")));
                }
            });
        },
    );
}

#[test]
fn arguments_and_results_of_natives_survive_collections() {
    let code = "export const f = (collect) => { const seen = []; for (let i = 0; i < 50; i++) seen.push(collect({ i }));
        return seen.every(([o, s], i) => o.i === i && s === 'made before a collection'); };";
    with_runtime(&[("main", code)], |runtime, realm| {
        run_main(runtime, realm, |scope, namespace| {
            let Ok(f) = scope.property(namespace, "f") else {
                panic!()
            };
            let collect = scope.function("collect", 1, native_collect);
            let Ok(all) = scope.call(f, &[collect]) else {
                panic!()
            };
            assert_eq!(all.as_bool(), Some(true));
        });
    });
}

#[test]
fn frames_jobs_and_deferreds_survive_collections() {
    let code = "export let seen = []; export async function f(promise, collect) {
        for (let i = 0; i < 20; i++) { collect({}); await null; collect({}); } seen.push(await promise); collect({}); }";
    with_runtime(&[("main", code)], |runtime, realm| {
        run_main(runtime, realm, |scope, namespace| {
            let Ok(f) = scope.property(namespace, "f") else {
                panic!()
            };
            let collect = scope.function("collect", 1, native_collect);
            let kept: Vec<_> = (0..30)
                .map(|_| {
                    let (deferred, promise) = scope.deferred();
                    assert!(scope.call(f, &[promise, collect]).is_ok());
                    deferred
                })
                .collect();
            scope.drain(|_, _| panic!("nothing foreign"));
            for (number, deferred) in kept.into_iter().enumerate() {
                scope.collect_garbage();
                let value = scope.number(number as f64);
                scope.resolve(deferred, value);
            }
            scope.drain(|_, _| panic!("nothing foreign"));
            let expected: Vec<_> = (0..30).map(|number| number.to_string()).collect();
            assert_eq!(text_of(scope, namespace, "seen"), expected.join(","));
        });
    });
}
