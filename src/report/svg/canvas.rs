//! The few elements of SVG that a chart needs, and its colours.
//!
//! Each element has a class, and an attribute `color` for light surroundings. A style
//! sheet overrides the attribute in dark surroundings. A program that ignores style
//! sheets shows the attribute: dark on white, as on paper.

use std::fmt::{self, Write};

/// A colour, in light and in dark surroundings.
#[derive(Clone, Copy)]
pub(super) enum Ink {
    Paper,
    Text,
    Faint,
    Grid,
    Blue,
    Orange,
    Green,
    Violet,
}

/// The colours of several curves. People who cannot tell red from green can tell these
/// apart.
pub(super) const CURVES: [Ink; 4] = [Ink::Blue, Ink::Orange, Ink::Green, Ink::Violet];

const INKS: [Ink; 8] =
    [Ink::Paper, Ink::Text, Ink::Faint, Ink::Grid, Ink::Blue, Ink::Orange, Ink::Green, Ink::Violet];

impl Ink {
    /// The class of the colour, and the colour in light and in dark surroundings.
    fn names(self) -> [&'static str; 3] {
        match self {
            Ink::Paper => ["paper", "#ffffff", "#0d1117"],
            Ink::Text => ["text", "#1f2328", "#e6edf3"],
            Ink::Faint => ["faint", "#59636e", "#9aa4af"],
            Ink::Grid => ["grid", "#dde2e7", "#2b323b"],
            Ink::Blue => ["blue", "#0b62b0", "#58a6ff"],
            Ink::Orange => ["orange", "#bf4f00", "#ffa657"],
            Ink::Green => ["green", "#0f7b5a", "#4fd1a5"],
            Ink::Violet => ["violet", "#7b3fb5", "#c99bff"],
        }
    }
}

/// The attributes of an element that has this colour.
impl fmt::Display for Ink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [class, light, _] = self.names();
        write!(f, "class=\"{class}\" color=\"{light}\"")
    }
}

/// How a text is set.
#[derive(Clone, Copy)]
pub(super) struct Type {
    pub(super) ink: Ink,
    pub(super) size: u8,
    pub(super) bold: bool,
    /// Which part of the text is at the given place: `start`, `middle` or `end`.
    pub(super) anchor: &'static str,
}

/// How a path is drawn.
#[derive(Clone, Copy)]
pub(super) struct Pen {
    pub(super) ink: Ink,
    pub(super) width: f64,
    /// Further attributes.
    pub(super) more: &'static str,
}

/// What has been drawn so far.
#[derive(Default)]
pub(super) struct Canvas(String);

impl Canvas {
    /// One line of text.
    pub(super) fn text(&mut self, (x, y): (f64, f64), set: Type, text: &str) {
        let (ink, size, anchor) = (set.ink, set.size, set.anchor);
        let weight = if set.bold { " font-weight=\"bold\"" } else { "" };
        let text = escaped(text);
        self.push(format_args!(
            "<text {ink} fill=\"currentColor\" x=\"{x:.1}\" y=\"{y:.1}\" font-size=\"{size}\" \
             text-anchor=\"{anchor}\"{weight}>{text}</text>"
        ));
    }

    /// A path that is drawn with a pen. One path for many strokes keeps the file small.
    pub(super) fn stroke(&mut self, pen: Pen, path: &str) {
        let Pen { ink, width, more } = pen;
        if !path.is_empty() {
            self.push(format_args!(
                "<path {ink} fill=\"none\" stroke=\"currentColor\" stroke-width=\"{width}\" {more} d=\"{path}\"/>"
            ));
        }
    }

    /// A path that is filled.
    pub(super) fn fill(&mut self, ink: Ink, path: &str) {
        self.filled(ink, 0.65, path);
    }

    /// A path that is filled faintly, as the background of a curve.
    pub(super) fn shade(&mut self, ink: Ink, path: &str) {
        self.filled(ink, 0.2, path);
    }

    fn filled(&mut self, ink: Ink, opacity: f64, path: &str) {
        if !path.is_empty() {
            self.push(format_args!(
                "<path {ink} fill=\"currentColor\" fill-opacity=\"{opacity}\" d=\"{path}\"/>"
            ));
        }
    }

    /// The whole picture, with a description for people who cannot see it.
    pub(super) fn finish(
        self,
        (width, height): (f64, f64),
        title: &str,
        description: &str,
    ) -> String {
        let dark = INKS.map(|ink| {
            let [class, _, dark] = ink.names();
            format!(".{class}{{color:{dark}}}")
        });
        let (dark, title, description) = (dark.concat(), escaped(title), escaped(description));
        let (paper, drawn) = (Ink::Paper, self.0);
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\" role=\"img\" aria-labelledby=\"title desc\" font-family=\"sans-serif\">\n\
             <title id=\"title\">{title}</title>\n<desc id=\"desc\">{description}</desc>\n\
             <style>@media (prefers-color-scheme: dark) {{ {dark} }}</style>\n\
             <rect {paper} fill=\"currentColor\" width=\"{width}\" height=\"{height}\"/>\n{drawn}</svg>\n"
        )
    }

    fn push(&mut self, element: fmt::Arguments) {
        // Writing to a `String` cannot fail.
        let _ = writeln!(self.0, "{element}");
    }
}

/// At most so many characters of a text, with an ellipsis if some are missing.
pub(super) fn clipped(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.into(),
        Some(_) => text.chars().take(most - 1).chain(['…']).collect(),
    }
}

/// A text in XML: markup is escaped, and characters that XML 1.0 does not allow
/// (section 2.2) are left out.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\u{fffe}' | '\u{ffff}' => {}
            c if c.is_control() => {}
            c => escaped.push(c),
        }
    }
    escaped
}
