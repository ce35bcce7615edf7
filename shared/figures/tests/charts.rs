//! Charts as they are drawn. Where one is drawn otherwise than its file in `charts/` has it, the test writes what is drawn now and says where:
//! look at both before the file is replaced.

use std::{fs, path::Path};

use figures::chart::{Chart, ChartKind, ChartSeries, NumberForm};

fn series(name: &str, values: &[Option<i128>]) -> ChartSeries {
    ChartSeries { name: name.to_owned(), values: values.to_vec() }
}

fn some(values: &[i128]) -> Vec<Option<i128>> {
    values.iter().copied().map(Some).collect()
}

fn texts(all: &[&str]) -> Vec<String> {
    all.iter().map(|text| (*text).to_owned()).collect()
}

fn chart(id: &str, kind: ChartKind, labels: &[&str], series: Vec<ChartSeries>) -> Chart {
    Chart {
        id: id.to_owned(),
        kind,
        title: "Collected".to_owned(),
        description: "Collected by month. March has the most.".to_owned(),
        unit: "EUR".to_owned(),
        label_name: "Month".to_owned(),
        undefined: "not defined".to_owned(),
        digits: 2,
        numbers: NumberForm::ENGLISH,
        labels: texts(labels),
        links: Vec::new(),
        series,
    }
}

fn aging() -> Chart {
    let names = ["Current", "1–30", "31–60", "61–90", "Over 90"];
    let values = [
        [1_230_000, 1_100_000, 900_000, 1_400_000],
        [420_000, 600_000, 380_000, 235_000],
        [210_000, 100_000, 320_000, 120_000],
        [90_000, 40_000, 0, 15_000],
        [60_000, 80_000, 30_000, 500_000],
    ];
    let series = names.iter().zip(values).map(|(name, values)| series(name, &some(&values))).collect();
    Chart {
        title: "Open by age".to_owned(),
        description: "What is open at the end of each month, by days past due.".to_owned(),
        links: texts(&["?as_of=2025-12-31", "?as_of=2026-01-31&by=age", "", "?as_of=2026-03-31"]),
        ..chart("aging", ChartKind::Stacked, &["2025-12", "2026-01", "2026-02", "2026-03"], series)
    }
}

fn dso() -> Chart {
    let days: Vec<String> = (1..=90).map(|day| format!("day {day}")).collect();
    let simple: Vec<Option<i128>> = (0..90).map(|at| (at != 40 && at != 41).then(|| 5_500 + i128::from(at * at % 700))).collect();
    let best: Vec<Option<i128>> = (0..90).map(|at| Some(1_200 + i128::from(at * 7 % 300))).collect();
    Chart {
        title: "Days sales outstanding".to_owned(),
        description: "The DSO of each day, and the best possible one.".to_owned(),
        unit: "days".to_owned(),
        label_name: "Day".to_owned(),
        labels: days,
        ..chart("dso", ChartKind::Lines, &[], vec![series("DSO", &simple), series("Best possible", &best)])
    }
}

fn net() -> Chart {
    let values = some(&[55_000, 40_000, -120_000, 80_000, 1, 0]);
    let names = ["January", "February", "Vereinigte Bauhandwerksbetriebe", "شركة النور للتجارة العامة", "May", "June"];
    Chart {
        title: "Collected less what was taken back <&> \"by month\"".to_owned(),
        numbers: NumberForm::GERMAN,
        links: texts(&["/console/reports/collected?month=2026-01&\"x"]),
        ..chart("net", ChartKind::Bars, &names, vec![series("Netto", &values)])
    }
}

fn none() -> Chart {
    chart("none", ChartKind::Bars, &["2026-03"], vec![series("EUR", &[None])])
}

#[test]
fn charts_are_drawn_so() {
    let mut differ = Vec::new();
    for of in [aging(), dso(), net(), none()] {
        let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/charts").join(format!("{}.svg", of.id));
        let drawn = format!("{}\n", of.svg());
        if !fs::read_to_string(&kept).is_ok_and(|kept| kept == drawn) {
            let now = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}.svg", of.id));
            fs::write(&now, drawn).expect("a file in the target's folder");
            differ.push(format!("{} differs: look at {}", kept.display(), now.display()));
        }
    }
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}

#[test]
fn charts_are_whole_documents_without_scripts_or_styles() {
    let many: Vec<String> = (0..2_000).map(|at| format!("{at}<script>")).collect();
    let values: Vec<Option<i128>> = (0..2_000).map(|at| (at % 3 > 0).then_some(i128::from(at) * i128::from(i64::MAX))).collect();
    let wild = |kind| Chart { labels: many.clone(), ..chart("wild", kind, &[], vec![series("a\u{0}\u{1b}b", &values); 9]) };
    let empty = |kind| chart("empty", kind, &[], vec![]);
    for kind in [ChartKind::Bars, ChartKind::Stacked, ChartKind::Lines] {
        for of in [wild(kind), empty(kind), Chart { kind, ..aging() }, Chart { kind, ..dso() }, Chart { kind, ..net() }] {
            let svg = of.svg();
            assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>"), "{kind:?}");
            assert_eq!(opened(&svg), Vec::<String>::new(), "{kind:?}");
            assert!(!svg.contains("<script") && !svg.contains("style=") && !svg.contains('\u{0}'), "{kind:?}");
            for said in [r#"role="img""#, "<title id=", "<desc id=", r#"stroke-width="15""#] {
                assert!(svg.contains(said), "{kind:?} has no {said}");
            }
            assert!(svg.len() < 2_000_000, "{kind:?}: {}", svg.len());
        }
    }
}

/// The elements that are open at the end, and those that are closed out of order.
fn opened(svg: &str) -> Vec<String> {
    let mut open: Vec<String> = Vec::new();
    for tag in svg.split('<').skip(1) {
        let (tag, _) = tag.split_once('>').expect("an end of a tag");
        let name: String = tag.trim_start_matches('/').chars().take_while(char::is_ascii_alphanumeric).collect();
        if tag.starts_with('/') {
            if open.pop().as_ref() != Some(&name) {
                return vec![format!("</{name}> closes another")];
            }
        } else if !tag.ends_with('/') {
            open.push(name);
        }
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
    }
    open
}

#[test]
fn the_table_says_all_that_the_chart_shows() {
    let table = aging().table();
    assert_eq!(table.head, ["Month", "Current (EUR)", "1–30 (EUR)", "31–60 (EUR)", "61–90 (EUR)", "Over 90 (EUR)"]);
    assert_eq!(table.rows[3], ["2026-03", "14,000.00", "2,350.00", "1,200.00", "150.00", "5,000.00"]);
    assert_eq!(none().table().rows, [["2026-03", "not defined"]]);
    assert_eq!(dso().table().rows.len(), 90);
    assert_eq!(net().table().rows[2][1], "−1.200,00");
}
