use super::*;
use model::Destination;

pub(crate) const SAMPLE: &str = include_str!("../../tests/toy.yaml");

fn read(text: &str) -> anyhow::Result<Template> {
    let place = Place { url: "http://127.0.0.1:1".to_owned(), ..Place::default() };
    load(text, place, &BTreeMap::new(), &|name| ["front", "work", "tick", "relay"].contains(&name))
}

#[test]
fn a_template_becomes_what_runs() {
    let template = read(SAMPLE).unwrap();
    let front = &template.functions["front"];
    assert_eq!(front.env["TABLE"], "toy-table");
    assert_eq!(front.env["PUBLIC_URL"], "http://127.0.0.1:1");
    assert_eq!(front.env["STAGE"], "dev");
    assert_eq!(front.env["ONLY_DEV"], "yes");
    assert!(!front.env.contains_key("ONLY_PROD"));
    assert_eq!(front.timeout_s, 10);
    assert_eq!(template.functions["work"].timeout_s, 30);
    let queue = template.queues.iter().find(|queue| queue.name == "toy-work").unwrap();
    assert_eq!((queue.visibility_s, queue.redrive.as_ref().unwrap().1), (60, 2));
    assert!(template.rules.iter().any(|rule| matches!(&rule.targets[0].to, Destination::Queue(arn) if *arn == queue.arn)));
    assert_eq!(template.schedules[0].every_s, 60);
    assert_eq!(template.streams[0].table, "toy-table");
    assert_eq!(template.routes.len(), 3);
    assert!(["/v1/{proxy+}", "/in/{name}"].iter().all(|path| template.routes.iter().any(|route| route.path == *path)));
}

#[test]
fn what_is_wrong_is_named() {
    for (from, to, expected) in [
        ("!GetAtt Work.Arn", "!GetAtt Worc.Arn", "Worc.Arn"),
        ("TABLE: !Ref Table", "TABLE: !Ref Tabel", "Ref Tabel"),
        ("rate(1 minute)", "rate(1 minutes)", "rate(1 minutes)"),
        ("Type: HttpApi\n", "Type: HttpApy\n", "HttpApy"),
        ("StartingPosition: LATEST", "StartingPosition: NEWEST", "NEWEST"),
        ("prefix: HEAD", "prefx: HEAD", "prefx"),
        ("Service: events.amazonaws.com", "Service: sns.amazonaws.com", "toy-work"),
        ("maxReceiveCount: 2", "maxReceives: 2", "maxReceiveCount"),
        ("Method: POST\n", "Method: POST\n            Auth: {Authorizer: Nobody}\n", "no authorizer"),
        ("WorkFunction:", "LabourFunction:", "LabourFunction"),
        ("Default: dev", "Description: none", "parameter Stage"),
        ("EventBusName: !Ref Bus", "EventBusName: elsewhere", "elsewhere"),
        ("- ReportBatchItemFailures", "- ReportItemFailures", "ReportItemFailures"),
    ] {
        assert!(SAMPLE.contains(from), "{from}");
        let error = read(&SAMPLE.replace(from, to)).map(|_| ()).unwrap_err();
        let text = format!("{error:#}");
        assert!(text.contains(expected), "{from} as {to}: {text}");
    }
}
