//! Facets: an object's own operations on its child objects. Source: reference 2.8.
//!
//! The first argument of every operation is the parent's context id. What starts a facet, and the
//! order of its first calls, is the library's business (js/facets.js).

use std::rc::Rc;
use std::sync::Arc;

use stated_core::error::Failure;
use stated_core::limits;
use stated_object::facet::FacetStart;
use stated_object::instance::Instance;
use stated_object::namespace::Namespace;
use stated_object::program::Event;

use super::fetch::aborted;
use super::stub::settled;
use crate::op::{Op, OpError, OpResult};
use crate::program::{FacetClass, FacetId};

/// A facet as an argument names it.
struct Facet {
    namespace: Rc<Namespace>,
    parent: Rc<Instance>,
    name: String,
}

impl<'s> Op<'_, 's> {
    /// The facet that the first two arguments name.
    fn facet(&mut self, io_type: &str) -> Result<Facet, OpError<'s>> {
        let context = self.require_context(self.uint(0), io_type)?;
        let parent = context.instance().cloned();
        let namespace = parent
            .as_ref()
            .and_then(|parent| self.worker.namespace(parent.entry.namespace as u64));
        let (Some(parent), Some(namespace)) = (parent, namespace) else {
            return Err(OpError::error(
                "This Durable Object does not support creating facets.",
            ));
        };
        let name = self.text(1)?;
        if name.is_empty() {
            return Err(OpError::Failure(Failure::internal("facet-name-is-empty")));
        }
        if !limits::FACET_NAME.allows(name.len() as u64) {
            return Err(OpError::type_error(
                "Facet name is too long (max 256 characters).",
            ));
        }
        Ok(Facet {
            namespace,
            parent,
            name,
        })
    }
}

/// Checks a name as all operations do.
pub(crate) fn check<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    op.facet("FacetManager")?;
    op.undefined()
}

/// The generation of a facet that runs or is ready to; 0 for one that must be started.
pub(crate) fn generation<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let facet = op.facet("OutgoingFactory")?;
    let generation = facet.parent.facet_generation(&facet.name).unwrap_or(0);
    Ok(op.scope.number(generation as f64))
}

/// Makes a facet ready; returns the generation of its stubs.
pub(crate) fn start<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let facet = op.facet("FacetManager")?;
    let context = op.context()?;
    let loaded = match op.uint(2) {
        0 => context.program.clone(),
        number => op.worker.dynamic_program(number),
    };
    let loaded = loaded.ok_or_else(|| OpError::error("The dynamic worker is no longer loaded."))?;
    let class = op.text(3)?;
    let props = op.kept_message(4)?;
    let id = op.text(5)?;
    let name = op.optional_text(6)?;
    let id = if op.flag(7) {
        FacetId::Text(id)
    } else {
        FacetId::Object(id, name)
    };
    let start = FacetStart {
        class_name: Arc::from(class.as_str()),
        program: Rc::new(FacetClass {
            worker: Rc::downgrade(&op.worker),
            loaded,
            class,
            id,
            props,
        }),
    };
    let generation = facet
        .namespace
        .start_facet(&facet.parent, &facet.name, start)?;
    Ok(op.scope.number(generation as f64))
}

/// An RPC call or property read.
pub(crate) fn call<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let facet = op.facet("OutgoingFactory")?;
    let generation = op.uint(2);
    let path = op.texts(3)?;
    let args = op.arguments(4)?;
    let context = op.context()?;
    op.promise(async move {
        context.until_durable().await?;
        let event = Event::Call { path, args };
        let Facet {
            namespace,
            parent,
            name,
        } = facet;
        let delivered = namespace.deliver_to_facet(&parent, &name, generation, event);
        settled(delivered.await?.1)
    })
}

/// `fetch()`
pub(crate) fn fetch<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let facet = op.facet("OutgoingFactory")?;
    let generation = op.uint(2);
    let mut abortable = op.abortable(op.uint(3));
    let request = op.request_with_cf(4)?;
    let context = op.context()?;
    op.promise(async move {
        context.until_durable().await?;
        let Facet {
            namespace,
            parent,
            name,
        } = facet;
        let event = Event::Fetch(request);
        let delivered = namespace.deliver_to_facet(&parent, &name, generation, event);
        tokio::select! {
            answer = delivered => settled(answer?.1),
            () = abortable.aborted() => Err(aborted()),
        }
    })
}

/// Stops a facet; text, flags and value of the reason as for respondError.
pub(crate) fn abort<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let facet = op.facet("FacetManager")?;
    let reason = Failure::facet_aborted(op.text(2)?, op.uint(3) as u32)
        .with_value(op.scope.bytes(op.arg(4)));
    facet.parent.abort_facet(&facet.name, &reason);
    op.undefined()
}

/// Stops a facet and deletes its storage.
pub(crate) fn delete<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let facet = op.facet("FacetManager")?;
    facet.namespace.delete_facet(&facet.parent, &facet.name)?;
    op.undefined()
}

/// Gives one facet a copy of the storage of another.
pub(crate) fn clone<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let facet = op.facet("FacetManager")?;
    let target = op.text(2)?;
    facet
        .namespace
        .clone_facet(&facet.parent, &facet.name, &target)?;
    op.undefined()
}
