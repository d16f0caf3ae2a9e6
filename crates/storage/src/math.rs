//! SQL's mathematical functions, for a SQLite that was compiled without them.
//!
//! They are registered on a connection the first time a statement names one, because most objects
//! never do and registering costs time and memory at every open. Arguments that are not numbers
//! and results outside the domain give NULL, as SQLite's own versions do.
//!
//! Source: reference section 5.5; <https://sqlite.org/lang_mathfunc.html>

use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, Result};

type Unary = (&'static str, fn(f64) -> f64);

const UNARY: &[Unary] = &[
    ("acos", f64::acos),
    ("acosh", acosh),
    ("asin", f64::asin),
    ("asinh", asinh),
    ("atan", f64::atan),
    ("atanh", f64::atanh),
    ("cos", f64::cos),
    ("cosh", f64::cosh),
    ("degrees", f64::to_degrees),
    ("exp", f64::exp),
    ("ln", |x| positive(x).ln()),
    ("log", |x| positive(x).log10()),
    ("log2", |x| positive(x).log2()),
    ("radians", f64::to_radians),
    ("sin", f64::sin),
    ("sinh", f64::sinh),
    ("sqrt", f64::sqrt),
    ("tan", f64::tan),
    ("tanh", f64::tanh),
];

type Binary = (&'static str, fn(f64, f64) -> f64);

const BINARY: &[Binary] = &[
    ("atan2", f64::atan2),
    ("log", |base, x| {
        positive(x).ln() / positive(positive(base).ln())
    }),
    ("mod", |x, y| x % y),
    ("pow", f64::powf),
];

/// Rounding functions, which leave integers as they are.
const ROUNDING: &[Unary] = &[
    ("ceil", f64::ceil),
    ("floor", f64::floor),
    ("trunc", f64::trunc),
];

/// SQLite's other names of some of these functions. No program may use them, and to say so the
/// authorizer must be asked, which happens only for functions that exist.
const DENIED: &[(&str, i32)] = &[("ceiling", 1), ("log10", 1), ("power", 2)];

/// Registers every function on the connection.
pub(crate) fn register(connection: &Connection) -> Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8
        | FunctionFlags::SQLITE_DETERMINISTIC
        | FunctionFlags::SQLITE_INNOCUOUS;
    for &(name, function) in UNARY {
        connection.create_scalar_function(name, 1, flags, move |context| {
            Ok(number(context, 0).and_then(|x| defined(function(x))))
        })?;
    }
    for &(name, function) in BINARY {
        connection.create_scalar_function(name, 2, flags, move |context| {
            let (x, y) = (number(context, 0), number(context, 1));
            Ok(x.zip(y).and_then(|(x, y)| defined(function(x, y))))
        })?;
    }
    for &(name, function) in ROUNDING {
        connection.create_scalar_function(name, 1, flags, move |context| {
            Ok(match context.get_raw(0) {
                ValueRef::Integer(integer) => Value::Integer(integer),
                ValueRef::Text(text) if integer(text).is_some() => integer(text).into(),
                _ => number(context, 0).map_or(Value::Null, |x| Value::Real(function(x))),
            })
        })?;
    }
    for &(name, arguments) in DENIED {
        connection.create_scalar_function(name, arguments, flags, |_| Ok(Value::Null))?;
    }
    connection.create_scalar_function("pi", 0, flags, |_| Ok(std::f64::consts::PI))
}

/// The argument as a number: text only if all of it reads as one, as with SQLite's numeric type.
fn number(context: &Context<'_>, index: usize) -> Option<f64> {
    match context.get_raw(index) {
        ValueRef::Integer(integer) => Some(integer as f64),
        ValueRef::Real(real) => Some(real),
        ValueRef::Text(text) => {
            let text = std::str::from_utf8(text).ok()?.trim_ascii();
            let looks_like_number = text
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'));
            looks_like_number.then(|| text.parse().ok())?
        }
        ValueRef::Null | ValueRef::Blob(_) => None,
    }
}

fn integer(text: &[u8]) -> Option<i64> {
    std::str::from_utf8(text).ok()?.trim_ascii().parse().ok()
}

/// The logarithm of twice the number, which may itself be too large to be one.
fn ln_of_twice(x: f64) -> f64 {
    x.ln() + std::f64::consts::LN_2
}

/// From here on, adding one under the root changes nothing: 2^28.
const HUGE: f64 = 268_435_456.0;

/// The inverse hyperbolic cosine of the C library, which unlike that of Rust's does not overflow.
fn acosh(x: f64) -> f64 {
    if x < 1.0 {
        f64::NAN
    } else if x >= HUGE {
        ln_of_twice(x)
    } else if x > 2.0 {
        (2.0 * x - 1.0 / (x + (x * x - 1.0).sqrt())).ln()
    } else {
        let above = x - 1.0;
        (above + (2.0 * above + above * above).sqrt()).ln_1p()
    }
}

/// The inverse hyperbolic sine of the C library, which unlike that of Rust's does not overflow.
fn asinh(x: f64) -> f64 {
    let size = x.abs();
    let result = if size >= HUGE {
        ln_of_twice(size)
    } else if size > 2.0 {
        (2.0 * size + 1.0 / ((x * x + 1.0).sqrt() + size)).ln()
    } else {
        let square = x * x;
        (size + square / (1.0 + (1.0 + square).sqrt())).ln_1p()
    };
    result.copysign(x)
}

/// The number, or "not a number" where a logarithm of it would not exist.
fn positive(x: f64) -> f64 {
    if x > 0.0 { x } else { f64::NAN }
}

fn defined(result: f64) -> Option<f64> {
    (!result.is_nan()).then_some(result)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evaluate(expression: &str) -> Value {
        let connection = Connection::open_in_memory().unwrap();
        register(&connection).unwrap();
        connection
            .query_row(&format!("SELECT {expression}"), [], |row| row.get(0))
            .unwrap()
    }

    #[test]
    fn results_are_real_numbers() {
        assert_eq!(evaluate("pow(2, 3)"), Value::Real(8.0));
        assert_eq!(evaluate("sqrt('16')"), Value::Real(4.0));
        assert_eq!(evaluate("log(100)"), Value::Real(2.0));
        assert_eq!(evaluate("log(2, 8)"), Value::Real(3.0));
        assert_eq!(evaluate("pi()"), Value::Real(std::f64::consts::PI));
    }

    #[test]
    fn inverse_hyperbolic_functions_do_not_overflow() {
        assert_eq!(evaluate("acosh(1e308)"), Value::Real(709.889_355_822_726));
        assert_eq!(evaluate("asinh(-1e308)"), Value::Real(-709.889_355_822_726));
        assert_eq!(evaluate("acosh(2.5)"), Value::Real(1.566_799_236_972_411));
        assert_eq!(evaluate("acosh(1)"), Value::Real(0.0));
        assert_eq!(evaluate("acosh(0.5)"), Value::Null);
        assert_eq!(
            evaluate("asinh(0.5)"),
            Value::Real(0.481_211_825_059_603_47)
        );
        assert_eq!(evaluate("asinh(100)"), Value::Real(5.298_342_365_610_589));
    }

    #[test]
    fn rounding_keeps_integers() {
        assert_eq!(evaluate("ceil(1.5)"), Value::Real(2.0));
        assert_eq!(evaluate("floor(7)"), Value::Integer(7));
        assert_eq!(evaluate("ceil('3')"), Value::Integer(3));
        assert_eq!(evaluate("trunc(-1.5)"), Value::Real(-1.0));
    }

    #[test]
    fn outside_the_domain_is_null() {
        assert_eq!(evaluate("sqrt(-1)"), Value::Null);
        assert_eq!(evaluate("acos(2)"), Value::Null);
        assert_eq!(evaluate("ln('x')"), Value::Null);
        assert_eq!(evaluate("ln(0)"), Value::Null);
        assert_eq!(evaluate("log(1, 5)"), Value::Null);
        assert_eq!(evaluate("mod(5, 0)"), Value::Null);
        assert_eq!(evaluate("sin(NULL)"), Value::Null);
    }
}
