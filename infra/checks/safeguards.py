"""What nobody misses until it is too late: what is kept when a stack goes, what is forgotten in time, and who can let themselves in.

usage: safeguards.py EXPANDED ROOT
"""

import json
import pathlib
import re
import sys

from template import finish, of_type

# Lost with these is what no deployment brings back: logical id, type.
KEPT = {"Table": "AWS::DynamoDB::Table", "Bucket": "AWS::S3::Bucket", "Key": "AWS::KMS::Key", "UserPool": "AWS::Cognito::UserPool"}
# Claims by which the admin API decides what a caller may do.
CLAIMS = {"custom:tenant", "custom:role"}
# Tags by which costs are told apart: each configuration that deploys has them.
TAGS = {"project", "environment"}


def check_kept(resources, problems):
    """Nothing of it goes with the stack or is replaced away; a first deployment that fails leaves nothing."""
    for name, kind in KEPT.items():
        one = resources.get(name, {"Type": "nothing"})
        found = (one["Type"], one.get("DeletionPolicy"), one.get("UpdateReplacePolicy"))
        if found != (kind, "RetainExceptOnCreate", "Retain"):
            problems.append(f"{name}: its type and policies of deletion and replacement are {found}")
    table = resources["Table"]["Properties"]
    if table.get("DeletionProtectionEnabled") != {"Fn::If": ["IsProtected", True, False]}:
        problems.append("Table: DeletionProtectionEnabled is not what the parameter says")
    if not table.get("PointInTimeRecoverySpecification", {}).get("PointInTimeRecoveryEnabled"):
        problems.append("Table: it has no point-in-time recovery")


def check_forgotten(resources, problems):
    """Bodies that could not be read hold personal data: they expire, and their old versions after them; and so does what strangers send."""
    rules = resources["Bucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    parked = [rule for rule in rules if rule.get("Prefix") == "parked/" and rule["Status"] == "Enabled"]
    if [rule.get("ExpirationInDays") for rule in parked] != [{"Ref": "ParkedDays"}]:
        problems.append("Bucket: what is below parked/ does not expire after ParkedDays")
    if not all("NoncurrentDays" in rule.get("NoncurrentVersionExpiration", {}) for rule in parked):
        problems.append("Bucket: old versions of what is below parked/ are kept for ever")
    below = {rule.get("Prefix"): rule for rule in rules if rule["Status"] == "Enabled"}
    if below.get("incoming/", {}).get("ExpirationInDays") != 1:
        problems.append("Bucket: what a stranger sent to incoming/ and attached to nothing does not expire after a day")
    if below.get("inbound/", {}).get("ExpirationInDays") != {"Ref": "InboundDays"}:
        problems.append("Bucket: mails that came in do not expire after InboundDays")
    for prefix in ("incoming/", "inbound/", "attached/", "answered/"):
        if below.get(prefix, {}).get("NoncurrentVersionExpiration", {}).get("NoncurrentDays") != 1:
            problems.append(f"Bucket: old versions of what is below {prefix} outlive an erasure by more than a day")
    for prefix in ("attached/", "answered/"):
        if "ExpirationInDays" in below.get(prefix, {}):
            problems.append(f"Bucket: what is below {prefix} expires, and its item in the table would say that it is there")


def check_issuer(document, problems):
    """Nobody deploys without naming who signs tokens, and the pool that may be made lets nobody name themselves admin."""
    resources = document["Resources"]
    if "Default" in document["Parameters"]["JwtIssuer"]:
        problems.append("JwtIssuer: with a default, a deployment that forgets it fails half-way, or opens the API to somebody's tokens")
    for name, pool in of_type(resources, "AWS::Cognito::UserPool").items():
        if pool.get("AdminCreateUserConfig", {}).get("AllowAdminCreateUserOnly") is not True:
            problems.append(f"{name}: people may register themselves")
    for name, client in of_type(resources, "AWS::Cognito::UserPoolClient").items():
        if not client.get("WriteAttributes") or CLAIMS & set(client["WriteAttributes"]):
            problems.append(f"{name}: whoever signs in may write the claims {', '.join(sorted(CLAIMS))} of their own")
        if not CLAIMS <= set(client.get("ReadAttributes", CLAIMS)):
            problems.append(f"{name}: its id tokens do not have {', '.join(sorted(CLAIMS))}")


def check_domain(resources, problems):
    """A domain of one's own takes no old TLS and exists only where it is asked for."""
    for name, domain in of_type(resources, "AWS::ApiGatewayV2::DomainName").items():
        if any(one.get("SecurityPolicy") != "TLS_1_2" for one in domain["DomainNameConfigurations"]):
            problems.append(f"{name}: it accepts TLS older than 1.2")
        if resources[name].get("Condition") != "HasDomain":
            problems.append(f"{name}: it is made whether or not it is asked for")


def check_tags(root, problems):
    """Each way to deploy of samconfig.toml tags what it makes."""
    text = (root / "samconfig.toml").read_text(encoding="utf-8")
    sections = re.findall(r"^\[(\w+)\.deploy\.parameters\]\n((?:(?!\[\w+\.).*\n?)*)", text, re.M)
    for name, body in sections:
        found = re.search(r"^tags = \[(.*)\]$", body, re.M)
        tags = {one.split("=")[0] for one in re.findall(r'"([^"]+)"', found.group(1))} if found else set()
        if not TAGS <= tags:
            problems.append(f"samconfig.toml: {name} does not tag {', '.join(sorted(TAGS - tags))}")
    return len(sections)


def main():
    root, problems = pathlib.Path(sys.argv[2]), []
    document = json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))
    check_kept(document["Resources"], problems)
    check_forgotten(document["Resources"], problems)
    check_issuer(document, problems)
    check_domain(document["Resources"], problems)
    ways = check_tags(root, problems)
    if not ways:
        problems.append("samconfig.toml has no way to deploy")
    finish("safeguards", problems, f"{len(KEPT)} things outlive the stack, parked bodies expire, nobody lets themselves in, {ways} ways to deploy tag")


if __name__ == "__main__":
    main()
