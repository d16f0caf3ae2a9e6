//! ES modules: the host names the sources, the engine links and runs them.

use std::borrow::Cow;
use std::ffi::{CStr, CString};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use mozjs::jsapi::{
    ColumnNumberOneOrigin, CompileModule1, CreateDefaultExportSyntheticModule,
    FinishLoadingImportedModule, GetModuleNamespace, GetModuleRequestSpecifier,
    Handle as RawHandle, IsPromiseObject, JS_GetScriptFilename, JS_ReportErrorUTF8, JSContext,
    JSObject, JSScript, LoadRequestedModules1, ModuleEvaluate, ModuleLink, Value,
};
use mozjs::jsval::{StringValue, UndefinedValue};
use mozjs::rooted;
use mozjs::rust::{CompileOptionsWrapper, transform_str_to_source_text};

use super::handles::Persistent;
use super::promise::PromiseState;
use super::runtime::{Inner, RealmInner};
use super::scope::{Local, ReleaseOnDrop, Scope, Thrown};

/// What a module specifier stands for.
pub enum ModuleSource {
    /// Module text; `url` is what stack traces show.
    JavaScript {
        /// The name in stack traces.
        url: String,
        /// The text.
        code: Cow<'static, str>,
    },
    /// A module whose default export is this value.
    Default(Persistent),
}

/// Where modules come from.
pub trait Modules {
    /// Finds the module that `specifier` stands for. Called once per specifier and realm.
    ///
    /// # Errors
    /// The text of the Error that the import throws.
    fn load(&self, specifier: &str) -> Result<ModuleSource, String>;

    /// The specifier that `specifier` means in the module `referrer`, whose `url` it is.
    fn resolve<'a>(&self, specifier: &'a str, referrer: Option<&str>) -> Cow<'a, str> {
        let _ = referrer;
        Cow::Borrowed(specifier)
    }

    /// Fills the `import.meta` of the module of this specifier, an object without properties and prototype.
    ///
    /// Called when the module first asks for it.
    ///
    /// # Errors
    /// What the module's `import.meta` throws then.
    fn describe<'s>(
        &self,
        scope: &mut Scope<'s>,
        specifier: &str,
        meta: Local<'s>,
    ) -> Result<(), Thrown<'s>> {
        let _ = (scope, specifier, meta);
        Ok(())
    }

    /// Whether `referrer` may import `specifier`; asked at every import, also of a loaded module.
    ///
    /// The referrer is the `url` of the importing module, or None when the host itself evaluates one.
    /// Code that a module made with `eval` or `Function` has a url of its own, with a space in it.
    ///
    /// # Errors
    /// The text of the Error that the import throws.
    fn permit(&self, specifier: &str, referrer: Option<&str>) -> Result<(), String> {
        let _ = (specifier, referrer);
        Ok(())
    }
}

impl<'s> Scope<'s> {
    /// Loads, links and evaluates a module with all it imports.
    ///
    /// Returns its namespace and the promise of its evaluation, which is settled unless the module
    /// awaits at top level.
    ///
    /// # Errors
    /// What loading, linking or a synchronous evaluation throws.
    pub fn evaluate_module(
        &mut self,
        specifier: &str,
    ) -> Result<(Local<'s>, Local<'s>), Thrown<'s>> {
        let cx = self.cx();
        let module = self.module(specifier, None)?;
        rooted!(in(cx) let module = module.value().to_object());
        rooted!(in(cx) let undefined = UndefinedValue());
        rooted!(in(cx) let mut loading = std::ptr::null_mut::<JSObject>());
        // SAFETY: all handles are rooted; the hook answers synchronously.
        unsafe {
            if !LoadRequestedModules1(
                cx,
                module.handle().into(),
                undefined.handle().into(),
                loading.handle_mut().into(),
            ) {
                return Err(self.failure());
            }
        }
        let loading = self.root_object(loading.get());
        if let Some(PromiseState::Rejected(reason)) = self.promise_state(loading) {
            return Err(Thrown::Value(reason));
        }
        let result = self.undefined();
        // SAFETY: as above.
        unsafe {
            if !ModuleLink(cx, module.handle().into()) {
                return Err(self.failure());
            }
            if !ModuleEvaluate(cx, module.handle().into(), result.raw_mut()) {
                return Err(self.failure());
            }
        }
        self.inner.resume_panic();
        // SAFETY: the module is linked.
        let namespace = unsafe { GetModuleNamespace(cx, module.handle().into()) };
        if namespace.is_null() {
            return Err(self.failure());
        }
        Ok((self.root_object(namespace), result))
    }

    fn failure(&mut self) -> Thrown<'s> {
        self.inner.resume_panic();
        self.take_exception()
    }

    /// The record of a module, compiled at first use.
    fn module(&mut self, specifier: &str, referrer: Option<&str>) -> Result<Local<'s>, Thrown<'s>> {
        let realm = self.inner.current_realm().expect("a scope has a realm");
        let specifier = &*realm.loader.resolve(specifier, referrer);
        realm
            .loader
            .permit(specifier, referrer)
            .map_err(|message| self.plain_error(&message))?;
        if let Some(module) = realm.modules.borrow().get(specifier) {
            return Ok(self.local(module));
        }
        let source = realm
            .loader
            .load(specifier)
            .map_err(|message| self.plain_error(&message))?;
        let module = match source {
            ModuleSource::JavaScript { url, code } => self.compile(url, code)?,
            ModuleSource::Default(value) => self.synthetic(&value)?,
        };
        realm
            .modules
            .borrow_mut()
            .insert(specifier.to_owned(), Rc::new(self.persist(module)));
        Ok(module)
    }

    fn compile(&mut self, url: String, code: Cow<'static, str>) -> Result<Local<'s>, Thrown<'s>> {
        let name = CString::new(url.replace('\0', " ")).expect("NULs were replaced");
        // SAFETY: the context is this thread's and is not used otherwise during the calls.
        let mut context = unsafe {
            mozjs::context::JSContext::from_ptr(std::ptr::NonNull::new_unchecked(self.cx()))
        };
        let options = CompileOptionsWrapper::new(&context, name, 1);
        let module = match code {
            // SAFETY: a scope is inside a realm; the options outlive the call and name the url.
            Cow::Borrowed(code) => unsafe {
                let stencils = &self.inner.stencils;
                stencils.module(&mut context, &url, options.ptr, code)
            },
            Cow::Owned(code) => {
                let mut text = transform_str_to_source_text(&code);
                // SAFETY: options and text outlive the call.
                unsafe { CompileModule1(self.cx(), options.ptr, &raw mut text) }
            }
        };
        if module.is_null() {
            return Err(self.take_exception());
        }
        Ok(self.root_object(module))
    }

    fn synthetic(&mut self, value: &Persistent) -> Result<Local<'s>, Thrown<'s>> {
        let value = self.local(value);
        // SAFETY: the value is rooted.
        let module = unsafe { CreateDefaultExportSyntheticModule(self.cx(), value.raw()) };
        if module.is_null() {
            return Err(self.take_exception());
        }
        Ok(self.root_object(module))
    }

    /// An Error with the message, as a throw.
    fn plain_error(&mut self, message: &str) -> Thrown<'s> {
        let message = CString::new(message.replace('\0', " ")).expect("NULs were replaced");
        // SAFETY: the engine copies the message, which the format says is a C string.
        unsafe { JS_ReportErrorUTF8(self.cx(), c"%s".as_ptr(), message.as_ptr()) };
        self.take_exception()
    }

    /// A TypeError with the message, as a throw.
    pub fn type_error(&mut self, message: &str) -> Thrown<'s> {
        let cx = self.cx();
        let message = CString::new(message.replace('\0', " ")).expect("NULs were replaced");
        // SAFETY: the engine copies the message; the context is used by nobody else during the call.
        unsafe {
            let mut context =
                mozjs::context::JSContext::from_ptr(std::ptr::NonNull::new_unchecked(cx));
            mozjs::error::throw_type_error(&mut context, &message);
        }
        self.take_exception()
    }
}

/// The url of the code that imports.
fn referrer_url(script: *mut JSScript) -> Option<String> {
    if script.is_null() {
        return None;
    }
    // SAFETY: the script is rooted by the engine for the length of the import.
    let name = unsafe { JS_GetScriptFilename(script) };
    if name.is_null() {
        // Code without a name is nobody's: it gets no more than a program.
        return Some(String::new());
    }
    // SAFETY: the engine's file names are C strings that live as long as their script.
    Some(
        unsafe { CStr::from_ptr(name) }
            .to_string_lossy()
            .into_owned(),
    )
}

/// `import.meta`: what the host says of the module. Without the hook the engine throws.
pub(crate) unsafe extern "C" fn metadata_hook(
    cx: *mut JSContext,
    module: RawHandle<*mut JSObject>,
    meta: RawHandle<*mut JSObject>,
) -> bool {
    // SAFETY: the engine passes its own context, whose private data is the Inner.
    let inner = unsafe { Inner::of(cx) };
    let release = ReleaseOnDrop::new(inner);
    let described = catch_unwind(AssertUnwindSafe(|| {
        let mut scope = Scope::new(inner);
        let Some(realm) = inner.current_realm() else {
            return Ok(());
        };
        let Some(specifier) = specifier_of(&realm, module.get()) else {
            return Ok(());
        };
        let meta = scope.root_object(meta.get());
        realm.loader.describe(&mut scope, &specifier, meta)
    }));
    let fine = match described {
        Ok(Ok(())) => true,
        Ok(Err(Thrown::Value(error))) => {
            // SAFETY: the error is rooted.
            unsafe {
                mozjs::jsapi::JS_SetPendingException(
                    cx,
                    error.raw(),
                    mozjs::jsapi::ExceptionStackBehavior::Capture,
                );
            }
            false
        }
        Ok(Err(Thrown::Stopped)) => false,
        Err(panic) => {
            inner.keep_panic(panic);
            false
        }
    };
    drop(release);
    fine
}

/// The specifier under which a module was loaded.
fn specifier_of(realm: &RealmInner, module: *mut JSObject) -> Option<String> {
    let modules = realm.modules.borrow();
    let found = modules
        .iter()
        .find(|(_, loaded)| loaded.value().to_object() == module);
    found.map(|(specifier, _)| specifier.clone())
}

/// The engine's callback for a static or dynamic import.
pub(crate) unsafe extern "C" fn load_hook(
    cx: *mut JSContext,
    referrer: RawHandle<*mut JSScript>,
    request: RawHandle<*mut JSObject>,
    _host_defined: RawHandle<Value>,
    payload: RawHandle<Value>,
    _line: u32,
    _column: ColumnNumberOneOrigin,
) -> bool {
    // SAFETY: the engine passes its own context, whose private data is the Inner.
    let inner = unsafe { Inner::of(cx) };
    let release = ReleaseOnDrop::new(inner);
    let found = catch_unwind(AssertUnwindSafe(|| {
        let mut scope = Scope::new(inner);
        // SAFETY: the request is a rooted module request.
        let specifier = unsafe { GetModuleRequestSpecifier(cx, request) };
        // SAFETY: the string was just returned by the engine.
        let specifier = scope.root(StringValue(unsafe { &*specifier }));
        let specifier = scope.text(specifier).unwrap_or_default();
        let referrer = referrer_url(referrer.get());
        match scope.module(&specifier, referrer.as_deref()) {
            Ok(module) => Some(module.value().to_object()),
            Err(Thrown::Value(error)) => {
                // SAFETY: the error is rooted.
                unsafe {
                    mozjs::jsapi::JS_SetPendingException(
                        cx,
                        error.raw(),
                        mozjs::jsapi::ExceptionStackBehavior::Capture,
                    );
                }
                None
            }
            Err(Thrown::Stopped) => None,
        }
    }));
    let module = match found {
        Ok(module) => module,
        Err(panic) => {
            inner.keep_panic(panic);
            None
        }
    };
    let Some(module) = module else {
        drop(release);
        return false;
    };
    rooted!(in(cx) let module = module);
    drop(release);
    // A dynamic import (its payload is the promise) expects what the module imports to be loaded.
    // SAFETY: the payload is rooted by the engine.
    let dynamic = unsafe {
        rooted!(in(cx) let payload = payload.get().to_object());
        IsPromiseObject(payload.handle().into())
    };
    if dynamic {
        rooted!(in(cx) let undefined = UndefinedValue());
        rooted!(in(cx) let mut loading = std::ptr::null_mut::<JSObject>());
        // SAFETY: all handles are rooted.
        let loaded = unsafe {
            LoadRequestedModules1(
                cx,
                module.handle().into(),
                undefined.handle().into(),
                loading.handle_mut().into(),
            )
        };
        if !loaded {
            return false;
        }
    }
    // SAFETY: every handle is rooted by the engine or above.
    unsafe {
        FinishLoadingImportedModule(cx, referrer, request, payload, module.handle().into(), true)
    }
}
