//! Coroutines with a stack of their own, for libraries that call back where a program may want to wait.
//!
//! A parser that gives its caller a token by calling a function cannot be a future: everything it
//! knows is on its stack. Run as a [`Coroutine`], it is suspended from inside that function, with
//! its stack kept as it is, and goes on when it is resumed.
//!
//! Not for JavaScript: the engine keeps lists along the stack of its thread and knows that stack's
//! bounds, so [`Runtime::enter`](super::runtime::Runtime::enter) refuses to run inside of one.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::io;
use std::ptr::NonNull;
use std::rc::Rc;

use corosensei::stack::DefaultStack;
use corosensei::{CoroutineResult, Yielder};

thread_local! {
    /// The links of the coroutines that have been resumed and have not come back, outermost first.
    /// A unit stands for a stack that is being unwound.
    static RUNNING: RefCell<Vec<Rc<dyn Any>>> = const { RefCell::new(Vec::new()) };
}

/// A computation that takes an `I` whenever it is resumed and gives an `O` whenever it comes back.
///
/// Dropping a suspended one unwinds its stack, which runs the destructors of what is there. It
/// belongs to its thread.
pub struct Coroutine<I: 'static, O: 'static> {
    /// Present until it is dropped.
    inner: Option<corosensei::Coroutine<I, O, O>>,
    link: Rc<Link<I, O>>,
}

/// Where the code that runs in a coroutine finds the way out of it.
struct Link<I, O>(Cell<Option<NonNull<Yielder<I, O>>>>);

/// How a coroutine came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resumed<O> {
    /// By [`suspend`]: it can be resumed.
    Suspended(O),
    /// Its body returned.
    Finished(O),
}

/// Keeps an entry of [`RUNNING`] while it exists, through a panic too.
struct Running;

impl Running {
    fn enter(link: Rc<dyn Any>) -> Self {
        RUNNING.with_borrow_mut(|running| running.push(link));
        Self
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let left = RUNNING.with_borrow_mut(Vec::pop);
        drop(left);
    }
}

impl<I: 'static, O: 'static> Coroutine<I, O> {
    /// Reserves a stack; `body` starts with the first [`resume`](Self::resume), whose value it gets.
    ///
    /// `stack_bytes` are of address space, and become memory as they are used. A body that needs
    /// more ends the process, so the caller bounds how deep it can go.
    ///
    /// # Errors
    /// Those of the system, when it has no address space left.
    pub fn new(stack_bytes: usize, body: impl FnOnce(I) -> O + 'static) -> io::Result<Self> {
        let link = Rc::new(Link(Cell::new(None)));
        let inside = link.clone();
        let stack = DefaultStack::new(stack_bytes)?;
        let inner = corosensei::Coroutine::with_stack(stack, move |yielder, input| {
            inside.0.set(Some(NonNull::from(yielder)));
            body(input)
        });
        Ok(Self {
            inner: Some(inner),
            link,
        })
    }

    /// Goes on with the body until it suspends itself or returns.
    ///
    /// # Panics
    /// When it has finished, and with what its body panics with.
    pub fn resume(&mut self, input: I) -> Resumed<O> {
        let inner = self.inner.as_mut().expect("present until the drop");
        let running = Running::enter(self.link.clone());
        let result = inner.resume(input);
        drop(running);
        match result {
            CoroutineResult::Yield(output) => Resumed::Suspended(output),
            CoroutineResult::Return(output) => Resumed::Finished(output),
        }
    }
}

impl<I: 'static, O: 'static> Drop for Coroutine<I, O> {
    fn drop(&mut self) {
        // A destructor on the stack that is unwound must not take itself for the coroutine around.
        let unwinding = Running::enter(Rc::new(()));
        self.inner = None;
        drop(unwinding);
    }
}

/// Comes back from the innermost running coroutine, which must be of these types, and returns what
/// it is resumed with.
///
/// # Panics
/// When the caller is not inside of such a coroutine.
pub fn suspend<I: 'static, O: 'static>(output: O) -> I {
    let link = RUNNING.with_borrow(|running| running.last().cloned());
    let link = link.and_then(|link| link.downcast::<Link<I, O>>().ok());
    let link = link.expect("the code that suspends runs in a coroutine of its types");
    let yielder = link.0.get().expect("a body that runs has been given one");
    drop(link);
    // SAFETY: The link is the last one of this thread's list. `resume` puts it there just before it
    // switches to the coroutine's stack, and removes it after the switch back; meanwhile only what
    // another `resume` or a drop puts on top of it could run on another stack. So this is the
    // coroutine's own stack, whose frames below this one include the body's, which the yielder
    // outlives.
    unsafe { yielder.as_ref() }.suspend(output)
}

/// Whether the caller runs on the stack of a coroutine.
pub(crate) fn is_running() -> bool {
    RUNNING.with_borrow(|running| !running.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    const STACK_BYTES: usize = 128 << 10;

    fn counting() -> Coroutine<u32, u32> {
        Coroutine::new(STACK_BYTES, |first| {
            let mut sum = first;
            while sum < 100 {
                sum += suspend::<u32, u32>(sum);
            }
            sum
        })
        .unwrap()
    }

    #[test]
    fn values_go_in_and_come_out() {
        let mut coroutine = counting();

        assert_eq!(coroutine.resume(1), Resumed::Suspended(1));
        assert_eq!(coroutine.resume(2), Resumed::Suspended(3));
        assert_eq!(coroutine.resume(97), Resumed::Finished(100));
    }

    #[test]
    fn coroutines_that_take_turns_keep_apart() {
        let mut left = counting();
        let mut right = counting();

        assert_eq!(left.resume(1), Resumed::Suspended(1));
        assert_eq!(right.resume(10), Resumed::Suspended(10));
        assert_eq!(left.resume(2), Resumed::Suspended(3));
        assert_eq!(right.resume(20), Resumed::Suspended(30));
    }

    #[test]
    fn one_inside_of_another_suspends_itself_only() {
        let mut outer: Coroutine<u32, u32> = Coroutine::new(STACK_BYTES, |input| {
            let mut inner = counting();
            let Resumed::Suspended(first) = inner.resume(input) else {
                panic!("it is below 100");
            };
            let next = suspend::<u32, u32>(first + 1000);
            let Resumed::Suspended(second) = inner.resume(next) else {
                panic!("it is below 100");
            };
            second
        })
        .unwrap();

        assert_eq!(outer.resume(1), Resumed::Suspended(1001));
        assert_eq!(outer.resume(4), Resumed::Finished(5));
    }

    #[test]
    fn a_suspended_one_that_is_dropped_runs_its_destructors() {
        struct Note(Rc<Cell<u32>>);
        impl Drop for Note {
            fn drop(&mut self) {
                self.0.set(self.0.get() + 1);
            }
        }
        let dropped = Rc::new(Cell::new(0));
        let notes = (Note(dropped.clone()), dropped.clone());
        let mut coroutine: Coroutine<(), ()> = Coroutine::new(STACK_BYTES, move |()| {
            let _outer = notes.0;
            let _inner = Note(notes.1);
            suspend::<(), ()>(());
        })
        .unwrap();

        assert_eq!(coroutine.resume(()), Resumed::Suspended(()));
        assert_eq!(dropped.get(), 0);
        drop(coroutine);
        assert_eq!(dropped.get(), 2);
    }

    #[test]
    fn a_destructor_of_a_dropped_one_cannot_suspend_the_one_around() {
        struct Suspends(Rc<Cell<bool>>);
        impl Drop for Suspends {
            fn drop(&mut self) {
                let attempt = catch_unwind(AssertUnwindSafe(|| suspend::<(), ()>(())));
                self.0.set(attempt.is_err());
            }
        }
        let refused = Rc::new(Cell::new(false));
        let noted = refused.clone();
        let mut outer: Coroutine<(), ()> = Coroutine::new(STACK_BYTES, move |()| {
            let mut inner: Coroutine<(), ()> = Coroutine::new(STACK_BYTES, move |()| {
                let _suspends = Suspends(noted);
                suspend::<(), ()>(());
            })
            .unwrap();
            inner.resume(());
        })
        .unwrap();

        assert_eq!(outer.resume(()), Resumed::Finished(()));
        assert!(refused.get());
    }

    #[test]
    fn a_panic_comes_out_of_resume() {
        let mut coroutine: Coroutine<(), ()> =
            Coroutine::new(STACK_BYTES, |()| panic!("inside")).unwrap();

        assert!(catch_unwind(AssertUnwindSafe(|| coroutine.resume(()))).is_err());
        assert!(!is_running());
    }

    #[test]
    fn nothing_suspends_outside_or_with_other_types() {
        assert!(catch_unwind(|| suspend::<(), ()>(())).is_err());
        let mut coroutine: Coroutine<(), ()> = Coroutine::new(STACK_BYTES, |()| {
            assert!(catch_unwind(|| suspend::<u8, ()>(())).is_err());
        })
        .unwrap();
        assert_eq!(coroutine.resume(()), Resumed::Finished(()));
    }
}
