//! The comparison as a picture: for each figure with a peer, our median as a share of the peer's, with its spread.

use std::fmt::Write;

use super::statistics::{Series, median, spread};

const ROW: f64 = 30.0;
const LEFT: f64 = 280.0;
/// Pixels for a ratio of one.
const UNIT: f64 = 280.0;
/// Ratios beyond this are cut off; the number beside the bar still tells.
const WIDEST: f64 = 1.6;

/// One bar per comparison; the line at one is the peer.
pub(super) fn svg(results: &[Series]) -> String {
    let compared: Vec<&Series> = results.iter().filter(|series| !series.peer.is_empty()).collect();
    let height = 70.0 + ROW * compared.len() as f64;
    let width = LEFT + UNIT * WIDEST + 130.0;
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         font-family=\"sans-serif\" font-size=\"13\">\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n\
         <text x=\"10\" y=\"24\" font-size=\"15\">Lambent beside its peers (aws-lambda-rie, unless named): ratio of medians</text>\n"
    );
    for (index, series) in compared.iter().enumerate() {
        row(&mut text, 45.0 + ROW * index as f64, series);
    }
    let (x, bottom) = (LEFT + UNIT, height - 20.0);
    // Writing into a string can't fail.
    let _ = writeln!(
        text,
        "<line x1=\"{x}\" y1=\"38\" x2=\"{x}\" y2=\"{bottom}\" stroke=\"#555\" stroke-dasharray=\"4 3\"/>"
    );
    let _ = writeln!(
        text,
        "<text x=\"{x}\" y=\"{}\" text-anchor=\"middle\" fill=\"#555\">the peer</text>",
        height - 5.0
    );
    text.push_str("</svg>\n");
    text
}

fn row(text: &mut String, y: f64, series: &Series) {
    let judged = series.judged();
    let (ratio, half) = (median(&judged), spread(&judged));
    let width = UNIT * ratio.min(WIDEST);
    let (from, to) = (LEFT + UNIT * (ratio - half).max(0.0), LEFT + UNIT * (ratio + half).min(WIDEST));
    let middle = y + 9.0;
    let name = &series.name;
    let label =
        format!("{ratio:.2}  ({:.0} / {:.0} {})", median(&series.ours), median(&series.peer), series.unit);
    let _ = writeln!(
        text,
        "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{name}</text>\
         <rect x=\"{LEFT}\" y=\"{y}\" width=\"{width:.1}\" height=\"18\" fill=\"#3b7ea1\"/>\
         <line x1=\"{from:.1}\" y1=\"{middle}\" x2=\"{to:.1}\" y2=\"{middle}\" stroke=\"#111\"/>\
         <text x=\"{:.1}\" y=\"{}\">{label}</text>",
        LEFT - 8.0,
        y + 14.0,
        LEFT + width.max(to - LEFT) + 8.0,
        y + 14.0,
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_comparison_has_its_bar_and_nothing_else_has() {
        let series = |name: &str, peer: Vec<f64>| Series {
            name: name.to_owned(),
            unit: "µs",
            ours: vec![1.0, 2.0, 3.0],
            peer,
            goal: None,
        };
        let text = svg(&[series("warm", vec![4.0, 4.0, 4.0]), series("memory", Vec::new())]);
        assert!(text.contains(">warm<") && text.contains("0.50") && !text.contains("memory"));
        assert!(text.ends_with("</svg>\n"));
    }
}
