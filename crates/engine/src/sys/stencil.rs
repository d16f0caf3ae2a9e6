//! The host's own modules, parsed once per runtime: the modules of every realm are made from the result.
//!
//! A text that is part of the program (`&'static str`) is known by its address, so nothing is hashed or compared. There are
//! as many entries as the host has such texts.

use std::cell::RefCell;
use std::collections::HashMap;

use mozjs::context::JSContext;
use mozjs::jsapi::JS::InstantiateOptions;
use mozjs::jsapi::{
    CompileModuleScriptToStencil, DelazificationOption, EagerBaselineOption,
    InstantiateModuleStencil, JSObject, ReadOnlyCompileOptions,
};
use mozjs::rust::{Stencil, transform_str_to_source_text};

/// What was parsed so far, by the address and length of the text.
#[derive(Default)]
pub(crate) struct Stencils {
    kept: RefCell<HashMap<(usize, usize), Kept>>,
}

struct Kept {
    /// What stack traces show, which is part of the result.
    url: String,
    stencil: Stencil,
}

impl Stencils {
    /// A module made from `code`, not yet linked. Null when that failed, with the exception pending.
    ///
    /// # Safety
    /// The context is this runtime's, inside a realm, and `options` are alive and name `url`.
    pub(crate) unsafe fn module(
        &self,
        cx: &mut JSContext,
        url: &str,
        options: *const ReadOnlyCompileOptions,
        code: &'static str,
    ) -> *mut JSObject {
        let address = (code.as_ptr() as usize, code.len());
        if let Some(kept) = self.kept.borrow().get(&address)
            && kept.url == url
        {
            // SAFETY: as the caller promises; the stencil is not null.
            return unsafe { instantiate(cx, &kept.stencil) };
        }
        let mut text = transform_str_to_source_text(code);
        // SAFETY: options and text outlive the call, and what is returned is owned here. The engine, built without DEBUG,
        // returns it in a register, as the binding says: its move constructor and destructor are trivial then.
        let stencil = unsafe {
            Stencil::from_raw(CompileModuleScriptToStencil(
                cx.raw_cx(),
                options,
                &raw mut text,
            ))
        };
        if stencil.is_null() {
            return std::ptr::null_mut();
        }
        // SAFETY: as above.
        let module = unsafe { instantiate(cx, &stencil) };
        let url = url.to_owned();
        self.kept
            .borrow_mut()
            .insert(address, Kept { url, stencil });
        module
    }
}

/// # Safety
/// The context is inside a realm and the stencil is not null.
unsafe fn instantiate(cx: &mut JSContext, stencil: &Stencil) -> *mut JSObject {
    let options = InstantiateOptions {
        skipFilenameValidation: false,
        hideScriptFromDebugger: false,
        deferDebugMetadata: false,
        eagerDelazificationStrategy_: DelazificationOption::OnDemandOnly,
        eagerBaselineStrategy_: EagerBaselineOption::None,
    };
    // SAFETY: as the caller promises; no storage was prepared.
    unsafe {
        InstantiateModuleStencil(
            cx.raw_cx(),
            &raw const options,
            **stencil,
            std::ptr::null_mut(),
        )
    }
}
