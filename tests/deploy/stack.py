"""The deployed stack, seen from outside: what is there, what it is called, and what an operator may do to it."""

import json
import re

import boto3
from botocore.config import Config

from emulator import OPERATOR, REGION
from proof import until


class Stack:
    """A stack by its name, at an emulator."""

    def __init__(self, emulator, name):
        self.emulator, self.name = emulator, name
        self.session = boto3.Session(
            aws_access_key_id=OPERATOR["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=OPERATOR["AWS_SECRET_ACCESS_KEY"],
            region_name=REGION,
        )
        self.clients, self.ids = {}, {}

    def client(self, service):
        """A client of one service."""
        if service not in self.clients:
            config = Config(retries={"total_max_attempts": 1}, read_timeout=90)
            self.clients[service] = self.session.client(service, endpoint_url=self.emulator.url, config=config)
        return self.clients[service]

    def read(self):
        """Learns what is deployed: resources, parameters, outputs, and the template as the transform left it."""
        cloud = self.client("cloudformation")
        pages = cloud.get_paginator("list_stack_resources").paginate(StackName=self.name)
        found = [resource for page in pages for resource in page["StackResourceSummaries"]]
        self.states = {one["LogicalResourceId"]: one["ResourceStatus"] for one in found}
        self.ids = {one["LogicalResourceId"]: one.get("PhysicalResourceId") for one in found}
        said = cloud.describe_stacks(StackName=self.name)["Stacks"][0]
        self.status, self.arn = said["StackStatus"], said["StackId"]
        self.tags = {one["Key"]: one["Value"] for one in said.get("Tags", [])}
        self.outputs = {one["OutputKey"]: one["OutputValue"] for one in said.get("Outputs", [])}
        self.parameters = {one["ParameterKey"]: one["ParameterValue"] for one in said.get("Parameters", [])}
        template = cloud.get_template(StackName=self.name, TemplateStage="Processed")["TemplateBody"]
        self.template = template if isinstance(template, dict) else json.loads(template)
        return self

    def deploy(self, template, parameters):
        """Makes the stack of a packaged template by a change set, in the time that `sam` needs to begin."""
        cloud, s3, name = self.client("cloudformation"), self.client("s3"), "by-hand"
        # It is longer than a request may be.
        bucket = f"templates-of-{self.name}"
        s3.create_bucket(Bucket=bucket)
        s3.put_object(Bucket=bucket, Key="template", Body=template.encode())
        cloud.create_change_set(
            StackName=self.name,
            ChangeSetName=name,
            ChangeSetType="CREATE",
            TemplateURL=f"{self.emulator.url}/{bucket}/template",
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
        )
        until(lambda: cloud.describe_change_set(StackName=self.name, ChangeSetName=name)["Status"] == "CREATE_COMPLETE", "the change set")
        cloud.execute_change_set(StackName=self.name, ChangeSetName=name)
        until(lambda: self.state() == "CREATE_COMPLETE", f"the stack {self.name}", 60)
        return self.read()

    def state(self):
        """Its status."""
        return self.client("cloudformation").describe_stacks(StackName=self.name)["Stacks"][0]["StackStatus"]

    def remove(self):
        """Deletes it and does not wait."""
        self.client("cloudformation").delete_stack(StackName=self.name)

    def original(self):
        """The template as it was deployed, before the transform."""
        return self.client("cloudformation").get_template(StackName=self.name, TemplateStage="Original")["TemplateBody"]

    def of_type(self, kind):
        """Properties of the resources of one type, by logical id."""
        return {name: r.get("Properties", {}) for name, r in self.template["Resources"].items() if r["Type"] == kind}

    def holds(self, condition):
        """Whether a condition of the template holds; none always does."""
        if condition is None:
            return True
        if isinstance(condition, str):
            return self.holds(self.template["Conditions"][condition])
        ((what, given),) = condition.items()
        known = {
            "Condition": lambda: self.holds(given),
            "Fn::Equals": lambda: str(self.ref(given[0])) == str(self.ref(given[1])),
            "Fn::Not": lambda: not self.holds(given[0]),
            "Fn::And": lambda: all(map(self.holds, given)),
            "Fn::Or": lambda: any(map(self.holds, given)),
        }
        return known[what]()

    def wanted(self):
        """The resources that the template describes with these parameters."""
        return {name for name, one in self.template["Resources"].items() if self.holds(one.get("Condition"))}

    def senders(self):
        """The functions that send, one a channel."""
        return sorted(name for name in self.of_type("AWS::Lambda::Function") if name.startswith("Send"))

    def ref(self, value):
        """A value of the template with its references and choices resolved."""
        if isinstance(value, dict) and set(value) == {"Ref"}:
            return self.parameters.get(value["Ref"], self.ids.get(value["Ref"]))
        if isinstance(value, dict) and set(value) == {"Fn::If"}:
            condition, yes, no = value["Fn::If"]
            return self.ref(yes if self.holds(condition) else no)
        if isinstance(value, dict) and set(value) == {"Fn::Sub"} and isinstance(value["Fn::Sub"], str):
            pseudo = {"AWS::Region": REGION, "AWS::URLSuffix": "amazonaws.com", "AWS::StackName": self.name}
            return re.sub(r"\$\{([^}]+)\}", lambda found: pseudo.get(found[1]) or self.ref({"Ref": found[1]}), value["Fn::Sub"])
        if isinstance(value, dict):
            return {key: self.ref(one) for key, one in value.items()}
        if isinstance(value, list):
            return [self.ref(one) for one in value]
        return value

    def invoke(self, function, event):
        """Runs a function by hand with what a trigger would send; its answer, or an error with its words."""
        answer = self.client("lambda").invoke(FunctionName=self.ids[function], Payload=json.dumps(event).encode())
        said = json.loads(answer["Payload"].read() or b"null")
        if answer.get("FunctionError"):
            raise AssertionError(f"{function} failed: {said}")
        return said

    def tick(self, function):
        """What the schedule sends, now."""
        return self.invoke(function, {"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}})

    def log(self, function):
        """Every line that a function logged, oldest first."""
        logs = self.client("logs")
        group = self.client("lambda").get_function_configuration(FunctionName=self.ids[function])["LoggingConfig"]["LogGroup"]
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group)
        return [event["message"] for page in pages for event in page["events"]]

    def mappings(self, function):
        """The ids of what Lambda polls for a function."""
        found = self.client("lambda").list_event_source_mappings(FunctionName=self.ids[function])["EventSourceMappings"]
        return {one["EventSourceArn"]: one["UUID"] for one in found}

    def switch(self, function, enabled):
        """Has Lambda poll for a function, or not."""
        for mapping in self.mappings(function).values():
            self.client("lambda").update_event_source_mapping(UUID=mapping, Enabled=enabled)
