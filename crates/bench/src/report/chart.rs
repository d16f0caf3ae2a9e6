//! The ratios as a picture: one bar for each row, on a scale of tenfold steps.

use std::fmt::Write as _;

use super::number;
use crate::results::RowResult;
use crate::target::Which;

const WIDTH: f64 = 960.0;
const TITLES: f64 = 330.0;
const VALUES: f64 = 150.0;
const LINE: f64 = 24.0;
const HEAD: f64 = 70.0;
/// The smallest ratio that has a place.
const LEFT: f64 = 0.1;

/// Draws the rows that have a ratio.
pub(crate) fn svg(rows: &[RowResult]) -> String {
    let bars: Vec<(&RowResult, f64)> = rows
        .iter()
        .filter_map(|row| Some((row, row.ratio()?)))
        .collect();
    let highest = bars
        .iter()
        .fold(10.0_f64, |most, (_, ratio)| most.max(*ratio));
    let scale = Scale {
        steps: (highest / LEFT).log10().ceil(),
    };
    let height = HEAD + LINE * bars.len() as f64 + 20.0;
    let mut svg = format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="13">
<rect width="{WIDTH}" height="{height}" fill="#fff"/>
<text x="20" y="28" font-size="18" font-weight="bold">stated beside workerd</text>
<text x="20" y="48" fill="#555">How many times as good, same machine, same run, same project; a mark is what a row is meant to reach.</text>
"##
    );
    scale.draw(&mut svg, height);
    for (line, (row, ratio)) in bars.iter().enumerate() {
        draw_bar(&mut svg, &scale, HEAD + LINE * line as f64, row, *ratio);
    }
    svg + "</svg>\n"
}

struct Scale {
    /// Tenfold steps from [`LEFT`] to the right end.
    steps: f64,
}

impl Scale {
    fn x(&self, ratio: f64) -> f64 {
        let part = (ratio.max(LEFT) / LEFT).log10() / self.steps;
        TITLES + part * (WIDTH - TITLES - VALUES)
    }

    fn draw(&self, svg: &mut String, height: f64) {
        for step in 0..=self.steps as i32 {
            let ratio = LEFT * 10_f64.powi(step);
            let x = self.x(ratio);
            let colour = if step == 1 { "#333" } else { "#ddd" };
            let label = if ratio < 1.0 {
                format!("{ratio:.1}")
            } else {
                format!("{ratio:.0}")
            };
            push(
                svg,
                format_args!(
                    r##"<line x1="{x:.1}" y1="{HEAD}" x2="{x:.1}" y2="{:.1}" stroke="{colour}"/><text x="{x:.1}" y="{:.1}" text-anchor="middle" fill="#777" font-size="11">{label}x</text>"##,
                    height - 16.0,
                    height - 4.0,
                ),
            );
        }
    }
}

fn draw_bar(svg: &mut String, scale: &Scale, y: f64, row: &RowResult, ratio: f64) {
    let (one, end) = (scale.x(1.0), scale.x(ratio));
    let colour = if ratio >= row.aim.unwrap_or(1.0) {
        "#2a9d5c"
    } else {
        "#d9822b"
    };
    let value = |which| row.median(which).map_or_else(String::new, number);
    push(
        svg,
        format_args!(
            r#"<text x="{:.1}" y="{:.1}" text-anchor="end">{}</text><rect x="{:.1}" y="{:.1}" width="{:.1}" height="14" fill="{colour}"/>"#,
            TITLES - 10.0,
            y + 15.0,
            row.title,
            one.min(end),
            y + 4.0,
            (end - one).abs(),
        ),
    );
    if let Some(aim) = row.aim {
        let x = scale.x(aim);
        push(
            svg,
            format_args!(
                r##"<line x1="{x:.1}" y1="{:.1}" x2="{x:.1}" y2="{:.1}" stroke="#000" stroke-width="2"/>"##,
                y + 1.0,
                y + 21.0,
            ),
        );
    }
    push(
        svg,
        format_args!(
            r##"<text x="{:.1}" y="{:.1}" fill="#333"><tspan font-weight="bold">{}x</tspan> {} : {} {}</text>"##,
            scale.x(ratio.max(row.aim.unwrap_or(1.0))) + 6.0,
            y + 15.0,
            number(ratio),
            value(Which::Stated),
            value(Which::Workerd),
            row.unit.name,
        ),
    );
}

fn push(svg: &mut String, element: std::fmt::Arguments<'_>) {
    writeln!(svg, "{element}").expect("a string takes everything");
}
