//! Loading a program: the library, the assets, the program's own modules, in a realm of their own.

use std::cell::RefCell;
use std::rc::Rc;

use rustc_hash::FxHashMap;
use stated_engine::{CodeGeneration, Persistent, Scope, StopReason, Thrown};

use super::*;
use crate::content_coding::Codings;
use crate::dynamic::Dynamic;
use crate::loader::{Loader, OPERATIONS as OPERATIONS_MODULE, Source};
use crate::ops::OPERATIONS;

/// The functions of main.js that the host calls.
const MAIN: &[&str] = &[
    "init",
    "setEnv",
    "start",
    "fetchEntrypoint",
    "callEntrypoint",
    "restoreEntrypoint",
    "scheduledEntrypoint",
    "createObject",
    "dropObject",
    "endContext",
    "fetchObject",
    "callObject",
    "restoreObject",
    "callTarget",
    "releaseTarget",
    "alarmObject",
    "socketHandler",
    "socketEvent",
    "timerFired",
    "runSection",
    "makeError",
    "describeBreak",
    "describeError",
    "rejectionUnhandled",
    "rejectionHandled",
];

/// A realm with the library, into which no program was loaded yet.
pub(crate) struct Prepared {
    realm: Realm,
    loader: Rc<Loader>,
    main: FxHashMap<&'static str, Persistent>,
}

/// A program that was loaded and does not run yet.
pub struct Staged {
    loaded: Rc<Loaded>,
    settings: Rc<Settings>,
}

impl Worker {
    /// Makes the realm of the next [`Worker::stage`] ready, if there is none: what is left of it then is the program.
    ///
    /// It takes some milliseconds, and a few MiB until it is used. A library that cannot be loaded is left to that call.
    pub fn prepare(self: &Rc<Self>) {
        if self.prepared.borrow().is_none() {
            let prepared = self.library_realm(&self.settings().init_json).ok();
            *self.prepared.borrow_mut() = prepared;
        }
    }

    /// Loads the first program into a realm.
    ///
    /// # Errors
    /// What the program threw while its modules were evaluated.
    pub fn load(self: &Rc<Self>, source: Source) -> Result<Vec<Export>, LoadError> {
        let staged = self.stage(source, None)?;
        Ok(self.activate(staged))
    }

    /// Loads a program into a realm of its own, with other settings if there are some, and leaves the running one and
    /// its settings as they are.
    ///
    /// # Errors
    /// As [`Worker::load`].
    pub fn stage(
        self: &Rc<Self>,
        source: Source,
        settings: Option<Settings>,
    ) -> Result<Staged, LoadError> {
        let before = self.settings();
        if let Some(settings) = settings {
            self.settings.replace(Rc::new(settings));
            // What is prepared has the built-in modules of the former ones.
            self.prepared.take();
        }
        let settings = self.settings();
        let loaded = self.load_prepared(source, &settings.init_json);
        self.settings.replace(before);
        let loaded = loaded?;
        Ok(Staged { loaded, settings })
    }

    /// Makes a staged program the one that new events run. Objects of the former one must be reset by the caller.
    pub fn activate(&self, staged: Staged) -> Vec<Export> {
        let exports = staged.loaded.exports.borrow().clone();
        self.settings.replace(staged.settings);
        let former = self.loaded.replace(Some(staged.loaded));
        drop(former);
        exports
    }

    fn load_prepared(self: &Rc<Self>, source: Source, init: &str) -> Result<Rc<Loaded>, LoadError> {
        let prepared = self.prepared.borrow_mut().take();
        let prepared = match prepared {
            Some(prepared) => prepared,
            None => self.library_realm(init)?,
        };
        let code_generation = startup_code_generation(init);
        self.load_into(prepared, source, init, code_generation, Dynamic::default())
    }

    /// Loads a program into a new realm and gives it to the caller.
    ///
    /// # Errors
    /// As [`Worker::load`].
    pub(crate) fn load_realm(
        self: &Rc<Self>,
        source: Source,
        init_json: &str,
        code_generation: CodeGeneration,
        dynamic: Dynamic,
    ) -> Result<Rc<Loaded>, LoadError> {
        let prepared = self.library_realm(init_json)?;
        self.load_into(prepared, source, init_json, code_generation, dynamic)
    }

    fn library_realm(self: &Rc<Self>, init_json: &str) -> Result<Prepared, LoadError> {
        let loader = Rc::new(Loader::new(&flags_of(init_json)));
        let realm = self.runtime.new_realm(loader.clone());
        let library = self.no_event(None);
        let main = self.enter(&realm, &library, 0, |scope| {
            self.load_library(scope, &loader)
        });
        let main = main.map_err(|text| LoadError { text })?;
        Ok(Prepared {
            realm,
            loader,
            main,
        })
    }

    fn load_into(
        self: &Rc<Self>,
        prepared: Prepared,
        source: Source,
        init_json: &str,
        code_generation: CodeGeneration,
        dynamic: Dynamic,
    ) -> Result<Rc<Loaded>, LoadError> {
        let Prepared {
            realm,
            loader,
            main,
        } = prepared;
        loader.set_source(source);
        let loaded = Rc::new(Loaded {
            realm: realm.clone(),
            main,
            exports: RefCell::default(),
            env: dynamic.env,
            outbound: dynamic.outbound,
            codings: Codings::of(&flags_of(init_json)),
            tells_rejections_early: lacks(
                init_json,
                "unhandled_rejection_after_microtask_checkpoint",
            ),
        });
        let global = self.no_event(Some(loaded.clone()));
        let exports = self.enter(&realm, &global, 0, |scope| {
            self.load_program(scope, &loaded, &loader, init_json, code_generation)
        });
        let exports = exports.map_err(|text| LoadError { text })?;
        *loaded.exports.borrow_mut() = exports;
        Ok(loaded)
    }

    /// Evaluates the library and finds the functions that the host calls.
    fn load_library(
        &self,
        scope: &mut Scope<'_>,
        loader: &Loader,
    ) -> Result<FxHashMap<&'static str, Persistent>, String> {
        let operations = scope.object();
        for (name, native) in OPERATIONS {
            let function = scope.function(name, 0, *native);
            scope.define(operations, name, function);
        }
        loader.provide(OPERATIONS_MODULE, scope.persist(operations));
        let library = scope
            .evaluate_module("stated:main")
            .map_err(|thrown| self.plain_text(scope, thrown))?;
        scope
            .evaluate_module("cloudflare:workers")
            .map_err(|thrown| self.plain_text(scope, thrown))?;
        let mut main = FxHashMap::default();
        for name in MAIN {
            let function = scope
                .property(library.0, name)
                .map_err(|thrown| self.plain_text(scope, thrown))?;
            main.insert(*name, scope.persist(function));
        }
        Ok(main)
    }

    /// Evaluates the program and finds what it exports.
    fn load_program(
        &self,
        scope: &mut Scope<'_>,
        loaded: &Loaded,
        loader: &Loader,
        init_json: &str,
        code_generation: CodeGeneration,
    ) -> Result<Vec<Export>, String> {
        let version = &loader.source().version;
        let arguments = [
            scope.string(init_json),
            scope.string(&version.id),
            scope.number(version.made_ms as f64),
        ];
        let init = scope.local(&loaded.main["init"]);
        scope
            .call(init, &arguments)
            .map_err(|thrown| self.described(scope, loaded, thrown))?;
        self.set_env(scope, loaded)
            .map_err(|thrown| self.described(scope, loaded, thrown))?;
        self.provide_assets(scope, loader)
            .map_err(|thrown| self.described(scope, loaded, thrown))?;
        let (namespace, evaluation) = scope
            .with_code_generation(code_generation, |scope| {
                let evaluated = scope.evaluate_module(loader.main());
                scope.drain(|_, _| {});
                evaluated
            })
            .map_err(|thrown| self.described(scope, loaded, thrown))?;
        match scope.promise_state(evaluation) {
            Some(stated_engine::PromiseState::Rejected(reason)) => {
                // It is reported here, and so not once more as a rejection that nobody handled.
                scope.take_unhandled_rejections();
                return Err(self.described(scope, loaded, Thrown::Value(reason)));
            }
            Some(stated_engine::PromiseState::Pending) => {
                return Err("the program's top-level await never settles; asynchronous I/O is not possible in global scope".to_owned());
            }
            Some(stated_engine::PromiseState::Fulfilled(_)) | None => {}
        }
        let start = scope.local(&loaded.main["start"]);
        let exports = scope
            .call(start, &[namespace])
            .map_err(|thrown| self.described(scope, loaded, thrown))?;
        let exports = scope.text(exports).unwrap_or_default();
        serde_json::from_str(&exports).map_err(|error| format!("describe the exports: {error}"))
    }

    /// Gives a dynamic worker the `env` that it was loaded with.
    fn set_env<'s>(&self, scope: &mut Scope<'s>, loaded: &Loaded) -> Result<(), Thrown<'s>> {
        if loaded.env.bytes.is_empty() {
            return Ok(());
        }
        let set_env = scope.local(&loaded.main["setEnv"]);
        let bytes = scope.uint8_array(&loaded.env.bytes);
        scope.call(set_env, &[bytes]).map(|_| ())
    }

    fn provide_assets<'s>(&self, scope: &mut Scope<'s>, loader: &Loader) -> Result<(), Thrown<'s>> {
        use crate::loader::AssetKind;
        for asset in &loader.source().assets {
            let value = match asset.kind {
                AssetKind::Text => scope.string(&String::from_utf8_lossy(&asset.bytes)),
                AssetKind::Data => scope.array_buffer(&asset.bytes),
                AssetKind::Wasm => {
                    let bytes = scope.array_buffer(&asset.bytes);
                    let global = scope.global();
                    let wasm = scope.property(global, "WebAssembly")?;
                    let module = scope.property(wasm, "Module")?;
                    scope.with_code_generation(CodeGeneration::Allowed, |scope| {
                        scope.construct(module, &[bytes])
                    })?
                }
            };
            loader.provide(&asset.specifier, scope.persist(value));
        }
        Ok(())
    }

    fn plain_text(&self, scope: &mut Scope<'_>, thrown: Thrown<'_>) -> String {
        match thrown {
            Thrown::Value(value) => {
                let stack = scope
                    .property(value, "stack")
                    .ok()
                    .and_then(|stack| scope.text(stack));
                stack.unwrap_or_else(|| scope.to_text(value).unwrap_or_default())
            }
            Thrown::Stopped => self.stop_text(scope),
        }
    }

    fn stop_text(&self, scope: &Scope<'_>) -> String {
        match scope.stop_reason() {
            Some(StopReason::Cpu) => {
                format!(
                    "the program used more than {} ms of CPU time while it was loaded",
                    self.cpu().as_millis()
                )
            }
            Some(StopReason::Memory) => {
                format!(
                    "the program used more than {} MiB of memory while it was loaded",
                    self.heap_bytes >> 20
                )
            }
            Some(StopReason::Aborted) | None => {
                "the program was aborted while it was loaded".to_owned()
            }
        }
    }

    pub(super) fn described(
        &self,
        scope: &mut Scope<'_>,
        loaded: &Loaded,
        thrown: Thrown<'_>,
    ) -> String {
        let Thrown::Value(value) = thrown else {
            return self.stop_text(scope);
        };
        let describe = scope.local(&loaded.main["describeError"]);
        let Ok(parts) = scope.call(describe, &[value]) else {
            return self.plain_text(scope, Thrown::Value(value));
        };
        let text = scope
            .element(parts, 1)
            .ok()
            .and_then(|text| scope.text(text))
            .unwrap_or_default();
        self.hooks.borrow().map_stack(&text)
    }
}

/// The compatibility flags in force, from an `InitConfig` (host.d.ts); none when there are none.
fn flags_of(init_json: &str) -> Vec<String> {
    #[derive(serde::Deserialize)]
    struct Config {
        flags: Vec<String>,
    }
    serde_json::from_str::<Config>(init_json)
        .map(|config| config.flags)
        .unwrap_or_default()
}

/// Whether an `InitConfig` says that a compatibility flag is not in force.
fn lacks(init_json: &str, name: &str) -> bool {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Config {
        #[serde(default)]
        other_flags: Vec<String>,
    }
    serde_json::from_str::<Config>(init_json)
        .is_ok_and(|config| config.other_flags.iter().any(|flag| flag == name))
}

/// Reads from `InitConfig` whether `eval` works while modules are evaluated.
pub(crate) fn startup_code_generation(init_json: &str) -> CodeGeneration {
    let flags = flags_of(init_json);
    if flags.iter().any(|flag| flag == "allow_eval_during_startup") {
        CodeGeneration::Allowed
    } else {
        CodeGeneration::Disallowed
    }
}
