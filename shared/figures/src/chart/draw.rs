//! Drawing a chart.

use std::fmt::Write;

use super::{
    axis::Axis,
    described::{BARS_MAX, Chart, ChartKind, ChartSeries, POINTS_MAX, SERIES_MAX},
    marks, palette,
};

/// Width and height, in tenths of a pixel.
const WIDTH: i64 = 7_200;
const HEIGHT: i64 = 3_600;
/// A character of the small text is about so wide, and of the legend.
const SMALL_WIDE: i64 = 68;
const LEGEND_WIDE: i64 = 72;
/// From the top to the field: title, unit and a line of the legend; each further line of the legend needs `LEGEND_LINE`.
const TOP: i64 = 820;
const LEGEND_LINE: i64 = 200;
/// Below the field: labels, and what they are.
const BOTTOM: i64 = 520;
const RIGHT: i64 = 260;

impl Chart {
    /// The chart as an `svg` element of its own, 720 by 360 pixels where nothing else says how large it is.
    pub fn svg(&self) -> String {
        Drawing::of(self).finish()
    }
}

/// A chart that is being drawn.
struct Drawing<'a> {
    chart: &'a Chart,
    /// How many labels are drawn.
    drawn: usize,
    axis: Axis,
    left: i64,
    top: i64,
    out: String,
}

impl<'a> Drawing<'a> {
    fn of(chart: &'a Chart) -> Self {
        let most = match chart.kind {
            ChartKind::Bars | ChartKind::Stacked => BARS_MAX,
            ChartKind::Lines => POINTS_MAX,
        };
        let drawn = chart.labels.len().min(most);
        let mut drawing = Self { chart, drawn, axis: Axis { low: 0, high: 1, step: 1 }, left: 0, top: TOP, out: String::new() };
        drawing.axis = Axis::of(drawing.extremes().into_iter());
        let wide = drawing.axis.ticks().map(|tick| chart.numbers.write_short(tick, chart.digits).chars().count());
        drawing.left = 180 + SMALL_WIDE * i64::try_from(wide.max().unwrap_or(1)).unwrap_or(1);
        drawing
    }

    fn finish(mut self) -> String {
        let chart = self.chart;
        let (id, title, description) = (escape(&chart.id), escape(&chart.title), escape(&chart.description));
        let legend = self.legend();
        self.put(&format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="720" height="360" role="img" aria-labelledby="{id}-title {id}-desc" font-family="system-ui, sans-serif" font-size="120" fill="currentColor"><title id="{id}-title">{title}</title><desc id="{id}-desc">{description}</desc>"#
        ));
        self.put(&format!(r#"<text x="40" y="200" font-size="160" font-weight="600">{}</text>"#, clipped(&chart.title, 78)));
        self.put(&legend);
        self.put(&format!(r#"<text x="40" y="{}">{}</text>"#, self.top - 130, escape(&chart.unit)));
        self.grid();
        match chart.kind {
            ChartKind::Bars => self.bars(),
            ChartKind::Stacked => self.stacked(),
            ChartKind::Lines => self.lines(),
        }
        self.zero();
        self.below();
        if self.extremes().is_empty() {
            let (x, y) = (self.left + self.wide() / 2, self.top + self.high() / 2);
            self.put(&format!(r#"<text x="{x}" y="{y}" text-anchor="middle">{}</text>"#, escape(&chart.undefined)));
        }
        self.out.push_str("</svg>");
        self.out
    }

    fn put(&mut self, text: &str) {
        self.out.push_str(text);
    }

    fn series(&self) -> impl Iterator<Item = (usize, &'a ChartSeries)> + use<'a> {
        self.chart.series.iter().take(SERIES_MAX).enumerate()
    }

    fn value(&self, series: &ChartSeries, at: usize) -> Option<i128> {
        series.values.get(at).copied().flatten().filter(|_| at < self.drawn)
    }

    /// Values that have to be on the axis: of stacked bars their ends.
    fn extremes(&self) -> Vec<i128> {
        let of = |at: usize| self.series().filter_map(move |(_, series)| self.value(series, at));
        (0..self.drawn)
            .flat_map(|at| match self.chart.kind {
                ChartKind::Bars | ChartKind::Lines => of(at).collect::<Vec<_>>(),
                ChartKind::Stacked if of(at).next().is_none() => Vec::new(),
                ChartKind::Stacked => {
                    let part = |sign: i128| of(at).filter(|value| value.signum() == sign).fold(0, i128::saturating_add);
                    vec![part(1), part(-1)]
                }
            })
            .collect()
    }

    fn wide(&self) -> i64 {
        WIDTH - RIGHT - self.left
    }

    fn high(&self) -> i64 {
        HEIGHT - BOTTOM - self.top
    }

    fn y(&self, value: i128) -> i64 {
        self.top + self.high() - self.axis.place(value, self.high())
    }

    /// The left end of a label's place, and how wide that is.
    fn slot(&self, at: usize) -> (i64, i64) {
        let (at, of) = (i64::try_from(at).unwrap_or(0), i64::try_from(self.drawn.max(1)).unwrap_or(1));
        let from = self.left + self.wide() * at / of;
        (from, self.left + self.wide() * (at + 1) / of - from)
    }

    fn colour(&self, at: usize) -> &'static str {
        match self.chart.kind {
            ChartKind::Stacked => palette::in_order(at, self.chart.series.len().min(SERIES_MAX)),
            ChartKind::Bars | ChartKind::Lines => palette::apart(at),
        }
    }

    /// The legend, and the room that it needs; none where there is one series.
    fn legend(&mut self) -> String {
        let mut out = String::new();
        if self.series().count() < 2 {
            self.top = TOP - LEGEND_LINE;
            return out;
        }
        let (mut x, mut y) = (40_i64, 400_i64);
        for (at, series) in self.series() {
            let name = clip(&series.name, 40);
            let wide = 360 + LEGEND_WIDE * i64::try_from(name.chars().count()).unwrap_or(0);
            if x > 40 && x + wide > WIDTH - RIGHT {
                (x, y) = (40, y + LEGEND_LINE);
                self.top += LEGEND_LINE;
            }
            let colour = self.colour(at);
            match self.chart.kind {
                ChartKind::Bars | ChartKind::Stacked => {
                    let _ = write!(
                        out,
                        r#"<rect x="{x}" y="{}" width="110" height="110" fill="{colour}" stroke="currentColor" stroke-width="5"/>"#,
                        y - 100
                    );
                }
                ChartKind::Lines => {
                    let (from, to, middle) = (x, x + 170, y - 45);
                    let _ = write!(
                        out,
                        r#"<line x1="{from}" y1="{middle}" x2="{to}" y2="{middle}" stroke="{colour}" stroke-width="25" stroke-dasharray="{}"/>"#,
                        marks::dashes(at)
                    );
                    marks::mark(&mut out, at, (x + 85, middle), colour);
                }
            }
            let _ = write!(out, r#"<text x="{}" y="{y}">{}</text>"#, x + 220, escape(&name));
            x += wide;
        }
        out
    }

    fn grid(&mut self) {
        let mut out = String::new();
        let (from, to) = (self.left, self.left + self.wide());
        // An axis of nothing has no numbers but zero.
        let is_empty = self.extremes().is_empty();
        for tick in self.axis.ticks().filter(|tick| !is_empty || *tick == 0) {
            let y = self.y(tick);
            let _ = write!(
                out,
                r#"<line x1="{from}" y1="{y}" x2="{to}" y2="{y}" stroke="currentColor" stroke-opacity=".15" stroke-width="10"/><text x="{}" y="{}" text-anchor="end">{}</text>"#,
                from - 60,
                y + 42,
                escape(&self.chart.numbers.write_short(tick, self.chart.digits))
            );
        }
        self.put(&out);
    }

    /// The line at zero, above what is drawn.
    fn zero(&mut self) {
        let (from, to, y) = (self.left, self.left + self.wide(), self.y(0));
        self.put(&format!(r#"<line x1="{from}" y1="{y}" x2="{to}" y2="{y}" stroke="currentColor" stroke-width="15"/>"#));
    }

    /// What one value says when it is pointed at.
    fn said(&self, series: &ChartSeries, at: usize, value: i128) -> String {
        let label = self.chart.labels.get(at).map_or("", String::as_str);
        let shown = self.chart.shown(Some(value));
        escape(&format!("{label}, {}: {shown} {}", series.name, self.chart.unit))
    }

    /// What is drawn for a label, leading where the label leads.
    fn linked(&mut self, at: usize, drawn: &str) {
        match self.chart.links.get(at).filter(|link| !link.is_empty() && !drawn.is_empty()) {
            Some(link) => self.put(&format!(r#"<a href="{}">{drawn}</a>"#, escape(link))),
            None => self.put(drawn),
        }
    }

    fn bar(&self, out: &mut String, (x, wide): (i64, i64), (from, to): (i128, i128), colour: &str, said: &str) {
        let (top, bottom) = (self.y(from.max(to)), self.y(from.min(to)));
        // What is not zero is seen, however small.
        let high = (bottom - top).max(10);
        let _ = write!(
            out,
            r#"<rect x="{x}" y="{top}" width="{wide}" height="{high}" fill="{colour}" stroke="currentColor" stroke-opacity=".7" stroke-width="8"><title>{said}</title></rect>"#
        );
    }

    fn bars(&mut self) {
        let count = i64::try_from(self.series().count().max(1)).unwrap_or(1);
        for at in 0..self.drawn {
            let (from, slot) = self.slot(at);
            let wide = (slot * 7 / 10 / count).clamp(10, 800);
            let mut x = from + (slot - wide * count) / 2;
            let mut out = String::new();
            for (of, series) in self.series() {
                if let Some(value) = self.value(series, at).filter(|value| *value != 0) {
                    let said = self.said(series, at, value);
                    self.bar(&mut out, (x, wide), (0, value), self.colour(of), &said);
                }
                x += wide;
            }
            self.linked(at, &out);
        }
    }

    fn stacked(&mut self) {
        for at in 0..self.drawn {
            let (from, slot) = self.slot(at);
            let wide = (slot * 7 / 10).clamp(10, 800);
            let x = from + (slot - wide) / 2;
            let (mut up, mut down) = (0_i128, 0_i128);
            let mut out = String::new();
            for (of, series) in self.series() {
                let Some(value) = self.value(series, at).filter(|value| *value != 0) else { continue };
                let end = if value > 0 { &mut up } else { &mut down };
                let begin = *end;
                *end = end.saturating_add(value);
                let to = *end;
                let said = self.said(series, at, value);
                self.bar(&mut out, (x, wide), (begin, to), self.colour(of), &said);
            }
            self.linked(at, &out);
        }
    }

    fn lines(&mut self) {
        let mut all = String::new();
        for (of, series) in self.series() {
            let colour = self.colour(of);
            let place = |at: usize, value: i128| {
                let (from, slot) = self.slot(at);
                (from + slot / 2, self.y(value))
            };
            let mut out = String::new();
            // A gap where it is not defined: each run of defined values is a line of its own.
            let values: Vec<Option<i128>> = (0..self.drawn).map(|at| self.value(series, at)).collect();
            let mut at = 0;
            for run in values.split(Option::is_none) {
                let points: Vec<String> = run
                    .iter()
                    .flatten()
                    .enumerate()
                    .map(|(on, value)| place(at + on, *value))
                    .map(|(x, y)| format!("{x},{y}"))
                    .collect();
                at += run.len() + 1;
                if points.len() > 1 {
                    let _ = write!(
                        out,
                        r#"<polyline points="{}" fill="none" stroke="{colour}" stroke-width="25" stroke-dasharray="{}" stroke-linejoin="round"/>"#,
                        points.join(" "),
                        marks::dashes(of)
                    );
                }
            }
            all.push_str(&out);
            // Marks where there is room for them, and each value says itself where there is.
            let every = self.drawn.div_ceil(60).max(1);
            for at in (0..self.drawn).step_by(every) {
                let Some(value) = self.value(series, at) else { continue };
                let mut mark = String::new();
                marks::mark(&mut mark, of, place(at, value), colour);
                let said = self.said(series, at, value);
                let link = self.chart.links.get(at).filter(|link| !link.is_empty());
                let drawn = format!("<g><title>{said}</title>{mark}</g>");
                let drawn = match link {
                    Some(link) => format!(r#"<a href="{}">{drawn}</a>"#, escape(link)),
                    None => drawn,
                };
                all.push_str(&drawn);
            }
        }
        self.put(&all);
    }

    /// The labels, as many as there is room for, and what they are.
    fn below(&mut self) {
        let y = self.top + self.high() + 170;
        let longest = self.chart.labels.iter().take(self.drawn).map(|label| label.chars().count().min(18)).max().unwrap_or(1);
        let needs = SMALL_WIDE * i64::try_from(longest + 2).unwrap_or(1);
        let room = usize::try_from(self.wide() / needs.max(1)).unwrap_or(1).max(1);
        // Bars are named each, in fewer characters where they are many.
        let (every, most) = match self.chart.kind {
            ChartKind::Lines => (self.drawn.div_ceil(room).max(1), 18),
            ChartKind::Bars | ChartKind::Stacked => {
                let wide = usize::try_from(self.slot(0).1 / SMALL_WIDE).unwrap_or(1);
                if wide >= 7 { (1, wide.saturating_sub(1).min(18)) } else { (self.drawn.div_ceil(room).max(1), 18) }
            }
        };
        for at in (0..self.drawn).step_by(every) {
            let (from, slot) = self.slot(at);
            let label = self.chart.labels.get(at).map_or("", String::as_str);
            let text = format!(
                r#"<text x="{}" y="{y}" text-anchor="middle">{}<title>{}</title></text>"#,
                from + slot / 2,
                clipped(label, most),
                escape(label)
            );
            self.linked(at, &text);
        }
        let (x, y) = (self.left + self.wide() / 2, HEIGHT - 80);
        self.put(&format!(r#"<text x="{x}" y="{y}" text-anchor="middle">{}</text>"#, escape(&self.chart.label_name)));
    }
}

/// At most so many characters, the last a mark that there were more.
fn clip(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        text.to_owned()
    } else {
        text.chars().take(most.saturating_sub(1)).chain(['…']).collect()
    }
}

fn clipped(text: &str, most: usize) -> String {
    escape(&clip(text, most))
}

/// A text as XML takes it, in elements and attributes. What XML has no place for is left out.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => out.push(c),
        }
    }
    out
}
