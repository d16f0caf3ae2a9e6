//! What a program may do while its modules are evaluated.

use stated_worker::Source;

use crate::host;

const EVALUATES: &str =
    "const two = eval('1 + 1'); export default { fetch: () => new Response(String(two)) };";

#[test]
fn code_from_strings_is_made_at_startup_only_if_a_flag_says_so() {
    assert_eq!(load(EVALUATES, &["allow_eval_during_startup"]), Ok(()));
    assert_eq!(
        load(EVALUATES, &[]).map_err(|text| first_line(&text)),
        Err("EvalError: Code generation from strings disallowed for this context".to_owned())
    );
}

#[test]
fn a_timer_at_startup_is_refused() {
    let text = load("setTimeout(() => {}, 0); export default {};", &[]).expect_err("it needs I/O");

    assert!(
        first_line(&text).starts_with("Error: Disallowed operation called within global scope."),
        "{text}"
    );
}

#[test]
fn a_program_cannot_import_the_insides_of_the_library() {
    let text = load(
        "import { ops } from 'stated:host'; export default { ops };",
        &[],
    )
    .expect_err("it is hidden");

    assert!(text.contains("No such module \"stated:host\"."), "{text}");
}

fn load(code: &'static str, flags: &'static [&'static str]) -> Result<(), String> {
    host::on_a_thread(move || {
        host::block_on(async {
            let source = Source {
                code: code.to_owned(),
                ..Source::default()
            };
            host::worker(flags)
                .load(source)
                .map(|_| ())
                .map_err(|error| error.text)
        })
    })
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}
