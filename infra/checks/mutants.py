"""Breaks the template in ways that were seen to slip past one linter, and shows that the checks together catch each.

usage: mutants.py TEMPLATE ROOT   (in the environment that holds cfn-lint and samtranslator)
"""

import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent

# What is broken, text, its replacement, the check that must object.
MUTANTS = [
    ("a runtime that does not exist", "Runtime: provided.al2023", "Runtime: provided.al2O23", "cfn-lint"),
    ("a schedule that AWS refuses", "rate(1 minute)", "rate(1 minutes)", "cfn-lint"),
    ("a variable that nothing reads", "BUS_NAME: !Ref Bus", "BUS_NAME: !Ref Bus\n          SPARE: x", "variables"),
    ("a variable that is missing", "          BUS_NAME: !Ref Bus", "          BUSNAME: !Ref Bus", "variables"),
    ("a grant of every action", "Action: events:PutEvents", "Action: events:*", "permissions"),
    ("a grant on everything", "Resource: !GetAtt Bus.Arn", 'Resource: "*"', "permissions"),
    ("a role that two functions share", "Role: !GetAtt PortalRole.Arn", "Role: !GetAtt AdminRole.Arn", "permissions"),
    ("a queue that Lambda may not empty", "sqs:DeleteMessage, sqs:GetQueueAttributes]", "sqs:GetQueueAttributes]", "permissions"),
    ("a stream that Lambda may not read", "dynamodb:GetRecords, ", "", "permissions"),
    ("a batch that Lambda may not give up", "              - Sid: Failed\n                Effect: Allow", "              - Sid: Failed\n                Effect: Deny",
     "permissions"),
    ("a function that may not write its log", "[logs:CreateLogStream, logs:PutLogEvents]", "logs:PutLogEvents", "permissions"),
    ("a queue that is not polled but may be", "Action: events:PutEvents", "Action: sqs:ReceiveMessage", "permissions"),
    ("a role that opens data keys of every purpose", '                Condition: { StringEquals: { "kms:EncryptionContext:purpose": links } }\n', "", "permissions"),
    ("a wrong route", "/webhooks/{tenant}/{source}", "/webhook/{tenant}/{source}", "wiring"),
    ("a queue that gives a slow batch out twice", "VisibilityTimeout: 360", "VisibilityTimeout: 60", "wiring"),
    ("a pattern with a typing error", "detail-type: [MessageQueued]", "detail-type: [MessageQueue]", "wiring"),
    ("a stream filter that misses payments", ', {"prefix": "PAY#"}', "", "wiring"),
    ("a reader of the stream that sees what it writes", '"BREAKER", {"prefix": "PROFILE"}', '"BREAKER", {"prefix": "L#"}, {"prefix": "PROFILE"}', "wiring"),
    ("a stream whose batches are not halved", "            BisectBatchOnFunctionError: true\n", "", "wiring"),
    ("a batch that fails whole", "            FunctionResponseTypes: [ReportBatchItemFailures]\n", "", "wiring"),
    ("an admin API that does not know whose tokens are good", "          JWT_AUDIENCE: !If [HasUserPool, !Ref UserPoolClient, !Ref JwtAudience]\n", "", "variables"),
    ("a route that nobody meant", "Method: GET, Path: /docs }", "Method: GET, Path: /doc }", "wiring"),
    ("assistants' tools that only answer POST", "Method: ANY, Path: /mcp }", "Method: POST, Path: /mcp }", "wiring"),
    ("a rule that may not write to its queue", "{ ArnEquals: { \"aws:SourceArn\": !GetAtt SmsRule.Arn } }",
     "{ ArnEquals: { \"aws:SourceArn\": !GetAtt EmailRule.Arn } }", "wiring"),
    ("a table that goes with its stack", "  Table:\n    Type: AWS::DynamoDB::Table\n    DeletionPolicy: RetainExceptOnCreate\n", "  Table:\n    Type: AWS::DynamoDB::Table\n", "safeguards"),
    ("a first deployment that leaves its key behind", "    DeletionPolicy: RetainExceptOnCreate\n", "    DeletionPolicy: Retain\n", "safeguards"),
    ("a table that one call deletes", "      DeletionProtectionEnabled: !If [IsProtected, true, false]\n", "", "safeguards"),
    ("parked bodies that are kept for ever", "            ExpirationInDays: !Ref ParkedDays\n", "", "safeguards"),
    ("parked bodies that expire elsewhere", "Prefix: parked/", "Prefix: parkt/", "safeguards"),
    ("strangers' files that are kept for ever", "            Prefix: incoming/\n            ExpirationInDays: 1\n", "            Prefix: incoming/\n", "safeguards"),
    ("erased files that live on as old versions", "Prefix: attached/", "Prefix: atached/", "safeguards"),
    ("mails that are kept for ever", "            ExpirationInDays: !Ref InboundDays\n", "", "safeguards"),
    ("a topic that may not write to its queue", '{ ArnEquals: { "aws:SourceArn": !Ref InboundTopic } }', '{ ArnEquals: { "aws:SourceArn": !Ref AlarmTopic } }', "wiring"),
    ("files of answers that live on as old versions", "Prefix: answered/", "Prefix: anwsered/", "safeguards"),
    ("an issuer that nobody has to name", '    AllowedPattern: "^(cognito|https://.+)$"\n',
     '    Default: https://issuer.invalid\n    AllowedPattern: "^(cognito|https://.+)$"\n', "safeguards"),
    ("a pool in which people register themselves", "AllowAdminCreateUserOnly: true", "AllowAdminCreateUserOnly: false", "safeguards"),
    ("a claim that its bearer may write", "WriteAttributes: [name]", 'WriteAttributes: [name, "custom:role"]', "safeguards"),
    ("claims that are left to Cognito's defaults", "      WriteAttributes: [name]\n", "", "safeguards"),
    ("tokens without the claims", 'ReadAttributes: [name, email, email_verified, "custom:tenant", "custom:role"]', "ReadAttributes: [name]", "safeguards"),
    ("a domain that takes old TLS", ", SecurityPolicy: TLS_1_2", "", "safeguards"),
    ("a domain that nobody asked for", "    Type: AWS::ApiGatewayV2::DomainName\n    Condition: HasDomain\n", "    Type: AWS::ApiGatewayV2::DomainName\n",
     "safeguards"),
    ("an alarm that calls nobody", "      MetricName: Throttles\n", "      MetricName: Throttles\n      ActionsEnabled: false\n", "alarms"),
    ("an alarm that does not reach the address", "!If [HasAlarmEmail, !Ref AlarmTopic, !Ref AWS::NoValue]]", "!Ref AWS::NoValue]", "alarms"),
    ("an alarm that strangers ring", "      AlarmDescription: Webhooks of stripe are refused for their signature.\n",
     "      AlarmDescription: Webhooks of stripe are refused for their signature.\n      AlarmActions: [!If [HasAlarmTopic, !Ref AlarmTopicArn, !Ref AWS::NoValue]]\n",
     "alarms"),
    ("an alarm that is not on the dashboard", ', "${NothingLeftAlarm.Arn}"', "", "alarms"),
    ("an alarm that nobody is told about", "  SmsSpendAlarm:\n", "  TextSpendAlarm:\n", "alarms"),
    ("an alarm on a figure that nothing prints", "MetricName: due, Dimensions", "MetricName: due_today, Dimensions", "metrics"),
    ("a channel whose messages do not count as having left", "SUM([due, email, sms])", "SUM([due, email])", "generate"),
    ("a channel that the alarm has no figure of",
     "Dimensions: [{ Name: channel, Value: sms }, { Name: ended, Value: sent }]", "Dimensions: [{ Name: channel, Value: email }, { Name: ended, Value: sent }]",
     "generate"),
    ("a function that the documents do not name", "  PortalFunction:\n    Type: AWS::Serverless::Function\n", "  GateFunction:\n    Type: AWS::Serverless::Function\n",
     "components"),
    ("a log that is kept for ever", "      RetentionInDays: !Ref LogRetentionDays\n", "", "wiring"),
]


def objects(check, template, expanded, root):
    commands = {
        "generate": [sys.executable, "-B", str(HERE / "generate.py"), template],
        "cfn-lint": [str(pathlib.Path(sys.executable).parent / "cfn-lint"), "-r", "us-east-1", "-t", expanded],
        "variables": [sys.executable, "-B", str(HERE / "variables.py"), expanded, root],
        "permissions": [sys.executable, "-B", str(HERE / "permissions.py"), expanded],
        "wiring": [sys.executable, "-B", str(HERE / "wiring.py"), expanded],
        "alarms": [sys.executable, "-B", str(HERE / "alarms.py"), expanded, root],
        "metrics": [sys.executable, "-B", str(HERE / "metrics.py"), expanded, root],
        "components": [sys.executable, "-B", str(HERE / "components.py"), expanded, root],
        "safeguards": [sys.executable, "-B", str(HERE / "safeguards.py"), expanded, root],
    }
    return subprocess.run(commands[check], capture_output=True, check=False).returncode != 0


def main():
    source, root = pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"), sys.argv[2]
    missed = []
    with tempfile.TemporaryDirectory() as folder:
        broken, expanded = pathlib.Path(folder) / "template.yaml", str(pathlib.Path(folder) / "expanded.json")
        for what, old, new, check in MUTANTS:
            if old not in source:
                missed.append(f"{what}: {old!r} is no longer in the template")
                continue
            broken.write_text(source.replace(old, new), encoding="utf-8")
            subprocess.run([sys.executable, "-B", str(HERE / "expand.py"), str(broken), expanded], capture_output=True, check=True)
            if not objects(check, str(broken), expanded, root):
                missed.append(f"{what}: {check} did not object")
    for line in missed:
        print(f"mutants: {line}", file=sys.stderr)
    if missed:
        sys.exit(1)
    print(f"mutants: each of {len(MUTANTS)} broken templates was caught")


if __name__ == "__main__":
    main()
