"""What the emulator cannot take as the template says it: left out of the copy that it gets, or put right after each deployment through
the services' own APIs.

The template stays as it is. Each of these is said aloud by the test, with the reason.
"""

import json

import routes
import yaml

# Types that the emulator does not know, and nothing of which runs here.
UNKNOWN = ["AWS::Logs::QueryDefinition", "AWS::Budgets::Budget", "AWS::SES::ReceiptRuleSet", "AWS::SES::ReceiptRule"]


def is_unknown(resource):
    """Whether the emulator cannot make a resource: its type is unknown, or it is an alarm over several figures."""
    return resource["Type"] in UNKNOWN or (resource["Type"] == "AWS::CloudWatch::Alarm" and "Metrics" in resource["Properties"])


def leave_out(built):
    """Leaves what the emulator cannot make out of a built template, in place, with outputs and the dashboard's mention of it."""
    template = yaml.safe_load(built.read_text(encoding="utf-8"))
    gone = [name for name, one in template["Resources"].items() if is_unknown(one)]
    for name in gone:
        del template["Resources"][name]
    mentions = [output for output, one in template["Outputs"].items() if any(f"'{name}'" in str(one) for name in gone)]
    for output in mentions:
        del template["Outputs"][output]
    body = template["Resources"]["Dashboard"]["Properties"]["DashboardBody"]
    for name in gone:
        body["Fn::Sub"] = body["Fn::Sub"].replace(f', "${{{name}.Arn}}"', "")
    built.write_text(yaml.safe_dump(template, sort_keys=False), encoding="utf-8")


def policy_of(stack, role):
    """The one inline policy of a role: its name and document."""
    iam, name = stack.client("iam"), stack.ids[role]
    (policy,) = iam.list_role_policies(RoleName=name)["PolicyNames"]
    document = iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
    return policy, document if isinstance(document, dict) else json.loads(document)


def put_policy(stack, role, policy, document):
    """Replaces it."""
    stack.client("iam").put_role_policy(RoleName=stack.ids[role], PolicyName=policy, PolicyDocument=json.dumps(document))


def widen_sending(stack):
    """The emulator judges `SendEmail` on `*` and on no identity: in the statements that grant it the resource becomes `*`."""
    for role in stack.of_type("AWS::IAM::Role"):
        policy, document = policy_of(stack, role)
        granted = [statement for statement in document["Statement"] if statement["Sid"] == "ReviewedSend"]
        for statement in granted:
            statement["Resource"] = "*"
        if granted:
            put_policy(stack, role, policy, document)


def open_keys(stack):
    """The emulator knows no encryption context when it judges `kms:Decrypt`: there these statements hold for keys of every purpose."""
    for role in stack.of_type("AWS::IAM::Role"):
        policy, document = policy_of(stack, role)
        by_context = [one for one in document["Statement"] if "kms:EncryptionContext:purpose" in str(one.get("Condition"))]
        for statement in by_context:
            del statement["Condition"]
        if by_context:
            put_policy(stack, role, policy, document)


def number_concurrency(stack):
    """A parameter of type Number arrives as text, on which the emulator's polling of every queue breaks."""
    client = stack.client("lambda")
    for mapping in client.list_event_source_mappings()["EventSourceMappings"]:
        most = mapping.get("ScalingConfig", {}).get("MaximumConcurrency")
        if most is not None:
            client.update_event_source_mapping(UUID=mapping["UUID"], ScalingConfig={"MaximumConcurrency": int(most)})


def reserve(stack):
    """What is reserved for functions is left out by the emulator's CloudFormation, though its Lambda keeps to it."""
    client = stack.client("lambda")
    for name, properties in stack.of_type("AWS::Lambda::Function").items():
        if "ReservedConcurrentExecutions" in properties and stack.parameters["ReserveConcurrency"] == "true":
            _, most, _ = properties["ReservedConcurrentExecutions"]["Fn::If"]
            client.put_function_concurrency(FunctionName=stack.ids[name], ReservedConcurrentExecutions=int(stack.ref(most)))


def open_bucket(stack):
    """The bucket refuses requests without TLS, and loopback has none."""
    stack.client("s3").delete_bucket_policy(Bucket=stack.ids["Bucket"])


def point_to_keys(stack, url):
    """The user pool's issuer is an address of AWS, which nothing on loopback answers: the function is told where the emulator has its keys."""
    client, name = stack.client("lambda"), stack.ids["AdminFunction"]
    variables = client.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    client.update_function_configuration(FunctionName=name, Environment={"Variables": {**variables, "JWKS_URL": url}})
    version = client.publish_version(FunctionName=name)["Version"]
    client.update_alias(FunctionName=name, Name="live", FunctionVersion=version)


def amend(stack):
    """All of it, but for the bucket."""
    routes.wire(stack)
    number_concurrency(stack)
    reserve(stack)
    widen_sending(stack)
    open_keys(stack)


SAID = [
    f"{', '.join(UNKNOWN)}: the emulator knows no such type, so they are left out of the copy that it gets; cfn-lint reads them, and the local stack takes mails in by the rule",
    "alarms over several figures: the emulator has only alarms over one, so they are left out of the copy; infra/checks reads them",
    "the bucket's policy: it refuses requests without TLS, which is shown first, and everything on loopback is without",
    "routes and integrations: the emulator drops an API's body, so they are made of the processed template's",
    "JWKS_URL, with the stack's own user pool: its issuer is an address of AWS, so the function is told where the emulator has the pool's keys",
    "MaximumConcurrency: the emulator keeps a Number parameter as text and then polls no queue, so it is told again as a number",
    "ReservedConcurrentExecutions: the emulator's CloudFormation leaves it out, so its Lambda, which keeps to it, is told again",
    "kms:Decrypt: the emulator knows no encryption context there, so the purpose of keys is left to infra/checks/permissions.py",
    "ses:SendEmail: the emulator judges it on `*` and on no identity, so that statement's resource is `*` there",
]
