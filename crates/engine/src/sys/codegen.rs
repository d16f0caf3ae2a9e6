//! Whether programs may make code from strings and bytes.

use mozjs::jsapi::js::TempAllocPolicy;
use mozjs::jsapi::{
    CompilationType, Handle as RawHandle, JSContext, JSSecurityCallbacks, JSString, RuntimeCode,
    StackGCVector, Value,
};

use super::runtime::Inner;
use super::scope::Scope;

/// Whether `eval`, `new Function` and `WebAssembly.compile` may make code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CodeGeneration {
    /// They may.
    Allowed,
    /// They throw: `EvalError`, or `WebAssembly.CompileError`.
    #[default]
    Disallowed,
}

pub(crate) static SECURITY: JSSecurityCallbacks = JSSecurityCallbacks {
    contentSecurityPolicyAllows: Some(may_compile),
    codeForEvalGets: None,
    subsumes: None,
};

impl Scope<'_> {
    /// Runs `f` with another setting for all code of this thread.
    pub fn with_code_generation<R>(
        &mut self,
        setting: CodeGeneration,
        f: impl FnOnce(&mut Self) -> R,
    ) -> R {
        let outer = self.inner.code_generation.replace(setting);
        let result = f(self);
        self.inner.code_generation.set(outer);
        result
    }
}

/// The engine asks before it compiles what a program made.
unsafe extern "C" fn may_compile(
    cx: *mut JSContext,
    _kind: RuntimeCode,
    _code: RawHandle<*mut JSString>,
    _type: CompilationType,
    _parameters: RawHandle<StackGCVector<*mut JSString, TempAllocPolicy>>,
    _body: RawHandle<*mut JSString>,
    _parameter_args: RawHandle<StackGCVector<Value, TempAllocPolicy>>,
    _body_arg: RawHandle<Value>,
    allowed: *mut bool,
) -> bool {
    // SAFETY: the engine passes its own context, whose private data is the Inner.
    let inner = unsafe { Inner::of(cx) };
    // SAFETY: the engine passes a valid place for the answer.
    unsafe { *allowed = inner.code_generation.get() == CodeGeneration::Allowed };
    true
}
